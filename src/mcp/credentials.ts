/**
 * What a server gets of the gateway's own (spec/gateway.md MG-140, MG-141): values that stand in files or in the environment
 * are read when the server is opened, so that a rotated key counts with the next start. Nothing of a client's request is among
 * them, and a program gets no variable that was not named but those that every program needs.
 */
import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { Fault } from '../base/fault.ts';
import { openRedacted, Redactor } from './redactor.ts';
import type { ServerSpec, Value, Values } from './servers.ts';
import type { Open } from './upstream.ts';
import { openHttp } from './upstream-http.ts';
import { openProgram } from './upstream-stdio.ts';

/** Variables of ours that a program gets unnamed. */
const INHERITED: readonly string[] =
  process.platform === 'win32'
    ? [
        'APPDATA',
        'HOMEDRIVE',
        'HOMEPATH',
        'LOCALAPPDATA',
        'PATH',
        'PATHEXT',
        'PROCESSOR_ARCHITECTURE',
        'SYSTEMDRIVE',
        'SYSTEMROOT',
        'TEMP',
        'USERNAME',
        'USERPROFILE',
      ]
    : ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'TMPDIR', 'USER'];
const FILE_BYTES_MAX = 65_536;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/;
const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}$/;
const HEADER_VALUE = /^[\x20-\x7e\x80-\xff]*$/;
/** Header fields that say how the message is carried: they are this side's own. */
const CARRYING = /^(?:mcp-.*|host|connection|content-.*|transfer-encoding|accept|last-event-id|te|upgrade|expect)$/i;
/** Names whose values are credentials, though they stand in the file as they are. */
const SECRET_NAME = /key|token|secret|password|passwd|credential|auth|cookie/i;

/** Opens a server as servers.json describes it. `folder`: where relative files stand. */
export function openSpec(spec: ServerSpec, folder: string, said: (chunk: Buffer) => void): Open {
  return async (listener) => {
    if ('url' in spec) {
      const headers = resolved(spec.headers, folder, 'headers');
      const open: Open = (own) => openHttp({ url: spec.url, headers }, own);
      return openRedacted(open, new Redactor(secretsOf(spec.headers, headers)), listener);
    }
    const named = resolved(spec.env, folder, 'env');
    const redactor = new Redactor(secretsOf(spec.env, named));
    const { command, args, cwd } = spec;
    const program = { command, args, env: { ...inherited(process.env), ...named }, ...(cwd !== undefined && { cwd }) };
    return openRedacted((own) => openProgram(program, own, redactor.lines(said)), redactor, listener);
  };
}

/** MG-141: what every program needs, and no more of ours. */
export function inherited(environment: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = environment[name];
      return value === undefined || value.startsWith('()') ? [] : [[name, value]];
    }),
  );
}

/** @throws Fault config, which names the place and never the value */
function resolved(values: Values, folder: string, field: 'env' | 'headers'): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const place = `servers.json: ${field}.${name}`;
      const text = valueOf(value, folder, place);
      const proper = field === 'env' ? VARIABLE.test(name) && !text.includes('\0') : HEADER.test(name) && !CARRYING.test(name) && HEADER_VALUE.test(text);
      if (!proper)
        throw new Fault(
          'config',
          `${place} cannot be ${field === 'env' ? 'a variable' : 'a header field of a server'}, or its value has characters that none may have`,
        );
      return [name, text];
    }),
  );
}

function valueOf(value: Value, folder: string, place: string): string {
  if (typeof value === 'string') return value;
  if ('env' in value) {
    const text = process.env[value.env];
    if (text === undefined) throw new Fault('config', `${place}: the environment has no ${value.env}`);
    return text;
  }
  const path = isAbsolute(value.file) ? value.file : join(folder, value.file);
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Fault('config', `${place}: ${path} is larger than ${FILE_BYTES_MAX} bytes`, { path });
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault('config', `${place}: ${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'no text'}`, { path });
  }
}

/** MG-142: values that came from outside the file, and those whose names say what they are. */
function secretsOf(values: Values, texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (typeof value !== 'string' || SECRET_NAME.test(name) ? [texts[name] ?? ''] : []));
}
