"""Sockets: ends the calls of one client while other threads wait for them.

Closing a client does not wake a thread that waits for the first byte of an answer; shutting its
socket down does.
"""

import socket
import threading
from contextlib import suppress
from typing import Any

import httpx


class OpenSockets:
    """The sockets that a client opened; add ``watch`` to its hooks for requests."""

    def __init__(self) -> None:
        """Knows none yet."""
        self._found: list[socket.socket] = []
        self._ended = False
        self._lock = threading.Lock()

    def watch(self, request: httpx.Request) -> None:
        """Notes the sockets that are opened for a request.

        Source: https://www.encode.io/httpcore/extensions/#trace
        """
        request.extensions["trace"] = self._trace

    def _trace(self, name: str, info: dict[str, Any]) -> None:
        # A TLS connection takes over the socket below it.
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            found = info["return_value"].get_extra_info("socket")
            if found is not None:
                with self._lock:
                    self._found.append(found)
                    late = self._ended
                if late:
                    self.shut()

    def shut(self) -> None:
        """Ends every call that is under way; whoever waits for it meets an error."""
        with self._lock:
            self._ended = True
            found, self._found = self._found, []
        for one in found:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
