"""No regular expression of the product goes back and tries again: it takes as long as its text."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from footnote.evals.lab.bench.hostile import MOST_GROWTH, hostile, worst
from footnote.evals.lab.bench.patterns import PACKAGES, call, patterns_in, patterns_of

BAD = """
import re
EXPONENTIAL = re.compile(r"papers(?: by (?:[A-Z][\\w-]*\\s*)+)*$")
CUBIC = {"name": re.compile(r"\\b[A-Z]*[A-Z][A-Z]*[A-Z]*\\b")}
BOTH = tuple(re.compile(pattern) for pattern in (r"\\s+[?!]", rf"{re.escape('a')}b"))
def quadratic(text, name):
    for pattern in (r"\\d+x",):
        if re.search(pattern, text):
            return re.sub(rf"\\s+{name}\\(", "", text, flags=re.IGNORECASE)
    return EXPONENTIAL.search(text)
"""


def module(source: str) -> ModuleType:
    made = ModuleType("made")
    exec(source, vars(made))
    return made


def test_every_pattern_is_found_compiled_or_inline() -> None:
    found = list(patterns_in(BAD, lambda: module(BAD)))
    assert sorted(one.pattern.pattern for one in found) == sorted(
        [
            r"papers(?: by (?:[A-Z][\w-]*\s*)+)*$",
            r"\b[A-Z]*[A-Z][A-Z]*[A-Z]*\b",
            r"\s+[?!]",
            "ab",
            r"\d+x",
            r"\s+x\(",
        ]
    )
    ways = {one.pattern.pattern: one.ways for one in found}
    assert ways[r"papers(?: by (?:[A-Z][\w-]*\s*)+)*$"] == ("search",)
    assert ways[r"\s+x\("] == ways["ab"] == ("finditer",)


@pytest.mark.parametrize("at", ["papers", r"\b[A-Z]", r"\s+[?!]", r"\d+x", r"\s+x"])
def test_a_pattern_that_goes_back_is_seen(at: str) -> None:
    found = next(
        one for one in patterns_in(BAD, lambda: module(BAD)) if one.pattern.pattern.startswith(at)
    )
    texts = hostile(found.pattern.pattern, found.pattern.flags)
    growth = [worst(run, texts) for _, run in found.calls]
    assert growth[0] is not None
    assert growth[0].ratio > MOST_GROWTH


@pytest.mark.parametrize(
    "source",
    [
        "import re\ndef f(name): return re.search(name, 'a')",
        "import re\ndef f(name): return re.search('a' + name, 'a')",
        "from re import search\nsearch('a', 'b')",
        "import re as regular\nregular.search('a', 'b')",
        "import re\nsearch = re.search\nsearch('a', 'b')",
    ],
)
def test_a_pattern_that_cannot_be_read_is_told(source: str) -> None:
    with pytest.raises(ValueError, match="source:"):
        list(patterns_in(source, lambda: module(source)))


def test_a_text_is_pumped_out_of_the_pattern_itself() -> None:
    texts = hostile(r"papers by (?:[A-Z][\w-]*\s*)+$")
    assert any(t.text(40).startswith("papers by Aa Aa Aa Aa") for t in texts)


# One pattern of many words has 20,000 texts, each as good as the next.
MOST = 400


# In parts, so that a failure says where: a package after another.
@pytest.mark.parametrize(
    "most",
    [pytest.param(MOST, id="quick"), pytest.param(10**9, id="all", marks=pytest.mark.long)],
)
@pytest.mark.parametrize("package", PACKAGES)
def test_no_pattern_takes_more_than_its_text_is_longer(package: str, most: int) -> None:
    found = patterns_of([package])
    assert len(found) > 20
    slow = []
    for one in found:
        texts = hostile(one.pattern.pattern, one.pattern.flags)
        some = texts[:: 1 + len(texts) // most]
        grown = ((way, worst(run, some)) for way, run in one.calls)
        slow += [f"{one.where} {way}: {growth}" for way, growth in grown if growth]
    assert not slow, "\n".join(slow)


def test_every_file_of_the_packages_is_read() -> None:
    where = {one.where.partition(":")[0] for one in patterns_of(PACKAGES)}
    root = Path(__file__).parent.parent
    uses = {
        str(path.relative_to(root))
        for package in PACKAGES
        for path in root.joinpath(*package.split(".")).rglob("*.py")
        if re.search(r"\bre\.(?:compile|sub|search|match|fullmatch|split|find)", path.read_text())
    }
    assert uses - where <= {"footnote/evals/lab/bench/patterns.py"}
    assert call(re.compile("a"), "match")("a")
