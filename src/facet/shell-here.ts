/** Here-documents: their texts follow the line that asks for them (POSIX 2.7.4). */
import type { Word } from './shell-syntax.ts';
import { type Cursor, readText } from './shell-word.ts';

export interface HereDocument {
  readonly delimiter: string;
  /** Nothing in it is expanded. */
  readonly literal: boolean;
  /** Tabs at the beginning of its lines do not count. */
  readonly tabs: boolean;
  readonly into: { body: Word | null };
}

/** The texts of those that wait, from the beginning of a line. */
export function readHereDocuments(cursor: Cursor, waiting: readonly HereDocument[]): void {
  const { text } = cursor;
  for (const { delimiter, literal, tabs, into } of waiting) {
    let body = '';
    while (cursor.at < text.length) {
      const end = text.indexOf('\n', cursor.at);
      let line = text.slice(cursor.at, end < 0 ? text.length : end);
      cursor.at = end < 0 ? text.length : end + 1;
      if (tabs) line = line.replace(/^\t+/, '');
      if (line === delimiter) break;
      body += `${line}\n`;
    }
    into.body = literal ? [{ kind: 'text', text: body, quoted: true }] : readText(body, cursor);
  }
}
