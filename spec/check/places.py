"""Kinds of paths, networks of hosts and secrets in texts, by the tables of spec/vectors/facet.json: clauses T-11, T-40 to T-42."""

import ipaddress
import json
import pathlib
import re

VECTORS = json.loads((pathlib.Path(__file__).resolve().parent.parent / "vectors" / "facet.json").read_text())
PATHS, HOSTS, SECRETS = (VECTORS["tables"][name] for name in ("paths", "hosts", "secrets"))
KINDS = "root home work system device key credential environment history startup client ava repository main".split()
PLAIN_READ = {"work", "system", "repository", "startup", "main"}


def home_parts(parts, rooted):
    """How many parts a home folder's path has, 0 where this is none."""
    if parts[:1] == ["~"]:
        return 1
    if not rooted or not parts:
        return 0
    if parts[0] in ("root", "home", "users"):
        return 1 if parts[0] == "root" else 2
    return 2 if parts[:2] == ["var", "root"] else 0


def path_kinds(path):
    """T-41, of a path without patterns in a folder that is not known."""
    rooted, found = path.startswith("/"), set()
    parts = [part for part in path.lower().split("/") if part not in ("", ".")]
    last, before, third = (parts[-1:] or [""])[0], (parts[-2:-1] or [""])[0], (parts[-3:-2] or [""])[0]
    end, home = f"{before}/{last}", home_parts(parts, rooted)
    if rooted and not parts:
        found.add("root")
    if home and len(parts) <= home:
        found.add("home")
    if home and len(parts) == home + 1 and parts[home] in PATHS["home_folders"]:
        found.add("main")
    if rooted and parts and not home:
        first = parts[1] if parts[0] == "private" and len(parts) > 1 else parts[0]
        if first in PATHS["system"] and not (first == "usr" and parts[1:2] == ["local"] and len(parts) > 3):
            found.add("system")
        if len(parts) == 1 and first in PATHS["system_alone"]:
            found.add("system")
        if first == "dev" and re.search(PATHS["device"], (parts[1:2] or [""])[0]):
            found.add("device")
    if not rooted and parts[:1] != ["~"] and all(part == ".." for part in parts):
        found.add("work")
    ssh = ".ssh" in parts
    if any(part in PATHS["key_folders"] for part in parts) and not (ssh and last != ".ssh" and re.search(PATHS["ssh_open"], last)):
        found.add("key")
    public = any(re.search(PATHS["public_folders"], part) for part in parts) or parts[:3] == ["etc", "ssl", "certs"]
    if re.search(PATHS["key_name"], last) and not public:
        found.add("key")
    if (
        any(part in PATHS["credential_folders"] for part in parts)
        or last in PATHS["credential_names"]
        or end in PATHS["credential_ends"]
        or end == "run/secrets"
        or before == "secrets" and third == "run"
        or rooted and parts[:1] == ["proc"] and last == "environ"
    ):
        found.add("credential")
    if (re.match(r"\.env(?:$|[.\-_])", last) or last == ".envrc" or last.endswith(".env")) and not re.search(PATHS["environment_open"], last):
        found.add("environment")
    if re.search(PATHS["history"], last):
        found.add("history")
    if (
        last in PATHS["startup_names"]
        or before in PATHS["startup_folders"] and (before != "hooks" or third == ".git")
        or end in (".git/config", ".ssh/config", ".ssh/rc", "etc/profile", "etc/environment", "etc/ld.so.preload", "etc/passwd", "etc/hosts", "git/config")
        or {".git", "hooks"} <= set(parts)
        or "systemd" in parts
    ):
        found.add("startup")
    if end in PATHS["client_ends"] or last in PATHS["client_names"] or {".claude", "hooks"} <= set(parts) or ("@artifact-virtual", "ava") in zip(parts, parts[1:]):
        found.add("client")
    if ".ava" in parts:
        found.add("ava")
    if ".git" in parts:
        found.add("repository")
    return [kind for kind in KINDS if kind in found]


READS = r"(?:read|get|open|view|cat|load|show|fetch|download|search|grep|head|tail|peek|dump)"
WRITES = r"(?:write|create|edit|append|save|put|upload|mkdir|make|new|touch|insert|replace|patch|update|set|modify|truncate|chmod|chown)"
DELETES = r"(?:delete|remove|rm|unlink|trash|erase|purge|rmdir|wipe)"
NAMES = r"(?:list|ls|stat|info|exists|tree|glob|find|watch)"


def touched(op, paths):
    """T-11: paths by what an operation does to them, and their marks."""
    uses = ["read", "write", "delete"]
    if op is not None:
        uses = next(([use] if use else [] for use, word in ((None, NAMES), ("read", READS), ("write", WRITES), ("delete", DELETES)) if re.match(word, op)), uses)
    out = {"reads": [], "writes": [], "deletes": []}
    marks = set()
    for use in uses:
        out[use + "s"] = list(dict.fromkeys(paths))
        for path in paths:
            for kind in path_kinds(path):
                if not (use == "read" and kind in PLAIN_READ | {"home", "root"}):
                    marks.add(f"{use}.{kind}")
    return out | {"marks": sorted(marks)}


def of_quad(a, b, c, d):
    if (a, b) == (169, 254) or (a, b, c, d) == (100, 100, 100, 200) or (a, b, c, d) == (192, 0, 0, 192):
        return "metadata"
    if a in (127, 0):
        return "loopback"
    inner = a == 10 or a == 172 and 16 <= b < 32 or (a, b) == (192, 168) or a == 100 and 64 <= b < 128 or a == 198 and b in (18, 19)
    return "private" if inner or a >= 224 else "public"


def network_of(host):
    """T-42"""
    quad = re.fullmatch(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", host)
    if quad:
        return of_quad(*map(int, quad.groups()))
    if host.startswith("["):
        try:
            number = int(ipaddress.IPv6Address(host[1:-1]))
        except ValueError:
            return "private"
        groups = [number >> 16 * (7 - i) & 0xFFFF for i in range(8)]
        zeros = not any(groups[:5])
        if zeros and groups[5] in (0, 0xFFFF) or groups[:2] == [0x64, 0xFF9B]:
            if zeros and groups[5] == 0 and groups[6] == 0:
                return "loopback"
            return of_quad(groups[6] >> 8, groups[6] & 255, groups[7] >> 8, groups[7] & 255)
        if groups[:2] == [0xFD00, 0xEC2]:
            return "metadata"
        return "public" if 0x2000 <= groups[0] < 0x4000 else "private"
    if host in HOSTS["metadata"]:
        return "metadata"
    inside = re.search(HOSTS["address_names"], host)
    if inside:
        return of_quad(*map(int, inside.groups()))
    if re.search(HOSTS["loopback_names"], host):
        return "loopback"
    return "private" if re.search(HOSTS["private_names"], host) else "public"


def net(hosts):
    return {"hosts": hosts, "networks": sorted({network_of(host) for host in hosts})}


FORMS = [(kind, re.compile(form, (re.IGNORECASE if "i" in flags else 0) | re.ASCII)) for kind, form, flags in SECRETS["forms"]]
TRIGGER, NAMED, PLACEHOLDER = (re.compile(SECRETS[name], re.IGNORECASE | re.ASCII) for name in ("trigger", "names", "placeholder"))
ASSIGNMENT = re.compile(SECRETS["assignment"], re.ASCII)


def looks_random(value):
    if PLACEHOLDER.search(value) or re.fullmatch(r"[A-Za-z]+(?:[._-][A-Za-z]+)*", value) or re.search("[()]", value):
        return False
    classes = sum(bool(re.search(one, value)) for one in ("[a-z]", "[A-Z]", "[0-9]"))
    return classes >= 2 and re.search("[0-9]", value) is not None and len(set(value)) >= 10


def secrets(value):
    """T-40"""
    count, kinds, leaves, stack = 0, set(), 0, [value]
    while stack and leaves < 4096:
        at = stack.pop()
        leaves += 1
        if isinstance(at, str):
            text = at.encode("utf-16-le")[: 2 * 65_536].decode("utf-16-le", "ignore")
            if TRIGGER.search(text):
                hits = [kind for kind, form in FORMS for _ in form.finditer(text)]
                for name, found in ASSIGNMENT.findall(text):
                    if NAMED.search(name) and looks_random(found) and not any(form.search(found) for _, form in FORMS):
                        hits.append("assignment")
                count = min(count + len(hits), 64)
                kinds |= set(hits)
        elif isinstance(at, list):
            stack.extend(reversed(at))
        elif isinstance(at, dict):
            for key, inner in at.items():
                stack.append(inner)
                if isinstance(inner, str) and 16 <= len(inner) <= 256 and NAMED.search(key):
                    stack.append(f"{key}={inner}")
    return {"count": count, "kinds": [kind for kind in ORDER if kind in kinds]}


ORDER = "private-key aws github gitlab slack stripe google openai anthropic npm pypi huggingface sendgrid twilio telegram jwt url-password assignment".split()


def check():
    """Of the tables' own vectors: how many hold."""
    done = 0
    for found, said in (
        *((path_kinds(one["path"]), one["kinds"]) for one in VECTORS["places"]),
        *((network_of(one["host"]), one["network"]) for one in VECTORS["networks"]),
        *((secrets(one["value"]), one["secret"]) for one in VECTORS["secrets"]),
    ):
        if found != said:
            raise SystemExit(f"places.py: got {found}, the vector says {said}")
        done += 1
    return done


if __name__ == "__main__":
    print(f"places.py: {check()} checks")
