"""Recomputes the vectors of the machine's pages with Python's standard library, from the pages alone.

transaction (X), receipt (P), header (B), block (K), genesis (G), state (Y), decision (D), bundle (V). A small reader of
canonical CBOR and the trees are here again; rules are not run: their results are taken from the vectors and joined.
"""

import json
import pathlib
import re
import struct
import sys
from hashlib import sha256

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
unhex = bytes.fromhex
checked = 0
U53 = 2**53 - 1
NAME = re.compile(r"[a-z][a-z0-9._/-]{0,63}")
VERDICTS = ["none", "allow", "deny", "escalate"]
MODES = ["floor", "enforce", "observe"]
CAUSES = ["failed", "fault", "breaker", "halt", "gas", "memory", "stack", "unauthorised", "trap"]
# D-5, P-3: the causes of results; traps (16 and more) by their numbers
OF_RESULT = {0: 0, 1: 1, 3: 2, 4: 3} | {16 + trap: {3: 4, 4: 5, 5: 6, 6: 7}.get(trap, 8) for trap in range(1, 13)}


class Refused(Exception):
    pass


def expect(what, got, wanted):
    global checked
    checked += 1
    if got != wanted:
        sys.exit(f"machine.py: {what}: got {got}, the vector says {wanted}")


def refuses(what, run):
    """The vector's slug names one implementation's reason; here it is enough that there is one."""
    global checked
    checked += 1
    try:
        run()
    except (Refused, UnicodeDecodeError):
        return
    sys.exit(f"machine.py: {what}: it is accepted")


def demand(condition, why="malformed"):
    if not condition:
        raise Refused(why)


def tagged(tag, *parts):
    name = f"ava.{tag}.v1".encode()
    return sha256(bytes([len(name)]) + name + b"".join(parts)).digest()


# --- CBOR (C): canonical only ---------------------------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        demand(self.at + count <= len(self.data), "truncated")
        self.at += count
        return self.data[self.at - count : self.at]

    def head(self):
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        demand(info < 28)
        if info < 24:
            return major, info, info
        size = 1 << (info - 24)
        value = int.from_bytes(self.take(size), "big")
        demand(major == 7 or value >= (24 if size == 1 else 1 << (4 * size)), "not shortest")
        return major, info, value

    def value(self, depth=0):
        major, info, n = self.head()
        if major == 0:
            return n
        if major == 1:
            return -1 - n
        if major == 2:
            return self.take(n)
        if major == 3:
            return self.take(n).decode()
        demand(major != 6, "tag")
        if major == 4:
            demand(depth < 16 and n <= len(self.data) - self.at)
            return [self.value(depth + 1) for _ in range(n)]
        if major == 5:
            demand(depth < 16 and n <= len(self.data) - self.at)
            out, last = {}, None
            for _ in range(n):
                start = self.at
                key = self.value(16)
                demand(isinstance(key, str) and key != "__proto__")
                raw = self.data[start : self.at]
                demand(last is None or (len(raw), raw) > (len(last), last), "key order")
                last = raw
                out[key] = self.value(depth + 1)
            return out
        demand(info in (20, 21, 22, 25, 26, 27))
        if info < 25:
            return {20: False, 21: True, 22: None}[info]
        size = 1 << (info - 24)
        number = struct.unpack({2: ">e", 4: ">f", 8: ">d"}[size], n.to_bytes(size, "big"))[0]
        demand(number == number and abs(number) != float("inf") and not number.is_integer())
        return number


def decode(data):
    reader = Reader(data)
    value = reader.value()
    demand(reader.at == len(data), "trailing")
    return value


def head(major, n):
    if n < 24:
        return bytes([major << 5 | n])
    size = 1 if n < 256 else 2 if n < 65536 else 4 if n < 2**32 else 8
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + n.to_bytes(size, "big")


def encode(value):
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        raw = value.encode()
        return head(3, len(raw)) + raw
    if isinstance(value, dict):
        pairs = sorted(((encode(key), encode(item)) for key, item in value.items()), key=lambda pair: (len(pair[0]), pair[0]))
        return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
    assert isinstance(value, list)
    return head(4, len(value)) + b"".join(map(encode, value))


# --- fields ---------------------------------------------------------------------------------------------------------


def u53(value):
    demand(type(value) is int and 0 <= value <= U53)


def blob(length=None, most=None):
    def check(value):
        demand(isinstance(value, bytes) and (length is None or len(value) == length) and (most is None or len(value) <= most))

    return check


def text(most=256):
    return lambda value: demand(isinstance(value, str) and len(value.encode()) <= most)


def name(value):
    demand(isinstance(value, str) and NAME.fullmatch(value) is not None)


def boolean(value):
    demand(value is True or value is False)


def below(count):
    return lambda value: demand(type(value) is int and 0 <= value < count)


def exactly(number):
    return lambda value: demand(type(value) is int and value == number)


def nullable(field):
    return lambda value: None if value is None else field(value)


def anything(_):
    pass


def table(*fields):
    def check(value):
        demand(isinstance(value, list) and len(value) == len(fields))
        for field, item in zip(fields, value):
            field(item)

    return check


def many(field, most):
    def check(value):
        demand(isinstance(value, list) and len(value) <= most)
        for item in value:
            field(item)

    return check


# --- trees (M) ------------------------------------------------------------------------------------------------------


def leaf(data):
    return sha256(b"\0" + data).digest()


def node(left, right):
    return sha256(b"\1" + left + right).digest()


def root(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(root(leaves[:split]), root(leaves[split:]))


def bit(path, depth):
    return path[depth // 8] >> (7 - depth % 8) & 1


def sparse(entries, depth=0):
    if not entries:
        return bytes(32)
    if len(entries) == 1:
        return tagged("sparse-leaf", *entries[0])
    sides = [[entry for entry in entries if bit(entry[0], depth) == side] for side in (0, 1)]
    return tagged("sparse-node", sparse(sides[0], depth + 1), sparse(sides[1], depth + 1))


def included(at, index, size, proof):
    """RFC 9162 §2.1.3.2."""
    demand(index < size)
    fn, sn = index, size - 1
    for sibling in proof:
        demand(sn != 0)
        if fn & 1 or fn == sn:
            at = node(sibling, at)
            while not fn & 1 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            at = node(at, sibling)
        fn, sn = fn >> 1, sn >> 1
    demand(sn == 0)
    return at


# --- Ed25519 (RFC 8032 §5.1) ----------------------------------------------------------------------------------------

P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def point(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    demand((x * x - x2) % P == 0 and y < P and (x != 0 or sign == 0))
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def add(a, b):
    s, t = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    u, v = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = t - s, v - u, v + u, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    out = (0, 1, 1, 0)
    while n:
        if n & 1:
            out = add(out, p)
        p, n = add(p, p), n >> 1
    return out


def unpack(raw):
    y = int.from_bytes(raw, "little")
    return point(y & (2**255 - 1), y >> 255)


BASE = point(4 * pow(5, P - 2, P) % P, 0)


def verify(public, message, signature):
    from hashlib import sha512

    demand(len(signature) == 64)
    s = int.from_bytes(signature[32:], "little")
    demand(s < Q)
    low = times(8, unpack(public))
    demand(low[0] % P != 0 or (low[1] - low[2]) % P != 0, "S-4")
    h = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % Q
    a, b = times(s, BASE), add(unpack(signature[:32]), times(h, unpack(public)))
    demand((a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0, "signature")


def signed(purpose, network, suite, digest):
    tag = f"ava.sig.{purpose}.v1".encode()
    return bytes([len(tag)]) + tag + network + suite.to_bytes(2, "big") + digest


# --- transactions (X) -----------------------------------------------------------------------------------------------

hash32, id16 = blob(32), blob(16)
PAYLOADS = {
    0: table(many(hash32, 256)),
    1: table(text(), below(4), id16),
    2: table(id16, hash32),
    3: table(id16, name, nullable(text()), text(), hash32, boolean),
    4: table(id16, boolean, hash32),
    5: table(name),
    6: table(name, u53, text(512)),
    7: table(name),
    9: table(id16, boolean, text(512)),
    10: table(text(), u53, blob(most=65), text(), text(), u53),
    11: table(name, below(3), u53, text(512)),
}


def i64(value):
    demand(type(value) is int and -(2**63) <= value < 2**63)


PAYLOADS[8] = table(id16, name, nullable(text()), text(), hash32, boolean, id16)
PAYLOADS[12] = table(id16, boolean, hash32, many(table(text(), i64), 32))


def is_map(value):
    demand(isinstance(value, dict))


def is_text(value):
    demand(isinstance(value, str))


SIDECARS = {2: table(id16, is_text), 3: table(id16, is_map, nullable(is_map)), 4: table(id16, anything, nullable(is_text))}
SIDECARS |= {8: SIDECARS[3], 12: SIDECARS[4]}
COMMITMENT = {2: 1, 3: 4, 4: 2, 8: 4, 12: 2}
AUTHS = many(table(u53, hash32, blob(most=8192)), 64)


def check_body(body, network):
    demand(isinstance(body, list) and len(body) == 7)
    exactly(1)(body[0])
    demand(body[1] == network, "another network")
    demand(type(body[2]) is int and body[2] in PAYLOADS, "unknown kind")
    hash32(body[3])
    u53(body[4])
    u53(body[5])
    PAYLOADS[body[2]](body[6])


def check_sidecar(body, raw):
    demand(body[2] in SIDECARS and len(raw) <= 196608)
    demand(tagged("args", raw) == body[6][COMMITMENT[body[2]]], "another sidecar")
    SIDECARS[body[2]](decode(raw))


def read_wire(raw, network):
    wire = decode(raw)
    demand(isinstance(wire, list) and len(wire) == 3)
    check_body(wire[0], network)
    AUTHS(wire[1])
    if wire[2] is None:
        demand(wire[0][2] not in SIDECARS, "no sidecar")
    else:
        blob()(wire[2])
        check_sidecar(wire[0], wire[2])
    return wire


def transactions(data):
    network = unhex(data["network"])
    for v in data["positive"]:
        what = f"transaction {v['kind']} {v['seq']}"
        body, auths, side = read_wire(unhex(v["wire"]), network)
        expect(what, encode(body).hex(), v["body"])
        expect(f"{what}: tx_id", tagged("tx", unhex(v["body"])).hex(), v["tx_id"])
        expect(f"{what}: fields", [body[2], body[3].hex(), body[4], body[5], len(auths)], [v["kind"], v["sender"], v["seq"], v["valid_until_ms"], v["signed"]])
        if v["commitment"] is not None:
            expect(f"{what}: commitment", tagged("args", unhex(v["sidecar"])).hex(), v["commitment"])
            expect(f"{what}: sidecar", side.hex(), v["sidecar"])
    for v in data["negative"]:
        refuses(f"transaction: {v['clause']} {v['why']}", lambda: read_wire(unhex(v["wire"]), network))


# --- receipts (P) ---------------------------------------------------------------------------------------------------

REASON = table(name, below(4), below(9), below(3))
VALUE = table(text(128), text(64), below(10), nullable(table(u53, u53)))
REASON_2 = table(name, below(4), below(9), below(3), many(VALUE, 4))
RECEIPT = table(exactly(1), hash32, below(4), boolean, many(REASON, 256), many(anything, 16), u53, u53, nullable(hash32), nullable(hash32), nullable(id16), u53, u53)

RECEIPT_2 = table(exactly(2), hash32, below(4), boolean, many(REASON_2, 256), many(anything, 16), u53, u53, nullable(hash32), nullable(hash32), nullable(id16), nullable(id16), u53, u53)


def check_receipt(receipt):
    demand(isinstance(receipt, list) and len(receipt) > 0 and receipt[0] in (1, 2))
    if receipt[0] == 1:
        return RECEIPT(receipt)
    RECEIPT_2(receipt)
    # P-5: the lowest version that holds it
    demand(receipt[11] is not None or any(reason[4] for reason in receipt[4]))


def read_entry(raw, network):
    demand(len(raw) <= 65535)
    entry = decode(raw)
    demand(isinstance(entry, list) and len(entry) == 3)
    check_body(entry[0], network)
    AUTHS(entry[1])
    check_receipt(entry[2])
    demand(tagged("tx", encode(entry[0])) == entry[2][1], "another transaction")
    return entry


def receipts(data):
    network = unhex(data["network"])
    for v in data["positive"]:
        raw = unhex(v["entry"])
        receipt = read_entry(raw, network)[2]
        hexed = [field.hex() if isinstance(field, bytes) else field for field in receipt]
        wanted = [v["version"], v["tx_id"], VERDICTS.index(v["verdict"]), v["enforced"], v["reasons"], [], v["constitution"], v["gas"], v["inputs_hash"], v["trace"], v["permit"]] + ([] if v["version"] == 1 else [v["approval"]]) + [v["height"], v["index"]]
        hexed[4] = len(hexed[4])
        expect(f"receipt {v['height']}.{v['index']}", hexed, wanted)
        expect(f"receipt {v['height']}.{v['index']}: leaf", leaf(raw).hex(), v["leaf"])
    for v in data["negative"]:
        refuses(f"receipt: {v['clause']} {v['why']}", lambda: read_entry(unhex(v["entry"]), network))


# --- headers and blocks (B, K) --------------------------------------------------------------------------------------

WORDS = ["", "network", "height", "time_ms", "prev_hash", "seal_ref", "validators_root", "rules_root", "state_root", "facts_digest", "entries_root", "log_size", "log_root", "outbox_root", "verdicts", "gas_used", "amendments_root", "schedule"]
NUMBERS = {2, 3, 11, 15}


def read_header(raw):
    demand(len(raw) == 576)
    words = [raw[32 * i : 32 * i + 32] for i in range(18)]
    demand(words[0] == b"ava.header.v1".ljust(32, b"\0"), "another version")
    out = {}
    for i in range(1, 18):
        if i in NUMBERS:
            out[WORDS[i]] = int.from_bytes(words[i], "big")
            demand(out[WORDS[i]] <= U53)
        elif i == 14:
            out["verdicts"] = list(struct.unpack(">4Q", words[i]))
            demand(all(count <= U53 for count in out["verdicts"]))
        else:
            out[WORDS[i]] = words[i].hex()
    return out


def headers(data):
    entries, previous, height, time_ms = [], bytes(32).hex(), 0, 0
    for v in data["positive"]:
        what = f"header {v['height']}"
        header = read_header(unhex(v["bytes"]))
        expect(what, header, {key: v[key] for key in header})
        expect(f"{what}: hash", tagged("header", unhex(v["bytes"])).hex(), v["hash"])
        expect(f"{what}: prev_hash", header["prev_hash"], previous)
        expect(f"{what}: follows", (header["height"], header["time_ms"] >= time_ms), (height + 1, True))
        leaves = [leaf(unhex(entry)) for entry in v["entries"]]
        entries += leaves
        expect(f"{what}: entries_root", root(leaves).hex(), header["entries_root"])
        expect(f"{what}: log", (len(entries), root(entries).hex()), (header["log_size"], header["log_root"]))
        found = [decode(unhex(entry))[2] for entry in v["entries"]]
        expect(f"{what}: verdicts", [sum(receipt[2] == k for receipt in found) for k in range(4)], header["verdicts"])
        expect(f"{what}: gas", sum(receipt[7] for receipt in found), header["gas_used"])
        expect(f"{what}: places", [receipt[-2:] for receipt in found], [[header["height"], i] for i in range(len(found))])
        s = v["signed"]
        verify(unhex(s["public"]), signed("header", unhex(header["network"]), s["suite"], unhex(v["hash"])), unhex(s["signature"]))
        previous, height, time_ms = v["hash"], header["height"], header["time_ms"]
    for v in data["negative"]:
        refuses(f"header: {v['clause']} {v['why']}", lambda: read_header(unhex(v["bytes"])))


# --- genesis (G) ----------------------------------------------------------------------------------------------------

VALIDATOR = table(hash32, text(), u53, hash32, u53)
RULE = table(blob(most=65536), blob(most=4194304))
GENESIS = table(exactly(1), text(), u53, below(2), below(2), many(VALIDATOR, 256), table(name, u53, below(2), many(RULE, 256), blob(most=1048576)))


def read_genesis(raw):
    genesis = decode(raw)
    GENESIS(genesis)
    validators = genesis[5]
    demand(len(validators) > 0 and (genesis[4] == 1 or len(validators) == 1))
    for field in (0, 1):
        demand(len({validator[field] for validator in validators}) == len(validators))
    demand(all(validator[4] > 0 for validator in validators))
    return genesis


def word(value):
    return value.to_bytes(32, "big") if isinstance(value, int) else value.ljust(32, b"\0")


def law_roots(genesis, rules):
    """`rules`: name and gas of each, which only a compiler knows."""
    constitution = genesis[6]
    leaves = []
    for i, (manifest, program) in enumerate(constitution[3]):
        rule, gas = rules[i]
        leaves.append(b"".join(map(word, (b"ava.rule.v1", tagged("name", rule.encode()), tagged("rule", program), tagged("manifest", manifest), gas, i))))
    validators = [b"".join(map(word, (b"ava.validator.v1", v[0], tagged("key", v[2].to_bytes(2, "big"), v[3]), v[4]))) for v in genesis[5]]
    tree = {"constitution": encode([constitution[0], constitution[1], ["allow", "deny"][constitution[2]]]), "tools": encode([tagged("tools", constitution[4])])}
    tree |= {f"rule/{rules[i][0]}": at for i, at in enumerate(leaves)}
    tree |= {f"validator/{genesis[5][i][1]}": at for i, at in enumerate(validators)}
    state = sparse([(tagged("law", key.encode()), tagged("law", value)) for key, value in tree.items()])
    return leaves, root([leaf(at) for at in leaves]), root([leaf(at) for at in validators]), state


def schedule(ir, facet, codec, profile=None, gas=None, instrumenter=None):
    """G-9: the first, or with the later versions the second; `gas` is a gas schedule (VM-9)."""
    versions = ["ir", ir, "facet", facet, "codec", codec]
    if gas is not None:
        versions += ["profile", profile, "gas", tagged("gas", encode([gas["version"], gas["costs"]])), "instrumenter", instrumenter]
    return tagged("schedule", encode(versions))


def genesis_vectors(data):
    for v in data["positive"]:
        raw = unhex(v["bytes"])
        genesis = read_genesis(raw)
        expect("genesis: network", tagged("genesis", raw).hex(), v["network"])
        leaves, rules_root, validators_root, state_root = law_roots(genesis, [(rule["name"], rule["gas"]) for rule in v["rules"]])
        expect("genesis: leaves", [at.hex() for at in leaves], [rule["leaf"] for rule in v["rules"]])
        expect("genesis: ids", [tagged("rule", program).hex() for _, program in genesis[6][3]], [rule["id"] for rule in v["rules"]])
        expect("genesis: roots", [rules_root.hex(), validators_root.hex(), state_root.hex()], [v["rules_root"], v["validators_root"], v["state_root"]])
        expect("genesis: schedule", schedule(**v["versions"]).hex(), v["schedule"])
    for v in data["negative"]:
        # G-5 is the compiler's to refuse
        if v["clause"] != "G-5":
            refuses(f"genesis: {v['clause']} {v['why']}", lambda: read_genesis(unhex(v["bytes"])))


# --- facts (Y) ------------------------------------------------------------------------------------------------------


def keys(value):
    demand(isinstance(value, bytes) and len(value) % 8 == 0 and len(value) <= 32768)


FACTS = {
    "s": table(exactly(0), text(), u53, u53, u53, u53, u53, u53, boolean, u53, many(text(), 16), u53, keys, many(id16, 16)),
    "w": table(exactly(0), u53, u53, u53, keys),
    "p": table(exactly(0), id16, hash32, u53, u53, u53, below(4), nullable(text()), text(), below(4), many(table(blob(33), u53, i64, text()), 32)),
    "u": table(exactly(0), u53, u53, many(table(u53, i64), 66)),
    "q": table(exactly(0), u53, u53),
    "b": table(exactly(0), u53, u53),
    "f": table(exactly(0), u53, many(u53, 64)),
    "o": table(exactly(0), u53, u53, u53),
    "t": table(exactly(0), u53, many(table(hash32, u53), 256)),
    "h": table(exactly(0), u53, u53, hash32, text(512)),
    "m": table(exactly(0), u53, u53, hash32, below(3), text(512)),
    "a": table(exactly(0), u53, below(5), id16, u53, hash32, u53, u53, hash32, many(name, 256), keys, nullable(table(boolean, text(512), hash32, u53))),
    "v": table(exactly(0), u53, text(), u53, blob(most=65), text(), text()),
}


def read_fact(key, raw):
    letter = chr(key[0])
    demand(letter in FACTS)
    FACTS[letter](decode(raw))


def states(data):
    before = bytes(32).hex()
    for v in data["positive"]:
        what = f"facts of block {v['height']}"
        writes = sorted((unhex(key), None if value is None else unhex(value)) for key, value in v["writes"])
        for key, value in writes:
            if value is not None:
                read_fact(key, value)
        expect(f"{what}: previous", v["previous"], before)
        body = encode([[key, value] for key, value in writes]) if writes else b""
        expect(what, tagged("facts", unhex(before), body).hex(), v["digest"])
        before = v["digest"]
    for v in data["negative"]:
        refuses(f"fact: {v['clause']} {v['why']}", lambda: read_fact(unhex(v["key"]), unhex(v["value"])))


# --- decisions (D) --------------------------------------------------------------------------------------------------

RANK = {"none": 0, "allow": 1, "escalate": 2, "deny": 3}


def decisions(data):
    for i, v in enumerate(data["positive"]):
        what = f"decision {i}"
        inputs, trace, gas, reasons = b"", b"", 0, []
        verdict = would = "none"
        for rule in v["rules"]:
            trace += struct.pack(">HBQ", rule["index"], rule["result"], rule["gas"])
            if rule["buffer"] is not None:
                buffer = unhex(rule["buffer"])
                inputs += struct.pack(">HI", rule["index"], len(buffer)) + buffer
                gas += rule["gas"]
            result = rule["result"]
            answer = {0: rule["otherwise"], 2: "allow" if rule["grants"] else "none", 4: "deny"}.get(result, rule["on_fault"])
            # D-16: what an approval answers counts as allow
            counts = "allow" if answer == "escalate" and rule.get("answered") else answer
            if rule["mode"] != "observe":
                verdict = max(verdict, counts, key=RANK.get)
            would = max(would, counts, key=RANK.get)
            if result != 2:
                reasons.append([rule["name"], answer, CAUSES[OF_RESULT[result]], rule["mode"]])
        verdict = v["default"] if verdict == "none" else verdict
        would = v["default"] if would == "none" else would
        expect(f"{what}: verdict", [verdict, RANK[would] <= RANK[verdict], gas, reasons], [v["verdict"], v["enforced"], v["gas"], v["reasons"]])
        expect(f"{what}: inputs_hash", tagged("inputs", inputs).hex(), v["inputs_hash"])
        expect(f"{what}: trace", tagged("trace", trace).hex(), v["trace"])
        if v["witness"] is not None:
            witness = decode(unhex(v["witness"]))
            for kind, result in (("breaker.", 3), ("halt.", 4)):
                stopped = {kind + rule["name"] for rule in v["rules"] if rule["result"] == result}
                # of rules that guests call there may be others (D-9)
                scoped = {kind + rule["name"] for rule in v["rules"]}
                expect(f"{what}: {kind}", scoped & set(witness), stopped)


# --- bundles (V) ----------------------------------------------------------------------------------------------------

BUNDLE = table(exactly(1), blob(most=16777216), blob(576), u53, hash32, blob(most=8192), u53, u53, many(hash32, 64), blob(most=65535), nullable(blob(most=196608)), nullable(blob(most=131072)))


def read_bundle(raw, network, rules):
    """All but V-5's recomputation, which runs rules."""
    bundle = decode(raw)
    BUNDLE(bundle)
    _, genesis_raw, header_raw, suite, key, signature, size, index, proof, entry_raw, side, _witness = bundle
    demand(tagged("genesis", genesis_raw) == network)
    genesis, header = read_genesis(genesis_raw), read_header(header_raw)
    demand(unhex(header["network"]) == network)
    signers = [v for v in genesis[5] if v[2] == suite and tagged("key", v[2].to_bytes(2, "big"), v[3]) == key]
    demand(len(signers) == 1, "signer")
    verify(signers[0][3], signed("header", network, suite, tagged("header", header_raw)), signature)
    demand(size == sum(header["verdicts"]))
    demand(included(leaf(entry_raw), index, size, proof).hex() == header["entries_root"])
    entry = read_entry(entry_raw, network)
    demand(entry[2][-2:] == [header["height"], index])
    _, rules_root, validators_root, state_root = law_roots(genesis, rules)
    demand([header["rules_root"], header["validators_root"], header["state_root"]] == [rules_root.hex(), validators_root.hex(), state_root.hex()])
    if side is not None:
        check_sidecar(entry[0], side)
    return header, entry


def bundles(data, law):
    rules = [(rule["name"], rule["gas"]) for rule in law["positive"][0]["rules"]]
    network = unhex(law["positive"][0]["network"])
    for v in data["positive"]:
        header, entry = read_bundle(unhex(v["bytes"]), unhex(v["network"]), rules)
        expect(f"bundle {v['index']}", [header["height"], entry[2][-1], VERDICTS[entry[2][2]]], [v["height"], v["index"], v["verdict"]])
    for v in data["negative"]:
        if "witness" not in v["why"]:
            refuses(f"bundle: {v['clause']} {v['why']}", lambda: read_bundle(unhex(v["bytes"]), network, rules))


def chain(data):
    """A chain of its own: what it shows is right in all respects."""
    parts = {key: {"network": data["network"], "positive": data[key], "negative": []} for key in data if key != "network"}
    for check, key in ((transactions, "transaction"), (receipts, "receipt"), (headers, "header"), (genesis_vectors, "genesis"), (states, "state"), (decisions, "decision")):
        check(parts[key])
    bundles(parts["bundle"], parts["genesis"])


def load(page):
    return json.loads((VECTORS / f"{page}.json").read_text())


if __name__ == "__main__":
    transactions(load("transaction"))
    receipts(load("receipt"))
    headers(load("header"))
    genesis_vectors(load("genesis"))
    states(load("state"))
    decisions(load("decision"))
    bundles(load("bundle"), load("genesis"))
    chain(load("stop"))
    print(f"machine.py: {checked} checks")
