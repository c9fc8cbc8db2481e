"""Verdicts on requests that wait: for a slot, in the wrong worker, or inside the app."""

from __future__ import annotations

from explain_figures import MS, Figures
from explain_laws import Setting, is_exact
from explain_route_figures import BEYOND
from explain_rules import ALL_SLOTS, COMPETING, contention, waits
from explain_suggestion import (
    bounds_of,
    check,
    current,
    fit,
    has_room,
    kept,
    load,
    memory_note,
    needed,
    on_each,
    placed,
    suggest,
    to_set,
)
from explain_types import Verdict
from explain_words import ms, percent, plural, rps

# What bare gthread and event loops lack.
EXACT = (
    "this project's worker class, gunicorn_slots.SlotWorker, takes a connection only while it has a free thread. It "
    "needs gunicorn 27.0.1: the line with which the app starts says if it has another one."
)
UNSET = "GUNICORN_WORKER_CLASS, GUNICORN_WORKER_CONNECTIONS and GUNICORN_KEEPALIVE"
UNSETTING = {"GUNICORN_WORKER_CLASS": "", "GUNICORN_WORKER_CONNECTIONS": "", "GUNICORN_KEEPALIVE": ""}
# A route that holds so much of the slots is worth a word, and one that takes so many times what it takes when quick.
MOST_HELD = 0.50
VARIES, VARIES_MS = 1.5, 20.0
# From this share of the slots on, arrivals that do not wait leave no time in which a queue gets shorter.
OVERLOADED = 0.98


def holder(figures: Figures) -> str:
    """Name the route that holds most of the slots, where there are several; else nothing."""
    if len(figures.routes) < 2 or (figures.routes[0].held_share or 0.0) < MOST_HELD:
        return ""
    return f" {figures.routes[0].name} holds {percent(figures.routes[0].held_share or 0.0)} of the slots."


def varies(figures: Figures) -> str:
    """Say that the times of the route that holds the slots differ, and that nobody can know why; else nothing."""
    route = figures.routes[0]
    if not (route.app_ms and route.app_quick_ms) or (route.app_ms - route.app_quick_ms) / MS <= contention(figures):
        return ""
    if route.app_ms < max(VARIES * route.app_quick_ms, route.app_quick_ms + VARIES_MS):
        return ""
    busy = figures.cores >= COMPETING * figures.reachable_cores
    cpu = "more than a busy CPU makes of it" if busy else "while the CPU idles"
    mean, quick = ms(route.app_ms / MS), ms(route.app_quick_ms / MS)
    return (
        f" In the app, {route.name} takes {mean} on average, and {quick} where it is quick, {cpu}: it has more to "
        "do at times, or waits there for others. This run cannot tell."
    )


def utilization(figures: Figures) -> str:
    """Say what share of the slots arrivals ask for, as they do not wait for answers; else nothing."""
    share = figures.asked_utilization
    if share is None:
        return ""
    grows = ", so the queue grows for as long as they come" if share >= OVERLOADED else ""
    slots = plural(figures.slots or 0, "slot")
    return f" {rps(figures.asked)} are asked for, {percent(share)} of what {slots} can serve{grows}."


def slots(figures: Figures, memory_mb: float | None) -> Verdict:
    """Requests wait for a slot while the CPU idles."""
    shape = fit(figures, needed(figures, memory_mb), memory_mb)
    wait = figures.wait if figures.queue is None else figures.queue
    cpu = f"the CPU {'idles' if figures.cpu_utilization < 0.5 else 'is'} at {percent(figures.cpu_utilization)}"
    takes = f"takes {ms(figures.app)}"
    if waits(figures, figures.hold - figures.app):
        takes = f"holds it for {ms(figures.hold)}, {ms(figures.app)} of it until its headers"
    if figures.slots is not None and figures.held < ALL_SLOTS * figures.slots and figures.queue is not None:
        busy = f"on average {figures.busy:.1f} of {figures.slots} slots are busy"
        if figures.slots == 1:
            busy = f"the only slot is busy {percent(figures.busy)} of the time"
        text = (
            f"Requests wait {ms(wait)} of {ms(figures.response)} for a slot, in bursts: {busy}, while {cpu}. "
            f"Then each {takes}."
        )
    else:
        busy = "The only slot is" if figures.slots == 1 else f"All {figures.slots} slots are"
        text = f"{busy} busy while {cpu}: a request waits {ms(wait)} for a slot, then {takes}."
    text += utilization(figures) + holder(figures) + varies(figures)
    lowest = bounds_of(figures, shape).lowest()
    cpu_first = lowest is not None and lowest[0] == "cpu"
    if figures.slots_each is not None and shape.slots <= figures.slots_each:
        no_memory = memory_mb is not None and shape.workers < figures.setting.workers
        if no_memory or cpu_first:
            why = f"the plan's {'memory' if no_memory else 'CPU'} has no room for more"
            advice = f"Keep {placed(figures, current(figures))}: {why}. A larger plan, or shorter requests."
            return Verdict("slots", text, advice + memory_note(figures, current(figures), memory_mb))
        shape = Setting(shape.workers, shape.threads + 1)  # on average these users need no more, but they wait
    limit = "; then the CPU becomes the limit" if cpu_first else ""
    count, each = figures.instances * shape.slots, f"{shape.workers} × {shape.threads}{on_each(figures)}"
    text += f" Set {count} slots ({each}) for {load(figures)}{limit}."
    advice, variables = suggest(figures, shape, memory_mb), to_set(figures, shape)
    if not is_exact(figures.setting.worker_class, shape.threads):  # or some of the new slots would stay empty
        advice, variables = f"Leave {UNSET} unset: {EXACT} And set {advice}", UNSETTING | variables
    return Verdict("slots", text, advice, variables)


def imbalance(figures: Figures, memory_mb: float | None) -> Verdict:
    """Requests wait in one worker while another has room."""
    spread = " / ".join(f"{share * 100:.0f}" for share in figures.shares[:8])
    free = ""
    if figures.slots is not None:
        free = f" while {max(0.0, figures.slots - figures.busy):.1f} of {figures.slots} slots are free"
    wait = figures.wait if figures.queue is None else figures.queue
    text = f"The workers get {spread} % of the requests, so a request waits {ms(wait)}{free}.{holder(figures)}"
    if figures.slots is None:
        return Verdict("imbalance", text, f"Leave GUNICORN_WORKER_CLASS unset: {EXACT}", {"GUNICORN_WORKER_CLASS": ""})
    shape = fit(figures, needed(figures, memory_mb), memory_mb)
    variables = to_set(figures, shape)
    if not is_exact(figures.setting.worker_class, shape.threads):
        advice = f"Leave {UNSET} unset: {EXACT} And set {suggest(figures, shape, memory_mb)}"
        variables = UNSETTING | variables
    elif shape == current(figures):
        advice = kept(figures, "look for what keeps one worker busy: no number of workers or threads is known to help.")
    else:
        advice = suggest(figures, shape, memory_mb)
    return Verdict("imbalance", text, advice, variables)


def restarted(figures: Figures, number: int) -> Verdict:
    """Requests wait as there are fewer workers than set, while others start."""
    text = (
        f"Requests wait {ms(figures.queue or 0.0)} of {ms(figures.response)} for a slot, while "
        f"{plural(number, 'worker')} {'was' if number == 1 else 'were'} started anew in {figures.seconds:.0f} s: until "
        "one has imported the app, there are only the others' slots."
    )
    advice = (
        "Look in gunicorn's log for why they end. If it is GUNICORN_MAX_REQUESTS: a higher one, or "
        "GUNICORN_PRELOAD_APP=true, with which the app is imported once, if it can be forked then."
    )
    return Verdict("imbalance", text, advice)


def blocked(figures: Figures, memory_mb: float | None) -> Verdict:
    """Requests wait for an event loop that something holds up without computing."""
    setting = figures.setting
    text = (
        f"Requests wait {ms(figures.queue or 0.0)} of {ms(figures.response)} until the event loop takes them, while "
        f"the CPU is at {percent(figures.cpu_utilization)}. An idle loop takes them at once, so something holds it up "
        "that neither computes nor lets others go on: a call that the loop does not know, as of a driver in C or of a "
        f"library that is not patched.{holder(figures)}"
    )
    advice = (
        "Look for it (`py-spy dump --pid` of a worker shows its line). In threads, with another worker class, nobody "
        "else waits for such a call."
    )
    more = Setting(setting.workers + 1, setting.threads)
    if has_room(figures, more, memory_mb):
        advice += (
            f" Each worker has a loop of its own, so one more helps. To try: {placed(figures, more)}."
            f"{memory_note(figures, more, memory_mb)} {check(figures, more)}"
        )
    return Verdict("inside", text, advice)


def wait_inside(figures: Figures, memory_mb: float | None) -> Verdict:
    """Requests wait inside the app, for something that only so many can have at a time."""
    setting = figures.setting
    text = (
        "Requests wait inside the app, or have more to do than at the start: that is "
        f"{percent(figures.inside)} of their time there"
    )
    ahead = 0.0
    if figures.start:
        # As many requests at a time as would make this throughput, each alone.
        ahead = figures.rate * figures.start.then
        first = f"took {ms(figures.start.then)} at the start"
        text += f". They take {ms(figures.app)} on average, while quick ones {first}"
        if figures.start.now >= BEYOND * figures.start.then:
            text += f" and take {ms(figures.start.now)} now"
    busy = figures.cores >= COMPETING * figures.reachable_cores
    own = " (Python's own, if they wait often while others compute)" if busy else ""
    text += (
        f". The CPU is at {percent(figures.cpu_utilization)}{', and a queue for it would be shorter' if busy else ''}. "
        f"What they wait for was not seen: a lock{own}, a pool of connections, a database, an upstream with a limit, "
        f"or data that grew.{holder(figures)}"
    )
    keep = (
        f"{kept(figures, 'no more threads: they would wait there, too. Look for what is ')}"
        "shared (`py-spy dump --pid` of a worker shows each thread's line), and make it larger or held for shorter."
    )
    more = Setting(setting.workers + 1, max(1, round(setting.threads * setting.workers / (setting.workers + 1))))
    each_its_own = ahead >= 0.75 * figures.all_workers
    if (
        is_exact(setting.worker_class, more.threads)
        and each_its_own
        and has_room(figures, more, memory_mb)
        and more.slots > 1
    ):
        keep += (
            f" If each worker has its own (a lock or a pool in the process), one more worker helps. To try: "
            f"{more.variables}{on_each(figures)}.{memory_note(figures, more, memory_mb)} "
            f"{check(figures, more)}"
        )
    return Verdict("inside", text, keep)
