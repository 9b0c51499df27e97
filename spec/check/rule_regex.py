"""Regular expressions of `match`, clause R-26 of spec/rule-ir.md, as far as the vectors use them: used by rule_full.py.

Run by itself it compares a few with Python's own.
"""

import re

def expression(text):
    """A tree of (what, …): set of ranges, all, one, repeat, begin, end."""
    at, fold = 0, text.startswith("(?i)")
    at = 4 if fold else 0

    def ranges(pairs):
        more = [(lo + d, hi + d) for lo, hi in pairs for a, z, d in ((97, 122, -32), (65, 90, 32)) if fold and a <= lo and hi <= z]
        return ("set", tuple(pairs) + tuple(more))

    def one():
        nonlocal at
        parts = [many()]
        while text[at : at + 1] == "|":
            at += 1
            parts.append(many())
        return ("one", *parts)

    def many():
        nonlocal at
        parts = []
        while at < len(text) and text[at] not in "|)":
            part = atom()
            while at < len(text) and text[at] in "*+?{":
                if text[at] == "{":
                    end = text.index("}", at)
                    least = most = int(text[at + 1 : end])
                    at = end
                else:
                    least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[text[at]]
                at += 1
                part = ("repeat", part, least, most)
            parts.append(part)
        return ("all", *parts)

    def atom():
        nonlocal at
        char, at = text[at], at + 1
        if char == "(":
            inner = one()
            at += 1
            return inner
        if char == ".":
            return ("set", ((0, 9), (11, 0x10FFFF)))
        if char in "^$":
            return ("begin" if char == "^" else "end",)
        if char != "[":
            return ranges([(ord(char), ord(char))])
        end, pairs = text.index("]", at), []
        assert text[at] != "^" and "\\" not in text[at:end]
        while at < end:
            high = text[at + 2] if text[at + 1] == "-" else text[at]
            pairs.append((ord(text[at]), ord(high)))
            at += 3 if text[at + 1] == "-" else 1
        at = end + 1
        return ranges(pairs)

    return one()


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


def automaton(text):
    """(states, classes) of the minimal automaton, and whether it takes a text."""
    edges = {"free": [], "byte": [], "begin": [], "end": []}
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
        elif what in ("begin", "end"):
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

    first = build(expression(text), 0)
    out = {}
    for name in ("free", "begin", "end"):
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

    start = closure({first}, {"begin"})
    table, todo = {}, [start]
    while todo:
        state = todo.pop()
        if state in table:
            continue
        row = []
        for byte in range(256):
            to = {b for a in state for (low, high), b in moves.get(a, ()) if low <= byte <= high}
            row.append(state if state == {0} else closure(to | {first}, ()))
        table[state] = row
        todo += row
    takes = {state: 0 in closure(state, {"end"}) for state in table}
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
    for text in ("a|bc", "^a{2}b*$", "^(a|b)+?c".replace("?", ""), "[a-c]$", "", "^$", "b.c", "(ab|a)(c|bcd)"):
        states, classes, matches = automaton(text)
        for sample in ("", "a", "b", "aab", "abc", "bxc", "aabb", "abcd", "b\nc", "xaay", "bc", "b\u00e9c"):
            assert matches(sample.encode()) == bool(re.search(text.replace("$", r"\Z"), sample)), (text, sample)
            checks += 1
    print(f"regular expressions: {checks} checks")


if __name__ == "__main__":
    main()
