"""Eval output on a terminal: measures with their error, comparisons, sweeps."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from footnote.evals.compare import CasePair, Comparison
from footnote.evals.dataset.cases import describe_made
from footnote.evals.judge.trust import trust
from footnote.evals.metrics import LOWER_IS_BETTER
from footnote.evals.runs.sweep import SweepLine, best

LISTED_CASES = 5


def show_measures(console: Console, report: Mapping[str, Any]) -> None:
    """Prints the measures of a run over all its cases, each with its interval and n."""
    table = Table(box=None, pad_edge=False)
    for name in ("measure", "mean", "95 % interval", "n", "failures"):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for name, found in report["measures"]["ALL"].items():
        lower = " (lower is better)" if name in LOWER_IS_BETTER else ""
        interval = f"{found['low']:.3f} to {found['high']:.3f}"
        table.add_row(
            name + lower, f"{found['mean']:.3f}", interval, str(found["n"]), str(found["failures"])
        )
    console.print(table)
    if made := describe_made(report["config"].get("made")):
        console.print(Text(made))
    for name in report["measures"]["ALL"]:
        if told := trust(report, name):
            console.print(Text(f"{name}: {told}"))
    if judge := report.get("judge"):
        console.print(Text(_spent(judge)))
    times = report["times"]
    if times["n"]:
        console.print(f"an answer takes p50 {times['p50_ms']} ms, p95 {times['p95_ms']} ms")
    for why, count in report["missed"].items():
        console.print(f"missed: {why} {count}")


def _spent(judge: Mapping[str, Any]) -> str:
    cost = "price unknown" if judge["cost_usd"] is None else f"{judge['cost_usd']:.4f} USD"
    return (
        f"judged by {judge['model']}: {judge['judgements']} judgements, {judge['cached']} from "
        f"the cache; {judge['tokens']:,} tokens, {cost}"
    )


def show_comparison(
    console: Console, found: Comparison, reports: Sequence[Mapping[str, Any]] = ()
) -> None:
    """Prints each measure's difference with its p, then cases won and lost.

    Args:
        console: Where to.
        found: What was compared.
        reports: Reports of A and B, which say how well people agree with the judge.
    """
    table = Table(box=None, pad_edge=False)
    for name in ("measure", "A", "B", "B less A", "95 % interval", "p", ""):
        table.add_column(name, justify="left" if name in ("measure", "") else "right")
    words = {True: "better", False: "worse", None: "no difference shown"}
    for change in found.changes:
        gap = change.gap
        table.add_row(
            change.measure,
            f"{change.a:.3f}",
            f"{change.b:.3f}",
            f"{gap.mean:+.3f}",
            f"{gap.low:+.3f} to {gap.high:+.3f}",
            f"{gap.p:.3f}",
            words[change.better],
        )
    console.print(table)
    for name, report in zip("AB", reports, strict=False):
        for change in found.changes:
            if told := trust(report, change.measure):
                console.print(Text(f"{change.measure} of {name}: {told}"))
    if not found.shown:
        console.print(f"No difference shown over {found.cases} cases.")
    for title, pairs in (("won", found.wins), ("lost", found.losses)):
        console.print(f"{len(pairs)} cases {title}", style="bold")
        for pair in pairs[:LISTED_CASES]:
            _show_pair(console, pair)


def _show_pair(console: Console, pair: CasePair) -> None:
    console.print(Text(f"  {pair.id}  {pair.question}"))
    for name, value, text in (("A", pair.a, pair.text_a), ("B", pair.b, pair.text_b)):
        line = " ".join(text.split())[:160]
        console.print(Text(f"    {name} {value:.2f}  {line}", style="dim"))


def show_sweep(console: Console, lines: Sequence[SweepLine], measure: str) -> None:
    """Prints one line per setting, and which differ from the first after correction."""
    table = Table(box=None, pad_edge=False)
    for name in ("setting", measure, "95 % interval", "n", "against the first", "p", ""):
        table.add_column(name, justify="left" if name in ("setting", "") else "right")
    for line in lines:
        gap = line.gap
        table.add_row(
            Text(line.setting),
            f"{line.mean.mean:.3f}",
            f"{line.mean.low:.3f} to {line.mean.high:.3f}",
            str(line.mean.n),
            f"{gap.mean:+.3f}" if gap else "",
            f"{gap.p:.3f}" if gap else "",
            "" if gap is None else "differs" if line.shown else "no difference shown",
        )
    leading = best(lines, measure)
    if leading is None:
        return
    console.print(table)
    console.print(
        Text(
            f"Best by {measure}: {leading.setting}. The best of {len(lines)} is partly "
            "chance; p is corrected for the number of settings (Holm)."
        )
    )
