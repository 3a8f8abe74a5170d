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
# As readers see them, those that programs read first; and how files of them are called.
LABELS: Mapping[Form, str] = {
    "bibtex": "BibTeX", "ris": "RIS", "csl-json": "CSL-JSON", "apa": "APA", "ieee": "IEEE",
}  # fmt: skip
ENDINGS: Mapping[Form, str] = {
    "bibtex": "bib", "ris": "ris", "csl-json": "json", "apa": "txt", "ieee": "txt",
}  # fmt: skip


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
