"""A report shows a run as it was: every case, every figure, and nothing from elsewhere."""

import html
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import complaints_of
from playwright.sync_api import Browser, Page, expect

from footnote.evals.metrics import LOWER_IS_BETTER
from footnote.evals.metrics.summary import summarise
from footnote.evals.report import render_report
from footnote.evals.runs.run_folder import CONFIG, REPORT, ROWS, RunMismatch, write_json

# It tries an element, an attribute, a script and a Jinja expression, in a line of which Markdown
# would make a table and a picture; and it has a word wider than a phone.
HOSTILE = (
    '</script></details><img src="http://evil.example/x.png" onerror="window.pwned=1"> '
    "{{ 7 * 7 }} | ![x](http://evil.example/y.png) 'single' \"><script>window.pwned=1</script>"
    f" {'unbroken' * 20}"
)
KELP = "paper:kelp"
SNOW = "Snow that falls in the deep sea feeds what lives there."


def answered(text: str, *, quote: str, confidence: float | None = None) -> dict[str, Any]:
    """Returns the JSON of an answer of one statement on one quote."""
    cited = {"marker": 1, "paper_id": KELP, "title": "Kelp", "quote": quote, "start": 0, "end": 9}
    return {
        "standalone_question": "How fast does kelp grow?",
        "text": f"{text} [1]",
        "abstained": False,
        "reason": None,
        "confidence": confidence,
        "statements": [
            {
                "text": text,
                "verdict": "unsettled",
                "support": 0.5,
                "notes": [],
                "citations": [cited],
            }
        ],
        "papers": [{"marker": 1, "id": KELP, "title": "Kelp"}],
        "hits": [
            {"paper_id": "paper:urchin", "title": "Urchin", "score": 0.9, "rank": 1},
            {"paper_id": KELP, "title": "Kelp", "score": 0.8, "rank": 2},
        ],
        "timings_ms": {"search": 30.0, "total": 40.0},
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "cost_usd": 0.0},
    }


def refused(reason: str) -> dict[str, Any]:
    refusal = {"text": "No paper says so.", "abstained": True, "reason": reason}
    return {**answered("", quote=""), **refusal, "statements": [], "papers": []}


def row(name: str, **changes: Any) -> dict[str, Any]:
    """Returns the row of a case that went well, save for the changes."""
    values = {"evidence": [1.0], "R@10": [1.0], "RR@10": [0.5], "abstain_wrong": [0.0]}
    return {
        "id": name,
        "tag": "growth",
        "question": "How fast does kelp grow?",
        "answerable": True,
        "error": None,
        "values": {**values, "cited_gold": [1.0], "nuggets": [1.0, 0.0]},
        "missed": None,
        "answer": answered("It grows fast.", quote="Kelp grows half a metre a day"),
        "seconds": 0.05,
        **changes,
    }


def small_run() -> list[dict[str, Any]]:
    lost = {"evidence": [0.0], "R@10": [0.0], "RR@10": [0.0], "abstain_wrong": [0.0]}
    return [
        row("k1"),
        row("k2", missed="evidence", values={**lost, "R@10": [1.0], "RR@10": [1.0]}, seconds=0.5),
        row("k3", missed="retrieval", values=lost, answer=answered(SNOW, quote=SNOW)),
        row("s1", tag="sea", missed="abstained", values={"abstain_wrong": [1.0]},
            answer=refused("nothing comes near")),
        row("s2", tag="sea", answerable=False, missed="answered", values={"abstain_right": [0.0]}),
        row("s3", tag="sea", answerable=False, values={"abstain_right": [1.0]},
            answer=refused("nothing comes near")),
        row("f1", tag="sea", error="TimeoutError: no answer in 30 s (llm.py:41)", answer=None,
            values={**lost, "abstain_wrong": [1.0]}),
    ]  # fmt: skip


def write_run(folder: Path, rows: Sequence[dict[str, Any]], *, name: str = "tides") -> Path:
    config = {"set": name, "cases": "c0", "library": "1b", "code": "0.1.0+ab", "composer": "llm"}
    config |= {"model": "small-model", "k": 20, "seed": 0}
    folder.mkdir(exist_ok=True)
    write_json(folder / CONFIG, config)
    lines = (json.dumps(found, ensure_ascii=False) + "\n" for found in rows)
    (folder / ROWS).write_text("".join(lines), "utf-8")
    write_json(folder / REPORT, {"config": config, **summarise(rows)})
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", small_run())


@pytest.fixture
def hostile_run(tmp_path: Path) -> Path:
    turn = {"role": "user", "content": HOSTILE}
    answer = answered(HOSTILE, quote=f"quote {HOSTILE}", confidence=0.5)
    answer["standalone_question"] = f"standalone {HOSTILE}"
    for part in (*answer["hits"], *answer["statements"][0]["citations"]):
        part["title"] = HOSTILE
    parts: dict[str, Any] = {"id": HOSTILE, "tag": HOSTILE, "question": HOSTILE, "error": HOSTILE}
    values = {"evidence": [1.0], HOSTILE: [1.0]}
    told = {"criterion": "quality", "statement": None, "score": 0.5, "label": None}
    told |= {"reason": HOSTILE, "model": HOSTILE}
    parts |= {"judgements": [told]}
    rows = [row("h", answer=answer, history=[turn], gold={HOSTILE: KELP}, values=values, **parts)]
    return write_run(tmp_path / "run", rows, name=HOSTILE)


class Parsed(HTMLParser):
    """What a browser would see: elements with their attributes, and text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def cases(self) -> list[dict[str, str | None]]:
        return [found for _, found in self.elements if found.get("class") == "case"]


def summary_rows(page: str) -> dict[str, str]:
    """Returns the text of each row of the summary, by measure."""
    found = re.findall(r'<tr data-measure="([^"]+)">(.*?)</tr>', page, re.DOTALL)
    return {html.unescape(name): re.sub(r"<[^>]+>", "", cells) for name, cells in found}


def test_html_refers_to_nothing_outside_itself(run: Path, hostile_run: Path) -> None:
    for folder in (run, hostile_run):
        page = render_report(folder, format="html")
        for _, attributes in Parsed(page).elements:
            for name in ("src", "href", "srcset", "action", "data", "poster"):
                assert (attributes.get(name) or "#").startswith("#")
        style = re.search(r"<style>(.*)</style>", page, re.DOTALL)
        assert style is not None
        assert not re.search(r"url\(|@import|https?:", style[1])


def test_hostile_text_is_shown_literally(hostile_run: Path) -> None:
    seen = Parsed(render_report(hostile_run, format="html"))
    assert "img" not in {tag for tag, _ in seen.elements}
    assert [tag for tag, _ in seen.elements].count("script") == 1
    assert not any("onerror" in attributes for _, attributes in seen.elements)
    # Set (title, heading), id, tag (3), question, error, history, standalone, statement, quote,
    # its title, answer as written, two hits, gold paper, measure (2), value, judge, its reason.
    assert seen.text.count(HOSTILE) == 22


def test_every_case_appears_once_in_the_order_of_the_run(run: Path) -> None:
    page = render_report(run, format="html")
    assert re.findall(r'<span class="id">(\w+)</span>', page) == [r["id"] for r in small_run()]
    assert [c["data-tag"] for c in Parsed(page).cases()] == [r["tag"] for r in small_run()]


def test_a_case_shows_answer_quote_and_verdict(run: Path) -> None:
    page = render_report(run, format="html")
    assert "<mark>Kelp grows half a metre a day</mark>" in page
    assert '<p class="text">It grows fast.</p>' in page
    assert '<span class="verdict unsettled">unsettled</span> 0.50' in page
    assert "nothing comes near" in page


def test_a_sentence_that_is_its_own_quote_is_told_once(run: Path) -> None:
    page = render_report(run, format="html")
    assert page.count(f"<mark>{SNOW}</mark>") == 1
    assert page.count(SNOW) == 2  # the other one is the answer as written


def test_a_failure_shows_its_error_and_is_counted(run: Path) -> None:
    page = render_report(run, format="html")
    assert '<dt>Failures</dt><dd class="warn">1</dd>' in page
    assert '<p class="error">TimeoutError: no answer in 30 s (llm.py:41)</p>' in page
    assert summary_rows(page)["evidence"].split()[-1] == "1"


def test_every_mean_and_interval_is_that_of_the_report_file(run: Path) -> None:
    page = render_report(run, format="html")
    measures = json.loads((run / REPORT).read_text())["measures"]
    shown = summary_rows(page)
    for name, found in measures["ALL"].items():
        numbers = re.findall(r"\d\.\d{3}", shown[name])
        wanted = ("mean",) if name == "aurc" else ("mean", "low", "high")
        assert numbers == [f"{found[part]:.3f}" for part in wanted]
        assert re.search(rf"\b{found['n']}\s", shown[name])
    by_tag = page.partition('<table class="by-tag"')[2].partition("</table>")[0]
    for tag in ("growth", "sea"):
        for name, found in measures[tag].items():
            if name != "aurc":
                assert f"{found['low']:.3f} – {found['high']:.3f}" in by_tag


def test_times_and_costs_are_those_of_the_report_file(run: Path) -> None:
    shown = summary_rows(render_report(run, format="html"))
    assert "40" in shown["p50_ms"].split()
    assert "60" in shown["prompt_tokens"].split()  # six answers of 10 tokens each
    assert "0.0000" in shown["cost_usd"].split()


def test_where_lower_is_better_it_says_so(run: Path) -> None:
    shown = summary_rows(render_report(run, format="html"))
    times = {"p50_ms", "p95_ms", "prompt_tokens", "completion_tokens"}
    told = {name for name, text in shown.items() if "lower is better" in text}
    assert told == (LOWER_IS_BETTER | times) & shown.keys()
    assert "abstain_wrong" in told


def test_outcomes_add_up_to_the_cases(run: Path) -> None:
    page = render_report(run, format="html")
    counts = re.findall(
        r'<tr class="\w+" data-outcome="(\w+)">.*?num mean">(\d+)<', page, re.DOTALL
    )
    assert {name: int(count) for name, count in counts} == {
        "failure": 1, "retrieval": 1, "evidence": 1, "abstained": 1, "answered": 1, "right": 2,
    }  # fmt: skip


def test_gold_papers_are_told_as_found_or_missed(tmp_path: Path) -> None:
    rows = [row("k1"), row("k2", gold={"Kelp": KELP, "Limpets": "paper:limpet"})]
    text = " ".join(Parsed(render_report(write_run(tmp_path, rows), format="html")).text.split())
    assert "All among the first 10 hits, the best at rank 2." in text
    assert "Kelp: rank 2, quoted" in text
    assert "Limpets: missed" in text


def test_history_is_shown_where_a_row_has_it(tmp_path: Path) -> None:
    rows = [row("k1", history=[{"role": "user", "content": "Tell me of algae."}])]
    page = render_report(write_run(tmp_path, rows), format="html")
    assert "Tell me of algae." in page


def test_the_curve_is_drawn_only_where_confidences_are_stated(run: Path, tmp_path: Path) -> None:
    without = render_report(run, format="html")
    assert "states a confidence, so there is no risk-coverage curve" in without
    assert 'id="risk-coverage"' not in without
    sure = answered("It grows fast.", quote="Kelp grows", confidence=0.9)
    unsure = answered("It grows fast.", quote="Kelp grows", confidence=0.2)
    rows = [row("k1", answer=sure), row("k2", answer=unsure, values={"evidence": [0.0]})]
    page = render_report(write_run(tmp_path / "sure", rows), format="html")
    # Risk 0 at coverage 1/2, then 1/2: from the top of an axis that ends at 0.5, 0.5 and 0.
    assert 'points="0.5000,0.5000 1.0000,0.0000 "' in page


def test_a_very_slow_answer_is_counted_and_does_not_squash_the_rest(tmp_path: Path) -> None:
    slow = answered("It grows fast.", quote="Kelp grows")
    slow["timings_ms"] = {"total": 60_000.0}
    rows = [*(row(f"k{number}") for number in range(40)), row("slow", answer=slow)]
    page = render_report(write_run(tmp_path, rows), format="html")
    assert "In the last bar, for being slower: 1." in page
    plot = page.partition('id="latency"')[2].partition("</figure>")[0]
    # All 95 of 100 take 40 ms: the axis ends at 120 ms, not at a minute.
    assert re.findall(r">(\d+)</text>", plot)[-1] == "120"
    assert re.findall(r"<title>(\d+) answers", plot) == ["40", "1"]


def test_a_measure_without_a_description_is_shown_all_the_same(tmp_path: Path) -> None:
    folder = write_run(tmp_path, [row("k1", values={"charm": [0.25]})])
    assert "0.250" in summary_rows(render_report(folder, format="html"))["charm"]
    assert "| charm | 0.250 |" in render_report(folder, format="md")


def test_a_run_in_which_all_failed_is_still_a_report(tmp_path: Path) -> None:
    failed = row("f1", error="ValueError: no", answer=None, values={"evidence": [0.0]})
    folder = write_run(tmp_path, [failed])
    assert "No case has an answer" in render_report(folder, format="html")
    assert "- f1: ValueError: no" in render_report(folder, format="md")


def test_markdown_has_every_measure_with_its_interval(run: Path) -> None:
    text = render_report(run, format="md")
    assert text.startswith("# tides: 7 cases, 1 failures\n")
    measures = json.loads((run / REPORT).read_text())["measures"]
    for name, found in measures["ALL"].items():
        line = next(
            x for x in text.split("\n") if x.startswith(f"| {name.replace('_', chr(92) + '_')}")
        )
        assert f"| {found['mean']:.3f} | {found['low']:.3f} to {found['high']:.3f} |" in line
    assert "| Evidence miss | 1 |" in text
    assert "- f1: TimeoutError: no answer in 30 s (llm.py:41)" in text


def test_markdown_makes_nothing_of_hostile_text(hostile_run: Path) -> None:
    text = render_report(hostile_run, format="md")
    assert not re.search(r"(?<!\\)<", text)
    assert "![x](" not in text
    tables = [line for line in text.split("\n") if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} <= {4, 6}


def test_json_is_the_report_with_the_values_of_every_row(run: Path) -> None:
    shown = json.loads(render_report(run, format="json"))
    rows = shown.pop("rows")
    assert shown == json.loads((run / REPORT).read_text())
    assert [(r["id"], r["values"]) for r in rows] == [(r["id"], r["values"]) for r in small_run()]


def test_a_run_is_left_as_it_was(run: Path) -> None:
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    for form in ("html", "md", "json"):
        render_report(run, format=form)
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before


def test_an_unfinished_run_says_how_to_finish_it(run: Path, tmp_path: Path) -> None:
    (run / REPORT).unlink()
    with pytest.raises(
        RunMismatch, match=r"unfinished run of 7 cases without report\.json; finish it with"
    ):
        render_report(run, format="html")
    with pytest.raises(RunMismatch, match="has no run"):
        render_report(tmp_path, format="md")


def opened(page: Page, folder: Path) -> list[str]:
    """Opens the report from its file; returns a growing list of errors and of requests."""
    path = folder / "report.html"
    path.write_text(render_report(folder, format="html"), "utf-8")
    complaints = complaints_of(page, path.as_uri())
    page.goto(path.as_uri())
    return complaints


def test_a_browser_opens_it_from_a_file_without_a_request(
    browser: Browser, run: Path, hostile_run: Path
) -> None:
    for folder in (run, hostile_run):
        page = browser.new_page()
        complaints = opened(page, folder)
        page.get_by_role("button", name="Open all").click()
        page.wait_for_load_state("networkidle")
        assert complaints == []
        assert page.evaluate("window.pwned") is None
        page.close()


def test_cases_are_filtered_by_outcome_tag_and_text(browser: Browser, run: Path) -> None:
    page = browser.new_page()
    opened(page, run)
    shown = page.locator(".case:visible .id")
    expect(shown).to_have_count(7)
    page.get_by_label("Outcome").select_option("right")
    expect(shown).to_have_text(["k1", "s3"])
    page.get_by_role("combobox", name="Tag").select_option("sea")
    expect(shown).to_have_text(["s3"])
    page.get_by_label("Outcome").select_option("")
    page.get_by_label("Text").fill("TimeoutError")
    expect(shown).to_have_text(["f1"])
    expect(page.get_by_role("status")).to_have_text("1 of 7 cases")
    page.get_by_label("Text").fill("no such words")
    expect(page.get_by_text("No case matches")).to_be_visible()
    page.close()


def test_an_outcome_leads_to_its_cases_and_cases_can_be_sorted(browser: Browser, run: Path) -> None:
    page = browser.new_page()
    opened(page, run)
    page.get_by_label("Sort").select_option("severity")
    shown = page.locator(".case:visible .id")
    expect(shown).to_have_text(["f1", "k3", "k2", "s1", "s2", "k1", "s3"])
    page.get_by_label("Sort").select_option("slowness")
    expect(shown.first).to_have_text("k2")
    page.get_by_role("link", name="Retrieval miss").click()
    expect(shown).to_have_text(["k3"])
    page.close()


def test_without_scripts_every_case_can_be_read(browser: Browser, run: Path) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    opened(page, run)
    expect(page.locator(".controls")).to_be_hidden()
    expect(page.locator(".case:visible")).to_have_count(7)
    page.locator(".case > summary").first.click()
    expect(page.get_by_text("Kelp grows half a metre a day").first).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("width", [390, 1200])
def test_no_page_is_wider_than_its_window(
    browser: Browser, run: Path, hostile_run: Path, width: int
) -> None:
    for folder in (run, hostile_run):
        page = browser.new_page(viewport={"width": width, "height": 900})
        opened(page, folder)
        page.get_by_role("button", name="Open all").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.close()
