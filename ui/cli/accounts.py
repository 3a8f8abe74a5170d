"""Opening the accounts of a library, and asking for a password, for the commands that need them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from footnote.ui.cli.options import Misuse, as_misuse, present_folder

if TYPE_CHECKING:
    from footnote.ui.storage.accounts.accounts import Accounts
    from footnote.ui.storage.accounts.settings import AccountSettings


def account_settings() -> "AccountSettings":
    """Returns what is configured of accounts."""
    from footnote.ui.settings import all_sources
    from footnote.ui.storage.accounts.settings import AccountSettings

    with as_misuse():
        return AccountSettings.from_environment(all_sources())


@contextmanager
def open_accounts(library: Path | None) -> "Iterator[tuple[Accounts, Path]]":
    """Opens the accounts of a library that must exist, made if need be; also gives its folder."""
    from footnote.ui.storage.accounts.accounts import ACCOUNTS, Accounts

    folder, settings = present_folder(library), account_settings()
    with Accounts(folder / ACCOUNTS, settings=settings) as accounts:
        yield accounts, folder


def read_password(name: str) -> str:
    """Returns a password that is typed twice, or is the first line of standard input.

    It is never an argument: those stand in the list of processes and in the shell's history.

    Raises:
        Misuse: There is none, or the two differ.
    """
    from getpass import getpass

    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise Misuse("no password came; type one in a terminal, or write it to standard input")
        return password
    password = getpass(f"Password of {name}: ")
    if getpass("Again: ") != password:
        raise Misuse("the two passwords differ; nothing was changed")
    return password
