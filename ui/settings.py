"""The server's section of the settings, and the table of all sections."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Annotated, Any, ClassVar

from footnote.index.embeddings.endpoints import find_secrets, masked
from footnote.index.settings import (
    INDEX_SECTIONS,
    Section,
    SettingInfo,
    SettingSources,
    config_file,
    read_fields,
    read_sources,
    settings_of,
)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Who may use the page, and what it offers."""

    SECTION: ClassVar[str] = "server"

    conversations: Annotated[
        str,
        SettingInfo("FOOTNOTE_CONVERSATIONS", "Where conversations are stored: server or browser."),
    ] = "server"
    models: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_MODELS", "More models to choose from, separated by commas.", default="none"
        ),
    ] = ""
    sets: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_SETS", "Folder of evaluation sets that the page can run.", default="none"
        ),
    ] = ""
    allow_host: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_ALLOW_HOST",
            "Other host names of the page, separated by spaces; the flag is `--allow-host`.",
            default="none",
        ),
    ] = ""
    trusted_proxy: Annotated[
        str,
        SettingInfo("FOOTNOTE_TRUSTED_PROXY", "Proxies whose X-Forwarded headers are trusted, "
                "separated by spaces; the flag is `--trusted-proxy`.", default="none"),
    ] = ""  # fmt: skip


def all_sections() -> tuple[type[Section], ...]:
    """Returns every section that ``footnote.toml`` may have."""
    from footnote.evals.settings import JudgeSettings
    from footnote.rag.generation.settings import LLMSettings
    from footnote.rag.generation.thorough.settings import ThoroughSettings
    from footnote.rag.retrieval.reranking.rerank import RerankSettings
    from footnote.ui.digests.email import MailConfig
    from footnote.ui.web.security.limits import Limits

    writing = (LLMSettings, ThoroughSettings, RerankSettings, JudgeSettings)
    return (*INDEX_SECTIONS, *writing, ServerSettings, Limits, MailConfig)


def all_sources() -> SettingSources:
    """Returns what is configured; the sections are loaded only where there is a file."""
    sections = all_sections() if config_file().exists() else ()
    return read_sources(sections, complete=True)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting, as ``footnote settings`` shows it."""

    name: str
    variable: str
    value: str
    source: str


def setting_rows(environ: Mapping[str, str]) -> list[SettingRow]:
    """Returns every setting with its value, secrets masked, and where it comes from.

    Raises:
        FootnoteError: A value is wrong.
    """
    rows = []
    for section in all_sections():
        read_fields(section, environ)
        for field, setting, default in _described(section):
            text = environ.get(setting.variable, "").strip()
            # An address may carry a key, too.
            shown = "***" if setting.secret else masked(text, find_secrets(text))
            value = shown if text else default
            place = environ.place(setting.variable) if isinstance(environ, SettingSources) else ""
            kept = place.rpartition(":")[0] if ":" in place else "environment"
            rows.append(
                SettingRow(
                    f"{section.SECTION}.{field}", setting.variable, value,
                    kept if text else "default",
                )
            )  # fmt: skip
    return rows


def settings_json(rows: list[SettingRow]) -> list[dict[str, str]]:
    """Returns the rows as JSON."""
    return [asdict(row) for row in rows]


def settings_markdown() -> str:
    """Returns the table of settings for ``docs/settings.md``."""
    lines = [_PREAMBLE]
    for section in all_sections():
        about = (section.__doc__ or "").splitlines()[0]
        lines += [f"\n## [{section.SECTION}]\n", about, "", _HEAD, "|---|---|---|---|---|"]
        for field, setting, default in _described(section):
            cells = (f"`{field}`", f"`{setting.variable}`", setting.description, setting.unit)
            lines.append(f"| {' | '.join(cells)} | {default} |")
    return "\n".join([*lines, ""])


def _described(section: type[Section]) -> Iterator[tuple[str, SettingInfo, str]]:
    """Yields field, setting and default of a section."""
    defaults: dict[str, Any] = {field.name: field.default for field in fields(section)}  # type: ignore[arg-type]
    for name, setting in settings_of(section).items():
        default = defaults[name]
        yield name, setting, setting.default or ("none" if default is MISSING else f"{default}")


_HEAD = "| key | environment variable | what it is | unit | default |"
_PREAMBLE = """# Settings

Each setting is read from the command's flag, then its environment variable, then
`footnote.toml` in your configuration folder (on Linux `~/.config/footnote/footnote.toml`;
`FOOTNOTE_CONFIG` names another file). Otherwise it has its default. The working folder is never
read.
`footnote settings` shows what is in force and where it comes from.

```toml
[llm]
model = "gpt-4o-mini"
timeout = 60
```

This page is written by `footnote settings --markdown`."""
