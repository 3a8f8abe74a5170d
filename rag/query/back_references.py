"""Back references: cited papers that a follow-up names, as in "the second one" or "paper [2]"."""

import re

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_PAPER = r"(?:papers?|study|work|article|source|reference|one)"
# "The first paper to use attention" asks which was first; it does not refer back.
_MARKER = re.compile(
    rf"(?:\b{_PAPER}\s+)?\[(?P<marker>\d{{1,9}})\]|\b{_PAPER}\s+(?P<number>\d)\b", re.I
)
_ORDINAL = re.compile(
    rf"\bthe\s+(?P<word>{'|'.join(_ORDINALS)}|last|former|latter)\b(?:\s+(?P<noun>{_PAPER}))?"
    rf"(?!\s+(?:to|that|which|by|on|about|in|at|of|ever|[a-z]+ed)\b)(?P<rest>\s+\w+)?",
    re.IGNORECASE,
)
# A paper's title as a form writes it at the head of a row, without its year; the marker of its
# quote stands behind it.
_CITED = re.compile(
    r"^(?:- (?:Yes and no, |Yes, |No, |Unclear, )?)?\*\*([^\n]+?)(?: \(\d{4}\))?\*\*(?=:|$)",
    re.MULTILINE,
)
_QUOTED = re.compile(r"\[(\d{1,9})\]")

# "Which of them", "do any of those papers": asked of the papers of the last answer.
_GROUP = re.compile(
    r"^\W*(?:(?:and|but|so|then)\s+)?"
    r"(?:which|what|who|(?:(?P<verb>do|does|did|are|is|can|could|have|has|will)\s+)?any)\s+of\s+"
    r"(?:all\s+)?(?:them|(?:these|those)"
    r"(?:\s+(?:\d{1,3}|two|three|four|five|six|seven|eight|nine|ten))?"
    r"\s+(?:papers?|works?|studies|articles?)"
    # "Of these methods" is asked of methods; a verb of several things has no s at its end.
    r"|(?:these|those)(?!\s+(?:\w{2,30}[^s\W]s|data|people)\b))\b"
    # One of them is no list.
    r"(?!\s+(?:is|was|has|does)\b)",
    re.IGNORECASE,
)


def find_group(question: str, answer: str) -> tuple[str, list[str]] | None:
    """Returns what is asked of the papers of the last answer, and their titles.

    Args:
        question: A follow-up, such as "Which of them use diffusion?".
        answer: The previous answer in Markdown; only one made of rows contains titles.

    Returns:
        "Which papers use diffusion?" and two titles or more; None if it is asked of no such group.
    """
    match = _GROUP.search(question)
    titles = list(dict.fromkeys(_cited_titles(answer).values())) if match else []
    if match is None or len(titles) < 2:
        return None
    verb = (match["verb"] or "do").lower()
    kept = "" if verb in ("do", "does", "did") else f" {verb}"
    return f"Which papers{kept}{question[match.end() :]}", titles


def find_referenced_titles(question: str, answer: str) -> list[str]:
    """Returns the titles of the papers that a question refers to, in its order.

    Args:
        question: A follow-up.
        answer: The previous answer in Markdown; only one made of rows contains titles.
    """
    titles = _cited_titles(answer)
    order = list(titles.values())
    found: list[tuple[int, str]] = []
    for match in _MARKER.finditer(question):
        marker = int(match["marker"] or match["number"])
        if marker in titles:
            found.append((match.start(), titles[marker]))
    for match in _ORDINAL.finditer(question):
        at = _resolve_ordinal(match["word"].lower(), len(order))
        # "The first layer" is not a paper; "the former" is one of two.
        named = match["noun"] or match["word"].lower() in {"former", "latter"} or not match["rest"]
        if at is not None and named:
            found.append((match.start(), order[at]))
    return list(dict.fromkeys(title for _, title in sorted(found)))


def _cited_titles(answer: str) -> dict[int, str]:
    """Returns the title by marker, in order of appearance."""
    titles = {}
    for match in _CITED.finditer(answer):
        following = _CITED.search(answer, match.end())
        quotes = answer[match.end() : following.start() if following else len(answer)]
        if quoted := _QUOTED.findall(quotes):
            titles[int(quoted[-1])] = match[1]
    return titles


def _resolve_ordinal(word: str, count: int) -> int | None:
    """Returns the index that an ordinal means among ``count`` papers; None if there is none."""
    if word in {"former", "latter"}:
        return ("former", "latter").index(word) if count == 2 else None
    at = count - 1 if word == "last" else _ORDINALS.index(word)
    return at if 0 <= at < count else None
