"""What to say of users who got as far as no request, and of what their code raised, whatever the verdict is."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from explain_tally import Tally
from explain_turnout import UNKNOWN, Turnout
from explain_types import Verdict
from explain_words import plural

# Nobody knows how long a request may take; for this long none of all users' should have ended.
LEAST_WAIT = 10.0  # s
NONE_ENDED = "No request has ended since all users were there."
NOT_ALL = "No request counts, as not all users were there."
LOOK = (
    "Look at that first: Locust's log has the whole traceback. The app can be judged when its users get as far as to "
    "ask for something."
)


class Waited(NamedTuple):
    """Who waited for responses, and for how long.

    Attributes:
        users: how many there were when the window began.
        seconds: its length.
        turnout: what is known of the users themselves.
    """

    users: int
    seconds: float
    turnout: Turnout = UNKNOWN

    @property
    def there(self) -> int:
        """How many of them were there to the end, as far as that is known."""
        left = self.turnout.left
        return self.users if left is None else min(self.users, left)


def hanging(tally: Tally, waited: Waited, pausing: float, tasks: int) -> int:
    """Return how many users have waited so long for their first answer that they can be called stuck, else 0.

    Who raises an exception, or goes from task to task without a request, waits for nothing.
    """
    if tally.requests or tally.events or waited.seconds < LEAST_WAIT:
        return 0
    if sum(tally.raised.values()) >= waited.there or tasks > waited.there:
        return 0
    return round(waited.there - pausing) if waited.there - pausing >= 1 else 0


def no_request(tally: Tally, waited: Waited, tasks: int) -> Verdict:
    """No request has ended, and nobody hangs; the reason that was seen comes first."""
    text = NONE_ENDED
    asked, left, before, shape = waited.turnout
    who = f"{shape}, the LoadTestShape," if shape else "--users (LOCUST_USERS)"
    if asked == 0 and before:
        text = (
            f"{who} asked for no users at last, and the figures start anew with each number of users: "
            f"{plural(before, 'request')} ended before that."
        )
        advice = "End the test while its users are there; a LoadTestShape does so with None."
    elif tally.raised:
        text, advice = NONE_ENDED if waited.seconds > 0 else NOT_ALL, LOOK
    elif asked == 0:
        text = f"There were no users: {who} asked for none."
        advice = "Ask for some, for instance --users 36."
        if shape:
            advice = "Have its tick() return users for as long as the test is to last: the first None ends it."
    elif waited.seconds <= 0:
        text, advice = NOT_ALL, "Run longer than the ramp: more --run-time, or a higher --spawn-rate."
    elif left == 0:
        gone = plural(asked or waited.users, "user")
        text = f"{NONE_ENDED[:-1]}, and none of {gone} is left: they ended by themselves, without an exception."
        advice = "Look in the locustfile for what stops users: StopUser in on_start, say."
    elif tasks > waited.there:
        text = f"{NONE_ENDED[:-1]}, though they went through {plural(tasks, 'task')}."
        advice = "Have the tasks send requests, with the users' own client, self.client."
    else:
        advice = "Run longer than a request and a user's pause take: more --run-time."
    return Verdict("no-data", text, advice)


def all_ended(tally: Tally, waited: Waited, is_open: bool) -> bool:
    """Whether what users raised has ended all of them: what they asked for until then is no load."""
    return bool(tally.raised and tally.requests) and not is_open and waited.turnout.left == 0


def nobody_left(tally: Tally) -> Verdict:
    """All users have ended."""
    return Verdict("no-data", f"After {plural(tally.requests, 'request')} no user was left.", LOOK)


def with_raised(verdict: Verdict, tally: Tally, waited: Waited, is_open: bool) -> Verdict:
    """Return a verdict that also says what the users' code raised, and how many have ended; nothing if nothing was."""
    if not tally.raised:
        return verdict
    total = sum(tally.raised.values())
    kind, number = max(tally.raised.items(), key=lambda item: item[1])
    most = "all" if number == total else str(number)
    what = kind if total == 1 else f"{plural(total, 'exception')}, {most} of them {kind}"
    text = f"{verdict.text} The locustfile raised {what}."
    asked, left, *_ = waited.turnout
    if not is_open and waited.seconds > 0 and asked is not None and left is not None and left < asked:
        text += f" {asked - left} of {plural(asked, 'user')} {'has' if asked - left == 1 else 'have'} ended."
    return replace(verdict, text=text)
