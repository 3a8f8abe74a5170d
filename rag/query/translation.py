"""Translation: turn questions in other languages into English search words.

It translates word by word with our own glossaries (``rag/query/glossaries``), without grammar or a
model. That is enough to find English abstracts, but not to show. A word in no glossary stays: it is
usually a name, or the same in English.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from footnote.index.search.fulltext import STOP_WORDS, stems

# Codes of the glossaries, and the stemmer's names for these languages.
LANGUAGES: Mapping[str, str] = {
    "de": "german",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "pt": "portuguese",
}
CHINESE = "zh"
NAMES: Mapping[str, str] = {code: name.title() for code, name in LANGUAGES.items()} | {
    CHINESE: "Chinese"
}
# Maximum words of a fixed phrase.
_PHRASE = 4
# Shorter parts of a German compound occur in any word; longer words are not compounds.
_PART = 3
_COMPOUND = 60
_LINKS = ("", "s", "n", "en", "es", "e", "er")
# Endings of words that languages share: "Minimierung", "minimización", "minimisation".
_SHARED_ENDINGS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "de": (("isierung", "ization"), ("ierung", "ization"), ("tät", "ty"), ("isch", "ic"),
           ("ieren", "e"), ("iv", "ive"), ("enz", "ence"), ("anz", "ance"), ("logie", "logy")),
    "es": (("ización", "ization"), ("ción", "tion"), ("sión", "sion"), ("dad", "ty"),
           ("ico", "ic"), ("ica", "ic"), ("mente", "ly"), ("ivo", "ive"), ("iva", "ive"),
           ("ncia", "nce"), ("logía", "logy")),
    "fr": (("isation", "ization"), ("ique", "ic"), ("ité", "ity"), ("ement", "ly"), ("eur", "or"),
           ("if", "ive"), ("logie", "logy")),
    "it": (("izzazione", "ization"), ("zione", "tion"), ("sione", "sion"), ("tà", "ty"),
           ("ico", "ic"), ("ica", "ic"), ("ivo", "ive"), ("iva", "ive"), ("nza", "nce"),
           ("logia", "logy")),
    "pt": (("ização", "ization"), ("ção", "tion"), ("são", "sion"), ("dade", "ty"), ("ico", "ic"),
           ("ica", "ic"), ("ivo", "ive"), ("iva", "ive"), ("ncia", "nce"), ("logia", "logy")),
}  # fmt: skip

_LETTERS: Mapping[str, str] = {"de": "äöüß", "es": "ñ¿¡", "fr": "èêàœ", "it": "ìò", "pt": "ãõôçê"}
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"
_CHINESE = re.compile(rf"[{_HAN}]+")
_KANA = re.compile(r"[\u3040-\u30ff]")


@dataclass(frozen=True, slots=True)
class Translation:
    """A question as English words.

    Attributes:
        english: Search words, in the order of the question.
        language: Code of the language that it was asked in.
    """

    english: str
    language: str


@dataclass(frozen=True, slots=True)
class Glossary:
    """Words of one language in English.

    Attributes:
        entries: English by lower-case word or phrase, as in the file.
        stemmed: The same for single words, by stem.
        function_words: Grammatical words that say nothing about a topic.
    """

    language: str
    entries: Mapping[str, str]
    stemmed: Mapping[str, str]
    function_words: frozenset[str]

    def english(self, question: str) -> str:
        """Returns a question's words in English; unknown words stay."""
        if self.language == CHINESE:
            question = question.translate(_simplified())
            return _spaced(_CHINESE.sub(lambda run: f" {self._longest(run[0])} ", question))
        return _spaced(" ".join(self._words(question)))

    def _longest(self, run: str) -> str:
        """Returns a run of Chinese characters in English, by its longest known words."""
        found, at, longest = [], 0, max(map(len, self.entries), default=1)
        while at < len(run):
            ends = range(min(len(run), at + longest), at, -1)
            end = next((end for end in ends if run[at:end] in self.entries), at + 1)
            found.append(self.entries.get(run[at:end], ""))
            at = end
        return " ".join(found)

    def _words(self, question: str) -> Iterator[str]:
        # An elided article is a word of its own: "l'apprentissage", "d'exemples".
        words = _WORD.findall(question.replace("’", " ").replace("'", " "))
        lower = [word.lower() for word in words]
        at = 0
        while at < len(words):
            ends = range(min(len(words), at + _PHRASE), at + 1, -1)
            phrases = {end: " ".join(lower[at:end]) for end in ends}
            end = next((end for end in ends if phrases[end] in self.entries), at + 1)
            yield self.entries[phrases[end]] if end > at + 1 else self._word(words[at])
            at = end

    def _word(self, word: str) -> str:
        lower = word.lower()
        # "GPT-4", "MABe22", "LLM": a name is the same in every language.
        if any(map(str.isdigit, word)) or (word[1:] != word[1:].lower() and not word.isupper()):
            return word
        known = self._is_known_word(lower)
        if known is None and "-" in lower:
            parts = [self._word(part) for part in word.split("-")]
            return " ".join(parts)
        if known is None and self.language == "de" and len(lower) <= _COMPOUND:
            known = self._parts(lower, {})
        if known is not None:
            return known
        if shared := self._shared(lower):
            return shared
        # "vertikalen": without its ending it is close enough to English for spelling correction.
        stem = stems(lower, LANGUAGES[self.language]) if word == lower else []
        return _plain(stem[0] if stem else word)

    def _is_known_word(self, lower: str) -> str | None:
        if lower in self.entries:
            return self.entries[lower]
        if self.language == "de" and lower.endswith("iert"):
            # The participle of a verb in -ieren, common in science.
            lower = lower[:-1] + "en"
        found = stems(lower, LANGUAGES[self.language])
        return self.stemmed.get(found[0]) if found else None

    def _parts(self, compound: str, tried: dict[str, str | None]) -> str | None:
        """Returns the English of a German compound's parts, longest first; None if one is unknown.

        Args:
            compound: In lower case.
            tried: Its endings that were already tried.
        """
        if compound not in tried:
            tried[compound] = self._divided(compound, tried)
        return tried[compound]

    def _divided(self, compound: str, tried: dict[str, str | None]) -> str | None:
        for end in range(len(compound) - _PART, _PART - 1, -1):
            first, rest = self._first(compound[:end]), compound[end:]
            if not first:
                continue
            known = self._is_known_word(rest)
            behind = known if known is not None else self._parts(rest, tried)
            if behind := behind or self._shared(rest):
                return f"{first} {behind}"
        return None

    def _first(self, part: str) -> str | None:
        """Returns the English of a compound's first part, without a joining letter."""
        parts = (part.removesuffix(link) for link in _LINKS if part.endswith(link))
        # A function word has no English: "für" begins many words that are not compounds.
        found = (self.entries.get(p) for p in parts if len(p) >= _PART)
        return next((english for english in found if english), None)

    def _shared(self, word: str) -> str | None:
        for ending, shared in _SHARED_ENDINGS[self.language]:
            if word.endswith(ending) and len(word) > len(ending) + 3:
                return _plain(word[: -len(ending)]) + shared
        return None


@lru_cache(1)
def _simplified() -> Mapping[int, str]:
    """Returns the simplified character for each traditional one that the glossary has in it.

    Source: the tables of OpenCC.
    """
    text = files(__package__).joinpath("glossaries", "zh-hant.tsv").read_text("utf-8")
    return str.maketrans(dict(line.split("\t") for line in text.splitlines()))


@lru_cache
def glossary(language: str) -> Glossary:
    """Returns the glossary of a language, by its code."""
    text = files(__package__).joinpath("glossaries", f"{language}.tsv").read_text("utf-8")
    entries = dict(line.split("\t") for line in text.splitlines())
    stemmed: dict[str, str] = {}
    if language in LANGUAGES:
        # "gana" is of "ganar", not of "ganado": the shorter word adds less to the stem.
        for word, english in sorted(entries.items(), key=lambda entry: len(entry[0])):
            stem = stems(word, LANGUAGES[language])
            # The file lists function words in all forms, unstemmed: "sommes" is not a sum.
            if english and len(stem) == 1:
                stemmed.setdefault(stem[0], english)
    carrying = (w for w, e in entries.items() if " " not in w and set(e.split()) <= STOP_WORDS)
    return Glossary(language, entries, stemmed, frozenset(carrying))


def detect_language(question: str) -> str | None:
    """Returns the code of a question's language; None for English.

    Chooses the language with the most function words in the question, if it has more than English:
    names and terms are the same in many languages.
    """
    if _KANA.search(question):
        return None
    letters = [character for character in question if character.isalpha()]
    if letters and 5 * len("".join(_CHINESE.findall(question))) >= len(letters):
        return CHINESE
    words = _WORD.findall(question.lower().replace("’", " ").replace("'", " "))
    counts = {}
    for code in LANGUAGES:
        own = glossary(code).function_words
        english = sum(word in STOP_WORDS and word not in own for word in words)
        counts[code] = sum(word in own and word not in STOP_WORDS for word in words) - english
    # Portuguese and Spanish share most of these words; their letters tell them apart.
    marks = {code: sum(map(question.lower().count, _LETTERS.get(code, ""))) for code in counts}
    best = max(counts, key=lambda code: (counts[code], marks[code]))
    foreign = any(ord(character) > 127 for character in question)
    return best if counts[best] >= (1 if foreign else 2) else None


# Blocks of Unicode, by the script that they are of and a language that is written so.
_SCRIPTS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"[{block}]")
    for name, block in {
        "Japanese": r"\u3040-\u30ff", "Korean": r"\u1100-\u11ff\uac00-\ud7af",
        "Russian or another language in Cyrillic": r"\u0400-\u052f",
        "Greek": r"\u0370-\u03ff", "Arabic": r"\u0600-\u06ff\u0750-\u077f",
        "Hebrew": r"\u0590-\u05ff", "Hindi": r"\u0900-\u097f", "Thai": r"\u0e00-\u0e7f",
        "Armenian": r"\u0530-\u058f", "Georgian": r"\u10a0-\u10ff", "Bengali": r"\u0980-\u09ff",
        "Tamil": r"\u0b80-\u0bff",
    }.items()
}  # fmt: skip
# A formula has a Greek letter or two.
_MOSTLY = 0.3


def find_unread_language(question: str) -> str | None:
    """Returns the language that a question is asked in and that is not read; None if there is none.

    Told by the script alone: a language in Latin letters that has no glossary is searched for as
    it stands, since its terms are mostly English ones.
    """
    letters = [character for character in question if character.isalpha()]
    for name, script in _SCRIPTS.items():
        if letters and len(script.findall(question)) >= _MOSTLY * len(letters):
            return name
    return None


def translate(question: str) -> Translation | None:
    """Returns a question as English words; None if it is already in English."""
    language = detect_language(question)
    if language is None:
        return None
    english = glossary(language).english(question)
    return Translation(english, language) if english else None


def _plain(word: str) -> str:
    """Returns a word without its accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def _spaced(text: str) -> str:
    return " ".join(text.split())
