/**
 * All that a set of rules may find, as variables of a solver: one for each path, whichever rules read it and with whatever
 * types, one for each group that may be missing. A model of them is read back as a source, which the interpreter judges.
 */
import { Fault } from '../base/fault.ts';
import { type Source, type SourceValue, segments } from '../rule/input.ts';
import type { Input } from '../rule/ir.ts';
import { printType } from '../rule/print.ts';
import { readSymbol, unfitFor } from './reading.ts';
import { FALSE, FLOAT, NotLowered, type Script, type Term, TRUE, vector } from './script.ts';
import { INT_BITS, intTerm, isTextual, isWhole, LENGTH_BITS, lengthTerm, type Symbol, Symbols, type TextSymbol, TIME_BITS } from './symbol.ts';
import { isTimestamp } from './symbol-number.ts';
import { isPadded, isText } from './symbol-text.ts';
import type { InputSymbol } from './symbolic.ts';

type Type = Input['type'];

/** How large a value the model has room for. */
export interface Room {
  readonly text_bytes: number;
  readonly items: number;
  /** Of `action.name`, where scopes name tools. */
  readonly name_bytes?: number;
}

/** One of a few names. */
const NAMED: ReadonlySet<string> = new Set(['effect', 'action.kind', 'http.scheme']);

/** One path with the types that rules read it as, compatible ones joined to the widest. */
interface Leaf {
  readonly path: string;
  readonly parent: Term;
  readonly there: Term;
  /** What stands there is of no declared type. */
  readonly unfit: Term;
  readonly kinds: readonly { readonly type: Type; readonly symbol: Symbol; readonly chosen: Term }[];
}

export class World {
  readonly symbols: Symbols;
  readonly script: Script;
  private readonly rooms: (path: string) => Room;
  /** Of the path that is being declared. */
  private room: Room;
  private readonly unfit: boolean;
  private readonly leaves = new Map<string, Leaf>();
  private readonly groups = new Map<string, Term>();
  /** What makes a model pleasant to read, from the most pleasant down. */
  private readonly plain: Term[][] = [[], []];
  /** What is larger in the law than in this model, in words. */
  readonly cut = new Set<string>();

  /**
   * @param sizes_only paths of which rules ask nothing but the size
   * @param unfit whether values of other types than the declared ones may stand there
   */
  constructor(script: Script, inputs: readonly Input[], rooms: (path: string) => Room, sizes_only: ReadonlySet<string> = new Set(), unfit = false) {
    this.script = script;
    this.unfit = unfit;
    this.symbols = new Symbols(script);
    this.rooms = rooms;
    this.room = rooms('');
    const types = new Map<string, Type[]>();
    for (const { path, type } of inputs) types.set(path, addType(types.get(path) ?? [], type));
    for (const path of types.keys())
      for (const prefix of prefixesOf(path)) if (types.has(prefix)) throw new NotLowered(`\`${prefix}\` is read whole and in parts`);
    for (const [path, kinds] of types) this.leaves.set(path, this.leaf(path, kinds, sizes_only.has(path)));
  }

  /** The group's presence: the source itself is always there. */
  group(path: string): Term {
    if (path === '') return TRUE;
    const known = this.groups.get(path);
    if (known !== undefined) return known;
    const own = this.script.bool();
    const there = this.script.and(this.group(parentOf(path)), own);
    this.groups.set(path, there);
    return there;
  }

  /** Whether something stands at a path; undefined for a path that no rule reads. */
  there(path: string): Term | undefined {
    const leaf = this.leaves.get(path);
    return leaf && this.script.and(leaf.parent, leaf.there);
  }

  /** The value at a path that is read as one type only. */
  value(path: string): Symbol | undefined {
    return this.leaves.get(path)?.kinds[0].symbol;
  }

  paths(): Iterable<string> {
    return this.leaves.keys();
  }

  /** What a rule finds that reads a path as this type. */
  input({ path, type }: Input): InputSymbol {
    const { script, symbols } = this;
    const leaf = this.leaves.get(path);
    const kind = leaf?.kinds.find((one) => sameKind(one.type, type));
    if (leaf === undefined || kind === undefined) throw new Fault('internal', `${path} is not of this world`);
    const there = script.and(leaf.parent, leaf.there);
    const fits = script.and(there, script.not(leaf.unfit), kind.chosen, this.fits(kind.symbol, type));
    const value = symbols.where(fits, kind.symbol);
    // I-3: false where the parent is there and the path is not; the error where something else is there, or no parent.
    return { value, present: { kind: 'bool', t: fits, f: script.and(leaf.parent, script.not(leaf.there)) } };
  }

  private leaf(path: string, types: readonly Type[], sizeOnly: boolean): Leaf {
    const { script } = this;
    this.room = this.rooms(path);
    const there = script.bool();
    const unfit = this.unfit ? script.bool() : FALSE;
    const choices = types.slice(1).map(() => script.bool());
    const kinds = types.map((type, i) => {
      const before = choices.slice(0, i).map((choice) => script.not(choice));
      return {
        type,
        symbol: sizeOnly && type.kind !== 'map' ? this.sized(type) : (this.named(path, type) ?? this.fresh(type)),
        chosen: script.and(...before, choices[i] ?? TRUE),
      };
    });
    return { path, parent: this.group(parentOf(path)), there, unfit, kinds };
  }

  /** A value of which only the size is told apart: as long as the type allows. */
  private sized(type: Type): Symbol {
    const { script } = this;
    const length = script.vector(LENGTH_BITS);
    const most = type.kind === 'str' ? type.bytes : type.kind === 'list' ? type.length : 0;
    script.assert(script.relation('bvule', length, lengthTerm(most)));
    this.plain[0].push(script.relation('bvule', length, lengthTerm(40)));
    // A text of so many ASCII letters has any size from nothing to its bound.
    if (type.kind === 'str') return { kind: 'str', ok: TRUE, length, bytes: '#x00', width: 1, size: script.extend(length, LENGTH_BITS, INT_BITS) };
    // All items are alike, and however large they may be: nobody looks.
    const cut = [...this.cut];
    const items = type.kind === 'list' ? [this.fresh(type.item)] : [];
    this.cut.clear();
    for (const bound of cut) this.cut.add(bound);
    return { kind: 'list', ok: TRUE, length, items };
  }

  private fresh(type: Type): Symbol {
    const { script } = this;
    switch (type.kind) {
      case 'bool': {
        const value = script.bool();
        return { kind: 'bool', t: value, f: script.not(value) };
      }
      case 'int': {
        const bits = script.vector(INT_BITS);
        const between = (low: bigint, high: bigint): Term =>
          script.and(script.relation('bvsle', intTerm(low), bits), script.relation('bvsle', bits, intTerm(high)));
        this.plain[0].push(between(0n, 999n));
        this.plain[1].push(between(-(2n ** 53n) + 1n, 2n ** 53n - 1n));
        return { kind: 'int', ok: TRUE, bits };
      }
      case 'null':
        return { kind: 'null', ok: TRUE };
      case 'uint':
      case 'dur': {
        const bits = script.vector(INT_BITS);
        const small = type.kind === 'uint' ? 999n : 3_600_000_000_000n;
        this.plain[0].push(script.relation('bvule', bits, intTerm(small)));
        this.plain[1].push(script.relation('bvule', bits, intTerm(2n ** 53n - 1n)));
        return { kind: type.kind, ok: TRUE, bits };
      }
      case 'ts': {
        const bits = script.vector(TIME_BITS);
        script.assert(isTimestamp(script, bits));
        // A whole second of this century.
        const second = script.operation(TIME_BITS, 'bvsrem', bits, vector(1_000_000_000n, TIME_BITS));
        this.plain[0].push(script.equal(second, vector(0n, TIME_BITS)));
        return { kind: 'ts', ok: TRUE, bits };
      }
      case 'dbl': {
        const bits = script.vector(INT_BITS);
        const float = script.term(FLOAT, `((_ to_fp 11 53) ${bits})`);
        // I-4: finite, and zero has one form.
        script.assert(script.and(script.not(script.relation('fp.isNaN', float)), script.not(script.relation('fp.isInfinite', float))));
        script.assert(script.not(script.equal(bits, intTerm(-(2n ** 63n)))));
        return { kind: 'dbl', ok: TRUE, float, bits };
      }
      case 'bytes': {
        const { width, length, bytes } = this.octets(type.bytes, this.room.text_bytes, 'bytes');
        return { kind: 'bytes', ok: TRUE, length, bytes, width };
      }
      case 'str':
        return this.text(type.bytes);
      case 'list': {
        const { items, length } = this.several(type.length, () => this.fresh(type.item));
        return { kind: 'list', ok: TRUE, length, items };
      }
      case 'map': {
        const { items: keys, length } = this.several(type.length, () => this.fresh(type.key));
        for (let i = 1; i < keys.length; i++) script.assert(script.implies(this.symbols.counts(i, length), this.symbols.less(keys[i - 1], keys[i])));
        return { kind: 'map', ok: TRUE, length, keys, values: keys.map(() => this.fresh(type.value)) };
      }
      default:
        throw new NotLowered(`it reads a value of type ${printType(type)}`);
    }
  }

  /** Texts that are compared with names, and are as long as these: nothing is lost by less room. */
  private named(path: string, type: Type): Symbol | undefined {
    if (type.kind !== 'str') return undefined;
    if (path === 'action.name' && this.room.name_bytes !== undefined) return this.text(Math.min(type.bytes, this.room.name_bytes), 256);
    return NAMED.has(path) ? this.text(Math.min(type.bytes, 16), 16) : undefined;
  }

  /** A length and room for so many bytes; zeros stand beyond the length. */
  private octets(bound: number, most: number, what: string): { readonly width: number; readonly length: Term; readonly bytes: Term } {
    const { script } = this;
    if (bound > most) this.cut.add(`${what} of up to ${most} bytes`);
    const width = Math.max(1, Math.min(bound, most));
    const length = script.vector(LENGTH_BITS);
    const bytes = script.vector(8 * width);
    script.assert(isPadded(script, length, bytes, width));
    if (bound < width) script.assert(script.equal(length, lengthTerm(0)));
    return { width, length, bytes };
  }

  private text(bytes: number, most = this.room.text_bytes): TextSymbol {
    const { script } = this;
    const { width, length, bytes: octets } = this.octets(bytes, most, 'texts');
    const text: TextSymbol = { kind: 'str', ok: TRUE, length, bytes: octets, width };
    script.assert(isText(script, text));
    for (let i = 0; i < width; i++) {
      const byte = script.extract(text.bytes, 8 * width, 8 * (width - i) - 1, 8 * (width - i - 1));
      const within = (low: string, high: string): Term =>
        script.and(script.relation('bvule', vector(BigInt(low.charCodeAt(0)), 8), byte), script.relation('bvule', byte, vector(BigInt(high.charCodeAt(0)), 8)));
      const ended = script.relation('bvule', length, lengthTerm(i));
      this.plain[0].push(script.or(ended, within('a', 'z'), within('-', '9'), within('@', '@')));
      this.plain[1].push(script.or(ended, within(' ', '~')));
    }
    return text;
  }

  private several(bound: number, one: () => Symbol): { readonly items: readonly Symbol[]; readonly length: Term } {
    const { script, room } = this;
    if (bound > room.items) this.cut.add(`lists and maps of up to ${room.items} items`);
    const items = Array.from({ length: Math.max(1, Math.min(bound, room.items)) }, one);
    const length = script.vector(LENGTH_BITS);
    script.assert(script.relation('bvule', length, lengthTerm(Math.min(bound, items.length))));
    this.plain[0].push(script.relation('bvule', length, lengthTerm(2)));
    return { items, length };
  }

  /** I-4: whether a value that another rule may read with wider bounds is within these. */
  private fits(symbol: Symbol, type: Type): Term {
    const { script, symbols } = this;
    if (symbol.kind === 'str' && type.kind === 'str') return script.relation('bvule', symbol.length, lengthTerm(Math.min(type.bytes, 65_535)));
    if (symbol.kind === 'list' && type.kind === 'list')
      return script.and(
        script.relation('bvule', symbol.length, lengthTerm(type.length)),
        ...symbol.items.map((item, i) => script.implies(symbols.counts(i, symbol.length), this.fits(item, type.item))),
      );
    if (symbol.kind === 'map' && type.kind === 'map')
      return script.and(
        script.relation('bvule', symbol.length, lengthTerm(type.length)),
        ...symbol.keys.map((key, i) =>
          script.implies(symbols.counts(i, symbol.length), script.and(this.fits(key, type.key), this.fits(symbol.values[i], type.value))),
        ),
      );
    return TRUE;
  }

  /** Wishes for a pleasant model, the most pleasant first; the last asks nothing. */
  wishes(): readonly Term[] {
    const { script } = this;
    const low = script.and(...this.plain[1]);
    return [script.and(low, ...this.plain[0]), low, TRUE];
  }

  /** The source that a model describes. `of` gives the value of a variable as the solver prints it. */
  read(of: (variable: Term) => string | undefined): Source {
    const source: Record<string, SourceValue> = {};
    const holds = (term: Term): boolean => term === TRUE || (term !== FALSE && of(term) === 'true');
    for (const [path, there] of this.groups) if (holds(there)) groupAt(source, segments(path));
    for (const { path, parent, there, unfit, kinds } of this.leaves.values()) {
      if (!holds(parent) || !holds(there)) continue;
      const kind = kinds.find(({ chosen }) => holds(chosen)) ?? kinds[kinds.length - 1];
      const parts = segments(path);
      groupAt(source, parts.slice(0, -1))[parts[parts.length - 1]] = holds(unfit) ? unfitFor(kinds.map(({ type }) => type.kind)) : readSymbol(kind.symbol, of);
    }
    return source;
  }

  /** What variables are of: `args.to there`, `args.to length`. */
  names(): readonly (readonly [Term, string])[] {
    const names: (readonly [Term, string])[] = [...this.groups].map(([path, term]) => [term, `${path} there`]);
    const visit = (symbol: Symbol, of: string): void => {
      if (symbol.kind === 'bool') names.push([symbol.t, of]);
      else if (isWhole(symbol)) names.push([symbol.bits, of]);
      else if (symbol.kind === 'dbl') names.push([symbol.bits ?? symbol.float, of]);
      else if (symbol.kind !== 'null') {
        names.push([symbol.length, `${of} length`]);
        if (isTextual(symbol)) names.push([symbol.bytes, `${of} UTF-8`]);
        else if (symbol.kind === 'list') for (const [i, item] of symbol.items.entries()) visit(item, `${of}[${i}]`);
        else
          symbol.keys.forEach((key, i) => {
            visit(key, `${of} key ${i}`);
            visit(symbol.values[i], `${of} value ${i}`);
          });
      }
    };
    for (const { path, there, kinds } of this.leaves.values()) {
      names.push([there, `${path} there`]);
      for (const { symbol } of kinds) visit(symbol, path);
    }
    return names;
  }

  /** Every term that `read` asks for. */
  asked(): readonly Term[] {
    const terms = new Set<Term>(this.groups.values());
    const visit = (symbol: Symbol): void => {
      if (symbol.kind === 'bool') terms.add(symbol.t);
      else if (isWhole(symbol)) terms.add(symbol.bits);
      else if (symbol.kind === 'dbl') terms.add(symbol.bits ?? symbol.float);
      else if (symbol.kind !== 'null') {
        terms.add(symbol.length);
        if (isTextual(symbol)) terms.add(symbol.bytes);
        else (symbol.kind === 'list' ? symbol.items : [...symbol.keys, ...symbol.values]).forEach(visit);
      }
    };
    for (const { there, unfit, kinds } of this.leaves.values()) {
      terms.add(there);
      terms.add(unfit);
      for (const { symbol, chosen } of kinds) {
        terms.add(chosen);
        visit(symbol);
      }
    }
    return [...terms].filter((term) => term !== TRUE && term !== FALSE && !term.startsWith('#'));
  }
}

const parentOf = (path: string): string => segments(path).slice(0, -1).join('.');
const prefixesOf = (path: string): readonly string[] => segments(path).map((_, i, parts) => parts.slice(0, i).join('.'));

const sameKind = (a: Type, b: Type): boolean =>
  a.kind === b.kind &&
  (a.kind !== 'list' || b.kind !== 'list' || sameKind(a.item, b.item)) &&
  (a.kind !== 'map' || b.kind !== 'map' || (sameKind(a.key, b.key) && sameKind(a.value, b.value)));

/** The widest of two types of the same kinds. */
function widest(a: Type, b: Type): Type {
  if (a.kind === 'str' && b.kind === 'str') return a.bytes >= b.bytes ? a : b;
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', item: widest(a.item, b.item), length: Math.max(a.length, b.length) };
  if (a.kind === 'map' && b.kind === 'map')
    return { kind: 'map', key: widest(a.key, b.key), value: widest(a.value, b.value), length: Math.max(a.length, b.length) };
  return a;
}

function addType(types: Type[], type: Type): Type[] {
  const at = types.findIndex((one) => sameKind(one, type));
  return at < 0 ? [...types, type] : types.map((one, i) => (i === at ? widest(one, type) : one));
}

function groupAt(source: Record<string, SourceValue>, parts: readonly string[]): Record<string, SourceValue> {
  let at = source;
  for (const part of parts) {
    at[part] ??= {};
    at = at[part] as Record<string, SourceValue>;
  }
  return at;
}
