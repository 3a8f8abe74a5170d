"""Prices: what a provider charges for a model, from a table that others maintain.

The table is the package genai-prices (MIT), which needs no network. It holds for the providers'
own addresses: what a gateway or somebody's own server charges under the same name, nobody knows.
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.metadata import version

from footnote.rag.generation.settings import Prices

TABLE = "genai-prices"


@cache
def table_version() -> str:
    """Returns name and version of the table."""
    return f"{TABLE} {version(TABLE)}"


def find_prices(base_url: str, model: str) -> Prices | None:
    """Returns what the provider at an address charges for a model; None if it is not in the table.

    The first lookup of a process loads the table, which takes up to 0.3 s and 75 MB, so what was
    found is kept in the endpoint's profile.
    """
    if not base_url.startswith("https:"):
        return None
    # Loaded only where a price is not known yet; see above.
    from genai_prices.data_snapshot import get_snapshot

    snapshot = get_snapshot()
    try:
        name = model.removeprefix("models/")
        _, found = snapshot.find_provider_model(name, None, None, base_url)
        now = found.get_prices(datetime.now(UTC))
    except LookupError:
        return None
    prompt, completion = _base(now.input_mtok), _base(now.output_mtok)
    if prompt is None or completion is None:
        return None
    return Prices(prompt, completion, f"list prices of {table_version()}")


def _base(price: object) -> float | None:
    """Returns the price of a short prompt; longer ones cost more at some providers."""
    price = getattr(price, "base", price)
    return float(price) if isinstance(price, Decimal | int | float) else None
