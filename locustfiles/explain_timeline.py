"""The run over time, for the plots."""

from __future__ import annotations

from explain_instances import present, spans, vcpus
from explain_laws import in_use
from explain_tally import Tally
from explain_types import Timeline
from explain_words import rounded
from explain_workers import Bin, Said, WorkerId


def timeline(tally: Tally, seconds: float) -> Timeline:
    """Return the run over time. A bin that is not over is left out."""
    line = Timeline([], [], [], [], [], [], [], [])
    before = {who: worker.first for who, worker in tally.workers.items()}
    rates: dict[WorkerId, float] = {}
    vcpu, lasted = vcpus(tally, present(tally, seconds).number), spans(tally, seconds)
    for number in range(int(seconds) // tally.width):
        part = tally.bins.get(number)
        line.at.append((number + 1) * tally.width)
        line.rps.append(part.requests / tally.width if part else 0.0)
        if part is None or not part.timed:
            for column in (
                line.delay_ms,
                line.wait_ms,
                line.queue_ms,
                line.app_ms,
                line.slots_busy,
                line.cpu_utilization,
            ):
                column.append(None)
            continue
        used = sum(max(0.0, said.cpu - before.get(who, said).cpu) for who, said in part.said.items())
        rates = {
            who: rate for who, rate in rates.items() if who[0] not in lasted or lasted[who[0]][1] > number * tally.width
        }
        busy = busy_slots(tally, part, before, rates)
        before.update(part.said)
        line.delay_ms.append(rounded(part.delay_ms / part.timed) if tally.delay.buckets else None)
        line.wait_ms.append(rounded(max(0.0, part.response_ms - part.app_ms) / part.timed))
        line.queue_ms.append(rounded(part.queue_ms / part.timed) if tally.queue.buckets else None)
        line.app_ms.append(rounded(part.app_ms / part.timed))
        line.slots_busy.append(rounded(busy))
        line.cpu_utilization.append(rounded(used / tally.width / vcpu))
    return line


def busy_slots(tally: Tally, part: Bin, before: dict[WorkerId, Said], rates: dict[WorkerId, float]) -> float:
    """Return the busy slots of a stretch: by the workers' counters, else by Little's law.

    Args:
        tally: of the whole run.
        part: the stretch.
        before: what each worker had said before it.
        rates: each worker's busy slots as last known, which stay until it says something new.
    """
    if not all(worker.clocked for worker in tally.workers.values()):
        return in_use(part.timed / tally.width, part.app_ms / 1e3 / part.timed)
    for who, said in part.said.items():
        earlier = before.get(who, said)
        if said.at > earlier.at:
            rates[who] = (said.held - earlier.held) / (said.at - earlier.at)
    return sum(rates.values())
