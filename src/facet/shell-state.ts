/** What a shell knows while it runs: variables, its folder, functions, links and files that this line itself makes. */
import { type Command, START, TAME, WILD } from './shell-syntax.ts';

/** More values than these, and a variable stands for anything. */
const VALUES_MAX = 8;

/** The folder that the shell is in, among the variables. */
export const FOLDER = '.';

/** Among the variables: a command that fails ends the shell (`set -e`). */
export const STRICT = '-e';

/** Among the files: this line fetched or unpacked one whose name is not known; any that runs may be it. */
export const FETCHED = '*';

/** Picks one of several values; the whole command is then run again with the next. */
export interface Choice {
  pick(name: string, values: readonly string[]): string;
}

export class State {
  /** Every value that a variable may have; an array's items are joined by a space. */
  readonly vars: Map<string, readonly string[]>;
  readonly functions: Map<string, Command>;
  readonly aliases: Map<string, string>;
  /** Path → where it leads. */
  readonly links: Map<string, string>;
  /** Path → what was written into it. */
  readonly files: Map<string, string>;
  /** `$1`, `$2`, … */
  args: readonly string[];

  constructor(from: State | null, args: readonly string[]) {
    this.vars = new Map(from?.vars ?? [[FOLDER, [START]]]);
    this.functions = new Map(from?.functions);
    this.aliases = new Map(from?.aliases);
    this.links = new Map(from?.links);
    this.files = new Map(from?.files);
    this.args = args;
  }

  clone(): State {
    return new State(this, this.args);
  }

  get(name: string, choice: Choice): string | undefined {
    const values = this.vars.get(name);
    if (values === undefined) return undefined;
    return values.length === 1 ? values[0] : choice.pick(name, values);
  }

  set(name: string, value: string): void {
    this.vars.set(name, [value]);
  }

  /** After a list of commands joined by `&&`, the folder may still be the one before it. */
  mayStay(before: readonly string[] | undefined): readonly string[] | undefined {
    const now = this.vars.get(FOLDER);
    if (before === undefined || now === undefined || now === before || this.vars.has(STRICT)) return now;
    const both = [...new Set([...now, ...before])];
    this.vars.set(FOLDER, both.length > 8 ? [WILD] : both);
    return this.vars.get(FOLDER);
  }

  /** T-31: after this, either history may have been: every variable has the values of both. */
  join(other: State): void {
    for (const [name, values] of other.vars) {
      const mine = this.vars.get(name);
      if (mine === values) continue;
      const all = [...new Set([...(mine ?? [TAME]), ...values])];
      this.vars.set(name, all.length > VALUES_MAX ? [WILD] : all);
    }
    for (const [name, values] of this.vars) if (!other.vars.has(name)) this.vars.set(name, [...new Set([...values, TAME])].slice(0, VALUES_MAX));
    for (const [name, body] of other.functions) if (!this.functions.has(name)) this.functions.set(name, body);
    for (const [name, body] of other.aliases) if (!this.aliases.has(name)) this.aliases.set(name, body);
    for (const [path, to] of other.links) if (!this.links.has(path)) this.links.set(path, to);
    for (const [path, text] of other.files) {
      const mine = this.files.get(path);
      this.files.set(path, mine === undefined || mine === text ? text : WILD);
    }
  }
}

/** Runs `work` once for every way to pick, at most `max` times; false where there are more ways. */
export function everyWay(max: number, work: (choice: Choice) => void): boolean {
  const digits: number[] = [];
  const sizes: number[] = [];
  for (let run = 0; run < max; run++) {
    const places = new Map<string, number>();
    let next = 0;
    const choice: Choice = {
      pick(name, values) {
        let place = places.get(name);
        if (place === undefined) {
          place = next++;
          places.set(name, place);
          digits[place] ??= 0;
          sizes[place] = values.length;
        }
        return values[digits[place]] ?? values[0];
      },
    };
    work(choice);
    digits.length = next;
    while (digits.length > 0 && digits[digits.length - 1] + 1 >= sizes[digits.length - 1]) digits.pop();
    if (digits.length === 0) return true;
    digits[digits.length - 1]++;
  }
  return false;
}
