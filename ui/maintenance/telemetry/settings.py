"""The section of the settings that says what a server tells about itself."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, get_args

from footnote.index import FootnoteError
from footnote.index.settings import SettingInfo
from footnote.ui.maintenance.telemetry.logs import LogForm


def _form(text: str) -> LogForm:
    forms: dict[str, LogForm] = {form: form for form in get_args(LogForm)}
    return forms[text.strip()]


@dataclass(frozen=True, slots=True)
class TelemetrySettings:
    """What a server tells about itself, and to whom."""

    SECTION: ClassVar[str] = "telemetry"

    log: Annotated[
        LogForm,
        SettingInfo(
            "FOOTNOTE_LOG", "A line for each request on stderr: text, json, or quiet for none.",
            "quiet, text or json", _form, "give quiet, text or json",
        ),
    ] = "quiet"  # fmt: skip
    traces: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_TRACES",
            "Collector that gets OpenTelemetry spans by OTLP over gRPC; no text is sent.",
            "http(s)://host:port", default="none",
        ),
    ] = ""  # fmt: skip

    def __post_init__(self) -> None:
        if self.traces and not self.traces.startswith(("http://", "https://")):
            raise FootnoteError(
                f"FOOTNOTE_TRACES is {self.traces!r}; give http://host:port, as of a collector's "
                "OTLP port 4317"
            )
