/**
 * A constitution's folder as people write it: constitution.yaml, and pack.yaml of the packs that it names. Pure: whoever
 * reads files hands the reading in.
 */
import { parse } from 'yaml';
import { Fault } from '../base/fault.ts';
import { isName } from '../base/record.ts';

/** A set of rules for one concern, that constitutions name. */
export interface Pack {
  readonly name: string;
  readonly title: string;
  /** Paths of rule files, in the order in which they are judged. */
  readonly rules: readonly string[];
}

export interface Written {
  readonly name: string;
  readonly version: number;
  readonly default: 'allow' | 'deny';
  /** Paths of its tool maps; the first names the whole. */
  readonly tools: readonly string[];
  readonly packs: readonly Pack[];
  /** Paths of all rule files in the order in which they are judged: the constitution's own, then its packs'. */
  readonly rules: readonly string[];
}

const CONSTITUTION_FIELDS = ['constitution', 'version', 'default', 'tools', 'packs', 'rules'];
const PACK_FIELDS = ['pack', 'title', 'rules'];

const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '');

/** The fields of a YAML file. @throws Fault config, and what `read` throws */
function fieldsOf(path: string, known: readonly string[], read: (path: string) => string): Readonly<Record<string, unknown>> {
  const source = read(path);
  let value: unknown;
  try {
    value = parse(source, { uniqueKeys: true });
  } catch (error) {
    throw new Fault('config', `${path}: ${error instanceof Error ? error.message : ''}`, { path });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Fault('config', `${path}: its fields are ${known.join(', ')}`, { path });
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Fault('config', `${path}: \`${unknown}\` is not one of its fields: ${known.join(', ')}`, { path });
  return value as Readonly<Record<string, unknown>>;
}

/**
 * The folder `folder`, with the packs it names: a name is a pack in the folder `shipped`, a text with a slash a folder
 * beside the constitution. Paths are joined with `/`.
 * @throws Fault config, and what `read` throws
 */
export function readWritten(folder: string, shipped: string, read: (path: string) => string): Written {
  const path = `${folder}/constitution.yaml`;
  const index = fieldsOf(path, CONSTITUTION_FIELDS, read);
  const { constitution: name, version, default: otherwise, packs = [], rules = [] } = index;
  const tools = typeof index.tools === 'string' ? [index.tools] : (index.tools ?? []);
  if (
    typeof name !== 'string' ||
    !isName(name) ||
    typeof version !== 'number' ||
    !Number.isSafeInteger(version) ||
    (otherwise !== 'allow' && otherwise !== 'deny') ||
    !isTexts(tools) ||
    !isTexts(packs) ||
    !isTexts(rules) ||
    (packs.length === 0 && rules.length === 0)
  )
    throw new Fault(
      'config',
      `${path}: a constitution has constitution (a name), version, default (allow or deny), rules (a list of files) or packs (a list of names) or both, and perhaps tools (a file, or a list of files and of names of maps that come with AVA)`,
      { path },
    );
  const named = packs.map((pack) => readPack(pack.includes('/') ? `${folder}/${pack}` : `${shipped}/${pack}`, read));
  const twice = named.find((pack, i) => named.findIndex((other) => other.name === pack.name) !== i);
  if (twice !== undefined) throw new Fault('config', `${path}: the pack \`${twice.name}\` is named twice`, { path });
  return {
    name,
    version,
    default: otherwise,
    tools: tools.map((map) => (isName(map) && !map.includes('.') && !map.includes('/') ? `${shipped}/../tools/${map}.yaml` : `${folder}/${map}`)),
    packs: named,
    rules: [...rules.map((rule) => `${folder}/${rule}`), ...named.flatMap((pack) => pack.rules)],
  };
}

/** The pack of a folder. @throws Fault config, and what `read` throws */
export function readPack(folder: string, read: (path: string) => string): Pack {
  const path = `${folder}/pack.yaml`;
  const { pack, title, rules } = fieldsOf(path, PACK_FIELDS, read);
  if (typeof pack !== 'string' || !isName(pack) || typeof title !== 'string' || title === '' || !isTexts(rules) || rules.length === 0)
    throw new Fault('config', `${path}: a pack has pack (a name), title (a sentence) and rules (a list of files)`, { path });
  return { name: pack, title, rules: rules.map((rule) => `${folder}/${rule}`) };
}
