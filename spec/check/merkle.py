"""Recomputes spec/vectors/merkle.json with Python's standard library: the clauses of spec/merkle.md.

Written from RFC 9162, the C2SP texts and the page, recursively where src/ walks bits; Ed25519 from RFC 8032.
"""

import base64
import binascii
import json
import pathlib
import re
import sys
import unicodedata
from hashlib import sha256, sha512

DATA = json.loads((pathlib.Path(__file__).resolve().parent.parent / "vectors" / "merkle.json").read_text())
unhex = bytes.fromhex
checked = 0

# The roots that Certificate Transparency's reference tests publish for the first eight leaves.
CT_ROOTS = """
6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d
fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125
aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77
d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7
4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4
76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef
ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c
5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328
""".split()


class Refused(Exception):
    pass


def expect(what, got, wanted):
    global checked
    checked += 1
    if got != wanted:
        sys.exit(f"merkle.py: {what}: got {got}, the vector says {wanted}")


def refuses(what, fault, run):
    global checked
    checked += 1
    try:
        run()
    except Refused as error:
        if str(error) != fault:
            sys.exit(f"merkle.py: {what}: refused as {error}, the vector says {fault}")
        return
    sys.exit(f"merkle.py: {what}: was accepted")


def demand(condition, fault):
    if not condition:
        raise Refused(fault)


# -- trees and proofs (RFC 9162, section 2.1)

def node(left, right):
    return sha256(b"\1" + left + right).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(mth(leaves[:k]), mth(leaves[k:]))


def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return path(m, leaves[:k]) + [mth(leaves[k:])] if m < k else path(m - k, leaves[k:]) + [mth(leaves[:k])]


def subproof(m, leaves, known):
    if m == len(leaves):
        return [] if known else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return subproof(m, leaves[:k], known) + [mth(leaves[k:])]
    return subproof(m - k, leaves[k:], False) + [mth(leaves[:k])]


def root_of_path(leaf, m, n, proof):
    """The root that a proof leads to, from the top of the tree down."""
    if n == 1:
        demand(not proof, "proof_range")
        return leaf
    demand(proof, "proof_range")
    k = split(n)
    if m < k:
        return node(root_of_path(leaf, m, k, proof[:-1]), proof[-1])
    return node(proof[-1], root_of_path(leaf, m - k, n - k, proof[:-1]))


def check_inclusion(v):
    proof, leaf, root = [unhex(h) for h in v["proof"]], unhex(v["leaf"]), unhex(v["root"])
    demand(0 <= v["index"] < v["size"] < 2**53, "proof_range")
    demand(all(len(h) == 32 for h in proof + [leaf, root]), "proof_range")
    demand(root_of_path(leaf, v["index"], v["size"], proof) == root, "proof_mismatch")


def roots_of_subproof(m, n, proof, known, old):
    """Both roots, of the first m and of all n leaves, that a proof leads to."""
    if m == n:
        if known:
            demand(not proof, "proof_range")
            return old, old
        demand(len(proof) == 1, "proof_range")
        return proof[0], proof[0]
    demand(proof, "proof_range")
    k = split(n)
    if m <= k:
        first, second = roots_of_subproof(m, k, proof[:-1], known, old)
        return first, node(second, proof[-1])
    first, second = roots_of_subproof(m - k, n - k, proof[:-1], False, old)
    return node(proof[-1], first), node(proof[-1], second)


def check_consistency(v):
    proof, old, new = [unhex(h) for h in v["proof"]], unhex(v["from_root"]), unhex(v["root"])
    demand(0 <= v["from"] <= v["size"] < 2**53, "proof_range")
    demand(all(len(h) == 32 for h in proof + [old, new]), "proof_range")
    if v["from"] in (0, v["size"]):
        demand(not proof, "proof_range")
        demand(old == (mth([]) if v["from"] == 0 else new), "proof_mismatch")
        return
    first, second = roots_of_subproof(v["from"], v["size"], proof, True, old)
    demand(first == old and second == new, "proof_mismatch")


def frontier(leaves):
    """M-4 in CBOR, for sizes below 24 x 2^8."""
    peaks, rest = [], leaves
    while rest:
        k = 1 << (len(rest).bit_length() - 1)
        peaks.append(mth(rest[:k]))
        rest = rest[k:]
    size = len(leaves)
    head = bytes([size]) if size < 24 else bytes([0x18, size])
    return b"\x82" + head + bytes([0x80 | len(peaks)]) + b"".join(b"\x58\x20" + peak for peak in peaks)


tree = DATA["tree"]
leaves = [sha256(b"\0" + unhex(entry)).digest() for entry in tree["entries"]]
for i, root in enumerate(CT_ROOTS):
    expect(f"CT root {i + 1}", mth(leaves[: i + 1]).hex(), root)
for v in tree["roots"]:
    expect(f"M-2 {v['size']}", mth(leaves[: v["size"]]).hex(), v["root"])
    expect(f"M-4 {v['size']}", frontier(leaves[: v["size"]]).hex(), v["frontier"])
for v in tree["inclusion"]:
    expect("M-5", [h.hex() for h in path(v["index"], leaves[: v["size"]])], v["proof"])
    expect("M-6", check_inclusion(v), None)
for v in tree["consistency"]:
    wanted = [] if v["from"] in (0, v["size"]) else subproof(v["from"], leaves[: v["size"]], True)
    expect("M-7", [h.hex() for h in wanted], v["proof"])
    expect("M-8", check_consistency(v), None)
for v in tree["inclusion_negative"]:
    refuses(f"M-6 {v['why']}", v["fault"], lambda: check_inclusion(v))
for v in tree["consistency_negative"]:
    refuses(f"M-8 {v['why']}", v["fault"], lambda: check_consistency(v))


# -- the compact sparse tree

EMPTY = bytes(32)


def tagged(tag, data):
    name = f"ava.{tag}.v1".encode()
    return sha256(bytes([len(name)]) + name + data).digest()


def bit(key, depth):
    return key[depth // 8] >> (7 - depth % 8) & 1


def sparse_root(entries, depth=0):
    if not entries:
        return EMPTY
    if len(entries) == 1:
        return tagged("sparse-leaf", entries[0][0] + entries[0][1])
    sides = [[e for e in entries if bit(e[0], depth) == side] for side in (0, 1)]
    return tagged("sparse-node", sparse_root(sides[0], depth + 1) + sparse_root(sides[1], depth + 1))


def check_sparse(v):
    siblings, other = [unhex(h) for h in v["proof"]["siblings"]], v["proof"]["other"]
    key, value = unhex(v["path"]), v["value"]
    demand(len(siblings) <= 256 and all(len(h) == 32 for h in siblings), "proof_range")
    if value is not None:
        demand(other is None, "proof_range")
        at = tagged("sparse-leaf", key + unhex(value))
    elif other is not None:
        there, held = map(unhex, other)
        demand(there != key and all(bit(there, d) == bit(key, d) for d in range(len(siblings))), "proof_range")
        at = tagged("sparse-leaf", there + held)
    else:
        at = EMPTY
    demand(not siblings or siblings[-1] != EMPTY, "proof_range")
    for depth in reversed(range(len(siblings))):
        pair = (at, siblings[depth]) if bit(key, depth) == 0 else (siblings[depth], at)
        at = tagged("sparse-node", pair[0] + pair[1])
    demand(at.hex() == v["root"], "proof_mismatch")


def cbor_proof(proof):
    siblings = [b"\xf6" if unhex(h) == EMPTY else b"\x58\x20" + unhex(h) for h in proof["siblings"]]
    count = len(siblings)
    head = bytes([0x80 | count]) if count < 24 else bytes([0x98, count]) if count < 256 else b"\x99\x01\x00"
    other = proof["other"]
    return b"\x82" + head + b"".join(siblings) + (b"\xf6" if other is None else b"\x82" + b"".join(b"\x58\x20" + unhex(h) for h in other))


for v in DATA["sparse"]["maps"]:
    expect("M-13", sparse_root([(unhex(k), unhex(x)) for k, x in v["entries"]]).hex(), v["root"])
for v in DATA["sparse"]["proofs"]:
    expect("M-15", check_sparse(v), None)
    expect("M-16", cbor_proof(v["proof"]).hex(), v["encoded"])
for v in DATA["sparse"]["negative"]:
    refuses(f"M-15 {v['why']}", v["fault"], lambda: check_sparse(v))


# -- notes

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
L = 2**252 + 27742317777372353535851937790883648493


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    return (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P) % P


def times(n, point):
    out = (0, 1)
    while n:
        if n & 1:
            out = add(out, point)
        point, n = add(point, point), n >> 1
    return out


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    demand((x * x - square) % P == 0, "note_unsigned")
    return (P - x if x & 1 != sign else x), y


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signature_holds(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    k = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % L
    return s < L and times(s, BASE) == add(point_of(signature[:32]), times(k, point_of(key)))


def unbase64(text, fault="note_malformed"):
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(fault) from None
    demand(base64.b64encode(data).decode() == text, fault)
    return data


def is_name(name):
    return 0 < len(name) <= 255 and "+" not in name and not any(c.isspace() or unicodedata.category(c) == "Cc" for c in name)


def key_id(name, key):
    return sha256(name.encode() + b"\n\1" + key).digest()[:4]


def parse_vkey(vkey):
    parts = vkey.split("+", 2)
    demand(len(parts) == 3 and is_name(parts[0]) and re.fullmatch("[0-9a-f]{8}", parts[1]), "note_malformed")
    data = unbase64(parts[2])
    demand(len(data) == 33 and data[0] == 1 and key_id(parts[0], data[1:]).hex() == parts[1], "note_malformed")
    return parts[0], data[1:]


def open_checkpoint(note, name, key):
    demand(len(note.encode()) <= 65536 and note.endswith("\n") and "\n\n" in note, "note_malformed")
    demand(not any(ord(c) < 32 and c != "\n" for c in note), "note_malformed")
    text, _, lines = note.rpartition("\n\n")
    text += "\n"
    lines = lines.split("\n")[:-1]
    demand(1 <= len(lines) <= 100, "note_malformed")
    own = []
    for line in lines:
        words = line.split(" ")
        demand(len(words) == 3 and words[0] == "\u2014" and is_name(words[1]), "note_malformed")
        data = unbase64(words[2])
        demand(len(data) >= 5, "note_malformed")
        if words[1] == name and data[:4] == key_id(name, key):
            own.append(data[4:])
    demand(len(own) < 2, "note_malformed")
    demand(own and len(own[0]) == 64 and signature_holds(key, text.encode(), own[0]), "note_unsigned")
    rows = text.split("\n")
    demand(len(rows) == 4 and is_name(rows[0]) and re.fullmatch("0|[1-9][0-9]{0,15}", rows[1]) and int(rows[1]) < 2**53, "note_malformed")
    root = unbase64(rows[2])
    demand(len(root) == 32, "note_malformed")
    demand(rows[0] == name, "note_unsigned")
    return int(rows[1]), root.hex()


notes = DATA["note"]
name, key = parse_vkey(notes["vkey"])
expect("M-22 name", name, notes["name"])
expect("M-21", key_id(name, key).hex(), notes["key_id"])
for v in notes["positive"]:
    expect("M-27", open_checkpoint(v["note"], name, key), (v["size"], v["root"]))
for v in notes["negative"]:
    refuses(f"{v['clause']} {v['why']}", v["fault"], lambda: open_checkpoint(v["note"], name, key))
for v in notes["vkey_negative"]:
    refuses("M-22", v["fault"], lambda: parse_vkey(v["vkey"]))


# -- tiles

def tile_path(v):
    digits = f"{v['index']:d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    number = "/".join(["x" + group for group in groups[:-1]] + groups[-1:])
    level = "entries" if v["level"] < 0 else str(v["level"])
    return f"tile/{level}/{number}" + ("" if v["width"] == 256 else f".p/{v['width']}")


def parse_tile(text):
    match = re.fullmatch(r"tile/(entries|[0-6])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]*))?", text)
    demand(match and "\n" not in text, "tile_malformed")
    tile = {"level": -1 if match[1] == "entries" else int(match[1]), "index": int(re.sub("[x/]", "", match[2])), "width": int(match[3] or 256)}
    demand(tile_path(tile) == text and (match[3] is None or tile["width"] < 256), "tile_malformed")
    return tile


for v in DATA["tile"]["positive"]:
    expect("M-31", tile_path(v), v["path"])
    expect("M-31 parse", parse_tile(v["path"]), {k: v[k] for k in ("level", "index", "width")})
for v in DATA["tile"]["negative"]:
    refuses(f"M-31 {v['path']}", v["fault"], lambda: parse_tile(v["path"]))
bundle = b"".join(len(unhex(e)).to_bytes(2, "big") + unhex(e) for e in tree["entries"])
expect("M-35", bundle.hex(), DATA["tile"]["bundle"]["bytes"])
print(f"{checked} checks")
