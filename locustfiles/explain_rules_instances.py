"""What holds of a run with several instances: on which of them requests wait, while another one has room."""

from __future__ import annotations

from collections.abc import Sequence

from explain_figures import LEAST_QUEUE, MS, Figures
from explain_laws import CPU_FULL, is_exact
from explain_rules import SLOWER, SPREAD, WAITING, WORKER_FULL, waits, waits_beside_room
from explain_types import InstanceFigures

# An instance of which less than this is in use has room for what waits on another one; and who has so many more users
# than its part has them for a reason.
ROOM = 0.75
MORE_USERS = 0.15


def uneven_instances(figures: Figures) -> bool:
    """Whether requests wait on one instance while another one has room."""
    if crowded(figures) is not None:
        return True
    several = figures.instances > 1 and figures.slots is not None and is_exact(figures.setting.worker_class)
    return several and waits_beside_room(figures)


def crowded(figures: Figures) -> InstanceFigures | None:
    """Return the instance on which requests wait, or take longer, as all of it is in use; None if no other has room.

    Instances that came or went meanwhile have had less time than others, and are not compared.
    """
    instances = figures.by_instance
    if figures.instances < 2 or len(instances) != figures.instances or figures.there.seen != figures.instances:
        return None
    full = [
        one
        for one in instances
        if in_use(figures, one) >= WORKER_FULL and (waits_on(figures, one) or is_slower(one, instances))
    ]
    if not full or min(in_use(figures, one) for one in instances) > ROOM:
        return None
    return max(full, key=lambda one: (one.queue_ms or 0.0, one.response_ms))


def in_use(figures: Figures, one: InstanceFigures) -> float:
    """Return how much of an instance is in use: of its slots, or of its CPU if that is nearer to its limit."""
    slots = one.slots_busy / figures.slots_each if figures.slots_each else 0.0
    return max(slots, cpu_in_use(figures, one) * WORKER_FULL / CPU_FULL)


def cpu_in_use(figures: Figures, one: InstanceFigures) -> float:
    """Return how much of the cores that its workers can reach an instance uses; 0 where it has none of its own."""
    setting = figures.setting
    reachable = min(setting.workers, setting.vcpu) if figures.gil_holds else setting.vcpu
    return 0.0 if figures.share_cores else one.cpu_cores / reachable


def waits_on(figures: Figures, one: InstanceFigures) -> bool:
    """Whether an instance's requests wait for a slot, all along."""
    if one.queue_ms is None:
        return waits(figures, figures.excess)
    return figures.queued_share >= SPREAD and one.queue_ms >= max(LEAST_QUEUE * MS, WAITING * one.response_ms)


def is_slower(one: InstanceFigures, instances: Sequence[InstanceFigures]) -> bool:
    """Whether an instance's requests hold their slots clearly longer than those of the others."""
    others = [other for other in instances if other is not one]
    requests, busy = sum(other.requests for other in others), sum(other.slots_busy for other in others)
    return one.slots_busy / one.requests >= SLOWER * busy / requests


def has_more_users(figures: Figures, one: InstanceFigures) -> bool:
    """Whether an instance has more of the users than its part, by more than what is off in their number."""
    everyone = sum(users_on(figures, other) for other in figures.by_instance)
    return users_on(figures, one) * figures.instances > (1 + MORE_USERS) * everyone


def users_on(figures: Figures, one: InstanceFigures) -> float:
    """Return how many users there are on an instance, those who think included, by Little's law."""
    return min(float(figures.users), one.requests * (one.response_ms / MS + figures.think) / figures.seconds)
