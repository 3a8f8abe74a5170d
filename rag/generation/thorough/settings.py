"""Settings: what one thorough answer may take."""

from collections.abc import Callable
from typing import Annotated, ClassVar

from pydantic.dataclasses import dataclass

from footnote.index.settings import SettingInfo

# Papers of a review at least, where the library has them, and at most.
FEWEST_PAPERS, MOST_PAPERS = 20, 60
_MOST_ROUNDS, _MOST_CALLS, _MOST_TOKENS, _MOST_COST, _MOST_SECONDS = 5, 500, 10_000_000, 1_000, 7200


def _whole(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = float(text)
        if not least <= value <= most or value != int(value):
            raise ValueError(text)
        return int(value)

    return parse


def _cost(text: str) -> float:
    value = float(text)
    if not 0 < value <= _MOST_COST:
        raise ValueError(text)
    return value


@dataclass(frozen=True, slots=True)
class ThoroughSettings:
    """What one thorough answer may take: no call is begun that could go beyond it."""

    SECTION: ClassVar[str] = "thorough"

    rounds: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_THOROUGH_ROUNDS",
            "Rounds of searching; after each but the last the model names what is missing.",
            "rounds",
            _whole(1, _MOST_ROUNDS),
            f"give rounds, 1 to {_MOST_ROUNDS}",
        ),
    ] = 3
    papers: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_THOROUGH_PAPERS",
            "Papers that a review is written from.",
            "papers",
            _whole(1, MOST_PAPERS),
            f"give papers, 1 to {MOST_PAPERS}",
        ),
    ] = 40
    calls: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_THOROUGH_CALLS",
            "Calls of the model.",
            "calls",
            _whole(1, _MOST_CALLS),
            f"give calls, 1 to {_MOST_CALLS}",
        ),
    ] = 24
    tokens: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_THOROUGH_TOKENS",
            "Tokens of all calls, read and written.",
            "tokens",
            _whole(1, _MOST_TOKENS),
            f"give tokens, 1 to {_MOST_TOKENS:,}",
        ),
    ] = 100_000
    cost: Annotated[
        float,
        SettingInfo(
            "FOOTNOTE_THOROUGH_COST",
            "Cost of all calls; it is known only where FOOTNOTE_PRICES is set.",
            "USD",
            _cost,
            f"give USD up to {_MOST_COST:,}, such as 0.5",
        ),
    ] = 0.5
    seconds: Annotated[
        int,
        SettingInfo(
            "FOOTNOTE_THOROUGH_SECONDS",
            "Time for the whole answer; what stands by then is the answer.",
            "seconds",
            _whole(1, _MOST_SECONDS),
            f"give seconds, 1 to {_MOST_SECONDS:,}",
        ),
    ] = 600
