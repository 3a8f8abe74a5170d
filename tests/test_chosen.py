"""What was chosen on the page comes after all else, and never takes a key along."""

import json
import stat
from pathlib import Path

import pytest

from footnote.index.library import Library
from footnote.index.settings import CHOSEN, INDEX_SECTIONS, SettingSources, read_sources
from footnote.rag import ComposerError
from footnote.rag.build import RAG_SECTIONS
from footnote.rag.generation.chat.endpoints.chosen import (
    FILE,
    ChoiceError,
    add_chosen,
    check_address,
    choosable,
    read_chosen,
    write_chosen,
)
from footnote.rag.generation.chat.endpoints.trial import find_models
from footnote.rag.generation.prompts import LENGTHS
from footnote.rag.generation.settings import LLMSettings
from footnote.ui.settings import ServerSettings, all_sections, all_sources, model_sources
from tests.asking import GOOD, KEY, QUESTION
from tests.command import inside
from tests.endpoint import refuses, says, serve

LOCAL = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "FOOTNOTE_MODEL": "local"}


def settings(environ: dict[str, str], chosen: dict[str, str]) -> LLMSettings:
    read = LLMSettings.from_environment(SettingSources(environ, {}, chosen))
    assert read is not None
    return read


def test_an_error_says_where_the_address_was_set() -> None:
    chosen = settings({}, LOCAL)
    environ = settings(LOCAL, {})
    for config, told in (
        (chosen, f"check OPENAI_BASE_URL ({CHOSEN})"),
        (environ, "check OPENAI_BASE_URL"),
    ):
        with pytest.raises(ComposerError) as error:
            find_models(config)
        assert str(error.value).endswith(f"cannot be reached; {told}")


@pytest.mark.parametrize(
    ("environ", "chosen", "told"),
    [
        ({}, True, "set OPENAI_API_KEY, and OPENAI_BASE_URL beside it, where the page is started"),
        ({}, False, "set OPENAI_API_KEY"),
        ({"OPENAI_API_KEY": KEY}, False, "check OPENAI_API_KEY"),
    ],
)
def test_a_missing_key_is_no_wrong_one(environ: dict[str, str], chosen: bool, told: str) -> None:
    with serve() as endpoint:
        endpoint.beside["/v1/models"] = refuses(401, "no")
        at = {"OPENAI_BASE_URL": endpoint.url, "FOOTNOTE_MODEL": "m"}
        config = settings(environ, at) if chosen else settings({**environ, **at}, {})
        with pytest.raises(ComposerError) as error:
            find_models(config)
    fault = "refused the key" if environ else "wants a key"
    assert str(error.value).endswith(f"{fault} (status 401); {told}")


def test_the_environment_and_the_file_come_before_what_was_chosen(tmp_path: Path) -> None:
    toml = tmp_path / "footnote.toml"
    toml.write_text('[llm]\nlength = "short"\n', "utf-8")
    chosen = {"FOOTNOTE_LENGTH": "long", "FOOTNOTE_LANGUAGE": "German", **LOCAL}
    write_chosen(tmp_path / FILE, chosen)
    environ = {"FOOTNOTE_CONFIG": str(toml), "FOOTNOTE_MODEL": "mine"}
    sources = add_chosen(read_sources(RAG_SECTIONS, environ=environ), RAG_SECTIONS)
    read = LLMSettings.from_environment(sources)
    assert read is not None
    assert (read.model, read.length, read.language) == ("mine", "short", "German")
    named = ("FOOTNOTE_MODEL", "FOOTNOTE_LENGTH", "FOOTNOTE_LANGUAGE", "FOOTNOTE_TIMEOUT")
    found = [sources.source(variable) for variable in named]
    assert found == ["environment", "footnote.toml:2", CHOSEN, "default"]
    assert sources.using(FOOTNOTE_LANGUAGE="Basque")["FOOTNOTE_LANGUAGE"] == "Basque"


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/v1",
        "https://elsewhere.example/v1",
        # Not encrypted, another port, and names that only begin or end like the right one.
        "http://api.openai.com/v1",
        "https://api.openai.com:8443/v1",
        "https://api.openai.com.elsewhere.example/v1",
        "https://api.openai.com@elsewhere.example/v1",
        "https://elsewhere.example/api.openai.com/v1",
        "https://xapi.openai.com/v1",
        "https://api.openai.com./v1",
    ],
)
def test_a_key_does_not_go_to_an_address_that_was_chosen(address: str) -> None:
    read = settings({"OPENAI_API_KEY": KEY}, {**LOCAL, "OPENAI_BASE_URL": address})
    assert read.base_url == address
    assert KEY not in read.api_key


def test_a_key_goes_where_it_was_configured_for() -> None:
    key = {"OPENAI_API_KEY": KEY}
    openai = {"OPENAI_BASE_URL": "https://API.openai.com:443/v1"}
    assert settings(key, {**LOCAL, **openai}).api_key == KEY
    assert settings(key, {"FOOTNOTE_MODEL": "gpt-5-mini"}).api_key == KEY
    # An address of the environment is before one of the page, and has the key beside it.
    read = settings({**key, "OPENAI_BASE_URL": "https://mine.example/v1"}, LOCAL)
    assert (read.base_url, read.api_key) == ("https://mine.example/v1", KEY)
    # Nobody's key is made of what the page sends.
    assert settings({}, {**LOCAL, "OPENAI_API_KEY": KEY}).api_key == "none"


def test_nothing_but_the_model_reads_an_address_that_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_chosen(tmp_path / FILE, LOCAL)
    (tmp_path / "footnote.toml").write_text("", "utf-8")
    monkeypatch.setenv("FOOTNOTE_CONFIG", str(tmp_path / "footnote.toml"))
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert model_sources()["OPENAI_BASE_URL"] == LOCAL["OPENAI_BASE_URL"]
    # Embeddings and the reranker read these, and a library's vectors are of one endpoint.
    assert "OPENAI_BASE_URL" not in all_sources()
    assert "OPENAI_BASE_URL" not in read_sources(INDEX_SECTIONS)


@pytest.mark.parametrize(
    "address",
    [
        "", "localhost:8080", "file:///etc/passwd", "javascript:alert(1)", "ftp://host/v1", "http://",
        "http://user:word@host/v1", "http://host/v1?key=sk-1", "http://host/v1#x",
        "http://host/" + "v" * 400, "http://[::1", "http://ho st/v1",
    ],
)  # fmt: skip
def test_what_is_no_address_or_holds_a_key_cannot_be_chosen(address: str) -> None:
    with pytest.raises(ChoiceError, match="the address"):
        check_address(address)


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:11434/v1", "https://host/v1?api-version=2024-10-21", "http://[::1]:1/"],
)
def test_what_is_an_address_can_be_chosen(address: str) -> None:
    check_address(address)


def test_what_was_chosen_is_for_its_owner_alone_and_holds_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "new" / FILE
    write_chosen(path, {**LOCAL, "FOOTNOTE_INSTRUCTIONS": "Für Ärztinnen."})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [FILE]
    more = {
        **json.loads(path.read_text("utf-8")),
        "OPENAI_API_KEY": KEY,
        "FOOTNOTE_RERANK_URL": "x",
    }
    path.write_text(json.dumps(more), "utf-8")
    assert read_chosen(path, RAG_SECTIONS) == {**LOCAL, "FOOTNOTE_INSTRUCTIONS": "Für Ärztinnen."}
    assert read_chosen(tmp_path / "none.json", RAG_SECTIONS) == {}


@pytest.mark.parametrize(
    "text",
    ["", "[]", '{"FOOTNOTE_MODEL": 7}', "\xff", "[" * 5000, '{"a": "' + "x" * 200_000 + '"}'],
)
def test_a_file_that_the_page_did_not_write_is_one_line(text: str, tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ChoiceError, match="is not what the page writes") as told:
        read_chosen(path, RAG_SECTIONS)
    assert "\n" not in str(told.value)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(ChoiceError, match=r"cannot be written .*nothing was changed"):
        write_chosen(tmp_path / "file" / FILE, LOCAL)
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_the_command_says_what_was_chosen_and_what_is_before_it(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text('[llm]\nmodel = "mine"\n', "utf-8")
    write_chosen(tmp_path / FILE, {**LOCAL, "FOOTNOTE_LENGTH": "long"})
    ran = inside("settings", "--json", FOOTNOTE_CONFIG=str(tmp_path / "footnote.toml"))
    rows = {row["variable"]: (row["value"], row["source"]) for row in ran.data}
    assert rows["OPENAI_BASE_URL"] == (LOCAL["OPENAI_BASE_URL"], CHOSEN)
    assert rows["FOOTNOTE_LENGTH"] == ("long", CHOSEN)
    assert rows["FOOTNOTE_MODEL"] == ("mine", "footnote.toml:2")
    assert rows["FOOTNOTE_TIMEOUT"] == ("60.0", "default")


def test_a_chosen_value_that_is_wrong_is_named_as_such(tmp_path: Path) -> None:
    (tmp_path / "footnote.toml").write_text("", "utf-8")
    write_chosen(tmp_path / FILE, {"FOOTNOTE_LENGTH": "endless"})
    ran = inside("settings", FOOTNOTE_CONFIG=str(tmp_path / "footnote.toml"))
    assert (ran.status, ran.err.count("\n")) == (2, 1)
    assert f"FOOTNOTE_LENGTH ({CHOSEN}) is 'endless'; give short, medium or long" in ran.err


def test_flags_come_before_everything(demo_library: Library, tmp_path: Path) -> None:
    write_chosen(tmp_path / FILE, {"FOOTNOTE_LENGTH": "long", "FOOTNOTE_LANGUAGE": "Basque"})
    with serve(says(GOOD)) as endpoint:
        environ = {
            "FOOTNOTE_CONFIG": str(tmp_path / "footnote.toml"), "OPENAI_BASE_URL": endpoint.url,
            "FOOTNOTE_MODEL": "m", "FOOTNOTE_LANGUAGE": "German", "FOOTNOTE_PLAN": "0",
        }  # fmt: skip
        (tmp_path / "footnote.toml").write_text("", "utf-8")
        asked = ["ask", QUESTION, "--library", str(demo_library.path), "--json"]
        ran = inside(*asked, **environ)
        assert ran.data["mode"] == "llm"
        assert "Write in German." in endpoint.prompt["system"]
        assert LENGTHS["long"] in endpoint.prompt["user"]
        flags = ["--language", "Latin", "--length", "short", "--instructions", "Be plain."]
        assert inside(*asked, *flags, **environ).data["mode"] == "llm"
        assert "Write in Latin." in endpoint.prompt["system"]
        assert "The user asks for: Be plain." in endpoint.prompt["system"]
        assert LENGTHS["short"] in endpoint.prompt["user"]
    for flags, told in (
        (["--length", "endless"], "'endless' is not one of"),
        (["--instructions", "x" * 2_001], "give up to 2,000 characters"),
        (["--length", "long", "--replay", str(tmp_path)], "leave out --language, --length"),
    ):
        ran = inside(*asked, *flags, **environ)
        assert (ran.status, ran.err.count("\n")) == (2, 1)
        assert told in ran.err


def test_what_the_page_can_choose_is_what_the_model_reads() -> None:
    # ``model_sources`` names these sections, so that a question does not load the others.
    named = (*INDEX_SECTIONS, LLMSettings, ServerSettings)
    assert choosable(named) == choosable(all_sections())
