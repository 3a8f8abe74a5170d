"""The guard before the server: who is answered, at which addresses, and to how much."""

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.types import Receive, Scope, Send

from footnote.index import FootnoteError
from footnote.ui.web.security.hosts import Door, is_loopback
from footnote.ui.web.security.limits import Limits
from footnote.ui.web.security.middleware import UPLOAD, Guard
from footnote.ui.web.security.policy import PagePolicy, inline_scripts, template
from tests.asgi import Pairs, Reply, send

ACTION = "/gradio_api/component_server"
HOST = "127.0.0.1:7860"
OWN = f"http://{HOST}"
JSON = ("Content-Type", "application/json")
LIMITS = Limits(body=100, upload=1000)


class Behind:
    """What stands behind the guard: notes each request that reaches it, and reads its body."""

    def __init__(self) -> None:
        self.mark_visit: list[Request] = []
        self.read = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.mark_visit.append(request)
        async for part in request.stream():
            self.read += len(part)
        headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "true"}
        await PlainTextResponse("secret", headers=headers)(scope, receive, send)


@pytest.fixture
def behind() -> Behind:
    return Behind()


def guard(behind: Behind, door: Door | None = None, host: str = "127.0.0.1") -> Guard:
    door = door or Door()
    return Guard(behind, hosts=door.hosts(host, 7860), proxies=door.proxies, limits=LIMITS)


def get(behind: Behind, headers: Pairs, door: Door | None = None, path: str = "/") -> Reply:
    return send(guard(behind, door), "GET", path, headers)


def post(behind: Behind, *headers: tuple[str, str], host: str = HOST, path: str = ACTION) -> Reply:
    return send(guard(behind), "POST", path, [("Host", host), *headers], [b"{}"])


@pytest.mark.parametrize("host", [HOST, "localhost:7860", "LocalHost:7860", "[::1]:7860"])
def test_the_names_of_this_machine_are_answered(behind: Behind, host: str) -> None:
    assert get(behind, [("Host", host)]).status == 200


@pytest.mark.parametrize(
    "hosts",
    [
        (), ("",), ("evil.example",), ("evil.example:7860",), ("localhost",), ("127.0.0.1",),
        ("localhost:80",), ("localhost:7861",), ("localhost:07860",), ("localhost.:7860",),
        ("localhost:7860.",), ("user@localhost:7860",), ("localhost:7860@evil.example",),
        ("localhost:7860/",), ("http://localhost:7860",), (" localhost:7860",),
        ("localhost:7860 ",), ("localhost:7860,evil.example",), ("localhost:7860\x00",),
        ("loc\xe4lhost:7860",), ("::1:7860",), ("[::1]",), ("[0:0:0:0:0:0:0:1]:7860",),
        ("0.0.0.0:7860",), ("127.1:7860",), ("2130706433:7860",), ("localhost.evil.example:7860",),
        (HOST, HOST), (HOST, "evil.example"), ("evil.example", HOST),
    ],
)  # fmt: skip
def test_any_other_host_is_misdirected(behind: Behind, hosts: tuple[str, ...]) -> None:
    reply = get(behind, [("Host", host) for host in hosts])
    assert (reply.status, behind.mark_visit) == (421, [])
    assert reply.text == "this is not a name of this server; --allow-host adds a name\n"


def test_a_name_that_was_allowed_is_answered_with_and_without_the_port(behind: Behind) -> None:
    door = Door.read(names=["Papers.example.org", "other.example:8080", "[fe80::1]:90"])
    told = {
        host: get(behind, [("Host", host)], door).status
        for host in (
            "papers.example.org", "papers.example.org:7860", "papers.example.org:81",
            "other.example:8080", "other.example", "other.example:7860", "[fe80::1]:90",
        )
    }  # fmt: skip
    assert list(told.values()) == [200, 200, 421, 200, 421, 421, 200]


def test_an_open_server_answers_to_the_address_that_was_reached(behind: Behind) -> None:
    app = guard(behind, Door(open=True), "0.0.0.0")
    reached = ("192.0.2.7", 7860)
    assert send(app, "GET", "/", [("Host", "192.0.2.7:7860")], server=reached).status == 200
    assert send(app, "GET", "/", [("Host", "192.0.2.8:7860")], server=reached).status == 421
    # A name is not believed because it was reached: that is what rebinding does.
    named = ("evil.example", 7860)
    assert send(app, "GET", "/", [("Host", "evil.example:7860")], server=named).status == 421


@pytest.mark.parametrize(
    "name",
    ["", "*", "a b", "http://a", "a/b", "u@a", "a.", ".a", "-a", "a:", "a:b", "a:123456",
     "bücher.example", "::1", "[::1"],
)  # fmt: skip
def test_a_name_that_no_browser_sends_is_refused(name: str) -> None:
    with pytest.raises(FootnoteError, match=r"--allow-host .* is not a host name") as error:
        Door.read(names=[name])
    assert "\n" not in str(error.value)


FOREIGN = [
    ("Origin", "http://evil.example"), ("Origin", "null"), ("Origin", ""),
    ("Origin", f"https://{HOST}"), ("Origin", "http://127.0.0.1:7861"),
    ("Origin", "http://127.0.0.1"), ("Origin", "http://localhost:7860"), ("Origin", f"{OWN}/"),
    ("Origin", f"{OWN}.evil.example"), ("Origin", f"{OWN}, http://evil.example"),
    ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Sec-Fetch-Site", "odd"),
]  # fmt: skip


@pytest.mark.parametrize("header", FOREIGN)
def test_what_another_site_sends_changes_nothing(behind: Behind, header: tuple[str, str]) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        reply = send(guard(behind), method, ACTION, [("Host", HOST), JSON, header], [b"{}"])
        assert (reply.status, behind.mark_visit) == (403, [])
    also_own = post(behind, JSON, ("Origin", OWN), header)
    assert (also_own.status, behind.mark_visit) == (403, [])


@pytest.mark.parametrize("header", [("Origin", OWN), ("Sec-Fetch-Site", "same-origin"),
                                    ("Sec-Fetch-Site", "none")])  # fmt: skip
def test_what_the_page_sends_comes_through(behind: Behind, header: tuple[str, str]) -> None:
    assert post(behind, header, ("Content-Type", "text/plain")).status == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [("application/json", 200), ("Application/JSON; charset=utf-8", 200),
     ("multipart/form-data; boundary=x", 200), ("text/plain", 415), ("", 415),
     ("text/plain; application/json", 415), ("application/x-www-form-urlencoded", 415),
     ("application/jsonp", 415)],
)  # fmt: skip
def test_a_program_must_say_what_it_sends(behind: Behind, kind: str, status: int) -> None:
    assert post(behind, ("Content-Type", kind)).status == status
    assert len(behind.mark_visit) == (status == 200)


def test_another_site_may_link_here_and_not_read(behind: Behind) -> None:
    link = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "document")]
    frame = [("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", "iframe")]
    image = [("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "image")]
    told = [
        get(behind, [("Host", HOST), ("Sec-Fetch-Site", site), *how]).status
        for site in ("cross-site", "same-origin")
        for how in (link, frame, image)
    ]
    assert told == [200, 403, 403, 200, 200, 200]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/gradio_api/call/respond", 404), ("POST", "/gradio_api/run/respond", 404),
        ("POST", "/gradio_api/api/respond", 404), ("POST", "/gradio_api/vibe-edit", 404),
        ("POST", "/gradio_api/stream/x", 404), ("POST", "/login", 404), ("POST", "/", 404),
        ("POST", "/gradio_api/run/predict", 404), ("POST", "/gradio_api/cancel", 404),
        ("POST", "/gradio_api/reset", 404), ("POST", "/ask", 200), ("GET", "/ask", 404),
        ("GET", "/gradio_api/proxy=http://a/", 404), ("GET", "/gradio_api/file=/etc/passwd", 404),
        ("GET", "/monitoring", 404), ("GET", "/gradio_api/deep_link", 404),
        ("GET", "/gradio_api/info", 404), ("GET", "/gradio_api/openapi.json", 404),
        ("GET", "/gradio_api/upload_progress", 404), ("GET", "/gradio_api/queue/status", 404),
        ("GET", ACTION, 404), ("GET", "/static", 404), ("GET", "//", 200),
        ("GET", "/gradio_api/heartbeat/x", 200), ("GET", "/assets/x.js", 200),
        ("POST", f"{ACTION}/", 200), ("HEAD", "/", 200), ("OPTIONS", ACTION, 405),
        ("TRACE", "/", 403), ("DELETE", ACTION, 403),
    ],
)  # fmt: skip
def test_only_what_the_page_asks_for_is_answered(
    behind: Behind, method: str, path: str, status: int
) -> None:
    headers = [("Host", HOST), JSON]
    if status == 403:
        headers.append(("Sec-Fetch-Site", "cross-site"))
    assert send(guard(behind), method, path, headers).status == status


def test_no_answer_lets_another_origin_read_or_frame_it(behind: Behind) -> None:
    for reply in (
        get(behind, [("Host", HOST), ("Origin", OWN)]),
        get(behind, [("Host", "evil.example")]),
        get(behind, [("Host", HOST)], path="/nowhere"),
        post(behind, ("Origin", "null")),
    ):
        assert not [name for name in reply.headers if name.startswith("access-control")]
        assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "same-origin"


def test_a_websocket_is_closed(behind: Behind) -> None:
    send(guard(behind), "GET", "/", [("Host", HOST)], kind="websocket")
    assert behind.mark_visit == []


FORWARDED = [("Host", HOST), ("X-Forwarded-Host", "papers.example.org"), ("Forwarded", "for=1"),
             ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "1.2.3.4"),
             ("X-Gradio-Server", "http://evil.example")]  # fmt: skip


def test_nobody_but_a_named_proxy_says_where_a_request_comes_from(behind: Behind) -> None:
    assert get(behind, FORWARDED).status == 200
    assert [name for name in behind.mark_visit[0].headers if name != "host"] == []
    assert str(behind.mark_visit[0].url) == f"{OWN}/"
    theirs = ("Origin", "https://papers.example.org")
    assert send(guard(behind), "POST", ACTION, [*FORWARDED, JSON, theirs]).status == 403


def test_a_reader_behind_tls_is_told_of_the_option_and_another_site_is_not(behind: Behind) -> None:
    door = Door.read(names=["papers.example.org"])
    for origin, named in (("papers.example.org", True), ("evil.example", False)):
        headers = [("Host", "papers.example.org"), JSON, ("Origin", f"https://{origin}")]
        reply = send(guard(behind, door), "POST", ACTION, headers, [b"{}"])
        assert (reply.status, reply.text.count("\n"), behind.mark_visit) == (403, 1, [])
        assert ("--trusted-proxy" in reply.text) is named


def test_a_named_proxy_is_believed_as_far_as_the_name_is_allowed(behind: Behind) -> None:
    door = Door.read(names=["papers.example.org"], proxies=["127.0.0.1"])
    own, evil = ("Origin", "https://papers.example.org"), ("Origin", "https://evil.example")
    app, headers = guard(behind, door), [*FORWARDED, JSON]
    assert send(app, "POST", ACTION, [*headers, own]).status == 200
    assert "x-gradio-server" not in behind.mark_visit[0].headers
    assert send(app, "POST", ACTION, [*headers, evil]).status == 403
    elsewhere = ("192.0.2.1", 1)
    assert send(app, "POST", ACTION, [*headers, own], client=elsewhere).status == 403
    unknown = [("Host", HOST), ("X-Forwarded-Host", "evil.example")]
    assert send(app, "GET", "/", unknown).status == 421


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [(ACTION, "100", 200), (ACTION, "101", 413), (ACTION, "9" * 5000, 413), (ACTION, "000100", 200),
     (ACTION, "-1", 400), (ACTION, "1_0", 400), (ACTION, "", 400), ("/x", "101", 413),
     (UPLOAD, "1000", 200), (UPLOAD, "70000", 413)],
)  # fmt: skip
def test_a_body_that_says_it_is_too_long_is_not_read(
    behind: Behind, path: str, length: str, status: int
) -> None:
    headers = [("Host", HOST), JSON, ("Content-Length", length)]
    reply = send(guard(behind), "POST", path, headers, [b"x" * 50])
    assert (reply.status, behind.read) == (status, 50 if status == 200 else 0)


@pytest.mark.parametrize("said", [(), (("Content-Length", "10"),)])
def test_a_body_that_does_not_say_so_is_counted(behind: Behind, said: Pairs) -> None:
    parts = (b"x" * 40 for _ in range(1000))
    reply = send(guard(behind), "POST", ACTION, [("Host", HOST), JSON, *said], parts)
    assert (reply.status, reply.text) == (413, "the request is too large; the limit is 100 bytes\n")
    assert behind.read <= 100


def test_a_body_that_stalls_is_given_up(behind: Behind) -> None:
    app = Guard(behind, hosts=Door().hosts("127.0.0.1", 7860), limits=LIMITS, pause=0.05)
    reply = send(app, "POST", ACTION, [("Host", HOST), JSON], [b"x"], stalls=True)
    assert (reply.status, reply.text.count("\n"), behind.read) == (408, 1, 1)
    assert "slowly" in reply.text


def page_of(*scripts: str) -> Reply:
    """Returns a page of Gradio's with some inline scripts, as its policy lets it out."""
    html = "<script src='a.js'></script>" + "".join(f"<script>{one}</script>" for one in scripts)

    async def page(scope: Scope, receive: Receive, send: Send) -> None:
        await HTMLResponse(html)(scope, receive, send)

    return send(PagePolicy(page, scripts=["three()"]), "GET", "/", [])


CONFIG = 'window.gradio_config = {"root": "http:\\u002f/a", "a": [1]};'


def test_the_page_runs_only_the_scripts_that_were_known_at_its_start() -> None:
    templates = [script for script in inline_scripts(template()) if "{{" not in script]
    assert len(templates) == 2
    reply = page_of(*templates, "three()", "alert(1)", CONFIG, "window.gradio_config = steal();")
    scripts = reply.headers["content-security-policy"].split("script-src ")[1].split(";")[0]
    assert "alert(1)" not in reply.text
    assert "steal()" not in reply.text
    # printf 'three()' | openssl dgst -sha256 -binary | base64, and for alert(1)
    assert "'sha256-9pBN41chd0j5wOHh+ekeax160Rc9jNo20dZbpBeXbkQ='" in scripts
    assert "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='" not in scripts
    assert "'unsafe-inline'" not in scripts
    assert all(f"<script>{one}</script>" in reply.text for one in [*templates, "three()"])
    assert int(reply.headers["content-length"]) == len(reply.text.encode())


def test_the_policy_does_not_change_with_what_the_page_holds() -> None:
    replies = [page_of(), page_of("alert(1)"), page_of(CONFIG), page_of(CONFIG.replace("1", "2"))]
    assert len({reply.headers["content-security-policy"] for reply in replies}) == 1
    assert '<script type="application/json">{"root": "http:\\u002f/a", "a": [1]}</script>' in (
        replies[2].text
    )


def test_settings_that_stand_twice_are_not_taken() -> None:
    reply = page_of(CONFIG, CONFIG.replace("1", "2"))
    assert "gradio_config" not in reply.text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.2"])
def test_this_machine_alone_needs_no_leave(host: str) -> None:
    assert is_loopback(host)
    Door().check(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "0", "192.0.2.1", "::ffff:192.0.2.1"])
def test_other_machines_get_in_by_open_only(host: str) -> None:
    with pytest.raises(FootnoteError, match="--open") as error:
        Door().check(host)
    assert "\n" not in str(error.value)
    Door(open=True).check(host)


@pytest.mark.parametrize("text", ["0", "-1", "1.5G", "G", "1 PB", "ten", "1_000", "9" * 30, "٣"])
def test_a_limit_that_is_no_number_is_one_line(text: str) -> None:
    for name in ("BODY", "UPLOAD", "UNPACKED", "QUESTION"):
        with pytest.raises(FootnoteError, match=f"FOOTNOTE_MAX_{name} is ") as error:
            Limits.from_environment({f"FOOTNOTE_MAX_{name}": text})
        assert "\n" not in str(error.value)


def test_limits_are_read_from_the_environment() -> None:
    environ = {"FOOTNOTE_MAX_BODY": " 5 ", "FOOTNOTE_MAX_UPLOAD": "", "FOOTNOTE_MAX_QUESTION": "9"}
    assert Limits.from_environment(environ) == Limits(body=5, question=9)
    assert Limits() == Limits(body=1_000_000, upload=100_000_000, unpacked=10**9, question=4000)


@pytest.mark.parametrize(
    ("value", "number"),
    [("500", 500), ("2 kB", 2000), ("1G", 10**9), ("3mb", 3 * 10**6), ("1T", 10**12)],
)
def test_a_size_is_read_with_its_unit_and_a_number_of_characters_has_none(
    value: str, number: int
) -> None:
    environ = {"FOOTNOTE_MAX_UNPACKED": value, "FOOTNOTE_MAX_UPLOAD": value}
    assert Limits.from_environment(environ) == Limits(upload=number, unpacked=number)
    with pytest.raises(FootnoteError, match="of characters, such as 4000"):
        Limits.from_environment({"FOOTNOTE_MAX_QUESTION": f"{value}k"})
