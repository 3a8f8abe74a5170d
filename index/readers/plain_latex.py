"""Plain LaTeX: accents, braces, dashes and commands of a text as the characters they mean."""

import re
import unicodedata
from functools import lru_cache

from latexcodec.codec import UnicodeLatexIncrementalDecoder

_MATH = re.compile(r"((?<!\\)\$[^$]*(?<!\\)\$)")
_COMMAND = re.compile(
    r"\\(?:emph|text(?:it|bf|sc|rm|tt|sf|sl|up|md|normal|superscript|subscript)|mbox|url|path|"
    r"underline|uline|enquote|num|ce|footnotesize|small|large|protect|noindent|centering|hbox|"
    r"(?:rm|sf|tt)family|bfseries|(?:it|sc|up)shape|selectfont|uppercase|lowercase|textgreek|"
    r"Make(?:Upper|Lower)case|"
    r"it|bf|sc|rm|tt|em|relax|null|leavevmode|boldmath)(?![A-Za-z])\s{0,20}"
)
# A command, with the letter that it puts an accent on.
_ACCENT = re.compile(
    r"\\(?:[A-Za-z]+|[^A-Za-z\s])(?:\s*\{[^{}\\]{0,3}\}|\s*[A-Za-z](?![A-Za-z]*\\))?"
)
_LIGATURES = {"---": "—", "--": "–", "``": "“", "''": "”", "\\\\": " "}
_TIE = re.compile(r"(?<!\\)~|\\(?=\s)")
# latexcodec does not put an accent on the i that has no dot.
_DOTLESS = re.compile(r"(\\[`'^\"~=])\s*\{?\\([ij])(?![A-Za-z])")
# Nor a dot or a line below a letter.
_BELOW = re.compile(r"\\([db])\s{0,9}\{([A-Za-z])\}")

# Names that latexcodec does not know; the space after one is its end.
_NAMED = {
    "textless": "<", "textgreater": ">", "textbackslash": "\\", "textasciitilde": "~",
    "textasciicircum": "^", "textminus": "-", "textquoteright": "’", "textquoteleft": "‘",
    "textquotedblleft": "“", "textbraceleft": "{", "textbraceright": "}",
    "textquotedblright": "”", "textquotedbl": '"', "textquotesingle": "'", "textasciigrave": "`",
    "textbar": "|", "textunderscore": "_", "textdollar": "$", "texttimes": "×", "textdiv": "÷",
    "texteuro": "€", "euro": "€", "textcelsius": "°C", "textohm": "Ω", "textmu": "µ",
    "textnumero": "№", "textasteriskcentered": "*", "textordmasculine": "º",
    "textordfeminine": "ª", "textasciiacute": "´", "slash": "/", "nobreakspace": " ",
    "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "par": " ", "newline": " ",
    "linebreak": " ", "item": " ", "quad": " ", "qquad": " ", "xspace": "", "textsterling": "£",
    "textyen": "¥", "textcent": "¢", "textpounds": "£", "textellipsis": "…", "dots": "…",
    "textsection": "§", "textparagraph": "¶", "textdagger": "†", "textdaggerdbl": "‡",
    "textonesuperior": "¹", "texttwosuperior": "²", "textthreesuperior": "³",
    "textsurd": "√", "textlnot": "¬", "textperthousand": "‰", "textvisiblespace": " ",
    "quotedblbase": "„", "quotesinglbase": "‚", "textexclamdown": "¡", "textquestiondown": "¿",
}  # fmt: skip
# Signs that mean something else where they are not written by name.
_KEPT = {0xE002: ord("~"), 0xE003: ord("\\"), 0xE004: ord("{"), 0xE005: ord("}")}
_NAMED |= {
    f"text{name}": unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}")
    for name in """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda nu xi pi rho
    sigma tau upsilon phi chi psi omega""".split()
}
_NAME = re.compile(
    rf"\\({'|'.join(sorted(_NAMED, key=len, reverse=True))})(?![A-Za-z])(?:\{{\}}|[ \t\n]{{1,20}})?"
)
_CARET = re.compile(r"\\\^\s{0,9}(?:\{\s{0,9}\}|(?=\{?[-−–\d]))|\\sp(?=\{)")
_THIN_SPACE = re.compile(r"\\[,;:!]")
_JOINT = re.compile(r"\\[-/@]")

_INNER = r"((?:[^{}]|\{[^{}]{0,60}\}){0,200})"
_RAISED = re.compile(rf"\\text(super|sub)script\s{{0,9}}\{{{_INNER}\}}")
# What Zotero makes of <sup> and <sub>.
_RAISED_TEXT = re.compile(r"\$([\^_])\{\\text(?:rm|it|bf)?\{([^{}$\\]{0,60})\}\}\$")
# "10 \\textsuperscript{-5}" is a power too.
_POWER = re.compile(
    r"(?<=\d)[ ~](?=\{?\\textsuperscript\s{0,9}\{\$?\{?(?:[-−–]|\\text(?:minus|endash)))"
)
_ENSURED = re.compile(rf"\\ensuremath\s{{0,9}}\{{{_INNER}\}}")
_DISPLAYED = re.compile(r"(?<![\w})\\$])\$\$([^$]{1,500})\$\$")
# Springer puts a document around each formula of an abstract.
_PREAMBLE = re.compile(
    r"\\documentclass(?:\[[^\[\]]{0,40}\])?\{minimal\}[^$]{0,900}?\\begin\{document\}"
)
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
# Commands of which one argument is text, or none.
_WITH_TEXT = re.compile(
    r"\\(?:href|textcolor|foreignlanguage|texorpdfstring|fontsize)\s{0,9}\{[^{}]{0,500}\}\s{0,9}(?=\{)"
)
_WITHOUT_TEXT = re.compile(
    r"\s{0,9}\\(?:cite[a-zA-Z]{0,9}\*?|ref|eqref|label|index|begin|end|hspace|vspace)"
    r"(?:\[[^\[\]{}]{0,100}\]){0,2}\{[^{}]{0,300}\}"
)
_QUANTITY = re.compile(
    r"\\(?:SI|qty)\s{0,9}(?:\[[^\[\]]{0,99}\])?\{([^{}]{0,60})\}\s{0,9}\{([^{}]{0,100})\}"
)
_UNITS = {
    "milli": "m", "micro": "µ", "kilo": "k", "nano": "n", "centi": "c", "mega": "M", "giga": "G",
    "pico": "p", "deci": "d", "metre": "m", "meter": "m", "gram": "g", "second": "s", "per": "/",
    "kelvin": "K", "percent": "%", "celsius": "°C", "degreeCelsius": "°C", "degree": "°",
    "hertz": "Hz", "pascal": "Pa", "watt": "W", "volt": "V", "ampere": "A", "joule": "J",
    "newton": "N", "litre": "L", "liter": "L", "mole": "mol", "hour": "h", "minute": "min",
    "day": "d", "tesla": "T", "ohm": "Ω", "squared": "^2", "cubed": "^3", "electronvolt": "eV",
    "byte": "B", "bit": "bit",
}  # fmt: skip

# A formula that only writes a number is read as one.
_SIGNS = {
    r"\times": " × ", r"\cdot": " · ", r"\pm": "±", r"\sim": "~", r"\approx": "≈",
    r"\leqslant": "≤", r"\geqslant": "≥", r"\leq": "≤", r"\geq": "≥", r"\le": "≤", r"\ge": "≥",
    r"\%": "%", r"\circ": "°", r"\,": "", r"\;": "", r"\ ": " ", r"\lt": "<", r"\gt": ">", "~": " ",
    "−": "-",
}  # fmt: skip
_SIGN = re.compile("|".join(re.escape(sign) + r"(?![A-Za-z])" for sign in _SIGNS))
_WRAPPED = re.compile(
    r"\\(?:text|textrm|textnormal|mathrm|mathsf|mathbf|mathit|rm|mbox)(?![A-Za-z])\s{0,9}"
)
_NUMBER = re.compile(r"[\d.,:()±×·~≈≤≥<>=%°/^{}+\s-]*")
_TAG_SIGN = re.compile(r"\$\s{0,3}([<>])\s{0,3}\$")


def plain(latex: str) -> str:
    """Returns LaTeX as one line of plain text; formulas between dollars stay as they are.

    A formula that is a number becomes one: "$10^{-5}$" becomes "10^-5".
    """
    if "$" in latex or "\\" in latex:
        latex = _ENSURED.sub(_ensured, _PREAMBLE.sub("", latex))
        latex = _TAG_SIGN.sub(r"\1", re.sub(r"(?<!\\)\\[()]", "$", latex))
        latex = _RAISED_TEXT.sub(_as_command, _DISPLAYED.sub(r"$\1$", latex))
        latex = _POWER.sub("", latex)
        latex = _RAISED.sub(_raised, _QUANTITY.sub(_quantity, latex))
    pieces = _MATH.split(latex)
    text = "".join(_formula(piece) if n % 2 else _decoded(piece) for n, piece in enumerate(pieces))
    return " ".join(text.split())


def _ensured(found: re.Match[str]) -> str:
    return found[1] if "$" in found[1] else f"${found[1]}$"


def _as_command(found: re.Match[str]) -> str:
    return rf"\text{'super' if found[1] == '^' else 'sub'}script{{{found[2]}}}"


def _raised(found: re.Match[str]) -> str:
    """Returns an exponent or an index, with a sign before it where it would run on."""
    inner = plain(re.sub(r"[${}]", "", found[2])).replace("−", "-").replace("–", "-")
    # A group may stand around the command.
    before = found.string[max(0, found.start() - 5) : found.start()].rstrip("{")[-1:]
    if not (before.isalnum() or before in ("}", ")", "]")) or not any(map(str.isalnum, inner)):
        return inner
    if found[1] == "super":
        return inner if inner in _ORDINALS else f"^{inner}"
    return f"_{inner}" if before.isdigit() else inner


def _quantity(found: re.Match[str]) -> str:
    unit = re.sub(r"\\([A-Za-z]+)\s?", lambda name: _UNITS.get(name[1], name[1]), found[2])
    return f"{found[1]} {unit.strip()}".replace("%", r"\%").replace(r"\\%", r"\%")


def _formula(math: str) -> str:
    text = _SIGN.sub(lambda sign: _SIGNS[sign[0]], _WRAPPED.sub("", math[1:-1]))
    if not text.strip() or not _NUMBER.fullmatch(text):
        return math
    return re.sub(r"\^?°", "°", re.sub(r"[{}]", "", text)).replace("--", "-")


def _decoded(latex: str) -> str:
    for written, meant in _LIGATURES.items():
        latex = latex.replace(written, meant)
    if "\\" in latex:
        latex = _WITHOUT_TEXT.sub("", _WITH_TEXT.sub("", _CARET.sub("^", latex)))
        latex = _JOINT.sub("", _THIN_SPACE.sub(" ", _NAME.sub(_named, latex)))
    text = _DOTLESS.sub(r"\1{\2}", _COMMAND.sub("", _TIE.sub(" ", latex)))
    text = _BELOW.sub(_dotted, text)
    text = _ACCENT.sub(lambda found: _character(found[0]), text)
    text = re.sub(r"\\([{}$])", r"\1", re.sub(r"(?<!\\)[{}]", "", text))
    return text.translate(_KEPT)


def _named(found: re.Match[str]) -> str:
    # A tilde is a space that does not break, but for the one that was written out.
    meant = _NAMED[found[1]]
    kept = {chr(sign): chr(code) for code, sign in _KEPT.items()}
    return {**kept, "$": r"\$"}.get(meant, meant)


def _dotted(found: re.Match[str]) -> str:
    mark = "\u0323" if found[1] == "d" else "\u0331"
    return unicodedata.normalize("NFC", found[2] + mark)


# latexcodec reads 0.3 MB/s, and a language has few accents.
@lru_cache(4096)
def _character(command: str) -> str:
    """Returns what a command of LaTeX stands for; one that is not known stays as it is."""
    try:
        decoder = UnicodeLatexIncrementalDecoder()  # type: ignore[no-untyped-call]
        text = str(decoder.decode(command, final=True))
    except ValueError:
        return command
    return command if text.startswith("\\") else text
