"""Metadata: what the catalog knows of the papers, exactly, and what it does not know."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from footnote.index.library import Filters, LibraryReader
from footnote.index.models import Paper
from footnote.index.search.fulltext import stems
from footnote.rag.generation.forms.form import (
    Composed,
    Draft,
    Reading,
    count_papers,
    heading,
    join_names,
    name_topic,
)
from footnote.rag.query.names import find_names
from footnote.rag.query.topic import find_topic

# Papers that are listed, and more of them where the papers themselves are asked for; groups of the
# library that are named; hits that are counted exactly.
LISTED, LISTED_OF_YEARS, GROUPS, COUNTED = 10, 20, 6, 2_000
# Letters of a word from which on its last "s" or "y" is an ending.
_INFLECTED = 4
_SINCE = re.compile(r"\b(?:since|after|later than|from \d{4} on\w*)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_QUOTED = re.compile(r"[\"“”'‘’]([^\"“”'‘’]{2,60})[\"“”'‘’]")
_IN_TITLES = re.compile(
    r"\btitles?\b.{0,80}?\b(?:words?|terms?|contain\w*|includ\w*|mention\w*|with|have|has)"
    r" (?:the )?(?:words?|terms?|phrase)? ?(?P<word>[\w-]+)",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:by|from|of|author(?:ed)? by|written by) (?:author |prof(?:essor)?\.? |dr\.? )?"
    r"(?P<name>[A-Z][\w.'’-]{0,30}(?: (?:[A-Z][\w.'’-]{0,30}|de|van|von|der|la)){0,5}"
    r" [A-Z][\w'’-]{1,30})"
)


def write(reading: Reading) -> Composed:
    """Writes what the catalog says; the first rule that fits the question decides."""
    draft = Draft(())
    library = reading.library
    if library is None or not library.size:
        draft.add("The library is empty; add papers first.")
        return draft.finish()
    asked = reading.question.asked
    tell = next((tell for rule, tell in _RULES if rule.search(asked)), _tell_contents)
    draft.add(*tell(asked, library))
    return draft.finish()


def can_tell(question: str) -> bool:
    """Returns whether the catalog knows what a question asks for."""
    return any(rule.search(question) for rule, _ in _RULES)


def _tell_authors(asked: str, library: LibraryReader) -> Sequence[str]:
    """Tells who wrote a paper, or which papers somebody wrote."""
    person = _PERSON.search(asked)
    if person:
        return _tell_papers_by(person["name"], library)
    paper = _find_paper(asked, library)
    if paper is None:
        return [f"No paper here has that title. {_tell_fields(library)}"]
    if not paper.authors:
        told = f"The library does not record who wrote **{heading(paper)}**"
        none = library.count_without_authors() == library.size
        return [f"{told}; it has no authors for any paper." if none else f"{told}."]
    return [f"**{heading(paper)}** was written by {join_names(paper.authors[:20])}."]


def _tell_papers_by(name: str, library: LibraryReader) -> Sequence[str]:
    surname = name.split()[-1]
    named = library.select(Filters(author=surname), most=library.size)
    found = [p for p in named if any(_is_person(name, a) for a in p.authors)]
    if not found:
        told = f"The library records no paper by {name_topic(name)}."
        return [f"{told} {_tell_fields(library)}"]
    return [f"{count_papers(len(found))} by {name_topic(name)}:", *_rows(found)]


def _tell_newest(asked: str, library: LibraryReader) -> Sequence[str]:
    """Tells the newest or the oldest papers, and how many have no date."""
    undated = library.years().get(None, 0)
    if undated == library.size:
        return [f"The library does not know: no paper has a year. {_tell_fields(library)}"]
    oldest = re.search(r"\b(?:oldest|earliest|first)\b", asked, re.IGNORECASE) is not None
    which = "oldest" if oldest else "newest"
    note = f"; the other {undated:,} have no year" if undated else ""
    told = f"The {which} of the {count_papers(library.size - undated)} with a year{note}:"
    return [told, *_rows(library.dated(5, oldest=oldest), dates=True)]


def _tell_years(asked: str, library: LibraryReader) -> Sequence[str]:
    """Tells how many papers are of a year or of the years named."""
    years = sorted({int(year) for year in _YEAR.findall(asked)})
    known = library.years()
    undated = known.get(None, 0)
    if undated == library.size:
        return [f"The library cannot tell: no paper has a year. {_tell_fields(library)}"]
    low, high = years[0], years[-1]
    if len(years) == 1 and re.search(
        r"\b(?:since|after|later than|from \d{4} on\w*)\b", asked, re.IGNORECASE
    ):
        high = max(year for year in known if year)
    if len(years) == 1 and re.search(r"\b(?:before|until|up to)\b", asked, re.IGNORECASE):
        low = min(year for year in known if year)
    count = sum(n for year, n in known.items() if year and low <= year <= high)
    span = f"{low}" if low == high else f"{low} to {high}"
    note = f" {undated:,} of {library.size:,} have no year." if undated else ""
    most = LISTED if re.search(r"(?i)^\W*how many\b", asked) else LISTED_OF_YEARS
    found = library.select(Filters(since=low, until=high), most=most)
    return [
        f"{count_papers(count)} from {span}.{note}",
        *([""] if found else []),
        *_rows(found, of=count, most=most),
    ]


def _tell_titles(asked: str, library: LibraryReader) -> Sequence[str]:
    """Tells how many titles have a word."""
    quoted = _QUOTED.search(asked)
    match = _IN_TITLES.search(asked)
    word = quoted[1] if quoted else match["word"] if match else ""
    if not word:
        return _tell_contents(asked, library)
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)", re.IGNORECASE)
    # The map holds every title, read once.
    drawn = library.map()
    ids = [i for i, title in zip(drawn.ids, drawn.titles, strict=True) if pattern.search(title)]
    verb = "has" if len(ids) == 1 else "have"
    told = f"{count_papers(len(ids))} {verb} “{name_topic(word)}” in the title"
    return [told + (":" if ids else "."), *_rows(map(library.known, ids[:LISTED]), of=len(ids))]


def _tell_topic_count(asked: str, library: LibraryReader) -> Sequence[str]:
    """Tells how many papers have the words of a topic in title or abstract."""
    topic = find_topic(asked)
    found, alike, least = _papers_with(topic, library)
    verb = "mentions" if len(found) == 1 else "mention"
    told = f"{least}{count_papers(len(found))} {verb} “{name_topic(topic)}” in title or abstract"
    if len(alike) > len(found):
        have = "has" if len(alike) == 1 else "have"
        told += f"; {len(alike):,} {have} it or a word of the same stem"
    return [told + (":" if alike else "."), *_rows(found or alike)]


def _papers_with(topic: str, library: LibraryReader) -> tuple[list[Paper], list[Paper], str]:
    """Returns the papers that have a phrase, in the singular or the plural, best first.

    Then those that have it or words of the same stems: "robot" for "robotics". At last what their
    count begins with: "At least " where there were more than are looked through.
    """
    words = [_either_number(word) for word in re.findall(r"\w+", topic)]
    stemmed = f" {' '.join(stems(topic))} "
    if not words or not stemmed.strip():
        return [], [], ""
    phrase = r"[\W_]+".join(words)
    pattern = re.compile(rf"\b{phrase}\b", re.IGNORECASE)
    ranked = library.searcher.rank_by_words(topic, k=COUNTED)
    papers = [hit.paper for hit in library.searcher.hits(ranked, "bm25")]
    texts = [f"{paper.title}\n{paper.abstract}" for paper in papers]
    found = [paper for paper, text in zip(papers, texts, strict=True) if pattern.search(text)]
    alike = [
        paper
        for paper, text in zip(papers, texts, strict=True)
        if stemmed in f" {' '.join(stems(text))} "
    ]
    return found, alike, "At least " if len(ranked) == COUNTED else ""


def _either_number(word: str) -> str:
    """Returns what matches a word in the singular and in the plural; "robotics" has one form."""
    if len(word) < _INFLECTED or re.search(r"(?:ics|ss|us|is)$", word, re.IGNORECASE):
        return re.escape(word)
    stem = re.sub(r"(?:ies|s|y)$", "", word, flags=re.IGNORECASE)
    return rf"{re.escape(stem)}(?:y|ies|s|es)?"


def _tell_contents(asked: str, library: LibraryReader) -> Sequence[str]:
    """Tells what the library holds: papers, years, and its groups with their words."""
    drawn = library.map()
    sizes = Counter(drawn.clusters.tolist())
    groups = [
        f"- {drawn.labels[number].text} ({count_papers(size)})"
        for number, size in sizes.most_common(GROUPS)
        if number < len(drawn.labels)
    ]
    told = f"The library holds {count_papers(library.size)}. {_tell_fields(library)}"
    return [told, "", "Its largest groups, by their own words:", *groups] if groups else [told]


def _tell_size(asked: str, library: LibraryReader) -> Sequence[str]:
    return [f"The library holds {count_papers(library.size)}. {_tell_fields(library)}"]


def _tell_sources(asked: str, library: LibraryReader) -> Sequence[str]:
    """Tells where the records are from, and which years they cover."""
    sources = Counter({name: n for name, n in library.sources().items() if name})
    named = [f"{name} ({count_papers(n)})" for name, n in sources.most_common(5)]
    told = f"The records are from {join_names(named)}." if named else "No record names its source."
    return [f"{told} {_tell_fields(library)}"]


def _tell_fields(library: LibraryReader) -> str:
    """Returns what the records have: years, and how many lack one, and authors."""
    years = library.years()
    known = [year for year in years if year]
    undated = years.get(None, 0)
    if not known:
        dates = "No paper has a year"
    else:
        span = f"{min(known)} to {max(known)}" if min(known) < max(known) else f"{known[0]}"
        dates = f"Years: {span}"
        dates += f"; {undated:,} of {library.size:,} have no year" if undated else ""
    without = library.count_without_authors()
    if without == library.size:
        return f"{dates}; no authors are recorded."
    return f"{dates}{f'; {without:,} have no authors' if without else ''}."


def _find_paper(asked: str, library: LibraryReader) -> Paper | None:
    """Returns the paper that a question names by its title, or by the name that begins it."""
    names = [*(m for m in _QUOTED.findall(asked)), *find_names(asked), *_capitals(asked)]
    for name in names:
        for hit in library.search(name, k=10, by="bm25"):
            head = re.split(r"[:—–]", hit.paper.title, maxsplit=1)[0].strip()
            if name.casefold() in (head.casefold(), hit.paper.title.casefold()):
                return hit.paper
    return None


def _capitals(asked: str) -> list[str]:
    return re.findall(r"\b[A-Z][\w-]{2,40}\b", asked.partition(" ")[2])


def _is_person(name: str, author: str) -> bool:
    """Returns whether an author has every part of a name; initials do."""
    parts, has = name.casefold().split(), author.casefold().replace(".", "").split()
    return all(
        any(h == p.strip(".") or (len(h) == 1 and p.startswith(h)) for h in has) for p in parts
    )


def _rows(
    papers: Iterable[Paper], *, dates: bool = False, of: int = 0, most: int = LISTED
) -> list[str]:
    """Returns up to ``most`` papers as rows, and how many more there are, of ``of`` in all."""
    papers = list(papers)
    rows = [
        f"- **{heading(p)}**" + (f", {p.published}" if dates and p.published else "")
        for p in papers[:most]
    ]
    more = max(of, len(papers)) - most
    return [*rows, "", f"And {more:,} more."] if more > 0 else rows


Tell = Callable[[str, LibraryReader], Sequence[str]]


_RULES: tuple[tuple[re.Pattern[str], Tell], ...] = (
    (
        re.compile(
            r"(?i)\btitles?\b.{0,120}(?:word|term|contain|includ|mention|with\b|have\b|has\b)"
        ),
        _tell_titles,
    ),
    (re.compile(r"(?i)^who\b|\bauthors?\b|\bwritten by\b|\bco-?authors?\b"), _tell_authors),
    (re.compile(r"(?i)\b(?:newest|latest|most recent|oldest|earliest)\b"), _tell_newest),
    (
        re.compile(
            r"(?i)\bwhere\b.{0,120}\b(?:from|get|got|come)\b|\bsources?\b|\bwhich years\b"
            r"|\byears?\b.{0,120}\bcover"
        ),
        _tell_sources,
    ),
    (
        re.compile(
            r"(?i)^how many\b[^?]{0,200}\b(?:19|20)\d\d\b"
            r"|\bpapers?\s+(?:(?:are|were|was|you have)\s+)?"
            r"(?:from|of|in|published|dated|(?:have )?c[ao]me|(?:have )?appeared|since|before"
            r"|after)\b[^?]{0,30}\b(?:19|20)\d\d\b"
        ),
        _tell_years,
    ),
    (
        re.compile(
            r"(?i)^(?:how many|count|number of|what number of)\W.{0,120}\b"
            r"(?:about|on|mention\w*|use|uses"
            r"|using|deal|cover|discuss|study|concern\w*)\b"
        ),
        _tell_topic_count,
    ),
    (
        re.compile(r"(?i)^(?:how many|count|number of|what number of|how (?:big|large))\b"),
        _tell_size,
    ),
    (_PERSON, _tell_authors),
    (
        re.compile(
            r"(?i)\b(?:librar\w+|collection|corpus|database|in here|in there)\b"
            r"|\bwhat\b.{0,120}\b(?:do|does|did) (?:you|it|this)"
            r" (?:hold|have|contain|cover|include|know)\b"
            r"|\bwhat(?:'s| is) (?:here|in it)\b"
        ),
        _tell_contents,
    ),
)
