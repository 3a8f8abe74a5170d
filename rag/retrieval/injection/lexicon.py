"""Lexicon: the words of orders to a reader or a model.

A list is a string of words separated by blanks; "_" is a blank within a word. ``either`` turns
lists into a pattern that matches any of their words.
"""

from collections.abc import Iterable
from typing import NamedTuple


def words(text: str) -> tuple[str, ...]:
    """Returns the words of a list, "pay_heed" as "pay heed"."""
    return tuple(word.replace("_", " ") for word in text.split())


def either(*lists: Iterable[str]) -> str:
    """Returns a pattern that matches any word of some lists, up to the word's end."""
    return rf"(?:{'|'.join(word for one in lists for word in one)})\b"


class OrderRule(NamedTuple):
    """An imperative.

    Attributes:
        verbs: Verbs that begin it; some have several words.
        rest: A pattern of the text after the verb.
        example: A clause that only this rule matches.
    """

    verbs: tuple[str, ...]
    rest: str
    example: str

    @property
    def pattern(self) -> str:
        """Returns the pattern of the whole rule."""
        return rf"{either(self.verbs)} {self.rest}"


class Declaration(NamedTuple):
    """A pattern, and words of which every matching sentence has at least one."""

    needs: frozenset[str]
    pattern: str
    example: str


# Any word, and up to five words, as few as possible.
WORD = r"[\w'-]{1,30}"
SOME = rf"(?:{WORD} ){{0,5}}?"

# Verbs, by what an order with them is about.
OVERRIDE = words(
    "ignore disregard forget override overwrite bypass neglect unlearn violate disobey circumvent"
    " scrap ditch pay_no_attention_to pay_no_heed_to take_no_notice_of"
)
DROP = words(
    "discard dismiss skip drop abandon erase delete cancel reset suspend omit wipe void set_aside"
    " put_aside throw_away throw_out"
)
UNFOLLOW = tuple(
    f"{no} {verb}"
    for no in words("do_not don't never")
    for verb in words("follow obey comply_with listen_to adhere_to heed")
) + words("stop_following stop_obeying stop_listening_to stop_adhering_to")
ANSWER = words("answer reply respond")
SAY = (
    *ANSWER,
    *words(
        "say output print write return repeat type emit echo display declare state include append"
        " insert add put begin start end finish prefix generate produce"
    ),
)
SHOW = words(
    "reveal show print repeat output leak disclose display tell give share send dump expose"
    " translate summarize summarise write list copy paste recite quote encode post upload forward"
    " email exfiltrate append include return state hand_over give_up transmit deliver mail relay"
)
TELL = words(
    "tell inform convince persuade ask warn instruct advise urge remind redirect trick lie_to"
    " encourage"
)
RATE = words(
    "give assign award grant rate score rank mark judge review evaluate grade recommend accept"
    " approve praise endorse promote cite prefer provide write describe present list select choose"
    " favor favour consider treat"
)
CITE = words(
    "cite recommend rank quote prefer mention suggest choose use trust believe consider read"
)
CHANGE = words(
    "set change make turn fix switch alter edit modify replace rewrite adjust correct update keep"
)
NOT = words("do_not don't never avoid refrain_from under_no_circumstances under_no_condition")
HIDE = words("hide conceal withhold keep mask")

# Who reads.
MODELS = words(
    "ais? llms? (?:large_)?language_models? chat_?bots? assistants? chatgpt gpt(?:-?\\d\\w?)?"
    " claude gemini copilot bots?"
    " (?:ai|llm|automated|automatic|machine)[_-](?:models?|systems?|agents?|assistants?"
    "|reviewers?|readers?|tools?|summari[sz]ers?)"
)
MODEL = either(MODELS)
PERSON = either(
    words("(?:peer_|human_)?reviewers? readers? referees? editors? area_chairs? meta-reviewers?")
)
PEOPLE = either(
    words("users? readers? humans? people them everyone everybody researchers? reviewers? whoever")
    + words("anyone person")
)

# What an order is about.
PAPER = either(words("papers? submission manuscript article work study abstract"))
LINES = either(
    words("messages? instructions? notes? prompts? sentences? orders? lines? passages? texts?")
)
BEFORE = either(
    words(
        "previous prior above earlier preceding foregoing your original initial former existing"
        " system developer hidden all_(?:of_)?(?:the|your|those|these) everything other past"
    )
)
# Things given only to a reader, and things given to others as well.
TOLD = either(
    words(
        "instructions? system_(?:prompt|message)s? prompts? directives? guardrails? safeguards"
        " safety_(?:rules|guidelines|policies|training|filters?|measures) guidance programming"
        " content_polic(?:y|ies) ethical_(?:guidelines|rules)"
    )
)
RULED = either(
    words(
        "rules? guidelines? commands? orders? polic(?:y|ies) directions conversation messages?"
        " training persona role"
    )
)
GIVEN = either(
    words(
        "context constraints? restrictions? text tasks? questions? limits limitations abstracts?"
        " papers? sentences? documents? requests? sources?"
    )
)
REPLIES = words(
    "answers? responses? reply replies output summary summaries reviews? verdict conclusion"
)
OUTPUT = rf"(?:(?:final|next|whole|entire|own) )?{either(REPLIES)}"
YOUR_OUTPUT = rf"(?:your|every|each|any) {OUTPUT}"
SECRETS = (
    r"(?:system (?:prompt|message)s?|(?:hidden|secret|internal|initial|original|developer|previous"
    r"|confidential|above|first) (?:prompts?|instructions?|messages?|rules|guidelines)"
    r"|(?:your|the user's|users'|user) (?:own )?(?:[\w-]{1,20} ){0,2}?(?:instructions|prompts?"
    r"|rules|guidelines|api[ -]?keys?|keys|secrets?|passwords?|credentials?|configuration"
    r"|training data|conversations?|chat history|history|cookies)"
    r"|(?:the user's|users'|user) (?:\w{1,20} )?(?:data|e-?mails?|contacts|address(?:es)?|files)"
    r"|api[ -]?keys?|environment variables?"
    r"|everything above|text above|conversation history"
    r"|(?:in|from) your (?:context|memory|prompt|instructions|configuration)"
    r"|all (?:of )?(?:the )?(?:text|words) (?:above|before))\b"
)
PRAISE = (
    r"(?:positive (?:review|rating|evaluation|assessment|feedback|score|recommendation|light)s?"
    r"|(?:highest?|top|maximum|max|perfect|best|full|excellent) (?:possible )?"
    r"(?:scores?|ratings?|marks?|grades?|ranking|rank|recommendation|confidence)"
    r"|strong(?:ly)? accept\w*|(?:10|5|ten|five) ?(?:/|out of) ?(?:10|5|ten|five)|five stars?"
    r"|the (?:maximum|highest)\b(?! \w)|acceptance|favou?rabl[ey]|as (?:the )?(?:best|excellent"
    r"|outstanding|most important|groundbreaking|superior|novel|first choice)"
    r"|above (?:all|any|every) others?)"
)
FLAWS = either(
    words(
        "weakness(?:es)? flaws? criticisms? drawbacks? shortcomings?"
        " (?:any_|the_)?(?:its|their|this|our)_limitations negative"
    )
)
THIS = rf"(?:this|the present|our|my) {PAPER}"
# Destinations for text.
PLACE = r"(?:https?:|www\.|ftp:|[\w.+-]{1,40}@\w)"
WITHDRAWN = either(
    words(
        "revoked cancell?ed void null withdrawn overridden superseded obsolete lifted suspended"
        " repealed rescinded invalid annulled outdated"
    )
)
# A word or a number demanded as the whole answer.
FIXED = (
    r"(?:['\"]|\d{1,9}(?=['\"]?[.,;!}]?['\"}]?(?:\Z| (?:no matter|whatever|to|regardless)))"
    r"|[\w-]{1,20}['\"]{0,2}[.!}]{0,3}['\"]{0,2}\Z)"
)
ALWAYS = r"(?:no matter|whatever|regardless|(?:to|for|about) (?:every|any|all|each))\b"
