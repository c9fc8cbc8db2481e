"""Verdicts on runs that use up the CPU: the plan's, or the one core that the GIL leaves each worker."""

from __future__ import annotations

import math

from explain_figures import Figures
from explain_laws import Setting
from explain_rules import never_pause, unseen_cores, unused_cores
from explain_suggestion import (
    bounds_of,
    check,
    current,
    fit,
    has_room,
    kept,
    memory_note,
    on_each,
    placed,
    suggest,
    to_set,
)
from explain_types import Verdict
from explain_words import ms, percent, plural, rps


def cpu(figures: Figures, memory_mb: float | None) -> Verdict:
    """No setting helps. A larger plan has more memory too, so this one's is no bound."""
    setting = figures.setting
    if others := unused_cores(figures):
        text = (
            f"The workers use {figures.cores:.2f} of the {plural(figures.reachable_cores, 'core')} that they can "
            f"reach, but {percent(others / figures.cores)} of that is something else than the requests' own threads: "
            "background threads, threads that requests start, child processes, or an app that is still being imported."
        )
        if len(figures.workers) > figures.all_workers:
            text += f" {len(figures.workers) - figures.all_workers} workers were started anew, and import it each time."
            return Verdict(
                "cpu",
                text,
                kept(figures, "look in gunicorn's log for why they end. If it is GUNICORN_MAX_REQUESTS: ")
                + "a higher one, or GUNICORN_PRELOAD_APP=true.",
            )
        advice = kept(figures, "look for it: `py-spy top --pid` of a worker shows what runs. ")
        return Verdict("cpu", text, advice + relief(figures, memory_mb))
    used = (
        f"The plan's CPU is used up: {percent(figures.cpu_utilization)} of {figures.vcpu} vCPU{of_instances(figures)}"
    )
    allows = (
        f"A request needs {ms(figures.cpu)} of CPU, which allows {rps(figures.bounds.cpu_rps)}, whatever the slots."
    )
    text = f"{used}. {allows}"
    more = setting.vcpu * (1 if figures.share_cores else 2)
    shape = Setting(max(setting.workers, more), setting.threads)
    allowed = rps(bounds_of(figures, shape, more).cpu_rps)
    there = placed(figures, shape)
    if figures.share_cores:
        own = f"{plural(more, 'core')} of its own for each instance"
        advice = f"Less CPU for a request, or {own} and {there}: the CPU allows {allowed}."
    else:
        advice = f"Less CPU for a request, or a plan with {more} vCPU and {there}: the CPU allows {allowed}."
    need = f" Its workers need about {figures.memory_each_mb * shape.workers:.0f} MB." if memory_mb else ""
    return Verdict("cpu", text, advice + need + pauses(figures))


def pauses(figures: Figures) -> str:
    """Say of users who never pause that they fill whatever there is, and what to ask for instead; else nothing."""
    if not never_pause(figures):
        return ""
    return (
        f" {plural(figures.users, 'user')} without a pause will ask for as much as they can get, so a full CPU is the "
        "expected end: LOCUST_PAUSE=1-3 (`wait_time` in a locustfile of your own) has them read between clicks, and "
        "--rps sets a rate."
    )


def of_instances(figures: Figures) -> str:
    """Say how many instances have these cores; "" for one."""
    if figures.instances == 1:
        return ""
    shared = ", which are on the same cores" if figures.share_cores else ""
    return f" of {figures.instances} instances{shared}"


def relief(figures: Figures, memory_mb: float | None) -> str:
    """Say whether one more worker can be of use against CPU of which nobody knows whose it is."""
    setting = figures.setting
    more = Setting(setting.workers + 1, max(1, math.ceil(setting.threads * setting.workers / (setting.workers + 1))))
    if not figures.gil_holds or more.workers > figures.vcpu_each or not has_room(figures, more, memory_mb):
        return "No setting makes it less; each further worker may have it, too."
    need = memory_note(figures, more, memory_mb)
    return (
        "If each worker has it anyway, no setting makes it less. If it comes with the requests, as threads that they "
        f"start, one more worker has a core for it. To try: {placed(figures, more)}.{need} {check(figures, more)}"
    )


def gil(figures: Figures, memory_mb: float | None) -> Verdict:
    """The workers' own cores are used up."""
    setting = figures.setting
    count = figures.all_workers
    who = "The only worker uses" if count == 1 else f"The {count} workers use"
    text = (
        f"{who} {figures.cores:.2f} of the {plural(count, 'core')} that Python's GIL allows, while "
        f"{figures.vcpu - figures.cores:.2f} of {figures.vcpu} vCPU idle. A request needs {ms(figures.cpu)} of CPU."
    )
    if unseen_cores(figures):
        text += (
            f" Until its headers it needs {ms(figures.thread_cpu)} of it: the rest goes into its answer, or is a "
            "background thread's, which each further worker may have, too."
        )
    shape = fit(figures, Setting(figures.vcpu_each, setting.threads), memory_mb)
    if shape.workers <= setting.workers:
        advice = "The plan's memory has no room for another worker: a plan with more memory, or less CPU for a request."
        return Verdict("gil", text, advice + memory_note(figures, current(figures), memory_mb))
    advice = suggest(figures, shape, memory_mb)
    set_workers = f"Set {plural(shape.workers, 'worker')}{on_each(figures)}."
    return Verdict("gil", f"{text} {set_workers}", advice, to_set(figures, shape))
