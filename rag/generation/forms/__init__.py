"""Forms: how an answer to each kind of question is written, one module a kind."""

from collections.abc import Mapping

from footnote.rag.answer import Kind
from footnote.rag.generation.forms import (
    compare,
    define,
    fact,
    listing,
    metadata,
    number,
    overview,
    talk,
    vague,
    yesno,
)
from footnote.rag.generation.forms.form import Form

FORMS: Mapping[Kind, Form] = {
    "fact": fact.write,
    "number": number.write,
    "yesno": yesno.write,
    "define": define.write,
    "list": listing.write,
    "overview": overview.write,
    "compare": compare.write,
    "metadata": metadata.write,
    "talk": talk.write,
    "vague": vague.write,
}
# Answered without a search, and alike with a model and without one.
WITHOUT_SEARCH: frozenset[Kind] = frozenset({"metadata", "talk", "vague"})
# Papers that are read; one of a wide question holds a part of the answer.
WIDE: frozenset[Kind] = frozenset({"list", "overview", "compare"})
# Answered by many papers; of the others the answer ranker says which sentence answers.
BROAD: frozenset[Kind] = frozenset({"list", "overview"})
