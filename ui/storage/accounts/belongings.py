"""Belongings: what readers keep in a library's folder, given to one user or deleted with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from footnote.ui.api.imports.jobs import ImportJobs
from footnote.ui.storage.accounts.accounts import ACCOUNTS, Accounts
from footnote.ui.storage.accounts.models import User
from footnote.ui.storage.annotations import Annotations
from footnote.ui.storage.collections import Collections
from footnote.ui.storage.conversations import Conversations
from footnote.ui.storage.topics import LOCAL, Topics
from footnote.ui.storage.user_database import UserDatabase

# Files of a library's folder whose rows belong to users.
OWNED: Mapping[str, type[UserDatabase]] = {
    "conversations.sqlite3": Conversations,
    "topics.sqlite3": Topics,
    "collections.sqlite3": Collections,
    "annotations.sqlite3": Annotations,
    "jobs.sqlite3": ImportJobs,
}
# Folder of the feeds of users' topics, one file each.
FEEDS = "feeds"


def folders_of(accounts: Accounts, folder: Path) -> Sequence[Path]:
    """Returns the folders in which users of a server keep things: of all libraries that it has.

    Args:
        accounts: Which the server began with.
        folder: Of the library that they lie in.
    """
    return list(dict.fromkeys([folder.resolve(), *accounts.libraries.folders()]))


def hand_over(folder: Path, user: User) -> int:
    """Gives a user all that was kept before there were users; returns how many things that is.

    Args:
        folder: The library's.
        user: The first one, who has the library already.
    """
    count = 0
    for name, kind in OWNED.items():
        if (folder / name).is_file():
            with kind.open(folder / name) as kept:
                count += kept.hand_over(user.id)
    return count


def delete_belongings(folder: Path, user: User) -> None:
    """Deletes all that a user kept.

    The papers that they added stay, as do votes, which name nobody.
    """
    for name, kind in OWNED.items():
        if (folder / name).is_file():
            with kind.open(folder / name) as kept:
                kept.forget(user.id)
    feed_path(folder, user.id).unlink(missing_ok=True)


def feed_path(folder: Path, owner: str) -> Path:
    """Returns the file of the feed of somebody's topics."""
    return folder / "feed.atom" if owner == LOCAL else folder / FEEDS / f"{owner}.atom"


def owner_in(folder: Path, name: str | None = None) -> str:
    """Returns whose topics a command works with: of the user named, else of the first admin.

    Without accounts they belong to nobody.

    Raises:
        AccountError: There is no such user.
    """
    if name is None and not (folder / ACCOUNTS).is_file():
        return LOCAL
    with Accounts.open(folder / ACCOUNTS) as accounts:
        if name is not None:
            return accounts.users.get(name).id
        admin = accounts.users.first_admin()
        return admin.id if admin else LOCAL
