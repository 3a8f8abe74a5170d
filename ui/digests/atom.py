"""Digests as an Atom feed: one entry for each digest, after the earlier ones.

Source: RFC 4287, The Atom Syndication Format.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, uuid4, uuid5

from feedgen.feed import FeedGenerator
from lxml import etree

from footnote.index import FootnoteError
from footnote.index.readers.files import irregular
from footnote.ui.digests.build import Digest
from footnote.ui.digests.format import digest_html, digest_title

# Maximum entries of a feed; feed readers poll often and store what they have seen.
ENTRIES_KEPT = 50
TITLE = "Footnote: what's new"

_ATOM = "{http://www.w3.org/2005/Atom}"


class FeedError(FootnoteError):
    """The file is not one of our feeds, or cannot be written."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """An entry of a feed.

    Attributes:
        id: Stays the same when the entry is made again.
        updated: With its time zone.
        content: HTML.
    """

    id: str
    title: str
    updated: datetime
    content: str


def make_entry(digest: Digest) -> FeedEntry:
    """Returns the entry of a digest."""
    name = uuid5(NAMESPACE_URL, f"footnote:digest:{digest.key}")
    return FeedEntry(f"urn:uuid:{name}", digest_title(digest), digest.made, digest_html(digest))


def feed_xml(digests: Sequence[Digest], earlier: bytes | None = None) -> bytes:
    """Returns an Atom feed with an entry for each digest that found something.

    Args:
        digests: A digest that is already in the feed replaces its entry.
        earlier: The previous feed, whose id and other entries stay.

    Raises:
        FeedError: ``earlier`` is no Atom feed.
    """
    id, known = (f"urn:uuid:{uuid4()}", []) if earlier is None else _read(earlier)
    new = [make_entry(digest) for digest in digests if digest.found]
    ids = {entry.id for entry in new}
    entries = [*new, *(entry for entry in known if entry.id not in ids)]
    # The sort is stable: digests of one run stay in the order of the topics.
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    return _write_whole(id, entries[:ENTRIES_KEPT])


def write_feed(path: Path, digests: Sequence[Digest]) -> None:
    """Adds digests to the feed in a file, which is replaced atomically.

    Raises:
        FeedError: The file is no Atom feed, or cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    try:
        if kind := irregular(path):
            raise FeedError(f"{path} is {kind}, not a file; give another file")
        earlier = path.read_bytes() if path.exists() else None
        try:
            content = feed_xml(digests, earlier)
        except FeedError as error:
            raise FeedError(f"{path} {error}") from error
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            # The feed must be on disk before the marks move.
            os.fsync(file.fileno())
        os.replace(partial, path)
    except OSError as error:
        raise FeedError(
            f"{path} cannot be written ({error.strerror}); give --feed a file in a folder that "
            "exists and is writable"
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def _write_whole(id: str, entries: Sequence[FeedEntry]) -> bytes:
    feed = FeedGenerator()
    feed.id(id)
    feed.title(TITLE)
    feed.author(name="Footnote")
    feed.generator("Footnote")
    feed.updated(max((entry.updated for entry in entries), default=datetime.now(UTC)))
    for entry in entries:
        made = feed.add_entry(order="append")
        made.id(entry.id)
        made.title(entry.title)
        made.updated(entry.updated)
        made.content(entry.content, type="html")
    written: bytes = feed.atom_str(pretty=True)
    return written


def _read(content: bytes) -> tuple[str, list[FeedEntry]]:
    """Returns the id and the entries of a feed.

    Raises:
        FeedError: It is no Atom feed.
    """
    # The file is untrusted: resolve no entity and fetch nothing.
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(content, parser)
        if root.tag != f"{_ATOM}feed":
            raise ValueError(f"begins with {root.tag}")
        return _text(root, "id"), [_entry(found) for found in root.iterfind(f"{_ATOM}entry")]
    except (etree.XMLSyntaxError, ValueError) as error:
        said = " ".join(str(error).split())[:120]
        raise FeedError(
            f"is not an Atom feed ({said}); give another file, or move it away"
        ) from error


def _entry(element: etree._Element) -> FeedEntry:
    updated = datetime.fromisoformat(_text(element, "updated"))
    if updated.tzinfo is None:
        raise ValueError("a time without its zone")
    return FeedEntry(
        _text(element, "id"), _text(element, "title"), updated, _text(element, "content")
    )


def _text(element: etree._Element, name: str) -> str:
    found = element.findtext(f"{_ATOM}{name}")
    if not found:
        raise ValueError(f"no {name}")
    return str(found)
