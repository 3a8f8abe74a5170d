"""A text of somebody's own is read as it is meant: what cites, what is listed, and what is text."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.readers.cited_text import read_cited_blocks, read_cited_text

PPO = "Proximal Policy Optimization Algorithms"
ENTRY = f"[1] J. Schulman. {PPO}. 2017."
LISTED = f"\n\n## References\n\n{ENTRY}\n[2] A. Brandt. Glass sponges of the sea. 2021.\n"


def labels(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Returns the sentences of a text, each with the labels of its citations."""
    return [(one.text, one.labels) for one in read_cited_text(text)]


def is_listed(text: str) -> bool:
    """Returns whether the first sentence cites the paper, and no entry is a sentence."""
    first, *rest = read_cited_text(text)
    named = any(PPO in name for names in first.citations for name in names)
    return named and not any("Schulman" in one.text for one in rest)


# Markdown or LaTeX.


@pytest.mark.parametrize(
    "more",
    [
        "$$\\begin{aligned} x &= 1 \\end{aligned}$$",
        "\\begin{equation} x \\end{equation}",
        "Write `\\cite{key}` or `\\section{A}`.",
        "```tex\n\\documentclass{a} \\cite{b}\n```",
        "See \\cite{ppo}.",
    ],
)
def test_markdown_with_a_formula_or_code_stays_markdown(more: str) -> None:
    text = f"# Work\n\n{more}\n\nIt gains 12% over TRPO on robots [1].{LISTED}"
    assert labels(text)[-1] == ("It gains 12% over TRPO on robots.", ("1",))
    assert any(PPO in name for name in read_cited_text(text)[-1].citations[0])


@pytest.mark.parametrize(
    "command", ["cite", "parencite", "textcite", "autocite", "footcite", "Citet"]
)
def test_a_paragraph_with_any_cite_command_is_latex(command: str) -> None:
    assert labels(rf"It clips~\{command}[see][p.~3]{{a,b}} 5\% % no") == [
        ("It clips 5%", ("a", "b"))
    ]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (r"It clips \cites{a}{b}.", ("a", "b")),
        (r"It clips \parencites[see][2]{a}[p.~3]{b,c}.", ("a", "b", "c")),
        (r"It clips (\citeauthor{a}, \citeyear{a}).", ("a",)),
        ("It clips \\cite{a,\n  b}.", ("a", "b")),
        (r"It clips \citep[see {\em b}][]{a}.", ("a",)),
        (r"It clips \cite{a} \nocite{*} [1] $[0,1]$.", ("a",)),
    ],
)
def test_every_key_of_a_cite_command_counts(text: str, keys: Sequence[str]) -> None:
    assert [one[1] for one in labels(text)] == [keys]


# The list of references.


@pytest.mark.parametrize(
    "listed",
    [
        LISTED,
        LISTED.replace("\n", "\r\n"),
        LISTED.replace("\n", "\r"),
        f"\n\n## 7. References\n\n{ENTRY}",
        f"\n\nVII. REFERENCES\n\n{ENTRY}",
        f"\n\n7 References\n{ENTRY}",
        f"\n\nReferences\n----------\n\n{ENTRY}",
        f"\n\n**References:**\n\n1. {ENTRY[4:]}",
        f"\n\n## References\n\n[1]. {ENTRY[4:]}\n[2]A. Brandt. Glass sponges.",
        f"\n\n## References\n\n### Papers\n\n{ENTRY}\n\n### Books\n\n[2] A. Brandt. Sponges. 2021.",
        f"\n\n{ENTRY}\n[2] A. Brandt. Glass sponges. 2021",
        f"\n\n---\n{ENTRY}\n\n[2] A. Brandt. Glass sponges. 2021",
        f"\n\n[1]: {PPO}",
    ],
)
def test_a_list_of_references_is_found(listed: str) -> None:
    assert is_listed(f"It clips the ratio [1].{listed}")


def test_a_heading_that_heads_text_begins_no_list() -> None:
    text = f"# Literature\n\nIt clips the ratio [1].\n\nSponges grow [1].\n\n{ENTRY}"
    assert is_listed(text)
    assert [one.kind for one in read_cited_blocks(text)] == ["heading", "paragraph", "paragraph"]
    assert labels("# Sources\n\nIt clips [@a].") == [("It clips.", ("a",))]
    assert labels("It clips.\n\n```python\n# References\n```\n\nSo [1].")[-1] == ("So.", ("1",))


@pytest.mark.parametrize("between", ["## Appendix\n\n", ""])
def test_what_follows_the_list_is_text(between: str) -> None:
    text = f"It clips [1].{LISTED}\n{between}Sponges grow slowly [2]. More is there [1].\n"
    assert labels(text) == [
        ("It clips.", ("1",)),
        ("Sponges grow slowly.", ("2",)),
        ("More is there.", ("1",)),
    ]


def test_a_last_paragraph_is_no_list() -> None:
    assert labels("It clips [1].\n\n[2] shows that sponges grow [1].") == [
        ("It clips.", ("1",)),
        ("shows that sponges grow.", ("2", "1")),
    ]
    assert labels("It clips [7].\n\n[2] Brandt shows so.")[-1] == ("Brandt shows so.", ("2",))


def test_a_footnote_may_go_on() -> None:
    assert is_listed(f"It clips [^1].\n\n[^1]: J. Schulman.\n    {PPO}. 2017.")


# Brackets.


@pytest.mark.parametrize(
    "said",
    [
        "Rewards lie in [0, 1] here.",
        "Rewards lie in $[1,2]$ here.",
        r"Rewards lie in \([1, 2]\) here.",
        "We use x[1] here.",
        "We use `a[1]` here.",
        "We use `[1]` here.",
        "See [9-2] here.",
        "See [1-999] here.",
        "See [7] here.",
        "See [Table 1] here.",
        "It ends. [0, 1] is the range.",
    ],
)
def test_a_bracket_that_cites_nothing_stays(said: str) -> None:
    found = read_cited_text(f"It clips [1].\n\n{said}{LISTED}")[1:]
    assert " ".join(one.text for one in found) == said
    assert not any(one.citations for one in found)


@pytest.mark.parametrize(
    ("mark", "cited"),
    [
        ("[1, p. 5]", ("1",)),
        ("[1, pp. 5–7]", ("1",)),
        ("[see 2]", ("2",)),
        ("[cf. 1, 2]", ("1", "2")),
        ("[1, Sec. 3.2]", ("1",)),
        ("[1, §3]", ("1",)),
        ("[1]–[2]", ("1", "2")),
        ("[1-2]", ("1", "2")),
        ("[1][2]", ("1", "2")),
        ("[2, 9]", ("2", "9")),
        ("[see @a, p. 3; @b]", ("a", "b")),
    ],
)
def test_a_bracket_that_cites_is_taken_out(mark: str, cited: tuple[str, ...]) -> None:
    assert labels(f"PPO clips {mark}.{LISTED}") == [("PPO clips.", cited)]
    assert labels(f"PPO clips. {mark}{LISTED}") == [("PPO clips.", cited)]


def test_a_mark_may_touch_its_word() -> None:
    assert labels(f"GPT-4[1] clips ratios[2].{LISTED}") == [("GPT-4 clips ratios.", ("1", "2"))]


def test_only_a_link_to_a_paper_cites() -> None:
    text = "See [it](https://arxiv.org/abs/1707.06347), [docs](./a.md) and ![plot](a.png)."
    ((said, cited),) = labels(text)
    assert (said, cited) == ("See it, docs and plot.", ("",))


def test_a_link_leaves_its_words_as_they_stood() -> None:
    assert labels("It clips ([PPO](https://a.org/b)).") == [("It clips (PPO).", ("",))]


def test_a_footnote_of_latex_is_a_sentence() -> None:
    text = r"\section{A}\noindent It clips.\footnote{So says \cite{a}.}"
    assert labels(text) == [("It clips.", ()), ("So says.", ("a",))]


@given(st.text(alphabet="a1[]()$`@^\\{}.,–- \n#|*", max_size=200))
def test_any_brackets_are_read(text: str) -> None:
    for one in read_cited_text(text):
        assert len(one.labels) == len(one.citations)
