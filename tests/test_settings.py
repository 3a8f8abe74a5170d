"""Settings come from the flag, the environment, the user's file, the default, in this order."""

from pathlib import Path

import pytest
from conftest import HashedWords, invented

from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.index.settings import read_sources
from footnote.rag.build import configured_engine
from footnote.rag.generation.llm import LLMComposer
from footnote.rag.generation.settings import LLMSettings
from footnote.ui.settings import all_sections, all_sources, setting_rows, settings_markdown
from tests.command import inside

ROOT = Path(__file__).parent.parent


def written(folder: Path, text: str) -> dict[str, str]:
    """Returns an environment whose settings file has this text."""
    (folder / "footnote.toml").write_text(text, "utf-8")
    return {"FOOTNOTE_CONFIG": str(folder / "footnote.toml")}


def test_the_environment_is_before_the_file_and_the_file_before_the_default(tmp_path: Path) -> None:
    environ = written(
        tmp_path,
        '[endpoint]\napi_key = "k"\n[llm]\ntimeout = 7\ndeadline = 8\nrepair = false\n'
        "prices = [0.1, 2]\n",
    )
    sources = read_sources(all_sections(), environ={**environ, "FOOTNOTE_TIMEOUT": "5"})
    read = LLMSettings.from_environment(sources)
    assert read is not None
    assert (read.timeout, read.deadline, read.max_tokens, read.repair) == (5, 8, 1500, False)
    assert read.prices is not None
    assert read.prices.completion == 2
    assert read.api_key == "k"
    assert sources.using(FOOTNOTE_TIMEOUT="3")["FOOTNOTE_TIMEOUT"] == "3"


def test_a_file_in_the_working_folder_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, '[endpoint]\nbase_url = "http://elsewhere/v1"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert all_sources().get("OPENAI_BASE_URL") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[llm]\n\ntimeout = "x"\n', "footnote.toml:3: timeout is 'x'; give seconds up to a day"),
        ("[llm]\ntimeuot = 1\n", "footnote.toml:2: [llm] has no key 'timeuot'; did you mean "
         "'timeout'?"),
        ("\n[lmm]\n", "footnote.toml:2: there is no section [lmm]; did you mean 'llm'?"),
        ("[llm\n", "footnote.toml is not a settings file"),
    ],
)  # fmt: skip
def test_an_error_in_the_file_is_one_line_that_names_its_place(
    text: str, said: str, tmp_path: Path
) -> None:
    ran = inside("settings", **written(tmp_path, text))
    assert ran.status == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(FootnoteError, match="FOOTNOTE_CONFIG is not a file"):
        read_sources(environ={"FOOTNOTE_CONFIG": str(tmp_path / "none.toml")})


def test_the_command_says_where_each_value_comes_from_and_shows_no_secret(tmp_path: Path) -> None:
    environ = written(tmp_path, '[mail]\nhost = "mail.example.org"\npassword = "tide-and-time"\n')
    ran = inside("settings", "--json", **environ, OPENAI_API_KEY="sk-hidden-key",
                 OPENAI_BASE_URL="http://user:harbour-word@host/v1?key=ebb-and-flow")  # fmt: skip
    rows = {row["name"]: row for row in ran.data}
    assert rows["mail.host"]["source"] == "footnote.toml:2"
    assert (rows["endpoint.api_key"]["value"], rows["endpoint.api_key"]["source"]) == (
        "***", "environment",
    )  # fmt: skip
    assert rows["llm.timeout"]["source"] == "default"
    assert "tide-and-time" not in ran.out
    assert "sk-hidden-key" not in ran.out
    assert "harbour-word" not in ran.out
    assert "ebb-and-flow" not in ran.out


def test_the_documented_table_has_every_setting() -> None:
    assert (ROOT / "docs" / "settings.md").read_text("utf-8") == settings_markdown()
    assert len({row.variable for row in setting_rows({})}) == len(setting_rows({})) > 29


def test_a_library_user_gets_the_configured_engine_without_the_interface(tmp_path: Path) -> None:
    environ = {"OPENAI_API_KEY": "k", "FOOTNOTE_RERANK_URL": "http://127.0.0.1:9/v1"}
    with Library.open(tmp_path / "shelf", embedder=HashedWords(), create=True) as library:
        library.add([invented(1)])
        engine = configured_engine(library, environ)
        assert isinstance(engine.composer, LLMComposer)
        assert engine.retriever.reranker is not None
        assert configured_engine(library, {}).retriever.reranker is None
