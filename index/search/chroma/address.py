"""Address: where collections are kept, as a setting, a flag and the catalog name it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass as plain_dataclass
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic.dataclasses import dataclass

from footnote.index import LibraryError
from footnote.index.settings import SettingInfo, read_fields

# What stands for a library's own folder.
FOLDER: Literal["folder"] = "folder"
TENANT, DATABASE = "default_tenant", "default_database"
_LONGEST = 500
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


@plain_dataclass(frozen=True, slots=True)
class ServerPlace:
    """A database on a Chroma server, in which a library keeps its collections.

    Attributes:
        url: Without a user, a password or a query, so that it can be shown.
        tenant: Whose database it is.
        database: Its name.
    """

    url: str
    tenant: str = TENANT
    database: str = DATABASE

    def __str__(self) -> str:
        if (self.tenant, self.database) == (TENANT, DATABASE):
            return self.url
        return f"{self.url} ({self.tenant}/{self.database})"


VectorPlace = ServerPlace | Literal["folder"]


def _read_header(text: str) -> str:
    if not _HEADER.fullmatch(text.strip()):
        raise ValueError
    return text.strip()


def _read_name(text: str) -> str:
    if not _NAME.fullmatch(text.strip()) or set(text.strip()) == {"."}:
        raise ValueError
    return text.strip()


def _read_token(text: str) -> str:
    token = text.strip()
    if not (token.isascii() and token.isprintable()):
        raise ValueError
    return token


def _read_seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 86_400:
        raise ValueError
    return seconds


_NAMED = "give letters, digits and . _ -"


@dataclass(frozen=True, slots=True)
class VectorSettings:
    """Where the vectors of a library are kept, and how a Chroma server is asked for them."""

    SECTION: ClassVar[str] = "vectors"

    server: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_VECTORS",
            "Chroma server that `footnote index` moves a library's collection to, as "
            "http://HOST:PORT; `folder` for the library's own folder. The flag is `--vectors`.",
            default="where it is; of a new library its folder",
        ),
    ] = ""
    tenant: Annotated[
        str,
        SettingInfo("FOOTNOTE_VECTORS_TENANT", "Tenant on that server.", "", _read_name, _NAMED),
    ] = TENANT
    database: Annotated[
        str,
        SettingInfo("FOOTNOTE_VECTORS_DATABASE", "Database of the tenant.", "", _read_name, _NAMED),
    ] = DATABASE
    token: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_VECTORS_TOKEN",
            "Token that the server, or the proxy before it, asks for; kept in no library.",
            "", _read_token, "copy it again", default="none", secret=True,
        ),
    ] = ""  # fmt: skip
    header: Annotated[
        str,
        SettingInfo(
            "FOOTNOTE_VECTORS_HEADER",
            "Header that carries the token; with Authorization it is sent as a bearer token.",
            "", _read_header, "give the name of a header",
        ),
    ] = "x-chroma-token"  # fmt: skip
    timeout: Annotated[
        float,
        SettingInfo(
            "FOOTNOTE_VECTORS_TIMEOUT", "Maximum time for one reply of the server.",
            "seconds", _read_seconds, "give seconds up to a day",
        ),
    ] = 60.0  # fmt: skip

    @property
    def headers(self) -> dict[str, str]:
        """The headers that carry the token; none without one."""
        if not self.token:
            return {}
        bearer = self.header.lower() == "authorization" and " " not in self.token
        return {self.header: f"Bearer {self.token}" if bearer else self.token}


def read_vector_settings(environ: Mapping[str, str]) -> VectorSettings:
    """Returns the section as it is configured.

    Raises:
        LibraryError: A value is wrong.
    """
    return VectorSettings(**read_fields(VectorSettings, environ, LibraryError))


def parse_place(text: str, settings: VectorSettings, source: str = "--vectors") -> VectorPlace:
    """Returns the place that a flag or a setting names.

    Args:
        text: An address, or "folder".
        settings: Where the tenant and the database are taken from.
        source: What an error calls the text.

    Raises:
        LibraryError: It is neither.
    """
    text = text.strip()
    if text == FOLDER:
        return FOLDER
    return ServerPlace(_check_url(text, source), settings.tenant, settings.database)


def _check_url(text: str, source: str) -> str:
    """Returns an address that can be shown, without a slash at its end."""
    plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= _LONGEST
    try:
        parts = urlsplit(text)
        named = bool(_SCHEME.match(text) and parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    if not (plain and named):
        raise LibraryError(
            f"{source} is no address of a server; give one like http://HOST:PORT, or folder"
        )
    if "@" in parts.netloc or "?" in text or "#" in text:
        raise LibraryError(
            f"{source} holds more than a server and a path; put a token into FOOTNOTE_VECTORS_TOKEN"
        )
    return text.rstrip("/")


def write_place(place: VectorPlace) -> str:
    """Returns a place as the catalog keeps it; "" for the folder."""
    if place == FOLDER:
        return ""
    assert isinstance(place, ServerPlace)
    return json.dumps({"url": place.url, "tenant": place.tenant, "database": place.database})


def read_place(text: str | None) -> VectorPlace:
    """Returns a place that a catalog keeps, which somebody else may have made.

    Raises:
        LibraryError: It is none.
    """
    if not text:
        return FOLDER
    try:
        kept = json.loads(text)
        place = ServerPlace(_check_url(kept["url"], "the library"), *(
            _read_name(kept[key]) for key in ("tenant", "database")
        ))  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LibraryError(
            "the library says of its vectors what is no place; run: footnote index --vectors folder"
        ) from error
    return place
