"""References to papers in any of the forms that we offer."""

from collections.abc import Iterable, Mapping
from typing import Literal

from footnote.index.models import Paper
from footnote.ui.export.formats import bibtex, csl_json, ris
from footnote.ui.export.styles import styled
from footnote.ui.storage.annotations import Annotation

Form = Literal["apa", "ieee", "bibtex", "ris", "csl-json"]
FORMS: tuple[Form, ...] = ("apa", "ieee", "bibtex", "ris", "csl-json")


def bibliography(
    papers: Iterable[Paper], form: Form, own: Mapping[str, Annotation] | None = None
) -> str:
    """Returns the papers in one of ``FORMS``, each once, in their order, ending in a newline.

    ``own`` has the tags and notes of papers, by their identifiers; styles for reading show none.
    """
    if form == "bibtex":
        return bibtex(papers, own)
    if form == "ris":
        return ris(papers, own)
    if form == "csl-json":
        return csl_json(papers, own)
    return styled(papers, form)
