/** The ABI `opa` (GU-14 to GU-17): Rego policies as `opa build -t wasm` compiles them, ABI 1.2 and later. */
import { Fault } from '../base/fault.ts';
import { type Abi, type Guest, i32s } from './abi.ts';
import { HostTrap } from './host.ts';
import { InputText, parseJson } from './input-text.ts';
import { BUILTINS, type Builtin } from './opa-builtin.ts';
import { Policy } from './opa-policy.ts';

/** GU-15: the builtins that the policy asks for, by number. @throws Fault wasm_refused */
function builtinsOf(policy: Policy): ReadonlyMap<number, Builtin> {
  const names = parseJson(policy.text(policy.call('opa_json_dump', policy.call('builtins'))));
  if (typeof names !== 'object' || names === null) throw new HostTrap('host');
  return new Map(
    Object.entries(names as Record<string, number>).map(([name, id]) => {
      const builtin = BUILTINS.get(name);
      if (builtin === undefined) throw new Fault('wasm_refused', `the policy uses ${name}, which a rule cannot have`, { place: name });
      return [id, builtin];
    }),
  );
}

/** GU-17 */
function verdict(results: unknown): number {
  if (!Array.isArray(results)) return 1;
  if (results.length === 0) return 0;
  return resultOf((results[0] as { readonly result?: unknown } | null)?.result);
}

function resultOf(result: unknown): number {
  if (typeof result === 'boolean') return result ? 2 : 0;
  if (Array.isArray(result)) return result.length === 0 ? 2 : 0;
  if (typeof result !== 'object' || result === null) return 1;
  const { response, allowed } = result as { readonly response?: { readonly allowed?: unknown } | null; readonly allowed?: unknown };
  const said = allowed ?? response?.allowed;
  return typeof said === 'boolean' ? resultOf(said) : 1;
}

/** What the host knows of a policy. */
interface Ready {
  readonly builtins: ReadonlyMap<number, Builtin>;
  /** Address of the data document. */
  readonly data: number;
}

export const OPA_ABI: Abi = {
  profile: 'canonical-nan',
  imports: {
    env: {
      opa_abort: i32s(1),
      opa_println: i32s(1),
      opa_builtin0: i32s(2, 1),
      opa_builtin1: i32s(3, 1),
      opa_builtin2: i32s(4, 1),
      opa_builtin3: i32s(5, 1),
      opa_builtin4: i32s(6, 1),
    },
  },
  exports: {
    opa_malloc: i32s(1, 1),
    opa_json_parse: i32s(2, 1),
    opa_json_dump: i32s(1, 1),
    opa_value_dump: i32s(1, 1),
    opa_heap_ptr_get: i32s(0, 1),
    opa_eval: i32s(7, 1),
    builtins: i32s(0, 1),
  },
  link(host, paths, data) {
    let policy: Policy;
    let ready: Ready = { builtins: new Map(), data: 0 };
    let working = false;
    const text = new InputText(paths);
    const builtin = (id: number, _context: number, ...args: readonly number[]): number => {
      const called = ready.builtins.get(id);
      // What a builtin asks the policy for asks for none: else they could stand on each other without end, on a stack that nobody counts.
      if (called === undefined || working) throw new HostTrap('unauthorised');
      working = true;
      const answer = called(policy, args);
      working = false;
      return answer;
    };
    return {
      functions: {
        env: {
          opa_abort: () => {
            throw new HostTrap('exit');
          },
          opa_println: () => undefined,
          opa_builtin0: builtin,
          opa_builtin1: builtin,
          opa_builtin2: builtin,
          opa_builtin3: builtin,
          opa_builtin4: builtin,
        },
      },
      attach(instance, learnt): Guest {
        if (learnt !== null) ready = learnt as Ready;
        policy = new Policy(host, instance, paths);
        return {
          ready() {
            ready = { builtins: builtinsOf(policy), data: policy.value(data ?? '{}') };
            return ready;
          },
          judge(input) {
            policy.input = input;
            const document = text.document(input);
            const at = policy.put(document);
            return verdict(parseJson(policy.text(policy.call('opa_eval', 0, 0, ready.data, at, document.length, policy.call('opa_heap_ptr_get'), 0))));
          },
        };
      },
    };
  },
};
