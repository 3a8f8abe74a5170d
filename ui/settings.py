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


def _switch(text: str) -> bool:
    return {"0": False, "1": True}[text.strip()]


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
    thorough: Annotated[
        bool,
        SettingInfo(
            "FOOTNOTE_THOROUGH", "Whether the page asks for thorough answers at first.",
            "0 or 1", _switch, "give 0 or 1", chosen=True,
        ),
    ] = False  # fmt: skip
    open_webui: Annotated[
        bool,
        SettingInfo(
            "FOOTNOTE_OPENWEBUI", "Whether streams of chat completions have Open WebUI's source "
            "events for every client; it gets them where it sends its own headers, too.",
            "0 or 1", _switch, "give 0 or 1",
        ),
    ] = False  # fmt: skip
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
    from footnote.index.search.chroma.address import VectorSettings
    from footnote.rag.generation.settings import LLMSettings
    from footnote.rag.generation.thorough.settings import ThoroughSettings
    from footnote.rag.retrieval.reranking.rerank import RerankSettings
    from footnote.ui.digests.email import MailConfig
    from footnote.ui.maintenance.telemetry.settings import TelemetrySettings
    from footnote.ui.storage.accounts.settings import AccountSettings
    from footnote.ui.web.security.limits import Limits

    writing = (LLMSettings, ThoroughSettings, RerankSettings, JudgeSettings)
    serving = (ServerSettings, AccountSettings, Limits, TelemetrySettings)
    return (*INDEX_SECTIONS, VectorSettings, *writing, *serving, MailConfig)


def all_sources() -> SettingSources:
    """Returns what is configured; the sections are loaded only where there is a file."""
    sections = all_sections() if config_file().exists() else ()
    return read_sources(sections, complete=True)


def model_sources() -> SettingSources:
    """Returns what is configured together with what was chosen on the page, for the model alone."""
    from footnote.rag.generation.chat.endpoints.chosen import add_chosen
    from footnote.rag.generation.settings import LLMSettings

    # Those that the page can choose; the others would load what no question needs.
    return add_chosen(all_sources(), (*INDEX_SECTIONS, LLMSettings, ServerSettings))


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
            source = "environment" if text else "default"
            if isinstance(environ, SettingSources):
                source = environ.source(setting.variable)
            name = f"{section.SECTION}.{field}"
            rows.append(SettingRow(name, setting.variable, value, source))
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
            told = f"{setting.description}{' *' * setting.chosen}"
            cells = (f"`{field}`", f"`{setting.variable}`", told, setting.unit)
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
`FOOTNOTE_CONFIG` names another file), then from what was chosen on the page. Otherwise it has its
default. The working folder and a library's folder are never read.
`footnote settings` shows what is in force and where it comes from.

What is marked with * can be chosen on the page, under *Model*, where only this machine reaches the
page (no `--open`, `--allow-host` or `--trusted-proxy`), or by an admin. It is kept in `chosen.json`
beside `footnote.toml`, for every library and for every command that lets a model write. What the
environment or the file sets, the page shows as fixed. A key cannot be chosen: it stays in
`OPENAI_API_KEY` or the file, and is sent to the address that it was configured with alone, which is
OpenAI's where none is; nor do the client's own `OPENAI_CUSTOM_HEADERS`, `OPENAI_ORG_ID` and
`OPENAI_PROJECT_ID` go to a chosen address. To use a key elsewhere, set `OPENAI_BASE_URL` beside it.
Embeddings and the reranker never take an address from the page.

What a day may take (`FOOTNOTE_DAY_TOKENS`, `FOOTNOTE_DAY_COST`) is counted in `spent.sqlite3`
beside the settings file, by the local date, for all processes together; without a limit, too, so
that one which is set at noon knows the morning. What a call may take at most is set aside before
it is made, so that no limit is passed; of a process that was killed meanwhile it stays counted. A
limit in USD needs a known price.

A library whose collection is on a Chroma server remembers the address, the tenant and the database,
and never the token. `FOOTNOTE_VECTORS` says where `footnote index` keeps it from then on; every
other command looks where it is. A server, and with it the token, is only asked if it was named on
this machine: by `--vectors`, `FOOTNOTE_VECTORS` or the file, now or before (`servers.json` beside
the settings file lists these). A library that somebody else made sends nothing to an address of
theirs.

```toml
[llm]
model = "gpt-4o-mini"
timeout = 60
```

This page is written by `footnote settings --markdown`."""
