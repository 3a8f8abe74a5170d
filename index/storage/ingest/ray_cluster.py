"""Ray cluster: found or started when it is needed, with actors that hold the bundled model."""

import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

from footnote.index import ModelError
from footnote.index.embeddings.base import MiniLM
from footnote.index.embeddings.protocols import TokenEmbedding

# A cluster that is started here and ends with the command; and one that Ray finds.
LOCAL, FOUND = "ray", "auto"


def check_workers(address: str) -> None:
    """Raises if this is no address of a cluster, or Ray is not installed.

    Raises:
        ModelError: It is one of both.
    """
    if address not in (LOCAL, FOUND) and not address.startswith("ray://"):
        raise ModelError(
            f"--workers {ascii(address)[:80]} is no cluster; give ray (one on this machine), "
            "auto (the one that Ray finds) or ray://HOST:PORT"
        )
    if find_spec("ray") is None:
        raise ModelError(
            "--workers needs Ray, which is not installed; run: pip install 'footnote-papers[ray]'"
        )


class EmbeddingActor:
    """What runs on the cluster: one process with the model, on one core."""

    def __init__(self) -> None:
        """Loads the model, which is exported on a machine that has none yet."""
        self._model = MiniLM(threads=1)

    def describe(self) -> str:
        """Returns the name and version of the readings."""
        return self._model.reader

    def read(self, texts: Sequence[str]) -> list[TokenEmbedding]:
        """Returns a reading of each text, in order."""
        return self._model.read(texts)


class RayCluster:
    """Ray, once it is needed.

    Attributes:
        actors: Those that live, as far as is known, or are starting.
    """

    def __init__(self, address: str, workers: int) -> None:
        """Takes an address that ``check_workers`` accepts; 0 workers are one for each core."""
        self._address = address
        self._workers = workers
        self._ray: Any = None
        self._folder = ""
        self._before: Any = None
        self.actors: list[Any] = []

    def connect(self) -> Any:
        """Returns Ray, connected, with as many actors as there are to be, some still starting."""
        if self._ray is None:
            local = self._address == LOCAL
            _prepare_environment(local=local)
            import ray

            self._before = signal.getsignal(signal.SIGTERM)
            quiet = {"log_to_driver": False, "logging_level": "ERROR"}
            try:
                if local:
                    self._folder = tempfile.mkdtemp(prefix="footnote-ray-")
                    ray.init(
                        "local",
                        num_cpus=self._workers or os.cpu_count(),
                        include_dashboard=False,
                        _temp_dir=self._folder,
                        **quiet,
                    )
                else:
                    ray.init(self._address, **quiet)
            # Ray's errors of connecting share no base class.
            except Exception as error:
                self.close()
                said = " ".join(str(error).split())[:200]
                raise ModelError(
                    f"the Ray cluster {self._address} cannot be used ({said}); start it, or give "
                    "--workers ray"
                ) from error
            self._ray = ray
            cores = int(ray.cluster_resources().get("CPU", 1))
            self.actors = [self.start() for _ in range(self._workers or max(1, cores))]
        return self._ray

    def start(self) -> Any:
        """Returns an actor that is starting; Ray starts none anew by itself."""
        return self._ray.remote(EmbeddingActor).options(num_cpus=1, max_restarts=0).remote()

    def close(self) -> None:
        """Ends the actors, and the cluster if it was started here."""
        if self._ray is not None:
            self._ray.shutdown()
            self._ray, self.actors = None, []
        if self._before is not None:
            # Ray put its own in this place; only the main thread may change it.
            with suppress(ValueError):
                signal.signal(signal.SIGTERM, self._before)
            self._before = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""


def _prepare_environment(*, local: bool) -> None:
    """Sets what Ray reads when it is imported, and hands on to what it starts."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # As it will be in its next versions; it warns until then.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    if local:
        # It listens on 127.0.0.1 alone then, as it does on Windows and macOS, and asks whoever
        # connects for a token, which it would leave in the home folder otherwise.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
