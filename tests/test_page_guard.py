"""The page while another site is open in the same browser: nothing is changed, nothing is read."""

import json
import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from footnote.index.embeddings.base import MiniLM
from footnote.index.library import Library
from tests.conftest import CHROMIUM, invented
from tests.local_server import listen
from tests.pages import LOOPS, desk_of, served, visited

pytestmark = LOOPS

PAPERS = 5
# What stands in the library, and in no page of the other site.
SECRET = "harbour1"

# Each way in which one site's page can make a browser ask another site; what it can read comes
# back. Forms and frames go into a frame of the attacker's, whose text it cannot read either.
ATTACK = """async ([target, body]) => {
  const url = (path) => new URL(path, target).href, read = [];
  const tried = async (path, options) => {
    try { read.push(await (await fetch(url(path), options)).text()); } catch {}
  };
  const server = "gradio_api/component_server";
  for (const mode of ["no-cors", "cors"]) {
    for (const type of ["text/plain", "application/json", "application/x-www-form-urlencoded"]) {
      await tried(server, { method: "POST", mode, body, headers: { "Content-Type": type } });
    }
    const file = new FormData();
    file.append("files", new Blob(["x"]), "x.bib");
    await tried("gradio_api/upload", { method: "POST", mode, body: file });
    for (const path of ["", "config", "feed.atom", "gradio_api/info"]) await tried(path, { mode });
  }
  navigator.sendBeacon(url(server), body);
  const inFrame = (make) => new Promise((done) => {
    const frame = Object.assign(document.createElement("iframe"), { name: `f${Math.random()}` });
    document.body.append(frame);
    frame.addEventListener("load", () => setTimeout(() => {
      try { read.push(frame.contentDocument.body.innerText); } catch {}
      done();
    }, 100));
    make(frame);
  });
  await inFrame((frame) => {
    const form = Object.assign(document.createElement("form"), {
      action: url(server), method: "POST", enctype: "text/plain", target: frame.name });
    const [name, value] = body.split("=");
    form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    form.submit();
  });
  await inFrame((frame) => { frame.src = target; });
  return read.join("\\n");
}"""


OWN_CALL = """(body) => fetch("/gradio_api/component_server", {
  method: "POST", body, headers: { "Content-Type": "application/json" } })"""


class Elsewhere(BaseHTTPRequestHandler):
    """Another site."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title><body>")


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[int]:
    """The port of another site on this machine."""
    with listen(Elsewhere) as port:
        yield port


@pytest.fixture(scope="module")
def library(embedder: MiniLM, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("guarded") / "shelf"
    with Library.open(folder, embedder=embedder, create=True) as library:
        library.add([invented(n) for n in range(PAPERS)], names=["harbours"])
        yield library


@pytest.fixture(scope="module")
def address(library: Library) -> Iterator[str]:
    with served(desk_of(library)) as address:
        yield address


def removal(address: str, library: Library) -> str:
    """Returns a call that removes every paper, as the page itself might make it."""
    sent = {
        "action": "remove",
        "user": "a" * 22,
        "papers": [p.id for p in library.page("added", 0, 99)],
    }
    components = httpx.get(f"{address}config").json()["components"]
    component = next(c["id"] for c in components if c["props"].get("server_fns"))
    call = {"fn_name": "action", "component_id": component, "session_hash": "x", "data": sent}
    # A form with enctype text/plain writes name=value: the = has to stand within a text.
    return json.dumps({**call, "pad": "="})


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_another_site_changes_nothing_and_reads_nothing(
    library: Library, address: str, browser: Browser, elsewhere: int, name: str
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://{name}:{elsewhere}/")
    read = page.evaluate(ATTACK, [address, removal(address, library)])
    assert library.size == PAPERS
    assert SECRET not in read
    assert "Footnote" not in read
    assert [f.url for f in page.frames if f.url.startswith(address)] == []
    context.close()


def test_the_same_call_from_the_page_itself_is_carried_out(
    embedder: MiniLM, tmp_path: Path, browser: Browser
) -> None:
    """Otherwise the test above could pass for want of a call that does anything."""
    with Library.open(tmp_path / "shelf", embedder=embedder, create=True) as library:
        library.add([invented(n) for n in range(PAPERS)])
        with served(desk_of(library)) as address, visited(browser, address) as page:
            page.evaluate(OWN_CALL, removal(address, library))
            assert library.size == 0


def test_a_name_that_was_made_to_lead_here_reads_nothing(address: str, browser: Browser) -> None:
    port = httpx.URL(address).port
    rules = "--host-resolver-rules=MAP evil.example 127.0.0.1"
    rebound = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu", rules]
    )
    page = rebound.new_page()
    for path in ("config", ""):
        reply = page.goto(f"http://evil.example:{port}/{path}")
        assert reply is not None
        assert (reply.status, reply.text().count("\n")) == (421, 1)
    read = page.evaluate("fetch('/config').then((got) => got.text(), () => '')")
    assert SECRET not in read
    rebound.close()


# Below: a server as it stands, spoken to without a browser.


def told(address: str, text: str) -> str:
    """Returns what a server answers to the characters of a request."""
    port = httpx.URL(address).port
    with socket.create_connection(("127.0.0.1", port or 80), timeout=20) as line:
        line.sendall(text.replace("\n", "\r\n").replace("PORT", str(port)).encode())
        return b"".join(iter(lambda: line.recv(65536), b"")).decode("latin-1")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET / HTTP/1.0\n\n", 421),
        ("GET / HTTP/1.1\nConnection: close\n\n", 421),
        ("GET http://127.0.0.1:PORT/ HTTP/1.1\nHost: evil.example\nConnection: close\n\n", 421),
        ("GET http://evil.example/config HTTP/1.1\nHost: 127.0.0.1:PORT\nConnection: close\n\n",
         200),
        ("GET /config HTTP/1.0\nHost: 127.0.0.1:PORT\n\n", 200),
        ("POST /gradio_api/reset HTTP/1.1\nHost: 127.0.0.1:PORT\nX-Forwarded-Proto: https\n"
         "Origin: https://127.0.0.1:PORT\nContent-Length: 0\nConnection: close\n\n", 403),
        ("OPTIONS /gradio_api/component_server HTTP/1.1\nHost: 127.0.0.1:PORT\nOrigin: http://"
         "localhost:1\nAccess-Control-Request-Method: POST\nConnection: close\n\n", 405),
        ("GET /config HTTP/1.1\nHost: 127.0.0.1:PORT\nUpgrade: websocket\nConnection: Upgrade\n"
         "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\nSec-WebSocket-Version: 13\n\n", None),
    ],
)  # fmt: skip
def test_a_request_is_answered_by_its_host_alone(
    address: str, request_: str, status: int | None
) -> None:
    answer = told(address, request_)
    assert "access-control-allow-origin" not in answer
    assert "HTTP/1.1 101" not in answer
    if status:
        assert answer.startswith(f"HTTP/1.1 {status} ")
