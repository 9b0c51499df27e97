/** Keys, tokens and passwords in texts, by their form (spec/facet.md T-40). Every expression is linear. */

/** Append-only. */
export const SECRET_KINDS = [
  'private-key',
  'aws',
  'github',
  'gitlab',
  'slack',
  'stripe',
  'google',
  'openai',
  'anthropic',
  'npm',
  'pypi',
  'huggingface',
  'sendgrid',
  'twilio',
  'telegram',
  'jwt',
  'url-password',
  'assignment',
] as const;
export type SecretKind = (typeof SECRET_KINDS)[number];

export interface SecretFacts {
  readonly count: number;
  readonly kinds: readonly SecretKind[];
}

/** Characters looked at in one value, and values in one call. */
const TEXT_MAX = 65_536;
const LEAVES_MAX = 4096;
const COUNT_MAX = 64;

const FORMS: readonly (readonly [SecretKind, RegExp])[] = [
  ['private-key', /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g],
  ['aws', /(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g],
  ['aws', /aws_secret_access_key["']?\s{0,4}[=:]\s{0,4}["']?[A-Za-z0-9/+]{40}/gi],
  ['github', /(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22})/g],
  ['gitlab', /(?<![A-Za-z0-9])gl(?:pat|ptt|rt|dt)-[A-Za-z0-9_-]{20}/g],
  ['slack', /(?<![A-Za-z0-9])xox[abeoprs]-[A-Za-z0-9-]{10}|hooks\.slack\.com\/services\/[A-Z0-9]{6,16}\/[A-Z0-9]{6,16}\/[A-Za-z0-9]{12}/g],
  ['stripe', /(?<![A-Za-z0-9])(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16}|(?<![A-Za-z0-9])whsec_[A-Za-z0-9]{24}/g],
  ['google', /(?<![A-Za-z0-9])AIza[0-9A-Za-z_-]{35}|(?<![A-Za-z0-9])ya29\.[0-9A-Za-z_-]{20}|(?<![A-Za-z0-9])GOCSPX-[0-9A-Za-z_-]{20}/g],
  ['anthropic', /(?<![A-Za-z0-9])sk-ant-[A-Za-z0-9_-]{20}/g],
  ['openai', /(?<![A-Za-z0-9])sk-(?!ant-)(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20}/g],
  ['npm', /(?<![A-Za-z0-9])npm_[A-Za-z0-9]{36}/g],
  ['pypi', /(?<![A-Za-z0-9])pypi-AgE[A-Za-z0-9_-]{40}/g],
  ['huggingface', /(?<![A-Za-z0-9])hf_[A-Za-z0-9]{30}/g],
  ['sendgrid', /(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16}/g],
  ['twilio', /(?<![A-Za-z0-9])SK[0-9a-f]{32}(?![A-Za-z0-9])/g],
  ['telegram', /(?<![A-Za-z0-9])\d{8,10}:AA[A-Za-z0-9_-]{33}/g],
  ['jwt', /(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8}/g],
  [
    'url-password',
    /(?<![A-Za-z0-9])[a-z][a-z0-9+.-]{1,16}:\/\/[A-Za-z0-9_.~%-]{1,64}:(?!(?:\$|<|\*|%24|password|pass|secret|postgres|root|example|changeme|user)\b)[^\s:@/'"$<>{}]{6,128}@[A-Za-z0-9.-]/g,
  ],
];

/** Every secret holds one of these. */
const TRIGGER =
  /PRIVATE KEY|AKIA|ASIA|secret|gh[pousr]_|github_pat_|gl(?:pat|ptt|rt|dt)-|xox[abeoprs]-|hooks\.slack|[sr]k_(?:live|test)|whsec_|AIza|ya29|GOCSPX|sk-|npm_|pypi-|hf_|SG\.|SK[0-9a-f]|:AA|eyJ|:\/\/[^\s/@]{1,64}:|passw|token|api.?key|credential|auth/i;

/** A parameter of an address to call is no assignment: links to shared documents have one, and new addresses are asked about anyway. */
const ADDRESS = /^(?:https?:\/\/)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+[/?]\S*$/i;
const ASSIGNMENT = /([A-Za-z][A-Za-z0-9_.-]{0,64})["']?\s{0,4}(?:=|:)\s{0,4}["']?([A-Za-z0-9+/=_.!@#%^&*~-]{16,256})/g;
const NAMES = /(?:passw(?:or)?d|passwd|secret|token|api_?key|apikey|access_?key|private_?key|credential|client_secret|auth_?key)$/i;
const PLACEHOLDER =
  /^(?:x{4}|\*{3}|your|change|example|placeholder|dummy|test|sample|insert|replace|todo|none|null|undefined|process\.env|os\.environ|env\.|secrets?\.|config\.|settings\.)|example|placeholder|xxxx|1234567890123456/i;

/** T-40: the forms, as the vectors publish them: kind, expression, flags. */
export const SECRET_TABLES = {
  forms: FORMS.map(([kind, form]) => [kind, form.source, form.flags.replace('g', '')]),
  trigger: TRIGGER.source,
  assignment: ASSIGNMENT.source,
  names: NAMES.source,
  placeholder: PLACEHOLDER.source,
};

/** Does the value look like one that a machine made: mixed characters, few of them twice? */
function looksRandom(value: string): boolean {
  if (PLACEHOLDER.test(value) || /^[a-z]+(?:[._-][a-z]+)*$/i.test(value) || /[()]/.test(value)) return false;
  const classes = [/[a-z]/, /[A-Z]/, /\d/].filter((one) => one.test(value)).length;
  return classes >= 2 && /\d/.test(value) && new Set(value).size >= 10;
}

function inText(text: string, found: (kind: SecretKind) => void): void {
  if (!TRIGGER.test(text)) return;
  // `matchAll` would copy each expression for each text
  for (const [kind, form] of FORMS) {
    form.lastIndex = 0;
    while (form.test(text)) found(kind);
  }
  if (!/[=:]/.test(text) || ADDRESS.test(text)) return;
  for (const [, name, value] of text.matchAll(ASSIGNMENT))
    if (NAMES.test(name) && looksRandom(value) && !FORMS.some(([, form]) => new RegExp(form.source).test(value))) found('assignment');
}

/** Secrets in all texts of a value, keys of records too. What stands past the bounds counts as one more. */
export function secretFacts(value: unknown): SecretFacts {
  const kinds = new Set<SecretKind>();
  let count = 0;
  let leaves = 0;
  const found = (kind: SecretKind): void => {
    kinds.add(kind);
    count = Math.min(count + 1, COUNT_MAX);
  };
  const stack: unknown[] = [value];
  while (stack.length > 0 && leaves < LEAVES_MAX) {
    const at = stack.pop();
    leaves++;
    if (typeof at === 'string') inText(at.length > TEXT_MAX ? at.slice(0, TEXT_MAX) : at, found);
    else if (Array.isArray(at)) for (let i = at.length - 1; i >= 0; i--) stack.push(at[i]);
    else if (typeof at === 'object' && at !== null && !(at instanceof Uint8Array)) {
      for (const [key, inner] of Object.entries(at)) {
        stack.push(inner);
        // `{ "api_key": "…" }` is an assignment.
        if (typeof inner === 'string' && inner.length >= 16 && inner.length <= 256 && NAMES.test(key)) stack.push(`${key}=${inner}`);
      }
    }
  }
  return { count, kinds: SECRET_KINDS.filter((kind) => kinds.has(kind)) };
}
