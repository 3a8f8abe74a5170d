"""Conversations are kept whole, and each user's are their own."""

import json
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index import LibraryError
from footnote.index.library import Library
from footnote.index.models import Hit, Listing, Paper, Passage
from footnote.index.storage.catalog import Catalog
from footnote.rag.answer import Answer, AnswerTrace, Citation, Constraint, ReadPaper, Statement
from footnote.rag.engine import CitedQueryEngine
from footnote.rag.serialization import HITS_STORED, answer_json, make_record, parse_answer
from footnote.ui.rendering.answer import answer_html, source_cards_html
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.models import ConversationError, shorten
from tests.scripted import HOSTILE, SPONGES, abstained, answered, hostile, quoted

ANSWERS = [answered(), abstained(), hostile(), quoted()]
STRANGE = [
    "",
    "\x00",
    "\ud800",
    "\ud801",
    "?",
    "' OR 1=1 --",
    "%",
    "x" * 100_000,
    "王",
    "../../etc",
]


class Clock:
    """A minute later at each look."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Conversations]:
    with Conversations.open(tmp_path / "talks" / "kept.sqlite3", clock=Clock()) as opened:
        yield opened


def begun(kept: Conversations, user: str = "ada", *questions: str) -> str:
    """Starts a conversation with an answer to each question."""
    id = kept.start(user)
    for question in questions or ("How old?",):
        kept.append(user, id, answered(question))
    return id


def back(answer: Answer) -> Answer:
    return parse_answer(json.loads(json.dumps(make_record(answer))))


# An answer as data, and back.


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_restored_exactly(answer: Answer) -> None:
    assert back(answer) == answer
    assert repr(back(answer)) == repr(answer)


def test_a_real_answer_is_restored_exactly_and_shown_the_same(demo_library: Library) -> None:
    answer = CitedQueryEngine(demo_library).ask(
        "Which methods since 2017 learn from human preferences?"
    )
    assert answer.scope
    assert answer.receipt.papers_read
    restored = back(answer)
    assert restored == answer
    assert answer_json(restored) == answer_json(answer)
    assert answer_html(restored, 1) == answer_html(answer, 1)
    assert source_cards_html(restored, 1) == source_cards_html(answer, 1)


TEXT = st.text(st.characters(), max_size=8)
FLOAT = st.floats(allow_nan=False)
PAPER = st.builds(
    Paper, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=2).map(tuple), st.none() | TEXT,
    author_count=st.none() | st.integers(), aliases=st.lists(TEXT, max_size=2).map(tuple),
    listings=st.lists(st.builds(Listing, TEXT, st.integers()), max_size=2).map(tuple),
)  # fmt: skip
CITATION = st.builds(Citation, st.integers(), TEXT, st.integers(), st.integers(), TEXT)


@given(
    st.builds(
        Answer, TEXT, TEXT, TEXT,
        st.lists(
            st.builds(
                Statement, TEXT, st.lists(CITATION, max_size=2).map(tuple),
                st.sampled_from(["supported", "contradicted", None]), FLOAT,
                st.lists(TEXT, max_size=2).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
        st.lists(PAPER, max_size=2).map(tuple),
        st.lists(
            st.builds(
                Hit, PAPER, st.builds(Passage, TEXT, st.integers(), st.integers()), FLOAT,
                st.integers(), st.just("fused"),
            ),
            max_size=2,
        ).map(tuple),
        st.booleans(), st.just("llm"),
        st.builds(
            AnswerTrace, st.dictionaries(TEXT, FLOAT, max_size=2), st.none() | TEXT,
            cost_usd=st.none() | FLOAT,
            papers_read=st.lists(st.builds(ReadPaper, TEXT, TEXT, FLOAT, FLOAT), max_size=1).map(
                tuple
            ),
        ),
        scope=st.lists(
            st.builds(Constraint, st.just("since"), st.integers() | TEXT, TEXT), max_size=2
        ).map(tuple),
    )
)  # fmt: skip
def test_any_answer_is_restored_exactly(answer: Answer) -> None:
    answer = with_true_quotes(answer)
    assert back(answer) == answer


def with_true_quotes(answer: Answer) -> Answer:
    """Returns an answer whose citations quote its papers; one that cannot is dropped."""
    quoted = {n: paper for n, paper in enumerate(answer.papers, 1) if paper.abstract}

    def bound(citation: Citation) -> Iterator[Citation]:
        if quoted:
            marker = sorted(quoted)[citation.marker % len(quoted)]
            paper = quoted[marker]
            start = citation.start % len(paper.abstract)
            end = start + 1 + citation.end % (len(paper.abstract) - start)
            yield Citation(marker, paper.id, start, end, paper.abstract[start:end])

    return replace(
        answer,
        statements=tuple(
            replace(said, citations=tuple(c for old in said.citations for c in bound(old)))
            for said in answer.statements
        ),
    )


def test_hits_after_the_first_twenty_are_let_go() -> None:
    many = [replace(answered().hits[0], rank=n, paper=replace(SPONGES, id=f"id:{n}"))
            for n in range(1, 31)]  # fmt: skip
    answer = replace(answered(), hits=tuple(many))
    assert back(answer) == replace(answer, hits=tuple(many[:HITS_STORED]))


def test_a_field_of_another_version_is_let_go_and_a_missing_one_has_its_default() -> None:
    record = make_record(answered())
    record["mood"] = record["receipt"]["mood"] = record["records"][0]["mood"] = "calm"
    del record["scope"], record["receipt"]["leaned"]
    assert parse_answer(record) == answered()


@pytest.mark.parametrize(
    "damage",
    [{"version": 2}, {"papers": [99]}, {"statements": [7]}, {"records": [{}]}, {"receipt": 3}],
)
def test_a_damaged_record_is_one_line(damage: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a stored answer cannot be read .*; ask again"):
        parse_answer({**make_record(answered()), **damage})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"marker": 99}, "a paper that it does not hold"),
        ({"marker": 0}, "a paper that it does not hold"),
        ({"paper_id": "doi:10.5555/another"}, "another paper"),
        ({"start": -9}, "cites no words"),
        ({"quote": "We sailed."}, "does not stand in the abstract"),
    ],
)
def test_a_stored_quote_that_is_no_quote_is_not_shown(change: dict[str, Any], told: str) -> None:
    record = json.loads(json.dumps(make_record(answered())))
    record["statements"][0]["citations"][0].update(change)
    with pytest.raises(ValueError, match=told):
        parse_answer(record)


# What is kept.


def test_a_conversation_outlives_its_server(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    with Conversations.open(path) as kept:
        id = kept.start("ada")
        for answer in ANSWERS:
            kept.append("ada", id, answer)
    with Conversations.open(path) as kept:
        assert kept.load("ada", id).answers == tuple(ANSWERS)
        assert [c.messages for c in kept.list("ada")] == [4]


def test_the_first_question_is_the_title_until_a_person_gives_one(kept: Conversations) -> None:
    id = kept.start("ada")
    assert kept.list("ada")[0].title == "New conversation"
    kept.append("ada", id, answered("How  old\nis it?"))
    kept.append("ada", id, answered("And why?"))
    assert kept.load("ada", id).title == "How old is it?"
    kept.truncate("ada", id, 0)
    kept.append("ada", id, answered("How deep?"))
    assert kept.load("ada", id).title == "How deep?"
    kept.rename("ada", id, "  Sponges ")
    kept.truncate("ada", id, 0)
    kept.append("ada", id, answered("How wide?"))
    assert kept.load("ada", id).title == "Sponges"


def test_a_greeting_names_no_conversation(kept: Conversations) -> None:
    id = kept.start("ada")
    kept.append("ada", id, replace(answered("hello"), kind="talk"))
    assert kept.load("ada", id).title == "hello"
    kept.append("ada", id, answered("How old is it?"))
    kept.append("ada", id, replace(answered("thanks"), kind="talk"))
    assert kept.load("ada", id).title == "How old is it?"


def test_a_title_is_cut_at_a_word() -> None:
    assert shorten("one two three", 9) == "one two…"
    assert shorten("x" * 30, 9) == "xxxxxxxx…"
    assert shorten("one two", 9) == "one two"
    assert all(len(shorten("w " * n, 9)) <= 9 for n in range(20))


def test_an_empty_title_is_refused(kept: Conversations) -> None:
    with pytest.raises(ConversationError, match="a title needs a letter"):
        kept.rename("ada", begun(kept), " \n")


def test_the_last_changed_stands_first(kept: Conversations) -> None:
    one, two, three = (begun(kept) for _ in range(3))
    assert [c.id for c in kept.list("ada")] == [three, two, one]
    kept.append("ada", one, answered())
    kept.rename("ada", two, "Two")
    listed = kept.list("ada")
    assert [c.id for c in listed] == [two, one, three]
    assert all(c.created < c.updated and c.created.tzinfo is UTC for c in listed)


def test_a_search_looks_in_questions_answers_and_titles(kept: Conversations) -> None:
    old = begun(kept, "ada", "How old do Éponges get?", "In warm water?")
    other = begun(kept, "ada", "What of tungsten?")
    kept.rename("ada", other, "Metals")
    found = {
        search: [c.id for c in kept.list("ada", search)]
        for search in ("eponges", "WARM éponges", "isotope record", "metal", "tungsten eponges",
                       "100%", "' UNION SELECT", "!?", " ", "nothing", "a " * 5000)
    }  # fmt: skip
    assert found["eponges"] == found["WARM éponges"] == [old]
    assert found["metal"] == [other]
    assert found["isotope record"] == found[" "] == [other, old]
    nowhere = ("tungsten eponges", "100%", "' UNION SELECT", "!?", "nothing")
    assert not any(found[s] for s in nowhere)


def test_a_truncated_conversation_goes_on_from_there(kept: Conversations) -> None:
    id = begun(kept, "ada", "One?", "Two?", "Three?")
    kept.truncate("ada", id, 1)
    kept.append("ada", id, answered("Two, again?"))
    kept.truncate("ada", id, 10**30)
    assert [a.question for a in kept.load("ada", id).answers] == ["One?", "Two, again?"]
    with pytest.raises(ConversationError, match="-1 is not a number of answers"):
        kept.truncate("ada", id, -1)


def test_what_is_deleted_is_gone_with_its_links(kept: Conversations) -> None:
    id, other = begun(kept), begun(kept)
    token = kept.share("ada", id)
    kept.delete("ada", id)
    assert [c.id for c in kept.list("ada")] == [other]
    assert kept._count(1) == 0
    with pytest.raises(ConversationError):
        kept.load("ada", id)
    with pytest.raises(ConversationError, match="nothing is shared"):
        kept.shared(token)


# Sharing.


def test_a_link_shows_the_conversation_as_it_stood(kept: Conversations) -> None:
    id = begun(kept, "ada", "One?")
    token = kept.share("ada", id)
    shared = kept.load("ada", id)
    kept.append("ada", id, answered("A secret?"))
    kept.rename("ada", id, "A secret")
    assert kept.shared(token) == shared
    again = kept.share("ada", id)
    assert len(kept.shared(again).answers) == 2
    assert kept.shared(token) == shared
    assert kept.list("ada")[0].shared
    kept.unshare("ada", id)
    assert not kept.list("ada")[0].shared
    for gone in (token, again):
        with pytest.raises(ConversationError, match="nothing is shared"):
            kept.shared(gone)


def test_a_token_cannot_be_guessed_and_is_no_conversation(kept: Conversations) -> None:
    id = begun(kept)
    tokens = {kept.share("ada", id) for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 32
    for wrong in (id, "1", *STRANGE):
        with pytest.raises(ConversationError, match="nothing is shared"):
            kept.shared(wrong)


def test_an_empty_conversation_is_not_shared(kept: Conversations) -> None:
    with pytest.raises(ConversationError, match="ask first"):
        kept.share("ada", kept.start("ada"))


# Users.


METHODS: dict[str, Callable[[Conversations, str, str], Any]] = {
    "append": lambda kept, user, id: kept.append(user, id, answered()),
    "load": lambda kept, user, id: kept.load(user, id),
    "rename": lambda kept, user, id: kept.rename(user, id, "Mine"),
    "delete": lambda kept, user, id: kept.delete(user, id),
    "truncate": lambda kept, user, id: kept.truncate(user, id, 0),
    "share": lambda kept, user, id: kept.share(user, id),
    "unshare": lambda kept, user, id: kept.unshare(user, id),
}


@pytest.mark.parametrize("method", METHODS)
def test_nobody_reaches_anothers_conversation(kept: Conversations, method: str) -> None:
    id = begun(kept)
    token = kept.share("ada", id)
    before = kept.load("ada", id), kept.list("ada")
    for user in ("bob", "ADA", "ada ", "ada\x00", "%", "' OR 1=1 --"):
        with pytest.raises(ConversationError) as theirs:
            METHODS[method](kept, user, id)
        with pytest.raises(ConversationError) as none:
            METHODS[method](kept, user, "x" * len(id))
        # Whether it exists at all is not told either.
        assert str(theirs.value).replace(id, "") == str(none.value).replace("x" * len(id), "")
        assert "\n" not in str(theirs.value)
        assert kept.list(user) == kept.list(user, "old") == []
    assert (kept.load("ada", id), kept.list("ada")) == before
    assert kept.shared(token) == before[0]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("id", STRANGE, ids=range(len(STRANGE)))
def test_a_strange_identifier_is_one_short_line(kept: Conversations, method: str, id: str) -> None:
    begun(kept)
    with pytest.raises(ConversationError) as error:
        METHODS[method](kept, "ada", id)
    assert len(str(error.value)) < 200
    assert str(error.value).isprintable()


def test_strange_users_are_users_apart(kept: Conversations) -> None:
    users = [user for user in STRANGE if user]
    ids = {user: begun(kept, user, f"{user[:9]}?") for user in users}
    assert {user: [c.id for c in kept.list(user)] for user in users} == {
        user: [id] for user, id in ids.items()
    }


@pytest.mark.parametrize("user", ["", None, 7])
def test_nobody_has_no_conversations(kept: Conversations, user: Any) -> None:
    for act in (kept.start, kept.list):
        with pytest.raises(ConversationError, match="needs its user"):
            act(user)


# The file.


def test_many_users_at_once_lose_nothing(tmp_path: Path) -> None:
    with (
        Conversations.open(tmp_path / "kept.sqlite3") as one,
        Conversations.open(tmp_path / "kept.sqlite3") as two,
        ThreadPoolExecutor(50) as pool,
    ):
        shared = one.start("everybody")

        def talk(n: int) -> str:
            kept = (one, two)[n % 2]
            id = begun(kept, f"user{n}", *(f"Question {n}.{m}?" for m in range(4)))
            kept.append("everybody", shared, answered(f"From {n}?"))
            assert len(kept.load(f"user{n}", id).answers) == 4
            return id

        ids = list(pool.map(talk, range(50)))
        for n, id in enumerate(ids):
            assert [c.id for c in two.list(f"user{n}")] == [id]
            questions = [a.question for a in two.load(f"user{n}", id).answers]
            assert questions == [f"Question {n}.{m}?" for m in range(4)]
        asked = {a.question for a in one.load("everybody", shared).answers}
        assert asked == {f"From {n}?" for n in range(50)}


def test_an_answer_that_fails_to_be_stored_leaves_nothing(kept: Conversations) -> None:
    id = begun(kept)
    with pytest.raises(ValueError, match="serialize unknown type"):
        kept.append("ada", id, replace(answered(), id=object()))  # type: ignore[arg-type]
    assert kept.list("ada")[0].messages == 1


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such rights")
def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    with Conversations.open(tmp_path / "kept.sqlite3") as kept:
        begun(kept)
        for file in tmp_path.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_another_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("No database. " * 99)
    with pytest.raises(LibraryError, match=r"text is not a usable file of conversations"):
        Conversations.open(tmp_path / "text")
    Catalog(tmp_path / "catalog.sqlite3").close()
    with pytest.raises(ConversationError, match=r"catalog\.sqlite3 holds no conversations"):
        Conversations.open(tmp_path / "catalog.sqlite3")
    with pytest.raises(ConversationError, match="cannot be created"):
        Conversations.open(tmp_path / "text" / "kept.sqlite3")


def test_a_damaged_conversation_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite3"
    with Conversations.open(path) as kept:
        id = begun(kept)
        db = sqlite3.connect(path)
        db.execute("UPDATE messages SET answer = '[1'")
        db.commit()
        db.close()
        with pytest.raises(ConversationError, match=r"conversation 'How old\?': "):
            kept.load("ada", id)


def test_hostile_text_is_kept_as_it_is(kept: Conversations) -> None:
    id = begun(kept, HOSTILE, HOSTILE)
    assert kept.load(HOSTILE, id).answers == (answered(HOSTILE),)


def test_what_was_said_is_the_history_of_the_next_question(kept: Conversations) -> None:
    id = kept.start("ada")
    for question in ("How long do sponges live?", "And in warm water?"):
        kept.append("ada", id, answered(question))
    whole = kept.load("ada", id).answers
    assert list(kept.said("ada", id)) == [(answer.question, answer.text) for answer in whole]
    with pytest.raises(ConversationError):
        kept.said("bob", id)
