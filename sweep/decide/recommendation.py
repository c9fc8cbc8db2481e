"""The setting to ship, in words, and with the lines to paste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explain_laws import Setting
from sweep.decide import paste
from sweep.decide.cells import Cell
from sweep.decide.ranking import Ranking, obstacle
from sweep.records import Info

TIES_SHOWN = 3

WHY = {
    "slots": "all of its slots are busy, so more of them would serve more",
    "cpu": "the plan's CPU is what limits it, which only less CPU time for a request or a larger plan changes",
    "users": "there is a slot for each user who needs one, so what is left is the time that a request takes in the app",
}


@dataclass(frozen=True)
class Recommendation:
    """What to ship; without a setting, why there is none.

    Attributes:
        setting: the setting; None if none can be recommended.
        reason: two sentences.
        tied_with: settings that cannot be told apart from it by throughput.
        startup_command: for App Service's "Startup Command" box, and Compose's STARTUP_COMMAND.
        app_settings: for App Service without a startup command, name to value.
        env: lines for .env, name to value.
    """

    setting: Setting | None
    reason: str
    tied_with: tuple[Setting, ...] = ()
    startup_command: str | None = None
    app_settings: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)

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
            "app_settings": dict(self.app_settings),
            "reason": self.reason,
            "tied_with": [{"workers": tie.workers, "threads": tie.threads} for tie in self.tied_with],
            "env": dict(self.env),
            "az": list(self.az_commands),
        }


def recommend(ranking: Ranking | None, cells: Sequence[Cell], info: Info) -> Recommendation:
    """Return the recommendation that a ranking comes to."""
    if ranking is None:
        return Recommendation(None, why_none(cells, info))
    setting = ranking.chosen.setting
    return Recommendation(
        setting=setting,
        reason=why(ranking, cells, info),
        tied_with=tuple(cell.setting for cell in ranking.others),
        startup_command=paste.startup_command(setting, info),
        app_settings=paste.app_settings(setting, info),
        env=paste.environment(setting, info),
    )


def why(ranking: Ranking, cells: Sequence[Cell], info: Info) -> str:
    """Say in two sentences what the setting does and what holds it back."""
    plan, best = info.plan, ranking.chosen
    head = (
        f"{best.setting} serves {best.rate:.3g} requests/s to {info.options.users} users on {plan.name} "
        f"at a p95 of {best.p95:.0f} ms, {compared(ranking, cells, info)}{ties(ranking)}{refused(best, cells, info)}"
    )
    memory = f" in {best.memory_mb:.0f} of {plan.memory_mb:.0f} MB" if best.memory_mb is not None else ""
    utilization = f" with the CPU {best.cpu_utilization:.0%} busy" if best.cpu_utilization is not None else ""
    return f"{head}. It runs{utilization}{memory}: {WHY.get(best.limit or '', 'no law was asked, as a probe failed')}."


def compared(ranking: Ranking, cells: Sequence[Cell], info: Info) -> str:
    """Say how its throughput stands to that of the others that may be recommended."""
    others = sum(1 for cell in cells if cell.rps and not obstacle(cell, info)) - 1
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
    return f"; it is tied with {', '.join(names[:TIES_SHOWN])}{more} in throughput, and {advantage(ranking)}"


def advantage(ranking: Ranking) -> str:
    """Say what the chosen one has before those that are tied with it."""
    if len(ranking.quick) == 1:
        return "has the lowest p95 of them"
    memory = "the least memory" if len(ranking.small) == 1 else "the fewest slots at the least memory"
    if len(ranking.quick) < len(ranking.tied):
        return f"is among those with the lowest p95, of which it needs {memory}"
    return f"needs {memory} of them"


def refused(best: Cell, cells: Sequence[Cell], info: Info) -> str:
    """Name the fastest setting that is faster and may not be recommended; "" without one."""
    faster = [cell for cell in cells if cell.rps and best.rps and cell.rps.low > best.rps.high and obstacle(cell, info)]
    if not faster:
        return ""
    fastest = max(faster, key=lambda cell: cell.rate)
    return f"; {fastest.setting} serves {fastest.rate:.3g}, but {obstacle(fastest, info)}"


def why_none(cells: Sequence[Cell], info: Info) -> str:
    """Say why no setting can be recommended."""
    measured = [cell for cell in cells if cell.rps and cell.state == "ok"]
    if not measured:
        first = next((cell.note for cell in cells if cell.state in ("failed", "void")), info.unloaded_error)
        return f"No setting could be measured. The first failed: {(first or 'nothing ran').splitlines()[0]}."
    nearest = min(measured, key=lambda cell: cell.p95)
    return f"No setting keeps to every limit. The quickest is {nearest.setting}: {obstacle(nearest, info)}."
