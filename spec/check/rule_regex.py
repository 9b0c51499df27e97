"""Regular expressions of `match`, clause R-26 of spec/rule-ir.md: used by rule_full.py. What is none is not refused.

Run by itself it compares a few with Python's own.
"""

import functools
import re

TOP = 0x10FFFF
CLASSES = {"d": [(48, 57)], "s": [(9, 10), (12, 13), (32, 32)], "w": [(48, 57), (65, 90), (95, 95), (97, 122)]}
NAMED = {
    "alnum": [(48, 57), (65, 90), (97, 122)], "alpha": [(65, 90), (97, 122)], "ascii": [(0, 127)], "blank": [(9, 9), (32, 32)],
    "cntrl": [(0, 31), (127, 127)], "digit": [(48, 57)], "graph": [(33, 126)], "lower": [(97, 122)], "print": [(32, 126)],
    "punct": [(33, 47), (58, 64), (91, 96), (123, 126)], "space": [(9, 13), (32, 32)], "upper": [(65, 90)],
    "word": CLASSES["w"], "xdigit": [(48, 57), (65, 70), (97, 102)],
}  # fmt: skip
SIMPLE = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}


def others(pairs):
    """The code points that are in none of these ranges."""
    gaps, next_one = [], 0
    for low, high in sorted(pairs):
        if low > next_one:
            gaps.append((next_one, low - 1))
        next_one = max(next_one, high + 1)
    return gaps + [(next_one, TOP)] if next_one <= TOP else gaps


def both_cases(pairs):
    more = [
        (max(low, first) + shift, min(high, last) + shift)
        for low, high in pairs
        for first, last, shift in ((65, 90, 32), (97, 122, -32))
        if max(low, first) <= min(high, last)
    ]
    return [*pairs, *more]


class Parser:
    """Trees of (what, …): set of ranges, all, one, repeat, and places."""

    def __init__(self, text):
        self.rest, self.flags = text, set()

    def take(self, pattern):
        match = re.match(pattern, self.rest, re.DOTALL | re.ASCII)
        if match:
            self.rest = self.rest[match.end() :]
        return match

    def set(self, pairs):
        return ("set", tuple(both_cases(pairs) if "i" in self.flags else pairs))

    def one(self):
        parts = [self.many()]
        while self.take(r"\|"):
            parts.append(self.many())
        return ("one", *parts)

    def many(self):
        parts = []
        while self.rest and self.rest[0] not in "|)":
            for part in self.atom():
                parts.append(part)
            times = parts and self.take(r"\*|\+|\?|\{([0-9]+)(,?)([0-9]*)\}")
            if times:
                least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(times[0]) or (
                    int(times[1]),
                    int(times[3]) if times[3] else None if times[2] else int(times[1]),
                )
                self.take(r"\?")
                parts.append(("repeat", parts.pop(), least, most))
        return ("all", *parts)

    def atom(self):
        if self.take(r"\((?:\?P?<\w+>)?(?!\?)") or self.take(r"\(\?(?=[imsU-]*:)"):
            before = set(self.flags)
            self.turn(r"([imsU]*)-?([imsU]*):")
            inner = self.one()
            assert self.take(r"\)")
            self.flags = before
            return [inner]
        if self.take(r"\(\?"):
            assert self.turn(r"([imsU]*)-?([imsU]*)\)")
            return []
        if self.take(r"\\Q"):
            literal = self.take(r"(.*?)(?:\\E|$)")[1]
            return [self.set([(ord(char), ord(char))]) for char in literal]
        if self.take(r"\."):
            return [("set", tuple(others([] if "s" in self.flags else [(10, 10)])))]
        place = self.take(r"\^|\$|\\A|\\z")
        if place:
            line = "line " if "m" in self.flags and len(place[0]) == 1 else ""
            return [(line + ("begin" if place[0] in ("^", "\\A") else "end"),)]
        if self.take(r"\["):
            return [self.characters()]
        named = self.take(r"\\([dswDSW])")
        if named:
            pairs = CLASSES[named[1].lower()]
            return [("set", tuple(pairs if named[1].islower() else others(pairs)))]
        return [self.set([(code := self.code(), code)])]

    def turn(self, pattern):
        flags = self.take(pattern)
        if flags:
            self.flags = (self.flags | set(flags[1])) - set(flags[2])
        return flags

    def code(self):
        number = self.take(r"\\x\{([0-9a-fA-F]+)\}|\\x([0-9a-fA-F]{2})")
        if number:
            return int(number[1] or number[2], 16)
        octal = self.take(r"\\([0-3][0-7]{2}|0)")
        if octal:
            return int(octal[1], 8)
        simple = self.take(r"\\([aftnrv])")
        return SIMPLE[simple[1]] if simple else ord(self.take(r"\\?(.)")[1])

    def characters(self):
        negative, pairs, first = self.take(r"\^"), [], True
        while first or not self.take(r"\]"):
            first = False
            named = self.take(r"\[:(\^?)(\w+):\]|\\([dswDSW])")
            if named:
                inside = CLASSES[named[3].lower()] if named[3] else NAMED[named[2]]
                pairs += others(inside) if named[1] or (named[3] and named[3].isupper()) else inside
                continue
            low = self.code()
            pairs.append((low, self.code() if self.take(r"-(?!\])") else low))
        pairs = both_cases(pairs) if "i" in self.flags else pairs
        return ("set", tuple(others(pairs) if negative else pairs))


def paths(low, high):
    """UTF-8 of a range of code points as sequences of ranges of bytes."""
    for edge in (0x7F, 0x7FF, 0xD7FF, 0xDFFF, 0xFFFF):
        if low <= edge < high:
            return paths(low, edge) + paths(edge + 1, high)
    if 0xD800 <= low <= 0xDFFF:
        return []
    first, last = chr(low).encode(), chr(high).encode()
    for i in range(len(first) - 1, 0, -1):
        if first[:i] == last[:i]:
            continue
        step = 64 ** (len(first) - i)
        if low % step:
            return paths(low, low // step * step + step - 1) + paths(low // step * step + step, high)
        if high % step != step - 1:
            return paths(low, high // step * step - 1) + paths(high // step * step, high)
    return [list(zip(first, last))]


@functools.cache
def automaton(text):
    """(states, classes) of the minimal automaton, and whether it takes a text."""
    edges = {"free": [], "byte": [], "begin": [], "end": [], "line begin": [], "line end": []}
    count = 1

    def new():
        nonlocal count
        count += 1
        return count - 1

    def build(tree, to):
        """Where the tree begins when `to` comes after it."""
        what = tree[0]
        if what == "set":
            start = new()
            for low, high in tree[1]:
                for path in paths(low, high):
                    after = to
                    for pair in reversed(path[1:]):
                        before = new()
                        edges["byte"].append((before, pair, after))
                        after = before
                    edges["byte"].append((start, path[0], after))
            return start
        if what == "all":
            for part in reversed(tree[1:]):
                to = build(part, to)
            return to
        start = new()
        if what == "one":
            edges["free"] += [(start, build(part, to)) for part in tree[1:]]
        elif what in ("begin", "end", "line begin", "line end"):
            edges[what].append((start, to))
        else:
            _, part, least, most = tree
            if most is None:
                edges["free"] += [(start, to), (start, build(part, start))]
                to = start
            for _ in range((most or least) - least):
                before = new()
                edges["free"] += [(before, to), (before, build(part, to))]
                to = before
            for _ in range(least):
                to = build(part, to)
            return to
        return start

    first = build(Parser(text).one(), 0)
    out = {}
    for name in ("free", "begin", "end", "line begin", "line end"):
        for a, b in edges[name]:
            out.setdefault(a, []).append((name, b))
    moves = {}
    for a, pair, b in edges["byte"]:
        moves.setdefault(a, []).append((pair, b))

    def closure(states, passes):
        seen, todo = set(states), list(states)
        while todo:
            for name, to in out.get(todo.pop(), ()):
                if (name == "free" or name in passes) and to not in seen:
                    seen.add(to)
                    todo.append(to)
        return frozenset({0}) if 0 in seen else frozenset(seen)

    lines = bool(edges["line begin"] or edges["line end"])
    # a state is a set, and whether it stands at the begin or after a newline
    start = (closure({first}, {"begin", "line begin"}), "begin")
    found = (frozenset({0}), "")
    table, todo = {}, [start]
    while todo:
        state = todo.pop()
        if state in table:
            continue
        here = {"begin": {"begin", "line begin"}, "line": {"line begin"}, "": set()}[state[1]]
        ready = {newline: closure(state[0], here | ({"line end"} if newline else set())) for newline in (False, True)}
        row = []
        for byte in range(256):
            newline = lines and byte == 10
            now = ready[newline]
            to = {b for a in now for (low, high), b in moves.get(a, ()) if low <= byte <= high}
            next_set = closure(to | {first}, {"line begin"} if newline else set())
            row.append(found if 0 in now or 0 in next_set else (next_set, "line" if newline else ""))
        table[state] = row
        todo += row
    ends = {"begin": {"begin", "line begin"}, "line": {"line begin"}, "": set()}
    takes = {state: 0 in closure(state[0], ends[state[1]] | {"end", "line end"}) for state in table}
    block = {state: int(takes[state]) for state in table}
    while True:
        signs = {state: (block[state], tuple(block[to] for to in table[state])) for state in table}
        names = {sign: i for i, sign in enumerate(dict.fromkeys(signs.values()))}
        block = {state: names[signs[state]] for state in table}
        if len(names) == len({old for old, _ in signs.values()}):
            break
    rows = {block[state]: [block[to] for to in table[state]] for state in table}
    classes = len(set(zip(*rows.values())))

    def matches(data):
        state = start
        for byte in data:
            state = table[state][byte]
        return takes[state]

    return len(rows), classes, matches


def main():
    checks = 0
    samples = ("", "a", "b", "aab", "abc", "bxc", "aabb", "abcd", "b\nc", "xaay", "bc", "b\u00e9c", "A", "aB", "7", "a-1", "\n", "a\n", "\U0001f600")
    for text in (
        "a|bc", "^a{2}b*$", "^(a|b)+c", "[a-c]$", "", "^$", "b.c", "(ab|a)(c|bcd)", "(?i)AB?$", "(?m)^b$", "(?m)a$", "(?s)b.c", "[^a-b]", "\\d",
        "\\W", "^[\\w-]+$", "a{1,2}b{2,}", "^(?:a|b)*?$", "[\u00e0-\u00ff]", "\\x61\\x{62}", "^[^c]*$", "a*", "(?P<n>b)c", "[]a-]",
    ):  # fmt: skip
        states, classes, matches = automaton(text)
        other = text.replace("\\x{62}", "b").replace("[]a-]", "[\\]a-]")
        other = other if text.startswith("(?m)") else other.replace("$", r"\Z")
        for sample in samples:
            assert matches(sample.encode()) == bool(re.search(other, sample, re.ASCII)), (text, sample)
            checks += 1
    print(f"regular expressions: {checks} checks")


if __name__ == "__main__":
    main()
