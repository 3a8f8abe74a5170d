"""Markup: tags and entities go, and what they meant stays readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footnote.index.readers.markup import plain_text


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("<p>One.</p><p>Two.</p>", "One. Two."),
        ("One<br/>two", "One two"),
        ("<i>In <b>vitro</b></i> &amp; <em>so</em>", "In vitro & so"),
        ("10<sup>-5</sup>, 10 <sup>-5</sup>, m<sup>2</sup>", "10^-5, 10^-5, m^2"),
        ("H<sub>2</sub>O, x<sub>i</sub>, 5<sub>2</sub>", "H2O, x_i, 5_2"),
        ("1<sup>st</sup>, <sup>13</sup>C, CD4<sup>+</sup>", "1st, 13C, CD4+"),
        ("10<sup><i>n</i></sup>", "10^n"),
        ("p&lt;0.05 &#60; &#x3c; &nbsp;1", "p<0.05 < < 1"),
        ("&lt;p&gt;x &amp;lt; 3&lt;/p&gt;", "x < 3"),
        (
            "<jats:title>Abstract</jats:title><jats:sec><jats:title>Aim</jats:title><jats:p>We."
            "</jats:p></jats:sec>",
            "Aim: We.",
        ),
        (
            "<mml:math><mml:msup><mml:mn>10</mml:mn><mml:mrow><mml:mo>-</mml:mo><mml:mn>5</mml:mn>"
            "</mml:mrow></mml:msup></mml:math>",
            "10^-5",
        ),
        ('<span class="a">x</span><!-- y -->', "x"),
        # What is no markup stays.
        ("a<b and c>d, if a<b>c, p<0.05 & x>3", "a<b and c>d, if a<b>c, p<0.05 & x>3"),
        ("R&D of a&parameter; <Name>", "R&D of a&parameter; <Name>"),
    ],
)
def test_markup_becomes_plain_text(written: str, plain: str) -> None:
    assert plain_text(written) == plain


@given(st.text(st.sampled_from("<>/&;subpi2 x-\"='"), max_size=60))
def test_any_text_is_one_line(text: str) -> None:
    assert plain_text(text) == " ".join(plain_text(text).split())
