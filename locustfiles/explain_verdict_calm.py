"""Verdicts on runs at no limit: all is well, memory grows, or nobody can know."""

from __future__ import annotations

from explain_figures import Figures
from explain_rules import COMPETING, missing_users, queues, unused_cores, waits
from explain_suggestion import check, current, memory_note, named, sturdier
from explain_types import Verdict
from explain_verdict_slots import holder
from explain_words import ms, percent, plural, rps
from explain_worker_figures import Growth


def healthy(found: Figures, memory_mb: float | None) -> Verdict:
    """Nothing is at its limit."""
    tail = ""
    if lowest := found.bounds.lowest():
        tail = f" The first bound is that of the {'CPU' if lowest[0] == 'cpu' else lowest[0]}, {rps(lowest[1])}."
    advice = keep(found, memory_mb) + tail + memory_note(found, current(found), memory_mb)
    text = f"{where(found)}; {room(found)}.{holder(found)}"
    if (others := unused_cores(found)) >= 0.1 * found.setting.vcpu:
        text += f" {others:.2f} of the cores in use are used by something else than the requests' own threads."
    if missing := missing_users(found):
        text += (
            f" {missing} of {plural(found.users, 'user')} are not accounted for: they pause for longer than this, or "
            "wait for something before gunicorn."
        )
    return Verdict("healthy", text, advice)


def where(found: Figures) -> str:
    """Say where requests spend their time, by what was measured."""
    if found.wire is not None and waits(found, found.wire) and found.hold - found.app >= found.wire / 2:
        return (
            f"Requests hold their slots for {ms(found.hold)}, {ms(found.app)} of it until their headers: the answer is "
            "streamed, is large, or is read slowly"
        )
    if found.wire is not None and waits(found, found.wire):
        text = (
            f"No limit is reached, yet {ms(found.wire)} of {ms(found.response)} are spent on the wire: on the network, "
            "in a front end, or with a new connection for each request"
        )
        if found.cores >= COMPETING * found.reachable_cores:
            text += ", or competing for the CPU with a worker's other threads"
        return text
    if queues(found):
        busy = found.cores >= COMPETING * found.reachable_cores
        why = "for a busy CPU" if busy else "though slots are free, as when workers start anew"
        return f"Requests wait {ms(found.queue or 0.0)} of {ms(found.response)} {why}"
    if found.queue is not None and waits(found, found.queue):
        return f"Requests waited {ms(found.queue)} of {ms(found.response)} for a slot, in one burst"
    if waits(found, found.wait):
        return (
            f"No limit is reached. {ms(found.wait)} of {ms(found.response)} are spent outside the app, and the test's "
            "first requests were as slow, so that is no queue"
        )
    return f"Requests hardly wait: {ms(found.app)} of {ms(found.response)} are the app's own"


def room(found: Figures) -> str:
    """Say how much is in use."""
    cpu = f"the CPU is at {percent(found.cpu_utilization)}"
    return cpu if found.slots is None else f"{found.busy:.1f} of {plural(found.slots, 'slot')} are busy, {cpu}"


def keep(found: Figures, memory_mb: float | None) -> str:
    """Advise the setting in force, or the same in two workers."""
    better = sturdier(found, memory_mb)
    if found.slots is None or better == current(found):
        return f"Keep {named(found, current(found))}."
    return (
        f"These users need no more slots, but {plural(found.setting.workers, 'worker')} with "
        f"{plural(found.slots, 'slot')} is one crash, one restart and one slow request for all: {better}. "
        f"{check(found, better)}"
    )


def unknown(found: Figures) -> Verdict:
    """Requests wait, and the header does not say where."""
    text = (
        f"{ms(found.wait)} of {ms(found.response)} are spent outside the app, and nobody can know where: the header "
        f"has no `queue`, so that can be a queue for the slots, or the wire; {room(found)}."
    )
    advice = (
        "Have gunicorn_slots of this version send the header, on Linux and over TCP, where the kernel counts. Or begin "
        "the test on an idle app: its first requests tell the two apart."
    )
    return Verdict("unknown", text, advice)


def memory(found: Figures, growth: Growth, memory_mb: float | None) -> Verdict:
    """Memory grows with the requests."""
    each = growth.kb_each
    text = (
        f"The workers' memory grows with the requests: by {growth.mb:.0f} MB in the second half of the run, "
        f"{each:.3g} kB for each request, to {found.memory_mb:.0f} MB. {where(found)}; {room(found)}."
    )
    # A worker may double before it is replaced, or fill its share of the plan.
    free = found.memory_each_mb
    if memory_mb is not None:
        free = max(0.1 * memory_mb, 0.85 * memory_mb - found.memory_mb) / found.setting.workers
    requests = max(100, round(free * 1024 / each, -2)) if each > 0 else 1000
    advice = (
        f"GUNICORN_MAX_REQUESTS={requests:.0f} GUNICORN_MAX_REQUESTS_JITTER={requests / 10:.0f} replaces a worker "
        "before that is much. It hides a leak: look for what the app keeps. If a longer run grows no further, it was a "
        "cache."
    )
    return Verdict("memory", text, advice + f" Keep {named(found, current(found))}.")
