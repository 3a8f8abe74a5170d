"""Blocks: only our own words make structure; quotes and titles are data, whatever they hold."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.models import Paper, make_paper
from footnote.rag.answer import Statement
from footnote.rag.generation.forms.form import Composed, Draft, heading
from footnote.rag.retrieval.evidence import Sentence
from footnote.ui.rendering.answer_blocks import Block, Bold, parse_blocks, split_row

HOSTILE = (
    "- a | b", "| a | b |", "### no heading", "**bold**", "1. one", "[1]", "<b>x</b>", "\\| bar",
    "a **b", "| --- | --- |", "* star", "x\\",
)  # fmt: skip


def paper(title: str, *sentences: str) -> tuple[Paper, list[Sentence]]:
    """Returns a paper, and each of its sentences as evidence."""
    found = make_paper(title, " ".join(sentences))
    places, at = [], 0
    for sentence in sentences:
        start = found.abstract.index(sentence, at)
        at = start + len(sentence)
        places.append(Sentence(found, start, at, 1.0))
    return found, places


def statements(blocks: list[Block]) -> list[Statement]:
    cells = (cell for block in blocks for row in block.rows for cell in row)
    return [piece for cell in cells for piece in cell if isinstance(piece, Statement)]


def blocks(composed: Composed) -> list[Block]:
    return parse_blocks(composed.text, composed.statements)


def kinds(composed: Composed) -> list[str]:
    return [block.kind for block in blocks(composed)]


def test_a_list_has_its_head_its_titles_in_bold_and_a_statement_a_row() -> None:
    one, (first,) = paper("Kelp", "Kelp grows.")
    two, (second,) = paper("Gulls", "Gulls sing.")
    draft = Draft([first, second])
    draft.add("2 papers match “sea”:")
    draft.add(draft.row(one, draft.quote(first)), draft.row(two, draft.quote(second)))
    head, rows = blocks(draft.finish())
    assert head.pieces == ("2 papers match “sea”:",)
    assert [row[0][0] for row in rows.rows] == [Bold("Kelp"), Bold("Gulls")]
    assert [row[0][1] for row in rows.rows] == [": ", ": "]
    assert [s.text for s in statements([rows])] == ["Kelp grows.", "Gulls sing."]


def test_a_row_about_a_paper_has_a_label_a_title_and_its_words() -> None:
    own, (quoted,) = paper("Kelp", "Kelp grows.")
    draft = Draft([quoted])
    draft.add(draft.row(own, draft.quote(quoted), "Yes and no, "), draft.row(own, "Green."))
    (rows,) = blocks(draft.finish())
    (said,) = statements([rows])
    assert [split_row(row[0]) for row in rows.rows] == [
        ("Yes and no", Bold("Kelp"), (said,)),
        ("", Bold("Kelp"), ("Green.",)),
    ]
    for plain in ((), ("words",), (Bold("Kelp"),), ("see ", Bold("Kelp"), ": it grows")):
        assert split_row(plain) is None


def test_only_a_short_paragraph_leads() -> None:
    short, long, head = parse_blocks("Six papers.\n\n" + "words " * 60 + "\n\n### Tides")
    assert (short.is_short, long.is_short, head.is_short) == (True, False, False)


def test_a_heading_stands_alone_in_either_writing() -> None:
    found = parse_blocks("### Tides\n\n**Kelp**\nwords")
    assert [block.kind for block in found] == ["heading", "heading", "paragraph"]
    assert [block.pieces for block in found[:2]] == [("Tides",), ("Kelp",)]


def test_a_table_has_as_many_cells_in_each_row_as_its_head() -> None:
    found = parse_blocks("| A | B |\n| --- | --- |\n| a |  |\n| only |")
    assert found == [
        Block("table", (((("A"),), ("B",)), (("a",), ()), (("only",), ()))),
    ]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_quote_is_one_statement_wherever_it_stands(text: str) -> None:
    if not re.search(r"\w", text):
        text += "x"
    own, (quoted,) = paper("Kelp", text)
    in_list, in_table, plain = Draft([quoted]), Draft([quoted]), Draft([quoted])
    in_list.add(in_list.row(own, in_list.quote(quoted)))
    in_table.add("| A | B |", "| --- | --- |", f"| {in_table.quote(quoted, cell=True)} |  |")
    plain.add(plain.quote(quoted))
    for draft, kind in ((in_list, "list"), (in_table, "table"), (plain, "paragraph")):
        composed = draft.finish()
        assert kinds(composed) == [kind]
        assert [s.text for s in statements(blocks(composed))] == [text]


NAMED = [title for title in HOSTILE if re.search(r"[a-z1]", title)]


@pytest.mark.parametrize("title", [*NAMED, "A* search", "two\nlines", "x [12] y"])
def test_a_title_makes_no_structure_and_no_marker(title: str) -> None:
    own, (quoted,) = paper(title, "Kelp grows.")
    draft = Draft([quoted])
    draft.add(draft.row(own, draft.quote(quoted)))
    (block,) = blocks(draft.finish())
    assert block.kind == "list"
    assert len(block.rows) == len(statements([block])) == 1
    assert not re.search(r"\[\d+\]|\n", heading(own))


@given(st.lists(st.sampled_from([*HOSTILE, "Kelp grows.", "It sings."]), min_size=1, max_size=6))
def test_every_statement_is_shown_once_and_in_order(texts: list[str]) -> None:
    _, sentences = paper("Kelp", *(f"{text} ({n})." for n, text in enumerate(texts)))
    draft = Draft(sentences)
    draft.add(" ".join(draft.quote(sentence) for sentence in sentences))
    composed = draft.finish()
    assert statements(blocks(composed)) == list(composed.statements)


def test_a_statement_that_the_text_lacks_is_shown_all_the_same() -> None:
    lost = Statement("Kelp grows.", (), "supported", 1.0)
    assert statements(parse_blocks("Something else.", [lost])) == [lost]


@pytest.mark.parametrize(
    "text",
    [
        "Kelp grows [1]. It sings [1][2]. (contradicted by its source) It rests. (no source)",
        "Kelp grows. [1] It sings. [1] [2] It rests.",
        "Kelp grows [1].\nIt sings [2].\nIt rests.",
    ],
)
def test_a_models_sentence_is_shown_once_wherever_its_markers_stand(text: str) -> None:
    said = [Statement(t, (), "supported", 1.0) for t in ("Kelp grows.", "It sings.", "It rests.")]
    (block,) = parse_blocks(text, said)
    assert [piece for piece in block.pieces if piece != " "] == said


def test_a_models_heading_is_a_heading_and_a_quoted_one_is_not() -> None:
    head = Statement("## What helps", (), None, 1.0)
    said = Statement("Kelp grows.", (), "supported", 1.0)
    found = parse_blocks("## What helps\n\nKelp grows [1].", [head, said])
    assert [block.kind for block in found] == ["heading", "paragraph"]
    quoted = Statement("## What helps", (), "supported", 1.0)
    assert [block.kind for block in parse_blocks("## What helps", [quoted])] == ["paragraph"]


@given(st.text(alphabet="|-*# [1]\n\\ab", max_size=60))
def test_any_text_has_blocks(text: str) -> None:
    for block in parse_blocks(text):
        assert len({len(row) for row in block.rows}) == 1


def test_what_is_missing_is_the_first_line() -> None:
    _, (quoted,) = paper("Kelp", "Kelp grows.")
    draft = Draft([quoted])
    draft.add(draft.quote(quoted))
    first, _ = blocks(draft.finish(missing="No abstract states the cost."))
    assert first.pieces == ("No abstract states the cost.",)


def test_a_title_that_is_the_quote_itself_stays_a_title() -> None:
    own, (quoted,) = paper("Kelp grows.", "Kelp grows.")
    draft = Draft([quoted])
    draft.add(draft.row(own, draft.quote(quoted)))
    (block,) = blocks(draft.finish())
    assert block.rows[0][0][:2] == (Bold("Kelp grows."), ": ")


def test_a_quote_in_a_table_and_again_in_a_list_is_found_in_both() -> None:
    own, (quoted,) = paper("Kelp", "x | y is z.")
    draft = Draft([quoted])
    draft.add("| A |", "| --- |", f"| {draft.quote(quoted, cell=True)} |")
    draft.add(draft.row(own, draft.quote(quoted)))
    table, rows = blocks(draft.finish())
    assert [len(statements([block])) for block in (table, rows)] == [1, 1]
