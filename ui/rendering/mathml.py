r"""Formulas as MathML, which browsers draw themselves: no script, no font, no request.

Abstracts write formulas in LaTeX between dollars. A price is none: "$5 to $10" stays text.
"""

import re
from functools import lru_cache
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markupsafe import Markup, escape

# What a formula may be made of; anything else that the converter lets through stays LaTeX.
_ELEMENTS = frozenset(
    """math mrow mi mn mo mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot
    mtable mtr mtd mstyle mpadded mphantom menclose""".split()
)
_ATTRIBUTES = frozenset(
    """display stretchy mathvariant accent accentunder displaystyle scriptlevel linethickness lspace
    rspace width height depth columnalign form fence separator movablelimits minsize maxsize
    notation""".split()
)
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_FORMULA = re.compile(r"\$\$?([^$\n]{1,300}?)\$\$?")
# A letter or two, or something that only LaTeX has.
_LATEX = re.compile(r"[\\^_{}]|^[A-Za-z]{1,2}$|^(?=[\w \-*/.,]*+[=<>()+])[\w ()+\-*/=<>.,]*+$")


def prose_html(text: str) -> Markup:
    """Returns foreign text as HTML that shows it literally, but for its formulas."""
    if "$" not in text:
        return escape(text)
    pieces: list[Markup] = []
    at = 0
    for found in _FORMULA.finditer(text):
        drawn = mathml(found[1].strip()) if _LATEX.search(found[1].strip()) else None
        if drawn:
            pieces += [escape(text[at : found.start()]), drawn]
            at = found.end()
    return Markup("").join([*pieces, text[at:]])


@lru_cache(2048)
def mathml(latex: str) -> Markup | None:
    """Returns a formula as MathML, its LaTeX as the title; None where it is not understood."""
    # The converter escapes nothing: a tag in a formula would be a tag of the page.
    asked = latex.replace("<", r"\lt ").replace(">", r"\gt ")
    try:
        tree = ElementTree.fromstring(convert(asked))
    # It has a dozen errors of its own, and plain ones from inside: an odd formula stays text.
    except Exception:
        return None
    for element in tree.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        if element.tag not in _ELEMENTS or not set(element.attrib) <= _ATTRIBUTES:
            return None
    tree.set("title", latex)
    return Markup(ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False))
