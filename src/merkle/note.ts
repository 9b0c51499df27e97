/**
 * Signed notes and checkpoints: c2sp.org/signed-note and c2sp.org/tlog-checkpoint (spec/merkle.md M-20 to M-27).
 * Ed25519 (type 01) only; signatures of unknown keys are carried over and ignored, as the specification demands.
 */
import { fromOctets, fromUtf8, hex, type Octets, octets, octetsFromHex, utf8 } from '../base/bytes.ts';
import { Fault } from '../base/fault.ts';
import { sha256 } from '../crypto/hash.ts';
import { type SigningKey, signRaw, verifyRaw } from '../crypto/suite.ts';

export const NOTE_BYTES_MAX = 65_536;
export const NOTE_SIGNATURES_MAX = 100;
const NAME_LENGTH_MAX = 255;
const TYPE_ED25519 = '\x01';
const DASH = '\u2014 ';

/** Who may sign a note, as a verifier key (`vkey`) says it. `id` has 4 bytes, `key` 32. */
export interface NoteVerifier {
  readonly name: string;
  readonly id: Octets;
  readonly key: Octets;
}

/** One signature line: the bytes after the key id. */
export interface NoteSignature {
  readonly name: string;
  readonly id: Octets;
  readonly signature: Uint8Array;
}

/** A note whose form is valid; nothing is said about its signatures. */
export interface Note {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

const bad = (detail: string): Fault => new Fault('note_malformed', detail);

/** M-20: what a key name may be: not empty, no Unicode space, no plus. */
const isKeyName = (name: string): boolean =>
  name.length > 0 && name.length <= NAME_LENGTH_MAX && name.isWellFormed() && !/[\s\p{White_Space}+\p{Cc}]/u.test(name);

/** Standard base64 with padding, one form only. */
const toBase64 = (bytes: Octets): string => btoa(bytes);

function fromBase64(text: string): Octets | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  try {
    const bytes = atob(text);
    return btoa(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** M-21: `SHA256(name ‖ 0x0A ‖ type ‖ public key)[:4]` */
export const noteKeyId = (name: string, key: Octets): Octets => sha256(fromOctets(`${octets(utf8(name))}\n${TYPE_ED25519}${key}`)).slice(0, 4);

export function noteVerifier(name: string, key: Octets): NoteVerifier {
  if (!isKeyName(name)) throw bad('a key name is not empty and has neither space nor plus');
  if (key.length !== 32) throw bad('an Ed25519 key has 32 bytes');
  return { name, id: noteKeyId(name, key), key };
}

/** M-22: `name+hex(id)+base64(type ‖ public key)` */
export const formatVkey = (verifier: NoteVerifier): string => `${verifier.name}+${hex(verifier.id)}+${toBase64(TYPE_ED25519 + verifier.key)}`;

/** M-22. @throws Fault note_malformed */
export function parseVkey(vkey: string): NoteVerifier {
  const parts = vkey.split('+');
  const name = parts[0];
  const id = octetsFromHex(parts[1] ?? '', 4);
  const data = fromBase64(parts.slice(2).join('+')); // base64 has plus signs of its own
  if (parts.length < 3 || id === undefined || data === undefined) throw bad('a verifier key is name+id+key');
  if (data[0] !== TYPE_ED25519 || data.length !== 33) throw bad('the verifier key is not of Ed25519');
  const verifier = noteVerifier(name, data.slice(1));
  if (verifier.id !== id) throw bad('the verifier key has another id');
  return verifier;
}

/** M-23: the text of a note: well-formed, no control characters but newlines, a newline at its end. */
function checkText(text: string): void {
  if (!text.endsWith('\n')) throw bad('the text does not end with a newline');
  if (!text.isWellFormed()) throw bad('the text is not well-formed');
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 && code !== 0x0a) throw bad('the text has a control character');
  }
}

/** M-24: the note of `text` with one more signature line. */
export function signNote(text: string, name: string, key: SigningKey): string {
  checkText(text);
  const verifier = noteVerifier(name, key.public);
  return `${text}\n${DASH}${name} ${toBase64(verifier.id + octets(signRaw(key, utf8(text))))}\n`;
}

/** M-25: the strict form. @throws Fault note_malformed */
export function parseNote(bytes: Uint8Array): Note {
  if (bytes.length > NOTE_BYTES_MAX) throw bad(`a note has at most ${NOTE_BYTES_MAX} bytes`);
  let whole: string;
  try {
    whole = fromUtf8(bytes);
  } catch {
    throw bad('the note is not UTF-8');
  }
  checkText(whole);
  const split = whole.lastIndexOf('\n\n');
  if (split < 0) throw bad('no blank line before the signatures');
  const text = whole.slice(0, split + 1);
  const lines = whole.slice(split + 2).split('\n');
  lines.pop();
  if (lines.length === 0) throw bad('the note has no signature');
  if (lines.length > NOTE_SIGNATURES_MAX) throw bad(`a note has at most ${NOTE_SIGNATURES_MAX} signatures`);
  return { text, signatures: lines.map(parseSignature) };
}

function parseSignature(line: string): NoteSignature {
  const parts = line.slice(DASH.length).split(' ');
  const data = fromBase64(parts[1] ?? '');
  if (!line.startsWith(DASH) || parts.length !== 2 || !isKeyName(parts[0]) || data === undefined || data.length < 5)
    throw bad('a signature line cannot be read');
  return { name: parts[0], id: data.slice(0, 4), signature: fromOctets(data.slice(4)) };
}

/**
 * M-26: the text of a note that each given key has signed; a signature of a given key that does not verify refuses
 * the note. Returns the text. @throws Fault note_malformed, note_unsigned
 */
export function openNote(bytes: Uint8Array, verifiers: readonly NoteVerifier[]): string {
  if (verifiers.length === 0) throw new Fault('note_unsigned', 'no key to check the note with');
  const note = parseNote(bytes);
  const message = utf8(note.text);
  for (const verifier of verifiers) {
    const own = note.signatures.filter(({ name, id }) => name === verifier.name && id === verifier.id);
    if (own.length === 0) throw new Fault('note_unsigned', `no signature of ${verifier.name}`);
    if (own.length > 1) throw bad(`two signatures of ${verifier.name}`);
    if (!verifyRaw(verifier.key, message, own[0].signature)) throw new Fault('note_unsigned', `the signature of ${verifier.name} does not verify`);
  }
  return note.text;
}

/** M-27: what a log says of itself. No extension lines. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Octets;
}

/** M-27: `origin\nsize\nbase64(root)\n` */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  const { origin, size, root } = checkpoint;
  if (!isKeyName(origin)) throw bad('an origin is not empty and has neither space nor plus');
  if (!Number.isSafeInteger(size) || size < 0) throw bad('a size is a whole number');
  if (root.length !== 32) throw bad('a root has 32 bytes');
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** M-27. @throws Fault note_malformed */
export function parseCheckpoint(text: string): Checkpoint {
  const lines = text.split('\n');
  if (lines.length !== 4 || lines[3] !== '') throw bad('a checkpoint has three lines');
  const root = fromBase64(lines[2]);
  if (!isKeyName(lines[0])) throw bad('the origin cannot be read');
  if (!/^(0|[1-9][0-9]{0,15})$/.test(lines[1]) || !Number.isSafeInteger(Number(lines[1]))) throw bad('the size cannot be read');
  if (root === undefined || root.length !== 32) throw bad('the root cannot be read');
  return { origin: lines[0], size: Number(lines[1]), root };
}

/** The signed checkpoint, its origin as key name. */
export const signCheckpoint = (checkpoint: Checkpoint, key: SigningKey): string => signNote(formatCheckpoint(checkpoint), checkpoint.origin, key);

/** A checkpoint that the log's key has signed; the key's name is the origin. @throws Fault note_malformed, note_unsigned */
export function openCheckpoint(bytes: Uint8Array, verifier: NoteVerifier): Checkpoint {
  const checkpoint = parseCheckpoint(openNote(bytes, [verifier]));
  if (checkpoint.origin !== verifier.name) throw new Fault('note_unsigned', `the checkpoint is of ${checkpoint.origin}`);
  return checkpoint;
}
