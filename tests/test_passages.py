"""Sentences and passages are spans of the text as it stands."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.chunking import PASSAGE_TOKENS, count_tokens, passages, sentence_spans
from footnote.index.models import make_paper

# Whatever a file can hold, and text that looks like sentences of all lengths.
sentences = st.builds(
    lambda words, end: " ".join(words) + end,
    st.lists(
        st.sampled_from("We see 3.5 e.g. kelp. U.S. Dr. Smith et al. Ω 漢字 (cf. it)".split())
    ),
    st.sampled_from([". ", "? ", "! ", ".\n\n", " ", ".) ", "… ", "。"]),
)
texts = st.text() | st.lists(sentences, max_size=40).map("".join)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@given(texts)
def test_sentences_stand_in_order_and_never_overlap(text):
    spans = sentence_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


@given(texts)
def test_nothing_but_white_space_lies_outside_the_sentences(text):
    outside = text
    for start, end in reversed(sentence_spans(text)):
        outside = outside[:start] + outside[end:]
    assert not outside.strip()


@given(texts)
def test_a_sentence_has_no_space_around_it(text):
    assert all(sentence == sentence.strip() for sentence in cut(text))


@given(texts, st.integers(1, 60))
def test_passages_hold_every_sentence_once_and_in_order(text, budget):
    paper, spans = make_paper("Kelp", text), sentence_spans(text)
    held = [
        [span for span in spans if p.start <= span[0] and span[1] <= p.end]
        for p in passages(paper, spans, budget=budget)
    ]
    assert [span for group in held for span in group] == spans
    assert all(held)


@given(texts, st.integers(1, 60))
def test_a_passage_starts_and_ends_with_a_sentence_and_overlaps_no_other(text, budget):
    paper, spans = make_paper("Kelp", text), sentence_spans(text)
    found = passages(paper, spans, budget=budget)
    assert {p.start for p in found} <= {start for start, _ in spans}
    assert {p.end for p in found} <= {end for _, end in spans}
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(p.paper_id == paper.id for p in found)


@given(texts, st.integers(1, 60))
def test_the_sentences_of_a_passage_keep_the_budget_unless_one_alone_breaks_it(text, budget):
    paper, spans = make_paper("Kelp", text), sentence_spans(text)
    for passage in passages(paper, spans, budget=budget):
        held = [text[a:b] for a, b in spans if passage.start <= a and b <= passage.end]
        assert len(held) == 1 or sum(map(count_tokens, held)) <= budget


def test_a_text_within_the_budget_is_one_passage():
    text = "One kelp. Two kelps. Three kelps."
    (passage,) = passages(make_paper("Kelp", text), sentence_spans(text))
    assert text[passage.start : passage.end] == text


def test_passages_are_of_about_equal_length():
    # 60 sentences of 8 tokens are 480, which is three passages of 160 and not 220 + 220 + 40.
    text = " ".join(["The kelp grows along every coast."] * 60)
    paper = make_paper("Kelp", text)
    sizes = [count_tokens(text[p.start : p.end]) for p in passages(paper, sentence_spans(text))]
    assert len(sizes) == 480 // PASSAGE_TOKENS + 1
    assert max(sizes) - min(sizes) <= 16


@pytest.mark.parametrize("text", ["", " ", "\n\t\u2028"])
def test_a_text_without_a_word_has_no_sentences_and_no_passages(text):
    assert sentence_spans(text) == []
    assert passages(make_paper("Kelp", text), []) == []


@pytest.mark.parametrize(
    "text",
    [
        "Smith et al. have shown it.",
        "Large seaweeds, e.g. Giant Kelp, grow fast.",
        "See Fig. 3 for more.",
        "It grows by approx. 3.5 cm a day.",
        "The U.S. coast has it.",
        "Kelp (cf. Sec. 2) grows.",
        "It is 0.5 vs. 0.7 in Eq. 4.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(text):
    assert cut(text) == [text]


@pytest.mark.parametrize(
    "parts",
    [
        ["Kelp grows.", "It does so fast."],
        ["Does kelp grow?", "yes, it does."],
        ["Kelp grows!", "It does (fast).", '"So it does."'],
        ["Kelp grows.", "3 of 4 forests shrink."],
    ],
)
def test_a_sentence_ends_where_a_reader_ends_it(parts):
    assert cut("  ".join(parts)) == parts


def test_tokens_are_those_of_cl100k():
    # The published example of the encoding: "tiktoken is great!" is 6 tokens.
    assert count_tokens("tiktoken is great!") == 6
    assert count_tokens("") == 0


def test_text_that_spells_a_special_token_is_counted_as_text():
    assert count_tokens("<|endoftext|>") > 1
