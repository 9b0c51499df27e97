import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex, type Octets, octets, octetsFromHex, utf8 } from '../base/bytes.ts';
import { Fault, type FaultName } from '../base/fault.ts';
import { EMPTY_ROOT } from '../crypto/hash.ts';
import { signingKey } from '../crypto/suite.ts';
import {
  formatCheckpoint,
  formatVkey,
  noteVerifier,
  openCheckpoint,
  openNote,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signCheckpoint,
  signNote,
} from './note.ts';

/** The example of the documentation of golang.org/x/mod/sumdb/note. */
const PETER_VKEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const PETER_SEED = 'AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const PETER_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const PETER_NOTE = `${PETER_TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const key = signingKey(new Uint8Array(32).fill(7));
const verifier = noteVerifier('log.example/ava', key.public);
const root = octetsFromHex('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328', 32) as Octets;
const refuses = (slug: FaultName, run: () => unknown, what: string) => assert.throws(run, (e) => e instanceof Fault && e.slug === slug, what);

test('the example of the Go package: verified, and signed to the same bytes', () => {
  const peter = parseVkey(PETER_VKEY);
  assert.equal(formatVkey(peter), PETER_VKEY);
  assert.equal(hex(peter.id), 'c74f20a3');
  assert.equal(openNote(utf8(PETER_NOTE), [peter]), PETER_TEXT);
  const seed = Uint8Array.from(atob(PETER_SEED), (c) => c.charCodeAt(0)).slice(1);
  assert.equal(signNote(PETER_TEXT, 'PeterNeumann', signingKey(seed)), PETER_NOTE);
});

test('a checkpoint goes and comes back', () => {
  for (const size of [0, 1, 256, Number.MAX_SAFE_INTEGER]) {
    const checkpoint = { origin: verifier.name, size, root: size === 0 ? EMPTY_ROOT : root };
    const signed = signCheckpoint(checkpoint, key);
    assert.deepEqual(openCheckpoint(utf8(signed), verifier), checkpoint);
  }
});

test('a signature of an unknown key is no harm', () => {
  const signed = signCheckpoint({ origin: verifier.name, size: 8, root }, key);
  const witness = signNote(parseNote(utf8(signed)).text, 'witness.example', signingKey(new Uint8Array(32).fill(9)));
  const both = signed + witness.slice(witness.lastIndexOf('—'));
  assert.equal(parseNote(utf8(both)).signatures.length, 2);
  assert.equal(openCheckpoint(utf8(both), verifier).size, 8);
});

test('what is not signed by the key is refused', () => {
  const signed = signCheckpoint({ origin: verifier.name, size: 8, root }, key);
  refuses('note_unsigned', () => openCheckpoint(utf8(signed.replace('\n8\n', '\n9\n')), verifier), 'another size');
  refuses('note_unsigned', () => openCheckpoint(utf8(signed), noteVerifier('log.example/other', key.public)), 'another name');
  refuses('note_unsigned', () => openNote(utf8(signed), []), 'no keys');
  const foreign = signNote(formatCheckpoint({ origin: 'other.example', size: 8, root }), verifier.name, key);
  refuses('note_unsigned', () => openCheckpoint(utf8(foreign), verifier), 'a checkpoint of another origin under this key');
  const bytes = utf8(signed);
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const flipped = bytes.slice();
      flipped[at] ^= 1 << bit;
      assert.throws(
        () => openCheckpoint(flipped, verifier),
        (e) => e instanceof Fault && (e.slug === 'note_malformed' || e.slug === 'note_unsigned'),
        `byte ${at} bit ${bit}`,
      );
    }
  }
});

test('malformed notes are refused', () => {
  const signed = signCheckpoint({ origin: verifier.name, size: 8, root }, key);
  const line = signed.slice(signed.indexOf('—'));
  const cases: [string, string][] = [
    ['empty', ''],
    ['no signature', 'text\n'],
    ['no signature line', 'text\n\n'],
    ['no newline at the end', signed.slice(0, -1)],
    ['a carriage return', signed.replace('\n8\n', '\r\n8\n')],
    ['a hyphen for the dash', signed.replace('— ', '- ')],
    ['two spaces', signed.replace('— ', '—  ')],
    ['a third word', `${signed.slice(0, -1)} x\n`],
    ['a plus in the name', signed.replace(`— ${verifier.name}`, '— a+b')],
    ['short signature', `text\n\n— a ${btoa('1234')}\n`],
    ['base64 without padding', signed.replace('=\n\n', '\n\n').replace(/=+\n$/, '\n')],
    ['base64 with stray bits', `text\n\n— a ${btoa('12345').replace('=', '').slice(0, -1)}V=\n`],
    ['the same key twice', signed + line],
    ['101 signatures', signed + line.repeat(100)],
    ['too long', `${'x'.repeat(70_000)}\n\n${line}`],
  ];
  for (const [what, text] of cases) refuses('note_malformed', () => openNote(utf8(text), [verifier]), what);
  refuses('note_malformed', () => parseNote(new Uint8Array([0xff, 0x0a])), 'not UTF-8');
  refuses('note_malformed', () => signNote('no newline', 'name', key), 'text');
  refuses('note_malformed', () => signNote('text\n', 'two words', key), 'name');
});

test('malformed checkpoints and keys are refused', () => {
  const good = formatCheckpoint({ origin: 'log.example', size: 8, root });
  const cases = [
    good.replace('8', '08'),
    good.replace('8', '-8'),
    good.replace('8', '8.0'),
    good.replace('8', '9007199254740992'),
    good.replace('8', ''),
    `${good}extension\n`,
    good.slice(0, -1),
    good.replace('log.example', ''),
    good.replace('log.example', 'log example'),
    good.replace('=', ''),
    good.replace(/\n[^\n]*=\n/, `\n${btoa('short')}\n`),
  ];
  for (const text of cases) refuses('note_malformed', () => parseCheckpoint(text), text);
  refuses('note_malformed', () => formatCheckpoint({ origin: 'a', size: 0.5, root }), 'size');
  refuses('note_malformed', () => formatCheckpoint({ origin: 'a', size: 1, root: 'short' }), 'root');
  const vkey = formatVkey(verifier);
  for (const text of [
    '',
    'a',
    'a+b',
    vkey.replace('+', ''),
    vkey.replace(/\+.{8}\+/, '+00000000+'),
    vkey.slice(0, -4),
    vkey.replace('log', 'lug'),
    vkey.replace('+A', '+B'),
    vkey.toUpperCase(),
  ]) {
    refuses('note_malformed', () => parseVkey(text), text);
  }
  refuses('note_malformed', () => noteVerifier('a', octets(new Uint8Array(31))), 'a short key');
});
