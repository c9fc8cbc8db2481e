"""Whether users stay with one of several instances, and whether by the cookie of App Service's front end."""

from __future__ import annotations

from typing import Any

from explain_server_timing import Timing

COOKIE = "ARRAffinity="


def is_bound(response: Any) -> bool:
    """Whether a response's request had the cookie of App Service's front end. Never raises."""
    try:
        cookies = response.request.headers.get("Cookie")
        return cookies is not None and COOKIE in cookies
    except Exception:  # no response, or another client's idea of one
        return False


def instance_before(user: Any, timing: Timing | None) -> str:
    """Return the instance of a user's request before, "" if it is not known, and note the one that a header says."""
    if timing is None or not timing.origin.instance:
        return ""
    try:
        before, user.explain_instance = getattr(user, "explain_instance", ""), timing.origin.instance
    except AttributeError:  # no user, and so none that stays
        return ""
    return str(before)
