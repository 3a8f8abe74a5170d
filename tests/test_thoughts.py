"""A model's thoughts are no part of its answer, however they are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.rag.generation.chat.reasoning import Thoughts

PIECES = st.sampled_from(
    "<think>|</think>|<Thinking>|</thinking>|<th|ink>|</|\n|\n </think>|PPO clips. | |<|<b>".split(
        "|"
    )
)


def let_through(*pieces: str) -> str:
    thoughts = Thoughts()
    text = ""
    for piece in pieces:
        ready, restarted = thoughts.feed(piece)
        text = ready if restarted else text + ready
    return text + thoughts.flush()


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("It clips.", "It clips."),
        ("<think>Hm.</think>It clips.", "It clips."),
        ("\n<THINK>\nHm <b>\n</think>\n\nIt clips.", "\n\nIt clips."),
        ("<think></think><thinking>more</thinking>It clips.", "It clips."),
        ("The user asks.\nSo.\n</think>\nIt clips.", "\nIt clips."),
        ("<think>never ends", ""),
        ("It uses <think> and </think> tags.", "It uses <think> and </think> tags."),
        ("<b>It</b> clips.\n", "<b>It</b> clips.\n"),
        ("It clips.\n</", "It clips.\n</"),
        ("<thi", "<thi"),
        ("", ""),
    ],
)
def test_only_the_answer_is_let_through(text: str, answer: str) -> None:
    assert let_through(text) == let_through(*text) == answer


@given(st.lists(PIECES, max_size=12).map("".join), st.data())
def test_tags_cut_between_pieces_are_found_all_the_same(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert let_through(*pieces) == let_through(text) == let_through(*text)


def test_thoughts_that_never_end_are_told_apart() -> None:
    thoughts = Thoughts()
    assert thoughts.feed("<think>Hm") == ("", False)
    assert thoughts.thinking
    thoughts.feed(" so.</think>It")
    assert not thoughts.thinking
