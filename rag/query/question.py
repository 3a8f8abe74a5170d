"""Questions: validate a question, and make a follow-up stand alone."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index.search.fulltext import STOP_WORDS, stems
from footnote.rag import QuestionError
from footnote.rag.answer import REFUSAL, Turn
from footnote.rag.query.back_references import find_referenced_titles
from footnote.rag.query.names import find_names

# An abstract has about 1,300 characters; no question needs three of them.
MAX_CHARACTERS = 4000
# Characters of each earlier message added to a follow-up: its topic comes first.
CARRIED_WORDS = 60
CARRIED_CHARACTERS = 1000

_GOES_ON = re.compile(
    r"^\W*(?:and|but|so|also|or|then|what about|how about)\b|\bthen\?", re.IGNORECASE
)
# A pronoun early in a question refers to the conversation. A later one usually refers to the
# question's own topic, which must not be mixed with the old one.
_EARLY_WORDS = 7
_POINTS_BACK = re.compile(
    r"\b(?:(?<!is )its?|is it(?! (?:an?|possible|better|worth|true|enough|useful|good|necessary)\b)"
    r"|they|them|theirs?(?! own)|this|these|those|he|she|such"
    r"|the (?:former|latter|others?|same(?! [a-z]+ [a-z]+)))\b"
    # "that" after these words points back; after a noun it opens a clause.
    r"|(?:^|\b(?:do|does|did|is|are|was|were|can|could|will|would|should|has|have|had|of|on|in"
    r"|for|with|to|from|about|than|like|by|at|after|before|why|how|what) )that\b",
    re.IGNORECASE,
)
# So few words cannot name a topic, unless they ask for a name: "What is PPO?"
_FEW_WORDS = 5
# "What is retrieval?" names its topic; "What is the result?" and "What are limitations?" do not.
_DEFINES = re.compile(
    r"^\W*(?:what (?:is|are)|define|explain)\s+(?!(?:the|its?|their|his|her|this|that|these|those"
    r"|they|he|she|there|(?:main |key )?(?:results?|limitations?|conclusions?|methods?|findings?"
    r"|data|datasets?|examples?|reasons?|differences?|next|new|different|missing))\b)\w",
    re.IGNORECASE,
)
# "those labels", "this effect", wherever it stands; "these papers" are those of the library.
_THAT_NOUN = re.compile(
    r"\b(?:those|these|this)\s+(?!papers?\b|abstracts?\b|works?\b|articles?\b|stud(?:y|ies)\b"
    r"|library\b|collection\b|ways?\b|cases?\b|kinds?\b|sorts?\b|types?\b|fields?\b|areas?\b"
    r"|years?\b|days?\b|that\b|who\b|which\b|with\b|without\b|trained\b|from\b|of\b|in\b)"
    r"(?P<noun>[a-z][\w-]{2,})\b",
    re.IGNORECASE,
)
# "Summarise offline RL", "papers on grasping", "A vs B": short, and the topic is there.
_PAPERS = r"(?:papers?|works?|articles?|studies|research|abstracts?)"
_NO_TOPIC = r"(?!(?:so|otherwise|here|there|more|all|both|each|also|too|again|best|better)\b)"
_NAMES_A_TOPIC = re.compile(
    rf"\w\s{{1,3}}(?:vs\.?|versus)\s{{1,3}}\w|^\W*(?:compare|contrast)\s.{{1,60}}\s(?:and|with|to)\s"
    rf"|\b(?:overview|summary|survey|review) (?:of|on)\s{_NO_TOPIC}\w"
    rf"|^\W*(?:please )?(?:summari[sz]e|list|find|show(?: me)?|search(?: for)?)\s"
    rf"(?!the (?:results?|methods?|findings?|answer|sources?|rest)\b){_NO_TOPIC}\w{{2,}}"
    rf"|^\W*(?:all |any |recent |new )?{_PAPERS} (?:on|about|using|with|that|for)\s{_NO_TOPIC}\w"
    rf"|^\W*(?:which|what) {_PAPERS} \w+\s{_NO_TOPIC}\w{{4,}}",
    re.IGNORECASE,
)
# Short and whole: "What improves sample efficiency?" It asks in a sentence, of two things at least
# that not every paper has, and points at nothing: no "the", no comparison, nothing left out.
_WHOLE = re.compile(
    r"^\W*(?:what|which|who|how|why|when|where|do|does|did|is|are|was|were|can|could|should)\b"
    r"(?!\W+(?:not|about|so|else|others?|same)\b)"
    r"(?!.*\b(?:the|more|less|most|least|better|best|worse|worst|others?|else|too|also|again|so|same"
    r"|instead|then|there|here|now|\w{2,20}(?:[^e]er|est)(?= |\W*$))\b)",
    re.IGNORECASE,
)
_OF_ANY_PAPER = frozenset(
    stem
    for word in """accuracy achieve author baseline benchmark beat case code compare cost data
    dataset demonstration demonstrate do evaluate evaluation exist experiment feature figure
    find gain happen hardware help human involve large long make many mean measure
    method metric model much necessary need number paper parameter performance problem rate real
    reach report require result run score show size step study success take task test time
    train training use win work year enough possible useful important""".split()
    for stem in stems(word)
)
FEWEST_THINGS = 2
_ASKS_FOR_A_NAME = re.compile(r"^\W*(?i:what|who|which|how|why|does|do|is|are|can)\b.*\s\w*[A-Z]")


@dataclass(frozen=True, slots=True)
class Question:
    """A question in the forms that the stages need.

    Attributes:
        asked: As it was asked.
        topic: The earlier questions it may continue; empty in a new conversation.
        answered: The answer to the last of them.
        is_follow_up: Whether it continues them.
        words: Search text in place of ``asked``: in English, with corrected spelling.
        language: Code of the question's language if that is not English.
        completed: The question made to stand alone by a model, empty without one.
    """

    asked: str
    topic: str = ""
    answered: str = ""
    is_follow_up: bool = False
    words: str = ""
    language: str | None = None
    completed: str = ""

    @property
    def wording(self) -> str:
        """The question's own part of the search text."""
        return self.words or self.asked

    @property
    def standalone(self) -> str:
        """The question completed from the conversation, for people and models."""
        whole = f"{self.topic} {self.asked}" if self.is_follow_up else self.asked
        return self.completed or whole

    @property
    def query(self) -> str:
        """The search text, which ends with the question's own wording."""
        if not self.is_follow_up:
            return self.wording
        return " ".join(filter(None, (self.topic, self.answered, self.wording)))

    def as_follow_up(self) -> "Question":
        """Returns the question as a follow-up of its conversation."""
        return replace(self, is_follow_up=bool(self.topic))


def understand(
    question: str, history: Sequence[Turn] = (), *, longest: int = MAX_CHARACTERS
) -> Question:
    """Returns the question, completed from the conversation if it is a follow-up.

    Args:
        question: What is asked.
        history: The conversation so far.
        longest: Maximum characters of a question.

    Raises:
        QuestionError: It is empty, too long, or not text.
    """
    asked = " ".join(question.split())
    if not any(map(_is_visible, asked)):
        raise QuestionError("the question is empty; ask something about the papers")
    if len(asked) > longest:
        raise QuestionError(
            f"the question has {len(asked):,} characters, the limit is {longest:,}; shorten it"
        )
    if not _is_text(asked):
        raise QuestionError("the question has bytes that are not UTF-8; send it as UTF-8")
    history = _drop_refused(history)
    before = [turn.content for turn in history if turn.role == "user" and turn.content.strip()]
    if not before:
        return Question(asked)
    # A follow-up of a follow-up: an earlier question named the topic.
    named = next((turn for turn in reversed(before) if _names_topic(turn)), before[0])
    topic = " ".join(dict.fromkeys(map(_shorten_message, (named, before[-1]))))
    answered = next((t.content for t in reversed(history) if t.role == "assistant"), "")
    if titles := find_referenced_titles(asked, answered):
        return _ask_about_titles(asked, topic, titles)
    return Question(asked, topic, _shorten_message(answered), _is_follow_up(asked))


def points_back(question: str) -> bool:
    """Returns whether words of a question point at the conversation: "it", "those labels"."""
    pointed = _POINTS_BACK.search(question) or _GOES_ON.search(question)
    return pointed is not None or _points_at_unnamed(question)


def is_whole(question: str) -> bool:
    """Returns whether a short question says all that it asks: "How do robots grasp objects?"."""
    if points_back(question) or not _WHOLE.search(question):
        return False
    return len(find_things(question)) >= FEWEST_THINGS


def find_things(question: str) -> list[str]:
    """Returns the words of a question that not every paper has, one for "fine-tuning"."""
    words = re.findall(r"[^\W_]+(?:-[^\W_]+)*", question)[1:]
    telling = (word for word in words if word.lower() not in STOP_WORDS)
    return [word for word in telling if not set(stems(word)) <= _OF_ANY_PAPER]


def _names_topic(question: str) -> bool:
    return not _is_follow_up(question) or is_whole(question)


def _points_at_unnamed(question: str) -> bool:
    """Returns whether "those labels" in a question names what the question did not name before."""
    for match in _THAT_NOUN.finditer(question):
        noun, before = stems(match["noun"]), stems(question[: match.start()])
        if noun and not set(noun) & set(before):
            return True
    return False


def _drop_refused(history: Sequence[Turn]) -> list[Turn]:
    """Returns the conversation without refused questions: a follow-up cannot continue those."""
    kept: list[Turn] = []
    for turn in history:
        if turn.role == "assistant" and turn.content.strip() == REFUSAL:
            while kept and kept[-1].role == "user":
                kept.pop()
        else:
            kept.append(turn)
    return kept


def _ask_about_titles(asked: str, topic: str, titles: Sequence[str]) -> Question:
    """Returns a question about only those papers of the last answer that it names."""
    # "And the second one?" repeats the old question for one paper.
    named = " ".join(map(_shorten_message, titles))
    return Question(
        asked, f"{topic} {named}" if len(asked.split()) <= _FEW_WORDS else named, "", True
    )


def _is_follow_up(question: str) -> bool:
    # Some languages have no spaces between words: count two characters as a word.
    words = re.findall(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{1,2}|\S+", question)
    pointer = _POINTS_BACK.search(question)
    if _GOES_ON.search(question) or (
        pointer and len(question[: pointer.start()].split()) < _EARLY_WORDS
    ):
        return True
    if _points_at_unnamed(question):
        return True
    if len(words) > _FEW_WORDS:
        return False
    if all(find_names(word) for word in words):
        return False
    return not any(
        pattern.search(question) for pattern in (_ASKS_FOR_A_NAME, _DEFINES, _NAMES_A_TOPIC)
    )


def _shorten_message(text: str) -> str:
    """Returns the beginning of a message on one line."""
    beginning = " ".join(text.split(maxsplit=CARRIED_WORDS)[:CARRIED_WORDS])
    return beginning[:CARRIED_CHARACTERS].encode("utf-8", "replace").decode("utf-8")


def _is_visible(character: str) -> bool:
    """Returns whether a character is visible: no space, control, zero width or lone accent.

    The model's tokenizer drops all of these, and the replacement character.
    """
    kind = unicodedata.category(character)
    # A lone surrogate has its own error message.
    return (kind[0] not in "CZM" and character != "\ufffd") or kind == "Cs"


def _is_text(question: str) -> bool:
    """Returns whether it can be encoded: a stray byte on a command line is a lone surrogate."""
    return not any("\ud800" <= character <= "\udfff" for character in question)
