"""The demo library's papers: real records, each with a summary in this project's own words."""

import hashlib
from importlib.resources import files
from pathlib import Path


def demo_papers() -> Path:
    """Returns the JSONL file that ships with the package."""
    return Path(str(files(__package__).joinpath("papers.jsonl")))


def demo_version() -> str:
    """Returns a short hash of the file, so that a changed file is indexed again."""
    return hashlib.sha256(demo_papers().read_bytes()).hexdigest()[:12]
