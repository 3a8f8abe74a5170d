"""Side cues: how a question asks, how a quote speaks, and which side of a comparison wins.

A word such as "without" says no to "does it need ...?" and nothing to "is it better ...?", so each
way of asking is counted together with each way of speaking (``asked & said``).
"""

import itertools
import re
from collections.abc import Sequence

import numpy as np

from footnote.index.embeddings.protocols import Matrix
from footnote.rag.verification.alignment import AlignedPair, Text
from footnote.rag.verification.lexical import BETTER, polarity


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)


ASKS = {
    "needs": _words(
        r"needs?|needed|requires?|required|necessary|must|essential|indispensable|ha(?:s|ve) to"
        r"|depends? on|rel(?:y|ies) on"
    ),
    "enough": _words(r"enough|suffic\w*|alone"),
    "compares": _words(
        r"better|worse|than|beats?|outperform\w*|superior|surpass\w*|wins?|best|more|less|fewer"
    ),
    "equals": _words(r"as \w+ as|match\w*|same|similar|like|keep up|equal\w*"),
    "helps": _words(
        r"helps?|helpful|improv\w*|benefit\w*|boost\w*|useful|worth|pays?|speeds? up|increase\w*"
        r"|raises?|effective\w*|works?"
    ),
    "harms": _words(
        r"hurts?|harms?|harmful|slow\w*|degrad\w*|lowers?|reduc\w*|los[et]\w*|fails?|hard\w*"
        r"|difficult\w*|vulnerable|sensitive|brittle|destroy\w*|break\w*|limited|expensive|costly"
        r"|useless|sacrific\w*"
    ),
    "can": re.compile(r"^\W*could\b|\b(?:possible|able|can)\b", re.IGNORECASE),
    "all": _words(
        r"always|all|every|any|only|never|guarantee\w*|fully|completely|whole|most|mostly|usually"
        r"|solved|everything"
    ),
    "past": re.compile(r"^\W*(?:has|have|had|did|was|were)\b", re.IGNORECASE),
    "is": re.compile(r"^\W*(?:is|are)\b", re.IGNORECASE),
}
SAYS = {
    "without": _words(
        r"without|no need|free (?:of|from)|eliminat\w*|bypass\w*|instead of|rather than"
        r"|unnecessary|no longer|getting rid|avoid\w*|despite not"
    ),
    "requires": _words(
        r"requir\w*|needs?|needed|necessary|essential|crucial|critical|rely|relies|heavily|must"
        r"|important|depend\w*"
    ),
    "wins": _words(
        r"outperform\w*|better|superior\w*|beat\w*|surpass\w*|exceed\w*|best|higher"
        r"|state-of-the-art|improv\w*|gains?|boost\w*|faster|stronger"
    ),
    "loses": _words(
        r"worse|underperform\w*|inferior|poor\w*|degrad\w*|lower|less|fewer|drops?|decreas\w*"
        r"|sub-?optimal|weaker|slower|behind"
    ),
    "equals": _words(
        r"comparabl\w*|on par|similar\w*|equal\w*|competitive|match\w*|same|as well as|nearly"
        r"|close to|no significant|little"
    ),
    "fails": _words(
        r"fail\w*|cannot|can not|unable|not able|inability|struggl\w*|suffer\w*|lack\w*"
        r"|insufficient\w*|inadequate|ineffective|impossible|infeasible|impractical|undecidable"
        r"|unsuccessful\w*|collapse\w*|break\w*"
    ),
    "not": re.compile(
        r"\b(?:not|no|never|neither|nor|none|nothing|hardly|rarely|few|little)\b|n['’]t\b",
        re.IGNORECASE,
    ),
    "hard": _words(
        r"difficult\w*|challeng\w*|hard|expensive|costly|time-consuming|limited|vulnerab\w*"
        r"|sensitive|brittle|scarce|unavailable|restrict\w*|problems?|limitations?"
    ),
    "can": _words(
        r"can|able|enabl\w*|success\w*|effective\w*|achiev\w*|feasib\w*|capable|allow\w*"
        r"|demonstrat\w*|accurate\w*|robust\w*|efficient\w*|generali[sz]\w*"
    ),
    "others": _words(
        r"existing|previous\w*|prior|most|current\w*|conventional|traditional\w*|earlier|recent\w*"
        r"|many|often|usually|typically|commonly|however"
    ),
    "finds": _words(
        r"we (?:(?:also|further|then|empirically|theoretically) )?(?:show|find|found|observe"
        r"|demonstrate|conclude|prove|discover|confirm|verify)|results?|experiment\w*"
        r"|evaluation\w*|findings?|evidence|suggest\w*|indicat\w*|reveal\w*|shows?"
    ),
    "sets out": _words(
        r"we (?:\w+ )?(?:propose|present|introduce|study|investigate|explore|consider|describe"
        r"|develop|examine|analy[sz]e|address|aim)|this (?:paper|work|study|article|thesis)"
        r"|in order to|novel|aims?"
    ),
    "yet": _words(
        r"however|but|although|despite|while|even though|only|unless|nevertheless|yet|whereas"
    ),
    "even": _words(
        r"even|indeed|not only|surprisingly|significantly|substantially|consistently|always"
    ),
}
# What a quote says about its own figures and about others, whatever was asked.
_ALONE = ("finds", "sets out", "yet", "even")
# Cues of one kind that count; more add nothing.
_MOST = 2
_COMPARES = re.compile(
    r"(?:outperform\w*|beat\w*|surpass\w*|exceed\w*|underperform\w*|better|worse|superior|inferior"
    r"|than|over|against|compared|unlike|easier|harder|faster|slower|stronger|weaker|higher|lower"
    r"|more|less|fewer)\Z",
    re.IGNORECASE,
)
_JUDGES = re.compile(
    r"(?:outperform|beat|surpass|exceed|underperform|better|worse|superior|inferior)",
    re.IGNORECASE,
)
_DOWNWARD = re.compile(
    r"(?:worse|inferior|underperform\w*|slower|harder|lower|less|fewer|weaker)\Z", re.IGNORECASE
)
# Words between "better" and its "than".
_REACH = 6


def side_cues(question: str, quote: str, pair: AlignedPair) -> dict[str, float]:
    """Returns the cues by name, the same names for every pair."""
    asks = {name: float(cue.search(question) is not None) for name, cue in ASKS.items()}
    says = {name: float(min(_MOST, len(cue.findall(quote)))) for name, cue in SAYS.items()}
    found = {f"asks {name}": value for name, value in asks.items()}
    found |= {f"says {name}": value for name, value in says.items()}
    for asked, said in itertools.product(asks, [name for name in says if name not in _ALONE]):
        found[f"{asked} & {said}"] = asks[asked] * says[said]
    ours, theirs = _goodness(pair.statement, 1), _goodness(pair.quotes, _MOST)
    return found | {
        "winner": winner(pair),
        "denied": denied(pair),
        "good": theirs,
        "asks good": ours,
        "good & asks good": theirs * ours,
        "good & needs": theirs * asks["needs"],
        "others alone": says["others"] * (says["finds"] == 0),
        "length": len(quote.split()) / 20,
    }


def winner(pair: AlignedPair) -> float:
    """Returns how surely the same thing wins in the quote, negative where the other one does.

    What stands before and behind the comparing words of the question is compared with what stands
    before and behind those of the quote. 0 where one of them compares nothing.
    """
    asked, told = _compared(pair.statement), _compared(pair.quotes)
    if asked is None or told is None:
        return 0.0
    first, second = (_vectors(pair.statement, words) for words in asked[:2])
    if not len(first) or not len(second):
        return 0.0
    before, behind = (_vectors(pair.quotes, words) for words in told[:2])
    kept = _nearness(first, before) + _nearness(second, behind)
    turned = _nearness(first, behind) + _nearness(second, before)
    return asked[2] * told[2] * (kept - turned)


def _compared(text: Text) -> tuple[list[int], list[int], int] | None:
    """Returns the content words before and behind a comparison, and -1 if it points downward."""
    words = text.words
    places = [n for n, word in enumerate(words) if _COMPARES.match(word.text)]
    if not places:
        return None
    first = next((n for n in places if _JUDGES.match(words[n].text)), places[0])
    last = max(n for n in places if n <= first + _REACH)
    down = any(_DOWNWARD.match(word.text) for word in words[first : last + 1])
    before = [n for n in range(first) if words[n].telling]
    behind = [n for n in range(last + 1, len(words)) if words[n].telling]
    return before, behind, -1 if down != words[first].denied else 1


def _vectors(text: Text, words: Sequence[int]) -> Matrix:
    """Returns the token vectors of some words; none where the embedder reads only whole texts."""
    tokens = text.reading.tokens
    pieces = np.array(text.pieces[: len(tokens)], int)
    return tokens[: len(pieces)][np.isin(pieces, words)]


def _nearness(ours: Matrix, theirs: Matrix) -> float:
    return float((ours @ theirs.T).max(axis=1).mean()) if len(ours) and len(theirs) else 0.0


def denied(pair: AlignedPair) -> float:
    """Returns the share of the question's words that the quote has and denies."""
    found = [
        pair.quotes.words[other].denied
        for word, other in zip(pair.statement.words, pair.partner, strict=True)
        if word.telling and other >= 0
    ]
    return sum(found) / len(found) if found else 0.0


def _goodness(text: Text, most: int) -> float:
    """Returns how many more words say better than worse, in the range of ``most``."""
    total = sum(polarity(word).get(BETTER, 0) * (-1 if word.denied else 1) for word in text.words)
    return float(np.clip(total, -most, most))
