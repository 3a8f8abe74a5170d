"""References to papers in any of the forms that we offer."""

from collections.abc import Iterable
from typing import Literal

from footnote.index.models import Paper
from footnote.ui.export.formats import bibtex, csl_json, ris
from footnote.ui.export.styles import styled

Form = Literal["apa", "ieee", "bibtex", "ris", "csl-json"]
FORMS: tuple[Form, ...] = ("apa", "ieee", "bibtex", "ris", "csl-json")


def bibliography(papers: Iterable[Paper], form: Form) -> str:
    """Returns the papers in one of ``FORMS``, each once, in their order, ending in a newline."""
    if form == "bibtex":
        return bibtex(papers)
    if form == "ris":
        return ris(papers)
    if form == "csl-json":
        return csl_json(papers)
    return styled(papers, form)
