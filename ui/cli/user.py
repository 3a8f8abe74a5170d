"""The commands for users of a served library: ``footnote user``."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from footnote.ui.cli.accounts import open_accounts, read_password
from footnote.ui.cli.options import JsonOption, LibraryOption, Misuse, print_json

if TYPE_CHECKING:
    from datetime import datetime

app = typer.Typer(
    help="List, add and change the users of a served library.",
    rich_markup_mode=None,
)

NameArgument = Annotated[str, typer.Argument(help="Name of the user.")]
RoleChoice = Literal["reader", "writer", "admin"]


@app.command()
def add(
    name: NameArgument,
    role: Annotated[
        RoleChoice,
        typer.Option(help="A reader asks, a writer also changes the library, an admin all."),
    ] = "reader",
    password: Annotated[
        bool, typer.Option(help="Ask for a password; without one a proxy has to sign them in.")
    ] = True,
    library: LibraryOption = None,
) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    from footnote.ui.storage.accounts.belongings import folders_of, hand_over
    from footnote.ui.storage.accounts.log import COMMAND_LINE
    from footnote.ui.storage.accounts.models import Role
    from footnote.ui.storage.accounts.users import user_name

    own = user_name(name)
    with open_accounts(library) as (accounts, folder):
        if accounts.users.find(own):
            raise Misuse(f"there is a user {own} already; see: footnote user list")
        first = not accounts.users.count()
        if first and role != "admin":
            raise Misuse(f"the first user has to be an admin: footnote user add {own} --role admin")
        user = accounts.add(own, Role.read(role), read_password(own) if password else None)
        accounts.log.add(COMMAND_LINE, "user added", f"{own}, {role}")
        print(f"Added {own}, {role}.")
        if first:
            count = sum(hand_over(own, user) for own in folders_of(accounts, folder))
            print(
                "This library now has accounts: start footnote serve and footnote chat anew. What "
                f"was kept before is {own}'s: {count:,} conversations, topics, collections, tags "
                "and notes in all."
            )


@app.command("list")
def list_users(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the users."""
    with open_accounts(library) as (accounts, _):
        users = accounts.users.list()
        roles = {user.id: accounts.libraries.roles(user.id) for user in users}
    if as_json:
        print_json(
            [
                {
                    "name": user.name,
                    "role": user.role.label,
                    "roles": {within: role.label for within, role in roles[user.id]},
                    "created": user.created.isoformat(timespec="seconds"),
                    "seen": user.seen.isoformat(timespec="seconds") if user.seen else None,
                    "password": user.has_password,
                }
                for user in users
            ]
        )
        return
    for user in users:
        seen = f"last seen {_day(user.seen)}" if user.seen else "never seen"
        proxy = "" if user.has_password else ", no password"
        apart = "".join(f", {role.label} in {within}" for within, role in roles[user.id])
        print(f"{user.name}  {user.role.label}{apart}, {seen}{proxy}")
    if not users:
        print("No users yet; add the first with: footnote user add NAME --role admin")


@app.command()
def role(
    name: NameArgument,
    role: Annotated[
        Literal["reader", "writer", "admin", "none", "same"],
        typer.Argument(
            help="The new role; in one library also none, which keeps them out of it, and same, as "
            "in the others.",
        ),
    ],
    within: Annotated[
        str | None,
        typer.Option(
            "--in", metavar="NAME", help="In this library alone, of a server with several."
        ),
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Give a user another role, from their next request on."""
    from footnote.ui.storage.accounts.log import COMMAND_LINE
    from footnote.ui.storage.accounts.models import Role

    with open_accounts(library) as (accounts, _):
        if within is not None:
            other = None if role == "same" else Role.NOBODY if role == "none" else Role.read(role)
            accounts.libraries.set_role(accounts.users.get(name), within, other)
        elif role in ("none", "same"):
            raise Misuse(f"the role {role} holds in one library; name it by --in NAME")
        else:
            accounts.users.set_role(name, Role.read(role))
        where = f" in {within}" if within else ""
        accounts.log.add(COMMAND_LINE, "role changed", f"{name}, {role}{where}")
    special = {"none": "may not read", "same": "has the same role as elsewhere"}
    told = special.get(role, f"is {role}")
    print(f"{name} {told}{where} now.")


@app.command()
def password(
    name: NameArgument,
    keep_tokens: Annotated[
        bool, typer.Option("--keep-tokens", help="Let the user's API tokens stay good.")
    ] = False,
    library: LibraryOption = None,
) -> None:
    """Set a user's password, and end their sign-ins and API tokens."""
    from footnote.ui.storage.accounts.log import COMMAND_LINE

    with open_accounts(library) as (accounts, _):
        user = accounts.users.get(name)
        given = read_password(user.name)
        if keep_tokens:
            accounts.change_password(user, given)
        else:
            accounts.reset_password(user, given)
        accounts.log.add(COMMAND_LINE, "password reset", user.name)
    print(f"The password of {user.name} is set; whoever was signed in as {user.name} is not now.")


@app.command()
def remove(
    name: NameArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    library: LibraryOption = None,
) -> None:
    """Remove a user with all that they kept: conversations, topics, collections, tags and notes."""
    from footnote.ui.storage.accounts.belongings import delete_belongings, folders_of
    from footnote.ui.storage.accounts.log import COMMAND_LINE

    with open_accounts(library) as (accounts, folder):
        user = accounts.users.get(name)
        if not yes:
            if not sys.stdin.isatty():
                raise Misuse(f"this deletes all that {user.name} kept; add --yes if you are sure")
            typer.confirm(f"Remove {user.name} with all that they kept?", abort=True)
        # First the account: whoever is signed in could keep more meanwhile.
        accounts.users.remove(user.name)
        for own in folders_of(accounts, folder):
            delete_belongings(own, user)
        accounts.log.add(COMMAND_LINE, "user removed", user.name)
    print(f"Removed {user.name} and all that they kept; papers that they added stay.")


@app.command()
def spending(
    days: Annotated[int, typer.Option(help="Days to show.", min=1, max=3650)] = 7,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what models took for each user, by day."""
    with open_accounts(library) as (accounts, _):
        found = accounts.spending.list(days)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        took = f"{one.answers:,} answers, {one.tokens:,} tokens, ${one.cost:.4f}"
        print(f"{one.day}  {one.user}  {took}")
    if not found:
        print("No model has written for anybody yet.")


@app.command()
def log(
    user: Annotated[str | None, typer.Option(help="Of this user alone.")] = None,
    count: Annotated[int, typer.Option(help="Entries to show.", min=1, max=200_000)] = 50,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who did what, the last first: sign-ins, changes, users and tokens; no questions."""
    with open_accounts(library) as (accounts, _):
        entries = accounts.log.list(count, user.strip().lower() if user else None)
    if as_json:
        print_json(
            [
                {
                    "when": entry.when.isoformat(timespec="seconds"),
                    "who": entry.who,
                    "address": entry.address,
                    "what": entry.what,
                    "about": entry.about,
                }
                for entry in entries
            ]
        )
        return
    for entry in entries:
        told = [entry.who or "nobody", entry.what, entry.about, entry.address]
        print(f"{entry.when:%Y-%m-%d %H:%M:%S}  {'  '.join(filter(None, told))}")
    if not entries:
        print("Nothing yet.")


def _day(when: "datetime") -> str:
    return f"{when:%Y-%m-%d}"
