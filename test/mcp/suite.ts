/** The protocol's own conformance suite against one address: what each check of each scenario gave. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `check id: STATUS`, in order, by scenario; what only tells what happened (INFO) is left out. */
export type Results = ReadonlyMap<string, readonly string[]>;

interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** All scenarios for servers, also those that the suite holds back by default. */
export async function conformance(url: string): Promise<Results> {
  const folder = mkdtempSync(join(tmpdir(), 'ava-conformance-'));
  try {
    const program = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/dist/index.js');
    const child = spawn(process.execPath, [program, 'server', '--url', url, '--suite', 'all', '--output-dir', folder], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const results = readdirSync(folder)
      .sort()
      .map((name) => [name.replace(/^server-(.*?)-\d{4}-\d\d-\d\dT.*$/, '$1'), checksOf(join(folder, name))] as const);
    return new Map(results);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checksOf(folder: string): readonly string[] {
  const checks = JSON.parse(readFileSync(join(folder, 'checks.json'), 'utf8')) as Check[];
  return checks
    .filter(({ status }) => status !== 'INFO')
    .map(({ id, status, errorMessage }) => `${id}: ${status}${errorMessage === undefined ? '' : ` (${errorMessage})`}`);
}
