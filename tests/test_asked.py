"""What a browser sends is read with suspicion: whatever comes, it is right or one line."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.search.filters import EVERYTHING, Filters
from footnote.rag.serialization import make_record
from footnote.ui.web.context import AppContext
from footnote.ui.web.handlers import ACTIONS, act
from footnote.ui.web.requests import (
    MOST_PINNED,
    MOST_TURNS,
    Args,
    BadRequest,
    QuestionRequest,
    parse_filters,
)
from tests.scripted import ScriptedAsk, ScriptedLibrary, answered

USER = "a1b2c3d4e5f6g7h8"
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
FIELDS = (
    "user conversation kept scope ignored composer records turn place id title form thumb papers "
    "paper into job set run case a b query order at number search paths"
).split()


def test_what_the_page_sends_is_read() -> None:
    asked = QuestionRequest.read(
        {
            "user": USER, "conversation": "", "kept": 2, "ignored": ["since", "nonsense"],
            "scope": {"since": "2020", "until": 2018, "venue": "", "author": "Hinton",
                      "papers": ["arxiv:1"]},
            "composer": "quotes", "records": [make_record(answered())],
        }
    )  # fmt: skip
    assert (asked.user, asked.conversation, asked.kept) == (USER, None, 2)
    assert asked.filters == Filters(2018, 2020, author="Hinton", papers=frozenset(["arxiv:1"]))
    assert asked.ignored == {"since"}
    assert asked.records == (answered(),)


def test_a_browser_that_says_nothing_of_a_scope_searches_everything() -> None:
    assert QuestionRequest.read({"user": USER}).filters == EVERYTHING
    assert parse_filters(Args.read({"papers": [], "venue": ""})) == EVERYTHING


@pytest.mark.parametrize(
    "sent",
    [
        {"scope": []} | {"user": 1},
        {"scope": "everything"},
        {"scope": {"since": "last year"}},
        {"scope": {"since": float("inf")}},
        {"scope": {"papers": "arxiv:1"}},
        {"scope": {"papers": [1]}},
        {"scope": {"papers": ["x"] * (MOST_PINNED + 1)}},
        {"scope": {"venue": "x" * 201}},
        {"scope": {"author": ["Hinton"]}},
        {"conversation": "x" * 101},
        {"kept": "two"},
        {"kept": []},
        {"ignored": "since"},
        {"composer": 7},
        {"records": [{}]},
        {"records": "[]"},
        {"records": 7},
        {"records": {"0": {}}},
        {"records": [None] * (MOST_TURNS + 1)},
        {"user": "short"},
        {"user": f"{USER}\n"},
        {"user": f"{USER}/.."},
        {"user": None},
    ],
    ids=repr,
)  # fmt: skip
def test_what_the_page_does_not_send_is_refused_in_one_line(sent: dict[str, object]) -> None:
    with pytest.raises(BadRequest) as error:
        QuestionRequest.read({"user": USER, **sent})
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("sent", [None, "text", 7, [], [["user", USER]], True])
def test_what_is_no_object_is_refused(sent: object) -> None:
    with pytest.raises(BadRequest, match="not an object"):
        QuestionRequest.read(sent)


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_question_that_comes_raises_anything_else(sent: dict[str, object]) -> None:
    with suppress(BadRequest):
        QuestionRequest.read({"user": USER, **sent})


DESK = AppContext(ScriptedLibrary(), {"quotes": ScriptedAsk()})


@given(st.sampled_from(sorted(ACTIONS)), st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_no_action_crashes_over_what_comes(action: str, sent: dict[str, object]) -> None:
    reply = act(DESK, {"user": USER, **sent, "action": action})
    assert "\n" not in reply.get("error", "")
    assert not reply.get("error", "").startswith("Something went wrong")


@given(ANYTHING)
def test_an_unknown_action_is_one_line(sent: object) -> None:
    assert "\n" not in act(DESK, {"action": sent})["error"]
    assert "\n" not in act(DESK, sent)["error"]
