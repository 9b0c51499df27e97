/** The pages that a node shows in a browser (spec/http.md N-80): files of the folder `pages`, read once at the start. */
import { readFileSync } from 'node:fs';
import { Fault } from '../base/fault.ts';
import { HTML_TYPE } from './operation.ts';
import { type Exchange, send } from './router.ts';

const FOLDER = new URL('../../pages/', import.meta.url);
const TYPES = { html: HTML_TYPE, css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8' } as const;
const FILES = ['approvals.html', 'approvals.css', 'approvals.js', 'passkey.js', 'wire.js'] as const;

/** N-80: nothing but what this node serves, no frame around it, no form, no other page that it opened. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
};

const texts = new Map<string, string>(FILES.map((name) => [name, readFileSync(new URL(name, FOLDER), 'utf8')]));

/** @throws Fault route_unknown */
export function showPage({ response }: Exchange, name: string): void {
  const text = texts.get(name);
  if (text === undefined) throw new Fault('route_unknown', `there is no page ${name.slice(0, 64)}`);
  send(response, 200, TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES], text, HEADERS);
}
