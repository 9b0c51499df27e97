"""Recomputes spec/vectors/hash.json and signature.json with Python's standard library: clauses H-1 to H-4 and S-1 to S-4.

Ed25519 is written from RFC 8032 (section 5.1 and its formulas): slow, not for secrets, and independent of OpenSSL.
"""

import json
import pathlib
import struct
import sys
from hashlib import sha256, sha512

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def tagged(tag, data):
    name = f"ava.{tag}.v1".encode()
    return sha256(bytes([len(name)]) + name + data).digest()


def signed_bytes(purpose, network, suite, digest):
    name = f"ava.sig.{purpose}.v1".encode()
    return bytes([len(name)]) + name + network + struct.pack(">H", suite) + digest


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    s, t = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = t - s, d - c, d + c, t + s
    return e * f % P, g * h % P, f * g % P, e * h % P


NEUTRAL = (0, 1, 1, 0)


def multiply(n, point):
    out = NEUTRAL
    while n:
        if n & 1:
            out = add(out, point)
        point, n = add(point, point), n >> 1
    return out


def compress(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def decompress(data):
    """The point, or None where the encoding is none."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def number(data):
    return int.from_bytes(data, "little")


def secret(seed):
    h = sha512(seed).digest()
    return number(h[:32]) & ((1 << 254) - 8) | (1 << 254), h[32:]


def public(seed):
    return compress(multiply(secret(seed)[0], BASE))


def sign(seed, message):
    a, prefix = secret(seed)
    key = public(seed)
    r = number(sha512(prefix + message).digest()) % L
    point = compress(multiply(r, BASE))
    k = number(sha512(point + key + message).digest()) % L
    return point + ((r + k * a) % L).to_bytes(32, "little")


def verify(suite, key, message, signature):
    if suite != 1 or len(key) != 32 or len(signature) != 64 or number(signature[32:]) >= L:
        return False
    a = decompress(key)
    if a is None or compress(multiply(8, a)) == compress(NEUTRAL):
        return False
    k = number(sha512(signature[:32] + key + message).digest()) % L
    x, y, z, t = a
    return compress(add(multiply(number(signature[32:]), BASE), multiply(k, (-x % P, y, z, -t % P)))) == signature[:32]


checked = 0


def expect(what, got, wanted):
    global checked
    checked += 1
    if got != wanted:
        sys.exit(f"hash.py: {what}: got {got}, the vector says {wanted}")


unhex = bytes.fromhex
hashes = json.loads((VECTORS / "hash.json").read_text())
for v in hashes["tagged"]:
    expect(f"H-2 {v['tag']}", tagged(v["tag"], unhex(v["input"])).hex(), v["hash"])
for v in hashes["leaf"]:
    expect("H-3", sha256(b"\0" + unhex(v["entry"])).hexdigest(), v["hash"])
for v in hashes["node"]:
    expect("H-4", sha256(b"\1" + unhex(v["left"]) + unhex(v["right"])).hexdigest(), v["hash"])
expect("H-4 empty", sha256(b"").hexdigest(), hashes["empty"])

signatures = json.loads((VECTORS / "signature.json").read_text())
for v in signatures["positive"]:
    seed, key = unhex(v["seed"]), unhex(v["public"])
    message = signed_bytes(v["purpose"], unhex(v["network"]), v["suite"], unhex(v["digest"]))
    expect("S-1", message.hex(), v["signed"])
    expect("S-2", tagged("key", struct.pack(">H", v["suite"]) + key).hex(), v["key_id"])
    expect("S-3 key", public(seed).hex(), v["public"])
    expect("S-3 signature", sign(seed, message).hex(), v["signature"])
    expect("S-3 verify", verify(v["suite"], key, message, unhex(v["signature"])), True)
for v in signatures["negative"]:
    message = signed_bytes(v["purpose"], unhex(v["network"]), v["suite"], unhex(v["digest"]))
    expect(f"{v['clause']} {v['why']}", verify(v["suite"], unhex(v["public"]), message, unhex(v["signature"])), False)
print(f"{checked} checks")
