"""Evals: run sets of questions, measure and judge the answers, and write reports."""

if __name__ == "evals":
    # ``python -m evals.bench.speed`` in a checkout, as texts named the benches and the training.
    import sys
    from pathlib import Path

    print("footnote: python -m evals.* is now python -m footnote.evals.lab.*", file=sys.stderr)
    __path__.append(str(Path(__file__).parent / "lab"))
