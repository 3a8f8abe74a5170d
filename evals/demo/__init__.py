"""A small set of questions over the demo library, in this project's own words."""

from importlib.resources import files
from pathlib import Path


def demo_set() -> Path:
    """Returns the folder of the set that ships with the package."""
    return Path(str(files(__package__)))
