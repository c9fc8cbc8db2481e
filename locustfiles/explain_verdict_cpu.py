"""Verdicts on runs that use up the CPU: the plan's, or the one core that the GIL leaves each worker."""

from __future__ import annotations

from explain_figures import Figures
from explain_rules import unused_cores
from explain_suggestion import Shape, bounds_of, current, fit, memory_note, named, suggest
from explain_types import Verdict
from explain_words import ms, percent, plural, rps


def cpu(found: Figures, memory_mb: float | None) -> Verdict:
    """No setting helps. A larger plan has more memory too, so this one's is no bound."""
    setting = found.setting
    if others := unused_cores(found):
        text = (
            f"The workers use {found.cores:.2f} of the {plural(found.reachable_cores, 'core')} that they can reach, "
            f"but {percent(others / found.cores)} of that is something else than the requests' own threads: background "
            "threads, child processes, or an app that is still being imported."
        )
        return Verdict(
            "cpu",
            text,
            f"Keep {named(found, current(found))} and look for it: `py-spy top --pid` of a worker shows what runs. No "
            "setting makes it less; each further worker may have it, too.",
        )
    used = f"The plan's CPU is used up: {percent(found.cpu_utilization)} of {setting.vcpu} vCPU"
    text = (
        f"{used}. A request needs {ms(found.cpu)} of CPU, which allows {rps(found.bounds.cpu_rps)}, whatever the slots."
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
        return Verdict("gil", text, advice + memory_note(found, current(found), memory_mb))
    return Verdict("gil", f"{text} Set {plural(shape.workers, 'worker')}.", suggest(found, shape, memory_mb))
