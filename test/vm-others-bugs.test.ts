/**
 * Bugs that other metered VMs had. Each is a check that passes here, and fails on a copy of the VM into which the bug
 * was put.
 */
import assert, { AssertionError } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Fault } from '../src/base/fault.ts';
import { encodeInputs } from '../src/rule/input.ts';
import { type Answers, answersOf, type Budget, HOST_FUNCTIONS } from '../src/vm/host.ts';
import { SCHEDULE } from '../src/vm/schedule.ts';
import { trapResult } from '../src/vm/trap.ts';
import { code, functionType, limits, moduleOf, name, SECTION, s, section, sized, u } from './vm/binary.ts';
import { type Break, BUILD, type Build, broken } from './vm/build.ts';
import { type Ended, GAS, Metered } from './vm/metered.ts';
import { type Imports, wasm } from './vm/web-assembly.ts';

function bug(what: string, check: (build: Build) => void, breaks: readonly Break[]): void {
  test(what, async () => {
    check(BUILD);
    const build = await broken(breaks);
    assert.throws(() => check(build), AssertionError, 'the check fails on the broken build');
  });
}

const NOTHING = functionType([], []);
interface Parts {
  readonly imports?: readonly (readonly number[])[];
  readonly types?: readonly (readonly number[])[];
  readonly memory?: readonly number[];
  readonly table?: readonly number[];
  readonly start?: number;
  readonly locals?: number;
  readonly data?: readonly (readonly number[])[];
}
/** A module of one exported function `run` without parameters. */
const moduleWith = (body: readonly number[], { imports = [], types = [], memory, table, start, locals = 0, data = [] }: Parts = {}): Uint8Array =>
  moduleOf(
    section(SECTION.type, [NOTHING, ...types]),
    section(SECTION.import, imports),
    section(SECTION.function, [[0]]),
    section(SECTION.table, table === undefined ? [] : [table]),
    section(SECTION.memory, memory === undefined ? [] : [memory]),
    section(SECTION.export, [[...name('run'), 0, ...u(imports.length)]]),
    start === undefined ? [] : [SECTION.start, ...sized(u(start))],
    section(SECTION.code, [code(locals === 0 ? [] : [[locals, 'i32']], body)]),
    section(SECTION.data, data),
  );

function metered(build: Build, bytes: Uint8Array, imports: Imports = {}): Metered {
  const admitted = build.admitModule(bytes, 'integer');
  return new Metered({ admitted, module: new wasm.Module(admitted.wasm), imports });
}
function run(one: Metered, limit: bigint = GAS): Ended {
  const call = one.instance.exports['run'] as () => void;
  return one.run(() => {
    call();
    return [];
  }, limit);
}
function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof Fault ? error.slug : String(error);
  }
  return 'accepted';
}

const guestModule = (file: string): Uint8Array => new Uint8Array(readFileSync(`${import.meta.dirname}/guest/${file}.wasm`));
const LIMIT = 3_000_000;
const probe = (build: Build, rule = 'probe', file = 'probe'): InstanceType<Build['Guest']> =>
  new build.Guest({
    name: rule,
    module: guestModule(file),
    abi: 'buffer',
    limits: { gas: LIMIT, memory_pages: 4, stack_words: 65_536 },
    inputs: ['args.what', 'args.answer'],
    hosts: HOST_FUNCTIONS,
    calls: ['other'],
    reads: ['session.calls'],
  });
const asked = (what: number): Uint8Array => encodeInputs([{ value: BigInt(what) }, { value: true }]);
/** What the probe does when it is asked so. */
const [READS, CALLS, READS_UNNAMED, TRAPS] = [1, 2, 11, 15];
const answers = (change: Partial<Answers> = {}): Answers => ({
  read: () => encodeInputs([{ value: 5n }]),
  oracle: () => encodeInputs([{ missing: 0 }]),
  call: () => ({ result: 2, gas: 0, record: new Uint8Array(0), short: false }),
  ...change,
});

const HOST_F = [[...name('h'), ...name('f'), 0, 0]];

bug(
  'accounting after the check (CWA-2024-007): a host function runs only when it is paid for',
  (build) => {
    let calls = 0;
    const one = metered(build, moduleWith([0x10, 0], { imports: HOST_F }), { h: { f: () => void calls++ } });
    const { gas } = run(one);
    assert.equal(calls, 1);
    assert.equal(run(one, gas - 1n).trap, 'gas');
    assert.equal(calls, 1, 'it ran on credit');
  },
  [
    [
      'guard.ts',
      'i64Const(out, this.costs.host);\n    out.byte(I64_SUB);\n    chargeTop(out, meters);',
      'i64Const(out, this.costs.host);\n    out.byte(I64_SUB);\n    out.op(OP.global_set, meters.gas);',
    ],
  ],
);

bug(
  'mispriced branches (CWA-2024-004): every branch costs what the schedule says',
  (build) => {
    const branches = Array.from({ length: 100 }, () => [0x41, 0, 0x0d, 0]).flat();
    assert.equal(run(metered(build, moduleWith(branches))).gas, 300n);
  },
  [['opcode.ts', "'br_if', LABEL, 'branch'", "'br_if', LABEL, 'free'"]],
);

bug(
  'cached modules that keep the gas of an old schedule (CWA-2024-004)',
  (build) => {
    const bytes = moduleWith([0x41, 1, 0x1a]);
    const used = (schedule: typeof SCHEDULE): bigint => {
      const { module, facts } = build.compiled(bytes, 'integer', 1, schedule);
      return run(new Metered({ admitted: { wasm: new Uint8Array(0), facts }, module, imports: {} })).gas;
    };
    const dearer = { version: SCHEDULE.version + 1, costs: { ...SCHEDULE.costs, simple: 10 } };
    assert.deepEqual([used(SCHEDULE), used(dearer), used(SCHEDULE)], [2n, 20n, 2n]);
  },
  [['cache.ts', 'scheduleHash(schedule), sha256(bytes)', 'sha256(bytes)']],
);

bug(
  'gas lost when the host refuses (CWA-2024-008, CWA-2025-004, CWA-2025-005): what was used until then is used',
  (build) => {
    const { result, gas } = probe(build).judge(asked(READS_UNNAMED), answers());
    assert.equal(result, trapResult('unauthorised'));
    assert.ok(gas > SCHEDULE.costs.state && gas < LIMIT, `gas ${gas}`);
  },
  [['instance.ts', "gas: trap === 'gas' ? this.limit : this.limit - left }", 'gas: error instanceof HostTrap ? 0 : this.limit - left }']],
);

bug(
  'guests that call guests without end (CWA-2023-002, CWA-2022-004): eight at most, and none twice',
  (build) => {
    const DEEPEST = 8;
    let deepest = 0;
    const calling = (depth: number): Answers =>
      answers({
        call: (_rule: string, budget: Budget) => {
          deepest = Math.max(deepest, depth);
          if (depth > DEEPEST) return { result: 1, gas: 0, record: new Uint8Array(0), short: false };
          return probe(build, `rule${depth}`).judge(asked(CALLS), calling(depth + 1), budget);
        },
      });
    probe(build, 'rule0').judge(asked(CALLS), calling(1));
    assert.equal(deepest, DEEPEST - 1);
    // one that is being judged is not asked again
    let again = 0;
    const { result } = probe(build, 'other').judge(asked(CALLS), answers({ call: () => assert.fail(`asked again ${again++}`) }));
    assert.equal(result, trapResult('unauthorised'));
  },
  [['host.ts', ' || callers.length >= CALL_DEPTH_MAX', '']],
);

bug(
  'huge shared signatures that explode when they are compiled (CWA-2023-004)',
  (build) => {
    const type = functionType(
      Array.from({ length: 1_000 }, () => 'i64'),
      [],
    );
    assert.equal(
      refusal(() => build.admitModule(moduleWith([], { types: [type] }), 'integer')),
      'wasm_bound',
    );
  },
  [
    ['limits.ts', '  params: 64,', '  params: 65_536,'],
    ['limits.ts', 'params_total: 16_384', 'params_total: 16_384_000'],
  ],
);

bug(
  "what an engine says of a trap in the verdict (CWA-2021-003, CWA-2025-003): the same whatever the engine's flags",
  (build) => {
    const under = (depth: number): unknown => {
      const before = Error.stackTraceLimit;
      Error.stackTraceLimit = depth;
      try {
        const { result, gas } = probe(build).judge(asked(TRAPS), answers());
        return [result, gas];
      } finally {
        Error.stackTraceLimit = before;
      }
    };
    assert.deepEqual(under(0), under(50));
  },
  [
    [
      'instance.ts',
      "gas: trap === 'gas' ? this.limit : this.limit - left }",
      "gas: this.limit - left + (error instanceof Error ? (error.stack ?? '').length : 0) }",
    ],
  ],
);

bug(
  'names of imports that begin alike (Stylus): only the whole name is the host function',
  (build) => {
    const hash = functionType(['i32', 'i32', 'i32'], []);
    for (const [module, field] of [
      ['avax', 'hash'],
      ['ava.', 'hash'],
      ['ava', 'hash2'],
      ['av', 'ahash'],
      ['AVA', 'hash'],
      ['', 'hash'],
    ]) {
      const bytes = moduleWith([], { types: [hash], imports: [[...name(module), ...name(field), 0, 1]], memory: limits(1, 1) });
      const guest = (): unknown =>
        new build.Guest({
          name: 'rule',
          module: bytes,
          abi: 'buffer',
          limits: { gas: LIMIT, memory_pages: 1, stack_words: 1_000 },
          inputs: [],
          hosts: HOST_FUNCTIONS,
          calls: [],
          reads: [],
        });
      assert.throws(
        guest,
        (error: unknown) => error instanceof Fault && error.slug === 'wasm_refused' && /which its ABI does not have/.test(error.message),
        `${module}.${field}`,
      );
    }
  },
  [
    [
      'abi.ts',
      'Object.hasOwn(abi.imports, module) ? abi.imports[module] : {}',
      'Object.entries(abi.imports).find(([one]) => module.startsWith(one))?.[1] ?? {}',
    ],
  ],
);

bug(
  'memory.grow that is not priced by its pages (ewasm)',
  (build) => {
    const grow = (pages: number): bigint => run(metered(build, moduleWith([0x41, pages, 0x40, 0, 0x1a], { memory: limits(1, 20) }))).gas;
    assert.equal(grow(10) - grow(1), BigInt(9 * SCHEDULE.costs.page));
  },
  [['guard.ts', 'i64Const(out, costs.page);', 'i64Const(out, 0);']],
);

bug(
  'memory.fill that is paid for once it is done: gas first',
  (build) => {
    const one = metered(build, moduleWith([0x41, 0, 0x41, 7, 0x41, ...s(60_000), 0xfc, 11, 0], { memory: limits(1, 1) }));
    assert.equal(run(one, 1_000n).trap, 'gas');
    assert.equal(one.bytes[0], 0, 'it was filled on credit');
  },
  [['guard.ts', '    out.bytes(I64_ADD, I64_SUB);\n    chargeTop(out, meters);', '    out.bytes(I64_ADD, I64_SUB);\n    out.op(OP.global_set, meters.gas);']],
);

bug(
  'JSON so deep that reading it overflows (CWA-2024-001): what a guest gives is read without recursion',
  (build) => {
    for (const text of ['['.repeat(65_536), `${'['.repeat(32_768)}${']'.repeat(32_768)}`, '{"a":'.repeat(13_000)]) {
      let thrown: unknown;
      try {
        build.parseJson(text);
      } catch (error) {
        thrown = error;
      }
      assert.ok(!(thrown instanceof RangeError), 'the engine was out of stack');
    }
  },
  [
    [
      'input-text.ts',
      'return JSON.parse(text);',
      "const inner = (at: number): number => ('[{'.includes(text[at] ?? '.') ? inner(at + 1) : at);\n    inner(0);\n    return JSON.parse(text);",
    ],
  ],
);

bug(
  'answers that only this node has (CWA-2022-001): what a guest was told is in its record, and judging again needs nothing else',
  (build) => {
    for (const what of [READS, CALLS]) {
      const first = probe(build).judge(asked(what), answers());
      const record = first.record.slice();
      assert.ok(record.length > 0, 'nothing was recorded');
      const again = probe(build).judge(asked(what), answersOf(record));
      assert.deepEqual([again.result, again.gas], [first.result, first.gas]);
    }
  },
  [['host.ts', 'this.note(name, asked, answered);\n    if (answered.length <= room', 'if (answered.length <= room']],
);

bug(
  'a start function that runs at no gas',
  (build) => {
    const bytes = moduleWith([0x03, 0x40, 0x0c, 0, 0x0b], { start: 0 });
    const admitted = build.admitModule(bytes, 'integer');
    const module = new wasm.Module(admitted.wasm);
    assert.doesNotThrow(() => new Metered({ admitted, module, imports: {} }), 'it ran when it was instantiated');
    assert.deepEqual(new Metered({ admitted, module, imports: {} }).start(0n), { trap: 'gas', results: [], gas: 0n });
  },
  [
    [
      'instrument.ts',
      '  out.section(9, module.elements.length, elements);',
      '  if (module.start !== null) out.bytes(8, 1, module.start);\n  out.section(9, module.elements.length, elements);',
    ],
  ],
);

bug('many locals that are zeroed for nothing', (build) => assert.ok(run(metered(build, moduleWith([], { locals: 4_000 }))).gas >= 4_000n), [
  ['schedule.ts', '    local: 1,', '    local: 0,'],
]);

bug(
  'many segments to be written at every instantiation',
  (build) => {
    const data = Array.from({ length: 50_000 }, () => [0, 0x41, 0, 0x0b, 0]);
    assert.equal(
      refusal(() => build.admitModule(moduleWith([], { memory: limits(1, 1), data }), 'integer')),
      'wasm_bound',
    );
  },
  [['limits.ts', 'data_segments: 2_048', 'data_segments: 2_048_000']],
);

bug(
  'tables that change: table.grow, table.fill and all others are refused',
  (build) => {
    const table = [0x70, ...limits(1, 1)];
    const bodies: readonly (readonly [string, readonly number[]])[] = [
      ['table.size', [0xfc, 16, 0, 0x1a]],
      ['table.grow', [0xd0, 0x70, 0x41, 1, 0xfc, 15, 0, 0x1a]],
      ['table.fill', [0x41, 0, 0xd0, 0x70, 0x41, 1, 0xfc, 17, 0]],
      ['table.copy', [0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 14, 0, 0]],
      ['table.set', [0x41, 0, 0xd0, 0x70, 0x26, 0]],
      ['table.get', [0x41, 0, 0x25, 0, 0x1a]],
    ];
    for (const [what, body] of bodies)
      for (const profile of ['integer', 'canonical-nan'] as const)
        assert.equal(
          refusal(() => build.admitModule(moduleWith(body, { table }), profile)),
          'wasm_refused',
          what,
        );
  },
  [
    [
      'opcode.ts',
      "special(MEMORY_FILL, 'memory.fill', MEMORY, 'call');",
      "special(MEMORY_FILL, 'memory.fill', MEMORY, 'call');\nsimple(PREFIXED + 16, '--i', 'simple', 'table.size', { immediate: MEMORY });",
    ],
  ],
);
