"""The commands for saved topics and their digests.

Heavy imports are inside the functions that need them, so that ``--help`` is fast.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from footnote.ui.cli.options import (
    ComposerOption,
    JsonOption,
    LibraryOption,
    Misuse,
    as_misuse,
    open_engine,
    open_library,
    present_folder,
    print_json,
)

if TYPE_CHECKING:
    from footnote.ui.digests.build import Digest
    from footnote.ui.digests.email import MailConfig
    from footnote.ui.storage.topics import Topic

# In the library's folder: the marks are numbers of this library's papers.
TOPICS = "topics.sqlite3"
UserOption = Annotated[
    str | None,
    typer.Option(help="Whose topics; where there are accounts, the first admin's by default."),
]
_NO_TOPICS = "No topics yet; save one with: footnote topics add TEXT"


def topics(
    action: Annotated[
        Literal["list", "add", "remove"], typer.Argument(help="What to do with topics.")
    ] = "list",
    what: Annotated[
        str | None,
        typer.Argument(help="The topic to add, or the ID to remove.", metavar="[TEXT|ID]"),
    ] = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
    user: UserOption = None,
) -> None:
    """List, add or remove the topics of your digests."""
    if (what is None) != (action == "list"):
        asked = {"list": "", "add": " TEXT", "remove": " ID"}[action]
        raise Misuse(f"{action} takes {'one value' if asked else 'no value'}: footnote topics "
                     f"{action}{asked}")  # fmt: skip
    if action == "add":
        _add(str(what), library, user)
    elif action == "remove":
        _remove(str(what), library, user)
    else:
        _show(_open_topics(library, user), as_json)


def _add(text: str, library: Path | None, user: str | None) -> None:
    from footnote.rag.query.question import understand
    from footnote.ui.storage.accounts.belongings import owner_in
    from footnote.ui.storage.topics import Topics

    understand(text)  # complain before anything is loaded
    with open_library(library) as opened, Topics.open(opened.path / TOPICS) as kept:
        id = kept.add(owner_in(opened.path, user), text, mark=opened.newest())
    print(f"Saved as {id}; footnote digest reports papers added from now on.")


def _remove(id: str, library: Path | None, user: str | None) -> None:
    from footnote.ui.storage.accounts.belongings import owner_in
    from footnote.ui.storage.topics import TopicError, Topics

    path = present_folder(library) / TOPICS
    if not path.is_file():
        raise TopicError(f"no topic {ascii(id)[:40]} in {path.parent}, which has no topics")
    with Topics.open(path) as kept:
        kept.remove(owner_in(path.parent, user), id)
    print("Removed.")


def _open_topics(library: Path | None, user: str | None) -> "list[Topic]":
    """Returns the topics of a library, without opening it."""
    from footnote.ui.storage.accounts.belongings import owner_in
    from footnote.ui.storage.topics import Topics

    path = present_folder(library) / TOPICS
    if not path.is_file():
        return []
    with Topics.open(path) as kept:
        return kept.list(owner_in(path.parent, user))


def _show(kept: "Sequence[Topic]", as_json: bool) -> None:
    from footnote.ui.digests.format import line

    if as_json:
        print_json(
            [
                {
                    "id": topic.id,
                    "text": topic.text,
                    "created": topic.created.isoformat(timespec="seconds"),
                    "mark": topic.mark,
                }
                for topic in kept
            ]
        )
        return
    for topic in kept:
        print(f"{topic.id}  {line(topic.text)}")
    if not kept:
        print(_NO_TOPICS)


def digest(
    library: LibraryOption = None,
    email: Annotated[
        bool,
        typer.Option(
            "--email",
            help="Send it as a mail; set FOOTNOTE_SMTP_HOST and the other SMTP variables.",
        ),
    ] = False,
    feed: Annotated[Path | None, typer.Option(help="Add it to an Atom feed.")] = None,
    composer: ComposerOption = "auto",
    as_json: JsonOption = False,
    user: UserOption = None,
) -> None:
    """Show what papers added since the last digest say about each topic."""
    config = _mail_config() if email else None
    if feed is not None and (feed.is_dir() or not feed.parent.is_dir()):
        raise Misuse(f"{feed} cannot be a file; give --feed a file in a folder that exists")
    from footnote.ui.digests.build import make_digests, mark_delivered
    from footnote.ui.storage.accounts.belongings import owner_in
    from footnote.ui.storage.topics import Topics

    with (
        open_engine(library, composer) as engine,
        Topics.open(engine.library.path / TOPICS) as kept,
    ):
        owner = owner_in(engine.library.path, user)
        digests = make_digests(engine, kept.list(owner))
        if feed is None and config is None:
            _print(digests, as_json)
            # If the output is closed, the digest has not been read.
            sys.stdout.flush()
            mark_delivered(kept, owner, digests)
            return
        went = _deliver(digests, feed, config)
        mark_delivered(kept, owner, digests)
    if as_json:
        _print(digests, as_json)
    else:
        from footnote.ui.digests.format import headline

        print("; ".join([headline(digests), *went]) if digests else _NO_TOPICS)


def _mail_config() -> "MailConfig":
    from footnote.ui.digests.email import MailConfig
    from footnote.ui.settings import all_sources

    with as_misuse():
        return MailConfig.from_environment(all_sources())


def _deliver(
    digests: "Sequence[Digest]", feed: Path | None, config: "MailConfig | None"
) -> list[str]:
    """Returns where the digests went; raises if one cannot be delivered."""
    went = []
    # The feed first: repeating it changes nothing, but a mail would be sent twice.
    if feed is not None:
        from footnote.ui.digests.atom import write_feed

        write_feed(feed, digests)
        went.append(f"feed written to {feed}")
    found = [digest for digest in digests if digest.found]
    if config is not None and found:
        from footnote.ui.digests.email import make_mail, send

        send(config, make_mail(config, found))
        went.append(f"mailed to {', '.join(config.recipients)}")
    return went


def _print(digests: "Sequence[Digest]", as_json: bool) -> None:
    from footnote.ui.digests.format import digest_json, digests_text

    if as_json:
        print_json([digest_json(digest) for digest in digests])
        return
    if not digests:
        print(_NO_TOPICS)
        return
    if not any(digest.found for digest in digests):
        print("Nothing new.\n")
    print(digests_text(digests), end="")
