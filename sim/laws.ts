/** The laws that simulations run under. */
import { loadConstitution } from '../src/node/constitution.ts';
import { ruleText, type SmallLaw, smallConstitution, smallGenesis } from './small-law.ts';

/** Limits of the simulated law, in hundredths. */
export const HOUR_LIMIT = 200_000;
export const DAY_LIMIT = 500_000;

const SIM_LAW: SmallLaw = {
  rules: [
    ruleText('hour', `agent.sum("money.amount", "1h") + money.amount <= ${HOUR_LIMIT}`, 'scope: facet.money', 'otherwise: escalate'),
    ruleText('day', `agent.sum("money.amount", "24h") + money.amount <= ${DAY_LIMIT}`, 'scope: facet.money'),
    ruleText('calls', 'session.calls < 60', 'scope: effect.irreversible', 'otherwise: escalate'),
    ruleText('gate', '!flow.gate || flow.dest_unnamed == 0', 'scope: facet.mail'),
    ruleText('context', 'context.calls < 30', 'inputs: { context.calls: int }', 'scope: [facet.fs, facet.http]', 'on_fault: escalate'),
    ruleText('watch', 'session.denied < 3', 'mode: observe', 'until: 2026-01-03', 'otherwise: escalate'),
    ruleText('grant', 'agent.assurance >= 1 && size(session.labels) < 3', 'grants: true', 'mode: observe', 'until: 2026-01-02'),
  ],
};

/** The same with rules that keep failing, and breakers for them. */
const GUARDED_LAW: SmallLaw = {
  rules: [
    ...(SIM_LAW.rules ?? []),
    ruleText(
      'whole',
      'args.amount > 0',
      'scope: facet.money',
      'inputs: { args.amount: int }',
      'on_fault: escalate',
      'breaker: { faults: 2, window: 10m, open: 2m, probes: 2 }',
    ),
    ruleText(
      'known',
      'context.recipient_known',
      'inputs: { context.recipient_known: bool }',
      'on_fault: escalate',
      'breaker: { faults: 4, window: 1h, open: 30s, probes: 1 }',
    ),
  ],
};

/** Genesis bytes by name: limits that are met, rules with breakers, and the starter constitution. */
export const simGenesis = (): Readonly<Record<'limits' | 'guarded' | 'starter', Uint8Array>> => {
  const starter = loadConstitution('starter');
  return {
    guarded: smallGenesis({}, { constitution: { ...smallConstitution(GUARDED_LAW), tools: starter.tools } }),
    limits: smallGenesis({}, { constitution: { ...smallConstitution(SIM_LAW), tools: starter.tools } }),
    starter: smallGenesis({}, { constitution: starter }),
  };
};

/** The law of the golden chain: the starter's rules and then the limits. It is frozen in the fixture. */
export function goldenGenesis(): Uint8Array {
  const starter = loadConstitution('starter');
  const { rules } = smallConstitution(SIM_LAW);
  return smallGenesis({}, { label: 'golden', constitution: { ...starter, name: 'golden', rules: [...starter.rules, ...rules] } });
}
