/**
 * `npm run suite:k8s`: 24 real admission policies of Kubernetes as rules (constitutions/k8s), 16 in CEL and 8 in Rego, judge
 * 124 labelled objects as the machine does: compiled programs in the VM, guests under gas. AVA_DATA names the folder with
 * `k8s-admission.jsonl.gz`, which is no part of the project; `--objects` prints a line for each.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { CborMap } from '../../src/base/cbor.ts';
import { type ActiveRule, activate } from '../../src/law/rule.ts';
import { type Judging, RESULT, runRule, sourceOf } from '../../src/machine/judge.ts';
import { loadConstitution } from '../../src/node/constitution.ts';
import { interpretRule } from '../../src/rule/judge.ts';

/** The rule of each policy. What a policy takes as its parameters stands at `context.RULE`, with `_` for `-`. */
const RULES: Readonly<Record<string, string>> = {
  K8sAllowedRepos: 'allowed-repos',
  K8sPSPAutomountServiceAccountTokenPod: 'automount-token',
  K8sBlockEndpointEditDefaultRole: 'block-endpoint-edit',
  K8sBlockNodePort: 'block-node-port',
  K8sContainerRatios: 'container-ratios',
  K8sRequiredResources: 'required-resources',
  K8sDisallowAnonymous: 'disallow-anonymous',
  K8sDisallowedRepos: 'disallowed-repos',
  K8sContainerEphemeralStorageLimit: 'ephemeral-storage',
  K8sExternalIPs: 'external-ips',
  K8sImageDigests: 'image-digests',
  NoUpdateServiceAccount: 'no-update-service-account',
  K8sReplicaLimits: 'replica-limits',
  K8sRequiredLabels: 'required-labels',
  K8sUniqueIngressHost: 'unique-ingress-host',
  K8sPSPForbiddenSysctls: 'forbidden-sysctls',
  K8sPSPFSGroup: 'fs-group',
  K8sPSPHostNamespace: 'host-namespace',
  K8sPSPHostProbesLifecycle: 'host-probes',
  K8sPSPPrivilegedContainer: 'privileged',
  K8sPSPReadOnlyRootFilesystem: 'read-only-root',
  K8sPSPSeccomp: 'seccomp',
  K8sPSPAllowedUsers: 'allowed-users',
  K8sPSPVolumeTypes: 'volume-types',
};

interface Sample {
  readonly policy: string;
  readonly case: string;
  readonly parameters: CborMap | null;
  readonly object: CborMap;
  readonly allowed: boolean;
}

/** What the API server asks: the object itself is asked about when it is made. */
function request(object: CborMap): CborMap {
  return object['kind'] === 'AdmissionReview' ? (object['request'] as CborMap) : { operation: 'CREATE', object };
}

/** 0 false, 1 error, 2 true, 16 and more a trap, as the machine runs the rule; of an expression the interpreter must say the same. */
function judge(rule: ActiveRule, sample: Sample): { readonly result: number; readonly gas: number } {
  const context = { [rule.name.slice('k8s/'.length).replaceAll('-', '_')]: sample.parameters ?? {} };
  const action = { kind: 'tool.call', server: null, name: 'kubernetes_admit' };
  const given = { action, args: request(sample.object), context, agent: {}, session: {}, flow: undefined, now_ms: 0 };
  const source = sourceOf(given, { effect: 'write', egress: false, money: undefined, mail: undefined, http: undefined, fs: undefined });
  // no rule here calls another or reads state, which is all that the law is asked for
  const { result, gas, memory, used } = runRule(rule, { source } as Judging);
  if (rule.program !== null && interpretRule(rule.program, memory.slice(0, used)) !== result)
    throw new Error(`${rule.name}, ${sample.case}: the interpreter and wasm differ`);
  return { result, gas };
}

const file = join(process.env['AVA_DATA'] ?? '../shared/data', 'k8s-admission.jsonl.gz');
if (!existsSync(file)) {
  console.log(`${file} is not there; AVA_DATA names its folder\n0 passed, 0 failed, 124 skipped`);
  process.exit(1);
}
const samples = gunzipSync(readFileSync(file))
  .toString('utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Sample);
const rules = new Map(
  loadConstitution('k8s')
    .rules.map((law, i) => activate(law, i))
    .map((rule) => [rule.name, rule]),
);

let passed = 0;
let failed = 0;
console.log(
  `${'policy'.padEnd(40)}${'rule'.padEnd(32)}${'language'.padEnd(10)}${'bytes'.padStart(8)}${'gas'.padStart(12)}${'allowed'.padStart(9)}${'denied'.padStart(8)}${'wrong'.padStart(7)}`,
);
for (const [policy, name] of Object.entries(RULES)) {
  const rule = rules.get(`k8s/${name}`);
  if (rule === undefined) throw new Error(`constitutions/k8s has no rule k8s/${name}`);
  const counts = { allowed: 0, denied: 0, wrong: 0, gas: 0 };
  for (const sample of samples.filter((one) => one.policy === policy)) {
    const { result, gas } = judge(rule, sample);
    // an error or a trap would deny as well, for the wrong reason
    const right = result === (sample.allowed ? RESULT.true : RESULT.false);
    counts[right ? (sample.allowed ? 'allowed' : 'denied') : 'wrong']++;
    counts.gas = Math.max(counts.gas, gas);
    if (!right || process.argv.includes('--objects'))
      console.log(`  ${right ? 'ok  ' : 'FAIL'} ${sample.case}: labelled ${sample.allowed ? 'allowed' : 'denied'}, result ${result}, gas ${gas}`);
  }
  const { program, module } = rule;
  const bytes = module === null ? '' : String(module.length);
  const { allowed, denied, wrong } = counts;
  const cells = [bytes.padStart(8), String(counts.gas).padStart(12), String(allowed).padStart(9), String(denied).padStart(8), String(wrong).padStart(7)];
  console.log(`${policy.padEnd(40)}${name.padEnd(32)}${(program === null ? 'Rego' : 'CEL').padEnd(10)}${cells.join('')}`);
  passed += allowed + denied;
  failed += wrong;
}
const skipped = samples.length - passed - failed;
process.exitCode = failed + skipped > 0 || passed === 0 ? 1 : 0;
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
