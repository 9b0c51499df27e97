/** Writes spec/vectors/merkle.json: `node spec/make-merkle-vectors.ts`. */
import { writeFileSync } from 'node:fs';
import { fromHex, hex, type Octets, octets, utf8, ZERO32 } from '../src/base/bytes.ts';
import { encodeWith } from '../src/base/record.ts';
import { EMPTY_ROOT, hashLeaf, sha256 } from '../src/crypto/hash.ts';
import { signingKey } from '../src/crypto/suite.ts';
import { type Checkpoint, formatVkey, noteVerifier, signCheckpoint, signNote } from '../src/merkle/note.ts';
import { makeConsistency, makeInclusion, nodesOf, rootAt } from '../src/merkle/proof.ts';
import { type SparseProof, SparseTree, sparseProof } from '../src/merkle/sparse.ts';
import { ENTRIES, encodeBundle, tilePath } from '../src/merkle/tile.ts';
import { Frontier, rootOf } from '../src/merkle/tree.ts';

/**
 * The leaves of the tests of Certificate Transparency's reference tree (google/certificate-transparency,
 * cpp/merkletree/merkle_tree_test.cc), then further ones.
 */
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ENTRIES_OF_TREE: readonly Uint8Array[] = [...CT_LEAVES.map(fromHex), ...Array.from({ length: 22 }, (_, i) => utf8(`entry ${i + 8}`))];
const leaves = ENTRIES_OF_TREE.map(hashLeaf);
const nodes = nodesOf(leaves);
const other = sha256(utf8('other'));
const hexes = (list: readonly Octets[]): string[] => list.map(hex);

const INCLUSIONS = [
  [0, 1],
  [0, 8],
  [5, 8],
  [2, 3],
  [1, 5],
  [29, 30],
  [16, 30],
  [7, 30],
  [24, 25],
];
const CONSISTENCIES = [
  [0, 0],
  [0, 8],
  [1, 1],
  [1, 8],
  [6, 8],
  [2, 5],
  [8, 30],
  [29, 30],
  [16, 17],
  [13, 29],
];

function trees(): object {
  const roots = Array.from({ length: leaves.length + 1 }, (_, size) => {
    const frontier = Frontier.empty();
    for (const leaf of leaves.slice(0, size)) frontier.append(leaf);
    return { clause: 'M-2', size, root: hex(rootOf(leaves.slice(0, size))), frontier: hex(frontier.encode()) };
  });
  const inclusion = INCLUSIONS.map(([index, size]) => ({
    clause: 'M-5',
    leaf: hex(leaves[index]),
    index,
    size,
    proof: hexes(makeInclusion(nodes, index, size)),
    root: hex(rootAt(nodes, size)),
  }));
  const consistency = CONSISTENCIES.map(([from, size]) => ({
    clause: 'M-7',
    from,
    from_root: hex(rootAt(nodes, from)),
    size,
    root: hex(rootAt(nodes, size)),
    proof: hexes(makeConsistency(nodes, from, size)),
  }));
  const good = inclusion[6];
  const alter = (proof: readonly string[], at: number): string[] => proof.map((hash, i) => (i === at ? hex(other) : hash));
  const wrongInclusion: [string, string, Partial<typeof good>][] = [
    ['the next index', 'proof_mismatch', { index: 17 }],
    ['an index past the size', 'proof_range', { index: 30 }],
    ['a proof too short', 'proof_range', { proof: good.proof.slice(1) }],
    ['a proof too long', 'proof_range', { proof: [...good.proof, hex(other)] }],
    ['another hash', 'proof_mismatch', { proof: alter(good.proof, 2) }],
    ['a short hash', 'proof_range', { proof: [...good.proof.slice(1), '00'] }],
    ['another leaf', 'proof_mismatch', { leaf: hex(other) }],
    ['another root', 'proof_mismatch', { root: hex(other) }],
    ['a size with another shape', 'proof_range', { size: 65 }],
    ['the empty tree', 'proof_range', { index: 0, size: 0, proof: [], root: hex(EMPTY_ROOT) }],
  ];
  const longer = consistency[9];
  const wrongConsistency: [string, string, Partial<typeof longer>][] = [
    ['another earlier root', 'proof_mismatch', { from_root: hex(other) }],
    ['another root', 'proof_mismatch', { root: hex(other) }],
    ['a proof too short', 'proof_range', { proof: longer.proof.slice(0, -1) }],
    ['a proof too long', 'proof_range', { proof: [...longer.proof, hex(other)] }],
    ['no proof', 'proof_range', { proof: [] }],
    ['another hash', 'proof_mismatch', { proof: alter(longer.proof, 0) }],
    ['a tree that shrinks', 'proof_range', { from: 29, size: 13 }],
    ['equal sizes with two roots', 'proof_mismatch', { from: 29, size: 29, proof: [] }],
    ['equal sizes with a proof', 'proof_range', { from: 29, size: 29 }],
    ['from the empty tree with another root', 'proof_mismatch', { from: 0, proof: [] }],
  ];
  return {
    entries: ENTRIES_OF_TREE.map((entry) => hex(entry)),
    roots,
    inclusion,
    consistency,
    inclusion_negative: wrongInclusion.map(([why, fault, change]) => ({ ...good, ...change, clause: 'M-6', why, fault })),
    consistency_negative: wrongConsistency.map(([why, fault, change]) => ({ ...longer, ...change, clause: 'M-8', why, fault })),
  };
}

function sparse(): object {
  const path = (i: number): Octets => sha256(utf8(`path ${i}`));
  const value = (i: number): Octets => sha256(utf8(`value ${i}`));
  const near = `${path(1).slice(0, 31)}${String.fromCharCode(path(1).charCodeAt(31) ^ 1)}`;
  const maps: (readonly (readonly [Octets, Octets])[])[] = [
    [],
    [[path(1), value(1)]],
    [
      [path(1), value(1)],
      [near, value(2)],
    ],
    Array.from({ length: 12 }, (_, i) => [path(i), value(i)] as const),
  ];
  const built = maps.map((entries) => ({ entries, tree: entries.reduce((tree, [p, v]) => tree.put(p, v), SparseTree.empty()) }));
  const shape = (proof: SparseProof): object => ({
    siblings: hexes(proof.siblings),
    other: proof.other === null ? null : hexes([proof.other.path, proof.other.value]),
  });
  const proofs = built.flatMap(({ tree }) =>
    [path(1), near, path(20), path(23)].map((p) => ({
      clause: 'M-15',
      root: hex(tree.root()),
      path: hex(p),
      value: tree.get(p) === undefined ? null : hex(tree.get(p) ?? ''),
      proof: shape(tree.prove(p)),
      encoded: hex(encodeWith(sparseProof, tree.prove(p))),
    })),
  );
  const { tree } = built[3];
  const present = tree.prove(path(1));
  const absent = Array.from({ length: 50 }, (_, i) => path(20 + i)).find((p) => tree.prove(p).other !== null) ?? path(20);
  const wrong: [string, string, Octets, Octets | null, SparseProof][] = [
    ['another value', 'proof_mismatch', path(1), value(2), present],
    ['presence shown as absence', 'proof_mismatch', path(1), null, present],
    ['absence shown as presence', 'proof_range', absent, value(1), tree.prove(absent)],
    ['the path itself as the other leaf', 'proof_range', path(1), null, { ...present, other: { path: path(1), value: value(1) } }],
    [
      'another leaf that does not stand there',
      'proof_range',
      absent,
      null,
      { ...tree.prove(absent), other: { path: octets(fromHex(hex(absent)).map((byte) => byte ^ 255)), value: value(1) } },
    ],
    ['a sibling too few', 'proof_mismatch', path(1), value(1), { ...present, siblings: present.siblings.slice(0, -1) }],
    ['an empty deepest sibling', 'proof_range', path(1), value(1), { ...present, siblings: [...present.siblings, ZERO32] }],
    ['257 siblings', 'proof_range', path(1), value(1), { ...present, siblings: Array.from({ length: 257 }, () => value(1)) }],
  ];
  return {
    maps: built.map(({ entries, tree: t }) => ({ clause: 'M-13', entries: entries.map(hexes), root: hex(t.root()) })),
    proofs,
    negative: wrong.map(([why, fault, p, v, proof]) => ({
      clause: 'M-15',
      why,
      fault,
      root: hex(tree.root()),
      path: hex(p),
      value: v === null ? null : hex(v),
      proof: shape(proof),
    })),
  };
}

function notes(): object {
  const seed = new Uint8Array(32).fill(7);
  const key = signingKey(seed);
  const name = 'log.example/ava';
  const verifier = noteVerifier(name, key.public);
  const checkpoints: Checkpoint[] = [
    { origin: name, size: 0, root: EMPTY_ROOT },
    { origin: name, size: 30, root: rootAt(nodes, 30) },
    { origin: name, size: 2 ** 53 - 1, root: other },
  ];
  const good = signCheckpoint(checkpoints[1], key);
  const witness = signNote(good.slice(0, good.indexOf('\n\n') + 1), 'witness.example', signingKey(new Uint8Array(32).fill(9)));
  const line = good.slice(good.indexOf('—'));
  const body = (text: string): string => signNote(text, name, key);
  const root = btoa(rootAt(nodes, 30));
  const negative: [string, string, string, string][] = [
    ['M-26', 'another size', 'note_unsigned', good.replace('\n30\n', '\n31\n')],
    ['M-26', 'another key', 'note_unsigned', signCheckpoint(checkpoints[1], signingKey(new Uint8Array(32).fill(8)))],
    ['M-26', 'the same key twice', 'note_malformed', good + line],
    ['M-27', 'another origin under this key', 'note_unsigned', body(`other.example\n30\n${root}\n`)],
    ['M-27', 'a leading zero', 'note_malformed', body(`${name}\n030\n${root}\n`)],
    ['M-27', 'a size past 2^53', 'note_malformed', body(`${name}\n9007199254740992\n${root}\n`)],
    ['M-27', 'an extension line', 'note_malformed', body(`${name}\n30\n${root}\nmore\n`)],
    ['M-27', 'a short root', 'note_malformed', body(`${name}\n30\n${btoa('short')}\n`)],
    ['M-25', 'no signature', 'note_malformed', good.slice(0, good.indexOf('—'))],
    ['M-25', 'no newline at the end', 'note_malformed', good.slice(0, -1)],
    ['M-23', 'a carriage return', 'note_malformed', good.replace('\n30\n', '\r\n30\n')],
    ['M-24', 'a hyphen for the dash', 'note_malformed', good.replace('—', '-')],
    ['M-24', 'two spaces', 'note_malformed', good.replace('— ', '—  ')],
    ['M-25', 'base64 without padding', 'note_malformed', good.replace(/=+\n$/, '\n')],
  ];
  return {
    seed: hex(seed),
    name,
    vkey: formatVkey(verifier),
    key_id: hex(verifier.id),
    positive: [
      ...checkpoints.map((checkpoint) => ({ clause: 'M-27', size: checkpoint.size, root: hex(checkpoint.root), note: signCheckpoint(checkpoint, key) })),
      { clause: 'M-26', size: 30, root: hex(checkpoints[1].root), note: good + witness.slice(witness.indexOf('—')) },
    ],
    negative: negative.map(([clause, why, fault, note]) => ({ clause, why, fault, note })),
    vkey_negative: [
      '',
      'a+b',
      formatVkey(verifier).replace(hex(verifier.id), '00000000'),
      formatVkey(verifier).slice(0, -4),
      formatVkey(verifier).replace('+A', '+B'),
    ].map((vkey) => ({ clause: 'M-22', fault: 'note_malformed', vkey })),
  };
}

function tiles(): object {
  const positive = [
    [0, 0, 256],
    [0, 1_234_067, 256],
    [1, 999, 255],
    [6, 1_000, 1],
    [ENTRIES, 0, 30],
    [ENTRIES, 12_345, 256],
  ].map(([level, index, width]) => ({ clause: 'M-31', level, index, width, path: tilePath({ level, index, width }) }));
  const negative = [
    'tile/0/0',
    'tile/0/x000/001',
    'tile/7/000',
    'tile/00/000',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/001/000',
    'tile/data/000',
    '/tile/0/000',
    'tile/0/000\n',
  ];
  return {
    positive,
    negative: negative.map((path) => ({ clause: 'M-31', fault: 'tile_malformed', path })),
    bundle: { clause: 'M-35', width: 30, bytes: hex(encodeBundle(ENTRIES_OF_TREE)) },
  };
}

/** The text of each file under spec/vectors. */
export const merkleVectors = (): Record<string, string> => ({
  'merkle.json': `${JSON.stringify({ tree: trees(), sparse: sparse(), note: notes(), tile: tiles() }, null, 1)}\n`,
});

if (import.meta.main) for (const [name, text] of Object.entries(merkleVectors())) writeFileSync(`${import.meta.dirname}/vectors/${name}`, text);
