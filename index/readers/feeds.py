"""Feeds: what came since a day, as a service lists it: Daily Papers, arXiv, OpenAlex.

Answers are read as files of these services. Each is asked slowly, and again when it wants to be;
what came before a fault is kept, and the next call goes on there.

Source: huggingface.co/docs/hub/api (daily papers by date), info.arxiv.org/help/api/user-manual.html
(submittedDate; three seconds between calls), docs.openalex.org (cursor paging).
"""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from footnote.index import SourceError
from footnote.index.embeddings.endpoints import bounded_client_options
from footnote.index.readers.gathering import FileReading, Gathered

SERVICES = {
    "hf-daily": "https://huggingface.co/api/daily_papers",
    "arxiv": "https://export.arxiv.org/api/query",
    "openalex": "https://api.openalex.org/works",
}
# Days that a new source is read back; those of one call; pages of one day or query.
FIRST_DAYS, MOST_DAYS, MOST_PAGES = 7, 60, 50
_PAGE = {"hf-daily": 100, "arxiv": 100, "openalex": 200}
# Seconds for an answer, between two calls, and that a service may ask to wait.
SECONDS, PAUSE, LONGEST_WAIT = 30.0, 3.0, 120.0
MOST_BYTES = 20_000_000
_ATTEMPTS = 4
_BUSY = frozenset({429, 500, 502, 503, 504})
_CATEGORY = re.compile(r"arxiv:([a-z][a-z-]{1,20}(?:\.[A-Za-z-]{2,20})?)")
_ENTRY = re.compile(r"<entry[\s>]")


@dataclass(frozen=True, slots=True)
class Feed:
    """A daily listing.

    Attributes:
        service: One of ``SERVICES``.
        query: An arXiv category, or words for OpenAlex; "" for Daily Papers.
    """

    service: str
    query: str = ""


def parse_feed(name: str) -> Feed | None:
    """Returns the listing of a name such as "hf-daily", "arxiv:cs.RO" or "openalex:tide"."""
    if name == "hf-daily":
        return Feed(name)
    if category := _CATEGORY.fullmatch(name):
        return Feed("arxiv", category[1])
    service, _, query = name.partition(":")
    return Feed(service, query.strip()) if service == "openalex" and query.strip() else None


class Fetcher:
    """Asks the services, a call at a time."""

    def __init__(
        self,
        *,
        services: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Asks nothing yet.

        Args:
            services: Their addresses; those of ``SERVICES`` when not given.
            sleep: Waits for seconds.
        """
        self._services = services or SERVICES
        self._sleep = sleep
        self._asked = False

    def gather(self, found: Gathered, name: str, *, seen: date | None, today: date) -> date | None:
        """Takes what a listing has since a day; returns the last day that was read whole.

        A fault is told of like a file that cannot be read. After a long rest the next call goes on
        where this one ended.

        Args:
            found: Where its papers go.
            name: As ``parse_feed`` takes it.
            seen: The last day that was read; it is read again, as it may have been unfinished.
            today: The last day to read.
        """
        feed = parse_feed(name)
        if feed is None:
            raise SourceError(f"{name} is no daily listing; give hf-daily, arxiv:CATEGORY or "
                              "openalex:WORDS")  # fmt: skip
        first = seen or today - timedelta(FIRST_DAYS)
        done = seen
        with (
            TemporaryDirectory() as folder,
            httpx.Client(timeout=SECONDS, **bounded_client_options(MOST_BYTES)) as client,
        ):
            client.headers["user-agent"] = "Footnote (reads a daily listing that its user named)"
            try:
                for day, text in self._answers(client, feed, first, today):
                    if text is None:
                        done = day
                        continue
                    path = Path(folder) / "answer"
                    path.write_text(text, "utf-8", errors="replace")
                    found.take(path, name)
            except SourceError as error:
                found.files.append(FileReading(name, name, error=str(error)))
        return done

    def _answers(
        self, client: httpx.Client, feed: Feed, first: date, today: date
    ) -> Iterator[tuple[date, str | None]]:
        """Yields each answer with papers, and None after the last one of a day."""
        if feed.service == "openalex":
            # One query for all days: its answers are in no order of days.
            for text in self._openalex(client, feed.query, first):
                yield today, text
            yield today, None
            return
        days = _daily if feed.service == "hf-daily" else _submitted
        for n in range(min((today - first).days, MOST_DAYS) + 1):
            day = first + timedelta(n)
            for page in range(MOST_PAGES):
                text = self._ask(client, feed.service, days(feed.query, day, page))
                count = _count(feed.service, text)
                if count:
                    yield day, text
                if count < _PAGE[feed.service]:
                    break
            yield day, None

    def _openalex(self, client: httpx.Client, query: str, first: date) -> Iterator[str]:
        cursor: object = "*"
        for _ in range(MOST_PAGES):
            asked = {
                "search": query, "filter": f"from_publication_date:{first:%Y-%m-%d}",
                "per-page": str(_PAGE["openalex"]), "cursor": str(cursor),
            }  # fmt: skip
            text = self._ask(client, "openalex", asked)
            if _count("openalex", text):
                yield text
            cursor = json.loads(text).get("meta", {}).get("next_cursor")
            if not cursor:
                return
        raise SourceError(f"has more than {MOST_PAGES} pages; give a narrower query")

    def _ask(self, client: httpx.Client, service: str, asked: Mapping[str, str]) -> str:
        told = "was not asked"
        for attempt in range(_ATTEMPTS):
            if self._asked:
                self._sleep(PAUSE)
            self._asked = True
            wait = PAUSE * 2**attempt
            try:
                answer = client.get(self._services[service], params=dict(asked))
            except httpx.HTTPError as error:
                told = f"could not be asked ({type(error).__name__})"
            else:
                if answer.status_code == 200:
                    return answer.text
                told = f"answered {answer.status_code}"
                if answer.status_code not in _BUSY:
                    break
                wait = max(wait, _retry_after(answer))
            if wait > LONGEST_WAIT:
                told += f" and wants to be asked in {wait:,.0f} s"
                break
            if attempt < _ATTEMPTS - 1:
                self._sleep(wait)
        raise SourceError(f"{told}; what came before is kept, and the next sync goes on there")


def _daily(query: str, day: date, page: int) -> dict[str, str]:
    return {"date": f"{day:%Y-%m-%d}", "limit": str(_PAGE["hf-daily"]), "p": str(page)}


def _submitted(query: str, day: date, page: int) -> dict[str, str]:
    size = _PAGE["arxiv"]
    return {
        "search_query": f"cat:{query} AND submittedDate:[{day:%Y%m%d}0000 TO {day:%Y%m%d}2359]",
        "sortBy": "submittedDate", "sortOrder": "ascending",
        "start": str(page * size), "max_results": str(size),
    }  # fmt: skip


def _count(service: str, text: str) -> int:
    """Returns how many papers an answer lists."""
    if service == "arxiv":
        return len(_ENTRY.findall(text))
    try:
        told = json.loads(text)
        return len(told["results"] if service == "openalex" else told)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError("gave an answer that is none of its own; try again later") from error


def _retry_after(answer: httpx.Response) -> float:
    """Returns the seconds that a service wants to have until the next call; 0 where it is mute."""
    text = answer.headers.get("retry-after", "").strip()
    return float(text) if text.isdecimal() and len(text) < 9 else 0.0
