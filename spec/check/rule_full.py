"""Recomputes spec/vectors/rule-full.json with Python's standard library: clauses R-16 to R-27 and I-2 to I-6 of profile 1.

`python3 spec/check/rule_full.py FILE` does the same for other programs. Values are those of rule_values.py; of regular expressions rule_regex.py makes the minimal automata.
"""

import base64
import json
import pathlib
import struct
import sys

import rule_ir
from rule_ir import ERROR, VECTORS, back, head, segments, tagged, three
from rule_regex import automaton
from rule_values import (
    SECOND, Kind, Map, Uint, arithmetic, call, convert, equal, get, has, kind, make_map, order, part, ranged, read_base64, read_span, read_time,
)  # fmt: skip

OPS = [*rule_ir.OPS, "call", "typeof"]
FOLDS = {"all", "any", "one", "collect", "collectmap"}
NONE, NULL, BOOL, INT, UINT, DOUBLE, TS, DUR, TYPE = (0,), (1,), (2,), (3,), (4,), (5,), (6,), (7,), (13,)


# CBOR with bytes, nulls and R-16's pairs


def decode(data, at=0):
    major, n, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        return {20: False, 21: True, 22: None}[n], at
    if n >= 24:
        size = 1 << (n - 24)
        n, at = int.from_bytes(data[at : at + size], "big"), at + size
    if major < 2:
        return (n if major == 0 else -1 - n), at
    if major < 4:
        part = data[at : at + n]
        return (part if major == 2 else part.decode()), at + n
    items = []
    for _ in range(n):
        one, at = decode(data, at)
        items.append(one)
    return items, at


def encode(value):
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(map(encode, value))
    return rule_ir.encode(value)


def constant(form):
    if not isinstance(form, list):
        return form
    tag, payload = form
    return {4: Uint, 5: lambda bits: struct.unpack(">d", bits.to_bytes(8, "big"))[0], 13: Kind}[tag](payload)


def form_of(value):
    if isinstance(value, float):
        return [5, int.from_bytes(struct.pack(">d", value), "big")]
    return [kind(value), int(value)] if isinstance(value, (Uint, Kind)) else value


#


def heap(t):
    if t[0] in (8, 9, 12):
        return (t[1] + 7) // 8 * 8
    if t[0] == 10:
        return t[1] * (16 + heap(t[2]))
    return t[1] * (32 + heap(t[2]) + heap(t[3])) if t[0] == 11 else 0


def join(a, b):
    if NONE in (a, b):
        return b if a == NONE else a
    if a[0] != b[0]:
        return (12, max(heap(a), heap(b)))
    return (a[0], *(max(x, y) if isinstance(x, int) else join(x, y) for x, y in zip(a[1:], b[1:])))


def joined(types):
    made = NONE
    for one in types:
        made = join(made, one)
    return made


def length(t):
    return t[1] // 16 if t[0] == 12 else t[1] if t[0] in (10, 11) else 0


def size(t):
    return t[1] if t[0] in (8, 9, 12) else 0


def within(t):
    return (12, max(0, t[1] - 16)) if t[0] == 12 else NONE


def item(op, over):
    if over[0] == 10:
        return INT if op == "key" else over[2]
    if over[0] == 11:
        return over[3] if op == "elem" else over[2]
    return within(over)


def like(types, kinds):
    if any(t[0] == 12 for t in types):
        return (12, 0)
    return types[0] if types[0][0] in kinds and len({t[0] for t in types}) == 1 else NONE


def of_call(f, types):
    a, b, c = (*types, NONE, NONE, NONE)[:3]
    one = lambda t, kinds: t if t[0] in kinds else (12, 0) if t[0] == 12 else NONE
    if f in (1, 2):
        return INT
    if f == 3:
        return (8, a[1] * size(a[2]) + a[1] * size(b)) if a[0] == 10 else (8, size(a) + length(a) * size(b))
    if f == 7:
        return (10, size(a) + 1, (8, size(a)))
    if f == 12:
        each = b[1] * (411 + 4 * size_in(b[2])) if b[0] == 10 else length(b) * 411 + 4 * size(b)
        return (8, size(a) + each)
    if f in (13, 14):
        return one(a[2] if a[0] == 10 else a, (3, 4, 5))
    if f in (19, 20):
        return one(a, (3, 4, 5))
    if 24 <= f <= 29:
        return one(a, (3, 4))
    if f == 31:
        inner = a[2] if a[0] == 10 else NONE
        if a[0] == 12:
            return a
        if inner[0] == 11:
            return (11, inner[1] * a[1], inner[2], inner[3])
        return (12, inner[1] * a[1]) if inner[0] == 12 else NONE
    if f == 33:
        return (9, size(a))
    if f in (21, 22, 23):
        return BOOL
    texts = {0: 4, 6: size(a) + (size(a) + 1) * size(c), 11: 2 * size(a) + 2, 32: 2 * size(a) + 4}
    return DOUBLE if f in (15, 16, 17, 18, 30) else (8, texts.get(f, size(a)))


def size_in(t):
    """B without rounding up."""
    if t[0] == 10:
        return t[1] * (16 + size_in(t[2]))
    return t[1] * (32 + size_in(t[2]) + size_in(t[3])) if t[0] == 11 else size(t)


def of_plain(op, types):
    a, b, c = (*types, NONE, NONE, NONE)[:3]
    pair = (a[0], b[0])
    if op == "add":
        if 12 in pair:
            return (12, heap(a) + heap(b))
        if pair in ((8, 8), (9, 9)):
            return (a[0], a[1] + b[1])
        if pair == (10, 10):
            return (10, a[1] + b[1], join(a[2], b[2]))
        return TS if pair in ((6, 7), (7, 6)) else like(types, (3, 4, 5, 7))
    if op == "sub" and a[0] == 6 and 12 not in pair:
        return {6: DUR, 7: TS}.get(b[0], NONE)
    if op in ("sub", "mul", "div", "rem", "neg"):
        return like(types, {"sub": (3, 4, 5, 7), "rem": (3, 4), "neg": (3, 5)}.get(op, (3, 4, 5)))
    if op == "get":
        return a[-1] if a[0] in (10, 11) else within(a)
    if op == "tostr":
        return (8, max(30, a[1]) if a[0] == 12 else a[1] if a[0] in (8, 9) else {2: 5, 3: 20, 4: 20, 5: 25, 6: 30, 7: 22}.get(a[0], 0))
    if op == "tobytes":
        return (9, size(a))
    if op == "list":
        return (10, len(types), joined(types))
    if op == "map":
        return (11, len(types) // 2, joined([t for t in types[::2] if t[0] in (2, 3, 4, 8, 12)]), joined(types[1::2]))
    fixed = {"size": INT, "toint": INT, "tsget": INT, "touint": UINT, "todbl": DOUBLE, "tots": TS, "todur": DUR, "typeof": TYPE}
    return join(b, c) if op == "sel" else fixed.get(op, BOOL)


#

KEYS = (2, 3, 8)


def core(t):
    return t[0] in (0, 2, 3, 8) or (t[0] in (10, 11) and all(core(one) for one in t[2:]))


def alike(a, b):
    return NONE in (a, b) or (a[0] == b[0] and all(alike(x, y) for x, y in zip(a[2:], b[2:])))


def is_core(op, types):
    """R-4 has a row for it."""
    a, b, c = (*types, NONE, NONE, NONE)[:3]
    kinds = {t[0] for t in types}
    index = lambda of, k: k == INT if of[0] == 10 else of[0] == 11 and k[0] in KEYS and alike(of[2], k)
    same = lambda many: all(alike(joined(many), one) for one in many) and core(joined(many))
    if not all(map(core, types)):
        return False
    if op in ("not", "and", "or"):
        return kinds == {2}
    if op == "sel":
        return a == BOOL and alike(b, c)
    if op == "eq":
        return alike(a, b)
    if op in ("lt", "le"):
        return kinds in ({2}, {3}, {8})
    if op == "add":
        return kinds in ({3}, {8}) or (kinds == {10} and alike(a, b))
    if op in ("sub", "mul", "div", "rem", "neg"):
        return kinds == {3}
    if op == "size":
        return a[0] in (8, 10, 11)
    if op in ("get", "has"):
        return index(a, b) and (op == "get" or a[0] == 11)
    if op == "member":
        return index(b, a) if b[0] == 11 else b[0] == 10 and alike(b[2], a)
    if op in ("list", "map"):
        return same(types) if op == "list" else all(t[0] in KEYS for t in types[::2]) and same(types[::2]) and same(types[1::2])
    return op in ("starts", "ends", "contains") and kinds == {8}


def added(t):
    """Bytes that a result adds to memory."""
    return 16 * t[1] if t[0] == 10 else 32 * t[1] if t[0] == 11 else heap(t)


def more_gas(op, types, result, imm):
    a, b = (*types, NONE, NONE, NONE)[:2]
    w = lambda t: heap(t) // 8
    search = lambda of, key: length(of).bit_length() * (1 + w(key))
    if op in ("and", "or", "list"):
        return len(types)
    if op in ("eq", "lt", "le"):
        return min(w(a), w(b))
    if op == "add":
        return w(a) + w(b)
    if op == "size":
        return w(a) if a[0] in (8, 12) else 0
    if op in ("get", "has"):
        return search(a, b) if a[0] in (11, 12) else 0
    if op == "member":
        return length(b) * (1 + w(a)) if b[0] in (10, 12) else search(b, a)
    if op == "map":
        return result[1] * result[1].bit_length() * (1 + w(result[2]))
    if op in ("starts", "ends"):
        return w(b)
    if op == "contains":
        return (heap(a) + heap(b)) // 2
    if op == "match":
        return heap(a)
    if op in ("toint", "touint", "todbl", "tostr", "tobytes", "tobool", "tots", "todur"):
        decimal = op == "tostr" and a[0] in (5, 12) or op == "todbl" and a[0] in (8, 12)
        return 64 + 4 * (w(a) + added(result) // 8) + (448 if decimal else 0)
    if op == "call":
        work = 1 if 13 <= imm <= 30 else 16 if imm in (6, 12, 31) else 8
        return work * (sum(map(w, types)) + added(result) // 8)
    return 8 if op == "tsget" else 0


def core_arena(op, types, result):
    if op == "add":
        return 0 if result == INT else 16 + added(result)
    if op in ("list", "map", "collect"):
        return 16 + added(result)
    return 4 * heap(types[1]) if op == "contains" else 0


def full_arena(op, types, result, imm):
    shares = op in ("in", "const", "get", "sel", "elem", "key", "iter")
    scratch = 4 * heap(types[1]) if op == "contains" or (op == "call" and imm in (1, 2, 6, 7)) else 0
    return 16 * (1 + len(types)) + (0 if shares else added(result)) + scratch


class Node:
    def __init__(self, form, nodes):
        self.op, rest = OPS[form[0]], form[1:]
        fold = self.op in FOLDS
        self.count = rest.pop() if fold else 0
        self.imm = rest.pop(0) if self.op in ("const", "in", "present", "elem", "key", "iter", "match", "tsget", "call") else None
        self.operands = rest if fold else [nodes[j] for j in rest]


def lift(data):
    (version, profile, inputs, consts, forms, out), end = decode(data)
    assert (version, profile, end) == (2, 1, len(data))
    nodes, open_folds, outer = [], [], []
    for i, form in enumerate(forms):
        while open_folds and open_folds[-1][1] < i:
            open_folds.pop()
        node = Node(list(form), nodes)
        node.fold = open_folds[node.imm - 1][0] if node.op in ("elem", "key", "iter") else None
        (open_folds[-1][0].own if open_folds else outer).append(node)
        nodes.append(node)
        if node.op in FOLDS:
            node.own = []
            open_folds.append((node, i + node.count))
    for node in nodes:
        if node.op in FOLDS:
            node.operands = [None if j is None else nodes[j] for j in node.operands]
    return [(path, rule_ir.type_of(form)) for path, form in inputs], [constant(one) for one in consts], outer, nodes[out]


def settle(nodes, inputs, consts):
    """Sets the type of each node; gas and arena of them all."""
    gas = arena = 0
    for node in nodes:
        op, imm = node.op, node.imm
        if op in FOLDS:
            over = node.operands[0].type
            rounds = length(over)
            inner = settle(node.own, inputs, consts)
            body = node.operands[2].type
            predicate = node.operands[1].type if node.operands[1] else None
            collects = op in ("collect", "collectmap")
            node.type = (10, rounds, body) if op == "collect" else (11, rounds, item("key", over), body) if collects else BOOL
            own = core(over) and over[0] in (10, 11) and core(body) and predicate in (None, BOOL)
            own = own and op != "collectmap" and (body != NONE if collects else predicate is None and body == BOOL)
            gas += 1 + rounds * (1 + inner[0] + collects)
            arena += rounds * inner[1] + (core_arena(op, [over], node.type) if own else full_arena(op, [over], node.type, imm))
            continue
        types = [one.type for one in node.operands]
        if op == "const":
            value = consts[imm]
            node.type = (8, len(value.encode())) if kind(value) == 8 else (9, len(value)) if kind(value) == 9 else (kind(value),)
        elif op in ("in", "present"):
            node.type = inputs[imm][1] if op == "in" else BOOL
        elif op in ("elem", "key", "iter"):
            node.type = item(op, node.fold.operands[0].type)
        else:
            node.type = of_call(imm, types) if op == "call" else of_plain(op, types)
        leaf = op in ("const", "in", "present", "elem", "key")
        own = core(node.type) and node.type != NONE and (leaf or is_core(op, types))
        gas += 1 + more_gas(op, types, node.type, imm)
        arena += core_arena(op, types, node.type) if own else full_arena(op, types, node.type, imm)
    return gas, arena


# as a whole


def strict(op, imm, consts, operands):
    a, b = (*operands, None, None)[:2]
    if op == "eq":
        return equal(a, b)
    if op in ("lt", "le"):
        return order(op, a, b)
    if op in ("add", "sub", "mul", "div", "rem"):
        return arithmetic(op, a, b)
    if op == "neg":
        return -a if kind(a) == 5 else ranged(int, -a) if kind(a) == 3 else ERROR
    if op == "size":
        return len(a) if kind(a) in (8, 9, 10, 11) else ERROR
    if op in ("get", "has"):
        return (get if op == "get" else has)(a, b)
    if op == "member":
        return any(equal(one, a) for one in b) if kind(b) == 10 else has(b, a)
    if op == "list":
        return list(operands)
    if op == "map":
        return make_map(list(zip(operands[::2], operands[1::2])))
    if op in ("starts", "ends", "contains"):
        if (kind(a), kind(b)) != (8, 8):
            return ERROR
        return a.startswith(b) if op == "starts" else a.endswith(b) if op == "ends" else b in a
    if op == "match":
        return automaton(consts[imm])[2](a.encode()) if kind(a) == 8 else ERROR
    if op == "tsget":
        return part(imm, a)
    if op == "typeof":
        return Kind(kind(a))
    return call(imm, operands) if op == "call" else convert(op, a)


def evaluate(node, consts, found, items):
    run = lambda one: evaluate(one, consts, found, items)
    op, operands = node.op, node.operands
    if op == "const":
        return consts[node.imm]
    if op in ("in", "present"):
        there, value = found[node.imm]
        return (value if there else ERROR) if op == "in" else True if there else False if value == 0 else ERROR
    if op in ("elem", "key", "iter"):
        return items[node.fold][("elem", "key", "iter").index(op)]
    if op in FOLDS:
        over = run(operands[0])
        if over is ERROR or kind(over) not in (10, 11):
            return ERROR
        triples = [(value, key, key) for key, value in over] if kind(over) == 11 else [(one, i, one) for i, one in enumerate(over)]
        rounds = []
        for triple in triples:
            inner = {**items, node: triple}
            keep = 2 if operands[1] is None else three(evaluate(operands[1], consts, found, inner))
            rounds.append((keep, triple[1], evaluate(operands[2], consts, found, inner)))
        answers = [three(body) for _, _, body in rounds]
        if op in ("all", "any"):
            return back(min(answers, default=2) if op == "all" else max(answers, default=0))
        if op == "one":
            return ERROR if 1 in answers else answers.count(2) == 1
        if any(keep == 1 or (keep == 2 and body is ERROR) for keep, _, body in rounds):
            return ERROR
        kept = [(key, body) for keep, key, body in rounds if keep == 2]
        return Map(kept) if op == "collectmap" else [body for _, body in kept]
    values = [run(one) for one in operands]
    if op == "not":
        return back(2 - three(values[0]))
    if op in ("and", "or"):
        return back((min if op == "and" else max)(map(three, values)))
    if op == "sel":
        answer = three(values[0])
        return ERROR if answer == 1 else values[1] if answer == 2 else values[2]
    return ERROR if ERROR in [value for value in values if value is ERROR] else strict(op, node.imm, consts, values)


# the canonical form anew


class Forest(rule_ir.Forest):
    def free(self, node):
        if node.op in ("elem", "key", "iter"):
            return {node.fold}
        found = set().union(*(self.free(one) for one in node.operands[1 if node.op in FOLDS else 0 :] if one))
        return (found - {node}) | self.free(node.operands[0]) if node.op in FOLDS else found

    def tree(self, node):
        op = node.op
        if op in FOLDS:
            outside = max((self.levels[one] for one in self.free(node)), default=0)
            self.levels[node] = outside + 1
            return self.put(op, b"", [one and self.tree(one) for one in node.operands], outside, None)
        if op in ("elem", "key", "iter"):
            level = self.levels[node.fold]
            return self.put(op, encode(level), [], level, level)
        if op == "const":
            form = form_of(self.consts[node.imm])
            return self.put(op, encode(form), [], 0, form)
        if op in ("in", "present"):
            return self.put(op, encode(self.inputs[node.imm][0]), [], 0, self.inputs[node.imm])
        operands = [self.tree(one) for one in node.operands]
        if op in ("and", "or"):
            parts = [part for one in operands for part in (one[2] if one[1] == op else [one])]
            operands = sorted(dict.fromkeys(parts), key=lambda one: one[0])
            if len(operands) == 1:
                alone, level = operands[0], operands[0][3]
                return alone if node.operands[0].type == BOOL else self.put("not", b"", [self.put("not", b"", [alone], level, None)], level, None)
        if op == "eq":
            operands.sort(key=lambda one: one[0])
        what = self.consts[node.imm] if op == "match" else node.imm
        imm = b"" if what is None else encode(what)
        return self.put(op, imm, operands, max((one[3] for one in operands), default=0), what)

    def put(self, op, imm, operands, level, what):
        parts = b"".join(one[0] if one else bytes(32) for one in operands)
        digest = tagged("rule.tree", bytes([OPS.index(op)]) + imm + parts)
        return self.trees.setdefault(digest, (digest, op, tuple(operands), level, repr(what) if op == "const" else what))


def lay_out(out, forest):
    inputs, consts, nodes, regions = [], [], [], [{}]
    literals = {repr(form_of(one)): form_of(one) for one in forest.consts}

    def number(table, one):
        keys = [repr(known) for known in table]
        if repr(one) not in keys:
            table.append(one)
        return [repr(known) for known in table].index(repr(one))

    def invariants(tree, level):
        if tree and tree[3] <= level:
            place_tree(tree)
        elif tree:
            for one in tree[2]:
                invariants(one, level)

    def place_tree(tree):
        digest, op, operands, level, what = tree
        if digest in regions[level]:
            return regions[level][digest]
        assert len(regions) - 1 == level
        code = OPS.index(op)
        if op in FOLDS:
            start = place_tree(operands[0])
            invariants(operands[1], level)
            invariants(operands[2], level)
            at = len(nodes)
            nodes.append(None)
            regions.append({})
            predicate = operands[1] and place_tree(operands[1])
            body = place_tree(operands[2])
            regions.pop()
            nodes[at] = [code, start, predicate, body, len(nodes) - 1 - at]
        else:
            places = [place_tree(one) for one in operands]
            if op == "const":
                places = [number(consts, literals[what])]
            elif op == "match":
                places = [number(consts, what), *places]
            elif op in ("in", "present"):
                places = [number(inputs, what)]
            elif what is not None:
                places = [what, *places]
            at = len(nodes)
            nodes.append([code, *places])
        regions[level][digest] = at
        return at

    last = place_tree(out)
    unfold = lambda t: t[0] if len(t) == 1 else [x if isinstance(x, int) else unfold(x) for x in t]
    return encode([2, 1, [[path, unfold(t)] for path, t in inputs], consts, nodes, last])


def canonical(data):
    inputs, consts, nodes, out = lift(data)
    settle(nodes, inputs, consts)
    forest = Forest(inputs, consts)
    return lay_out(forest.tree(out), forest)


# I-2 to I-6


def fit(t, value):
    whole = lambda: isinstance(value, int) and not isinstance(value, bool) and (rule_ir.EXACT or abs(value) < 2**53)
    if t[0] in (2, 3, 8):
        return rule_ir.fit(t, value)
    if t[0] == 4:
        return ranged(Uint, value) if whole() else ERROR
    if t[0] == 5:
        return float(value) + 0.0 if isinstance(value, (int, float)) and not isinstance(value, bool) else ERROR
    if t[0] in (6, 7):
        return ERROR if not isinstance(value, str) else (read_time if t[0] == 6 else read_span)(value)
    if t[0] == 9:
        made = read_base64(value) if isinstance(value, str) else ERROR
        return ERROR if made is ERROR or len(made) > t[1] or base64.b64encode(made).decode() != value else made
    if t[0] == 12:
        made = natural(value, 1)
        return ERROR if made is ERROR or heap_of(made) > t[1] else made
    if t[0] == 10:
        items = [fit(t[2], one) for one in value] if isinstance(value, list) and len(value) <= t[1] else [ERROR]
        return ERROR if any(one is ERROR for one in items) else items
    if not isinstance(value, dict) or len(value) > t[1]:
        return ERROR
    pairs = [(fit(t[2], key), fit(t[3], one)) for key, one in value.items()]
    return ERROR if any(one is ERROR for pair in pairs for one in pair) else make_map(pairs)


def natural(value, depth):
    """What JSON means by itself."""
    if depth > 16:
        return ERROR
    if isinstance(value, list):
        items = [natural(one, depth + 1) for one in value]
        return ERROR if any(one is ERROR for one in items) else items
    if isinstance(value, dict):
        pairs = [(key, natural(one, depth + 1)) for key, one in value.items()]
        return ERROR if any(one is ERROR for _, one in pairs) else make_map(pairs)
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -(2**63) <= value < 2**63 else ranged(Uint, value)
    return value


def heap_of(value):
    if kind(value) in (8, 9):
        return (len(value.encode() if kind(value) == 8 else value) + 7) // 8 * 8
    many = [one for pair in value for one in pair] if kind(value) == 11 else value if kind(value) == 10 else []
    return sum(16 + heap_of(one) for one in many)


def find(path, t, source):
    at = source
    for name in segments(path):
        if not isinstance(at, dict):
            return False, 1
        at = at.get(name)
    if at is None:
        return False, 0
    value = fit(t, at)
    return (False, 2) if value is ERROR else (True, value)


def write(found):
    buffer = bytearray(16 * len(found))

    def slot(at, tag, many, payload):
        buffer[at : at + 16] = bytes([tag, 0, 0, 0]) + many.to_bytes(4, "little") + (payload % 2**64).to_bytes(8, "little")

    def block(many):
        at = len(buffer)
        buffer.extend(bytes((many + 7) // 8 * 8))
        return at

    def put(at, value):
        k = kind(value)
        if k in (8, 9):
            data = value.encode() if k == 8 else value
            start = block(len(data))
            buffer[start : start + len(data)] = data
            slot(at, k, len(data), start)
        elif k in (10, 11):
            many = [one for pair in value for one in pair] if k == 11 else value
            start = block(16 * len(many))
            slot(at, k, len(value), start)
            for i, one in enumerate(many):
                put(start + 16 * i, one)
        elif k == 5:
            slot(at, 5, 0, int.from_bytes(struct.pack(">d", value), "big"))
        else:
            slot(at, k, value % SECOND if k == 6 else 0, value // SECOND if k == 6 else int(value or 0))

    for i, (there, value) in enumerate(found):
        put(16 * i, value) if there else slot(16 * i, 0, 0, value)
    return bytes(buffer)


def main(file):
    checks = 0

    def check(holds, what):
        nonlocal checks
        checks += 1
        assert holds, what

    rules = json.loads(file.read_text())
    for rule in rules["positive"]:
        source, data = rule["source"], bytes.fromhex(rule["bytes"])
        check(tagged("rule", data).hex() == rule["id"], f"identity of {source}")
        inputs, consts, nodes, out = lift(data)
        costs = settle(nodes, inputs, consts)
        check(costs == (rule["gas"], rule["arena_bytes"]), f"gas and arena of {source}: {costs}")
        check(canonical(data) == data, f"canonical form of {source}")
        check(sum(16 + heap(t) for _, t in inputs) == rule["input_bytes"], f"inputs of {source}")
        memory = 16384 + sum(16 + heap_of(one) for one in consts)
        for text in {consts[node.imm] for node in every(nodes) if node.op == "match"}:
            states, classes, _ = automaton(text)
            memory += 256 + (2 * states * classes + 7) // 8 * 8 + (states + 7) // 8 * 8
        check(memory == rule["const_bytes"], f"constants of {source}: {memory}")
        for given, case in zip(rule.get("sources") or rules["sources"], rule["cases"], strict=True):
            found = [find(path, t, given) for path, t in inputs]
            check(write(found).hex() == case["buffer"], f"buffer of {source} for {given}")
            answer = three(evaluate(out, consts, found, {}))
            check(answer == case["answer"], f"answer {answer} of {source} for {given}")
    print(f"rule-full: {checks} checks")


def every(nodes):
    return [one for node in nodes for one in ([node, *every(node.own)] if node.op in FOLDS else [node])]


if __name__ == "__main__":
    # other programs in the form of the vectors, whose sources have exact integers (I-4)
    rule_ir.EXACT = len(sys.argv) > 1
    main(pathlib.Path(sys.argv[1]) if rule_ir.EXACT else VECTORS / "rule-full.json")
