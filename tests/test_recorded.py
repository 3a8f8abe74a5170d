"""A run is recorded prompt by prompt, and replayed byte for byte."""

import gzip
import json
from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ChatMessage

from footnote.evals.demo import demo_set
from footnote.index import FootnoteError
from footnote.index.library import Library
from footnote.rag.build import engine_through
from footnote.rag.generation.chat.judging import known_claims
from footnote.rag.generation.chat.recorded import (
    MissingReply,
    RecordedChat,
    name_prompt,
    pack_replies,
    read_replies,
    show_prompt,
)
from footnote.rag.generation.prompts import PLAN
from tests.asking import CHECKED, CLIPS, QUESTION
from tests.command import inside

PLANNED = json.dumps({"question": QUESTION, "kind": "fact", "queries": ["clipped objective"]})
SAID = CHECKED.replace("ratio", "ratio")


# What a model says that passes its test.
KNOWN = json.dumps(
    [
        {"id": f"S{n}", "verdict": "supported" if honest else "contradicted"}
        for n, honest in enumerate(known_claims().values(), 1)
    ]
)


def answer_number(prompt: str) -> str:
    """Returns the number of the sentence that answers, as whoever writes replies would find it."""
    line = next(line for line in prompt.splitlines() if CLIPS in line)
    return line[1 : line.index("]")]


def record(library: Library, folder: Path) -> list[str]:
    """Returns the prompts without a reply after one more round."""
    chat = RecordedChat(folder, record=True)
    with pytest.raises(MissingReply):
        engine_through(library, chat).ask(QUESTION)
    return chat.missing


def recorded(library: Library, folder: Path) -> Path:
    """Records one question: its plan, its answer, and two prompts for verdicts."""
    (plan,) = record(library, folder)
    assert PLAN[:40] in (folder / "prompts" / f"{plan}.md").read_text("utf-8")
    (folder / "replies" / f"{plan}.txt").write_text(PLANNED, "utf-8")
    (answer,) = record(library, folder)
    number = answer_number((folder / "prompts" / f"{answer}.md").read_text("utf-8"))
    reply = SAID.replace("[N]", f"[{number}]") + " It is  spaced [1].\n"
    (folder / "replies" / f"{answer}.txt").write_bytes(reply.encode())
    judging = RecordedChat(folder, record=True)
    engine_through(library, judging).ask(QUESTION)
    for name in judging.missing:
        test = "Tern" in (folder / "prompts" / f"{name}.md").read_text("utf-8")
        (folder / "replies" / f"{name}.txt").write_text(KNOWN if test else "{}", "utf-8")
    return folder


def test_a_question_is_recorded_round_by_round_and_replayed(
    demo_library: Library, tmp_path: Path
) -> None:
    folder = recorded(demo_library, tmp_path / "run")
    chat = RecordedChat(folder)
    answer = engine_through(demo_library, chat).ask(QUESTION)
    assert (answer.mode, answer.statements[0].verdict) == ("llm", "supported")
    assert answer.statements[0].citations[0].quote.startswith(CLIPS)
    assert (chat.missing, chat.stale) == ([], [])
    assert answer.receipt.prompt_tokens > 1000
    again = engine_through(demo_library, RecordedChat(folder)).ask(QUESTION)
    assert again.text == answer.text


def test_a_changed_prompt_leaves_its_reply_stale_and_listed(
    demo_library: Library, tmp_path: Path
) -> None:
    folder = recorded(demo_library, tmp_path / "run")
    chat = RecordedChat(folder)
    with pytest.raises(MissingReply):
        engine_through(demo_library, chat).ask("What does PPO clip now?")
    assert len(chat.stale) == 4
    assert len(chat.missing) == 1
    assert not list((folder / "prompts").glob(f"{chat.missing[0]}*"))


def test_packed_replies_are_one_file_alike_each_time(demo_library: Library, tmp_path: Path) -> None:
    folder = recorded(demo_library, tmp_path / "run")
    one, two = tmp_path / "one.jsonl.gz", tmp_path / "two.jsonl.gz"
    assert pack_replies(folder, one, by="a person") == pack_replies(folder, two, by="a person") == 4
    assert one.read_bytes() == two.read_bytes()
    assert dict(read_replies(one)) == dict(read_replies(folder))
    rows = [json.loads(line) for line in gzip.decompress(one.read_bytes()).splitlines()]
    assert {row["by"] for row in rows} == {"a person"}
    # What the prompt of an answer gave is read from the prompt itself.
    [answered] = [row for row in rows if row.get("cites")]
    assert len(answered["papers"]) > 10
    assert engine_through(demo_library, RecordedChat(one)).ask(QUESTION).mode == "llm"


def messages_of(
    *evidence: str, question: str = "How high?", paper: str = "Tides"
) -> list[ChatMessage]:
    given = "\n".join(["Abstracts:", f"Paper: {paper}", *evidence])
    asked = f"{given}\n\nQuestion: {question}"
    return [ChatMessage(role="system", content="Cite."), ChatMessage(role="user", content=asked)]


def test_a_reply_answers_a_prompt_that_gives_all_it_cites_under_other_numbers(
    tmp_path: Path,
) -> None:
    first = messages_of("[1] It rained.", "[2] It rose 7 m.", "[3] Gulls fled.")
    folder = tmp_path / "run"
    with pytest.raises(MissingReply):
        RecordedChat(folder, record=True).reply(first)
    name = name_prompt(first)
    (folder / "replies" / f"{name}.txt").write_text("By 7 m [2][3], in [2, 3].", "utf-8")
    packed = tmp_path / "x.jsonl.gz"
    pack_replies(folder, packed, by="a person")
    row = json.loads(gzip.decompress(packed.read_bytes()))
    assert set(row["cites"]) == {"2", "3"}
    assert "7 m" not in json.dumps({**row, "reply": ""})

    other = messages_of("[1] Gulls fled.", "[2] A crab came.", "[3] It rose 7 m.")
    for replies in (folder, packed):
        chat = RecordedChat(replies)
        assert chat.reply(first) == "By 7 m [2][3], in [2, 3]."
        assert chat.renumbered == {}
        assert chat.reply(other) == "By 7 m [3][1], in [3][1]."
        assert chat.renumbered == {name_prompt(other): name}
        assert (chat.missing, chat.stale) == ([], [])
    for unlike in (
        messages_of("[1] Gulls fled.", "[2] It rose 8 m."),
        messages_of("[1] Gulls fled.", "[2] It rose 7 m.", question="How low?"),
        messages_of("[1] Gulls fled.", "[2] It rose 7 m.", paper="Gulls"),
    ):
        with pytest.raises(MissingReply):
            chat.reply(unlike)
    # A range cannot be told apart, nor a number that was not given.
    for said in ("All of it [1-3].", "By 9 m [9]."):
        (folder / "replies" / f"{name}.txt").write_text(said, "utf-8")
        chat = RecordedChat(folder)
        assert chat.reply(first) == said
        with pytest.raises(MissingReply):
            chat.reply(other)


def test_a_prompt_is_named_by_all_its_words_and_nothing_else() -> None:
    one = [ChatMessage(role="system", content="a"), ChatMessage(role="user", content="b")]
    other = [ChatMessage(role="system", content="a"), ChatMessage(role="user", content="c")]
    assert name_prompt(one) == name_prompt(list(one)) != name_prompt(other)
    assert show_prompt(one) == "<system>\na\n</system>\n\n<user>\nb\n</user>\n"


@pytest.mark.parametrize("raw", [b"{", b'{"id": 1}\n', b"\xff", b"[]\n"])
def test_damaged_replies_are_one_line(raw: bytes, tmp_path: Path) -> None:
    for name, data in (("a.jsonl", raw), ("a.jsonl.gz", gzip.compress(raw)), ("b.gz", raw)):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(FootnoteError, match=r"no recorded replies \(\w+\); give a folder"):
            RecordedChat(tmp_path / name)


def test_a_batch_and_a_set_are_recorded_and_replayed_by_command(
    demo_library: Library, tmp_path: Path
) -> None:
    folder = recorded(demo_library, tmp_path / "run")
    batch, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    batch.write_text(json.dumps({"id": "a", "question": QUESTION}), "utf-8")
    asked = ("ask", "--batch", batch, "--out", out, "--library", demo_library.path)
    ran = inside(*asked, "--replay", folder)
    assert (ran.status, ran.err) == (0, "")
    assert json.loads(out.read_text("utf-8"))["mode"] == "llm"
    fresh = inside(*asked, "--record", tmp_path / "fresh")
    assert fresh.status == 1
    assert "1 prompt without a reply; put replies to" in fresh.err
    ran = inside(
        "eval",
        "record",
        demo_set(),
        "--out",
        folder,
        "--limit",
        "2",
        "--library",
        demo_library.path,
    )
    assert ran.out.startswith("0 of 2 questions have all their replies")
    assert "2 prompts without a reply" in ran.err
    assert "4 replies to no prompt of this run" in ran.err
    (tmp_path / "ids").write_text("q01\n", "utf-8")
    few = ("eval", "record", demo_set(), "--out", folder, "--only", tmp_path / "ids")
    ran = inside(*few, "--library", demo_library.path)
    assert ran.out.startswith("0 of 1 questions have all their replies")
    (tmp_path / "ids").write_text("q01 nothing", "utf-8")
    assert "'nothing' is no question of" in inside(*few, "--library", demo_library.path).err
    packed = inside("eval", "pack", folder, "--out", tmp_path / "x.jsonl.gz", "--by", "a person")
    assert packed.out.startswith("4 replies in ")
