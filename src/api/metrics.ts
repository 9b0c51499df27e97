/** Figures for Prometheus (spec/http.md N-33). Counters end in `_total`, units stand in the name. */
import type { BlockOutput } from '../machine/apply.ts';
import { VERDICTS } from '../machine/receipt.ts';
import { standingOf } from '../machine/state.ts';
import type { Sequencer } from '../sequencer/port.ts';
import type { OperationId } from './operation.ts';

/** Seconds. A decision takes well under a millisecond where a disk is fast: the low ones tell most. */
const BUCKETS_S = [0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Rules that are named; past it they count as `other`. */
const RULES_NAMED_MAX = 256;

interface Live {
  readonly connections: number;
  readonly subscribers: number;
}

export class Metrics {
  private readonly sequencer: Sequencer;
  private readonly requests = new Map<string, number>();
  private readonly faults = new Map<string, number>();
  private readonly rules = new Map<string, number>();
  private readonly verdicts = [0, 0, 0, 0];
  private readonly buckets = new Float64Array(BUCKETS_S.length + 1);
  private duration_s = 0;
  private blocks = 0;
  private gas = 0;
  private readonly started_ms = Date.now();

  constructor(sequencer: Sequencer) {
    this.sequencer = sequencer;
  }

  get uptime_ms(): number {
    return Date.now() - this.started_ms;
  }

  request(id: OperationId | '', status: number): void {
    add(this.requests, `operation="${id === '' ? 'none' : id}",status="${status}"`, 1);
  }

  fault(slug: string): void {
    add(this.faults, `reason="${slug}"`, 1);
  }

  /** One decision, from its first byte read to its durable answer. */
  decision(ms: number): void {
    const s = ms / 1_000;
    this.duration_s += s;
    let at = 0;
    while (at < BUCKETS_S.length && s > BUCKETS_S[at]) at++;
    this.buckets[at] += 1;
  }

  readonly block = ({ header, accepted }: BlockOutput): void => {
    this.blocks += 1;
    this.gas += header.gas_used;
    for (let i = 0; i < 4; i++) this.verdicts[i] += header.verdicts[i];
    for (const { receipt } of accepted) {
      for (const { rule, cause } of receipt.reasons) {
        const label = `rule_id="${this.rules.size < RULES_NAMED_MAX ? rule : 'other'}",cause="${cause}"`;
        add(this.rules, label, 1);
      }
    }
  };

  /** The text format of Prometheus, version 0.0.4. */
  text({ connections, subscribers }: Live): string {
    const { state, height, waiting, fault } = this.sequencer;
    const standings = state.law.rules.map(({ name }) => standingOf(state, name));
    const usage = process.cpuUsage();
    const total = this.buckets.reduce((sum, count) => sum + count, 0);
    let seen = 0;
    const histogram = BUCKETS_S.map((bound, i) => {
      seen += this.buckets[i];
      return `ava_decision_duration_seconds_bucket{le="${bound}"} ${seen}`;
    });
    return [
      family(
        'ava_decisions_total',
        'counter',
        'Decisions in durable blocks, by verdict',
        VERDICTS.slice(1).map((verdict, i) => [`verdict="${verdict}"`, this.verdicts[i + 1]]),
      ),
      family('ava_transactions_total', 'counter', 'Transactions in durable blocks', [['', this.verdicts.reduce((sum, count) => sum + count, 0)]]),
      family('ava_rule_refusals_total', 'counter', 'Rules that did not pass, by cause', [...this.rules]),
      family('ava_gas_consumed_total', 'counter', 'Gas of durable decisions', [['', this.gas]]),
      family('ava_blocks_total', 'counter', 'Blocks made durable since the start', [['', this.blocks]]),
      family('ava_validation_failures_total', 'counter', 'Requests refused, by fault', [...this.faults]),
      family('ava_http_requests_total', 'counter', 'Answered requests, by operation and status', [...this.requests]),
      `# HELP ava_decision_duration_seconds From a request read to its durable answer\n# TYPE ava_decision_duration_seconds histogram\n${histogram.join('\n')}\nava_decision_duration_seconds_bucket{le="+Inf"} ${total}\nava_decision_duration_seconds_sum ${this.duration_s}\nava_decision_duration_seconds_count ${total}\n`,
      family('ava_block_height', 'gauge', 'The last durable block', [['', height]]),
      family('ava_log_entries', 'gauge', 'Entries of the log', [['', state.log.size]]),
      family('ava_queue_transactions', 'gauge', 'Transactions that wait', [['', waiting]]),
      family('ava_active_validators', 'gauge', 'Validators of this network', [['', state.law.validators.size]]),
      family('ava_constitution_version', 'gauge', 'The constitution in force', [['', state.law.version]]),
      family('ava_constitution_rules', 'gauge', 'Rules in force', [['', state.law.rules.length]]),
      family('ava_breakers_open', 'gauge', 'Rules whose breaker is open', [['', standings.filter(({ breaker }) => breaker === 'open').length]]),
      family('ava_breakers_half_open', 'gauge', 'Rules whose breaker is half-open', [['', standings.filter(({ breaker }) => breaker === 'half_open').length]]),
      family('ava_rules_halted', 'gauge', 'Rules that are halted', [['', standings.filter(({ halt }) => halt !== null).length]]),
      family('ava_facts', 'gauge', 'Sessions, permits, sums and other facts', [['', state.facts.size]]),
      family('ava_sequencer_up', 'gauge', '0 after a fault of the disk', [['', fault === null ? 1 : 0]]),
      family('ava_http_connections', 'gauge', 'Open connections', [['', connections]]),
      family('ava_event_subscribers', 'gauge', 'Followers of /v1/events', [['', subscribers]]),
      family('ava_uptime_seconds', 'gauge', 'Since the start', [['', this.uptime_ms / 1_000]]),
      family('process_cpu_seconds_total', 'counter', 'User and system time', [['', (usage.user + usage.system) / 1e6]]),
      family('process_resident_memory_bytes', 'gauge', 'Resident memory', [['', process.memoryUsage.rss()]]),
    ].join('');
  }
}

function add(counts: Map<string, number>, label: string, by: number): void {
  counts.set(label, (counts.get(label) ?? 0) + by);
}

function family(name: string, type: 'counter' | 'gauge', help: string, samples: readonly (readonly [label: string, value: number])[]): string {
  const lines = samples.map(([label, value]) => `${name}${label === '' ? '' : `{${label}}`} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
