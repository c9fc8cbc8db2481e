"""Verdicts on runs at no limit: all is well, memory grows, or nobody can know."""

from __future__ import annotations

from dataclasses import replace

from explain_figures import Figures
from explain_laws import Bounds
from explain_rules import COMPETING, INSIDE, computes, missing_users, more_than_slots, queues, unused_cores, waits
from explain_suggestion import check, current, memory_note, on_each, placed, sturdier, to_set
from explain_types import Verdict
from explain_verdict_slots import holder, varies
from explain_words import figure, ms, percent, plural, rps
from explain_worker_figures import Growth


def healthy(figures: Figures, memory_mb: float | None) -> Verdict:
    """Nothing is at its limit."""
    advice = f"{keep(figures, memory_mb)} {first_limit(figures.bounds, figures.users)}".rstrip()
    text = f"{where(figures)}; {room(figures)}.{holder(figures)}{varies(figures)}"
    if (others := unused_cores(figures)) >= 0.1 * figures.vcpu:
        text += f" {others:.2f} of the cores in use are used by something else than the requests' own threads."
    if missing := missing_users(figures):
        text += (
            f" {missing} of {plural(round(figures.present), 'user')} are not accounted for: they pause for longer than "
            "this, or wait for something before gunicorn."
        )
    return Verdict("healthy", text, advice, better(figures, memory_mb))


def first_limit(bounds: Bounds, users: int) -> str:
    """Say what would be full first under more load, and that so many users cannot show it; "" if nobody knows."""
    lowest, server = bounds.lowest(), replace(bounds, users_rps=None).lowest()
    names = {"cpu": "the CPU", "slots": "the slots"}
    first = f"{names[server[0]]} would be full first, at {rps(server[1])}" if server else ""
    if lowest and lowest[0] == "users":
        more = f"; with more users {first}" if first else ""
        return f"{plural(users, 'user')} can ask for at most {rps(lowest[1])}{more}."
    return f"With more load {first}." if first else ""


def where(figures: Figures) -> str:
    """Say where requests spend their time, by what was measured: the largest part of what they wait comes first."""
    parts = [(figures.queue or 0.0, in_the_queue(figures)), (figures.wire or 0.0, on_the_wire(figures))]
    for _, text in sorted(parts, reverse=True):
        if text:
            return text
    if waits(figures, figures.wait) and figures.queue is not None and figures.wire is not None:
        return (
            f"No limit is reached. Of {ms(figures.response)}, {ms(figures.queue)} are spent in a queue, and "
            f"{ms(figures.wire)} on the wire"
        )
    if waits(figures, figures.wait):
        return (
            f"No limit is reached. {ms(figures.wait)} of {ms(figures.response)} are spent outside the app, and the "
            "test's first requests were as slow, so that is no queue"
        )
    return in_the_app(figures)


def on_the_wire(figures: Figures) -> str:
    """Say what of the time is measured as wire; nothing where that is little, or not known."""
    if figures.wire is None or not waits(figures, figures.wire):
        return ""
    if figures.hold - figures.app >= figures.wire / 2:
        return (
            f"Requests hold their slots for {ms(figures.hold)}, {ms(figures.app)} of it until their headers: the "
            "answer is streamed, is large, or is read slowly"
        )
    text = (
        f"No limit is reached, yet {ms(figures.wire)} of {ms(figures.response)} are spent on the wire: on the network, "
        "in a front end, or with a new connection for each request"
    )
    if figures.cores >= COMPETING * figures.reachable_cores:
        text += ", or competing for the CPU with a worker's other threads"
    return text


def in_the_queue(figures: Figures) -> str:
    """Say how long requests wait for a slot, and why with so many of them; nothing where that is little."""
    if figures.queue is None or not waits(figures, figures.queue):
        return ""
    waited = f"{ms(figures.queue)} of {ms(figures.response)}"
    if not queues(figures):
        return f"Requests waited {waited} for a slot, mostly as all users came at once"
    if more_than_slots(figures) and computes(figures):
        return (
            f"Requests wait {waited} for others that compute: with more slots they would share the CPU with these, and "
            "not be done sooner"
        )
    if figures.cores >= COMPETING * figures.reachable_cores:
        return f"Requests wait {waited} for a busy CPU"
    return f"Requests wait {waited} though there are as many slots as users, as of a worker that computes"


def in_the_app(figures: Figures) -> str:
    """Say what requests that wait nowhere else do in the app."""
    if figures.inside >= INSIDE:
        return (
            f"Requests take {ms(figures.app)} in the app, {ms(figures.inside * figures.app)} of it beyond their own "
            "CPU time and what the first ones took: competition for a busy CPU can make that"
        )
    return f"Requests hardly wait for a slot: {ms(figures.app)} of {ms(figures.response)} are spent in the app"


def room(figures: Figures) -> str:
    """Say how much is in use."""
    cpu = f"the CPU is at {percent(figures.cpu_utilization)}"
    return cpu if figures.slots is None else f"{figures.busy:.1f} of {plural(figures.slots, 'slot')} are busy, {cpu}"


def better(figures: Figures, memory_mb: float | None) -> dict[str, str]:
    """Return what `keep` advises to set, by its variables; none where it is to keep the setting in force."""
    if figures.slots is None or would_share(figures):
        return {}
    return to_set(figures, sturdier(figures, memory_mb))


def would_share(figures: Figures) -> bool:
    """Whether requests would compute side by side in a second worker, which now do so one after the other."""
    return queues(figures) and computes(figures)


def keep(figures: Figures, memory_mb: float | None) -> str:
    """Advise the setting in force, or the same in two workers."""
    shape = sturdier(figures, memory_mb)
    if figures.slots is None or shape == current(figures):
        return f"Keep {placed(figures, current(figures))}.{memory_note(figures, current(figures), memory_mb)}"
    one = (
        f"{plural(figures.setting.workers, 'worker')} with {plural(figures.slots_each or 0, 'slot')}{on_each(figures)} "
        "is one crash, one restart"
    )
    everyone = "all of it" if figures.instances > 1 else "all"
    if would_share(figures):
        return (
            f"{one} for {everyone}. {shape} would outlive one, but requests that compute would share the CPU, and the "
            "longest take longer."
        )
    return (
        f"These users need no more slots, but {one} and one slow request for {everyone}: {shape}."
        f"{memory_note(figures, shape, memory_mb)} {check(figures, shape)}"
    )


def unknown(figures: Figures) -> Verdict:
    """Requests wait, and the header does not say where."""
    text = (
        f"{ms(figures.wait)} of {ms(figures.response)} are spent outside the app, and nobody can know where: the "
        f"header has no `queue`, so that can be a queue for the slots, or the wire; {room(figures)}."
    )
    advice = (
        "Have gunicorn_slots of this version send the header, on Linux and over TCP, where the kernel counts. Or begin "
        "the test on an idle app: its first requests tell the two apart."
    )
    return Verdict("unknown", text, advice)


def memory(figures: Figures, growth: Growth, memory_mb: float | None) -> Verdict:
    """Memory grows with the requests."""
    each = growth.kb_each
    text = (
        f"The workers' memory grows with the requests: by {growth.mb:.0f} MB in the second half of the run, "
        f"{figure(each)} kB for each request, to {figures.memory_mb:.0f} MB. {where(figures)}; {room(figures)}."
    )
    # A worker may double before it is replaced, or fill its share of the plan.
    free = figures.memory_each_mb
    if memory_mb is not None:
        mine = figures.memory_mb / figures.instances
        free = max(0.1 * memory_mb, 0.85 * memory_mb - mine) / figures.setting.workers
    requests = max(100, round(free * 1024 / each, -2)) if each > 0 else 1000
    recycled = {"GUNICORN_MAX_REQUESTS": f"{requests:.0f}", "GUNICORN_MAX_REQUESTS_JITTER": f"{requests / 10:.0f}"}
    advice = (
        f"{' '.join(f'{name}={value}' for name, value in recycled.items())} replaces a worker before that is much. "
        "It hides a leak: look for what the app keeps. If a longer run grows no further, it was a cache."
    )
    return Verdict("memory", text, f"{advice} {keep(figures, memory_mb)}", recycled | better(figures, memory_mb))
