"""Hosts: who can reach a server, and under which host names."""

import ipaddress
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace

from footnote.index import FootnoteError

# Host names that a browser on this machine uses.
_OWN = ("localhost", "127.0.0.1", "[::1]")
# A name as browsers send it, or an address in brackets; either with or without a port.
_NAME = re.compile(r"(?:[a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Door:
    """Who may connect to the server.

    Attributes:
        open: Whether other machines may connect.
        names: Additional host names of the server, optionally with a port.
        proxies: Addresses of proxies whose X-Forwarded headers are trusted.
    """

    open: bool = False
    names: tuple[str, ...] = ()
    proxies: frozenset[str] = frozenset()

    @classmethod
    def read(
        cls, *, open: bool = False, names: Sequence[str] = (), proxies: Sequence[str] = ()
    ) -> "Door":
        """Returns the door that options describe.

        Raises:
            FootnoteError: A name is not a valid host, or a proxy is not an IP address.
        """
        return cls(open, tuple(map(_name, names)), frozenset(map(_address, proxies)))

    def check(self, host: str) -> None:
        """Raises if other machines could connect although ``open`` is false.

        Raises:
            FootnoteError: They could, or the host is unknown.
        """
        if not self.open and not is_loopback(host):
            raise FootnoteError(
                f"--host {host} allows other machines to connect, and this page has no password; "
                "add --open to allow that, or omit --host"
            )

    def is_private(self, host: str) -> bool:
        """Returns whether only this machine reaches the server, and no proxy on it lets others in.

        Raises:
            FootnoteError: The host is unknown.
        """
        return not (self.open or self.names or self.proxies) and is_loopback(host)

    def letting_in(self, host: str) -> "Door":
        """Returns the door of a server with accounts, which others may reach by its host.

        Raises:
            FootnoteError: The host is unknown.
        """
        return replace(self, open=self.open or not is_loopback(host))

    def hosts(self, host: str, port: int) -> frozenset[str]:
        """Returns each accepted Host header, as a browser writes it.

        The address that a request was sent to is not included: only the request knows it.
        """
        own = [*_OWN, bracketed(host.lower())]
        if self.open and not is_loopback(host):
            machine = socket.gethostname().lower()
            own += [machine, machine.partition(".")[0]]
        # A proxy in front listens on 80 or 443, which browsers leave out.
        given = [name for name in self.names if not _has_port(name)]
        exact = [name for name in self.names if _has_port(name)]
        bare = own if port == 80 else []
        return frozenset([f"{name}:{port}" for name in [*own, *given]] + given + exact + bare)


def is_loopback(host: str) -> bool:
    """Returns whether only this machine reaches a host: all its addresses are loopback.

    Raises:
        FootnoteError: The host is unknown.
    """
    try:
        # "" would be every address there is.
        found = socket.getaddrinfo(host or "?", None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FootnoteError(f"no host is called {host[:80]!r}; try: --host 127.0.0.1") from None
    addresses = {str(address[0]).partition("%")[0] for *_, address in found}
    return all(ipaddress.ip_address(address).is_loopback for address in addresses)


def warning(*, keeps: bool, writes: bool) -> str:
    """Returns a text that says who can do what if other machines can connect.

    Args:
        keeps: Whether the server stores its readers' conversations.
        writes: Whether a language model writes, which may cost money.
    """
    paid = " at the cost of your language model" if writes else ""
    talks = (
        "All conversations are stored here; each is shown only in the browser that began it\n"
        "and to people who have a link that shares it.\n"
    )
    return (
        "Open: anybody who reaches this address can, without a name or a password,\n"
        f"  - ask questions{paid}, and read and export every paper in the library,\n"
        "  - import papers, remove any of them, and undo any import,\n"
        "  - read, add and remove its saved topics, and mark their news as seen,\n"
        f"  - start evals{paid}, read all runs, and vote on answers,\n"
        "  - see which model writes, where it is and what it was told, but change none of it.\n"
        f"{talks if keeps else ''}"
        "Nothing is encrypted: others on the network can read and change it. On a network that\n"
        "you do not trust, put a proxy with TLS in front of it, and give people accounts:\n"
        "footnote user add NAME --role admin"
    )


def bracketed(host: str) -> str:
    """Returns a host as written in a URL: IPv6 in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _name(text: str) -> str:
    name = text.strip().lower()
    bare = name if name.startswith("[") else name.partition(":")[0]
    if not _NAME.fullmatch(name) or bare.startswith(("-", ".")) or bare.endswith(("-", ".")):
        raise FootnoteError(
            f"--allow-host {text[:80]!r} is not a host name; give one as it appears in the "
            "address, such as papers.example.org or papers.example.org:8080"
        )
    return name


def _has_port(name: str) -> bool:
    return ":" in name.rpartition("]")[2]


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text.strip()))
    except ValueError:
        raise FootnoteError(
            f"--trusted-proxy {text[:80]!r} is not an IP address; give one such as 127.0.0.1"
        ) from None
