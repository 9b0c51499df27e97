// @ts-check
/**
 * The approvals page: what waits for a person, why, where each value comes from, how long; allow or deny by passkey.
 * All text from the node is set as text, never as markup.
 */
import { keptApprover, makePasskey, signWith } from './passkey.js';
import { answerBody, fromBase64url, fromHex, signedWire } from './wire.js';

/**
 * @typedef {{path: string, fact: string, origin: string, text: string}} Value
 * @typedef {{rule: string, answer: string, mode: string, title: string, advice?: string, values?: Value[]}} Reason
 * @typedef {{id: string, code: string, status: string, receipt: string, session: string, agent: string | null, action: {kind: string, server?: string, name: string, args: Record<string, unknown> | null},
 *   facets: Record<string, unknown>, rules: string[], reasons: Reason[], opened_ms: number, due_ms: number}} Approval
 */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {string} text @param {string} name
 */
function element(tag, text = '', name = '') {
  const made = document.createElement(tag);
  made.textContent = text;
  if (name !== '') made.className = name;
  return made;
}

/** @param {string} path @param {RequestInit} init */
async function ask(path, init = {}) {
  const response = await fetch(path, init);
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.code}: ${answer.detail ?? answer.title}. ${answer.next ?? ''}`);
  return answer;
}

/** @type {Map<string, HTMLElement>} */
const shown = new Map();

/** @param {unknown} value */
const written = (value) => (typeof value === 'string' ? value : JSON.stringify(value, null, 2));

/** @param {Approval} approval */
function doing(approval) {
  const { agent, action, facets } = approval;
  const what = facets['effect'] === 'irreversible' ? ', which cannot be undone' : facets['effect'] === 'opaque' ? ', whose effect cannot be read' : '';
  const where = action.server === undefined ? '' : ` of ${action.server}`;
  return `${agent ?? 'An agent'} wants to call ${action.name}${where}${what}.`;
}

/** @param {Approval} approval */
function card(approval) {
  const { action, reasons, rules, code } = approval;
  const made = element('article');
  made.id = code;
  const title = element('h2', doing(approval));
  title.id = `${code}-title`;
  made.setAttribute('aria-labelledby', title.id);
  made.append(title);
  const values = reasons.flatMap((reason) => reason.values ?? []);
  const list = element('dl');
  for (const [key, value] of Object.entries(action.args ?? {})) {
    const at = element('dd', written(value));
    for (const said of new Set(values.filter(({ path }) => path.split('.')[0] === key).map(({ text }) => text))) at.append(element('span', said, 'origin'));
    list.append(element('dt', key), at);
  }
  made.append(action.args === null ? element('p', 'The arguments were erased.', 'soft') : list);
  const why = element('ul');
  for (const reason of reasons.filter((each) => rules.includes(each.rule))) {
    const item = element('li');
    item.append(element('span', reason.title, 'why'), element('span', ` (${reason.rule})`, 'soft'));
    if (reason.advice !== undefined) item.append(element('div', `What would pass: ${reason.advice}`, 'soft'));
    why.append(item);
  }
  made.append(why, answerForm(approval, made));
  made.append(element('p', `${code} · receipt ${approval.receipt}`, 'soft'));
  const loose = approval.reasons.find(({ mode }) => mode === 'enforce');
  if (loose !== undefined) made.append(element('p', `Asked too often? This rule only watches for a week: avactl observe ${loose.rule}`, 'soft'));
  return made;
}

/** @param {Approval} approval @param {HTMLElement} made */
function answerForm(approval, made) {
  const form = element('div');
  const label = element('label', 'A word on why (kept in the ledger)');
  const note = element('input');
  note.id = `${approval.code}-note`;
  note.maxLength = 120;
  label.htmlFor = note.id;
  const allow = element('button', 'Allow this once', 'go');
  const deny = element('button', 'Deny', 'stop');
  const left = element('p', '', 'soft');
  const said = element('p', '', 'error');
  said.setAttribute('role', 'alert');
  const tick = () => {
    const seconds = Math.max(0, Math.round((approval.due_ms - Date.now()) / 1000));
    left.textContent = seconds === 0 ? 'Its time is over: it is not permitted.' : `${Math.floor(seconds / 60)} min ${seconds % 60} s left`;
    if (seconds === 0) allow.disabled = deny.disabled = true;
    if (seconds > 0 && made.isConnected) setTimeout(tick, 1000);
  };
  setTimeout(tick);
  /** @param {boolean} yes */
  const answer = async (yes) => {
    said.textContent = '';
    allow.disabled = deny.disabled = true;
    try {
      await place(approval, yes, note.value);
      settle(approval.code, yes ? 'Allowed once.' : 'Denied.');
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
      allow.disabled = deny.disabled = false;
    }
  };
  for (const button of [allow, deny]) button.type = 'button';
  allow.addEventListener('click', () => void answer(true));
  deny.addEventListener('click', () => void answer(false));
  form.append(label, note, allow, deny, left, said);
  return form;
}

/** @param {Approval} approval @param {boolean} allow @param {string} note */
async function place(approval, allow, note) {
  const approver = keptApprover();
  if (approver === null) throw new Error('This browser has no passkey for this node yet: make one below, or answer in a terminal.');
  const { network } = await ask('/v1/constitution');
  const { body, tx_id } = await answerBody({
    network: fromHex(network),
    approver: approver.name,
    seq: Date.now(),
    approval: fromHex(approval.id),
    allow,
    note,
  });
  const wire = await signedWire(body, fromBase64url(approver.key), await signWith(approver, tx_id));
  await ask('/v1/transactions', { method: 'POST', headers: { 'Content-Type': 'application/cbor' }, body: wire });
}

/** @param {string} code @param {string} words */
function settle(code, words) {
  const made = shown.get(code);
  if (made === undefined) return;
  const title = made.querySelector('h2')?.textContent ?? '';
  const done = element('article', '', 'done');
  done.append(element('h2', title), element('p', words));
  made.replaceWith(done);
  shown.delete(code);
}

async function refresh() {
  const state = byId('state');
  try {
    const { approvals } = /** @type {{approvals: Approval[]}} */ (await ask('/v1/approvals?status=waiting'));
    const codes = new Set(approvals.map(({ code }) => code));
    for (const code of [...shown.keys()]) if (!codes.has(code)) settle(code, 'Answered elsewhere, or its time is over.');
    for (const approval of approvals) {
      if (shown.has(approval.code)) continue;
      const made = card(approval);
      shown.set(approval.code, made);
      byId('list').append(made);
    }
    state.textContent = approvals.length === 0 ? 'Nothing waits for you.' : approvals.length === 1 ? 'One call waits.' : `${approvals.length} calls wait.`;
    const wanted = location.hash.slice(1);
    if (codes.has(wanted)) shown.get(wanted)?.scrollIntoView();
  } catch (error) {
    state.textContent = `The node does not answer (${error instanceof Error ? error.message : error}). It refuses what it cannot ask you.`;
  }
}

function showKey() {
  const approver = keptApprover();
  const can = 'credentials' in navigator && 'PublicKeyCredential' in globalThis;
  byId('key-state').textContent = !can
    ? 'This browser has no passkeys here; open the page as http://localhost or answer in a terminal: avactl approvals.'
    : approver === null
      ? 'A passkey signs each answer, so that no program on this machine can answer for you.'
      : `This browser answers as ${approver.name}.`;
  byId('key-make').toggleAttribute('disabled', !can);
  byId('key-command').hidden = approver === null;
  if (approver !== null) byId('key-text').textContent = `avactl approvals enrol ${approver.name} --passkey ${approver.key} --origin ${location.origin}`;
}

const NAME = /^[a-z][a-z0-9._-]{0,31}$/;

async function make() {
  const name = prompt('Your name, as the ledger shall show it (a to z, 0 to 9)')?.trim().toLowerCase() ?? '';
  if (!NAME.test(name)) {
    byId('key-state').textContent = 'A name begins with a letter and has only a to z, 0 to 9, dot, dash.';
    return;
  }
  try {
    await makePasskey(name);
    showKey();
  } catch (error) {
    byId('key-state').textContent = `No passkey was made: ${error instanceof Error ? error.message : error}`;
  }
}

byId('key-make').addEventListener('click', () => void make());
addEventListener('hashchange', () => void refresh());
showKey();
void refresh();
new EventSource('/v1/events').addEventListener('approval', () => void refresh());
