"""Templates: compiled once, with every value escaped.

Only ``Markup`` passes as it is: what a template or ``prose_html`` returned. A line break of a
template is for whoever reads it: it is nothing beside an element or a tag of Jinja's, and a
space between two words or attributes.
"""

import json
from functools import lru_cache
from itertools import pairwise
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from jinja2.ext import Extension
from markupsafe import Markup

from footnote.ui.rendering.answer_blocks import split_row
from footnote.ui.rendering.mathml import prose_html


class _OneLine(Extension):
    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        lines = [line.strip() for line in source.splitlines() if line.strip()]
        pieces = lines[:1]
        for before, line in pairwise(lines):
            beside = before[-1] in ">}" or line[0] in "<{"
            pieces += ["" if beside else " ", line]
        return "".join(pieces)


@lru_cache(1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("footnote.ui.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[_OneLine],
    )
    environment.filters |= {
        "json": json.dumps,
        "prose": prose_html,
        "row": split_row,
        "text": _whole,
    }
    return environment


def _whole(text: str) -> str:
    """Returns untrusted text without characters that cannot be encoded."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")


def render(template: str, **values: Any) -> Markup:
    """Returns a template of ``templates/`` filled in; every value that is not Markup is escaped.

    Args:
        template: Its name, without ``.html.j2``.
        values: What it shows; one that it names and is not given is an error.
    """
    return Markup(_template(template).render(values))


@lru_cache
def _template(name: str) -> Template:
    return _environment().get_template(f"{name}.html.j2")


def piece(template: str, macro: str, *args: Any) -> Markup:
    """Returns what one macro of a template makes of its arguments."""
    return Markup(_macro(template, macro)(*args))


@lru_cache
def _macro(template: str, name: str) -> Any:
    return getattr(_template(template).module, name)
