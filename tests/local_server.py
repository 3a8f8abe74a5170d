"""A web server on this machine, on a free port, for as long as a test needs it."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _LocalServer(ThreadingHTTPServer):
    """A server that writes nothing of a client that has gone."""

    # A request that is never answered must not hold up the end of a test.
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def listen(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """Yields the port of a server whose requests the handler answers."""
    # It would write a line on stderr for each request.
    quiet = type("Quiet", (handler,), {"log_message": lambda *_: None})
    with _LocalServer(("127.0.0.1", 0), quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
