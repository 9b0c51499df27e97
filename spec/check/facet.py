"""Recomputes the facets of spec/vectors/facet.json with Python's standard library: clauses T-4, T-6 to T-12, T-40 to T-42.

Command lines, statements (T-30 to T-39) and guesses (T-25) are not made here: `Unread` is raised where a tool has them.

Flow facts are not made here: they come from the session's memory, and a bundle's witness holds those that were read.
"""

import json
import pathlib
import re
import sys
from decimal import Decimal
from urllib.parse import unquote_to_bytes

import places

U53 = 2**53 - 1
# What ECMAScript trims and `\s` matches: Python's own set is another.
SPACE = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
# A value that is there and cannot be decoded.
UNCLEAR = object()


class Unread(Exception):
    """A command line, a statement or a guess: not made here."""


def values(args, path):
    """T-7: the values at a path, or UNCLEAR past 256."""
    found = []

    def walk(value, at):
        if value is None:
            return
        if isinstance(value, list):
            for one in value:
                walk(one, at)
        elif at == len(path):
            found.append(value)
        elif isinstance(value, dict):
            walk(value.get(path[at]), at + 1)

    walk(args, 0)
    return UNCLEAR if len(found) > 256 else found


def text_at(args, path, most):
    """The one text at a path, None where there is none."""
    found = values(args, path)
    if found is UNCLEAR or len(found) > 1:
        return UNCLEAR
    if not found:
        return None
    if isinstance(found[0], bool) or not isinstance(found[0], (str, int, float)):
        return UNCLEAR
    value = found[0] if isinstance(found[0], str) else number_text(found[0])
    return value if len(value.encode()) <= most else UNCLEAR


def number_text(value):
    """As ECMAScript writes a number; a float here is not integral and below 2^53."""
    text = str(value)
    if "e" not in text:
        return text
    return format(Decimal(text), "f") if abs(value) >= 1e-6 else re.sub(r"e-0*", "e-", text)


def bound(args, binding, most):
    return binding[0] if binding[0] is not None else text_at(args, binding[1], most)


def hundredths(value, minor):
    """T-8"""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return UNCLEAR
    text = value.strip(SPACE) if isinstance(value, str) else number_text(value)
    parts = re.fullmatch(r"([0-9]{1,40})(?:\.([0-9]{1,40}))?(?:[eE]([+-]?[0-9]{1,3}))?", text)
    if parts is None or len(text) > 96:
        return UNCLEAR
    fraction = parts[2] or ""
    digits, shift = int(parts[1] + fraction), int(parts[3] or 0) - len(fraction) + (0 if minor else 2)
    if digits == 0:
        return 0
    amount = digits * 10 ** min(shift, 60) if shift >= 0 else -(-digits // 10**-shift)
    return amount if amount <= U53 else UNCLEAR


def money(binding, args):
    amount, minor, currency, payee = binding
    found = values(args, amount)
    sums = UNCLEAR if found is UNCLEAR else [hundredths(value, minor) for value in found]
    total = UNCLEAR if sums is UNCLEAR or UNCLEAR in sums else sum(sums) if sums else None
    yield "amount", UNCLEAR if total not in (None, UNCLEAR) and total > U53 else total
    if currency is not None:
        text = bound(args, currency, 16)
        yield "currency", text.strip(SPACE).upper() if isinstance(text, str) else text
    if payee is not None:
        text = text_at(args, payee, 256)
        yield "payee", text.strip(SPACE) if isinstance(text, str) else text


def addresses(value):
    """T-9: the addresses of one text, or UNCLEAR."""
    if not isinstance(value, str):
        return UNCLEAR
    found = []
    for part in re.split(r"[,;\r\n]", value):
        part = part.strip(SPACE)
        if part == "":
            continue
        bracket = re.fullmatch(r"[^<>]*<([^<>]*)>", part)
        inner = bracket[1].strip(SPACE) if bracket else part
        if (bracket or "@" in inner) and not re.fullmatch(f'[^{SPACE},;<>"()\\\\@]+@[^{SPACE},;<>"()\\\\@]+', inner):
            return UNCLEAR
        if len(inner.encode()) > 320:
            return UNCLEAR
        found.append(inner.lower())
    return found


def mail(binding, args):
    to, subject, body = binding
    all_to = []
    for path in to:
        found = values(args, path)
        lists = [UNCLEAR] if found is UNCLEAR else [addresses(value) for value in found]
        all_to = UNCLEAR if all_to is UNCLEAR or UNCLEAR in lists else all_to + sum(lists, [])
    yield "to", UNCLEAR if all_to is not UNCLEAR and len(all_to) > 64 else all_to
    for field, path, most in (("subject", subject, 1024), ("body", body, 16384)):
        text = None if path is None else text_at(args, path, most)
        yield field, None if text is UNCLEAR else text


HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"


def address(url):
    """T-10: scheme, host and path, or UNCLEAR."""
    shape = r"(?:(https?):)?(?://)?([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?([/?#][\x21-\x5b\x5d-\x7e]*)?"
    parts = re.fullmatch(shape, url.strip(SPACE), re.IGNORECASE | re.ASCII)
    if parts is None or int(parts[3] or 0) > 65535:
        return UNCLEAR
    host = parts[2].lower().removesuffix(".")
    if not host.startswith("["):
        numeric = re.search(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$", host)
        if len(host) > 253 or not HOST.fullmatch(host) or numeric and not re.fullmatch(rf"{BYTE}(\.{BYTE}){{3}}", host):
            return UNCLEAR
    path = re.split(r"[?#]", parts[4] or "/", maxsplit=1)[0]
    out, segments = [], path[1:].split("/")
    for i, segment in enumerate(segments):
        dots = re.sub("%2e", ".", segment, flags=re.IGNORECASE)
        if dots == "..":
            out = out[:-1]
        elif dots != ".":
            out.append(segment)
        if dots in (".", "..") and i == len(segments) - 1:
            out.append("")
    path = "/" + "/".join(out)
    return UNCLEAR if len(path) > 2048 else ("http" if (parts[1] or "").lower() == "http" else "https", host, path)


def http(binding, args):
    method = bound(args, binding[0], 16)
    yield "method", method.upper() if isinstance(method, str) else method
    url = text_at(args, binding[1], 253 + 4 * 2048)
    parts = address(url) if isinstance(url, str) else url
    for i, field in enumerate(("scheme", "host", "path")):
        yield field, parts[i] if isinstance(parts, tuple) else parts


def plain_path(value):
    """T-11"""
    if not isinstance(value, str) or len(value.encode()) > 512 or re.search(r"[\x00-\x1f\x7f]", value):
        return UNCLEAR
    out, root = [], value[:1] in ("/", "\\")
    for part in re.split(r"[\\/]", value):
        if part == ".." and out and out[-1] != "..":
            out.pop()
        elif part not in ("", ".", "..") or part == ".." and not root:
            out.append(part)
    return "" if value == "" else ("/" if root else "") + "/".join(out) or "."


def fs(binding, args):
    op = bound(args, binding[0], 16)
    yield "op", op.lower() if isinstance(op, str) else op
    found = [values(args, path) for path in binding[1]]
    paths = [UNCLEAR] if UNCLEAR in found else [plain_path(value) for one in found for value in one]
    clear = op is not UNCLEAR and UNCLEAR not in paths and len(paths) <= 64
    yield "path", UNCLEAR if not clear else paths[0] if paths else None
    yield "paths", UNCLEAR if not clear else paths or None


def file_path(url):
    """T-4: the path of a file's address on this machine, or UNCLEAR."""
    parts = re.fullmatch(r"file://(?:localhost)?(/[^?#]*)", url, re.IGNORECASE)
    if parts is None or re.search("%(?![0-9A-Fa-f]{2})", parts[1]):
        return UNCLEAR
    try:
        return plain_path(unquote_to_bytes(parts[1]).decode())
    except UnicodeDecodeError:
        return UNCLEAR


def offered(args):
    """T-4: what servers offer and ask beside tools."""
    texts = [text_at(args, [name], 1 << 30) for name in ("uri", "url")]
    where = next((text for text in texts if isinstance(text, str)), "")
    scheme = re.match("(https?|file):", where, re.IGNORECASE)
    if scheme is None:
        return {"effect": "read", "egress": False}
    found = file_path(where) if scheme[1].lower() == "file" else address(where)
    if found is UNCLEAR:
        return {"effect": "opaque", "egress": True}
    if isinstance(found, str):
        return {"effect": "read", "egress": False, "fs": {"op": "read", "path": found, "paths": [found]} | places.touched("read", [found])}
    web = {"method": "GET"} | dict(zip(("scheme", "host", "path"), found))
    return {"effect": "read", "egress": True, "http": web, "net": places.net([found[1]])}


def facets(tools, kind, server, name, args):
    """T-4, T-7, T-12"""
    if kind in ("tool.list", "tool.result", "user.input", "model.call", "model.result", "agent.start", "agent.output", "agent.stop"):
        quiet = kind in ("tool.list", "user.input")
        return {"effect": "read", "egress": False} | ({} if quiet else {"secret": places.secrets(args)})
    if kind in ("resource.read", "prompt.get", "sampling.create", "elicitation.create"):
        return offered(args) | {"secret": places.secrets(args)}
    entries = {(entry[0], entry[1]): entry for entry in tools[5]}
    entry = entries.get((name, server)) or entries.get((name, None))
    if kind == "tool.call" and entry is None and tools[6:] == [1]:
        raise Unread
    if kind != "tool.call" or entry is None:
        return {"effect": "opaque", "egress": True, "secret": places.secrets(args)}
    if entry[14:] not in ([], [None, None]):
        raise Unread
    out = {"effect": ("read", "write", "irreversible", "opaque")[entry[2]], "egress": entry[3]}
    for group, binding, read in (("money", entry[5], money), ("mail", entry[6], mail), ("http", entry[7], http), ("fs", entry[8], fs)):
        if binding is not None:
            fields = list(read(binding, args))
            out[group] = {field: value for field, value in fields if value is not None and value is not UNCLEAR}
            if any(value is UNCLEAR for _, value in fields):
                out["effect"] = "opaque"
    if "to" in out.get("mail", {}):
        to = out["mail"]["to"]
        domains = [one.split("@", 1)[-1] for one in to]
        if all("@" in one for one in to) and all(len(one.encode()) <= 253 for one in domains):
            out["mail"]["domains"] = list(dict.fromkeys(domains))
    if "http" in out:
        out["net"] = places.net([out["http"]["host"]]) if "host" in out["http"] else {}
    if "paths" in out.get("fs", {}):
        out["fs"] |= places.touched(out["fs"].get("op"), out["fs"]["paths"])
    if out["egress"]:
        out["secret"] = places.secrets(args)
    return out


def main():
    from machine import decode

    vectors = json.loads((pathlib.Path(__file__).resolve().parent.parent / "vectors" / "facet.json").read_text())
    tools = decode(bytes.fromhex(vectors["map"]["bytes"]))
    for call in vectors["calls"]:
        found = facets(tools, "tool.call", call["server"], call["tool"], call["args"])
        if found != call["facets"]:
            sys.exit(f"facet.py: {call['tool']} {call['args']}: got {found}, the vector says {call['facets']}")
    print(f"facet.py: {len(vectors['calls'])} checks")


if __name__ == "__main__":
    main()
