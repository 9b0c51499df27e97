/** The ABI `wapc` (GU-18 to GU-21): Kubewarden policies, and what their languages' libraries import from WASI. */
import { EMPTY, equal, utf8 } from '../base/bytes.ts';
import { type Abi, type Guest, i32s } from './abi.ts';
import { type Host, HostTrap, textOf } from './host.ts';
import { InputText, parseJson } from './input-text.ts';
import { I32, I64 } from './module.ts';

const OPERATION = utf8('validate');
const [BINDING, TRACING, LOG] = ['kubewarden', 'tracing', 'log'].map(utf8);
const RESPONSE_BYTES_MAX = 65_536;

/** WASI's numbers for errors: bad descriptor, not supported. */
const BADF = 8;
const NOTSUP = 52;

/** Functions of WASI that only answer that they are not supported, by their parameters: i is i32, l is i64. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  clock_res_get: 'ii',
  fd_advise: 'illi',
  fd_allocate: 'ill',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'ill',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'il',
  fd_filestat_set_times: 'illi',
  fd_pread: 'iiili',
  fd_pwrite: 'iiili',
  fd_read: 'iiii',
  fd_readdir: 'iiili',
  fd_renumber: 'ii',
  fd_seek: 'ilii',
  fd_sync: 'i',
  fd_tell: 'ii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiilli',
  path_link: 'iiiiiii',
  path_open: 'iiiiillii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_raise: 'i',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
};

const fromLetters = (letters: string) => ({ params: [...letters].map((letter) => (letter === 'l' ? I64 : I32)), results: [I32] as const });

const WASI_TYPES = {
  ...Object.fromEntries(Object.entries(UNSUPPORTED).map(([name, params]) => [name, fromLetters(params)])),
  args_get: i32s(2, 1),
  args_sizes_get: i32s(2, 1),
  clock_time_get: fromLetters('ili'),
  environ_get: i32s(2, 1),
  environ_sizes_get: i32s(2, 1),
  fd_prestat_get: i32s(2, 1),
  fd_prestat_dir_name: i32s(3, 1),
  fd_write: i32s(4, 1),
  proc_exit: i32s(1),
  random_get: i32s(2, 1),
  sched_yield: i32s(0, 1),
};

/** GU-19 */
const WAPC_TYPES = {
  __guest_request: i32s(2),
  __guest_response: i32s(2),
  __guest_error: i32s(2),
  __host_call: i32s(8, 1),
  __host_response_len: i32s(0, 1),
  __host_response: i32s(1),
  __host_error_len: i32s(0, 1),
  __host_error: i32s(1),
  __console_log: i32s(2),
};

const word = (host: Host, at: number, value: number): void => {
  const place = host.slice(at, 4);
  new DataView(place.buffer, place.byteOffset, 4).setUint32(0, value, true);
};

/** GU-21 */
function wasi(host: Host, now_ms: () => bigint): Record<string, (...args: never[]) => number> {
  const none = (count: number, bytes: number): number => {
    word(host, count, 0);
    word(host, bytes, 0);
    return 0;
  };
  return {
    ...Object.fromEntries(Object.keys(UNSUPPORTED).map((name) => [name, () => NOTSUP])),
    args_get: () => 0,
    args_sizes_get: none,
    clock_time_get: (_clock: number, _precision: bigint, out: number) => {
      const place = host.slice(out, 8);
      new DataView(place.buffer, place.byteOffset, 8).setBigInt64(0, now_ms() * 1_000_000n, true);
      return 0;
    },
    environ_get: () => 0,
    environ_sizes_get: none,
    fd_prestat_get: () => BADF,
    fd_prestat_dir_name: () => BADF,
    fd_write: (fd: number, vectors: number, count: number, out: number) => {
      if (fd !== 1 && fd !== 2) return BADF;
      host.charge(host.costs.byte * 8 * (count >>> 0));
      const list = host.slice(vectors, 8 * (count >>> 0));
      const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
      let written = 0;
      for (let at = 0; at < list.length; at += 8) written = (written + view.getUint32(at + 4, true)) >>> 0;
      word(host, out, written);
      return 0;
    },
    proc_exit: (code: number) => {
      throw new HostTrap('exit', code);
    },
    random_get: (at: number, length: number) => {
      host.charge(host.costs.byte * (length >>> 0));
      host.slice(at, length).fill(0);
      return 0;
    },
    sched_yield: () => 0,
  };
}

/** GU-20 */
function verdict(response: Uint8Array): number {
  if (response.length === 0) return 1;
  const answer = parseJson(textOf(response));
  if (typeof answer !== 'object' || answer === null) return 1;
  const { accepted, mutated_object: mutated } = answer as { readonly accepted?: unknown; readonly mutated_object?: unknown };
  // A policy that would rather change the object accepts another one than this.
  if (typeof accepted !== 'boolean' || (mutated !== undefined && mutated !== null)) return 1;
  return accepted ? 2 : 0;
}

export const WAPC_ABI: Abi = {
  profile: 'canonical-nan',
  imports: { wapc: WAPC_TYPES, wasi_snapshot_preview1: WASI_TYPES },
  exports: { __guest_call: i32s(2, 1) },
  link(host, paths, data) {
    const text = new InputText(paths);
    const given: Readonly<Record<string, Uint8Array>> = data === null ? {} : { settings: utf8(data) };
    const clock = paths.indexOf('now_ms') * 16;
    let input: Uint8Array = EMPTY;
    let payload: Uint8Array = EMPTY;
    let response: Uint8Array = EMPTY;
    const now = (): bigint => {
      if (clock < 0 || input[clock] !== 3) return 0n;
      return new DataView(input.buffer, input.byteOffset).getBigInt64(clock + 8, true);
    };
    return {
      functions: {
        wasi_snapshot_preview1: wasi(host, now),
        wapc: {
          __guest_request: (operation: number, at: number) => {
            host.charge(host.costs.byte * (OPERATION.length + payload.length));
            host.slice(operation, OPERATION.length).set(OPERATION);
            host.slice(at, payload.length).set(payload);
          },
          __guest_response: (at: number, length: number) => {
            host.charge(host.costs.byte * (length >>> 0));
            if (length >>> 0 > RESPONSE_BYTES_MAX) throw new HostTrap('host');
            response = host.slice(at, length).slice();
          },
          __guest_error: () => undefined,
          // Kubewarden's libraries log through the host.
          __host_call: (...[binding, bindingLength, namespace, namespaceLength, operation, operationLength, at, length]: number[]) => {
            const is = (text: Uint8Array, from: number, bytes: number): boolean => bytes === text.length && equal(host.slice(from, bytes), text);
            const isLog = is(BINDING, binding, bindingLength) && is(TRACING, namespace, namespaceLength) && is(LOG, operation, operationLength);
            if (!isLog) throw new HostTrap('unauthorised');
            host.charge(host.costs.byte * (length >>> 0));
            host.slice(at, length);
            return 1;
          },
          __host_response_len: () => 0,
          __host_response: () => undefined,
          __host_error_len: () => 0,
          __host_error: () => undefined,
          __console_log: () => undefined,
        },
      },
      attach(instance): Guest {
        const call = instance.function('__guest_call');
        return {
          judge(asked) {
            input = asked;
            response = EMPTY;
            payload = text.members(asked, MEMBERS, given);
            const answered = call(OPERATION.length, payload.length);
            return answered === 1 ? verdict(response) : 1;
          },
        };
      },
    };
  },
};

const MEMBERS = [
  ['request', 'args'],
  ['settings', 'params'],
] as const;
