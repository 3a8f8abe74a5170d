"""Settings: what a person may configure, read in one order wherever it is used.

A command's flag comes first, then the environment variable, then ``footnote.toml`` in the user's
configuration folder, then what was chosen on the page, where that is asked for, then the default.
The working folder and a library's folder are never read: a file that came with somebody's papers
could send a key elsewhere. A section is a frozen dataclass whose fields carry a
``SettingInfo``; ``rag``, ``evals`` and ``ui`` have sections of their own.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass as plain_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Protocol, get_type_hints

from platformdirs import user_config_path
from pydantic.dataclasses import dataclass

from footnote.index import FootnoteError

FILE = "footnote.toml"
# Characters of a wrong value that an error repeats.
_SHOWN = 80


@plain_dataclass(frozen=True, slots=True)
class SettingInfo:
    """How one field of a section is configured.

    Attributes:
        variable: Its environment variable.
        description: For the table of settings.
        unit: Of a number; empty for text.
        parse: Turns the text into a value; raises ValueError or KeyError.
        expects: What to do about a wrong value, as the end of an error.
        default: For the table, where the field's own default does not say it.
        secret: Whether the value is masked wherever it is shown.
        chosen: Whether it can be chosen on the page.
    """

    variable: str
    description: str
    unit: str = ""
    parse: Callable[[str], Any] = str.strip
    expects: str = "change it"
    default: str = ""
    secret: bool = False
    chosen: bool = False


class Section(Protocol):
    """A frozen dataclass whose fields carry settings."""

    SECTION: ClassVar[str]


def settings_of(section: type[Section]) -> dict[str, SettingInfo]:
    """Returns the settings of a section by the name of the field."""
    hints = get_type_hints(section, include_extras=True)
    found = {
        name: [
            extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, SettingInfo)
        ]
        for name, hint in hints.items()
    }
    return {name: settings[0] for name, settings in found.items() if settings}


CHOSEN = "chosen on the page, under Model"


class SettingSources(Mapping[str, str]):
    """What is configured, as text by environment variable: the environment, the file, the page."""

    def __init__(
        self,
        environ: Mapping[str, str],
        kept: Mapping[str, tuple[str, str]] | None = None,
        chosen: Mapping[str, str] | None = None,
        called: Mapping[str, str] | None = None,
    ) -> None:
        """Holds all three.

        Args:
            environ: The environment.
            kept: Of the file: text and place by environment variable.
            chosen: On the page: text by environment variable.
            called: What errors call the settings of a form, by environment variable.
        """
        self._environ = environ
        self._kept = kept or {}
        self._chosen = chosen or {}
        self._called = called or {}

    def __getitem__(self, variable: str) -> str:
        if self._environ.get(variable, "").strip():
            return self._environ[variable]
        if variable in self._kept:
            return self._kept[variable][0]
        return (self._chosen if variable in self._chosen else self._environ)[variable]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._environ, **self._kept, **self._chosen})

    def __len__(self) -> int:
        return len({**self._environ, **self._kept, **self._chosen})

    def using(self, **flags: str) -> "SettingSources":
        """Returns the same with what a command's flags say before all else."""
        return SettingSources({**self._environ, **flags}, self._kept, self._chosen, self._called)

    def choosing(
        self, chosen: Mapping[str, str], called: Mapping[str, str] | None = None
    ) -> "SettingSources":
        """Returns the same with this in place of what was chosen on the page.

        Args:
            chosen: Text by environment variable.
            called: What errors call what is chosen, or could be, where it stands in a form.
        """
        return SettingSources(self._environ, self._kept, chosen, called)

    def source(self, variable: str) -> str:
        """Returns where a setting comes from: "environment", "footnote.toml:3", the page."""
        if self._environ.get(variable, "").strip():
            return "environment"
        if variable in self._kept:
            return self._kept[variable][1].rpartition(":")[0]
        return CHOSEN if variable in self._chosen else "default"

    def place(self, variable: str) -> str:
        """Returns where a setting is set, as errors name it."""
        match self.source(variable):
            case "environment":
                return variable
            case "default":
                return self._called.get(variable, variable)
            case source if source == CHOSEN:
                return self._called.get(variable, f"{variable} ({CHOSEN})")
        return self._kept[variable][1]


def place_of(environ: Mapping[str, str], variable: str) -> str:
    """Returns what an error calls a setting: its variable, or its line of the file."""
    return environ.place(variable) if isinstance(environ, SettingSources) else variable


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Returns the user's settings file, which need not exist; ``$FOOTNOTE_CONFIG`` where set."""
    named = environ.get("FOOTNOTE_CONFIG", "").strip()
    if named:
        return Path(named).expanduser()
    return user_config_path("footnote", appauthor=False) / FILE


def beside_settings(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Returns the path of a file of ours that is kept beside the user's settings file."""
    return config_file(environ).with_name(name)


def read_sources(
    sections: Iterable[type[Section]] = (),
    *,
    environ: Mapping[str, str] = os.environ,
    complete: bool = False,
) -> SettingSources:
    """Returns what is configured.

    Args:
        sections: Those that are wanted of the file.
        environ: The environment.
        complete: Whether a section of the file that is none of these is an error.

    Raises:
        FootnoteError: The file cannot be read, or has a key that does not exist.
    """
    path = config_file(environ)
    try:
        text = path.read_text("utf-8")
        tables = tomllib.loads(text)
    except FileNotFoundError as error:
        if environ.get("FOOTNOTE_CONFIG", "").strip():
            raise FootnoteError(f"FOOTNOTE_CONFIG is not a file: {path}; correct it") from error
        return SettingSources(environ)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FootnoteError(f"{path} is not a settings file ({error}); correct it") from error
    known = {section.SECTION: settings_of(section) for section in sections}
    kept: dict[str, tuple[str, str]] = {}
    for name, table in tables.items():
        where = f"{path.name}:{_line(text, name, '')}:"
        if name in known and isinstance(table, dict):
            kept |= _read_table(known[name], name, table, text, path.name)
        elif complete:
            raise FootnoteError(f"{where} there is no section [{name}]; {_nearest(name, known)}")
    return SettingSources(environ, kept)


def _read_table(
    known: Mapping[str, SettingInfo], section: str, table: Mapping[str, Any], text: str, file: str
) -> dict[str, tuple[str, str]]:
    kept = {}
    for key, value in table.items():
        where = f"{file}:{_line(text, section, key)}:"
        if key not in known:
            raise FootnoteError(f"{where} [{section}] has no key {key!r}; {_nearest(key, known)}")
        kept[known[key].variable] = (_as_text(value), f"{where} {key}")
    return kept


def _as_text(value: object) -> str:
    """Returns a value of the file as an environment variable would spell it."""
    if isinstance(value, bool):
        return str(int(value))
    return ",".join(map(_as_text, value)) if isinstance(value, list) else str(value)


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1, 0.0)
    return f"did you mean {near[0]!r}?" if near else "remove it"


def _line(text: str, section: str, key: str) -> int:
    """Returns the line of a key, or of its section, which tomllib does not tell."""
    inside, begun = False, 1
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*+\[\s*+[\"']?+([^\]\"'\s]++)[\"']?+\s*+\]", line):
            inside = header[1] == section
            begun = number if inside else begun
        elif key and inside and re.match(rf"\s*+[\"']?+{re.escape(key)}[\"']?+\s*+=", line):
            return number
    return begun


def read_fields(
    section: type[Section],
    environ: Mapping[str, str],
    error: type[FootnoteError] = FootnoteError,
) -> dict[str, Any]:
    """Returns the fields of a section that are set.

    Raises:
        FootnoteError: A value is wrong; it is of the class ``error``.
    """
    fields = {}
    for name, setting in settings_of(section).items():
        text = environ.get(setting.variable, "")
        if not text.strip():
            continue
        try:
            fields[name] = setting.parse(text)
        except (ValueError, KeyError) as wrong:
            said = "***" if setting.secret else ascii(text.strip()[:_SHOWN])
            place = place_of(environ, setting.variable)
            raise error(f"{place} is {said}; {setting.expects}") from wrong
    return fields


@dataclass(frozen=True, slots=True)
class LibrarySettings:
    """Where papers are, and what embeds them."""

    SECTION: ClassVar[str] = "library"

    folder: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_LIBRARY",
            "Folder of the library; the flag is `--library`. `--shard` reads several in its place.",
            default="the user's data folder",
        ),
    ] = ""
    cache: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_CACHE",
            "Folder for exported models, the demo library, judgements, and facts about endpoints.",
            default="the user's cache folder",
        ),
    ] = ""
    model_folder: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_MODEL_DIR",
            "Folder with the weights of the bundled embedder.",
            default="the installed package",
        ),
    ] = ""
    embedding_model: Annotated[
        str,
        SettingInfo("FOOTNOTE_EMBEDDING_MODEL", "Embedding model at the endpoint.",
                default="the bundled embedder"),
    ] = ""  # fmt: skip


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """The OpenAI-compatible endpoint that models are asked at."""

    SECTION: ClassVar[str] = "endpoint"

    base_url: Annotated[
        str,
        SettingInfo(
            "OPENAI_BASE_URL",
            "URL of the endpoint, such as http://HOST:PORT/v1.",
            default="OpenAI's, if a key is set",
            chosen=True,
        ),
    ] = ""
    api_key: Annotated[
        str, SettingInfo("OPENAI_API_KEY", "Key of the endpoint.", default="none", secret=True)
    ] = ""  # fmt: skip


INDEX_SECTIONS: tuple[type[Section], ...] = (LibrarySettings, EndpointSettings)
