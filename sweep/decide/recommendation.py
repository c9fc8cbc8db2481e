"""The setting to ship, in words, and with the lines to paste."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explain_laws import Setting
from explain_words import figure
from sweep.decide import alternative, paste
from sweep.decide.cells import Cell, seen_rps
from sweep.decide.failures import Count
from sweep.decide.instances import Several, several
from sweep.decide.limits import limit_of, sentence
from sweep.decide.prediction import Prediction
from sweep.decide.ranking import Ranking, beyond_limits, obstacle
from sweep.decide.slowdown import Slowed, slowed
from sweep.records import Info

TIES_SHOWN = 3
# Who serves less than this of what another setting did is a recommendation with a reservation.
FRACTION = 0.9
# Fewer requests than this share hardly move a 95th percentile.
STARTS_TOLD = 0.01


@dataclass(frozen=True)
class Recommendation:
    """What to ship; without a setting, why there is none.

    Attributes:
        setting: the setting; None if none can be recommended.
        reason: what it does, what it is tied with and why it is the one, and what limits it.
        reservation: another measured setting serves more, and why that is not the one, or serves less and fails less;
            None if none does.
        slowed: what it and the runner-up do when requests take longer.
        alternative: a setting with one worker that is as good; None where none was measured.
        several: what it comes to on several instances; None where that was not asked, or nobody knows what a request
            takes.
        tied_with: settings that cannot be told apart from it by throughput.
        startup_command: for App Service's "Startup Command" box, and Compose's STARTUP_COMMAND.
        needs: what it needs to be what was measured; "" for nothing.
        app_settings: for App Service without a startup command, name to value.
        env: lines for .env, name to value.
    """

    setting: Setting | None
    reason: str
    tied_with: tuple[Setting, ...] = ()
    startup_command: str | None = None
    needs: str = ""
    app_settings: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    reservation: str | None = None
    alternative: str | None = None
    slowed: tuple[Slowed, ...] = ()
    several: Several | None = None

    @property
    def env_lines(self) -> tuple[str, ...]:
        """The lines for .env, quoted where Compose would read something else in a value."""
        return tuple(f"{name}={paste.dotenv(value)}" for name, value in self.env.items())

    @property
    def az_commands(self) -> tuple[str, ...]:
        """The Azure CLI's commands, one for each of the two ways."""
        return paste.az_commands(self.startup_command, self.app_settings) if self.startup_command else ()

    def as_json(self) -> dict[str, Any]:
        """Return what recommendation.json holds."""
        return {
            "workers": self.setting.workers if self.setting else None,
            "threads": self.setting.threads if self.setting else None,
            "startup_command": self.startup_command,
            "startup_command_needs": self.needs,
            "app_settings": dict(self.app_settings),
            "reason": self.reason,
            "tied_with": [{"workers": tie.workers, "threads": tie.threads} for tie in self.tied_with],
            "env": dict(self.env),
            "az": list(self.az_commands),
            "reservation": self.reservation,
            "alternative": self.alternative,
            "instances": self.several.as_json() if self.several else None,
            "slowed": [dataclasses.asdict(one) | {"setting": str(one.setting)} for one in self.slowed],
        }


def recommend(
    ranking: Ranking | None, cells: Sequence[Cell], info: Info, prediction: Prediction | None
) -> Recommendation:
    """Return the recommendation that a ranking comes to."""
    if ranking is None:
        return Recommendation(None, why_none(cells, info))
    setting, one = ranking.chosen.setting, alternative.one_worker(ranking)
    return Recommendation(
        setting=setting,
        reason=why(ranking, cells, info, prediction, one),
        tied_with=tuple(cell.setting for cell in ranking.others),
        startup_command=paste.startup_command(setting, info),
        needs=paste.needs(setting, info),
        app_settings=paste.app_settings(setting, info),
        env=paste.environment(setting, info),
        reservation=reservation(ranking.chosen, cells, info) or failing_more(ranking.chosen, cells, info),
        alternative=alternative.told(one, ranking.chosen) if one else None,
        slowed=slowed_both(ranking, cells, info, prediction),
        several=on_several(ranking.chosen, cells, info, prediction),
    )


def on_several(chosen: Cell, cells: Sequence[Cell], info: Info, prediction: Prediction | None) -> Several | None:
    """Return what the chosen setting comes to on as many instances as were asked for."""
    if prediction is None or info.options.instances == 1:
        return None
    return several(info.options.instances, chosen, cells, limit_of(chosen, cells, prediction), prediction)


def slowed_both(
    ranking: Ranking, cells: Sequence[Cell], info: Info, prediction: Prediction | None
) -> tuple[Slowed, ...]:
    """Return what happens to the chosen setting and to the runner-up when requests take longer."""
    if prediction is None:
        return ()
    behind = [cell for cell in cells if cell.rps and cell is not ranking.chosen and not obstacle(cell, info)]
    behind.sort(key=lambda cell: (cell not in ranking.tied, -cell.rate))
    both = [ranking.chosen, *behind[:1]]
    return tuple(one for cell in both for one in slowed(cell, limit_of(cell, cells, prediction), prediction))


def why(ranking: Ranking, cells: Sequence[Cell], info: Info, prediction: Prediction | None, one: Cell | None) -> str:
    """Say what the setting does, why it is the one, and what holds it back."""
    plan, best = info.plan, ranking.chosen
    head = (
        f"{best.setting} serves {figure(best.rate)} requests/s {'to' if info.options.rps is None else 'of'} "
        f"{info.options.load} on {plan.name} at a p95 of {best.p95:.0f} ms, "
        f"{compared(ranking, cells, info, prediction)}{ties(ranking)}"
        f"{refused(best, cells, info)}{passed_over(ranking)}{failing(best, info)}{signing_in(best)}"
    )
    memory = f" in {best.memory_mb:.0f} of {plan.memory_mb:.0f} MB" if best.memory_mb is not None else ""
    limit = "no law was asked, as nobody knows what a request takes alone"
    if prediction:
        limit = sentence(limit_of(best, cells, prediction), best, cells, prediction)
    runs = f"It runs{memory}" if memory else "Its limit"
    return f"{head}. {runs}: {limit}.{assumed(best, info, one)}"


def assumed(best: Cell, info: Info, one: Cell | None) -> str:
    """Say what more than one worker assumes, and what else to take; "" for one, and where no other was asked for."""
    asked = info.options.workers
    if best.setting.workers == 1 or (asked and 1 not in asked):
        return ""
    return (
        f" {best.setting.workers} workers are right if the app keeps nothing in its process that the others would "
        "need, as sessions, the counts of a rate limit or a scheduler's jobs; else "
        + (f"take {one.setting}." if one else "sweep with `--workers 1`.")
    )


def compared(ranking: Ranking, cells: Sequence[Cell], info: Info, prediction: Prediction | None) -> str:
    """Say how it stands to the others that may be recommended."""
    best = ranking.chosen
    if ranking.by_response and prediction:
        queue = best.queue_p95_ms
        waits = f"95 of 100 of which wait for a slot for {queue:.0f} ms or less; " if queue is not None else ""
        if prediction.is_open:
            return f"{waits}as many end as come with any setting that holds them, so the p95 decides"
        return (
            f"{waits}the users think for {figure(prediction.think_s)} s after a request of "
            f"{figure(prediction.app_s * 1e3)} ms, so throughput tells nothing, and the p95 decides"
        )
    others = sum(cell.rps is not None and not obstacle(cell, info) for cell in cells) - 1 - len(ranking.passed_over)
    if not others and ranking.passed_over:
        return "and of its requests the fewest fail"
    if not others:
        return "and is the only one that could be recommended"
    if ranking.others:
        best_of = "the other one" if others == 1 else f"the best of {others} others"
        return f"as much as {best_of}, within the spread of the repeats"
    return "more than the other one" if others == 1 else f"more than each of {others} others"


def ties(ranking: Ranking) -> str:
    """Name those that it is tied with, and what it has before them; "" without one."""
    names = [str(cell.setting) for cell in ranking.others]
    if not names:
        return ""
    more = f" and {len(names) - TIES_SHOWN} more" if len(names) > TIES_SHOWN else ""
    what = "in how long requests wait" if ranking.by_response else "in throughput"
    return f"; it is tied with {', '.join(names[:TIES_SHOWN])}{more} {what}, and has {', then '.join(ranking.rules)}"


def refused(best: Cell, cells: Sequence[Cell], info: Info) -> str:
    """Name the fastest setting that is faster and may not be recommended; "" without one."""
    faster = [cell for cell in cells if cell.rps and best.rps and cell.rps.low > best.rps.high and obstacle(cell, info)]
    if not faster:
        return ""
    fastest = max(faster, key=lambda cell: cell.rate)
    return f"; {fastest.setting} serves {figure(fastest.rate)}, but {obstacle(fastest, info)}"


def passed_over(ranking: Ranking) -> str:
    """Name the fastest setting of which more requests fail; "" without one."""
    if not ranking.passed_over:
        return ""
    fastest = max(ranking.passed_over, key=lambda cell: cell.rate)
    share, requests = fastest.count.share, fastest.count.requests
    return (
        f"; {fastest.setting} serves {figure(fastest.rate)}, but more of its requests fail ({share:.2%} of {requests})"
    )


def failing(best: Cell, info: Info) -> str:
    """Say how many requests fail also with this setting, beside how many do anyway; "" if none does."""
    if not best.count.failed:
        return ""
    anyway = ""
    if info.unloaded:
        alone = Count.of(info.unloaded)
        anyway = f", and {alone.failed} of a single user's {alone.requests}"
    return f"; {best.count.share:.2%} of its {best.count.requests} requests failed{anyway}"


def signing_in(best: Cell) -> str:
    """Say how many requests were no task's, where those are in the figures: one may take longer than all others."""
    starts, requests = best.starts, best.count.requests
    if not starts or starts < STARTS_TOLD * requests:
        return ""
    return f"; {starts} of its {requests} requests were sent in on_start, as logins are, and are in its figures"


def reservation(best: Cell, cells: Sequence[Cell], info: Info) -> str | None:
    """Return which setting serves much more, and why it is not recommended; None if that is a limit of one's own."""
    faster = [
        (rate, cell)
        for cell in cells
        if cell is not best and not own_limit(cell, info) and (rate := seen_rps(cell)) * FRACTION > best.rate
    ]
    if not faster:
        return None
    rate, cell = max(faster, key=lambda pair: pair[0])
    why_not = obstacle(cell, info) or "it is slower for users"
    first = cell.note.splitlines()[0] if cell.note else ""
    note = f" ({first})" if first else ""
    return f"{cell.setting} served {figure(rate)} requests/s, {rate / best.rate:.2g} times as many, but {why_not}{note}"


def failing_more(best: Cell, cells: Sequence[Cell], info: Info) -> str | None:
    """Return which setting serves less and fails less; None if none does, or with a limit of one's own."""
    fewer = [cell for cell in cells if cell.rps and not obstacle(cell, info) and best.count.surely_more(cell.count)]
    if not fewer or info.options.max_fail_ratio is not None:
        return None
    cell = max(fewer, key=lambda cell: cell.rate)
    there = f"{cell.count.share:.2%}" if cell.count.failed else "none"
    return (
        f"{best.count.share:.2%} of its {best.count.requests} requests failed, and {there} of {cell.count.requests} "
        f"with {cell.setting}, which served {figure(cell.rate)} requests/s"
    )


def own_limit(cell: Cell, info: Info) -> bool:
    """Whether only a limit that was given speaks against a setting."""
    return cell.state == "ok" and beyond_limits(cell, info) is not None


def why_none(cells: Sequence[Cell], info: Info) -> str:
    """Say why no setting can be recommended."""
    measured = [cell for cell in cells if cell.rps and cell.state == "ok"]
    if measured:
        nearest = min(measured, key=lambda cell: cell.p95)
        return f"No setting keeps to every limit. The quickest is {nearest.setting}: {obstacle(nearest, info)}."
    tried = [cell for cell in cells if cell.state in ("failed", "void")]
    if not tried:
        return f"No setting could be measured. The first failed: {one_line(info.unloaded_error or 'nothing ran')}."
    first = max(tried, key=lambda cell: (cell.state == "failed", cell.setting.slots))
    what = "failed" if first.state == "failed" else "says nothing of the app"
    return f"No setting could be measured. {first.setting} {what}: {one_line(first.note)}."


def one_line(note: str) -> str:
    """Return the first line of a note, to go on in a sentence."""
    return (note.splitlines() or [""])[0].removeprefix("void: ").removesuffix(".")
