/** `avactl rules new`: a rule to begin with, from a template or from a recorded call. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyBundle } from '../audit/bundle.ts';
import { type DraftFile, draftFrom, draftRule, type RecordedCall } from '../author/draft.ts';
import { Fault } from '../base/fault.ts';
import { type Decide, isDecision } from '../machine/transaction.ts';
import type { Source } from '../rule/input.ts';
import { bundleOf } from './bundle-source.ts';
import type { Call } from './command.ts';
import { EXIT } from './exit.ts';
import { receiptId } from './explanation.ts';
import { plain } from './text.ts';

export async function newRule(call: Call): Promise<number> {
  const { out } = call;
  const [name = 'my/rule'] = call.operands;
  const receipt = call.text('from');
  const language = call.text('lang') ?? 'cel';
  if (receipt !== undefined && language !== 'cel') throw new Fault('usage', '--from drafts an expression; leave --lang out', { flag: 'lang' });
  const files = receipt === undefined ? draftRule(name, language) : [draftFrom(name, await recorded(call, receipt))];
  const folder = call.text('output') ?? name.slice(name.lastIndexOf('/') + 1);
  write(folder, files);
  const paths = files.map((file) => join(folder, file.name));
  out.value({ rule: name, language, folder, files: paths });
  out.line(`${plain(name)}: ${paths.map(plain).join(', ')}`);
  const next = language === 'cel' ? 'test' : 'build';
  out.line(`Next: avactl rules ${next} ${plain(folder)}, then avactl rules lint ${plain(folder)}`);
  return EXIT.ok;
}

/** Nothing that is there is written over. */
function write(folder: string, files: readonly DraftFile[]): void {
  const there = files.map(({ name }) => join(folder, name)).find((path) => existsSync(path));
  if (there !== undefined) throw new Fault('usage', `${there} is there already; name another folder with --output`, { path: there });
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name, text } of files) writeFileSync(join(folder, name), text);
  } catch (error) {
    throw new Fault('usage', `${folder} cannot be written (${(error as NodeJS.ErrnoException).code})`, { path: folder });
  }
}

async function recorded(call: Call, id: string): Promise<RecordedCall> {
  const { entry } = verifyBundle(await bundleOf(call, id));
  const { transaction, receipt } = entry;
  if (!isDecision(transaction)) throw new Fault('receipt_unknown', `${id} is no decision: it has no call to draft from`);
  const { sidecar } = transaction;
  if (sidecar === null) throw new Fault('receipt_unknown', `the inputs of ${id} are erased: there is no call to draft from`);
  const { kind, name } = transaction.payload as Decide;
  return {
    receipt: receiptId(entry),
    kind,
    tool: name,
    verdict: receipt.verdict,
    args: (sidecar[1] ?? {}) as Source,
    context: (sidecar[2] ?? null) as Source | null,
  };
}
