/**
 * Addresses of the web (spec/facet.md T-10): strict, so that no reader sees another host than this one. What the
 * usual readers disagree on (backslashes, user names, spaces, odd numbers, other alphabets) is undecodable.
 */
import { fits } from './arguments.ts';
import { HOST_BYTES_MAX, URL_PATH_BYTES_MAX } from './version.ts';

export interface WebAddress {
  readonly scheme: 'http' | 'https';
  /** Lower case, no port, no closing dot. */
  readonly host: string;
  /** Without query and fragment, dot segments removed. */
  readonly path: string;
}

const SHAPE = /^(?:(https?):)?(?:\/\/)?([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(\d{1,5}))?([/?#][\x21-\x5b\x5d-\x7e]*)?$/i;
const LABELS = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/;
const QUAD = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
const NUMERIC_END = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/;

/** Undefined when the address is not plainly one of http or https; a missing scheme counts as https. */
export function webAddress(text: string): WebAddress | undefined {
  if (text.length > HOST_BYTES_MAX + 4 * URL_PATH_BYTES_MAX) return undefined;
  const parts = SHAPE.exec(text.trim());
  if (parts === null) return undefined;
  if (parts[3] !== undefined && Number(parts[3]) > 65_535) return undefined;
  let host = parts[2].toLowerCase();
  if (host.endsWith('.')) host = host.slice(0, -1);
  if (!host.startsWith('[')) {
    if (host.length > HOST_BYTES_MAX || !LABELS.test(host)) return undefined;
    if (NUMERIC_END.test(host) && !QUAD.test(host)) return undefined;
  }
  const rest = parts[4] ?? '/';
  const end = rest.search(/[?#]/);
  const path = withoutDots(end < 0 ? rest : rest.slice(0, end));
  if (!fits(path, URL_PATH_BYTES_MAX)) return undefined;
  return { scheme: parts[1]?.toLowerCase() === 'http' ? 'http' : 'https', host, path };
}

/** RFC 3986 §5.2.4, with `%2e` read as a dot. */
function withoutDots(path: string): string {
  if (path === '' || path === '/') return '/';
  if (!/\/(?:\.|%2e)/i.test(path)) return path;
  const out: string[] = [];
  const segments = path.slice(1).split('/');
  for (let i = 0; i < segments.length; i++) {
    const plain = segments[i].replace(/%2e/gi, '.');
    const last = i === segments.length - 1;
    if (plain === '..') out.pop();
    else if (plain !== '.') out.push(segments[i]);
    if (last && (plain === '.' || plain === '..')) out.push('');
  }
  return `/${out.join('/')}`;
}
