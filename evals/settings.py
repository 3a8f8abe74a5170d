"""The judge's section of the settings; it asks the same endpoint as the composer."""

from typing import Annotated, ClassVar

from pydantic.dataclasses import dataclass

from footnote.index.settings import SettingInfo


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """The model that judges answers."""

    SECTION: ClassVar[str] = "judge"

    model: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_JUDGE_MODEL",
            "Model that judges; the flag is `--judge-model`.",
            default="none",
        ),
    ] = ""
