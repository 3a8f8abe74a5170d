"""Collections, tags and notes: kept beside the library, each reader's own, out with exports."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from footnote.index.library import Library
from footnote.ui.export.bibliography import bibliography
from footnote.ui.storage.annotations import NOTE_MOST, Annotation, AnnotationError, Annotations
from footnote.ui.storage.collections import MOST_MEMBERS, CollectionError, Collections
from footnote.ui.storage.shelf import Shelf
from footnote.ui.web.handlers import act
from tests.pages import desk_of

ME = {"user": "x" * 22}


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    with Shelf.open(tmp_path) as opened:
        yield opened


def test_a_collection_holds_papers_until_they_are_taken_out(tmp_path: Path) -> None:
    path = tmp_path / "collections.sqlite3"
    with Collections.open(path) as kept:
        id = kept.create("ada", "  Reading\nlist ")
        assert kept.create("ada", "Reading list") == id
        assert kept.add("ada", id, ["arxiv:1", "arxiv:2", "arxiv:1"]) == 2
        assert kept.add("ada", id, ["arxiv:2"]) == 0
    with Collections.open(path) as kept:
        assert sorted(kept.members("ada", id)) == ["arxiv:1", "arxiv:2"]
        assert kept.discard("ada", id, ["arxiv:1", "arxiv:9"]) == 1
        assert [(one.name, one.papers) for one in kept.list("ada")] == [("Reading list", 1)]
        kept.delete("ada", id)
        assert kept.list("ada") == []


def test_a_collection_is_its_readers_own(tmp_path: Path) -> None:
    with Collections.open(tmp_path / "kept.sqlite3") as kept:
        id = kept.create("ada", "Mine")
        kept.add("ada", id, ["arxiv:1"])
        assert kept.list("bob") == []
        for change in (
            lambda: kept.members("bob", id),
            lambda: kept.add("bob", id, ["arxiv:2"]),
            lambda: kept.discard("bob", id, ["arxiv:1"]),
            lambda: kept.rename("bob", id, "Yours"),
            lambda: kept.delete("bob", id),
            lambda: kept.share("bob", id),
            lambda: kept.unshare("bob", id),
            lambda: kept.get("bob", id),
        ):
            with pytest.raises(CollectionError, match="no collection"):
                change()
        assert kept.members("ada", id) == ["arxiv:1"]


def test_what_no_collection_can_be_is_one_line(tmp_path: Path) -> None:
    with Collections.open(tmp_path / "kept.sqlite3") as kept:
        id = kept.create("ada", "One")
        kept.create("ada", "Two")
        with pytest.raises(CollectionError, match="needs a name"):
            kept.create("ada", " \n\0")
        with pytest.raises(CollectionError, match="another collection is called “Two”"):
            kept.rename("ada", id, "Two")
        with pytest.raises(CollectionError, match="empty collection cannot be shared"):
            kept.share("ada", id)
        with pytest.raises(CollectionError, match="at most 5,000 papers, this would have 5,001"):
            kept.add("ada", id, [f"arxiv:{n}" for n in range(MOST_MEMBERS + 1)])
        assert kept.members("ada", id) == []


def test_a_shared_collection_stays_as_it_was_until_the_link_ends(tmp_path: Path) -> None:
    with Collections.open(tmp_path / "kept.sqlite3") as kept:
        id = kept.create("ada", "One")
        kept.add("ada", id, ["arxiv:1"])
        token = kept.share("ada", id)
        kept.add("ada", id, ["arxiv:2"])
        kept.rename("ada", id, "Other")
        assert (kept.shared(token).name, kept.shared(token).papers) == ("One", ("arxiv:1",))
        kept.unshare("ada", id)
        with pytest.raises(CollectionError, match="nothing is shared at this link"):
            kept.shared(token)


def test_tags_are_the_same_whatever_their_case(tmp_path: Path) -> None:
    with Annotations.open(tmp_path / "kept.sqlite3") as kept:
        assert kept.tag("ada", ["p:1", "p:2"], " #To  read") == "To read"
        assert kept.tag("ada", ["p:1"], "TO READ") == "To read"
        kept.tag("ada", ["p:1"], "C++")
        assert kept.tags("ada") == {"C++": 1, "To read": 2}
        assert kept.tagged("ada", "to read") == {"p:1", "p:2"}
        assert kept.tagged("bob", "to read") == frozenset()
        kept.write("ada", "p:1", " why?\n")
        assert kept.of("ada", ["p:1", "p:2", "p:3"]) == {
            "p:1": Annotation(("C++", "To read"), "why?"),
            "p:2": Annotation(("To read",)),
        }
        kept.untag("ada", ["p:1", "p:2"], "To Read")
        kept.write("ada", "p:1", "")
        assert kept.of("ada", ["p:1", "p:2"]) == {"p:1": Annotation(("C++",))}
        for tag in ("", "#", "++", "x" * 41):
            with pytest.raises(AnnotationError, match=r"^a tag "):
                kept.tag("ada", ["p:1"], tag)
        for n in range(49):
            kept.tag("ada", ["p:1"], f"tag {n}")
        with pytest.raises(AnnotationError, match="at most 50 tags"):
            kept.tag("ada", ["p:1"], "one more")
        with pytest.raises(AnnotationError, match="at most 10,000 characters"):
            kept.write("ada", "p:1", "x" * (NOTE_MOST + 1))


def test_tags_and_notes_go_out_with_citations(demo_library: Library) -> None:
    paper = next(iter(demo_library.papers()))
    own = {paper.id: Annotation(("to read", "50 %"), "Why {not}\n& how?")}
    bibtex = bibliography([paper], "bibtex", own)
    assert r"keywords = {to read, 50 \%}," in bibtex
    assert r"annote = {Why \textbraceleft{}not\textbraceright{} \& how?}," in bibtex
    ris = bibliography([paper], "ris", own)
    assert "KW  - to read\nKW  - 50 %\n" in ris
    assert "N1  - Why {not} & how?\n" in ris
    item = json.loads(bibliography([paper], "csl-json", own))[0]
    assert (item["keyword"], item["annote"]) == ("to read, 50 %", "Why {not} & how?")
    for form in ("apa", "ieee"):
        assert bibliography([paper], form, own) == bibliography([paper], form)


def test_a_question_is_asked_of_a_collection_or_a_tag_alone(
    demo_library: Library, shelf: Shelf
) -> None:
    desk = desk_of(demo_library, shelf=shelf)
    hits = demo_library.search("robots imitation", k=6)
    papers = [hit.paper.id for hit in hits]
    act(desk, {**ME, "action": "collect", "name": "Robots", "papers": papers[:2]})
    act(desk, {**ME, "action": "tag", "tag": "later", "papers": papers[2:5]})
    keys = {part.name: (part.key, part.papers) for part in shelf.parts(demo_library)}
    assert {name: count for name, (_, count) in keys.items()} == {"Robots": 2, "#later": 3}
    for name, count in (("Robots", 2), ("#later", 3)):
        scope = {"within": keys[name][0]}
        reply = act(desk, {**ME, "action": "scope", "scope": scope})
        assert reply["html"]["#fn-extent"] == f"{name} · {count} papers"
        assert reply["scope"]["within"] == scope["within"]
    # What is gone narrows nothing, and says so nowhere.
    id = keys["Robots"][0].removeprefix("c:")
    act(desk, {**ME, "action": "collection-delete", "id": id})
    reply = act(desk, {**ME, "action": "scope", "scope": {"within": f"c:{id}"}})
    assert reply["scope"]["within"] == ""
    assert reply["html"]["#fn-extent"].startswith("All ")


def test_papers_that_left_the_library_are_counted_in_their_collection(
    demo_library: Library, shelf: Shelf
) -> None:
    desk = desk_of(demo_library, shelf=shelf)
    paper = next(iter(demo_library.papers()))
    id = shelf.collections.create("local", "Old")
    shelf.collections.add("local", id, [paper.id, "arxiv:1234.56789"])
    shown = act(desk, {**ME, "action": "browse", "within": f"c:{id}"})["html"]["#fn-shelf"]
    assert "1 paper, 1 not in the library any more" in shown
    assert paper.title in shown


def test_a_search_of_the_library_leaves_weak_matches_out_until_they_are_wanted(
    demo_library: Library,
) -> None:
    desk = desk_of(demo_library)

    def found(**more: object) -> str:
        asked = {**ME, "action": "browse", "query": "proximal policy optimization", **more}
        return str(act(desk, asked)["html"]["#fn-shelf"])

    assert found().count("fn-pick") < found(weaker=1).count("fn-pick")
    assert "weaker match" in found()
    assert "weaker match" not in found(weaker=1)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"action": "collect", "id": "x", "papers": []}, "No paper is chosen"),
        ({"action": "collect", "id": "nowhere", "papers": ["PPO"]}, "No paper 'PPO' in"),
        ({"action": "uncollect", "id": "x", "papers": []}, "No collection 'x'"),
        ({"action": "collection-new", "name": " "}, "A collection needs a name"),
        ({"action": "collection-rename", "id": "x", "name": "y"}, "No collection 'x'"),
        ({"action": "collection-share", "id": "x"}, "No collection 'x'"),
        ({"action": "note", "paper": "nobody", "note": "x"}, "No paper 'nobody' in"),
        ({"action": "papers-export", "form": "odt"}, "No format is called 'odt'"),
        ({"action": "papers-export", "form": "ris", "within": "x"}, "That is no collection"),
    ],
)
def test_a_forged_change_is_one_line(
    sent: dict[str, object], told: str, demo_library: Library, shelf: Shelf
) -> None:
    for desk in (desk_of(demo_library, shelf=shelf), desk_of(demo_library)):
        error = act(desk, {**ME, **sent})["error"]
        assert "\n" not in error
        if desk.shelf:
            assert error.startswith(told)
