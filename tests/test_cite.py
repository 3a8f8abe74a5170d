"""Markers become spans of abstracts, whatever a model makes of them."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footnote.index.chunking import sentence_spans
from footnote.index.models import make_paper
from footnote.rag.generation.citations import CitationBinder
from footnote.rag.generation.citations.patterns import GUARD
from footnote.rag.retrieval.evidence import Sentence

PAPERS = [make_paper(f"Paper {name}", f"{name} is one. {name} is two.") for name in "ABC"]
EVIDENCE = [
    Sentence(paper, start, end, 1.0)
    for paper in PAPERS
    for start, end in sentence_spans(paper.abstract)
]
"""Numbers 1 and 2 are of paper A, 3 and 4 of B, 5 and 6 of C."""

MARKERS = "[1]|[2]|[5, 3]|[4][6]|[ 3 ,6 ]|[sentence 2]|[1-4]|[0]|[99]|[999999]"
FORMS = "【3】|【5†L1-L3】|[S4]|[^6]|\\[2\\]|(3)|(1)|.³| (5).|**[1]**|([2], [3])|[S1, S"
MORE = "[cite: 2]|[1]-|[3-1]|(1, 3).|(2)(4).|(S3)|<sup>2</sup>.|$^{3}$|\\cite{3}|³.|,⁵"
MORE += "|values in [1, 4]|\n\n[1] Paper A\n|\nNotes:\n"
BELOW = "\nSources:\n|\n## References\n|\n[^1]: |\n---\n|\n| |**|(|\\[|【|[^|,|; "
PROSE = "in |[0, 1]|[7, 9]|PPO clips| |. |.|\n|- |[|]|[se|[1, |x|é🙂|[a]|2.5"
ALL = (MARKERS, FORMS, MORE, BELOW, PROSE)
PIECES = st.sampled_from([x for each in ALL for x in each.split("|")])


def bound(text: str) -> list[tuple[str, str]]:
    """Returns each sentence with the first letters of the quotes it is bound to."""
    return [
        (b.text, "".join(f"{c.quote[0]}{c.quote[-4]}" for c in b.citations))
        for b in CitationBinder(EVIDENCE).bind(text)
    ]


def streamed(*pieces: str) -> tuple[str, CitationBinder]:
    binder = CitationBinder(EVIDENCE)
    return "".join([*map(binder.feed, pieces), binder.flush()]), binder


@given(st.text(min_size=1, max_size=400))
@example("We  clip\r\nthe ratio.\n\n\tIt helps\x0b a  lot.")
def test_a_quote_is_a_verbatim_slice_of_any_abstract(abstract: str) -> None:
    paper = make_paper("T", abstract)
    for start, end in sentence_spans(abstract):
        citation = CitationBinder([]).citation(Sentence(paper, start, end, 0.0))
        assert citation.quote == abstract[citation.start : citation.end] != ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It clips [1].", [("It clips.", "Ao")]),
        ("It clips. [1]", [("It clips.", "Ao")]),
        ("It clips.[1] It learns.[3]", [("It clips.", "Ao"), ("It learns.", "Bo")]),
        ("“It clips.”[1] It learns.", [("“It clips.”", "Ao"), ("It learns.", "")]),
        ("It clips [1, 3].", [("It clips.", "AoBo")]),
        ("It clips [1][3].", [("It clips.", "AoBo")]),
        ("It clips [1-3] [2].", [("It clips.", "AoAtBo")]),
        ("It clips [1 and 3], it learns.", [("It clips, it learns.", "AoBo")]),
        ("It clips [Sentence 1; 3].", [("It clips.", "AoBo")]),
        ("- It clips [1].\n* It learns. [3]", [("It clips.", "Ao"), ("It learns.", "Bo")]),
        ("1. It clips [1].\n2) It learns [3].", [("It clips.", "Ao"), ("It learns.", "Bo")]),
        ("[1] It clips. [3] It learns.", [("It clips.", "Ao"), ("It learns.", "Bo")]),
        ("It clips.\n[1]", [("It clips.", "Ao")]),
        ("[1]\nIt clips.", [("It clips.", "Ao")]),
        ("It clips.", [("It clips.", "")]),
        ("It clips (1), see [a].", [("It clips (1), see [a].", "")]),
        # Forms of other models.
        ("It clips 【3】.", [("It clips.", "Bo")]),
        ("It clips 【1†L1-L3】【3†source】.", [("It clips.", "AoBo")]),
        ("It clips [S1][s3].", [("It clips.", "AoBo")]),
        ("It clips [S1, S3] [sentences 5 and 6].", [("It clips.", "AoBoCoCt")]),
        ("It clips [S1-S3].", [("It clips.", "AoAtBo")]),
        ("It clips [1, and 3].", [("It clips.", "AoBo")]),
        ("It clips [1], [3].", [("It clips.", "AoBo")]),
        ("It clips ([1]; [3]).", [("It clips.", "AoBo")]),
        (r"It clips \[3\].", [("It clips.", "Bo")]),
        ("It clips [^3].\n\n[^3]: PPO clips [5].\n[^5]: So.", [("It clips.", "Bo")]),
        ("It clips [^3][^5].", [("It clips.", "BoCo")]),
        ("It clips (3).", [("It clips.", "Bo")]),
        ("It clips. (3)\nIt learns. (1)", [("It clips.", "Bo"), ("It learns.", "Ao")]),
        ("It clips. (3) It learns (5).", [("It clips.", "Bo"), ("It learns.", "Co")]),
        ("It clips.³ It learns.⁵", [("It clips.", "Bo"), ("It learns.", "Co")]),
        *[
            (f"It clips {form}.", [("It clips.", "Bo")])
            for form in (
                "[cite: 3]",
                "[citation:3]",
                "[^3^]",
                "[3†source]",
                "(S3)",
                "(sentence 3)",
                "[Paper 3]",
                "[Source 3]",
                "[ref. 3]",
                "[see 3]",
                "[3, p. 3]",
                "<sup>3</sup>",
                "$^{3}$",
                r"\cite{3}",
                "^[3]^",
                "〔3〕",
            )
        ],
        *[
            (f"It clips {form}.", [("It clips.", "AoBo")])
            for form in (
                "[cite: 1, 3]",
                "(1, 3)",
                "(1)(3)",
                "(sentences 1 and 3)",
                "[S1, S3]",
                "[Sentence 1, Sentence 3]",
            )
        ],
        *[
            (f"It clips {form}.", [("It clips.", "AoAtBo")])
            for form in ("[1]-[3]", "[1]–[3]", "[1] - [3]", "[3-1]")
        ],
        (
            "- It clips fast (3)\n- It learns well (5)",
            [("It clips fast", "Bo"), ("It learns well", "Co")],
        ),
        ("It clips³.", [("It clips.", "Bo")]),
        ("It clips.³⁵ It learns.¹,³", [("It clips.", "BoCo"), ("It learns.", "AoBo")]),
        ("It clips.¹⁻³ So.", [("It clips.", "AoAtBo"), ("So.", "")]),
        # Intervals, layers and indexes stay.
        ("It takes values in [1, 4] [3].", [("It takes values in [1, 4].", "Bo")]),
        ("It has the interval [2, 5] for it [3].", [("It has the interval [2, 5] for it.", "Bo")]),
        ("The range [1, 5] is fast.", [("The range [1, 5] is fast.", "")]),
        ("Its scores from [1-5] are high [3].", [("Its scores from [1-5] are high.", "Bo")]),
        ("Layers [2, 3] of it clip [5].", [("Layers [2, 3] of it clip.", "Co")]),
        # Markdown.
        ("**It clips.** [3] So.", [("**It clips.**", "Bo"), ("So.", "")]),
        ("**It clips.**[3]", [("**It clips.**", "Bo")]),
        ("**It clips [3].**", [("**It clips.**", "Bo")]),
        ("It clips **[3]**.", [("It clips.", "Bo")]),
        ("## 1. Why [3]\nIt clips.", [("## 1. Why", "Bo"), ("It clips.", "")]),
        (
            "| A | B. C [3] |\n|---|:-:|\n| It [1] | clips. [5] |",
            [("B. C", "Bo"), ("It", "Ao"), ("clips.", "Co")],
        ),
        ("[1] [2]", []),
        ("... !", []),
        ("", []),
    ],
)
def test_each_sentence_is_bound_to_what_it_cites(
    text: str, expected: list[tuple[str, str]]
) -> None:
    assert bound(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "In 2017 (5).", "It is from (2017).", "It has three layers (3).", "See step (3).",
        "Two aims are (1) speed, (2) size, (3) cost (4).", "(1) Fast. (2) Small. (3) Cheap.",
        "At [CLS] and m², R³.", "By 10⁻³ and 5.³", "Arrays [a, 1] and [1.5, 2].",
        "Smith et al. (3)",
        "It uses [^a-z] and 【x】.", "f(3) = g (3) + 1.", "It clips (9).",
        "It reaches 90% (3).", "It came in 2013 (5).",
        "The pair is one of the values (1, 3).", "Structured state space models (S4).",
        "Transformer² adapts.", "It uses Transformer².", "It is 3 km² and R³.",
        "By 10$^{3}$ times.",
        "It uses (sentence 9).",
    ],
)  # fmt: skip
def test_a_number_that_may_be_something_else_stays_text(text: str) -> None:
    sentences = CitationBinder(EVIDENCE).bind(text)
    assert " ".join(s.text for s in sentences) == text
    assert not any(s.citations or s.notes for s in sentences)
    assert streamed(text)[0] == streamed(*text)[0] == text


@pytest.mark.parametrize("said", ["It is x[1] and x[2]", "It reads hidden_states[3]", "Use a[3]"])
def test_an_index_is_shown_and_looks_like_no_marker(said: str) -> None:
    (sentence,) = CitationBinder(EVIDENCE).bind(f"{said} [5].")
    shown = streamed(*f"{said} [5].")[0]
    assert shown == sentence.shown == streamed(f"{said} [5].")[0]
    assert (sentence.text.replace(GUARD, ""), len(sentence.citations)) == (f"{said}.", 1)
    assert re.findall(r"\[\d+\]", shown) == ["[1]"]


def test_an_item_that_only_counts_cites_nothing() -> None:
    assert bound("- Robots (3)\n- Games (5)") == [("Robots (3)", ""), ("Games (5)", "")]


@pytest.mark.parametrize(
    "below",
    [
        "References:\n[3] PPO, 2017.\n[5] TRPO", "## Sources\n\n- [3] PPO\n- TRPO, 2015",
        "**Sources:** [3], [5]", "References\n1. PPO [2017]\n   goes on\n2. TRPO",
        "Quellen:\n* (3) PPO",        "[^3]: PPO\n[^5]: TRPO", "Sources:",
        "[1]: Schulman et al., Policies, 2017.\n[5]: Levine, Regions, 2015.", "[1] Paper one",
        "Notes:\n[1] Paper one\n[3] Paper two", "[1] A is one.",
        "- [1] Paper A, 2017\n- [3] B",
    ],
)  # fmt: skip
def test_a_list_of_sources_below_binds_nothing_and_is_not_shown(below: str) -> None:
    text = f"It clips [1].\n\n{below}"
    assert bound(text) == [("It clips.", "Ao")]
    shown, binder = streamed(*text)
    assert shown == streamed(text)[0] == "It clips [1]."
    assert binder.papers == PAPERS[:1]


@pytest.mark.parametrize(
    "text",
    ["## Sources\nThey are old [1].", "Sources:\n- Books [1]\n- Films [2]", "Sources: books [1]."],
)
def test_sources_that_a_sentence_speaks_of_are_shown(text: str) -> None:
    assert streamed(*text)[0] == streamed(text)[0] == text.replace("[2]", "[1]")


@pytest.mark.parametrize(
    "text",
    [
        "It clips [1].\n\n[3] It is slow.", "It clips [1].\n\n[1] It is slow",
        "[1] Paper one\n[3] Paper two", "It clips [1].\n\nNotes:\n[3] It is slow.",
        "It clips [1].\n\nNotes: it is slow [3].", "It clips [1].\n[3] Paper two",
    ],
)  # fmt: skip
def test_a_claim_that_begins_with_its_number_is_none_of_a_list(text: str) -> None:
    shown = streamed(*text)[0]
    assert shown == streamed(text)[0]
    assert re.sub(r"\[\d\]", "", shown) == re.sub(r"\[\d\]", "", text)


def test_text_after_a_list_of_sources_goes_on() -> None:
    text = "It clips [1].\n\nSources:\n- [3] PPO\n\nIt learns [5]."
    assert streamed(*text)[0] == "It clips [1].\n\nIt learns [2]."
    assert bound(text) == [("It clips.", "Ao"), ("It learns.", "Co")]


@pytest.mark.parametrize(
    "marker", ["[0]", "[7]", "[999999]", "[7, 999999]", "[S7]", "【9】", "[^8]"]
)
def test_a_marker_that_points_nowhere_is_a_note_not_silence(marker: str) -> None:
    (sentence,) = CitationBinder(EVIDENCE).bind(f"It clips {marker}.")
    assert sentence.text == "It clips."
    assert sentence.citations == ()
    missed = re.findall(r"\d+", marker)
    assert [note.split()[1] for note in sentence.notes] == [f"[{n}]" for n in missed]
    assert "sentences 1 to 6 were given" in sentence.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        "Its values lie in [0, 1].",
        "[0, 1] is its range.",
        "Pixels are within [0-255], not more.",
        "It scores on a scale of [1, 20].",
        "The interval [1; 99] is wide.",
    ],
)
def test_an_interval_is_prose_not_a_marker(text: str) -> None:
    (sentence,) = CitationBinder(EVIDENCE).bind(text)
    assert (sentence.text, sentence.citations, sentence.notes) == (text, (), ())
    assert streamed(*text)[0] == sentence.shown == text


@pytest.mark.parametrize("text", ["It clips [1, 20].", "As shown in [1, 3].", "It lies in [1]."])
def test_what_may_be_a_marker_is_none_of_an_interval(text: str) -> None:
    (sentence,) = CitationBinder(EVIDENCE).bind(text)
    assert sentence.citations
    assert "[1]" in sentence.shown


@pytest.mark.parametrize(
    "text",
    [
        "It clips [1]. It learns [3].",
        "Two things:\n\n- It clips [1].\n- It learns [3].",
        "1. It clips [1].\n2. It learns [3]. It rests [4].",
        "- It clips [1].\n  - It learns [3].\n\n---\n\n## So [4]",
        "| A [1] | B |\n|---|---|\n| a. b [3] | c [4] |\n| d | – |",
        "So:\n\n| A | B |\n|---|---|\n| a | It clips [3] |\n\nIt rests [4].",
    ],
)
def test_sentences_and_what_leads_to_them_make_up_the_text_again(text: str) -> None:
    sentences = CitationBinder(EVIDENCE).bind(text)
    assert "".join(s.lead + s.raw + s.tail for s in sentences) == text
    assert "".join(s.lead + s.shown + s.tail for s in sentences) == streamed(text)[0]


@pytest.mark.parametrize(
    ("table", "shown", "claims"),
    [
        pytest.param(
            "| Method | It | Memory | Source |\n|:--|--|--|--:|\n| PPO | clips | not reported "
            "| [1] |\n| DPO | learns | – | [3][5] |\n\nIt rests [4].",
            "| Method | It | Memory |\n|---|---|---|\n| PPO | clips [1] | not reported |"
            "\n| DPO | learns [2][3] | – |\n\nIt rests [2].",
            [("clips", "Ao"), ("not reported", ""), ("learns", "BoCo"), ("It rests.", "Bt")],
            id="a column of sources counts for what stands beside it",
        ),
        pytest.param(
            "| A | B | C |\n|---|---|---|\n| PPO | clips | learns [3] |\n",
            "| A | B | C |\n|---|---|---|\n| PPO | clips [1] | learns [1] |",
            [("clips", "Bo"), ("learns", "Bo")],
            id="the last cell's marker counts for its row",
        ),
        pytest.param(
            "| PPO | [1] |\nIt rests [4].",
            "| PPO [1] |\n\nIt rests [2].",
            [("PPO", "Ao"), ("It rests.", "Bt")],
            id="a name that alone is cited is a claim",
        ),
        pytest.param(
            f"| A | B |\n|---|---|\n| {'PPO is better than TRPO. ' * 3}| no |",
            f"| A | B |\n|---|---|\n| {'PPO is better than TRPO. ' * 3}| no |",
            [(("PPO is better than TRPO. " * 3).strip(), ""), ("no", "")],
            id="a claim is no name of a row",
        ),
        pytest.param(
            r"| A | clips \| cuts [1] |", r"| A | clips \| cuts [1] |", [("clips | cuts", "Ao")],
            id="a bar in a cell ends none",
        ),
        pytest.param(
            "| A | B | Source |\n|---|---|---|\n| a | clips | 3 |\n| b | learns | (1, 5) |"
            "\n| c | 3 | 2017 |",
            "| A | B | Source |\n|---|---|---|\n| a | clips [1] |  |\n| b | learns [2][3] |  |"
            "\n| c | 3 | 2017 |",
            [("clips", "Bo"), ("learns", "AoCo"), ("3", ""), ("2017", "")],
            id="numbers alone in a column of sources",
        ),
        pytest.param(
            "A | B\n---|---\na | clips [3]\nb | learns [5]",
            "| A | B |\n|---|---|\n| a | clips [1] |\n| b | learns [2] |",
            [("clips", "Bo"), ("learns", "Co")],
            id="a table without bars at its left",
        ),
    ],
)  # fmt: skip
def test_each_claim_in_a_table_is_bound_by_itself(
    table: str, shown: str, claims: list[tuple[str, str]]
) -> None:
    assert bound(table) == claims
    sentences = CitationBinder(EVIDENCE).bind(table)
    assert "".join(s.lead + s.shown + s.tail for s in sentences) == shown


def test_a_range_that_runs_out_is_noted_once() -> None:
    (sentence,) = CitationBinder(EVIDENCE).bind("It clips [5-999999].")
    assert len(sentence.citations) == 2
    assert len(sentence.notes) == 1


def test_no_evidence_makes_every_marker_a_note() -> None:
    (sentence,) = CitationBinder([]).bind("It clips [1].")
    assert (sentence.citations, len(sentence.notes)) == ((), 1)


@given(st.lists(st.integers(1, 6), min_size=1, max_size=12))
def test_papers_are_numbered_by_first_use(numbers: list[int]) -> None:
    shown, binder = streamed(" ".join(f"word [{n}]" for n in numbers))
    first_use = list(dict.fromkeys(EVIDENCE[n - 1].paper.id for n in numbers))
    assert [paper.id for paper in binder.papers] == first_use
    expected = [first_use.index(EVIDENCE[n - 1].paper.id) + 1 for n in numbers]
    assert [int(n) for n in re.findall(r"\d+", shown)] == expected


@given(st.lists(PIECES, max_size=12).map("".join), st.data())
def test_markers_cut_between_chunks_are_bound_all_the_same(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert streamed(*pieces)[0] == streamed(text)[0] == streamed(*text)[0]


@given(st.lists(PIECES, max_size=12).map("".join))
def test_the_streamed_text_shows_no_number_but_a_cited_papers(text: str) -> None:
    shown, binder = streamed(*text)
    assert shown == shown.strip()
    whole = re.findall(r"\[(\d+)\]", shown)
    assert {int(n) for n in whole} <= set(range(1, len(binder.papers) + 1))


@given(st.lists(PIECES, max_size=12).map("".join))
def test_streaming_and_binding_agree_on_the_papers(text: str) -> None:
    _, binder = streamed(*text)
    by_stream = list(binder.papers)
    cited = {c.paper_id for b in binder.bind(text) for c in b.citations}
    assert binder.papers == by_stream
    if any(b.text for b in binder.bind(text)):
        assert cited == {paper.id for paper in by_stream}


def test_two_quotes_of_one_paper_show_one_number() -> None:
    assert streamed("It clips [1][2], so [2, 1] [3].")[0] == "It clips [1], so [1][2]."


def test_a_dangling_marker_leaves_no_gap_in_the_text() -> None:
    assert streamed("It clips [99].")[0] == "It clips."


def test_half_a_marker_at_the_end_is_shown_as_it_is() -> None:
    assert streamed("It clips [1", ", 3")[0] == "It clips [1, 3"


@pytest.mark.parametrize(
    "written",
    [
        "Yes " + "[1]" * 150 + "[3].", "[" + " " * 300 + "1]",
        "[1]" * 80 + " " * 300 + "[1]", "In [0, 5]" + "[1]" * 90, "Yes" + "   [1]" * 90 + " so.",
        "Sources:\n- " + "x" * 400 + " [3]\nIt clips [1].",
    ],
    ids=["a run", "space in a marker", "space between", "an interval first", "a spaced run",
         "a source"],
)  # fmt: skip
def test_a_text_is_shown_alike_wherever_its_pieces_end(written: str) -> None:
    whole = streamed(written)[0]
    assert {streamed(written[:at], written[at:])[0] for at in range(len(written))} == {whole}
    assert streamed(*written)[0] == whole


@pytest.mark.parametrize(
    "piece", ["**[1]", "(", "([1]", "\\[", "【", "[^", "*", "⁷", "Sources:\n\n", "  \n", "[1] ,"]
)
def test_what_may_become_a_marker_is_held_back_for_a_short_while(piece: str) -> None:
    binder = CitationBinder(EVIDENCE)
    binder.feed("Sources:\n" if piece.isspace() else "It clips ")
    for _ in range(2_000):
        binder.feed(piece)
        held = binder._held, binder._forms._held, binder._references._line
        assert sum(map(len, held)) + len(binder._references._pending) < 1_000
