# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""The least and the most that a number may be, where gunicorn takes any one and then chokes on it."""

from __future__ import annotations

from typing import Any

from gunicorn_slots.parsing import BadSettingError, kind_of_count

# gunicorn accepts 0 for each of these and then never answers, or dies with a traceback.
AT_LEAST_ONE = ("workers", "threads", "worker_connections", "backlog", "dirty_threads")

# The kernel's and Python's own interfaces end here, with an OverflowError.
MOST = 2**31 - 1
SECONDS_MOST = 2_000_000  # polling takes milliseconds
MOST_OF = {
    # More of these is a slip of the keyboard, and takes the machine down.
    "workers": 1000,
    "dirty_workers": 1000,
    "threads": 10_000,
    "dirty_threads": 10_000,
    "timeout": SECONDS_MOST,
    "graceful_timeout": SECONDS_MOST,
    "keepalive": SECONDS_MOST,
    "dirty_timeout": SECONDS_MOST,
    "dirty_graceful_timeout": SECONDS_MOST,
    "asgi_disconnect_grace_period": SECONDS_MOST,
    "umask": 0o777,
    "control_socket_mode": 0o777,
    "cert_reqs": 2,  # of ssl.VerifyMode
}


def of(name: str) -> tuple[int, int]:
    """Return the least and the most that a setting may be."""
    return int(name in AT_LEAST_ONE), MOST_OF.get(name, MOST)


def check(name: str, value: Any, variable: str = "", source: str = "") -> None:
    """Refuse a number out of bounds.

    Raises:
        BadSettingError: it is, and the variable, or the setting and its source.
    """
    least, most = of(name)
    if isinstance(value, int) and not least <= value <= most:
        raise BadSettingError(
            variable or name, value, f"expected {kind_of_count(least, most if value > most else None)}", source
        )
