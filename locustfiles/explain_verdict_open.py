"""What to say of arrivals that were to come whether or not the app answers, and had to wait for users all the same."""

from __future__ import annotations

from dataclasses import replace

from explain_arrivals import Arrivals
from explain_types import Verdict
from explain_words import figure, ms, plural

# With these nothing of the app's holds anybody up, so it is the number of users that did.
UNHINDERED = ("healthy", "memory", "unknown")


def as_arrived(verdict: Verdict, arrivals: Arrivals, seconds: float) -> Verdict:
    """Return a verdict that says so, or that the users are what limited the run."""
    text = closed(arrivals, seconds)
    if verdict.code not in UNHINDERED:
        return replace(verdict, text=f"{verdict.text} {text}")
    advice = (
        "More --max-users (LOCUST_MAX_USERS): as many as requests a second times the longest response in s. Then the "
        "figures are those of the load that was asked for."
    )
    return Verdict("generator", f"{text} Nothing of the app's was seen to be at its limit.", advice)


def closed(arrivals: Arrivals, seconds: float) -> str:
    """Say by how much arrivals had to wait for users."""
    late = ""
    if arrivals.held_back:
        late = f" {arrivals.held_back} began {ms(arrivals.held_ms / 1e3 / arrivals.held_back)} late on average"
    left = f"{' and' if late else ''} {arrivals.left} had not begun at the end" if arrivals.left else ""
    return (
        f"The load did not stay open: all {plural(arrivals.users_allowed, 'user')} that there may be (--max-users) "
        f"were in a task, so of {arrivals.due} arrivals{late}{left}: {figure(arrivals.asked)} a second were asked for, "
        f"and {figure(arrivals.begun / seconds)} began."
    )
