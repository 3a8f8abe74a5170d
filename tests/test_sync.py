"""Sync: sources are read again; what is new, changed and gone is told, and removed if asked."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from test_earlier_library import TokenWords
from test_earlier_library import restore as make_earlier

from footnote.index.library import CATALOG, Library
from footnote.index.readers import feeds
from footnote.index.readers.feeds import Feed, Fetcher, parse_feed
from footnote.index.readers.gathering import Gathered
from footnote.index.storage.catalog import Catalog
from tests.command import Ran, inside
from tests.local_server import listen


def row(number: int, **more: object) -> str:
    about = f"We measured harbour{number} from quay{number} by boat. Its tide rose."
    return json.dumps(
        {"title": f"Tides of harbour{number}", "abstract": about, "id": f"h{number}", **more}
    )


def write(path: Path, *rows: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(rows) + "\n")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "papers" / "one.jsonl", row(1), row(2))
    write(tmp_path / "papers" / "two.jsonl", row(3))
    monkeypatch.chdir(tmp_path)
    assert inside("index", "papers", "--library", "library").status == 0
    # What was given by a name that means nothing elsewhere is found from anywhere.
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path


def sync(place: Path, *flags: str) -> Ran:
    return inside("sync", "--library", place / "library", "--json", *flags)


def told(ran: Ran) -> list[tuple[int, int, int, int, str]]:
    return [
        (one["new"], one["changed"], len(one["gone"]), one["removed"], one["error"])
        for one in ran.data["sources"]
    ]


def test_what_is_new_changed_and_gone_is_told_and_mirrored(place):
    assert told(sync(place)) == [(0, 0, 0, 0, "")]
    write(place / "papers" / "one.jsonl", row(1, venue="Sea"), row(4))
    write(place / "papers" / "three.jsonl", row(5))
    tried = sync(place, "--mirror", "--dry-run")
    assert told(tried) == [(2, 1, 1, 1, "")]
    assert tried.data["papers"] == 3
    assert told(sync(place)) == [(2, 1, 1, 0, "")]
    # What is gone is told until it is removed.
    mirrored = sync(place, "--mirror")
    assert told(mirrored) == [(0, 0, 1, 1, "")]
    assert inside("status", "--library", place / "library", "--json").data["papers"] == 4
    assert told(sync(place, "--mirror")) == [(0, 0, 0, 0, "")]
    back = inside("undo", "--redo", "--library", place / "library", "--json")
    assert back.data["papers"] == 5


def test_a_paper_that_another_source_still_gives_is_not_gone(place):
    write(place / "other" / "mine.jsonl", row(1))
    assert inside("index", place / "other", "--library", place / "library").status == 0
    write(place / "papers" / "one.jsonl", row(2))
    assert told(sync(place, "--mirror")) == [(0, 0, 0, 0, "")] * 2
    # Nor where that one cannot be read now.
    write(place / "papers" / "one.jsonl", row(1), row(2))
    sync(place)
    shutil.rmtree(place / "other")
    write(place / "papers" / "one.jsonl", row(2))
    assert told(sync(place, "--mirror"))[0] == (0, 0, 0, 0, "")


def test_a_source_that_cannot_be_read_removes_nothing(place):
    (place / "papers" / "one.jsonl").unlink()
    (place / "papers" / "notes.bin").write_bytes(bytes(range(256)))
    half = sync(place, "--mirror")
    assert told(half) == [(0, 0, 0, 0, "")]
    assert "notes.bin" in half.data["sources"][0]["unread"]
    shutil.rmtree(place / "papers")
    gone = sync(place, "--mirror")
    assert gone.status == 1
    assert "does not exist" in gone.data["sources"][0]["error"]
    assert gone.data["papers"] == 3
    (place / "papers").mkdir()
    assert sync(place, "--mirror").data["papers"] == 3


def test_a_pattern_takes_files_that_came_later_and_a_source_can_be_dropped(place):
    write(place / "more" / "a.jsonl", row(6))
    assert inside("index", place / "more" / "*.jsonl", "--library", place / "library").status == 0
    write(place / "more" / "b.jsonl", row(7))
    assert told(sync(place)) == [(0, 0, 0, 0, ""), (1, 0, 0, 0, "")]
    assert len(sync(place, "--forget", str(place / "papers")).data["sources"]) == 1
    unknown = sync(place, "--forget", "nothing")
    assert (unknown.status, unknown.err.count("\n")) == (2, 1)
    assert sync(place, "--add", str(place / "none.bib")).status == 2


def test_an_undone_import_is_not_read_again(place):
    assert inside("undo", "--library", place / "library").status == 0
    assert sync(place).data["sources"] == []
    assert inside("undo", "--redo", "--library", place / "library").status == 0
    assert len(sync(place).data["sources"]) == 1


def test_an_earlier_library_knows_the_sources_that_name_their_place(tmp_path):
    folder = make_earlier(tmp_path / "library")
    with sqlite3.connect(folder / "catalog.sqlite3") as catalog:
        catalog.execute(
            """UPDATE imports SET names = '["/data/a.bib", "b.bib"]' WHERE number = 1"""
        )
    catalog.close()
    with Library.open(folder, embedder=TokenWords()) as library:
        assert [origin.name for origin in library.origins.list()] == ["/data/a.bib"]


# Daily listings.

ENTRY = """<entry><id>http://arxiv.org/abs/2105.{n:05d}v1</id>
<published>{day}T10:00:00Z</published><title>Tides of harbour {n}</title>
<summary>We measure the tide of harbour {n}.</summary>
<author><name>Ada Lund</name></author></entry>"""
HEAD = '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>ArXiv Query</title>'


class Services:
    """What the services have by day, what they were asked, and what they answer first."""

    def __init__(self) -> None:
        self.days: dict[str, list[int]] = {}
        self.asked: list[dict[str, str]] = []
        self.agents: set[str] = set()
        self.first: list[tuple[int, dict[str, str]]] = []

    def answer(self, path: str, query: dict[str, str]) -> str:
        if path == "/hf":
            return json.dumps(
                [
                    {
                        "paper": {
                            "id": f"2105.{n:05d}", "title": f"Tides of harbour {n}",
                            "summary": f"We measure the tide of harbour {n}.",
                            "authors": [{"name": "Ada Lund"}],
                            "publishedAt": f"{query['date']}T00:00:00.000Z",
                        }
                    }
                    for n in self.days.get(query["date"], [])
                ]
            )  # fmt: skip
        if path == "/arxiv":
            text = query["search_query"].rpartition("[")[2][:8]
            day = f"{text[:4]}-{text[4:6]}-{text[6:]}"
            begin, size = int(query["start"]), int(query["max_results"])
            numbers = self.days.get(day, [])[begin : begin + size]
            return HEAD + "".join(ENTRY.format(n=n, day=day) for n in numbers) + "</feed>"
        first = query["cursor"] == "*"
        works = [
            {
                "id": f"https://openalex.org/W{n}", "title": f"Tides of harbour {n}",
                "abstract_inverted_index": {"The": [0], "tide": [1], f"rose{n}": [2]},
                "publication_date": "2026-01-02", "doi": f"https://doi.org/10.1000/w{n}",
            }
            for n in ([1, 2] if first else [3])
        ]  # fmt: skip
        return json.dumps({"meta": {"next_cursor": "next" if first else None}, "results": works})


@contextmanager
def serving(told: Services) -> Iterator[dict[str, str]]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            told.asked.append(query)
            told.agents.add(self.headers["user-agent"])
            status, headers = told.first.pop(0) if told.first else (200, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.answer(url.path, query).encode() if status == 200 else b"")

    with listen(Handler) as port:
        at = f"http://127.0.0.1:{port}"
        yield {"hf-daily": f"{at}/hf", "arxiv": f"{at}/arxiv", "openalex": f"{at}/openalex"}


def fetch(
    told: Services, name: str, seen: date | None, today: date
) -> tuple[set[str], date | None, list[float], list[str | None]]:
    slept: list[float] = []
    with serving(told) as places, Gathered() as found:
        day = Fetcher(services=places, sleep=slept.append).gather(
            found, name, seen=seen, today=today
        )
        titles = {paper.title for _, paper in found.records()}
        return titles, day, slept, [file.error for file in found.files if file.error]


@pytest.mark.parametrize(
    ("name", "feed"),
    [
        ("hf-daily", Feed("hf-daily")), ("arxiv:cs.RO", Feed("arxiv", "cs.RO")),
        ("arxiv:hep-th", Feed("arxiv", "hep-th")), ("openalex: tide", Feed("openalex", "tide")),
        ("openalex:", None), ("arxiv:2105.00001", None), ("arxiv:hep-th/9901001", None),
        ("papers.bib", None), ("", None),
    ],
)  # fmt: skip
def test_the_name_of_a_listing_is_told_from_other_sources(name: str, feed: Feed | None) -> None:
    assert parse_feed(name) == feed


@pytest.mark.parametrize("name", ["hf-daily", "arxiv:cs.RO"])
def test_days_are_read_from_the_last_one_that_was_seen(name: str) -> None:
    told = Services()
    told.days = {"2026-03-01": [1], "2026-03-02": [2], "2026-03-04": [3]}
    titles, day, slept, errors = fetch(told, name, date(2026, 3, 2), date(2026, 3, 4))
    assert titles == {"Tides of harbour 2", "Tides of harbour 3"}
    assert (day, errors) == (date(2026, 3, 4), [])
    assert len(told.asked) == 3
    # Slowly, and by name.
    assert slept == [feeds.PAUSE] * 2
    assert all(agent.startswith("Footnote") for agent in told.agents)


def test_a_day_of_many_papers_is_read_page_by_page() -> None:
    told = Services()
    told.days = {"2026-03-01": list(range(1, 231))}
    titles, _, _, _ = fetch(told, "arxiv:cs.RO", date(2026, 3, 1), date(2026, 3, 1))
    assert len(titles) == 230
    assert [query["start"] for query in told.asked] == ["0", "100", "200"]
    assert told.asked[0]["search_query"] == (
        "cat:cs.RO AND submittedDate:[202603010000 TO 202603012359]"
    )


def test_a_new_listing_begins_a_week_back_and_a_long_rest_is_bounded() -> None:
    told = Services()
    fetch(told, "hf-daily", None, date(2026, 3, 8))
    assert told.asked[0]["date"] == "2026-03-01"
    told.asked.clear()
    _, day, _, _ = fetch(told, "hf-daily", date(2020, 1, 1), date(2026, 3, 8))
    assert (len(told.asked), day) == (feeds.MOST_DAYS + 1, date(2020, 3, 1))


def test_openalex_is_read_along_its_cursor() -> None:
    told = Services()
    titles, day, _, errors = fetch(told, "openalex:tide", date(2026, 1, 1), date(2026, 3, 4))
    assert (len(titles), day, errors) == (3, date(2026, 3, 4), [])
    assert [query["cursor"] for query in told.asked] == ["*", "next"]
    assert told.asked[0]["filter"] == "from_publication_date:2026-01-01"


def test_a_busy_service_is_asked_again_when_it_says_and_given_up_in_one_line() -> None:
    told = Services()
    told.days = {"2026-03-01": [1], "2026-03-02": [2]}
    told.first = [(429, {"retry-after": "17"})]
    titles, _, slept, errors = fetch(told, "hf-daily", date(2026, 3, 1), date(2026, 3, 1))
    assert (len(titles), errors) == (1, [])
    assert 17.0 in slept
    told.first = [(200, {}), *[(503, {})] * 4]
    titles, day, slept, errors = fetch(told, "hf-daily", date(2026, 3, 1), date(2026, 3, 3))
    # What came before is kept, and the next call goes on there.
    assert (titles, day) == ({"Tides of harbour 1"}, date(2026, 3, 1))
    assert errors == ["answered 503; what came before is kept, and the next sync goes on there"]
    told.first = [(429, {"retry-after": "9999"})]
    assert "wants to be asked in 9,999 s" in str(
        fetch(told, "hf-daily", date(2026, 3, 1), date(2026, 3, 1))[3][0]
    )
    told.first = [(404, {})]
    assert fetch(told, "hf-daily", date(2026, 3, 1), date(2026, 3, 1))[3][0].startswith(
        "answered 404"
    )


def test_the_command_reads_a_listing_and_goes_on_where_it_was(place, monkeypatch):
    told_by = Services()
    with serving(told_by) as places:
        monkeypatch.setattr(feeds, "SERVICES", places)
        monkeypatch.setattr(feeds, "PAUSE", 0.0)
        first = sync(place, "--add", "hf-daily")
        assert (first.status, len(told_by.asked)) == (0, 8)
        told_by.asked.clear()
        assert sync(place).status == 0
        assert len(told_by.asked) == 1
    with closing(Catalog(place / "library" / CATALOG)) as catalog:
        assert [origin.seen is None for origin in catalog.origins.list()] == [True, False]
