"""From the figures of a run to one verdict, and to the setting to try next.

The rules, in the order in which they are asked; the first that holds is the verdict:

* `no-data`: no response had the header, or there are too few.
* `generator`: Locust itself was the limit, so the figures are not the app's.
* `errors`: 1 % of the requests or more failed. Failing is often faster or slower than working.
* `cpu` and `gil`: the workers use 85 % or more of the cores that they can reach. With as many workers as vCPUs that
  is the plan's CPU, with fewer it is the workers' own cores. This comes before the slots, as requests that compete
  for a CPU stay longer in their slots, so that slots fill up too, and more of them would not help.
* `imbalance`: a worker's share is off by more than a third, and one worker is full (its slots while requests wait,
  or its core), so others have room. The third grows with chance where there are few requests.
* `slots`: the slots are taken for 80 % of the time or more, there are more users than slots, and waiting is 10 % or
  more of the response time. Without the second, more slots would stay empty; without the third, nobody would notice.
* `healthy`: none of these. The text says so if requests wait all the same, as for a network.

The margins keep a verdict from changing with the noise of a run, some 2 %. At a border two verdicts are both
right: slots at 80 % with 10 % waiting is the start of a queue.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from explain_figures import Figures
from explain_generator import THROTTLED_MOST, Judgement
from explain_suggestion import Shape, bounds_of, current, fit, memory_note, named, needed, suggest
from explain_tally import Tally
from explain_types import Verdict
from explain_words import ms, percent, plural, rps

LEAST_REQUESTS = 10
ERRORS = 0.01
SLOTS_FULL = 0.80
ALL_SLOTS = 0.90
COVERED = 0.90  # of the responses that did not fail must have had the header
WORKER_FULL = 0.85
WAITING = 0.10
UNEVEN = 1 / 3
# Waiting below this is the wire and the accepting of a connection, whatever its share.
LEAST_QUEUE = 0.002  # s
WITH_HEADER = "with this project's gunicorn.conf.py or its worker class, gunicorn_slots.SlotWorker"
# What bare gthread and event loops lack.
EXACT = "this project's worker class, gunicorn_slots.SlotWorker, takes a connection only while it has a free thread."
# From this share of the CPU on, gunicorn's own part of a request waits for the app's other threads, too.
COMPETING = 0.50


class Waited(NamedTuple):
    """For whom and how long was waited."""

    users: int
    seconds: float


def decide(  # noqa: PLR0911 one return a rule
    tally: Tally, found: Figures | None, judgement: Judgement, memory_mb: float | None, waited: Waited
) -> Verdict:
    """Return the verdict of a run.

    Args:
        tally: its requests.
        found: what the laws make of them, None without the header.
        judgement: of the generator.
        memory_mb: the plan's memory, None if it is not known.
        waited: by whom, and for how long.
    """
    if found is None or tally.app.count < max(LEAST_REQUESTS, COVERED * (tally.requests - tally.failures)):
        return no_data(tally)
    if judgement.reasons:
        return generator(found, judgement)
    if tally.failures >= ERRORS * tally.requests:
        return errors(tally)
    if found.cpu_full:
        return gil(found, memory_mb) if found.setting.workers < found.setting.vcpu else cpu(found, memory_mb)
    if uneven(found):
        return imbalance(found, memory_mb)
    if slots_full(found):
        return slots(found, memory_mb)
    return healthy(found, memory_mb)


# --- the rules -----------------------------------------------------------------------------------


def waits(found: Figures, seconds: float) -> bool:
    """Whether a mean wait is worth a word."""
    return seconds >= max(LEAST_QUEUE, WAITING * (seconds + found.app))


def slots_full(found: Figures) -> bool:
    """Whether requests wait because all slots are taken."""
    if found.slots is None or found.held < SLOTS_FULL * found.slots:
        return False
    # With slots to spare a wait that the first requests had too is the network; only what is above it can be a queue.
    wait = found.wait if found.held >= ALL_SLOTS * found.slots else found.excess
    # A user can have several requests under way, so both are counted: users, and requests in the system (Little).
    return max(found.users, found.rate * found.response) > found.slots and waits(found, wait)


def uneven(found: Figures) -> bool:
    """Whether one worker is full while another has room."""
    number = found.setting.workers
    if number < 2 or len(found.workers) > number:  # restarted workers have had less time than others
        return False
    requests = sum(worker.requests for worker in found.workers)
    chance = 3 * math.sqrt((number - 1) / requests)  # three standard deviations of a share, relative to it
    if max(abs(share * number - 1) for share in found.shares) <= max(UNEVEN, chance):
        return False
    slots_each = found.slots / number if found.slots else math.inf
    full = [worker.slots_busy >= WORKER_FULL * slots_each for worker in found.workers]
    hot = any(worker.cpu_cores >= WORKER_FULL for worker in found.workers)
    # Where all that get requests are full, all requests have that wait, and none is quick to compare it with.
    wait = found.wait if all(full) else found.excess
    return hot or (any(full) and waits(found, wait))


# --- the verdicts --------------------------------------------------------------------------------


def no_data(tally: Tally) -> Verdict:
    """No response had the header, or too few had it."""
    if not tally.requests:
        text = "No request has ended since all users were there, so there is nothing to tell."
        return Verdict("no-data", text, "Run longer than the ramp: more --run-time, or a higher --spawn-rate.")
    if tally.app.count and tally.requests < 2 * LEAST_REQUESTS:
        text = f"Only {plural(tally.app.count, 'response')} so far: too few to tell."
        return Verdict("no-data", text, "Run longer.")
    if tally.app.count:
        text = f"Only {tally.app.count} of {plural(tally.requests, 'response')} had the Server-Timing header."
        return Verdict("no-data", text, f"Request only what gunicorn serves, {WITH_HEADER}.")
    text = f"None of {plural(tally.requests, 'response')} had the Server-Timing header: nobody knows where they waited."
    if tally.failures:
        text += f" {failed(tally)}."
    return Verdict("no-data", text, f"Set SERVER_TIMING=true for gunicorn, {WITH_HEADER}.")


def generator(found: Figures, judgement: Judgement) -> Verdict:
    """Locust is the limit."""
    text = f"The load generator is the limit: {'; '.join(judgement.reasons)}. So the figures are not the app's."
    quota = judgement.quota_cpus
    if quota and judgement.throttled_percent >= THROTTLED_MOST * 100:
        advice = f"Give Locust more than {quota:g} CPU"
    else:
        free = min(judgement.cores, int(quota)) if quota else judgement.cores
        more = max(2, judgement.processes + 1)
        advice = f"Set LOCUST_PROCESSES={more}" if more <= free else "Run Locust on another machine than the app"
    return Verdict("generator", text, f"{advice}, and use FastHttpUser rather than HttpUser (a quarter of the CPU).")


def errors(tally: Tally) -> Verdict:
    """Requests fail."""
    text = f"{failed(tally)}. Times and throughput of a failing app say little about a working one."
    return Verdict("errors", text, "Look at the Failures tab and the app's log first.")


def failed(tally: Tally) -> str:
    """Say how many requests failed, and of what mostly."""
    kind, number = max(tally.errors.items(), key=lambda item: item[1])
    most = "" if number < tally.failures / 2 else f", {'all' if number == tally.failures else 'most'} with {kind}"
    share = percent(tally.failures / tally.requests)
    return f"{tally.failures} of {plural(tally.requests, 'request')} failed ({share}{most})"


def cpu(found: Figures, memory_mb: float | None) -> Verdict:
    """The plan's CPU is used up: no setting helps. A larger plan has more memory too, so this one's is no bound."""
    setting = found.setting
    text = (
        f"The plan's CPU is used up: {percent(found.cpu_utilization)} of {setting.vcpu} vCPU. A request needs "
        f"{ms(found.cpu)} of CPU, which allows {rps(found.bounds.cpu_rps)}, whatever the slots."
    )
    more = setting.vcpu * 2
    shape = Shape(max(setting.workers, more), setting.threads)
    allowed = bounds_of(found, shape, more).cpu_rps
    there = named(found, shape)
    advice = f"Less CPU for a request, or a plan with {more} vCPU and {there}: the CPU allows {rps(allowed)}."
    need = f" Its workers need about {found.memory_each_mb * shape.workers:.0f} MB." if memory_mb else ""
    return Verdict("cpu", text, advice + need)


def gil(found: Figures, memory_mb: float | None) -> Verdict:
    """The workers' own cores are used up."""
    setting = found.setting
    who = "The only worker uses" if setting.workers == 1 else f"The {setting.workers} workers use"
    text = (
        f"{who} {found.cores:.2f} of the {plural(setting.workers, 'core')} that Python's GIL allows, while "
        f"{setting.vcpu - found.cores:.2f} of {setting.vcpu} vCPU idle. A request needs {ms(found.cpu)} of CPU."
    )
    shape = fit(found, Shape(setting.vcpu, setting.threads), memory_mb)
    if shape.workers <= setting.workers:
        advice = "The plan's memory has no room for another worker: a plan with more memory, or less CPU for a request."
        return Verdict("gil", text, advice + memory_note(found, shape, memory_mb))
    return Verdict("gil", f"{text} Set {plural(shape.workers, 'worker')}.", suggest(found, shape, memory_mb))


def imbalance(found: Figures, memory_mb: float | None) -> Verdict:
    """Requests wait in one worker while another has room."""
    spread = " / ".join(f"{share * 100:.0f}" for share in found.shares[:8])
    free = ""
    if found.slots is not None:
        free = f" while {max(0.0, found.slots - found.busy):.1f} of {found.slots} slots are free"
    text = f"The workers get {spread} % of the requests, so a request waits {ms(found.wait)}{free}."
    if found.slots is None:
        return Verdict("imbalance", text, f"Leave GUNICORN_WORKER_CLASS unset: {EXACT}")
    advice = suggest(found, fit(found, needed(found, memory_mb), memory_mb), memory_mb)
    if not found.setting.worker_class.endswith("SlotWorker"):
        unset = "GUNICORN_WORKER_CLASS, GUNICORN_WORKER_CONNECTIONS and GUNICORN_KEEPALIVE"
        advice = f"Leave {unset} unset: {EXACT} And set {advice}"
    return Verdict("imbalance", text, advice)


def slots(found: Figures, memory_mb: float | None) -> Verdict:
    """All slots are taken while the CPU idles."""
    shape = fit(found, needed(found, memory_mb), memory_mb)
    busy = "The only slot is" if found.slots == 1 else f"All {found.slots} slots are"
    text = (
        f"{busy} busy while the CPU {'idles' if found.cpu_utilization < 0.5 else 'is'} at "
        f"{percent(found.cpu_utilization)}: a request waits {ms(found.wait)} for a slot, then takes {ms(found.app)}."
    )
    promised = bounds_of(found, shape)
    lowest = promised.lowest()
    cpu_first = lowest is not None and lowest[1] == promised.cpu_rps
    if found.slots is not None and shape.slots <= found.slots:
        left = "memory" if memory_mb and shape.workers < found.setting.workers else "CPU"
        why = f"the plan's {left} has no room for more" if left == "memory" or cpu_first else "these users need no more"
        advice = f"Keep {named(found, current(found))}: {why}. A larger plan, or shorter requests."
        return Verdict("slots", text, advice + memory_note(found, shape, memory_mb))
    limit = "; then the CPU becomes the limit" if cpu_first else ""
    text += f" Set {shape.slots} slots ({shape.workers} × {shape.threads}) for {plural(found.users, 'user')}{limit}."
    return Verdict("slots", text, suggest(found, shape, memory_mb))


def healthy(found: Figures, memory_mb: float | None) -> Verdict:
    """Nothing is at its limit."""
    if waits(found, found.wait):
        where = "on the network, in a front end, or with a new connection for each request"
        if found.cores >= COMPETING * found.reachable_cores:
            where = "competing for the CPU with a worker's other threads, or " + where
        text = f"No limit is reached, yet {ms(found.wait)} of {ms(found.response)} are spent outside the app: {where}"
    else:
        text = f"Requests hardly wait: {ms(found.app)} of {ms(found.response)} are the app's own"
    room = f"the CPU is at {percent(found.cpu_utilization)}"
    if found.slots is not None:
        room = f"{found.busy:.1f} of {plural(found.slots, 'slot')} are busy, {room}"
    tail = ""
    if lowest := found.bounds.lowest():
        tail = f" The first bound is that of the {'CPU' if lowest[0] == 'cpu' else lowest[0]}, {rps(lowest[1])}."
    keep = f"Keep {named(found, current(found))}.{tail}" + memory_note(found, current(found), memory_mb)
    return Verdict("healthy", f"{text}; {room}.", keep)
