/** `avactl packs`: the rules that come with AVA by concern, and which of them a constitution's folder names. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isSeq, parseDocument } from 'yaml';
import { Fault } from '../base/fault.ts';
import { suggestion } from '../base/nearest.ts';
import { type Pack, readPack, readWritten } from '../law/source.ts';
import { loadConstitution, loadRule, SHIPPED } from '../node/constitution.ts';
import { decodeManifest, type Mode } from '../rule/manifest.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { columns, day, plain, plural } from './text.ts';

const PACKS = join(SHIPPED, 'packs');
const FILE = 'constitution.yaml';

const packNames = (): string[] => readdirSync(PACKS).sort();
const read = (path: string): string => readFileSync(path, 'utf8');

/** @throws Fault usage with the nearest name */
function packNamed(name: string): Pack {
  const names = packNames();
  if (!names.includes(name))
    throw new Fault('usage', `no pack is called \`${name}\`${suggestion(name, names)}; \`avactl packs list\` names them`, { pack: name });
  return readPack(join(PACKS, name), read);
}

/** The packs that a constitution names; of the starter where none is given. @throws Fault config */
function namedBy(constitution: string): string[] {
  const folder = existsSync(join(constitution, FILE)) ? constitution : join(SHIPPED, constitution);
  if (!existsSync(join(folder, FILE))) throw new Fault('config', `${constitution} is no constitution: it has no ${FILE}`, { path: constitution });
  return readWritten(folder, PACKS, read).packs.map(({ name }) => name);
}

interface RuleOfPack {
  readonly rule: string;
  readonly title: string;
  readonly advice: string;
  readonly mode: Mode;
  readonly until_ms: number | null;
}

const rulesOf = (pack: Pack): RuleOfPack[] =>
  pack.rules.map((path) => {
    const { name: rule, title, advice, mode, until_ms } = decodeManifest(loadRule(path).manifest);
    return { rule, title, advice, mode, until_ms };
  });

function modesText(rules: readonly RuleOfPack[]): string {
  const counted = (['floor', 'enforce', 'observe'] as const).map((mode) => [rules.filter((each) => each.mode === mode).length, mode] as const);
  return counted
    .filter(([count]) => count > 0)
    .map(([count, mode]) => `${count} ${mode}`)
    .join(', ');
}

export function listPacks(call: Call): number {
  const { out } = call;
  const constitution = call.text('constitution') ?? 'starter';
  const named = new Set(namedBy(constitution));
  const packs = packNames().map((name) => ({ pack: packNamed(name), rules: rulesOf(packNamed(name)) }));
  out.value(packs.map(({ pack, rules }) => ({ pack: pack.name, title: pack.title, in_constitution: named.has(pack.name), rules })));
  for (const row of columns(packs.map(({ pack, rules }) => [named.has(pack.name) ? '*' : ' ', pack.name, modesText(rules), plain(pack.title)]))) out.line(row);
  out.line(`* in ${plain(constitution)}`);
  return EXIT.ok;
}

export function showPack(call: Call): number {
  const { out } = call;
  const pack = packNamed(call.operands[0]);
  const rules = rulesOf(pack);
  out.value({ pack: pack.name, title: pack.title, rules });
  out.line(`${out.paint('bold', pack.name)}: ${plain(pack.title)}`);
  for (const { rule, title, advice, mode, until_ms } of rules) {
    out.line(`  ${rule}  ${mode}${until_ms !== null ? ` until ${day(until_ms)}` : ''}`);
    out.line(`    ${plain(title)}`);
    if (advice !== '') out.line(`    passes: ${plain(advice)}`);
  }
  return EXIT.ok;
}

export const addPacks = (call: Call): number => change(call, (packs) => [...packs, ...call.operands.filter((name) => !packs.includes(name))]);
export const removePacks = (call: Call): number => change(call, (packs) => packs.filter((name) => !call.operands.includes(name)));

/** Writes the list anew, with the file's comments kept; what would not load is not written. */
function change(call: Call, to: (packs: readonly string[]) => string[]): number {
  const { out } = call;
  const folder = call.text('constitution');
  if (folder === undefined)
    throw new Fault('usage', "--constitution DIR is a folder of your own; AVA's own constitutions stay as they are", { flag: 'constitution' });
  for (const name of call.operands) packNamed(name);
  const path = join(folder, FILE);
  const before = existsSync(path) ? read(path) : null;
  const document = parseDocument(before ?? starting(folder));
  const given = document.get('packs');
  const packs = isSeq(given) ? given.items.map((item) => String(item)) : [];
  const next = to(packs);
  document.set('packs', document.createNode(next, { flow: true }));
  const made = mkdirSync(folder, { recursive: true });
  writeFileSync(path, document.toString({ lineWidth: 0, flowCollectionPadding: false }));
  try {
    const { rules, name } = loadConstitution(folder);
    out.value({ constitution: name, folder, packs: next, rules: rules.length });
    out.line(`${plain(path)}: packs ${next.join(', ') || 'none'}; ${plural(rules.length, 'rule')}`);
    out.line(`A node keeps the law of its first start. A new one: avactl up --data DIR --constitution ${plain(folder)}`);
    return EXIT.ok;
  } catch (error) {
    if (before !== null) writeFileSync(path, before);
    else rmSync(made ?? path, { recursive: true });
    throw error;
  }
}

/** A constitution of one's own begins with the starter's tool maps. */
function starting(folder: string): string {
  const { tools } = parseDocument(read(join(SHIPPED, 'starter', FILE))).toJS() as { tools: readonly string[] };
  const name = folder
    .replace(/[/\\]+$/, '')
    .replace(/^.*[/\\]/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]/g, '-');
  const maps = tools.filter((map) => !map.includes('.'));
  return `constitution: ${/^[a-z]/.test(name) ? name : 'mine'}\nversion: 1\ndefault: allow\ntools: [${maps.join(', ')}]\npacks: []\n`;
}
