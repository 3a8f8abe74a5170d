"""LaTeX text: whether a text is one, and its parts, without formulas, figures and comments."""

import re
from collections.abc import Iterator

from footnote.index.readers.citation_marks import CITE, Marks
from footnote.index.readers.markdown_text import MARKED, Kind, Part, has_signs, without_code
from footnote.index.readers.plain_latex import plain

_BUILT = re.compile(
    r"\\(?:documentclass|bibitem|maketitle|(?:sub){0,2}section\*?\{|chapter\*?\{|paragraph\*?\{"
    r"|begin\{([a-zA-Z]{1,30})\*?\})"
)
# Formulas stand in Markdown, too.
_FORMULAS = frozenset(
    """equation align aligned alignat gather gathered multline eqnarray split cases array matrix
    pmatrix bmatrix vmatrix smallmatrix displaymath math subequations flalign""".split()
)
_CODE = re.compile(r"``[^\n]{1,300}?``|`[^`\n]{1,300}`")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
# Environments that hold no sentences.
_FLOATS = (
    "figure table tabular tabularx longtable equation align gather multline eqnarray displaymath "
    "algorithm algorithmic lstlisting verbatim minted tikzpicture"
).split()
_FLOAT = re.compile(rf"\\begin\{{({'|'.join(_FLOATS)})\*?\}}")
_THIN_SPACE = re.compile(r"\\[,;:!]|\\ ")
_MATHS = re.compile(r"\$([^$\n]{1,60})\$")
_LIST = r"\begin{thebibliography}", r"\end{thebibliography}"
_SECTION = re.compile(
    r"\\(?:sub){0,2}(?:section|paragraph|chapter)\*?\{([^{}]{0,300})\}"
    r"|\\(?:begin|end)\{[^{}]{0,60}\}|\\item\b"
)
_BIB_COMMAND = re.compile(
    r"\\(?:bibliography|addbibresource)(?:\[[^\]\n\\]{0,100}\])?\{([^{}\\]{1,500})\}"
)
_BIB_FIELD = re.compile(r"^bibliography:[ \t]([^\n]{1,300})$", re.MULTILINE)
# Commands whose argument is no text.
_COMMAND_WITH_WORDS = re.compile(
    r"\\(?:bibliography|bibliographystyle|label|ref|input|include|usepackage|addbibresource|nocite"
    r"|citestyle|setcitestyle)(?:\[[^\]\n\\]{0,100}\])?\{[^{}\\]{0,500}\}"
)

# Commands that say nothing; what a footnote says is text.
_COMMAND = re.compile(
    r"\\(?:footnote|maketitle|noindent|(?:small|med|big)skip|newline|par|xspace)\b"
)


def is_latex(text: str) -> bool:
    r"""Returns whether a text is LaTeX and no Markdown.

    Code and formulas tell nothing of the rest, nor does ``\cite`` beside signs of Markdown.
    """
    bare = _CODE.sub("", without_code(text))
    if any(found[1] not in _FORMULAS for found in _BUILT.finditer(bare)):
        return True
    return bool(CITE.search(bare)) and not has_signs(bare)


def latex_parts(text: str, marks: Marks) -> Iterator[Part]:
    """Yields the parts of a LaTeX text."""
    before, _, after = _COMMENT.sub("", text).partition(_LIST[0])
    body = before + after.partition(_LIST[1])[2]
    _, begin, rest = body.partition(r"\begin{document}")
    cited = marks.place_cites(_without_floats(rest if begin else body))
    for block in re.split(r"\n\s*\n", _SECTION.sub(_apart, cited)):
        block = _THIN_SPACE.sub(" ", block.replace(r"\times", "×"))
        block = _COMMAND.sub(" ", _COMMAND_WITH_WORDS.sub("", block))
        kind: Kind = MARKED.get(block.lstrip()[:1], "paragraph")
        for sign in MARKED:
            block = block.replace(sign, "")
        yield kind, [_MATHS.sub(r"\1", plain(block))]


def _apart(section: re.Match[str]) -> str:
    headed, listed = MARKED
    if section[1] is not None:
        return f"\n\n{headed}{section[1]}\n\n"
    return f"\n\n{listed}" if section[0] == r"\item" else "\n\n"


def _without_floats(text: str) -> str:
    """Returns a text without figures, tables and formulas; one without an end goes to the end."""
    kept, at = [], 0
    while match := _FLOAT.search(text, at):
        kept.append(text[at : match.start()])
        end = text.find(rf"\end{{{match[1]}", match.end())
        at = text.find("}", end) + 1 if end >= 0 else len(text)
    return "\n\n".join([*kept, text[at:]])


def named_bibliographies(text: str) -> list[str]:
    """Returns the names of the BibTeX files that a LaTeX or Markdown text names, with their end."""
    found = [name.strip() for names in _BIB_COMMAND.findall(text) for name in names.split(",")]
    found += [name.strip(" \"'") for name in _BIB_FIELD.findall(text[:2_000])]
    return [name if name.endswith(".bib") else f"{name}.bib" for name in found if name]
