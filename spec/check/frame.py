"""Recomputes spec/vectors/frame.json with Python's standard library: clauses F-1 to F-7 and F-11 of spec/frame.md."""

import json
import pathlib
import struct
import sys
from zlib import crc32

DATA = json.loads((pathlib.Path(__file__).resolve().parent.parent / "vectors" / "frame.json").read_text())
unhex = bytes.fromhex
SALT = unhex(DATA["salt"])
checked = 0


class Refused(Exception):
    pass


def expect(what, got, wanted):
    global checked
    checked += 1
    if got != wanted:
        sys.exit(f"frame.py: {what}: got {got}, the vector says {wanted}")


def demand(condition):
    if not condition:
        raise Refused


def encode(v):
    parts = [[None if p is None else unhex(p) for p in item] for item in v["items"]]
    signature = unhex(v["signature"])
    rows = b"".join(struct.pack(">III", len(e), 0 if s is None else len(s) + 1, 0 if w is None else len(w) + 1) for e, s, w in parts)
    body = unhex(v["key_id"]) + unhex(v["header"]) + signature + rows + b"".join(e + (s or b"") + (w or b"") for e, s, w in parts)
    head = struct.pack(">4sHH8sIIQQI", b"AVAF", 1, v["suite"], SALT, 48 + len(body) + 8, len(parts), v["height"], v["durable"], len(signature))
    frame = head + struct.pack(">I", crc32(head)) + body
    return frame + struct.pack(">I4s", crc32(frame), b"FAVA")


def decode(data):
    demand(len(data) >= 48 and data[:4] == b"AVAF" and crc32(data[:44]) == struct.unpack(">I", data[44:48])[0])
    version, suite, salt, length, count, height, durable, signed = struct.unpack(">HH8sIIQQI", data[4:44])
    demand(version == 1 and suite > 0 and salt == SALT and length == len(data) <= 33_554_432)
    demand(count <= 1512 and signed <= 8192 and height < 2**53 and (durable < height or durable == 0))
    demand(length >= 664 + signed + 12 * count and data[-4:] == b"FAVA" and crc32(data[:-8]) == struct.unpack(">I", data[-8:-4])[0])
    at = 656 + signed
    rows, at, items = data[at : at + 12 * count], at + 12 * count, []

    def take(size):
        nonlocal at
        demand(at + size <= length - 8)
        at += size
        return data[at - size : at].hex()

    for e, s, w in struct.iter_unpack(">III", rows):
        demand(0 < e <= 65_535 and s <= 196_609 and w <= 131_073)
        items.append([take(e), take(s - 1) if s else None, take(w - 1) if w else None])
    demand(at == length - 8)
    return {
        "height": height, "durable": durable, "suite": suite, "key_id": data[48:80].hex(), "header": data[80:656].hex(),
        "signature": data[656 : 656 + signed].hex(), "items": items,
    }


for v in DATA["positive"]:
    expect(f"F-2 {v['height']}", encode(v).hex(), v["bytes"])
    expect(f"F-7 {v['height']}", decode(unhex(v["bytes"])), {k: v[k] for k in v if k not in ("clause", "bytes")})
for v in DATA["negative"]:
    checked += 1
    try:
        decode(unhex(v["bytes"]))
    except Refused:
        continue
    sys.exit(f"frame.py: {v['clause']} {v['why']}: was accepted")
head = struct.pack(">4sH2x8sI40x", b"AVAS", 1, SALT, DATA["segment"]["number"])
expect("F-11", (head + struct.pack(">I", crc32(head))).hex(), DATA["segment"]["head"])
print(f"{checked} checks")
