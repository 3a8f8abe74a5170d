"""Fuzzing: how long a property is tried, and material to try it with.

In ``make test`` each property sees the same few examples at every run; in ``make test-long`` it
has some seconds of new ones. ``FOOTNOTE_FUZZ_SECONDS=600 python -m pytest tests/test_fuzz.py
-k bibtex -s`` gives one reader ten minutes, and prints how many examples that were.
"""

import os
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

# Of a property, in the quick suite.
EXAMPLES = 40
# Between two looks at the clock.
ROUND = 200
Example = TypeVar("Example")

# What JSON can spell, and no file hold.
HALVES = st.sampled_from(["\ud800", "a\udfffb", "\0", "\ud83d\0"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | HALVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
# What trips readers: ends of lines and texts, halves of characters, signs of every format.
SIGNS = (
    *"\0\t\n\r\x0b\x0c\x1b\x1c\x85\xa0\xad\u200b\u2028\u2029\u202e\ufeff\ufffd\U0001f600e\u0301",
    *"{}[]()<>&;:,.\"'\\/$%#@~^_-=*•`|!? 09aAßİ",
    "\r\n", "\\u0000", "\\ud800", "&#0;", "&amp;", "]]>", "<![CDATA[", "<!--", "{\\", "\\n",
    "1e999", "-1", "null", "NaN", "10" * 30, "0000-00-00", "2023-13-45",
)  # fmt: skip
SCRIPT = "<script>alert(1)</script>"


def fuzz(
    name: str,
    examples: st.SearchStrategy[Example],
    check: Callable[[Example], object],
    seconds: float | None,
) -> None:
    """Tries a property, and raises with the smallest example that it does not hold for.

    Args:
        name: Told with the count.
        examples: Of what is tried.
        check: The property.
        seconds: To find ever new examples in; None tries a few, the same at each run.
    """
    seconds = float(os.environ.get("FOOTNOTE_FUZZ_SECONDS") or seconds or 0)
    begun, count, crashes = time.monotonic(), 0, 1

    def counted(example: Example) -> None:
        nonlocal count
        count += 1
        check(example)

    try:
        _round(examples, counted, EXAMPLES, None)
        for number in range(random.SystemRandom().getrandbits(32), 2**64):
            if time.monotonic() - begun >= seconds:
                break
            _round(examples, counted, ROUND, number)
        crashes = 0
    finally:
        took = time.monotonic() - begun
        print(f"\n{name}: {count:,} examples in {took:.0f} s, {crashes} crashes", flush=True)


def _round(
    examples: st.SearchStrategy[Any],
    check: Callable[[Any], None],
    count: int,
    number: int | None,
) -> None:
    tried = given(examples)(check)
    if number is not None:
        tried = seed(number)(tried)
    settings(
        max_examples=count,
        derandomize=number is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )(tried)()


# Material.

Change = tuple[str, float, float, str]


def changes(words: Sequence[str], *, most: int = 6) -> st.SearchStrategy[list[Change]]:
    """Returns lists of changes to a text: what is done, from where, how far, and with what."""
    done = st.sampled_from(
        ["cut", "drop", "twice", "put", "replace", "long", "swap", "case", "flip"]
    )
    place = st.floats(0, 1, allow_nan=False)
    word = st.sampled_from([*words, *SIGNS]) | st.text(max_size=5)
    return st.lists(st.tuples(done, place, place, word), min_size=1, max_size=most)


def changed(text: str, made: Sequence[Change]) -> str:
    """Returns a text after changes, one after the other."""
    for what, at, far, word in made:
        start = int(at * len(text))
        # Most changes are small: a field, and not half of the file.
        end = min(len(text), start + int(far**3 * len(text)) + 1)
        part = text[start:end]
        put = {
            "cut": "",
            "drop": "",
            "twice": part * 2,
            "put": word + part,
            "replace": word,
            "long": word * int(1 + far * 4000) + part,
            "swap": part[::-1],
            "case": part.swapcase(),
            "flip": chr((ord(part[0]) ^ (1 << int(far * 7))) or 1) + part[1:] if part else word,
        }[what]
        text = text[:start] + put + ("" if what == "cut" else text[end:])
    return text


def mutated(texts: Sequence[str], words: Sequence[str]) -> st.SearchStrategy[str]:
    """Returns texts made of valid ones by changes, some of two put together, some of none."""

    def joined(one: str, other: str, at: float, made: Sequence[Change]) -> str:
        return changed(one[: int(at * len(one))] + other, made)

    text, made = st.sampled_from(texts), changes(words)
    parts = st.lists(st.sampled_from([*words, *SIGNS, " ", "\n"]) | st.text(max_size=9))
    return (
        st.builds(changed, text, made)
        | st.builds(joined, text, text, st.floats(0, 1), made)
        | parts.map("".join)
    )


def encoded(texts: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """Returns texts in encodings that files have, some with a byte that is not theirs."""

    def made(text: str, encoding: str, at: float, byte: int | None) -> bytes:
        raw = text.encode(encoding, "replace")
        if byte is None or not raw:
            return raw
        place = min(len(raw) - 1, int(at * len(raw)))
        return raw[:place] + bytes([byte]) + raw[place + 1 :]

    encodings = st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
    return st.builds(made, texts, encodings, st.floats(0, 1), st.none() | st.integers(0, 255))


def json_changed(valid: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Returns JSON values made of valid ones: some of their parts are gone, doubled or others."""

    def made(value: Any, parts: Sequence[tuple[int, str, Any]]) -> Any:
        for number, what, other in parts:
            value = _with(value, number, what, other)
        return value

    part = st.tuples(
        st.integers(0, 400), st.sampled_from(["other", "other", "gone", "twice", "inside"]), JSON
    )
    return st.builds(made, st.sampled_from(valid), st.lists(part, min_size=1, max_size=3)) | JSON


def _with(value: Any, number: int, what: str, other: Any) -> Any:
    """Returns a JSON value whose node of a number, in order, is changed; the input stays."""
    left = [number % max(1, _size(value))]

    def visit(node: Any) -> Any:
        left[0] -= 1
        if left[0] == -1:
            return {"other": other, "gone": None, "twice": [node, node], "inside": {"x": node}}[
                what
            ]
        if isinstance(node, dict):
            return {key: visit(inner) for key, inner in node.items()}
        return [visit(inner) for inner in node] if isinstance(node, list | tuple) else node

    return visit(value)


def _size(node: Any) -> int:
    inner = node.values() if isinstance(node, dict) else node
    return 1 + (sum(map(_size, inner)) if isinstance(node, dict | list | tuple) else 0)


def one_line(text: str, *, most: int = 1_000) -> bool:
    """Returns whether a text is one line of sensible length that can be printed and encoded."""
    text.encode()
    return bool(text.strip()) and len(text.splitlines()) == 1 and len(text) <= most
