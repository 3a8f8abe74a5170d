"""Model: which language model writes, where it is, what it costs, and how long it may take."""

from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from footnote.index.settings import (
    EndpointSettings,
    SettingInfo,
    beside_settings,
    place_of,
    read_fields,
)
from footnote.rag import ComposerError
from footnote.rag.generation.chat.endpoints.keys import (
    DEFAULT_BASE_URL,
    find_key,
    is_address,
    is_foreign,
)
from footnote.rag.generation.chat.endpoints.names import find_window
from footnote.rag.generation.thorough.settings import ThoroughSettings

DEFAULT_MODEL = "gpt-4o-mini"
# Stands in place of a key: the client wants one.
NO_KEY = "none"
# Counts what a day has taken, beside the settings file.
LEDGER = "spent.sqlite3"

# USD for a million tokens; no model costs as much.
DEAREST = 1_000_000
Policy = Literal["mark", "drop"]
Length = Literal["short", "medium", "long"]


@plain_dataclass(frozen=True, slots=True)
class Prices:
    """USD for a million tokens.

    Attributes:
        source: Where they are from, in words; empty for those that the user has set.
    """

    prompt: float
    completion: float
    source: str = ""

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Returns the cost of these tokens, in USD."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6

    @classmethod
    def parse(cls, text: str) -> "Prices":
        """Returns the prices from text of the form ``PROMPT,COMPLETION``.

        Raises:
            ValueError: It is not two numbers from 0 to ``DEAREST``.
        """
        prompt, completion = (float(part) for part in text.split(","))
        if not (0 <= prompt <= DEAREST and 0 <= completion <= DEAREST):
            raise ValueError(f"prices must be from 0 to {DEAREST:,}")
        return cls(prompt, completion)


# Maximum time to wait, in seconds, and the longest prompt of any model, in tokens.
_A_DAY = 86_400
_MOST_TOKENS = 10_000_000
# Abstracts in one prompt at most, and characters of a language and of the user's instructions.
MOST_PAPERS = 100
_LONGEST_LINE, LONGEST_INSTRUCTIONS = 500, 2_000
# Tokens of a long answer, which has up to twice the words of others, and USD of a day.
_LONG_ANSWER, _MOST_USD = 3_000, 100_000
# Tokens of a prompt: of most questions, and of those that many papers answer together.
_BUDGET, _WIDE_BUDGET = 8_000, 16_000
# Tokens beside those that we count: other tokenizers count otherwise, and a schema counts, too.
SPARE = 0.1
_POLICIES: dict[str, Policy] = {"mark": "mark", "drop": "drop"}
_LENGTHS: dict[str, Length] = {"short": "short", "medium": "medium", "long": "long"}


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= _A_DAY:
        raise ValueError(text)
    return value


def _tokens(text: str) -> int:
    value = float(text)
    if not 1 <= value <= _MOST_TOKENS:
        raise ValueError(text)
    return int(value)


def _papers(text: str) -> int:
    value = int(text)
    if not 1 <= value <= MOST_PAPERS:
        raise ValueError(text)
    return value


def _line(text: str, most: int = _LONGEST_LINE) -> str:
    line = " ".join(text.split())
    if len(line) > most:
        raise ValueError(text)
    return line


def _instructions(text: str) -> str:
    return _line(text, LONGEST_INSTRUCTIONS)


def _length(text: str) -> Length:
    return _LENGTHS[text.strip()]


def _usd(text: str) -> float:
    value = float(text)
    if not 0 < value <= _MOST_USD:
        raise ValueError(text)
    return value


def _repair(text: str) -> bool:
    return {"0": False, "1": True}[text.strip()]


def _policy(text: str) -> Policy:
    return _POLICIES[text.strip()]


_RIGHT_TOKENS = f"give tokens, 1 to {_MOST_TOKENS:,}"


@dataclass(frozen=True, slots=True)
class SettingNames:
    """What errors call the settings of a model, which says where each was set.

    Attributes:
        address: Of the endpoint.
        model: Of its name.
        key: What to do where a key is wanted and none is sent.
    """

    address: str = "OPENAI_BASE_URL"
    model: str = "FOOTNOTE_MODEL"
    key: str = "set OPENAI_API_KEY"

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "SettingNames":
        """Returns the names of what is configured."""
        # A key is sent to no address that was chosen, but to one that was configured with it.
        beside = ", and OPENAI_BASE_URL beside it, where the page is started"
        return cls(
            place_of(environ, "OPENAI_BASE_URL"),
            place_of(environ, "FOOTNOTE_MODEL"),
            f"set OPENAI_API_KEY{beside if is_foreign(environ) else ''}",
        )


@dataclass(frozen=True, slots=True)
class LLMSettings:
    """Which model writes, where it is, what it costs, and how long it may take."""

    SECTION: ClassVar[str] = "llm"

    model: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_MODEL",
            "Model that writes answers; required with OPENAI_BASE_URL.",
            chosen=True,
        ),
    ] = DEFAULT_MODEL
    base_url: str = DEFAULT_BASE_URL
    # The key never appears in a log or an error.
    api_key: str = Field(default=NO_KEY, repr=False)
    # Whether nothing but the question goes there: what the environment says is for another address.
    foreign: bool = False
    timeout: Annotated[
        float,
        SettingInfo(
            "FOOTNOTE_TIMEOUT",
            "Maximum time without data from the endpoint.",
            "seconds",
            _seconds,
            "give seconds up to a day, such as 60",
        ),
    ] = 60.0
    prompt_tokens: Annotated[
        int | None,
        SettingInfo(
            "FOOTNOTE_PROMPT_TOKENS",
            "Maximum length of the prompt.",
            "tokens",
            _tokens,
            _RIGHT_TOKENS,
            default="8,000, or 16,000 for overviews, as far as the window has room",
        ),
    ] = None
    max_tokens: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_MAX_TOKENS",
            "Maximum length of the answer.",
            "tokens",
            _tokens,
            _RIGHT_TOKENS,
            default=f"1500, or {_LONG_ANSWER} for long answers",
        ),
    ] = 1500
    window: Annotated[
        int | None,
        SettingInfo(
            "FOOTNOTE_WINDOW",
            "What the model can read and write in one call; local servers often have less than "
            "their model.",
            "tokens",
            _tokens,
            _RIGHT_TOKENS,
            default="what the server says, else by the model's name, else 8,192",
        ),
    ] = None
    papers: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_PAPERS",
            "Abstracts that the model reads for a question; overviews and lists take up to 40.",
            "papers",
            _papers,
            f"give papers, 1 to {MOST_PAPERS}",
        ),
    ] = 16
    judge: Annotated[
        bool,
        SettingInfo(
            "FOOTNOTE_CHECK",
            "Whether the model judges, in one call after its answer, what the rules leave open.",
            "0 or 1",
            _repair,
            "give 0 or 1",
        ),
    ] = True
    plan: Annotated[
        bool,
        SettingInfo(
            "FOOTNOTE_PLAN",
            "Whether the model plans the search in a small call of its own.",
            "0 or 1",
            _repair,
            "give 0 or 1",
        ),
    ] = True
    language: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_LANGUAGE",
            "Language of the model's answers.",
            "",
            _line,
            "give a language, such as German",
            default="the question's",
            chosen=True,
        ),
    ] = ""
    instructions: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_INSTRUCTIONS",
            "What else the model should heed: tone, order, readers; no rule of citing gives way.",
            "",
            _instructions,
            f"give up to {LONGEST_INSTRUCTIONS:,} characters",
            default="none",
            chosen=True,
        ),
    ] = ""
    length: Annotated[
        Length,
        SettingInfo(
            "FOOTNOTE_LENGTH",
            "Length of the model's answers: short, medium or long.",
            "",
            _length,
            "give short, medium or long",
            chosen=True,
        ),
    ] = "medium"
    deadline: Annotated[
        float,
        SettingInfo(
            "FOOTNOTE_DEADLINE",
            "Maximum time for a whole answer, including retries and repair.",
            "seconds",
            _seconds,
            "give seconds up to a day, such as 120",
        ),
    ] = 120.0
    repair: Annotated[
        bool,
        SettingInfo(
            "FOOTNOTE_REPAIR",
            "Whether the model may correct contradicted sentences once.",
            "0 or 1",
            _repair,
            "give 0 or 1",
        ),
    ] = True
    unsupported: Annotated[
        Policy,
        SettingInfo(
            "FOOTNOTE_UNSUPPORTED",
            "What happens to sentences that are contradicted or cite nothing: mark or drop.",
            "",
            _policy,
            "give mark or drop",
        ),
    ] = "mark"
    prices: Annotated[
        Prices | None,
        SettingInfo("FOOTNOTE_PRICES", "Prices of prompt and answer, as PROMPT,COMPLETION.",
                "USD per million tokens", Prices.parse,
                "give PROMPT,COMPLETION in USD per million tokens",
                default="a table of providers' list prices"),
    ] = None  # fmt: skip
    day_tokens: Annotated[
        int | None,
        SettingInfo("FOOTNOTE_DAY_TOKENS",
                "What the model may read and write in a day; beyond it answers are quotes.",
                "tokens", _tokens, _RIGHT_TOKENS, default="no limit", chosen=True),
    ] = None  # fmt: skip
    day_cost: Annotated[
        float | None,
        SettingInfo("FOOTNOTE_DAY_COST",
                "What the model may cost in a day; beyond it answers are quotes.",
                "USD", _usd, f"give USD up to {_MOST_USD:,}, such as 0.5",
                default="no limit", chosen=True),
    ] = None  # fmt: skip
    # Where a day's spending is counted; None counts nothing.
    ledger: Path | None = None
    thorough: ThoroughSettings = Field(default_factory=ThoroughSettings)
    names: SettingNames = SettingNames()

    remember: Annotated[
        bool,
        SettingInfo("FOOTNOTE_REMEMBER",
                "Whether what is found out about an endpoint is kept in the cache folder.",
                "0 or 1", _repair, "give 0 or 1"),
    ] = True  # fmt: skip

    def budget(self, *, wide: bool, window: int | None = None, answer: int | None = None) -> int:
        """Returns the tokens that a prompt may have.

        Where nothing is set it is what the window leaves beside the answer.

        Args:
            wide: Whether many papers answer the question together.
            window: What the model reads and writes in one call; by its name when not given.
            answer: What it may write, with its thoughts; ``max_tokens`` when not given.
        """
        if self.prompt_tokens is not None:
            return self.prompt_tokens
        window = self.window or window or find_window(self.model)
        fits = window * (1 - SPARE) - (answer or self.max_tokens)
        return max(1, min(int(fits), _WIDE_BUDGET if wide else _BUDGET))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "LLMSettings | None":
        """Returns the configured model, or None when nothing is configured.

        A key alone means OpenAI's endpoint; a base URL also needs the name of a model.

        Raises:
            ComposerError: A base URL is set without a model, or a setting is wrong.
        """
        at = EndpointSettings(**read_fields(EndpointSettings, environ))
        names, key = SettingNames.of(environ), place_of(environ, "OPENAI_API_KEY")
        if at.base_url and not environ.get("FOOTNOTE_MODEL", "").strip():
            raise ComposerError(f"{names.address} is set without a model; set {names.model} too")
        if at.base_url and not is_address(at.base_url):
            raise ComposerError(f"{names.address} is not a URL; give one like http://HOST:PORT/v1")
        if not (at.api_key.isascii() and at.api_key.isprintable()):
            raise ComposerError(
                f"{key} has characters that are not allowed in a header; copy it again"
            )
        if not at.api_key and not at.base_url:
            return None
        fields = read_fields(cls, environ, ComposerError)
        if fields.get("length") == "long":
            fields.setdefault("max_tokens", _LONG_ANSWER)
        fields["thorough"] = ThoroughSettings(
            **read_fields(ThoroughSettings, environ, ComposerError)
        )
        return cls(
            base_url=at.base_url or DEFAULT_BASE_URL,
            api_key=find_key(environ) or NO_KEY,
            foreign=is_foreign(environ),
            ledger=beside_settings(LEDGER, environ),
            names=names,
            **fields,
        )
