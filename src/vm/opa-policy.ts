/** A Rego policy's side (GU-14): its values by address, its texts as C strings. */
import { EMPTY, utf8 } from '../base/bytes.ts';
import { type Host, HostTrap, textOf } from './host.ts';
import type { Instance } from './instance.ts';

/** Bytes of a text that a policy gives. */
const TEXT_BYTES_MAX = 65_536;

export class Policy {
  /** Of the call that runs; empty while the policy is made ready. */
  input: Uint8Array = EMPTY;
  readonly paths: readonly string[];
  private readonly host: Host;
  private readonly instance: Instance;

  constructor(host: Host, instance: Instance, paths: readonly string[]) {
    this.host = host;
    this.instance = instance;
    this.paths = paths;
  }

  /** Calls an export of the module. */
  call(name: string, ...args: readonly number[]): number {
    return this.instance.function(name)(...args);
  }

  /** What a builtin does beside reading and writing. @throws HostTrap gas */
  charge(units: number): void {
    this.host.charge(this.host.costs.byte * units);
  }

  /** The C string at an address. @throws HostTrap host */
  text(at: number): string {
    const memory = this.host.view();
    const start = at >>> 0;
    const end = memory.indexOf(0, start);
    if (start === 0 || end < 0 || end - start > TEXT_BYTES_MAX) throw new HostTrap('host');
    this.host.charge(this.host.costs.byte * (end - start));
    return textOf(memory.subarray(start, end));
  }

  /** Puts bytes where the module makes room, and gives their address. */
  put(bytes: Uint8Array): number {
    this.host.charge(this.host.costs.byte * bytes.length);
    const at = this.call('opa_malloc', bytes.length);
    if (at >>> 0 === 0) throw new HostTrap('memory');
    this.host.slice(at, bytes.length).set(bytes);
    return at;
  }

  /** A value of the policy from JSON text. */
  value(json: string): number {
    const bytes = utf8(json);
    return this.call('opa_json_parse', this.put(bytes), bytes.length);
  }

  /** A value of the policy as JSON, its sets as `{…}`. */
  dump(value: number): string {
    return this.text(this.call('opa_value_dump', value));
  }
}
