"""Verifies a bundle (V) as an outsider would, from the pages of spec/ alone, and judges its decision again.

`python3 spec/check/bundle.py FILE [NETWORK]` verifies a file that `avactl bundle` wrote; without arguments, the vectors.
Proof and records are read by machine.py, facets made by facet.py, programs and input buffers by rule_ir.py and rule_full.py; answers are
joined here (D). Not checked: that a rule's program is what its manifest compiles to (G-5 needs the compiler).
"""

import pathlib
import sys
from hashlib import sha256

import machine
import rule_full
import rule_ir
from facet import Unread, facets
from machine import demand, encode, expect, refuses, tagged

rule_ir.EXACT = True
# A program says its profile in its third byte.
PROFILES = {0: rule_ir, 1: rule_full}
# VM-9, the first gas schedule
COSTS = machine.load("stop")["genesis"][0]["versions"]["gas"]["costs"]
SCHEDULES = [machine.schedule(2, 2, 1), machine.schedule(2, 2, 1, 1, {"version": 1, "costs": COSTS}, 1)]
NONE, ALLOW, DENY, ESCALATE = range(4)
RANK = [0, 1, 3, 2]
FLOOR, ENFORCE, OBSERVE = range(3)


# --- judging (D) ----------------------------------------------------------------------------------------------------


def in_scope(scope, kind, name, facts):
    """D-3"""
    called = {f"tool.{name}"} if kind != "tool.result" else set()
    holds = called | {"all", f"kind.{kind}", f"effect.{facts['effect']}", *(f"facet.{one}" for one in ("money", "mail", "http", "net", "fs", "shell", "sql", "secret") if one in facts)}
    return not holds.isdisjoint(scope)


def read_manifest(raw):
    """R-13: version 1 as version 2 would have it, or version 2 where it says more."""
    manifest = machine.decode(raw)
    demand(isinstance(manifest, list) and (manifest[0], len(manifest)) in ((1, 16), (2, 22)))
    if manifest[0] == 1:
        return manifest + [None, [], [], None, [], None]
    program, calls, reads, breaker, obligations, data = manifest[16:]
    demand(program is not None or breaker is not None or obligations != [] or data is not None, "version 1 holds it")
    machine.many(machine.table(machine.below(5), machine.text(), machine.anything), 8)(obligations)
    rising = lambda items: all(a < b for a, b in zip(items, items[1:]))
    if program is None:
        demand(manifest[10] != "" and calls == [] and reads == [])
    else:
        machine.table(machine.below(3), machine.hash32, machine.many(machine.text(), 128), machine.many(machine.below(6), 6))(program)
        _, _, uses, hosts = program
        texts = [[item.encode() for item in items] for items in (uses, calls, reads)]
        demand(manifest[10] == "" and all(map(rising, [hosts, *texts])) and manifest[1] not in calls)
        demand((4 in hosts) == (calls != []) and (2 in hosts) == (reads != []))
    if breaker is not None:
        machine.table(*[machine.u53] * 4)(breaker)
        faults, window_ms, open_ms, probes = breaker
        demand(1 <= faults <= 64 and 1 <= probes <= 64 and all(1000 <= span <= 86400000 for span in (window_ms, open_ms)))
    return manifest


class Guest(Exception):
    """A guest is in scope: its module is not run here."""


def judge(constitution, payload, sidecar, witness, time_ms, again):
    """What the receipt must say: verdict, enforced, reasons, gas, inputs_hash, trace."""
    _, kind, server, name = payload[:4]
    _, args, context = sidecar
    try:
        facts = facets(machine.decode(constitution[4]), kind, server, name, args)
    except Unread:
        raise Guest from None
    source = {"action": {"kind": kind, "server": server, "name": name}, "args": args, "context": context or {}, "now_ms": time_ms, **facts}
    source |= {"agent": {}, "session": {}, "flow": {}}
    for path, value in (witness or {}).items():
        group, _, key = path.partition(".")
        demand(group in ("agent", "session", "flow", "breaker", "halt", "mode", "answered"), "the witness names an unknown path")
        if group in source:
            source[group][key] = value
    read, inputs, trace, reasons, gas, verdict, would = set(), b"", b"", [], 0, NONE, NONE
    for index, (manifest, program) in enumerate(constitution[3]):
        _, rule, _, _, scope, mode, until, grants, params, _, _, otherwise, on_fault, *more = read_manifest(manifest)
        if not in_scope(scope, kind, name, facts):
            continue
        mode = ENFORCE if mode == OBSERVE and until is not None and time_ms >= until else mode
        # D-16, D-17
        said = {key: (witness or {}).get(f"{key}.{rule}") for key in ("mode", "answered")}
        read |= {f"{key}.{rule}" for key, value in said.items() if value is not None}
        mode = mode if said["mode"] is None else machine.MODES.index(said["mode"])
        demand(said["answered"] is None or (said["answered"] is True and again))
        if more[3] is not None or more[7] != []:
            raise Guest
        rules = PROFILES[program[2]]
        declared, consts, nodes, out = rules.lift(program)
        cost, _ = rules.settle(nodes, declared, consts)
        stopped = next((kind for kind in ("halt", "breaker") if f"{kind}.{rule}" in (witness or {})), None)
        if stopped is not None:
            result = {"breaker": 3, "halt": 4}[stopped]
            read.add(f"{stopped}.{rule}")
            demand(witness[f"{stopped}.{rule}"] is True)
        else:
            read |= {path for path, _ in declared if path.split(".")[0] in ("agent", "session", "flow")}
            found = [rules.find(path, kind_of, source | {"params": {param[0]: param[1] for param in params}}) for path, kind_of in declared]
            buffer = rules.write(found)
            result = rules.three(rules.evaluate(out, consts, found, {}))
            inputs += index.to_bytes(2, "big") + len(buffer).to_bytes(4, "big") + buffer
            gas += cost
        trace += index.to_bytes(2, "big") + bytes([result]) + cost.to_bytes(8, "big")
        answer = (ALLOW if grants else NONE) if result == 2 else DENY if result == 4 else (DENY, ESCALATE)[otherwise if result == 0 else on_fault]
        if result != 2:
            reasons.append([rule, answer, machine.OF_RESULT[result], mode])
        answer = ALLOW if answer == ESCALATE and said["answered"] else answer
        would = max(would, answer, key=RANK.__getitem__)
        verdict = verdict if mode == OBSERVE else max(verdict, answer, key=RANK.__getitem__)
    demand(read == set(witness or {}) and witness != {}, "the witness is not what the rules in scope read")
    verdict, would = (one or (ALLOW, DENY)[constitution[2]] for one in (verdict, would))
    return [verdict, RANK[would] <= RANK[verdict], reasons, gas, tagged("inputs", inputs), tagged("trace", trace)]


def verify(raw, network=None):
    """V-1 to V-5. The receipt, and whether its verdict was judged again."""
    bundle = machine.decode(raw)
    demand(isinstance(bundle, list) and len(bundle) == 12 and isinstance(bundle[1], bytes))
    constitution = machine.read_genesis(bundle[1])[6]
    rules, guests, later = [], False, False
    for manifest, program in constitution[3]:
        fields = read_manifest(manifest)
        if fields[16] is not None:
            demand(fields[16][1] == sha256(program).digest(), "another module")
            rules.append((fields[1], fields[14][0]))
            guests = True
            continue
        profile = PROFILES[program[2]]
        later = later or profile is rule_full
        declared, consts, nodes, _ = profile.lift(program)
        demand(profile.canonical(program) == program, "R-11")
        rules.append((fields[1], profile.settle(nodes, declared, consts)[0]))
    header, (body, _, receipt) = machine.read_bundle(raw, network or tagged("genesis", bundle[1]), rules)
    demand(header["schedule"] == SCHEDULES[guests or later].hex(), "another schedule")
    sidecar, witness = bundle[10], bundle[11]
    tx_id, verdict, enforced, reasons, obligations, version, gas, inputs_hash, trace, permit = receipt[1:11]
    approval = receipt[11] if receipt[0] == 2 else None
    if body[2] not in (3, 8):
        demand(witness is None and receipt[0] == 1 and receipt[2:11] == [NONE, True, [], [], 0, 0, None, None, None])
        return receipt, False
    if sidecar is None:
        demand(witness is None)
        return receipt, False
    demand(witness != b"\xf6", "a witness that holds nothing is null")
    try:
        judged = judge(constitution, body[6], machine.decode(sidecar), witness and machine.decode(witness), header["time_ms"], body[2] == 8)
    except Guest:
        return receipt, False
    # P-5: which values spoke, only a replay tells
    demand(judged == [verdict, enforced, [reason[:4] for reason in reasons], gas, inputs_hash, trace], f"judged again: {judged[:4]}")
    demand(version == constitution[1] and obligations == [])
    demand(permit == (tx_id[:16] if verdict == ALLOW and body[6][5] else None), "permit")
    demand(approval is None or (verdict == ESCALATE and body[6][5]), "approval")
    return receipt, True


def main(file=None, network=None):
    if file is not None:
        try:
            receipt, judged = verify(pathlib.Path(file).read_bytes(), network and bytes.fromhex(network))
        except Exception as refused:  # whatever a stranger's bytes lead to, it is no verification
            sys.exit(f"REFUSED: {type(refused).__name__} {refused}")
        again = "judged again, the same" if judged else "not judged again"
        print(f"verified: receipt {receipt[-2]}.{receipt[-1]}.{receipt[1].hex()[:12]} {machine.VERDICTS[receipt[2]]}, gas {receipt[7]}; {again}")
        return
    vectors = machine.load("bundle")
    for v in vectors["positive"]:
        receipt, judged = verify(bytes.fromhex(v["bytes"]), bytes.fromhex(v["network"]))
        expect(f"bundle {v['index']}", [machine.VERDICTS[receipt[2]], judged], [v["verdict"], v["verdict"] != "none"])
    network = bytes.fromhex(vectors["positive"][0]["network"])
    for v in vectors["negative"]:
        refuses(f"bundle: {v['clause']} {v['why']}", lambda: verify(bytes.fromhex(v["bytes"]), network))
    again = 0
    for v in machine.load("stop")["bundle"]:
        receipt, judged = verify(bytes.fromhex(v["bytes"]), bytes.fromhex(v["network"]))
        expect(f"bundle {v['height']}.{v['index']}", machine.VERDICTS[receipt[2]], v["verdict"])
        again += judged
    expect("decisions of the second chain that were judged again", again, 15)
    print(f"bundle.py: {machine.checked} checks")


main(*sys.argv[1:])
