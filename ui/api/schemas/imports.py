"""Schemas of import jobs."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from footnote.ui.api.imports.jobs import JobState
from footnote.ui.api.schemas.asking import Text


class IdentifiersIn(BaseModel):
    """Papers to be looked up."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"identifiers": ["1707.06347", "10.1038/nature14236"]}]},
    )

    identifiers: list[Annotated[Text, Field(min_length=1)]] = Field(min_length=1, max_length=200)


class CancelIn(BaseModel):
    """An import is to end."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"state": "cancelled"}]}
    )

    state: Literal["cancelled"]


class ImportReply(BaseModel):
    """An import: waiting, reading, adding, then done, failed, cancelled or cut by a restart."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "6f0c1e2d3b4a5968",
                    "state": "adding",
                    "names": ["papers.bib"],
                    "done": 640,
                    "total": 2000,
                    "per_second": 80.0,
                    "seconds_left": 17.0,
                    "new": 0,
                    "changed": 0,
                    "unchanged": 0,
                    "problems": [],
                    "error": None,
                    "created": "2026-11-28T12:00:00Z",
                    "began": "2026-11-28T12:00:00Z",
                    "ended": None,
                }
            ]
        }
    )

    id: str
    state: JobState
    names: list[str] = Field(description="What was given.")
    done: int
    total: int | None = Field(description="Papers; null until all is read.")
    per_second: float | None = Field(description="Papers, over the whole time so far.")
    seconds_left: float | None
    new: int = Field(description="Known at the end, as the other two.")
    changed: int
    unchanged: int
    problems: list[str] = Field(description="What could not be used, a line each; the first 200.")
    error: str | None
    created: AwareDatetime
    began: AwareDatetime | None
    ended: AwareDatetime | None


class ImportList(BaseModel):
    """Imports, the newest first."""

    imports: list[ImportReply]
