"""Formulas are drawn as MathML and as nothing else; what is no formula stays text."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.ui.rendering.mathml import prose_html
from tests.scripted import HOSTILE

MATHML = set(
    """math mrow mi mn mo mtext mspace msub msup msubsup munder mover munderover mfrac msqrt mroot
    mtable mtr mtd mstyle mpadded mphantom menclose""".split()
)


class Drawn(HTMLParser):
    """Collects the elements, their attributes and the text outside formulas."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.depth = 0
        self.feed(str(html))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.depth += tag == "math"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= tag == "math"

    def handle_data(self, data: str) -> None:
        self.text += "" if self.depth else data


@pytest.mark.parametrize(
    ("text", "elements"),
    [
        (r"We bound $\frac{1}{n}$ by one.", {"mfrac"}),
        ("In $O(n^2)$ steps.", {"msup"}),
        ("The loss $L$ falls.", {"mi"}),
        ("While $a < b^2$ holds.", {"mo", "msup"}),
        (r"So $$\sum_{i=1}^n x_i$$ holds.", {"msubsup", "msub"}),
        (r"For $\alpha \leq \sqrt{d}$.", {"msqrt"}),
    ],
)
def test_a_formula_is_drawn(text: str, elements: set[str]) -> None:
    drawn = Drawn(prose_html(text))
    assert elements <= {tag for tag, _ in drawn.elements}
    assert "$" not in drawn.text
    assert drawn.elements[0][0] == "math"
    assert drawn.elements[0][1]["title"] == text.split("$")[text.count("$") // 2].strip()


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 to $10 a month.",
        "From $3 billion in 2020 to $4 billion.",
        "Set $HOME and $PATH.",
        "A lone $ sign.",
        "$$",
        "$",
        r"$\frac{$",
        r"$\begin{matrix}$",
    ],
)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    drawn = Drawn(prose_html(text))
    assert drawn.elements == []
    assert drawn.text == text


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{<script>window.pwned=1</script>}",
        r"x^{<img src=x onerror=window.pwned=1>}",
        r"\href{javascript:window.pwned=1}{x}",
        r"\class{fn-card}{x}",
        r"\style{position:fixed}{x}",
        r"\color{red;background:url(http://evil.example)}{x}",
        r"\textcolor{\"onclick=window.pwned=1}{x}",
        r"\unicode{60}script\unicode{62}",
        r"\mathrm{</math><script>window.pwned=1</script>}",
        r"\text{&lt;script&gt;}",
        r"&#60;script&#62;_1",
        r"\operatorname{<b>}_{x}",
        r"\hspace{1px\" onclick=\"window.pwned=1}x",
        r"x_{" * 60 + "x" + "}" * 60,
        "x" * 200 + "^2",
        "\x00^2",
        "\ud800^2",
        r"\begin{matrix}<b>&</b>\end{matrix}",
    ],
)
def test_hostile_latex_makes_no_element_of_its_own(latex: str) -> None:
    safe(f"Before ${latex}$ after.")


PIECES = [
    *r"$\^_{}<>&\"' =/abx1",
    *r"\frac \text{ \href \begin{matrix} \end{matrix} \sqrt \class \style script &lt;".split(),
]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_no_text_makes_an_element_outside_mathml(text: str) -> None:
    safe(f"${text}$")
    safe(text)


@given(st.text(max_size=60).filter(lambda text: "$" not in text))
def test_text_without_a_dollar_is_shown_literally(text: str) -> None:
    html = prose_html(text)
    assert not set("<>\"'") & set(html)
    assert "".join(HTMLText(html).pieces) == text


class HTMLText(HTMLParser):
    """Collects text as it was written."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self.feed(str(html))
        self.close()

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)


def safe(text: str) -> None:
    """Checks that a text becomes text and formulas, and loses no character outside them."""
    drawn = Drawn(prose_html(text))
    assert {tag for tag, _ in drawn.elements} <= MATHML
    for tag, attributes in drawn.elements:
        for name, value in attributes.items():
            assert name == "xmlns" or not name.startswith(("on", "href", "src", "style", "class"))
            assert name == "title" or "script" not in (value or ""), (tag, name)
    if not drawn.elements:
        assert drawn.text == text


def test_hostile_text_is_shown_literally() -> None:
    assert Drawn(prose_html(HOSTILE)).text == HOSTILE
