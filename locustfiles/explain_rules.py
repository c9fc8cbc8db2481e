"""What holds of a run: each rule of the verdict as a function of its figures, with the margins that noise needs."""

from __future__ import annotations

import math

from explain_figures import LEAST_QUEUE, MS, Figures
from explain_instances import differing
from explain_laws import CPU_FULL, is_exact, shared
from explain_suggestion import LEAST_WORKERS
from explain_tally import Tally
from explain_types import WorkerFigures

SLOTS_FULL = 0.80
# What lies between two requests of a user is no pause below this, and below so much of a request.
LEAST_PAUSE, LEAST_SHARE = 0.02, 0.10  # s
ALL_SLOTS = 0.90
WORKER_FULL = 0.85
WAITING = 0.10
UNEVEN = 1 / 3
# With less than this of the slots in use, hardly a request would wait if it could have any of them.
MOSTLY_FREE = 0.50
# Requests that wait in so many of the run's stretches do so all along.
SPREAD = 1 / 3
# From this share of the CPU on, requests are seen to wait for it.
COMPETING = 0.50
# The longest that they wait for it on average, in means of a queue: more than chance and uneven lengths make of one.
CONTENDED = 3.0
INSIDE = 0.15  # of the time in the app
# Users who are not accounted for by so much are stuck, or pause; by so little, too, where nobody else holds slots.
MISSING, NOISE = 0.20, 0.03
# What is under way at both of the window's ends.
CUT_OFF = 2.0
HELD = 0.25  # of the slots that they could hold
# Slots of which requests that end account for so much are not held by those that don't.
TURNED_OVER = 0.85
# Beyond what two clocks and the worker's 50 ms can make of true figures.
MORE_SLOTS, MORE_CORES = 1.05, 1.15
LATER = 1.0  # s
SHORTER = 0.01  # of the responses
# What gunicorn itself needs for a request is less than this on any machine.
OWN_CPU = 0.002  # s
UNUSED = 0.40
SLOWER = 1.5


def waits(figures: Figures, seconds: float) -> bool:
    """Whether a mean wait is worth a word."""
    return seconds >= max(LEAST_QUEUE, WAITING * (seconds + figures.app))


def queues(figures: Figures) -> bool:
    """Whether requests were seen to wait until the app got them, all along or again and again."""
    least = max(LEAST_QUEUE, WAITING * figures.response)
    if figures.queue is None or figures.queue < least:
        return False
    return figures.queued_share >= SPREAD or figures.queue_apart >= least


def more_than_slots(figures: Figures) -> bool:
    """Whether more slots could be used at all. A user can have several requests under way, so both are counted."""
    return figures.slots is not None and max(figures.users, figures.rate * figures.response) > figures.slots


def never_pause(figures: Figures) -> bool:
    """Whether users were seen to ask again as soon as they are answered; not where they do not wait for answers."""
    think = figures.demand.think_s
    return figures.asked is None and think is not None and think < min(LEAST_PAUSE, LEAST_SHARE * figures.response)


def slots_full(figures: Figures) -> bool:
    """Whether requests wait because all slots are taken, at times or always."""
    if not more_than_slots(figures) or computes(figures):
        return False
    if figures.queue is not None:
        return queues(figures)
    if figures.slots is None or figures.held < SLOTS_FULL * figures.slots:
        return False
    # With slots to spare a wait that the first requests had too is the network; only what is above it can be a queue.
    return waits(figures, figures.wait if figures.held >= ALL_SLOTS * figures.slots else figures.excess)


def computes(figures: Figures) -> bool:
    """Whether requests that wait for a slot wait for others that compute, and would do so with a slot, too.

    With a slot for each they would share the CPU. Where they would not be done sooner then, nothing is gained.
    """
    cores = figures.vcpu
    if figures.gil_holds:
        cores = min(cores, max(figures.setting.workers, LEAST_WORKERS) * figures.instances)
    cpu = max(0.0, figures.cores - unused_cores(figures)) / figures.rate
    then = shared(figures.users, figures.think, max(0.0, figures.hold - cpu), cpu, cores)
    return then >= figures.hold + (figures.wait if figures.queue is None else figures.queue)


def uneven(figures: Figures) -> bool:
    """Whether requests wait in one worker while another one of its instance has room."""
    if figures.setting.workers < 2 or len(figures.workers) > figures.all_workers:
        return False  # restarted workers have had less time than others
    if figures.slots is not None and not is_exact(figures.setting.worker_class) and waits_beside_room(figures):
        return True  # with exact slots nobody would wait
    instances = {worker.instance for worker in figures.workers}
    return any(uneven_within(figures, instance) for instance in instances)


def waits_beside_room(figures: Figures) -> bool:
    """Whether requests wait for a slot, though slots are free and the CPU is."""
    free = not more_than_slots(figures) or figures.busy < MOSTLY_FREE * (figures.slots or 0)
    return queues(figures) and free and figures.cores < COMPETING * figures.reachable_cores


def uneven_within(figures: Figures, instance: str) -> bool:
    """Whether requests wait in one worker of an instance while another one has room."""
    workers = tuple(worker for worker in figures.workers if worker.instance == instance)
    number, requests = figures.setting.workers, sum(worker.requests for worker in workers)
    slots_each = figures.slots / figures.all_workers if figures.slots else math.inf
    shares = [worker.requests / requests for worker in workers] + [0.0] * (number > len(workers))
    if not is_apart(shares, number, requests):
        return False
    full = [worker.slots_busy >= WORKER_FULL * slots_each for worker in workers]
    hot = [worker for worker in workers if worker.cpu_cores >= WORKER_FULL]
    if any(slower(worker, workers) for worker in hot):
        return True
    if figures.queue is not None:
        return (bool(hot) or any(full)) and queues(figures)
    # Where all that get requests are full, all requests have that wait, and none is quick to compare it with.
    wait = figures.wait if hot or all(full) else figures.excess
    return (bool(hot) or any(full)) and waits(figures, wait)


def is_apart(shares: list[float], number: int, requests: int) -> bool:
    """Whether the shares of so many are off by more than a third, and by more than chance makes of equal ones."""
    chance = 3 * math.sqrt((number - 1) / requests)  # three standard deviations of a share, relative to it
    return max(abs(share * number - 1) for share in shares) > max(UNEVEN, chance)


def loop_is_blocked(figures: Figures) -> bool:
    """Whether requests wait for an event loop, which takes them at once, unless something holds it up."""
    return figures.slots is None and queues(figures) and figures.cores < COMPETING * figures.reachable_cores


def restarts(figures: Figures) -> int:
    """Return how many workers were started anew in a run in which requests waited for a slot, else 0."""
    return max(0, len(figures.workers) - figures.all_workers) if queues(figures) else 0


def slower(worker: WorkerFigures, workers: tuple[WorkerFigures, ...]) -> bool:
    """Whether a worker's requests hold their slots clearly longer than those of the others."""
    requests = sum(other.requests for other in workers if other is not worker)
    busy = sum(other.slots_busy for other in workers if other is not worker)
    return requests > 0 and worker.slots_busy / worker.requests >= SLOWER * busy / requests


def contention(figures: Figures) -> float:
    """Return by how much the competition for the CPU can delay a mean request in the app, in s.

    In a queue for what is in use for a share u of the time, a request waits u / (1 - u) times what it finds in there,
    of which the long ones are there for longer.
    """
    each = min(figures.setting.workers, figures.setting.vcpu)
    use = min(CPU_FULL, max(figures.cores / figures.reachable_cores, figures.most_cores / each))
    found = figures.cpu
    if figures.slots is not None:  # in an event loop, a thread's CPU time is that of all its requests
        cpu = [(route.requests, (route.cpu_ms or 0.0) / MS) for route in figures.routes]
        total = sum(count * each for count, each in cpu)
        found = max(found, sum(count * each**2 for count, each in cpu) / total if total else 0.0)
    return CONTENDED * found * use / (1 - use)


def inside(figures: Figures) -> bool:
    """Whether requests wait inside the app: nearly all take longer than the first, by more than a busy CPU makes."""
    return figures.inside >= INSIDE and figures.inside * figures.app > contention(figures)


def missing_users(figures: Figures) -> int:
    """Return how many users the requests and pauses that have ended do not account for; 0 unless it is sure.

    At the window's ends a request or a pause of each user is cut off, which is as much as all of them can be off. And
    a user's pause may be longer than the run, so it has to be many.
    """
    missing = figures.present - figures.population
    cycle = figures.response + figures.think
    least = MISSING * figures.present + figures.present * cycle / figures.seconds
    return round(missing) if missing >= max(1.0, least) else 0


def is_busy_known(figures: Figures) -> bool:
    """Whether the slots in use are known: requests that do not end are in no law, so the workers must have said it."""
    return figures.measured or not missing_users(figures)


def holding_users(figures: Figures) -> int:
    """Return how many users wait for requests that hold a slot and do not end; 0 unless both are measured.

    These are the slots beyond those of requests that have ended, so few of them are enough. Long requests that are
    under way at the window's end look the same, so they have to be more than these can be.
    """
    missing = figures.present - figures.population
    held = figures.busy - figures.rate * (figures.response - (figures.queue or 0.0))
    cut = CUT_OFF * figures.present * max(figures.lasting, figures.response + figures.think) / figures.seconds
    least = max(1.0, NOISE * figures.present, cut)
    return round(missing) if figures.measured and min(missing, held) >= least else 0


def stuck_users(figures: Figures) -> int:
    """Return how many users wait for gunicorn; 0 where so few slots are held that the missing ones rather pause.

    What a worker said last, it may have said before all of its slots were held, so a part of them is enough. Nor is
    anybody stuck where all slots are held by requests that end: the missing ones are in a queue longer than the run.
    """
    if len(figures.workers) > 2 * figures.all_workers:
        return 0  # they are started anew all the time, and what each says of its slots is too little
    if holding := holding_users(figures):
        return holding
    missing = missing_users(figures)
    most = missing if figures.slots is None else min(missing, figures.slots)
    if not figures.measured:
        return missing
    ended = figures.rate * (figures.response - (figures.queue or 0.0))
    ended += figures.busy * min(1.0, figures.app / figures.seconds)  # what is cut off at the window's ends
    return missing if figures.busy >= HELD * most and ended < TURNED_OVER * figures.busy else 0


def unseen_cores(figures: Figures) -> float:
    """Return the cores that are not the requests' own threads' until their headers; 0 unless that is much of all."""
    others = figures.cores - figures.rate * (figures.thread_cpu + OWN_CPU)
    return others if others >= UNUSED * figures.cores else 0.0


def unused_cores(figures: Figures) -> float:
    """Return the cores that something else than the requests' own threads uses; 0 unless that is much of all.

    What a request computes after its headers, as a generator does, is in no time in the app; its slot is held for it.
    On a busy CPU so is any slot, before the app and after it, but not for longer than the app takes.
    """
    others, after = unseen_cores(figures), figures.hold - figures.app
    return 0.0 if after >= figures.app and figures.rate * after >= others else others


def is_unknown(figures: Figures) -> bool:
    """Whether requests wait and nobody knows where: no queue in the header, and no first requests to compare with."""
    if figures.queue is not None or not waits(figures, figures.wait):
        return False
    return not figures.first_known or waits(figures, figures.excess)


def impossible(tally: Tally, figures: Figures) -> list[str]:
    """Return what cannot be, if all responses came from gunicorns of one setting when they were made, in words."""
    setting, reasons = figures.setting, []
    each = figures.slots / figures.all_workers if figures.slots else math.inf
    if figures.measured and any(worker.slots_busy > MORE_SLOTS * each + 0.2 for worker in figures.workers):
        most = max(worker.slots_busy for worker in figures.workers)
        reasons.append(f"{most:.1f} busy slots in a worker that has {each:.0f}")
    if figures.cores > MORE_CORES * figures.vcpu + 0.2:
        reasons.append(f"{figures.cores:.1f} cores in use of {figures.vcpu}")
    elif figures.most_cores > MORE_CORES * setting.vcpu + 0.2:
        reasons.append(f"{figures.most_cores:.1f} cores in use of an instance's {setting.vcpu}")
    if tally.shorter > SHORTER * tally.timed:
        reasons.append(f"{tally.shorter} responses that took less time than the app did")
    if figures.workers_at_once > setting.workers:
        reasons.append(f"{figures.workers_at_once} workers at once where there are {setting.workers}")
    if any(worker.born_after > worker.born_before + LATER for worker in tally.workers.values()):
        reasons.append("a worker's clock that jumps")
    return reasons + differing(tally, figures.there)
