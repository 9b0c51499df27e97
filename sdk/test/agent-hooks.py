"""Runs the conformance vectors of agent-hooks with its own emitter and reference agent as the host, and an interceptor
that asks a process at the address given as the argument. Prints one JSON line a vector.

A vector scripts its interceptors. Here each script is a rule of an AVA constitution (test/agent-hooks.test.ts makes
them), so that the verdicts come from AVA; the reasons that a vector expects are renamed to those rules.
"""

import asyncio
import json
import sys
import urllib.error
import urllib.request

from agent_hooks.ctk import runner
from agent_hooks.ctk.reference import ReferenceHarness

ADDRESS = sys.argv[1]
current = {"vector": "", "scripts": []}


class Asking:
    """Stands where a vector's scripted interceptor would."""

    def __init__(self, rules):
        self.script = current["scripts"].index(rules)

    def intercept(self, context):
        body = json.dumps({"vector": current["vector"], "script": self.script, "context": context}).encode()
        request = urllib.request.Request(f"{ADDRESS}/intercept", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.loads(response.read())


def renamed(value, names):
    if isinstance(value, dict):
        return {key: renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [renamed(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


runner.ScriptedInterceptor = Asking
with urllib.request.urlopen(f"{ADDRESS}/plan", json.dumps(runner.load_vectors()).encode(), timeout=60) as response:
    plan = json.loads(response.read())
for vector in runner.load_vectors():
    entry = plan[vector["id"]]
    if entry["left_out"] is not None:
        print(json.dumps({"id": vector["id"], "part": vector.get("part", "core"), "status": "left out", "detail": entry["left_out"]}))
        continue
    scripts = vector.get("interceptor_scripts")
    current["vector"], current["scripts"] = vector["id"], [vector["interceptor_script"]] if scripts is None else scripts
    vector["expect"] = renamed(vector["expect"], entry["names"])
    result = asyncio.run(runner.run_vector(ReferenceHarness(), vector))
    print(json.dumps({"id": result.id, "part": vector.get("part", "core"), "status": result.status, "detail": result.detail or "; ".join(result.failures)}))
