"""Rates: how often one user or address may ask, and how often a password may be wrong.

Counted in memory: a server that starts anew begins at zero.
"""

import ipaddress
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

# Keys that are remembered; the oldest are forgotten first.
MOST_KEYS = 20_000
# Seconds in which wrong passwords are counted, and how many are taken from one address for one
# name, from one address, and for one name from everywhere. The last is high: others shall not be
# able to lock somebody out.
WINDOW = 600.0
PAIR_MOST, ADDRESS_MOST, NAME_MOST = 8, 30, 200
# Seconds that an answer to a wrong password waits at most.
SLOWEST = 4.0


class Rates:
    """Counts requests by key: a bucket each, which fills steadily; safe to use from threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes what tells seconds."""
        self._clock, self._lock = clock, threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, a_minute: int) -> float:
        """Takes one request of so many a minute; returns the seconds to wait where none is left."""
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(key, (float(a_minute), now))
            left = min(float(a_minute), left + (now - at) * a_minute / 60)
            wait = 0.0 if left >= 1 else (1 - left) * 60 / a_minute
            self._left[key] = (left if wait else left - 1, now)
            while len(self._left) > MOST_KEYS:
                self._left.popitem(last=False)
            return wait


class Attempts:
    """Counts wrong passwords by address and name; safe to use from threads."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Takes what tells seconds."""
        self._clock, self._lock = clock, threading.Lock()
        self._failed: OrderedDict[tuple[str, str], deque[float]] = OrderedDict()

    def wait(self, address: str, name: str) -> float:
        """Returns the seconds until another password is compared; 0 for at once."""
        with self._lock:
            now = self._clock()
            return max(self._until(key, most, now) for key, most in _counted(address, name))

    def begin(self, address: str, name: str) -> float:
        """Counts a password as wrong before it is compared; returns by how much to slow a no.

        Returns:
            Seconds.
        """
        with self._lock:
            now = self._clock()
            for key, _ in _counted(address, name):
                failed = self._failed.setdefault(key, deque(maxlen=NAME_MOST))
                failed.append(now)
                self._failed.move_to_end(key)
            while len(self._failed) > MOST_KEYS:
                self._failed.popitem(last=False)
            of_address = len(self._recent((network_of(address), ""), now))
        return float(min(SLOWEST, 0.25 * 2 ** min(of_address - 1, 8)))

    def succeed(self, address: str, name: str) -> None:
        """Takes back what was counted last, as it was right, and forgets this pair's mistakes."""
        with self._lock:
            for key, _ in _counted(address, name):
                if failed := self._failed.get(key):
                    failed.pop()
            self._failed.pop((network_of(address), name), None)

    def _until(self, key: tuple[str, str], most: int, now: float) -> float:
        recent = self._recent(key, now)
        return recent[-most] + WINDOW - now if len(recent) >= most else 0.0

    def _recent(self, key: tuple[str, str], now: float) -> list[float]:
        return [at for at in self._failed.get(key, ()) if at > now - WINDOW]


def _counted(address: str, name: str) -> list[tuple[tuple[str, str], int]]:
    network = network_of(address)
    return [((network, name), PAIR_MOST), ((network, ""), ADDRESS_MOST), (("", name), NAME_MOST)]


def network_of(address: str) -> str:
    """Returns what one person has of addresses: one, or of IPv6 the first 64 bits."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
