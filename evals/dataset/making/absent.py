"""Absent: questions that no paper of a library can answer, by a rule that is true of it.

Either their subject stands in no title and no abstract, by any of the words that name it, or they
ask for a thing under an invented name that stands in none. Both are checked against every paper.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from footnote.evals.dataset.making.occurrences import Occurrences

# Each with the words that its subject is known by; one that stands in a paper rules it out.
SUBJECTS: tuple[tuple[str, str], ...] = (
    ("How long should sourdough bread rise before it is baked?", "sourdough bread"),
    ("Which saddle suits a pony?", "saddle pony"),
    ("When are tulip bulbs planted?", "tulip bulb"),
    ("How is a violin tuned?", "violin"),
    ("What did a loaf cost in Victorian London?", "loaf victorian"),
    ("How are oysters opened?", "oyster"),
    ("Which knot holds a sailing dinghy at a mooring?", "dinghy mooring"),
    ("How often should a beehive be inspected?", "beehive beekeeper"),
    ("What is the offside rule in football?", "offside"),
    ("How is parchment made from goatskin?", "parchment goatskin"),
    ("Who may sit in the House of Lords?", "peerage lords"),
    ("How deep should a septic tank be buried?", "septic"),
    ("Which wax is best for wooden skis?", "skis wax"),
    ("How is mozzarella stretched?", "mozzarella"),
    ("What does a notary charge for a will?", "notary"),
    ("How long does plaster dry before wallpaper is hung?", "plaster wallpaper"),
    ("Which feathers does an archer fletch arrows with?", "archer fletch feather"),
    ("When did Gregorian chant spread among monasteries?", "gregorian monastery"),
    ("How is a kimono folded?", "kimono"),
    ("What do hedgehogs eat in winter?", "hedgehog"),
)
_SYLLABLES = ("zor", "vel", "quin", "thra", "mub", "dax", "lew", "pyn", "gro", "fis", "kel", "oan")
_ASKS = ("How does {name} deal with {phrase}?", "What did {name} find about {phrase}?")


@dataclass(frozen=True, slots=True)
class AbsentItem:
    """A question without an answer in the library.

    Attributes:
        why: The rule, in words: which of its terms stand in no paper.
    """

    question: str
    why: str


def invent_names(random: Random, count: int) -> list[str]:
    """Returns names such as "Zorquin", each once."""
    found: dict[str, None] = {}
    while len(found) < min(count, len(_SYLLABLES) * (len(_SYLLABLES) - 1)):
        found["".join(random.sample(_SYLLABLES, 2)).capitalize()] = None
    return list(found)


def find_absent_subjects(occurrences: Occurrences, random: Random) -> Iterator[AbsentItem]:
    """Yields the questions of ``SUBJECTS`` of whose words none stands in the library."""
    for question, words in random.sample(SUBJECTS, len(SUBJECTS)):
        if not any(occurrences.holders(word) for word in words.split()):
            listed = " and ".join(f"“{word}”" for word in words.split())
            yield AbsentItem(question, f"{listed} in no title or abstract")


def ask_for_names(
    names: Sequence[str], phrases: Sequence[str], occurrences: Occurrences, random: Random
) -> Iterator[AbsentItem]:
    """Yields questions for a thing of an invented name that stands in no paper.

    Args:
        names: From ``invent_names``.
        phrases: Of the library's own papers: what is asked about lies near, its holder does not.
        occurrences: Of the stems of the names.
        random: Chooses how it is asked.
    """
    for name, phrase in zip(names, phrases, strict=False):
        if not occurrences.holders(name):
            question = random.choice(_ASKS).format(name=name, phrase=phrase)
            yield AbsentItem(question, f"“{name}” in no title or abstract")
