"""Which of Locust's request events is an HTTP request with a response of its own, and what failed.

Scenarios fire such events for anything that takes time: a query, a message, the time to a stream's first token. These
have no Server-Timing header to miss, and their time is part of no response.
"""

from __future__ import annotations

import urllib.parse
from typing import Any

METHODS = frozenset(
    name
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "QUERY")
    for name in (method, method.lower())
)


def seen_before(response: Any) -> bool:
    """Whether an event has had this response already; never raises."""
    try:
        if getattr(response, "explain_seen", False):
            return True
        response.explain_seen = True
    except Exception:  # another client's idea of a response
        return False
    return False


def describe(exception: Any, response: Any) -> str:
    """Say in a few words what failed."""
    try:
        status = int(response.status_code)
    except Exception:  # no response
        status = 0
    return f"HTTP {status}" if status >= 400 else type(exception).__name__


def landed_on(response: Any, url: Any) -> str:
    """Return the route to which a request was redirected, by its path; "" if it was not, or nobody knows.

    Locust counts it by its own name, while its header is that of the page on which it landed.
    """
    try:
        final, asked = urllib.parse.urlsplit(str(response.url)), urllib.parse.urlsplit(str(url))
        if not final.scheme:  # HttpUser's has the name there while it is reported
            final = urllib.parse.urlsplit(str(response.request.url))
    except Exception:  # no response, or another client's idea of one
        return ""
    if not final.scheme or not asked.scheme or (final.path, final.query) == (asked.path, asked.query):
        return ""
    return f"GET {final.path}{final.query and '?'}{final.query}"
