"""Numbers as a report spells them."""


def format_number(value: float) -> str:
    """Returns a mean or an end of its interval."""
    return f"{value:.3f}"


def format_exact(value: float) -> str:
    """Returns a value with up to four digits, whole ones without a point."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def format_milliseconds(value: float) -> str:
    """Returns a time with its unit."""
    return f"{value / 1000:.2f} s" if value >= 1000 else f"{value:.{0 if value >= 10 else 1}f} ms"
