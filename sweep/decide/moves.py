"""Which setting is worth a first run, from what was measured so far.

Each move is a question that one run answers: does it fail with fewer slots? does throughput rise with the workers? are
as many slots as the throughput fills enough? None is asked twice, and none of a setting that has within 15 % as many
slots as one that was measured with the same workers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from explain_laws import CPU_FULL, Setting
from sweep.decide.cells import seen_rps
from sweep.decide.failures import Count
from sweep.decide.limits import COMPETING, grew, queues_little
from sweep.decide.ranking import SPARE_TIMES
from sweep.decide.stock import GAP, RISES, Stock, alike, near, threads_for

MORE = 1.5  # from one number of threads to the next
MORE_SLOTS = 1.2  # times as many, where those that fail begin
LEAST_SLOTS = 4


class Moves(Stock):
    """What is worth a first run."""

    def next(self) -> Setting | None:
        """Return the setting to measure first; None if none is worth it."""
        for setting, probing in self.all():
            known = setting in self.cells or not self.asked(setting) or (self.unused(setting) and not self.inexact)
            # Where threads were given, each of them is asked for.
            known = known or (not self.options.threads and near(setting, self.cells))
            if not known and not self.reason(setting, probing):
                return setting
        return None

    def all(self) -> Iterator[tuple[Setting, bool]]:
        """Return what could be measured, the most promising first, and whether it may fail."""
        for setting in [*self.below_failures(), *self.for_comparison()]:
            yield setting, True
        moves = [self.for_thinking()] if self.prediction.thinking else self.for_throughput()
        for move in moves:
            for setting in move:
                yield setting, False

    def for_throughput(self) -> list[Iterator[Setting]]:
        """Return the moves that look for throughput, in order."""
        if self.start is None:
            return [self.smaller()] if self.fine else []
        if self.explained:
            return [self.cheaper(), self.balanced()]
        moves = [self.by_bounds(), self.balanced(), self.more_workers(), self.fewer_workers()]
        moves += [self.enough(), self.cheaper()]
        return moves if self.flat else [*moves, self.between(), self.neighbours()]

    # --- what could be measured -------------------------------------------------------------------------

    def below_failures(self) -> Iterator[Setting]:
        """Return settings between the most slots that do not fail and the fewest that do; then more workers of those.

        What fails may be for all workers (a database's connections) or for each of them (a pool of its own).
        """
        first = self.ceiling
        if first is None:
            return
        low = max((cell.setting.slots for cell in self.fine if cell.setting.slots < first), default=1)
        middle = (low + first) // 2
        guess = self.succeeding()
        if guess and low < guess < first:
            middle = guess
        elif guess and guess <= low:  # the guess was right, so the next ones should fail
            middle = min(middle, math.ceil(MORE_SLOTS * low))
        few = self.few_workers()
        while middle > low:
            shapes = [Setting(workers, middle // workers) for workers in (few, 2, 3) if middle >= workers]
            shapes.append(Setting(few, -(-middle // few)))
            inner = [shape for shape in shapes if low < shape.slots < first and shape.slots > 1]
            yield from sorted(inner, key=lambda shape: abs(shape.slots - middle))
            middle = (low + middle) // 2  # where those are too near to what was measured
        most = max(self.fine, key=lambda cell: (cell.setting.slots < first, cell.setting.slots), default=None)
        if most:
            workers = max(2 * most.setting.workers, math.ceil(first / most.setting.threads))
            yield Setting(workers, most.setting.threads)

    def for_comparison(self) -> Iterator[Setting]:
        """Return few slots, where many requests fail and those of one user were too few to say that few do anyway."""
        alone = self.info.unloaded
        suspect = [cell for cell in self.fine if alone and cell.count.above(Count.of(alone))]
        if suspect and self.options.max_fail_ratio is None:
            slots = max(cell.setting.slots for cell in suspect)
            if slots > LEAST_SLOTS and not any(cell.setting.slots <= slots / 2 for cell in self.cells.values()):
                workers = self.few_workers()
                yield Setting(workers, threads_for(max(LEAST_SLOTS, slots / 4), workers, self.options))

    def succeeding(self) -> int | None:
        """Return how many requests at a time succeeded where others failed, by Little's law; None if nobody knows."""
        slots = self.prediction.slots_for(max(map(seen_rps, self.failed), default=0.0))
        return round(slots) if slots >= 1 else None

    def more_workers(self) -> Iterator[Setting]:
        """Return twice the workers with the same slots, while throughput rises with them."""
        best = self.best
        if best is None:
            return
        half = [
            cell
            for cell in self.fine
            if cell.rps
            and cell.setting.workers < best.setting.workers
            and alike(cell.setting.slots, best.setting.slots, GAP)
        ]
        if any(best.rate < RISES * cell.rate for cell in half):
            return
        if (
            self.failed and self.ceiling is None
        ):  # they fail from so many threads in a worker on, and not from so many slots
            workers = math.ceil(self.prediction.users / best.setting.threads)
            yield Setting(min(workers, self.most_workers()), best.setting.threads)
            return
        workers = min(2 * best.setting.workers, self.most_workers())
        if workers > 1.25 * best.setting.workers:
            yield Setting(workers, threads_for(best.setting.slots, workers, self.options))

    def fewer_workers(self) -> Iterator[Setting]:
        """Return half the workers with the same slots, where more of them have served less."""
        best = self.best
        if best is None or best.setting.workers == 1:
            return
        more = [
            cell
            for cell in self.fine
            if cell.setting.workers > best.setting.workers and alike(cell.setting.slots, best.setting.slots, GAP)
        ]
        if any(cell.rps and cell.rate < best.rate / RISES for cell in more):
            workers = best.setting.workers // 2
            yield Setting(workers, threads_for(best.setting.slots, workers, self.options))

    def by_bounds(self) -> Iterator[Setting]:
        """Return, where the CPU is the limit, the fewest threads that its bound asks for, and half as many again."""
        if self.best is None or (self.best.cpu_utilization or 0.0) < CPU_FULL:
            return
        for factor in (MORE, 1.0):
            for workers in reversed(self.worker_counts()):
                needed = self.prediction.slots_for(self.prediction.most_rps(workers))
                slots = min(float(self.prediction.users), max(LEAST_SLOTS, factor * needed))
                yield Setting(workers, threads_for(slots, workers, self.options))

    def balanced(self) -> Iterator[Setting]:
        """Return a thread for each user in each worker, where requests wait in one that has none while others have."""
        best = self.best
        if best and self.inexact:
            workers = min(max(self.few_workers(), self.prediction.vcpu), self.most_workers())
            yield Setting(workers, threads_for(self.prediction.users * workers, workers, self.options))

    def enough(self) -> Iterator[Setting]:
        """Return the slots that the throughput fills if no request waits inside the app, and half as many again."""
        if self.best is None:
            return
        slots = max(LEAST_SLOTS, MORE * self.prediction.slots_for(self.best.rate))
        for workers in (
            [self.few_workers()] if self.flat else dict.fromkeys([self.few_workers(), self.best.setting.workers])
        ):
            yield Setting(workers, threads_for(min(slots, self.prediction.users), workers, self.options))

    def smaller(self) -> Iterator[Setting]:
        """Return as many slots in workers that memory has room for, where all that was measured takes too much."""
        workers = min(self.few_workers(), self.most_workers())
        yield Setting(workers, threads_for(self.prediction.users, workers, self.options))

    def cheaper(self) -> Iterator[Setting]:
        """Return the fewest workers that are no single one and have CPU to spare, with room for slower requests."""
        if self.best is None:
            return
        slots = max(LEAST_SLOTS, (SPARE_TIMES + 1) * self.prediction.slots_for(self.best.rate))
        workers = self.few_workers(self.best.rate)
        yield Setting(workers, threads_for(min(slots, self.prediction.users), workers, self.options))

    def between(self) -> Iterator[Setting]:
        """Return slots in the middle of a gap beside the best, where the other end of the gap serves less."""
        if self.best is None:
            return
        mine = self.best.setting.slots
        others = sorted((c for c in self.fine if c.rps), key=lambda cell: cell.setting.slots)
        for side in (
            [c for c in others if c.setting.slots > GAP * mine][:1],
            [c for c in others if c.setting.slots * GAP < mine][-1:],
        ):
            if side and side[0].rate < self.best.rate / RISES:
                middle = math.sqrt(mine * side[0].setting.slots)
                workers = self.best.setting.workers
                yield Setting(workers, threads_for(middle, workers, self.options))

    def neighbours(self) -> Iterator[Setting]:
        """Return the settings around one that stays behind its bound. A p95 above the limit is never explained."""
        if self.start is None:
            return
        mine, users = self.start.setting, self.prediction.users
        for level in (mine.threads * MORE, mine.threads / MORE):
            slots = min(max(1.0, level) * mine.workers, users + mine.workers - 1)
            yield Setting(mine.workers, threads_for(slots, mine.workers, self.options))
        for workers in (mine.workers - 1, mine.workers + 1):
            if workers >= min(self.few_workers(), mine.workers):
                yield Setting(workers, threads_for(mine.slots, workers, self.options))

    def for_thinking(self) -> Iterator[Setting]:
        """Return the slots that users who think need, with room and without; more while they wait for one.

        First, where they wait for something inside the app, more workers: each may have its own, as a pool.
        """
        if self.best and grew(self.best, self.prediction) and (self.best.cpu_utilization or 0.0) < COMPETING:
            yield from self.more_workers()
        workers = self.few_workers(self.prediction.users_rps)
        room, need = self.prediction.slowed(SPARE_TIMES).enough_slots(), self.prediction.enough_slots()
        for slots in (room, need):
            yield Setting(workers, threads_for(max(LEAST_SLOTS, slots), workers, self.options))
        known = [cell for cell in self.fine if cell.queue_p95_ms is not None]
        if known and not any(map(queues_little, known)):
            slots = max(cell.setting.slots for cell in self.fine)
            yield Setting(workers, threads_for(min(MORE * slots, self.prediction.users), workers, self.options))
        if self.start and self.best is None:
            yield from self.neighbours()
