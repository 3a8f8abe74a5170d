"""The feed is Atom that any reader takes, and an entry stays the entry that it was."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree, html

from footnote.ui.digests.atom import ENTRIES_KEPT, FeedError, feed_xml, make_entry, write_feed
from footnote.ui.digests.build import Digest
from tests.digesting import NOON, digest, nothing
from tests.scripted import HOSTILE, SPONGES, hostile

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def entries(content: bytes) -> list[etree._Element]:
    """Returns the entries of what must be a valid feed."""
    root = etree.fromstring(content)
    assert root.tag == f"{{{ATOM['a']}}}feed"
    # RFC 4287, 4.1.1 and 4.1.2: what a feed and an entry must have, and have once.
    for element in (root, *root.findall("a:entry", ATOM)):
        for name in ("id", "title", "updated"):
            (found,) = element.findall(f"a:{name}", ATOM)
            assert found.text
        assert element.findtext("a:id", namespaces=ATOM).startswith("urn:uuid:")
        assert datetime.fromisoformat(element.findtext("a:updated", namespaces=ATOM)).tzinfo
    # An author of the feed is the author of its entries.
    assert root.findtext("a:author/a:name", namespaces=ATOM)
    found = root.findall("a:entry", ATOM)
    assert all(entry.find("a:content", ATOM).get("type") == "html" for entry in found)
    assert len({text(entry, "id") for entry in found}) == len(found)
    return found


def text(entry: etree._Element, name: str) -> str:
    return str(entry.findtext(f"a:{name}", namespaces=ATOM))


def titles(content: bytes) -> list[str]:
    return [text(entry, "title") for entry in entries(content)]


def test_an_entry_tells_its_digest() -> None:
    (entry,) = entries(feed_xml([digest()]))
    assert text(entry, "title") == "Glass sponges"
    assert datetime.fromisoformat(text(entry, "updated")) == NOON
    content = html.fromstring(f"<div>{text(entry, 'content')}</div>")
    assert SPONGES.url in [link.get("href") for link in content.iter("a")]
    quotes = [quote.text_content() for quote in content.iter("blockquote")]
    assert all(quote in SPONGES.abstract for quote in quotes[:3])
    assert len(quotes) == 4


def test_a_digest_without_an_answer_is_no_entry() -> None:
    assert titles(feed_xml([nothing(), digest()])) == ["Glass sponges"]
    assert titles(feed_xml([nothing()])) == []


def test_an_id_is_one_of_its_digest_and_stays() -> None:
    made = [digest("a"), digest("b"), digest("a", mark=5)]
    assert len({make_entry(d).id for d in made}) == 3
    # Made again because it was not delivered, an hour and two papers later.
    again = digest("a", later=60)
    assert make_entry(again).id == make_entry(made[0]).id


def test_earlier_entries_and_the_id_of_the_feed_stay() -> None:
    first = feed_xml([digest("a", "First")])
    second = feed_xml([digest("b", "Second", later=5), digest("c", "Third", later=5)], first)
    assert titles(second) == ["Second", "Third", "First"]
    assert [text(e, "id") for e in entries(second)][2] == text(entries(first)[0], "id")
    assert text(entries(second)[2], "content") == text(entries(first)[0], "content")
    ids = {etree.fromstring(feed).findtext("a:id", namespaces=ATOM) for feed in (first, second)}
    assert len(ids) == 1
    assert feed_xml([], second) == second


def test_a_digest_delivered_twice_is_one_entry() -> None:
    first = feed_xml([digest("a", "Sponges"), digest("b", "Tides")])
    again = feed_xml([digest("a", "Sponges", later=9)], first)
    assert titles(again) == ["Sponges", "Tides"]
    assert text(entries(again)[0], "updated") != text(entries(first)[0], "updated")


def test_the_newest_entries_are_kept() -> None:
    feed = None
    for number in range(ENTRIES_KEPT + 5):
        feed = feed_xml([digest(f"id{number}", f"Topic {number}", later=number)], feed)
    assert feed is not None
    kept = titles(feed)
    assert len(kept) == ENTRIES_KEPT == 50
    assert (kept[0], kept[-1]) == ("Topic 54", "Topic 5")


@pytest.mark.parametrize(
    "evil", [HOSTILE, "]]><x>&amp;&#0;", "\x00\x1b[2J\ufffe\ud800 x", "\u202e"]
)
def test_hostile_text_is_escaped(evil: str) -> None:
    feed = feed_xml([digest(text=evil, answer=hostile(evil))])
    again = feed_xml([], feed)
    assert again == feed
    (entry,) = entries(feed)
    assert {child.tag for child in entry} == {
        f"{{{ATOM['a']}}}{name}" for name in ("id", "title", "updated", "content")
    }
    content = html.fromstring(f"<div>{text(entry, 'content')}</div>")
    made = {element.tag for element in content.iter()}
    assert made <= {"div", "p", "ol", "li", "blockquote", "a"}
    assert not [link for link in content.iter("a") if not link.get("href").startswith("http")]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no xml",
        b"<notes/>",
        b'<rss version="2.0"><channel/></rss>',
        b'<feed xmlns="http://www.w3.org/2005/Atom"/>',
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><entry><id>y</id></entry></feed>',
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><entry><id>y</id><title>t</title>'
        b"<updated>yesterday</updated><content>c</content></entry></feed>",
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><entry><id>y</id><title>t</title>'
        b"<updated>2026-01-01T00:00:00</updated><content>c</content></entry></feed>",
    ],
)
def test_a_file_that_is_no_feed_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "news.xml"
    path.write_bytes(content)
    with pytest.raises(FeedError, match=r"news\.xml is not an Atom feed \(.*\); give") as error:
        write_feed(path, [digest()])
    assert "\n" not in str(error.value)
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_no_file_of_the_machine_gets_into_a_feed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    evil = (
        f'<!DOCTYPE feed [<!ENTITY s SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><entry><id>y</id><title>t&s;</title>'
        "<updated>2026-01-01T00:00:00Z</updated><content>c</content></entry></feed>"
    )
    path = tmp_path / "news.xml"
    path.write_text(evil)
    try:
        write_feed(path, [digest()])
    except FeedError:
        return
    assert "hunter2" not in path.read_text("utf-8")


def test_a_feed_is_replaced_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "news.xml"
    write_feed(path, [digest("a")])
    before = path.read_bytes()

    def full(*_: object) -> None:
        # A writer is stopped where it hurts most: all is written, nothing renamed.
        assert path.read_bytes() == before
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("footnote.ui.digests.atom.os.replace", full)
    with pytest.raises(FeedError, match=r"cannot be written \(No space left on device\)"):
        write_feed(path, [digest("b")])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_feed_is_readable_to_a_web_server(tmp_path: Path) -> None:
    path = tmp_path / "news.xml"
    write_feed(path, [digest()])
    (tmp_path / "plain").touch()
    assert path.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_the_time_of_a_feed_is_that_of_its_newest_entry() -> None:
    made: list[Digest] = [digest("a", later=3), digest("b", later=9), digest("c", later=6)]
    feed = feed_xml(made).decode()
    times = re.findall(r"<updated>(.+?)</updated>", feed)
    assert times == [times[0], times[0], *sorted(times[2:], reverse=True)]
    assert times[0].startswith("2026-01-01T12:09")
