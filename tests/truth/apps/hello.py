"""The shortest app there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def app(_environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Say hello."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6")])
    return [b"hello\n"]
