"""Anybody's text is read sentence by sentence, and judged by the papers that it cites."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import footnote as api
from footnote.index.library import Library
from footnote.index.readers.bibtex import read_keys
from footnote.index.readers.cited_text import CitedSentence, read_cited_text
from footnote.index.readers.reference_list import names_in_reference
from footnote.rag.verification.quoted import stands_in
from footnote.rag.verification.sentence_check import (
    ABOUT_EVIDENCE,
    MOST_CITED,
    CitedSource,
    SentenceChecker,
)
from footnote.ui.cli.batch import read_sentences
from footnote.ui.cli.check import is_json, references_of
from tests.command import inside
from tests.fuzzing import mutated

PPO = "Proximal Policy Optimization Algorithms"
CLIPS = "The main variant of PPO clips the probability ratio between the new and the old policy"
MARKDOWN = f"""# Related work

PPO clips the probability ratio between the new and the old policy [1]. It was tested on 12 robots.
[1] Nobody cites this.

- Sponges grow slowly. [2, 3]
- See [the paper](https://arxiv.org/abs/1707.06347).

```
code [1].
```

## References

[1] Schulman, J. et al. {PPO}. 2017.
[2] A. Brandt, "Glass sponges of the deep sea", Journal of Sponges, 2021.
3. Warm water, 10.5555/warm.2021.
"""
LATEX = r"""\documentclass{article} % nothing
\begin{document}
\section{Work}
PPO~\citep[see][p.~2]{ppo17} clips the ratio, which takes 6.8\,ms, $19\times$ faster.
It is stable \cite{ppo17, other}.
\begin{figure} Not a sentence \cite{ppo17}. \end{figure}
\bibliography{refs}
\end{document}
"""
BIBTEX = "@article{ppo17, title={Proximal {Policy} Optimization Algorithms}, eprint={1707.06347}}"


@pytest.fixture
def checker(demo_library: Library) -> SentenceChecker:
    return SentenceChecker(demo_library)


# What is read.


def test_markdown_is_read_with_its_list_of_references() -> None:
    ppo = names_in_reference(f"Schulman, J. et al. {PPO}. 2017.")
    first, second, third, fourth, fifth = read_cited_text(MARKDOWN)
    assert first == CitedSentence(
        "PPO clips the probability ratio between the new and the old policy.", (ppo,)
    )
    assert (second.text, second.citations) == ("It was tested on 12 robots.", (ppo,))
    assert (third.text, third.citations) == ("Nobody cites this.", ())
    assert fourth.text == "Sponges grow slowly."
    assert [names[0] for names in fourth.citations] == [
        "Glass sponges of the deep sea",
        "10.5555/warm.2021",
    ]
    assert fifth.text == "See the paper."
    assert fifth.citations[0][0] == "1707.06347"
    assert PPO in ppo


def test_latex_is_read_with_its_keys() -> None:
    first, second = read_cited_text(LATEX, read_keys(BIBTEX))
    named = ("1707.06347", PPO)
    assert first.text == "PPO clips the ratio, which takes 6.8 ms, 19× faster."
    assert first.citations == (named,)
    assert (second.text, second.citations) == ("It is stable.", (named, ("other",)))


def test_a_list_within_latex_names_the_papers() -> None:
    text = r"It clips \cite{a}. \begin{thebibliography}{9} \bibitem{a} S. J., ``Proximal Policy"
    (said,) = read_cited_text(text + r" Optimization Algorithms'', 2017. \end{thebibliography}")
    assert said.citations[0][0] == PPO


@pytest.mark.parametrize("text", ["", "\n", "# Only a heading", "| --- |", "Nothing."])
def test_a_text_without_sentences_has_none_or_only_uncited_ones(text: str) -> None:
    assert all(not sentence.citations for sentence in read_cited_text(text))


@given(mutated([MARKDOWN, LATEX], ["[1]", "[^2]:", "\\cite{", "[@a]", "## References", "|", "]("]))
def test_any_text_is_read(text: str) -> None:
    for sentence in read_cited_text(text):
        assert sentence.text.strip()
        assert all(names for names in sentence.citations)


@given(st.text())
def test_any_bibliography_is_read(text: str) -> None:
    assert isinstance(read_keys(f"{BIBTEX}\n{text}"), dict)


# What is judged.


@pytest.mark.parametrize("quote", [CLIPS, ""])
def test_a_sentence_is_judged_by_its_paper(quote: str, checker: SentenceChecker) -> None:
    source = [CitedSource(PPO, quote)]
    said = "PPO clips the probability ratio between the new policy and the old one."
    found = checker.check(said, source)
    assert found.verdict == "supported"
    assert found.quotes[0].quote.startswith(CLIPS)
    wrong = checker.check("PPO clips the ratio of 97 policies.", source)
    assert (wrong.verdict, wrong.notes[0]) == ("contradicted", "97 is not in the abstract")


def test_a_paper_that_is_not_here_settles_nothing(checker: SentenceChecker) -> None:
    # Nobody can look up its quote, which may be invented.
    missing = CitedSource("Nobody wrote this", "Gulls fly over 12 harbours.")
    found = checker.check("Gulls fly over 12 harbours.", [missing])
    assert (found.verdict, found.notes) == ("unsettled", ("not in the library: Nobody wrote this",))
    assert [quote.paper_id for quote in found.quotes] == [None]
    bare = checker.check("Gulls fly.", [CitedSource("Nobody wrote this")])
    assert (bare.verdict, bare.quotes) == ("unsettled", ())
    # What is not in the paper that is here may be in the one that is not.
    half = checker.check("PPO clips 97 ratios.", [CitedSource(PPO, CLIPS), missing])
    assert half.verdict == "unsettled"
    mine = checker.check(f"{CLIPS}.", [CitedSource(PPO, CLIPS), missing])
    assert mine.verdict == "supported"


@pytest.mark.parametrize(
    "quote", ["PPO had the best average reward in 97 games.", "97", "the best reward in 97 games"]
)
def test_an_invented_quote_is_no_evidence(quote: str, checker: SentenceChecker) -> None:
    found = checker.check("PPO had the best average reward in 97 games.", [CitedSource(PPO, quote)])
    assert found.verdict == "contradicted"
    assert f"the quote is not in the abstract of {PPO}" in found.notes
    assert "30 games" in found.quotes[0].quote
    true = checker.check("PPO clips the probability ratio.", [CitedSource(PPO, quote)])
    assert true.verdict == "supported"


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("The gulls’ “12” harbours", True),
        ('the gulls\' "12" harbours.', True),
        ("... gulls ... near the sea […]", True),
        ("near the sea ... gulls", False),
        ("2 harbours", False),
        ("harbour", False),
        ("12.5 harbours", False),
        ("", False),
        (" … ", False),
    ],
)
def test_a_quote_stands_by_its_whole_words(quote: str, stands: bool) -> None:
    assert stands_in(quote, 'The gulls\' "12"\nharbours lie near the sea.') is stands


def test_what_another_paper_says_is_told(checker: SentenceChecker) -> None:
    said = "Adapter weights are learned while the pretrained weights stay frozen."
    lora = "LoRA: Low-Rank Adaptation of Large Language Models"
    assert checker.check(said, [CitedSource(lora)]).verdict != "contradicted"
    said = "The weights are frozen, and low-rank matrices are trained in each layer instead."
    found = checker.check(said, [CitedSource(PPO, CLIPS)])
    assert found.verdict != "supported"


def test_what_an_abstract_does_not_say_is_not_contradicted(checker: SentenceChecker) -> None:
    # The whole paper may say so; with words of it for evidence, only a finding is put to it.
    for quote in ("", CLIPS):
        found = checker.check("Robots can learn from demonstrations.", [CitedSource(PPO, quote)])
        assert found.verdict == "unsettled"
        # Either of two that say so is nearer, by the arithmetic of the processor.
        assert re.match(
            "its abstract does not say so; “(?:RT-2: Vision|Learning Fine-Grained Bimanual)",
            found.notes[0],
        )


@pytest.mark.parametrize(
    "said",
    [
        "No paper evaluates on Atari.",
        "None of the papers reports results on 12 robots.",
        "The results are not reported.",
    ],
)
def test_what_a_paper_lacks_is_not_settled(said: str, checker: SentenceChecker) -> None:
    found = checker.check(said, [CitedSource(PPO)])
    assert (found.verdict, found.notes) == ("unsettled", (ABOUT_EVIDENCE,))
    assert checker.check(said, [CitedSource("Nobody wrote this")]).verdict == "unsettled"


def test_a_sentence_about_the_evidence_claims_nothing(checker: SentenceChecker) -> None:
    found = checker.check("The abstracts do not say how long it takes.", [])
    assert (found.verdict, found.support) == ("supported", 1.0)


def test_the_citations_of_a_sentence_are_bounded(checker: SentenceChecker) -> None:
    many = [CitedSource(f"Paper {n}") for n in range(MOST_CITED + 1)]
    found = checker.check("Gulls fly.", many)
    assert found.notes[0] == f"it has {MOST_CITED + 1} citations, of which the first 50 were read"
    assert len(found.notes) == MOST_CITED + 1


@pytest.mark.parametrize(
    "reference",
    [
        f"Schulman J, Wolski F. {PPO}. arXiv. 2017;1:1-12.",
        f"{PPO} (Schulman et al., 2017)",
        f"Schulman, J. et al., {PPO}, 2017",
        f"Schulman 2017 {PPO.lower()}",
        f"[{PPO}](https://example.org/ppo)",
        f"SCHULMAN, J; WOLSKI, F: {PPO} - arXiv, 2017",
        f"'{PPO}', 2017",
    ],
)
def test_a_reference_of_any_style_finds_its_paper(
    reference: str, demo_library: Library, checker: SentenceChecker
) -> None:
    text = f"{CLIPS} [1].\n\n## References\n[1] {reference}"
    (said,) = read_cited_text(text)
    (quote,) = checker.check_cited(said).quotes
    assert quote.title == PPO
    assert demo_library.cited(reference) is not None


@pytest.mark.parametrize(
    "reference",
    [
        f"A. B. {PPO}: a survey. 2019.",
        f"A. B. On {PPO}. 2019.",
        f"{PPO} for gulls. 2019.",
        "",
        "PPO",
    ],
)
def test_a_title_within_a_longer_one_is_another_paper(
    reference: str, demo_library: Library
) -> None:
    assert demo_library.cited(reference) is None


# The command and the API.


def test_json_lines_give_a_line_each(demo_library: Library, tmp_path: Path) -> None:
    rows = [
        {
            "id": "a",
            "sentence": "PPO clips the ratio.",
            "citations": [{"title": PPO, "quote": CLIPS}],
        },
        {"id": 7, "sentence": "PPO clips 97 ratios.", "citations": [{"title": PPO}]},
        {"id": "c", "sentence": "Nothing is cited."},
    ]
    file = tmp_path / "in.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    ran = inside("check", file, "--library", demo_library.path)
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["id"] for row in found] == ["a", "7", "c"]
    assert [row["verdict"] for row in found][1:] == ["contradicted", "unsettled"]
    assert found[0]["quotes"] == [{"paper_id": "arxiv:1707.06347", "title": PPO, "quote": CLIPS}]
    assert found[2]["notes"] == ["it cites nothing"]


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.txt"])
def test_any_json_of_sentences_is_read(name: str, tmp_path: Path) -> None:
    rows = [{"id": n, "sentence": "Gulls fly."} for n in (1, 2)]
    file = tmp_path / name
    for text, count in (
        (json.dumps(rows), 2),
        (json.dumps(rows, indent=2), 2),
        (json.dumps(rows[0], indent=2), 1),
        ("\n\n".join(map(json.dumps, rows)), 2),
    ):
        assert is_json(file, text)
        assert [one.id for one in read_sentences(file, text)] == ["1", "2"][:count]


def test_references_are_found_beside_a_text(tmp_path: Path) -> None:
    text, tex = r"It clips \cite{a,b}. \bibliography{refs}", tmp_path / "a.tex"
    assert references_of(tex, text) == {}
    (tmp_path / "a.bbl").write_text(rf"\bibitem{{a}} J. S., ``{PPO}'', 2017.", "utf-8")
    (tmp_path / "refs.bib").write_text("@misc{b, eprint={1707.06347}}", "utf-8")
    found = references_of(tex, text)
    assert (found["a"][0], found["b"][0]) == (PPO, "1707.06347")
    (tmp_path / "list.txt").write_text(f"[1] J. Schulman. {PPO}. 2017.", "utf-8")
    assert PPO in references_of(tmp_path / "a.md", "It clips [1].", tmp_path / "list.txt")["1"]


def test_a_text_is_shown_sentence_by_sentence(demo_library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.tex").write_text(LATEX, "utf-8")
    (tmp_path / "refs.bib").write_text(BIBTEX, "utf-8")
    ran = inside("check", tmp_path / "a.tex", "--library", demo_library.path)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith(("✓ PPO clips", "○ PPO clips", "✗ PPO clips"))
    assert "not in the library: other" in ran.out
    assert "contradicted" in ran.out.splitlines()[-1]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.jsonl", '{"id": 1}', ":1: sentence: Field required"),
        ("a.jsonl", "[", ":1: "),
        ("a.json", "7", ":1: Input should be an object"),
        ("a.json", "[]", "has no sentences"),
        ("a.json", '{\n"id": 1,\n', ":1: Invalid JSON"),
        ("a.json", '{"sentences": []}', ":1: id: Field required"),
        ("a.json", '[{"id": 1, "sentence": "A."}, 7]', ":2: Input should be an object"),
        ("a.jsonl", "", "has no sentences"),
        ("a.md", "# Heading", "has no sentences"),
        ("a.md", None, "cannot be read"),
    ],
)
def test_what_cannot_be_checked_is_one_line(
    name: str, text: Any, said: str, demo_library: Library, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text, "utf-8")
    ran = inside("check", tmp_path / name, "--library", demo_library.path)
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (1, "", 1)
    assert said in ran.err


def test_the_api_checks_a_text(demo_library: Library) -> None:
    text = f"It clips the probability ratio [1].\n\n# References\n[1] J. Schulman. {PPO}."
    with api.open(demo_library.path) as papers:
        found = papers.check(text)
    assert [one.quotes[0].title for one in found] == [PPO]
