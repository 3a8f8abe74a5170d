"""What is shown stands in templates, which escape it; Python makes no HTML of its own."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from footnote.ui.rendering.environment import piece, render
from tests.command import ROOT
from tests.scripted import HOSTILE

TEMPLATES = sorted((ROOT / "ui").rglob("*.j2"))
_ELEMENT = re.compile(r"(?<!P)</?[a-z][a-z0-9]*[\s/>]|<!doctype", re.IGNORECASE)
# What still makes HTML in Python, each value through ``text_html``, or makes SVG out of figures.
# The list only gets shorter.
IN_PYTHON = {
    "rendering/charts/timeline.py",
    "web/page.py",
    "web/routes.py",
    # It reads the page that Gradio makes.
    "web/security/policy.py",
}


def literals(path: Path) -> Iterator[str]:
    """Yields the strings of a module that are no docstrings, those within f-strings too."""
    tree = ast.parse(path.read_text("utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_only_the_listed_modules_hold_html() -> None:
    holding = {
        str(path.relative_to(ROOT / "ui"))
        for path in (ROOT / "ui").rglob("*.py")
        if any(_ELEMENT.search(text) for text in literals(path))
    }
    assert holding == IN_PYTHON


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_lets_a_value_pass_unescaped(path: Path) -> None:
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", path.read_text("utf-8"))


def test_a_macro_escapes_what_it_is_given() -> None:
    made = piece("controls", "opener", HOSTILE, HOSTILE, HOSTILE, [HOSTILE], HOSTILE)
    assert re.findall(r"</?\w+", made) == ["<button", "</button"]
    assert "<script" not in made


def test_a_template_without_a_value_that_it_shows_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        render("mail", digests="")
