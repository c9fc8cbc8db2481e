"""How much a setting holds: which rate to try next, and what the tries come to.

The rate of arrivals rises by the same factor from step to step until one breaks the limit, and breaks it again when it
is tried once more. Then what lies between what held and what broke is halved, until the two are near.
"""

from __future__ import annotations

import math

import msgspec

from explain_laws import Setting, bounds
from explain_types import Analysis
from explain_words import figure
from sweep.options import Options

# The first step's share of what the laws allow, and each further one's factor: six steps to that bound.
FIRST, FACTOR = 0.25, 1.4
# Without a bound to begin with, in 1/s.
START = 5.0
# Between what holds and what breaks; nearer than this, chance decides.
NEAR = 1.12
STEPS_MOST = 24
# A rate that breaks the limit in so many runs breaks it.
BROKEN = 2
# Of arrivals that do not wait, so many have to be served, or more come than the setting can do.
SERVED = 0.95
# A p95 of fewer requests is chance; of those above it there are 10 then.
TOLD = 200
WORDS = {
    "slots": "slots: all of them are taken",
    "cpu": "the plan's CPU",
    "gil": "the one core that Python's GIL leaves each worker",
    "inside": "something inside or behind the app that requests wait for",
    "imbalance": "requests wait in one worker while another one has free slots",
    "errors": "the app, which fails requests",
    "stuck": "requests that do not end",
    "memory": "memory, which grows with the requests",
}


class Step(msgspec.Struct, frozen=True):
    """One run at a rate.

    Attributes:
        rps: the arrivals that were asked for, in 1/s.
        analysis: Locust's; None if there was none.
        broken: why it breaks the limit, in a few words; "" if it keeps it.
        void: why it says nothing of the setting; "" if it does.
    """

    rps: float
    analysis: Analysis | None
    broken: str = ""
    void: str = ""

    @property
    def holds(self) -> bool:
        """Whether it keeps the limit."""
        return not self.broken and not self.void

    @property
    def requests(self) -> int:
        """How many requests ended."""
        return self.analysis.load.requests if self.analysis else 0


class Held(msgspec.Struct):
    """What the steps of a setting come to.

    Attributes:
        workers, threads: the setting.
        steps: in the order in which they were made.
        bound_rps: what the laws allow it, by a request alone; None where nobody knows.
        error: why there are no steps, or no more; "" if there are as many as it takes.
    """

    workers: int
    threads: int
    steps: list[Step] = msgspec.field(default_factory=list)
    bound_rps: float | None = None
    error: str = ""

    @property
    def setting(self) -> Setting:
        """The setting."""
        return Setting(self.workers, self.threads)

    def outcome(self, rps: float) -> bool | None:
        """Return whether a rate was found to hold (True) or to break the limit; None while nobody knows."""
        here = [step for step in self.steps if step.rps == rps and not step.void]
        broken = sum(not step.holds for step in here)
        if broken >= BROKEN:
            return False
        held = len(here) - broken
        return True if held > broken else None

    @property
    def rates(self) -> list[float]:
        """The rates that were tried, the lowest first."""
        return sorted({step.rps for step in self.steps if not step.void})

    @property
    def holds_rps(self) -> float | None:
        """The highest rate that holds, below the lowest that does not; None if none does."""
        first = self.breaks_rps or math.inf
        return max((rps for rps in self.rates if rps < first and self.outcome(rps)), default=None)

    @property
    def breaks_rps(self) -> float | None:
        """The lowest rate that breaks the limit; None if none does."""
        return min((rps for rps in self.rates if self.outcome(rps) is False), default=None)

    @property
    def first_broken(self) -> Step | None:
        """The last run at that rate that broke it."""
        steps = [step for step in self.steps if step.rps == self.breaks_rps and step.broken]
        return steps[-1] if steps else None

    def last_at(self, rps: float | None) -> Step | None:
        """Return the last run at a rate that held."""
        return next((step for step in reversed(self.steps) if step.rps == rps and step.holds), None)


def next_rate(held: Held) -> float | None:
    """Return the rate to try next; None where it is known how much the setting holds, or no more can be found out."""
    if len(held.steps) >= STEPS_MOST or (held.steps and held.steps[-1].void):
        return None
    if open_rates := [rps for rps in held.rates if held.outcome(rps) is None]:
        return open_rates[0]  # it broke the limit once, which may be chance
    low, high = held.holds_rps, held.breaks_rps
    if low is None and high is None:
        return rounded(FIRST * held.bound_rps if held.bound_rps else START)
    if high is None:
        return rounded(FACTOR * (low or START))
    if low is None:
        return rounded(high / 2) if high > START / 100 else None
    return (
        rounded(math.sqrt(low * high))
        if high > NEAR * low and rounded(math.sqrt(low * high)) not in (low, high)
        else None
    )


def rounded(rps: float) -> float:
    """Return a rate to two digits, or to three from 100 on."""
    return float(f"{rps:.{3 if rps >= 100 else 2}g}")


def bound_of(alone: Analysis | None, setting: Setting, vcpu: int) -> float | None:
    """Return what the laws allow a setting, in 1/s, by what a request alone takes; None where nobody knows."""
    if alone is None or alone.demand.app_s is None:
        return None
    lowest = bounds(alone.demand, None, setting.workers, setting.slots, vcpu).lowest()
    return lowest[1] if lowest else None


def judged(rps: float, analysis: Analysis | None, error: str | None, void: str | None, options: Options) -> Step:
    """Return a run as a step: whether it keeps the limits that were given, and serves what comes."""
    if analysis is None or error:
        return Step(rps, analysis, broken="" if void else (error or "no analysis").splitlines()[0], void=void or "")
    if void:
        return Step(rps, analysis, void=void.removeprefix("void: "))
    load, p95 = analysis.load, analysis.response_ms.p95 or 0.0
    share, asked = load.failures / max(1, load.requests), analysis.generator.offered_rps
    broken = []
    if options.max_p95 is not None and p95 > options.max_p95:
        broken.append(f"p95 is {p95:.0f} ms")
    if options.max_fail_ratio is not None and share > options.max_fail_ratio:
        broken.append(f"{share:.2%} of the requests fail")
    if load.rps < SERVED * asked:
        broken.append(f"it serves {figure(load.rps)} of {figure(asked)} requests/s")
    return Step(rps, analysis, broken=", ".join(broken))


def told(held: Held, options: Options) -> str:
    """Say how much a setting holds, and what breaks first."""
    low, high, first = held.holds_rps, held.breaks_rps, held.first_broken
    where = f"{held.setting} on {options.plan}"
    if low is None and high is None:
        return f"{where}: nothing can be said: {held.error or last_void(held)}."
    if low is None:
        text = f"{where} does not hold {high:g} arrivals/s within {limits(options)}"
    else:
        text = f"{where} holds {low:g} arrivals/s within {limits(options)}{seen(held.last_at(low))}"
    if high is None or first is None:
        once = next((f"at {step.rps:g}/s {step.broken}, in one run; " for step in held.steps[-1:] if step.broken), "")
        return f"{text}; {once}no rate that surely breaks it was found: {held.error or last_void(held)}.{few(held)}"
    return f"{text}; at {high:g}/s {first.broken}. What breaks first: {breaks_first(first)}.{few(held)}"


def seen(step: Step | None) -> str:
    """Say what the p95 was at a step."""
    return f" (p95 {step.analysis.response_ms.p95 or 0.0:.0f} ms)" if step and step.analysis else ""


def limits(options: Options) -> str:
    """Return the limits in words."""
    given = [f"p95 ≤ {options.max_p95:g} ms"] if options.max_p95 is not None else []
    if options.max_fail_ratio is not None:
        given.append(f"{options.max_fail_ratio:.2%} of failures")
    return " and ".join(given)


def breaks_first(step: Step) -> str:
    """Say what the analysis found to be the limit where the limit that was given broke."""
    verdict = step.analysis.verdict if step.analysis else None
    if verdict is None:
        return "the app itself, which did not stay"
    busy = step.analysis.cpu_utilization if step.analysis else None
    cpu = f", the CPU at {busy:.0%}" if busy is not None and verdict.code not in ("cpu", "gil") else ""
    return WORDS.get(verdict.code, f"nothing that can be seen (verdict {verdict.code})") + cpu


def last_void(held: Held) -> str:
    """Return why the last step says nothing, or that there were as many as there may be."""
    if held.steps and held.steps[-1].void:
        return held.steps[-1].void.removesuffix(".")
    return f"{len(held.steps)} steps were made, and there may be no more"


def few(held: Held) -> str:
    """Say where a p95 that decides is one of few requests; "" where it is not."""
    decisive = [step for step in held.steps if step.rps in (held.holds_rps, held.breaks_rps) and step.analysis]
    least = min((step.requests for step in decisive), default=TOLD)
    return (
        f" The p95 is one of {least} requests, which is few: --seconds makes the steps longer." if least < TOLD else ""
    )
