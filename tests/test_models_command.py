"""``footnote models``: what an endpoint offers, how the chosen model does, and what is wrong."""

import json
from typing import Any

import pytest

from tests.asking import KEY
from tests.command import Ran, inside
from tests.endpoint import Endpoint, Reply, completes, hangs, refuses, says, serve, tells

LISTED = tells(
    {
        "object": "list",
        "data": [
            {"id": "qwen2.5:7b", "object": "model"},
            {"id": "llama3.2:latest", "object": "model", "max_model_len": 6000},
            {"id": "evil\x1b[2J<b>", "object": "model"},
        ],
    }
)


def trial(handler: Any) -> None:
    """Streams colours, and JSON where it is asked for."""
    wanted = "JSON" in str(handler.asked["messages"])
    says('{"capital": "Paris"}' if wanted else "Red\nblue\ngreen\n")(handler)


def models(
    reply: Reply = trial, *flags: str, listed: Reply | None = LISTED, **environ: str
) -> tuple[Ran, Endpoint]:
    with serve(reply) as endpoint:
        if listed:
            endpoint.beside["/v1/models"] = listed
        given = {"OPENAI_BASE_URL": endpoint.url, "OPENAI_API_KEY": KEY}
        ran = inside("models", *flags, **{**given, "FOOTNOTE_MODEL": "llama3.2", **environ})
    assert KEY not in ran.out + ran.err
    assert KEY[:10] not in ran.out + ran.err
    assert "\x1b" not in ran.out + ran.err
    return ran, endpoint


def test_the_models_are_listed_and_the_chosen_one_is_tried() -> None:
    ran, endpoint = models()
    assert ran.status == 0
    lines = ran.out.splitlines()
    (starred,) = [line for line in lines if line.startswith("*")]
    assert starred.split() == ["*", "llama3.2:latest", "6,000"]
    assert any(line.split() == ["qwen2.5:7b"] for line in lines)
    assert any(line.startswith("streams") and "yes, first word after 0." in line for line in lines)
    assert any(line.split() == ["JSON", "yes"] for line in lines)
    assert "6,000 tokens (the endpoint says so)" in ran.out
    assert len(endpoint.requests) == 2
    # They are quick: no thoughts are asked for, and no papers are sent.
    assert all(len(json.dumps(request)) < 2000 for request in endpoint.requests)


def test_json_is_alone_on_stdout() -> None:
    ran, endpoint = models(trial, "--json")
    data = ran.data
    assert data["endpoint"] == endpoint.url
    assert [model["name"] for model in data["models"] if model["configured"]] == ["llama3.2:latest"]
    tried = data["trial"]
    assert 0 < tried.pop("first_word_s") < 5
    assert tried == {
        "streams": True,
        "takes_schema": True,
        "gives_json": True,
        "window": 6000,
        "window_source": "the endpoint says so",
        "prices": None,
        "refused": [],
        "api": "chat",
        "fault": None,
    }


def test_what_an_endpoint_does_not_take_is_told() -> None:
    def stubborn(handler: Any) -> None:
        for name in ("stream", "response_format"):
            if name in handler.asked:
                refuses(400, f"{name} is not supported")(handler)
                return
        completes("Paris, I think.")(handler)

    ran, _ = models(stubborn)
    assert ran.status == 0
    told = {line.split("  ")[0]: line for line in ran.out.splitlines()}
    assert "no, first word after" in told["streams"]
    assert "no, not held to a schema" in told["JSON"]
    assert "response_format, stream: the endpoint does not take them" in told["left out"]


def test_prices_are_shown_where_they_are_known() -> None:
    ran, _ = models(trial, FOOTNOTE_PRICES="0.15,0.6")
    assert "$0.15 in, $0.6 out per million tokens (set by FOOTNOTE_PRICES)" in ran.out
    ran, _ = models(trial)
    assert any(line.split() == ["price", "unknown"] for line in ran.out.splitlines())


ONE_LINE = {
    "no endpoint": (
        {"OPENAI_BASE_URL": "", "OPENAI_API_KEY": ""},
        2,
        "no endpoint is configured; set OPENAI_API_KEY, or OPENAI_BASE_URL and FOOTNOTE_MODEL",
    ),
    "nothing listens": (
        {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"},
        1,
        "the endpoint at http://127.0.0.1:9/v1 cannot be reached; check OPENAI_BASE_URL",
    ),
    "no address": ({"OPENAI_BASE_URL": "localhost"}, 2, "OPENAI_BASE_URL is not a URL"),
    "no model": ({"FOOTNOTE_MODEL": ""}, 2, "FOOTNOTE_MODEL is not set; set it to the name of"),
}


@pytest.mark.parametrize("name", ONE_LINE)
def test_what_is_missing_is_one_line(name: str) -> None:
    environ, status, line = ONE_LINE[name]
    ran, endpoint = models(trial, **environ)
    assert (ran.status, ran.err.count("\n")) == (status, 1)
    assert ran.err.startswith(f"footnote: {line}")
    assert endpoint.requests == []
    assert ("qwen2.5:7b" in ran.out) is (name == "no model")


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_one_line(status: int) -> None:
    said = refuses(status, f"Incorrect API key provided: {KEY}")
    ran, endpoint = models(said, listed=said)
    assert ran.status == 1
    assert ran.err == (
        f"footnote: the endpoint at {endpoint.url} refused the key (status {status}); "
        "check OPENAI_API_KEY\n"
    )


def test_a_key_that_google_refuses_is_a_refused_key() -> None:
    # Google refuses a key with 400, in a list.
    def reply(handler: Any) -> None:
        body = [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID"}}]
        handler.send_response(400)
        handler.end_headers()
        handler.wfile.write(json.dumps(body).encode())

    ran, _ = models(reply, listed=reply)
    assert ran.status == 1
    assert "refused the key (status 400); check OPENAI_API_KEY" in ran.err


def test_an_unknown_model_names_the_nearest() -> None:
    ran, _ = models(refuses(404, "model 'lama3.2' not found"), FOOTNOTE_MODEL="lama3.2")
    assert ran.status == 1
    assert "lama3.2 is not among them" in ran.out
    assert "knows no such model or address (status 404)" in ran.err
    assert "the endpoint offers llama3.2:latest" in ran.err


def test_a_name_that_is_not_listed_may_still_be_served() -> None:
    # llama.cpp serves its one model under any name, Azure its deployments.
    ran, _ = models(trial, FOOTNOTE_MODEL="my-deployment")
    assert ran.status == 0
    assert "my-deployment is not among them" in ran.out


@pytest.mark.parametrize("listed", [None, tells({"data": "none"}), refuses(405, "no")])
def test_an_endpoint_without_a_list_is_tried_all_the_same(listed: Reply | None) -> None:
    ran, endpoint = models(trial, listed=listed)
    assert ran.status == 0
    assert f"{endpoint.url} does not list its models." in ran.out
    assert "yes, first word after" in ran.out


def test_what_was_not_tried_is_neither_yes_nor_no() -> None:
    def half(handler: Any) -> None:
        (refuses(401) if "JSON" in str(handler.asked["messages"]) else trial)(handler)

    ran, _ = models(refuses(401), "--json")
    assert (ran.data["trial"]["streams"], ran.data["trial"]["takes_schema"]) == (None, None)
    ran, _ = models(half, "--json")
    assert (ran.data["trial"]["streams"], ran.data["trial"]["takes_schema"]) == (True, None)


def test_a_server_that_sends_all_at_once_does_not_stream() -> None:
    ran, _ = models(completes('{"capital": "Paris"}'), "--json")
    assert (ran.data["trial"]["streams"], ran.data["trial"]["gives_json"]) == (False, True)
    assert ran.data["trial"]["fault"] is None


def test_an_error_in_place_of_an_answer_is_named() -> None:
    for error, told in [("no credits", "sent an error in place"), ({"code": 402}, "payment")]:
        ran, _ = models(tells({"error": error}))
        assert ran.status == 1
        assert told in ran.err


def test_a_model_that_hangs_ends_in_time() -> None:
    ran, _ = models(hangs(1.5), FOOTNOTE_TIMEOUT="0.3")
    assert ran.status == 1
    assert "gave no answer within 0.3 s" in ran.err
