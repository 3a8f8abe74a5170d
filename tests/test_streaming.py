"""Each format is read in constant memory: ten times the file takes no more of it."""

import gzip
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from footnote.index.readers import decompression
from footnote.index.readers.formats import read_papers
from footnote.index.readers.gathering import Gathered

WORDS = "The tide lifted the boats by two metres, and it fell again at night. " * 20
FRAME = {"title": "Tide {0}", "abstract": "{0}: " + WORDS, "year": 2020}


def lines(count: int) -> str:
    return "".join(
        json.dumps({**FRAME, "title": f"Tide {n}", "abstract": f"{n}: {WORDS}"}) + "\n"
        for n in range(count)
    )


def repeated(record: str, *, begin: str = "", end: str = "") -> Callable[[int], str]:
    return lambda count: begin + "".join(record.replace("@@", str(n)) for n in range(count)) + end


BIBTEX = f"@article{{k@@, title = {{Tide @@}}, abstract = {{@@: {WORDS}}}, year = 2020}}\n"
RIS = f"TY  - JOUR\nTI  - Tide @@\nAB  - @@: {WORDS}\nPY  - 2020\nER  - \n\n"
NBIB = f"PMID- @@\nTI  - Tide @@.\nAB  - @@: {WORDS}\nDP  - 2020\n\n"
PUBMED = (
    "<PubmedArticle><MedlineCitation><PMID>@@</PMID><Article><ArticleTitle>Tide @@</ArticleTitle>"
    f"<Abstract><AbstractText>{WORDS}</AbstractText></Abstract></Article></MedlineCitation>"
    "</PubmedArticle>\n"
)
ENTRY = (
    f"<entry><id>http://arxiv.org/abs/2105.00001</id><title>Tide @@</title><summary>{WORDS}"
    "</summary></entry>\n"
)
FORMATS: dict[str, Callable[[int], str]] = {
    "json lines": lines,
    "json array": lambda count: "[" + ",\n".join(lines(count).splitlines()) + "]",
    "json within": lambda count: '{"data": [' + ",\n".join(lines(count).splitlines()) + "]}",
    "bibtex": repeated(BIBTEX),
    "ris": repeated(RIS),
    "nbib": repeated(NBIB),
    "pubmed": repeated(PUBMED, begin="<PubmedArticleSet>", end="</PubmedArticleSet>"),
    "atom": repeated(
        ENTRY, begin='<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>', end="</feed>"
    ),
    "csv": repeated(f'"Tide @@","@@: {WORDS}",2020\n', begin="title,abstract,year\n"),
}
FEW = 250


def peak(path: Path, count: int) -> int:
    """Returns the most bytes that were held while a file of so many papers was gathered."""
    tracemalloc.start()
    try:
        with Gathered() as found:
            found.take(path)
            assert found.papers == count, found.files
            for _ in found.records():
                pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMATS)
def test_ten_times_the_file_takes_no_more_memory(
    form: str, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pieces as much smaller as the files are.
    monkeypatch.setattr(decompression, "PIECE_BYTES", 1 << 14)
    peaks = []
    for count in (FEW, 10 * FEW):
        path = tmp_path / f"{count}"
        text = FORMATS[form](count).encode()
        path.write_bytes(gzip.compress(text, 1) if packed else text)
        del text
        if not peaks:
            # What is made once counts in neither.
            list(read_papers(path))
        # Threads that other tests have left may hold something meanwhile, which only adds.
        peaks.append(min(peak(path, count) for _ in range(2)))
    assert peaks[1] < 1.5 * peaks[0], peaks
    assert peaks[1] < len(FORMATS[form](10 * FEW)) / 3
