"""From the figures of a run to one verdict.

The rules, in the order in which they are asked; the first that holds is the verdict. explain_rules has them, with their
margins, and docs/how-it-measures.md says them in words:

* `no-data`, `generator`, `mixed-up`: the figures are missing, or are not those of the app, or cannot be.
* `errors`, `stuck`: requests fail, or never end. Times say little about the others then.
* `cpu`, `gil`: before the slots, as requests that compete for a CPU stay longer in their slots, so that slots fill up
  too, and more of them would not help.
* `inside`: before the slots, as more of them would only make more requests wait for what limits the app.
* `imbalance`, `slots`: requests wait for a slot while another one is free, or because none is. Between instances it
  comes first, as what one of them lacks is no limit of the app's.
* `memory`, `unknown`, `healthy`: none of these.

The margins keep a verdict from changing with the noise of a run, some 2 %. At a border two verdicts are both right.
"""

from __future__ import annotations

from explain_figures import Figures
from explain_generator import Judgement
from explain_rules import (
    impossible,
    inside,
    is_unknown,
    loop_is_blocked,
    restarts,
    slots_full,
    stuck_users,
    uneven,
    unused_cores,
)
from explain_rules_instances import uneven_instances
from explain_tally import Tally
from explain_types import Verdict
from explain_verdict_calm import healthy, memory, unknown
from explain_verdict_cpu import cpu, gil
from explain_verdict_instances import between_instances
from explain_verdict_none import Waited, all_ended, hanging, nobody_left, with_raised
from explain_verdict_open import as_arrived
from explain_verdict_run import ERRORS, errors, generator, is_known, mixed_up, no_data, stuck
from explain_verdict_slots import blocked, imbalance, restarted, slots, wait_inside


def decide(
    tally: Tally, figures: Figures | None, judgement: Judgement, memory_mb: float | None, waited: Waited
) -> Verdict:
    """Return the verdict of a run.

    Args:
        tally: its requests.
        figures: what the laws make of them, None without the header.
        judgement: of the generator.
        memory_mb: the plan's memory, None if it is not known.
        waited: by whom, and for how long.
    """
    verdict = judged(tally, figures, judgement, memory_mb, waited)
    if judgement.arrivals.waited_for_users:
        verdict = as_arrived(verdict, judgement.arrivals, waited.seconds)
    return with_raised(verdict, tally, waited, judgement.arrivals.is_open)


def judged(  # noqa: PLR0911 one return a rule
    tally: Tally, figures: Figures | None, judgement: Judgement, memory_mb: float | None, waited: Waited
) -> Verdict:
    """Return the verdict, whatever became of arrivals that do not wait for answers."""
    if number := hanging(tally, waited, judgement.pausing, judgement.tasks):
        return stuck(number, waited, None)
    if all_ended(tally, waited, judgement.arrivals.is_open):
        return nobody_left(tally)
    if figures is None or not is_known(tally):
        return no_data(tally, waited, judgement.tasks)
    if judgement.reasons:
        return generator(judgement)
    if reasons := impossible(tally, figures):
        return mixed_up(reasons, figures)
    if tally.failures >= ERRORS * tally.requests:
        return errors(tally, figures, limit(figures, memory_mb))
    if missing := stuck_users(figures):
        return stuck(missing, waited, figures)
    return limit(figures, memory_mb)


def limit(  # noqa: PLR0911 one return a rule
    figures: Figures, memory_mb: float | None
) -> Verdict:
    """Return what limits a run whose figures are sound and whose requests end well."""
    if figures.cpu_full:
        more_workers = figures.gil_holds and figures.reachable_cores < figures.vcpu
        # What no request asked for comes with each further worker.
        return gil(figures, memory_mb) if more_workers and not unused_cores(figures) else cpu(figures, memory_mb)
    if uneven_instances(figures):
        return between_instances(figures, memory_mb)
    if inside(figures):
        return wait_inside(figures, memory_mb)
    if loop_is_blocked(figures):
        return blocked(figures, memory_mb)
    if uneven(figures):
        return imbalance(figures, memory_mb)
    if slots_full(figures):
        return slots(figures, memory_mb)
    if number := restarts(figures):
        return restarted(figures, number)
    if figures.growth and figures.growth.steady:
        return memory(figures, figures.growth, memory_mb)
    return unknown(figures) if is_unknown(figures) else healthy(figures, memory_mb)
