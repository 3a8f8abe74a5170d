"""References to papers in any of the forms that we offer."""

from collections.abc import Iterable, Mapping
from typing import Literal

from footnote.index.models import Paper
from footnote.ui.export.citation_data import entries
from footnote.ui.export.formats import bibtex, csl_json, ris
from footnote.ui.export.styles import STYLES, styled
from footnote.ui.storage.annotations import Annotation

Form = Literal["apa", "ieee", "bibtex", "ris", "csl-json"]
FORMS: tuple[Form, ...] = ("apa", "ieee", "bibtex", "ris", "csl-json")


def bibliography(
    papers: Iterable[Paper],
    form: Form,
    own: Mapping[str, Annotation] | None = None,
    *,
    abstracts: bool = False,
) -> str:
    """Returns the papers in one of ``FORMS``, each once, in their order, ending in a newline.

    Args:
        papers: In any order.
        form: Styles for reading show the record alone.
        own: Tags and notes, by the identifiers of papers.
        abstracts: Whether they go with their papers.
    """
    if form in STYLES:
        return styled(papers, form)
    cited = entries(papers, own, abstracts=abstracts)
    write = {"bibtex": bibtex, "ris": ris, "csl-json": csl_json}[form]
    return write(cited)
