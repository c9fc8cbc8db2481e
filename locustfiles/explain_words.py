"""Figures in words, the same in the verdict, the table and the console."""

from __future__ import annotations


def plural(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def figure(value: float | None) -> str:
    """Return a number with three significant digits, whole above 100."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def share(value: float | None) -> str:
    """Return a share in percent."""
    return "-" if value is None else f"{value * 100:.0f} %"


def percent(share: float) -> str:
    """Return a share in whole percent, and small ones with a digit."""
    return f"{share * 100:.1f} %" if 0 < share < 0.0095 else f"{share * 100:.0f} %"


def ms(seconds: float) -> str:
    """Return a time in ms, with a digit where it is short."""
    value = seconds * 1e3
    return f"{value:.1f} ms" if value < 9.95 else f"{value:.0f} ms"


def rps(rate: float | None) -> str:
    """Return a throughput."""
    return "any rate" if rate is None else f"{rate:.1f} requests/s" if rate < 9.95 else f"{rate:.0f} requests/s"


def rounded(value: float, digits: int = 4) -> float:
    """Round to significant digits."""
    return float(f"{value:.{digits}g}")


def route_of(method: str, name: str) -> str:
    """Return what a route is called: its method and the name that the locustfile gives it, which may begin with it."""
    return name if name.startswith(f"{method} ") else f"{method} {name}"
