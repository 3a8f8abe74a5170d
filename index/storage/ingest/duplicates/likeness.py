"""Likeness: whether two records that share no kind of identifier are one paper.

Their titles decide, with the first author, the year and the abstract. What two records of one
paper have in common is also a key, so that a record meets those like it without a scan.
"""

import html
import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

from footnote.index.models import Paper, identifier

# Years between a preprint and its printing.
YEARS_APART = 3
# Shares of the shorter abstract's word pairs that stand in the other one too. Measured with
# footnote.evals.lab.bench.duplicates. A paper merged wrongly is lost from view, one missed is only
# shown twice, so they are high.
# A sequel ("...: The Complex Case") may have 97 in 100, reports on two years' contests 88, and two
# works of one author under one title 17.
EQUAL_TEXT, MOST_TEXT, SAME_TEXT, OTHER_TEXT = 0.98, 0.9, 0.5, 0.25
# Words of an abstract that say something of their own.
_FEWEST_WORDS = 20
# Words of a title whose halves are rare enough to be keys, and of one that can lose its subtitle.
_WORDS_TO_HALVE, _WORDS_BEFORE_COLON = 6, 3
# Words of a title that says alone, without authors and abstract, which paper it is.
_WORDS_ALONE = 4
# Titles whose reading is remembered: those of the batches that are merged.
REMEMBERED = 5_000
# Letters of a word in which one may be wrong: BERT and BART are two.
_LETTERS_TO_MISTAKE = 5

# Titles that many works have, as they are or with more behind them.
_SHARED = re.compile(
    r"(?:guest ?)?editorials?|introductions?|prefaces?|forewords?|afterwords?|epilogues?|"
    r"prologues?|conclusions?|summar(?:y|ies)|overview|discussions?|abstracts?|contents|index|"
    r"table of contents|(?:author )?correction|corrigend(?:um|a)|errat(?:um|a)|addend(?:um|a)|"
    r"retraction|notes?|news|obituary|in memoriam|announcements?|acknowledge?ments?|appendix|"
    r"comment(?:s|ary)?|repl(?:y|ies)|responses?|letters?(?: to the editors?)?|reviews?|"
    r"book reviews?|viewpoint|perspectives?|miscellan\w{1,9}|untitled|no title|not available|"
    r"from the editors?|editors? (?:note|introduction|comments?)|authors? (?:reply|response)|"
    r"introduction to (?:the|this) special (?:issue|section).{0,300}|"
    r"(?:list of|call for|thanks to) \w{1,30}|chapter \w{1,9}|part \w{1,9}|proceedings|tutorial|"
    r"lecture notes|problem set|homework|research highlights?|issue information|masthead|rejoinder|"
    r"(?:invited )?(?:discussions?|comments?|repl(?:y|ies)|responses?|rejoinders?|proceedings|"
    r"errat(?:um|a)|correction|corrigendum|addendum|remembering|preface|introduction|editorial) "
    r".{0,300}"
)
# What a publisher writes before the title of what it took back; "Retraction: ..." is a notice.
_TAKEN_BACK = re.compile(
    r"\s{0,9}\[?\(?(?:RETRACTED|WITHDRAWN|REMOVED)(?:\s(?:ARTICLE|PAPER|CHAPTER))?\]?\)?\s?[:.-]?\s",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"\\([A-Za-z]{1,30})\s{0,9}|\\[^A-Za-z]")
_TAG = re.compile(r"</?[A-Za-z]{1,10}>")
_SIGN = re.compile(r"(?<=\w)(\+{1,3}|#)")
_BETWEEN, _SILENT = re.compile(r"[\W_]+"), re.compile(r"[{}$'’`]")
_COLON = re.compile(r":\s|\s[-–—]{1,3}\s|[?!]\s")
# A subtitle that makes another work of it.
_OTHER_WORK = re.compile(
    r"(?:part|volume|vol|chapter|book|section|lecture|episode|erratum|errata|correction|"
    r"corrigendum|addendum|reply|response|comment|discussion|supplement|appendix|rejoinder|"
    r"retraction|[ivx]{1,5}|\d{1,4})\b"
)
# British spellings, as the American ones; both sides go through it, so that no other word suffers.
_SPELLINGS = (
    (re.compile(r"(?<=\w{3})is(?=(?:e|ed|es|er|ers|ing|ation|ations|able)$)"), "iz"),
    (re.compile(r"(?<=\w{2})our(?=(?:s|al|ed|ing|able|ite|less|ful|hood)?$)"), "or"),
    (re.compile(r"(?<=\w{2})ll(?=(?:ed|ing|er|ers)$)"), "l"),
    (re.compile(r"(?<=\w{2})([tb])re(?=s?$)"), r"\1er"),
    (re.compile(r"(?<=\w{3})ys(?=(?:e|ed|es|ing|er)$)"), "yz"),
    (re.compile(r"(?<=\w{3})ogue(?=s?$)"), "og"),
    (re.compile(r"(?<=\w{2})ence(?=s?$)"), "ense"),
    (re.compile(r"^sulph"), "sulf"),
    (re.compile(r"[ao]e"), "e"),
    (re.compile(r"^grey"), "gray"),
    (re.compile(r"^artef"), "artif"),
    (re.compile(r"^programme(?=s?$)"), "program"),
)


def like_paper(one: Paper, other: Paper) -> bool:
    """Returns whether two records without a common kind of identifier name one paper."""
    exact, near = _match_titles(one, other)
    if not exact and near > 1:
        return False
    who = _same_author(one, other)
    if who is False:
        return False
    text = text_likeness(one.abstract, other.abstract)
    years = abs(one.year - other.year) if one.year and other.year else 0
    if is_shared(one.title) or is_shared(other.title):
        # Discussions of one paper may say the same instead of an abstract.
        known = who or not (one.authors or other.authors)
        return exact and known and text is not None and text >= MOST_TEXT
    if who is None and years > YEARS_APART and (text is None or text < EQUAL_TEXT):
        return False
    if text is None:
        telling = who is True or len(fold_words(one.title)) >= _WORDS_ALONE
        # Without authors too there is nothing but the title to know either by.
        telling = telling or one.abstract == other.abstract or not (one.authors or other.authors)
        return exact and telling and years <= YEARS_APART
    if not exact:
        return text >= near
    if who is None:
        return text >= MOST_TEXT
    # Two works of one author may have one title.
    return text >= (OTHER_TEXT if years <= YEARS_APART else SAME_TEXT)


def title_keys(paper: Paper) -> tuple[int, ...]:
    """Returns the keys that a paper has in common with those like it: numbers of 64 bits."""
    if is_shared(paper.title):
        text = " ".join(_words(paper.abstract))
        return (_number("shared", *fold_words(paper.title), text),)
    return _form_keys(paper.title, tuple(a for a in paper.aliases if a.startswith("title:")))


# A record's keys are asked for four times while it is added, and its names with every like title.
@lru_cache(maxsize=REMEMBERED)
def _form_keys(title: str, aliases: tuple[str, ...]) -> tuple[int, ...]:
    forms: set[tuple[str, ...]] = {("whole", name) for name in _spell_names(title, aliases)}
    words = fold_words(title)
    if len(words) >= _WORDS_TO_HALVE:
        # One wrong letter leaves every other word, or all the others, as they are.
        forms |= {("even", *words[::2]), ("odd", *words[1::2])}
    if head := _head(title):
        forms.add(("whole", head))
    return tuple(_number(*form) for form in sorted(forms))


@lru_cache(maxsize=REMEMBERED)
def is_shared(title: str) -> bool:
    """Returns whether a title is one that many works have, such as "Editorial"."""
    words = fold_words(title)
    return not words or _SHARED.fullmatch(" ".join(words)) is not None


def text_likeness(one: str, other: str) -> float | None:
    """Returns which share of the shorter text's word pairs the other one has too.

    None where either is too short to say anything.
    """
    if one and one == other:
        return 1.0
    ours, theirs = (_words(text) for text in (one, other))
    if min(len(ours), len(theirs)) < _FEWEST_WORDS:
        return None
    pairs, others = ({*pairwise(words)} for words in (ours, theirs))
    return len(pairs & others) / min(len(pairs), len(others))


@lru_cache(maxsize=20_000)
def fold_words(title: str) -> tuple[str, ...]:
    """Returns the words of a title without case, accents, markup, punctuation and spelling."""
    text = _TAG.sub("", html.unescape(_TAKEN_BACK.sub("", title)))
    text = _COMMAND.sub(_spell_command, text).replace("&", " and ").replace("~", " ")
    text = _SIGN.sub(lambda sign: sign[1].replace("+", "plus").replace("#", "sharp"), text)
    text = _SILENT.sub("", unicodedata.normalize("NFKD", text).casefold())
    if not text.isascii():
        text = "".join(_spell_letter(c) for c in text if not unicodedata.combining(c))
    return tuple(_respell(word) for word in _BETWEEN.split(text) if word)


def first_author(paper: Paper) -> tuple[str, str] | None:
    """Returns the last name of a paper's first author and the initial of the first, if known."""
    return _split_name(paper.authors[0]) if paper.authors else None


@lru_cache(maxsize=20_000)
def _split_name(name: str) -> tuple[str, str] | None:
    last, comma, first = name.partition(",")
    parts = (last if comma else name).replace("-", " ").split()
    if comma and first.strip():
        initial = first.strip()
    elif len(parts) > 1 and re.fullmatch(r"[A-Z]{1,3}", parts[-1]):
        # "Lovelace AK", as PubMed writes it.
        initial = parts.pop()
    else:
        initial = parts[0] if len(parts) > 1 else ""
    if len(parts) > 1 and re.fullmatch(r"(?:jr|sr|i{2,3}|iv)\.?", parts[-1], re.IGNORECASE):
        parts.pop()
    folded = fold_words(parts[-1]) if parts else ()
    begun = "".join(fold_words(initial))[:1]
    return (folded[-1], begun) if folded else None


def _same_author(one: Paper, other: Paper) -> bool | None:
    """Returns whether the first authors are one; None where a record names none."""
    ours, theirs = first_author(one), first_author(other)
    if not ours or not theirs:
        return None
    if "authors" in {*one.corrected, *other.corrected}:
        # What a source said before it was corrected shows nothing.
        return True if ours == theirs else None
    if ours[0] == theirs[0]:
        return not ours[1] or not theirs[1] or ours[1] == theirs[1]
    # Some write the family's name first.
    written = [sorted("".join(c if c.isalnum() else " " for c in p.authors[0].casefold()).split())
               for p in (one, other)]  # fmt: skip
    return len(written[0]) > 1 and written[0] == written[1]


def _match_titles(one: Paper, other: Paper) -> tuple[bool, float]:
    """Returns whether two titles are the same but for how they are written.

    Beside it stands how like the texts must be where they are nearly the same; more than 1 where
    the titles are not.
    """
    ours, theirs = _names(one), _names(other)
    if not ours.isdisjoint(theirs):
        return True, 0.0
    if _one_mistake(fold_words(one.title), fold_words(other.title)):
        return False, MOST_TEXT
    cut = _head(one.title) in theirs or _head(other.title) in ours
    return False, EQUAL_TEXT if cut else 2.0


def _names(paper: Paper) -> frozenset[str]:
    """Returns every title of a paper, its words run together: hyphens and spaces differ."""
    return _spell_names(paper.title, tuple(a for a in paper.aliases if a.startswith("title:")))


@lru_cache(maxsize=REMEMBERED)
def _spell_names(title: str, aliases: tuple[str, ...]) -> frozenset[str]:
    given = identifier("title", title)
    former = [a.partition(":")[2].replace("-", " ") for a in aliases if a != given]
    return frozenset("".join(words) for one in (title, *former) if (words := fold_words(one)))


@lru_cache(maxsize=REMEMBERED)
def _head(title: str) -> str | None:
    """Returns a title without its subtitle, its words run together, where that may be left out."""
    head, *rest = _COLON.split(_TAKEN_BACK.sub("", title), maxsplit=1)
    words = fold_words(head)
    if not rest or len(words) < _WORDS_BEFORE_COLON:
        return None
    return None if _OTHER_WORK.match(" ".join(fold_words(rest[0]))) else "".join(words)


def _one_mistake(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Returns whether titles differ by one letter of one long word, not its first."""
    if len(one) != len(other) or len(one) < _WORDS_TO_HALVE:
        return False
    differing = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    if len(differing) != 1:
        return False
    short, long = sorted(differing[0], key=len)
    if not (short + long).isalpha() or len(short) < _LETTERS_TO_MISTAKE or short[0] != long[0]:
        return False
    at = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) + 1 == len(long):
        return short[at:] == long[at + 1 :]
    if len(short) != len(long):
        return False
    turned = short[at + 1 : at + 2] + short[at] + short[at + 2 :]
    return short[at + 1 :] == long[at + 1 :] or turned == long[at:]


def _spell_command(command: re.Match[str]) -> str:
    """Returns what a command of LaTeX leaves: a Greek letter its name, an accent nothing."""
    name = (command[1] or "").removeprefix("var")
    try:
        unicodedata.lookup(f"GREEK SMALL LETTER {name}")
    except KeyError:
        return ""
    return name


@lru_cache(maxsize=2_000)
def _spell_letter(letter: str) -> str:
    name = unicodedata.name(letter, "") if "α" <= letter <= "ω" else ""
    return name.rpartition(" ")[2].lower() or letter


@lru_cache(maxsize=50_000)
def _respell(word: str) -> str:
    if not word.isalpha():
        return word
    for pattern, put in _SPELLINGS:
        word = pattern.sub(put, word)
    return word


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _number(*parts: str) -> int:
    """Returns a number of 64 bits that stands for some texts."""
    digest = blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
