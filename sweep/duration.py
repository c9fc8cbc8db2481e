"""How long a sweep takes: what it prints at its start, what --help says, and the documents after it."""

from __future__ import annotations

import math

from explain_types import Analysis
from explain_words import plural
from sweep.decide.holding import STEPS_MOST
from sweep.decide.prediction import cycle_of
from sweep.decide.search import CELLS_MOST, CELLS_MOST_THINKING, FINALISTS, FINALISTS_THINKING
from sweep.options import Options
from sweep.records import AROUND

SECONDS_LEAST, SECONDS_MOST = 6.0, 60.0
CYCLES = 20  # of an undisturbed user, that a window should have
# Requests that take no longer leave a window as short as it can be; before any has been made, they are taken for such.
QUICK = SECONDS_LEAST / CYCLES
# Users who think are no test of throughput, and so many of their requests have a p95.
REQUESTS = 120
# So many arrivals have a p95, and a window that is so many times as long as the longest request.
ARRIVALS, LONGEST = 300, 10


def window(unloaded: Analysis | None, users: int, rps: float | None = None) -> float:
    """Return the length of a run's window in s: some cycles of an undisturbed user; fewer of many who think.

    Of arrivals, so many that their p95 can be told, and several of the longest that a request takes.
    """
    if rps is not None:
        longest = (unloaded.response_ms.p99 or 0.0) / 1e3 if unloaded else 0.0
        return bounded(max(ARRIVALS / rps, LONGEST * longest))
    return of_cycles(cycle_of(unloaded), users, thinking(unloaded)) if unloaded else SECONDS_LEAST


def of_cycles(cycle: float, users: int, think: bool) -> float:
    """Return the length of a window in s for users of such a cycle, in s."""
    return bounded((min(CYCLES, REQUESTS / users) if think else CYCLES) * cycle)


def bounded(seconds: float) -> float:
    """Return a window's length in whole s, neither too short nor too long."""
    return float(round(min(SECONDS_MOST, max(SECONDS_LEAST, seconds))))


def seconds_of(options: Options, unloaded: Analysis | None) -> float:
    """Return the length of a run's window in s: as asked, or some cycles of an undisturbed user."""
    return options.seconds or window(unloaded, options.users, options.rps)


def thinking(unloaded: Analysis) -> bool:
    """Whether users think for longer than their requests take, as far as a single one tells."""
    return (unloaded.demand.think_s or 0.0) >= cycle_of(unloaded) / 2


def forecast(options: Options, unloaded: Analysis | None = None, around: float = AROUND) -> str:
    """Say how many settings will be measured, and how long that takes at most.

    Args:
        options: the sweep's.
        unloaded: what one user saw; None before that. Then it says how long quick requests take, and slow ones.
        around: what a run takes beside its window, in s.
    """
    seconds, think = foreseen(options) if unloaded is None else (seconds_of(options, unloaded), thinking(unloaded))
    settings, repeats = len(options.workers) * len(options.threads), options.repeats
    what = plural(settings, "setting") if settings else f"At most {cells_most(options, think)} settings"
    windows = f"up to {repeats} windows" if repeats > 1 else "a window"
    least = minutes(runs(options, think), seconds, around)
    text = f"{what}, {windows} of {seconds:g} s each: {at_most(least)}"
    most = least if unloaded else minutes(runs(options, False), options.seconds or SECONDS_MOST, around)
    return f"{text}, up to {most} for slow pages: one user's run, the first, tells" if most > least else text


def foreseen(options: Options) -> tuple[float, bool]:
    """Return a window's length in s, and whether users think, if requests turn out to be quick."""
    least, _, most = (options.pause or "0").partition("-")
    pause = (float(least) + float(most or least)) / 2
    think = pause >= QUICK
    if options.seconds or options.rps is not None:
        return seconds_of(options, None), think
    return of_cycles(pause + QUICK, options.users, think), think


def few(options: Options, think: bool) -> bool:
    """Whether the laws say so much beforehand that few settings are measured."""
    return think or options.rps is not None


def cells_most(options: Options, think: bool) -> int:
    """Return how many settings are measured at most, without a grid."""
    return CELLS_MOST_THINKING if few(options, think) else CELLS_MOST


def runs(options: Options, think: bool) -> int:
    """Return how many runs there are at most: one user's, each setting's, those again that may be the best, a check."""
    if options.is_grid:
        return 1 + len(options.workers) * len(options.threads) * options.repeats
    again = FINALISTS_THINKING if few(options, think) else FINALISTS
    return 1 + cells_most(options, think) + again * (options.repeats - 1) + few(options, think)


def minutes(number: int, seconds: float, around: float = AROUND) -> int:
    """Return how long so many runs take, each with a window of so many s, in whole minutes."""
    return math.ceil(number * (seconds + around) / 60)


def at_most(number: int) -> str:
    """Say how many minutes; a run that other programs disturb is made again."""
    return f"at most about {plural(number, 'minute')} if nothing disturbs"


def steps_forecast(options: Options, settings: int) -> str:
    """Say how long it takes to find how much so many settings hold."""
    number, seconds = 1 + STEPS_MOST * settings, options.seconds or SECONDS_LEAST
    least, most = minutes(number, seconds), minutes(number, options.seconds or SECONDS_MOST)
    text = (
        f"at most {STEPS_MOST} steps of {seconds:g} s{'' if options.seconds else ' or more'} for each: {at_most(least)}"
    )
    return f"{text}, up to {most} for slow pages or low rates" if most > least else text
