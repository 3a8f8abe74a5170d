"""Reports: a run as one HTML file that opens offline, as Markdown, or as JSON."""

from footnote.evals.report.render import render_report

__all__ = ["render_report"]
