"""The commands for API tokens: ``footnote token``."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from footnote.ui.cli.accounts import open_accounts
from footnote.ui.cli.options import JsonOption, LibraryOption, print_json

app = typer.Typer(
    help="List, add and revoke the tokens with which programs ask a served library.",
    rich_markup_mode=None,
)


@app.command()
def add(
    user: Annotated[str, typer.Argument(help="User in whose name the program asks.")],
    label: Annotated[str, typer.Option(help="What it is for, such as the program's name.")] = (
        "command line"
    ),
    scope: Annotated[
        Literal["read", "write", "admin"],
        typer.Option(help="What it may do at most; never more than its user."),
    ] = "read",
    days: Annotated[int, typer.Option(help="Days after which it ends.", min=1, max=3650)] = 90,
    library: LibraryOption = None,
) -> None:
    """Make a token and print it; it can never be shown again."""
    from footnote.ui.storage.accounts.log import COMMAND_LINE
    from footnote.ui.storage.accounts.models import Role

    with open_accounts(library) as (accounts, _):
        owner = accounts.users.get(user)
        secret, token = accounts.tokens.add(owner.id, label, Role.read(scope), days)
        accounts.log.add(COMMAND_LINE, "token added", f"{token.id} of {owner.name}, {scope}")
    print(secret)
    typer.echo(
        f"Token {token.id} of {owner.name} may {scope} until {token.expires:%Y-%m-%d}. It is not "
        "shown again; send it as: Authorization: Bearer TOKEN",
        err=True,
    )


@app.command("list")
def list_tokens(
    user: Annotated[str | None, typer.Option(help="Of this user alone.")] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the tokens; the secrets are stored nowhere."""
    from footnote.ui.storage.accounts.models import SCOPES

    with open_accounts(library) as (accounts, _):
        tokens = accounts.tokens.list(accounts.users.get(user).id if user else None)
    if as_json:
        print_json(
            [
                {
                    "id": token.id,
                    "user": token.user,
                    "label": token.label,
                    "scope": SCOPES[token.scope],
                    "expires": token.expires.isoformat(timespec="seconds"),
                    "used": token.used.isoformat(timespec="seconds") if token.used else None,
                }
                for token in tokens
            ]
        )
        return
    for token in tokens:
        ends = "ended" if token.expires < datetime.now(UTC) else "ends"
        used = f"last used {token.used:%Y-%m-%d}" if token.used else "never used"
        print(
            f"{token.id}  {token.user}, {token.label}: {SCOPES[token.scope]}, {ends} "
            f"{token.expires:%Y-%m-%d}, {used}"
        )
    if not tokens:
        print("No tokens yet; make one with: footnote token add USER")


@app.command()
def revoke(
    id: Annotated[str, typer.Argument(help="Which one, as the list names it.")],
    library: LibraryOption = None,
) -> None:
    """End a token at once."""
    from footnote.ui.storage.accounts.log import COMMAND_LINE

    with open_accounts(library) as (accounts, _):
        accounts.tokens.revoke(id)
        accounts.log.add(COMMAND_LINE, "token revoked", id)
    print("Revoked.")
