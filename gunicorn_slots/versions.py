# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""Which version this is, and with which gunicorn it was tested."""

from __future__ import annotations

import re

import gunicorn

__version__ = "0.2.0"

# SlotWorker overrides what gunicorn does not document, so it is used with versions that it was tested with, and
# with the later ones of the same number before the first dot.
TESTED = ("27.0.1",)
OLDEST, TOO_NEW = (27, 0, 1), (28,)


def why_untested(version: str = gunicorn.__version__) -> str:
    """Return in a few words why this gunicorn is outside of what was tested; "" if it is inside."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    if numbers < OLDEST:
        return f"gunicorn is {version}, and {TESTED[0]} is the oldest that was tested"
    if numbers >= TOO_NEW:
        return f"gunicorn is {version}, and {TESTED[-1]} is the newest that was tested"
    return ""
