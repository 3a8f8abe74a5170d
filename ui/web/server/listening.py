"""Listening: find a free port, and shut down cleanly."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from footnote.index import FootnoteError


def free_port(host: str, port: int) -> int:
    """Returns the port after checking that it is free; any free one for 0.

    Raises:
        FootnoteError: It is taken, or the host is not of this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            return int(probe.getsockname()[1])
    except socket.gaierror:
        raise FootnoteError(f"no host is called {host!r}; try: --host 127.0.0.1") from None
    except (OSError, OverflowError) as error:
        raise FootnoteError(
            f"cannot serve on {host}:{port}: {error}; try: --port {port + 1}"
        ) from None


@contextmanager
def interruptible(drain: Callable[[], None]) -> Iterator[None]:
    """Lets SIGTERM drain the server, and a second one end it at once, as Ctrl-C does."""

    def told(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        drain()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
