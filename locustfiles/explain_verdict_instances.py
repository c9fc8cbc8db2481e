"""Verdict on requests that wait on one instance while another one has room."""

from __future__ import annotations

import math

from explain_figures import MS, Figures
from explain_instances import NEARLY_ALL
from explain_rules_instances import cpu_in_use, crowded, has_more_users, in_use, is_slower, users_on
from explain_suggestion import CPU_TARGET, current, fit, kept, needed, suggest, to_set
from explain_types import InstanceFigures, Verdict
from explain_verdict_slots import holder
from explain_words import ms, percent, plural

SHOWN = 8


def between_instances(figures: Figures, memory_mb: float | None) -> Verdict:
    """Requests wait on one instance while another one has room."""
    one = crowded(figures)
    if one is None:
        return at_times(figures, memory_mb)
    rest = min(figures.by_instance, key=lambda other: in_use(figures, other))
    spread = " / ".join(f"{other.share * 100:.0f}" for other in figures.by_instance[:SHOWN])
    waited = f"a request waits {ms(one.queue_ms / MS)} there" if one.queue_ms else "requests take longer there"
    why, advice = cause(figures, one)
    text = (
        f"The instances get {spread} % of the requests. {one.instance} has {used(figures, one)}, and {waited}, while "
        f"{rest.instance} has {used(figures, rest)}. {why}{holder(figures)}"
    )
    return Verdict("imbalance", text, f"{advice} {otherwise(figures, one, memory_mb)}".strip())


def used(figures: Figures, one: InstanceFigures) -> str:
    """Say how much of an instance is in use, by what it has least of."""
    cpu = cpu_in_use(figures, one)
    if figures.slots_each is None or cpu > one.slots_busy / figures.slots_each:
        return f"{percent(cpu)} of its CPU in use"
    return f"{one.slots_busy:.1f} of its {plural(figures.slots_each, 'slot')} busy"


def cause(figures: Figures, one: InstanceFigures) -> tuple[str, str]:
    """Say why an instance has more to do than another, as far as it was seen, and what to do."""
    if not has_more_users(figures, one):
        if not is_slower(one, figures.by_instance):
            return "Why was not seen.", "Look at what differs on that instance."
        return (
            "It has no more users than others: a request takes longer there.",
            "Look at what differs on that instance: its machine, what else runs on it, what it has not loaded yet.",
        )
    stays = figures.stays
    if stays.by_cookie:
        return (
            f"The cookies are the cause: users send ARRAffinity, and {percent(stays.stayed)} of their requests went to "
            "the instance of the one before.",
            "If the app keeps nothing in an instance that its user's next request needs, turn them off, and run the "
            "same load again: on App Service `az webapp update --client-affinity-enabled false`, for the front end of "
            "this project FRONT_END_AFFINITY=false.",
        )
    look = "Look at how an instance is chosen by what is before them."
    if not stays.known:
        return "Whether users stay with an instance was not seen, so nobody can know why.", look
    if stays.stayed >= NEARLY_ALL:
        part = "not all of them send ARRAffinity" if stays.bound else "they send no ARRAffinity cookie"
        return f"Users stay with an instance, and {part}: nobody here can know what keeps them there.", look
    return (
        f"No cookie is the cause: {percent(1 - stays.stayed)} of the requests went to another instance than their "
        "user's one before.",
        look,
    )


def otherwise(figures: Figures, one: InstanceFigures, memory_mb: float | None) -> str:
    """Return the setting with which that instance has a slot for each of its users, where slots are what it lacks."""
    shape = fit(figures, needed(figures, memory_mb, users_on(figures, one)), memory_mb)
    if figures.slots_each is None or cpu_in_use(figures, one) >= CPU_TARGET or shape.slots <= figures.slots_each:
        return ""
    return f"Or have slots enough for it: {suggest(figures, shape, memory_mb)}"


def at_times(figures: Figures, memory_mb: float | None) -> Verdict:
    """Requests wait on an instance, now on this one, now on that one."""
    free = max(0.0, (figures.slots or 0) - figures.busy)
    why = "users stay with theirs by ARRAffinity cookies"
    if not figures.stays.by_cookie:
        why = "what is before them does not see which one has a free slot"
    text = (
        f"Requests wait {ms(figures.queue or 0.0)} of {ms(figures.response)} for a slot, while {free:.1f} of "
        f"{plural(figures.slots or 0, 'slot')} on {figures.instances} instances are free: each has a queue of its own, "
        f"and {why}. Or workers there compute, or start."
        f"{holder(figures)}"
    )
    mean = figures.users / figures.instances
    # As many users as there are on an instance nearly always, if each is sent anywhere.
    most = min(float(figures.users), mean + 2 * math.sqrt(mean * (1 - 1 / figures.instances)))
    shape = fit(figures, needed(figures, memory_mb, most), memory_mb)
    if shape.slots <= (figures.slots_each or 0) or shape == current(figures):
        advice = kept(
            figures, "look at how what is before the instances chooses one: more slots are not known to help."
        )
        return Verdict("imbalance", text, advice)
    return Verdict("imbalance", text, suggest(figures, shape, memory_mb), to_set(figures, shape))
