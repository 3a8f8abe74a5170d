"""Page style: what dresses a page that is made to be read alone, its fonts with it.

The fonts, without the italic, stand in the file itself: it looks the same when it is shared, saved
or sent, and asks for nothing.
"""

import base64
from functools import lru_cache
from pathlib import Path

from markupsafe import Markup

# Nothing may be fetched or run, whatever a paper's text would become.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; font-src data:"

_STATIC = Path(__file__).parents[1] / "web" / "static"
_FONTS = (("Source Serif 4", "source-serif-4", "200 900"), ("Inter", "inter", "100 900"))


@lru_cache(1)
def page_style() -> Markup:
    """Returns the style sheet of such a page."""
    fonts = "\n".join(_font(*font) for font in _FONTS)
    return Markup(f"{fonts}\n{(_STATIC / 'transcript.css').read_text('utf-8')}")


def _font(family: str, file: str, weights: str) -> str:
    data = base64.b64encode((_STATIC / "fonts" / f"{file}.woff2").read_bytes()).decode()
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weights}; '
        f'src: url("data:font/woff2;base64,{data}") format("woff2"); }}'
    )
