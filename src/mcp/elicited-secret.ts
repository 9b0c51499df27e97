/**
 * Whether a form asks a person for a secret, which MCP forbids: a server gets passwords and keys by a page of its own (URL
 * mode) or not at all (spec/gateway.md MG-131). Deterministic and on the cautious side: what can only be ticked or chosen
 * carries no secret, what can be typed does when the form speaks of one.
 */
import { isObject, type Params } from './message.ts';

/** Letters and digits of a text in lower case, everything else a space, so that `apiKey`, `API-key` and `api key` are one. */
function plain(text: string): string {
  return ` ${text
    .slice(0, TEXT_LENGTH_MAX)
    .normalize('NFKC')
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')} `;
}

const TEXT_LENGTH_MAX = 8_192;
const FIELDS_MAX = 256;

/** Words that name a secret wherever they stand. */
const SECRETS: readonly string[] = [
  'password',
  'passwords',
  'passwort',
  'passphrase',
  'passcode',
  'passwd',
  'pwd',
  'credential',
  'credentials',
  'api key',
  'apikey',
  'access key',
  'private key',
  'secret key',
  'ssh key',
  'signing key',
  'encryption key',
  'recovery key',
  'recovery code',
  'access token',
  'auth token',
  'bearer token',
  'refresh token',
  'session token',
  'personal access token',
  'api token',
  'jwt',
  'session cookie',
  'seed phrase',
  'recovery phrase',
  'mnemonic',
  'one time code',
  'verification code',
  'security code',
  'mfa code',
  'pin code',
  'pin number',
  'cvv',
  'cvc',
  'card number',
  'credit card',
  'debit card',
  'social security',
  'ssn',
];

/** Words that name one where a field is called by them, or a text tells to enter it; elsewhere they mean other things. */
const WEAK: ReadonlySet<string> = new Set(['secret', 'secrets', 'token', 'tokens', 'otp', 'totp', '2fa', 'pin', 'cookie', 'key']);
const TELLING: ReadonlySet<string> = new Set([
  'enter',
  'paste',
  'provide',
  'type',
  'give',
  'input',
  'share',
  'submit',
  'send',
  'tell',
  'need',
  'needs',
  'your',
]);
const DENYING: ReadonlySet<string> = new Set(['not', 'never', 'no', 'don', 't', 'without']);
/** How many words after the one that tells. */
const TOLD_WORDS = 4;

const namesSecret = (text: unknown): boolean => typeof text === 'string' && SECRETS.some((secret) => plain(text).includes(` ${secret} `));

/** A name or a title: every word counts. */
const isCalledSecret = (text: unknown): boolean =>
  typeof text === 'string' &&
  (namesSecret(text) ||
    plain(text)
      .split(' ')
      .some((word) => word !== 'key' && WEAK.has(word)));

/** A sentence: it names a secret outright, or tells to enter what may be one. */
function tellsSecret(text: unknown): boolean {
  if (typeof text !== 'string') return false;
  if (namesSecret(text)) return true;
  const words = plain(text).split(' ');
  return words.some((word, at) => {
    if (!TELLING.has(word) || words.slice(Math.max(at - TOLD_WORDS, 0), at).some((before) => DENYING.has(before))) return false;
    return words.slice(at + 1, at + 1 + TOLD_WORDS).some((after) => WEAK.has(after));
  });
}

/** Whether a field takes what is typed. */
function isTyped(schema: unknown): boolean {
  if (!isObject(schema)) return true;
  if (schema.type === 'boolean' || Array.isArray(schema.enum) || Array.isArray(schema.oneOf)) return false;
  return schema.type !== 'array';
}

/** MG-131: `params` of an `elicitation/create` in form mode. */
export function asksForSecret({ message, requestedSchema }: Params): boolean {
  const properties = isObject(requestedSchema) && isObject(requestedSchema.properties) ? Object.entries(requestedSchema.properties) : [];
  const typed = properties.slice(0, FIELDS_MAX).filter(([, schema]) => isTyped(schema));
  if (properties.length > FIELDS_MAX) return true;
  if (typed.length === 0) return false;
  return (
    tellsSecret(message) ||
    typed.some(
      ([name, schema]) =>
        isCalledSecret(name) || (isObject(schema) && (isCalledSecret(schema.title) || tellsSecret(schema.description) || schema.format === 'password')),
    )
  );
}
