"""A real Chroma server on this machine, and a proxy before it that checks a token."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx

from tests.local_server import listen

# Seconds until the server listens; it takes one.
STARTS_WITHIN = 30


class RunningChroma:
    """A server over one folder, on the same port each time it is started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = int(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        chroma = Path(sys.executable).with_name("chroma")
        place = ["--path", str(self._folder), "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [chroma, "run", *place],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until:
            try:
                httpx.get(f"{self.url}/api/v2/heartbeat").raise_for_status()
                return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError("the Chroma server did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def collections(self, tenant: str = "default_tenant", database: str = "default_database"):
        """Returns the names of all collections, as the server lists them."""
        path = f"/api/v2/tenants/{tenant}/databases/{database}/collections"
        return {row["name"] for row in httpx.get(f"{self.url}{path}?limit=1000").json()}

    def delete(self, name: str) -> None:
        path = f"/api/v2/tenants/default_tenant/databases/default_database/collections/{name}"
        httpx.delete(f"{self.url}{path}").raise_for_status()


@contextmanager
def check_token(server: RunningChroma, header: str, value: str) -> Iterator[str]:
    """Yields the address of a proxy that lets through only what carries a header."""

    class Checking(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get(header) != value:
                # It says what it was given, as some do.
                self._reply(401, "text/plain", f"not {self.headers.get(header)}".encode())
                return
            kind = {"Content-Type": "application/json"}
            reply = httpx.request(
                self.command, f"{server.url}{self.path}", content=body, headers=kind
            )
            self._reply(reply.status_code, reply.headers["Content-Type"], reply.content)

        def _reply(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = _pass_on  # noqa: N815

    with listen(Checking) as port:
        yield f"http://127.0.0.1:{port}"
