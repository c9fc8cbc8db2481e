"""What a fault did, as the tests record it; bench/reliability.py makes the table of docs/reliability.md from it."""

from __future__ import annotations

from dataclasses import dataclass

STACK, BARE = "this stack", "bare gunicorn"


@dataclass(frozen=True)
class Row:
    """What one fault did.

    Attributes:
        fault: its key in the table.
        who: this stack or bare gunicorn.
        sent: requests sent.
        lost: those of them that were not answered in full.
        note: what else was measured.
    """

    fault: str
    who: str
    sent: int
    lost: int
    note: str = ""
