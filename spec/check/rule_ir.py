"""Recomputes spec/vectors/rule-ir.json and input.json with Python's standard library: clauses R-1 to R-12 and I-1 to I-7.

It decodes each program, finds types, gas and memory, writes the input buffers, evaluates, and makes the canonical form anew
from the decoded tree. Programs that are not canonical must come out otherwise than they went in.
"""

import json
import pathlib
from hashlib import sha256

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
OPS = (
    "const in present elem key iter not and or sel eq lt le add sub mul div rem neg size get has member list map "
    "starts ends contains match toint touint todbl tostr tobytes tobool tots todur tsget all any one collect collectmap"
).split()
FOLDS = {"all", "any", "one", "collect"}
IMMEDIATE = {"const", "in", "present", "elem", "key"}
BOOL, INT, NONE = (2,), (3,), (0,)
ERROR = object()
# I-4: the vectors' sources are JSON, whose integers are exact below 2^53; those of a sidecar always are.
EXACT = False


def tagged(tag, data):
    name = f"ava.{tag}.v1".encode()
    return sha256(bytes([len(name)]) + name + data).digest()


# CBOR, as far as programs have it


def head(major, n):
    for info, size, limit in ((24, 1, 1 << 8), (25, 2, 1 << 16), (26, 4, 1 << 32), (27, 8, 1 << 64)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < limit:
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")


def encode(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(encode(one) for one in value)


def decode(data, at=0):
    major, n, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        return {20: False, 21: True, 22: None}[n], at
    if n >= 24:
        size = 1 << (n - 24)
        n, at = int.from_bytes(data[at : at + size], "big"), at + size
    if major < 2:
        return (n if major == 0 else -1 - n), at
    if major == 3:
        return data[at : at + n].decode(), at + n
    items = []
    for _ in range(n):
        one, at = decode(data, at)
        items.append(one)
    return items, at


# a type is a tuple, its number first


def type_of(form):
    if isinstance(form, int):
        return (form,)
    return (form[0], form[1], *(type_of(one) for one in form[2:]))


def join(a, b):
    if NONE in (a, b):
        return b if a == NONE else a
    return (a[0], *(max(x, y) if isinstance(x, int) else join(x, y) for x, y in zip(a[1:], b[1:])))


def B(t):
    if t[0] == 8:
        return (t[1] + 7) // 8 * 8
    if t[0] == 10:
        return t[1] * (16 + B(t[2]))
    return t[1] * (32 + B(t[2]) + B(t[3])) if t[0] == 11 else 0


class Node:
    def __init__(self, form, children):
        self.op = OPS[form[0]]
        rest = form[1:]
        self.count = rest.pop() if self.op in FOLDS else 0
        self.imm = rest.pop(0) if self.op in IMMEDIATE else None
        self.operands = [None if j is None else children[j] for j in rest] if self.op not in FOLDS else rest


def lift(data):
    """The program's inputs, constants and answer; operands are nodes, an item's `fold` is the fold that binds it."""
    (version, profile, inputs, consts, forms, out), end = decode(data)
    assert (version, profile, end) == (2, 0, len(data))
    nodes, ends, owned = [], [], []
    for i, form in enumerate(forms):
        while ends and ends[-1][1] < i:
            ends.pop()
        node = Node(list(form), nodes)
        node.fold = ends[node.imm - 1][0] if node.op in ("elem", "key") else None
        for fold, _ in ends[-1:]:
            fold.own.append(node)
        if not ends:
            owned.append(node)
        nodes.append(node)
        if node.op in FOLDS:
            node.own = []
            ends.append((node, i + node.count))
    for node in nodes:
        if node.op in FOLDS:
            node.operands = [None if j is None else nodes[j] for j in node.operands]
    return [(path, type_of(form)) for path, form in inputs], consts, owned, nodes[out]


def settle(nodes, inputs, consts):
    """R-4, R-7, R-8: sets the type of each node; gas and arena of them all."""
    gas = arena = 0
    for node in nodes:
        op = node.op
        if op in FOLDS:
            size = node.operands[0].type[1]
            inner = settle(node.own, inputs, consts)
            node.type = (10, size, node.operands[2].type) if op == "collect" else BOOL
            gas += 1 + size * (1 + inner[0] + (op == "collect"))
            arena += size * inner[1] + (16 + 16 * size if op == "collect" else 0)
            continue
        types = [one.type for one in node.operands]
        a, b = (types + [NONE, NONE])[:2]
        search = lambda of, key: of[1].bit_length() * (1 + B(key) // 8)
        node.type, more, takes = BOOL, 0, 0
        if op == "const":
            value = consts[node.imm]
            node.type = BOOL if isinstance(value, bool) else INT if isinstance(value, int) else (8, len(value.encode()))
        elif op == "in":
            node.type = inputs[node.imm][1]
        elif op in ("elem", "key"):
            over = node.fold.operands[0].type
            node.type = (over[2] if op == "elem" else INT) if over[0] == 10 else over[3 if op == "elem" else 2]
        elif op in ("and", "or"):
            more = len(types)
        elif op == "sel":
            node.type = join(types[1], types[2])
        elif op in ("eq", "lt", "le"):
            more = min(B(a), B(b)) // 8
        elif op == "add":
            more = (B(a) + B(b)) // 8
            node.type = INT if a == INT else (8, a[1] + b[1]) if a[0] == 8 else (10, a[1] + b[1], join(a[2], b[2]))
            takes = 0 if a == INT else 16 + B(node.type) if a[0] == 8 else 16 + 16 * node.type[1]
        elif op in ("sub", "mul", "div", "rem", "neg", "size"):
            node.type, more = INT, B(a) // 8 if op == "size" and a[0] == 8 else 0
        elif op in ("get", "has"):
            node.type = BOOL if op == "has" else a[-1]
            more = search(a, b) if a[0] == 11 else 0
        elif op == "member":
            more = b[1] * (1 + B(a) // 8) if b[0] == 10 else search(b, a)
        elif op == "list":
            item = NONE
            for one in types:
                item = join(item, one)
            node.type, more, takes = (10, len(types), item), len(types), 16 + 16 * len(types)
        elif op == "map":
            key = value = NONE
            for k, v in zip(types[::2], types[1::2]):
                key, value = join(key, k), join(value, v)
            n = len(types) // 2
            node.type, more, takes = (11, n, key, value), n * n.bit_length() * (1 + B(key) // 8), 16 + 32 * n
        elif op in ("starts", "ends"):
            more = B(b) // 8
        elif op == "contains":
            more, takes = (B(a) + B(b)) // 2, 4 * B(b)
        gas, arena = gas + 1 + more, arena + takes
    return gas, arena


#


def fits(n):
    return n if -(2**63) <= n < 2**63 else ERROR


def divide(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def three(value):
    return 2 if value is True else 0 if value is False else 1


def back(n):
    return {0: False, 1: ERROR, 2: True}[n]


def strict(op, a, b=None, *more):
    if op == "add":
        return fits(a + b) if isinstance(a, int) else a + b
    if op in ("div", "rem"):
        if b == 0 or fits(divide(a, b)) is ERROR:
            return ERROR
        return divide(a, b) if op == "div" else a - b * divide(a, b)
    if op == "get":
        return a.get(b, ERROR) if isinstance(a, dict) else a[b] if 0 <= b < len(a) else ERROR
    table = {
        "eq": lambda: a == b, "lt": lambda: a < b, "le": lambda: a <= b, "sub": lambda: fits(a - b), "mul": lambda: fits(a * b),
        "neg": lambda: fits(-a), "size": lambda: len(a), "has": lambda: b in a, "member": lambda: a in b,
        "starts": lambda: a.startswith(b), "ends": lambda: a.endswith(b), "contains": lambda: b in a,
    }
    return table[op]()


def evaluate(node, consts, found, items):
    run = lambda one: evaluate(one, consts, found, items)
    op, operands = node.op, node.operands
    if op == "const":
        return consts[node.imm]
    if op == "in":
        return found[node.imm][1] if found[node.imm][0] else ERROR
    if op == "present":
        return True if found[node.imm][0] else False if found[node.imm][1] == 0 else ERROR
    if op in ("elem", "key"):
        return items[node.fold][op == "key"]
    if op in FOLDS:
        over = run(operands[0])
        if over is ERROR:
            return ERROR
        pairs = [(over[k], k) for k in sorted(over)] if isinstance(over, dict) else [(one, i) for i, one in enumerate(over)]
        rounds = []
        for pair in pairs:
            inner = {**items, node: pair}
            keep = True if operands[1] is None else evaluate(operands[1], consts, found, inner)
            rounds.append((keep, evaluate(operands[2], consts, found, inner)))
        answers = [three(body) for _, body in rounds]
        if op in ("all", "any"):
            return back(min(answers, default=2) if op == "all" else max(answers, default=0))
        if op == "one":
            return ERROR if 1 in answers else answers.count(2) == 1
        if any(keep is ERROR or (keep and body is ERROR) for keep, body in rounds):
            return ERROR
        return [body for keep, body in rounds if keep]
    values = [run(one) for one in operands]
    if op == "not":
        return back(2 - three(values[0]))
    if op in ("and", "or"):
        return back((min if op == "and" else max)(map(three, values)))
    if op == "sel":
        return ERROR if values[0] is ERROR else values[1] if values[0] else values[2]
    if ERROR in values:
        return ERROR
    if op == "list":
        return values
    if op == "map":
        made = dict(zip(values[::2], values[1::2]))
        return made if len(made) == len(values) // 2 else ERROR
    return strict(op, *values)


#


class Forest:
    def __init__(self, inputs, consts):
        self.inputs, self.consts, self.trees, self.levels = inputs, consts, {}, {}

    def free(self, node):
        if node.op in ("elem", "key"):
            return {node.fold}
        found = set().union(*(self.free(one) for one in node.operands[1 if node.op in FOLDS else 0 :] if one))
        return (found - {node}) | self.free(node.operands[0]) if node.op in FOLDS else found

    def tree(self, node):
        op, imm = node.op, b""
        if op in FOLDS:
            outside = max((self.levels[one] for one in self.free(node)), default=0)
            self.levels[node] = outside + 1
            return self.intern(op, imm, [one and self.tree(one) for one in node.operands], outside, None)
        if op in ("elem", "key"):
            return self.intern(op, encode(self.levels[node.fold]), [], self.levels[node.fold], self.levels[node.fold])
        if op == "const":
            return self.intern(op, encode(self.consts[node.imm]), [], 0, self.consts[node.imm])
        if op in ("in", "present"):
            return self.intern(op, encode(self.inputs[node.imm][0]), [], 0, self.inputs[node.imm])
        operands = [self.tree(one) for one in node.operands]
        if op in ("and", "or"):
            parts = [part for one in operands for part in (one[2] if one[1] == op else [one])]
            operands = sorted(dict.fromkeys(parts), key=lambda one: one[0])
            if len(operands) == 1:
                return operands[0]
        if op == "eq":
            operands.sort(key=lambda one: one[0])
        return self.intern(op, imm, operands, max((one[3] for one in operands), default=0), None)

    def intern(self, op, imm, operands, level, what):
        parts = b"".join(one[0] if one else bytes(32) for one in operands)
        digest = tagged("rule.tree", bytes([OPS.index(op)]) + imm + parts)
        return self.trees.setdefault(digest, (digest, op, tuple(operands), level, what))


def lay_out(out):
    inputs, consts, nodes, regions = [], [], [], [{}]

    def number(table, one):
        keys = [(type(known), known) for known in table]
        if (type(one), one) not in keys:
            table.append(one)
            return len(table) - 1
        return keys.index((type(one), one))

    def invariants(tree, level):
        if tree and tree[3] <= level:
            place(tree)
        elif tree:
            for one in tree[2]:
                invariants(one, level)

    def place(tree):
        digest, op, operands, level, what = tree
        if digest in regions[level]:
            return regions[level][digest]
        assert len(regions) - 1 == level
        code = OPS.index(op)
        if op in FOLDS:
            start = place(operands[0])
            invariants(operands[1], level)
            invariants(operands[2], level)
            at = len(nodes)
            nodes.append(None)
            regions.append({})
            predicate = operands[1] and place(operands[1])
            body = place(operands[2])
            regions.pop()
            nodes[at] = [code, start, predicate, body, len(nodes) - 1 - at]
        else:
            places = [place(one) for one in operands]
            if op in IMMEDIATE:
                places = [what if op in ("elem", "key") else number(consts if op == "const" else inputs, what)]
            at = len(nodes)
            nodes.append([code, *places])
        regions[level][digest] = at
        return at

    last = place(out)
    unfold = lambda t: t[0] if len(t) == 1 else [x if isinstance(x, int) else unfold(x) for x in t]
    return encode([2, 0, [[path, unfold(t)] for path, t in inputs], consts, nodes, last])


def canonical(data):
    inputs, consts, _, out = lift(data)
    return lay_out(Forest(inputs, consts).tree(out))


# The input buffer


def segments(path):
    parts, depth = [""], 0
    for char in path:
        depth += (char == "(") - (char == ")")
        if char == "." and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def fit(t, value):
    """I-4: the value, or ERROR."""
    if t == BOOL:
        return value if isinstance(value, bool) else ERROR
    if t == INT:
        return value if isinstance(value, int) and not isinstance(value, bool) and (abs(value) < 2**53 or EXACT and fits(value) is value) else ERROR
    if t[0] == 8:
        return value if isinstance(value, str) and len(value.encode()) <= t[1] else ERROR
    if t[0] == 10:
        items = [fit(t[2], one) for one in value] if isinstance(value, list) else [ERROR]
        return ERROR if ERROR in items or len(items) > t[1] else items
    if not isinstance(value, dict) or len(value) > t[1]:
        return ERROR
    made = {fit(t[2], key): fit(t[3], one) for key, one in value.items()}
    return ERROR if ERROR in made or any(one is ERROR for one in made.values()) else made


def find(path, t, source):
    """I-3: (True, value) or (False, why not)."""
    at = source
    for part in segments(path):
        if not isinstance(at, dict):
            return False, 1
        at = at.get(part)
    if at is None:
        return False, 0
    value = fit(t, at)
    return (False, 2) if value is ERROR else (True, value)


def write(found):
    """I-1, I-2, I-5, I-6."""
    buffer = bytearray(16 * len(found))

    def slot(at, tag, length, payload):
        buffer[at : at + 16] = bytes([tag, 0, 0, 0]) + length.to_bytes(4, "little") + payload.to_bytes(8, "little", signed=True)

    def block(size):
        at = len(buffer)
        buffer.extend(bytes((size + 7) // 8 * 8))
        return at

    def put(at, value):
        if isinstance(value, bool):
            slot(at, 2, 0, int(value))
        elif isinstance(value, int):
            slot(at, 3, 0, value)
        elif isinstance(value, str):
            data = value.encode()
            start = block(len(data))
            buffer[start : start + len(data)] = data
            slot(at, 8, len(data), start)
        else:
            entries = value if isinstance(value, list) else [one for key in sorted(value) for one in (key, value[key])]
            start = block(16 * len(entries))
            slot(at, 10 if isinstance(value, list) else 11, len(value), start)
            for i, one in enumerate(entries):
                put(start + 16 * i, one)

    for i, (there, value) in enumerate(found):
        put(16 * i, value) if there else slot(16 * i, 0, 0, value)
    return bytes(buffer)


def parse_type(text):
    name, _, rest = text.replace(" ", "").partition("(")
    if not rest:
        return {"bool": BOOL, "int": INT}[name]
    parts, depth = [""], 0
    for char in rest[:-1]:
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    if name == "string":
        return (8, int(parts[0]))
    return ({"list": 10, "map": 11}[name], int(parts[-1]), *(parse_type(part) for part in parts[:-1]))


def main():
    checks = 0

    def check(holds, what):
        nonlocal checks
        checks += 1
        assert holds, what

    rules = json.loads((VECTORS / "rule-ir.json").read_text())
    for rule in rules["positive"]:
        source, data = rule["source"], bytes.fromhex(rule["bytes"])
        check(tagged("rule", data).hex() == rule["id"], f"identity of {source}")
        check(canonical(data) == data, f"canonical form of {source}")
        inputs, consts, nodes, out = lift(data)
        check(settle(nodes, inputs, consts) == (rule["gas"], rule["arena_bytes"]), f"gas and arena of {source}")
        check(sum(16 + B(t) for _, t in inputs) == rule["input_bytes"], f"inputs of {source}")
        size = sum(16 + (B((8, len(one.encode()))) if isinstance(one, str) else 0) for one in consts)
        check(size == rule["const_bytes"], f"constants of {source}")
        for given, case in zip(rules["sources"], rule["cases"], strict=True):
            found = [find(path, t, given) for path, t in inputs]
            check(write(found).hex() == case["buffer"], f"buffer of {source}")
            check(three(evaluate(out, consts, found, {})) == case["answer"], f"answer of {source}")
    for refused in rules["negative"]:
        if refused["fault"] == "rule_not_canonical":
            data = bytes.fromhex(refused["bytes"])
            check(canonical(data) != data, refused["name"])
    for vector in json.loads((VECTORS / "input.json").read_text())["positive"]:
        found = [find(path, parse_type(text), vector["source"]) for path, text in vector["inputs"].items()]
        check(write(found).hex() == vector["buffer"], f"buffer of {vector['inputs']}")
    print(f"rule-ir, input: {checks} checks")


if __name__ == "__main__":
    main()
