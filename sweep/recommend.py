"""The setting to ship: from the cells to one recommendation, and to the lines to paste.

The rule: among the settings without an error whose memory keeps to 85 % of what the plan leaves the app, and whose
p95 keeps to --max-p95 if it is given, the one with the highest throughput. Settings whose interval overlaps with its
interval are tied with it: of these the lowest p95; among those that cannot be told apart from that one the least
memory; among those of the same memory the fewest slots.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gunicorn.config

from sweep.results import Info, Setting, write_whole
from sweep.summary import Cell

# The rest is for what a sweep does not see: uploads, caches that grow, a deployment's second process.
HEADROOM = 0.85
# The same setting takes 2 % more or less from one run to the next.
SAME_MEMORY = 1.05
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
    def az_commands(self) -> tuple[str, ...]:
        """The Azure CLI's commands, one for each of the two ways; RG and APP stand for one's own."""
        if self.startup_command is None:
            return ()
        settings = " ".join(shlex.quote(f"{name}={value}") for name, value in self.app_settings.items())
        command = self.startup_command
        # As in Microsoft's own examples, unless a shell would read something in it.
        quoted = shlex.quote(command) if set(command) & set('"$`\\!') else f'"{command}"'
        return (
            f"az webapp config set -g RG -n APP --startup-file {quoted}",
            f"az webapp config appsettings set -g RG -n APP --settings {settings}",
        )

    def as_json(self) -> dict[str, Any]:
        """Return it in the shape of design.md, with `env` and `az` more."""
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


def write(folder: Path, recommendation: Recommendation) -> None:
    """Write recommendation.json."""
    text = json.dumps(recommendation.as_json(), indent=2, ensure_ascii=False) + "\n"
    write_whole(folder / "recommendation.json", text)


def recommend(cells: Sequence[Cell], info: Info) -> Recommendation:
    """Apply the rule."""
    best, tied = ranked(cells, info)
    if best is None:
        return Recommendation(None, why_none(cells, info))
    return Recommendation(
        setting=best.setting,
        reason=why(best, tied, cells, info),
        tied_with=tuple(cell.setting for cell in tied),
        startup_command=startup_command(best.setting, info),
        app_settings=app_settings(best.setting, info),
        env=environment(best.setting, info),
    )


def ranked(cells: Sequence[Cell], info: Info) -> tuple[Cell | None, list[Cell]]:
    """Return the cell to ship and those that are tied with it, best first; None and [] without one."""
    allowed = [cell for cell in cells if cell.rps and cell.p95_ms and not obstacle(cell, info)]
    if not allowed:
        return None, []
    fastest = max(allowed, key=lambda cell: mean_of(cell.rps))
    tied = [cell for cell in allowed if cell.rps and fastest.rps and cell.rps.overlaps(fastest.rps)]
    quickest = min(tied, key=lambda cell: mean_of(cell.p95_ms))
    close = [cell for cell in tied if cell.p95_ms and quickest.p95_ms and cell.p95_ms.overlaps(quickest.p95_ms)]
    least = min(cell.memory_mb or 0.0 for cell in close)
    small = [cell for cell in close if (cell.memory_mb or 0.0) <= least * SAME_MEMORY]
    chosen = min(small, key=lambda cell: (cell.setting.slots, cell.setting.workers))
    rest = sorted((cell for cell in tied if cell is not chosen), key=lambda cell: mean_of(cell.p95_ms))
    return chosen, rest


def mean_of(interval: Any) -> float:
    """Return an interval's mean."""
    return float(interval.mean)


def obstacle(cell: Cell, info: Info) -> str | None:
    """Return why a cell cannot be recommended, in a few words; None if it can."""
    if cell.state != "ok":
        return "it failed" if cell.state == "failed" else f"it is {cell.state}"
    room = memory_room(info)
    if cell.memory_mb is not None and cell.memory_mb > room:
        return f"it takes {cell.memory_mb:.0f} MB, and {room:.0f} MB leave the plan its headroom"
    limit = info.options.get("max_p95")
    if limit is not None and cell.p95_ms and cell.p95_ms.mean > limit:
        return f"its p95 of {cell.p95_ms.mean:.0f} ms is above {limit:g} ms"
    return None


def memory_room(info: Info) -> float:
    """Return the memory that a setting may take, in MB."""
    return HEADROOM * float(info.plan["memory_mb"])


def why(best: Cell, tied: Sequence[Cell], cells: Sequence[Cell], info: Info) -> str:
    """Say in two sentences what the setting does and what holds it back."""
    users, plan = info.options["users"], info.plan
    others = sum(1 for cell in cells if cell.rps and not obstacle(cell, info)) - 1
    compared = f"more than each of {others} others"
    if tied:
        compared = f"as much as the best of {others} others, within the spread of the repeats"
    if not others:
        compared = "and is the only one that could be recommended"
    head = (
        f"{best.setting} serves {mean_of(best.rps):.3g} requests/s to {users} users on {plan['name']} "
        f"at a p95 of {mean_of(best.p95_ms):.0f} ms, {compared}"
    )
    if tied:
        names = [str(cell.setting) for cell in tied]
        more = f" and {len(names) - TIES_SHOWN} more" if len(names) > TIES_SHOWN else ""
        head += f"; it is tied with {', '.join(names[:TIES_SHOWN])}{more} in throughput, and {advantage(best, tied)}"
    refused = [
        cell for cell in cells if cell.rps and best.rps and cell.rps.low > best.rps.high and obstacle(cell, info)
    ]
    if refused:
        fastest = max(refused, key=lambda cell: mean_of(cell.rps))
        head += f"; {fastest.setting} serves {mean_of(fastest.rps):.3g}, but {obstacle(fastest, info)}"
    memory = f" in {best.memory_mb:.0f} of {plan['memory_mb']:.0f} MB" if best.memory_mb is not None else ""
    utilization = f" with the CPU {best.cpu_utilization:.0%} busy" if best.cpu_utilization is not None else ""
    return f"{head}. It runs{utilization}{memory}: {WHY.get(best.limit or '', 'no law was asked, as a probe failed')}."


def advantage(best: Cell, tied: Sequence[Cell]) -> str:
    """Say what the best setting has before those that are tied with it."""
    close = [cell for cell in tied if cell.p95_ms and best.p95_ms and cell.p95_ms.overlaps(best.p95_ms)]
    if len(close) == len(tied):
        return "takes the least memory of them"
    return "has the lowest p95 of them" + (", and the least memory of those that have it too" if close else "")


def why_none(cells: Sequence[Cell], info: Info) -> str:
    """Say why no setting can be recommended."""
    measured = [cell for cell in cells if cell.rps and cell.state == "ok"]
    if not measured:
        first = next((cell.note for cell in cells if cell.state in ("failed", "void")), info.unloaded_error)
        return f"No setting could be measured. The first failed: {(first or 'nothing ran').splitlines()[0]}."
    nearest = min(measured, key=lambda cell: mean_of(cell.p95_ms))
    return f"No setting keeps to every limit. The quickest is {nearest.setting}: {obstacle(nearest, info)}."


def startup_command(setting: Setting, info: Info) -> str:
    """Return the command line, with what was held fixed as gunicorn's own options where it has one."""
    fixed = dict(info.options["gunicorn"])
    words = ["gunicorn", "--bind=0.0.0.0", "--timeout", fixed.pop("timeout", "600")]
    words += ["--workers", str(setting.workers), "--threads", str(setting.threads)]
    declared = gunicorn.config.make_settings()
    for name, value in fixed.items():
        if name != "bind":
            words += as_options(declared[name], value)
    return shlex.join([*words, info.app])


def as_options(declared: Any, value: str) -> list[str]:
    """Return a setting as gunicorn's command-line options; [] where it has none, or none is needed."""
    flag = next((flag for flag in declared.cli or [] if flag.startswith("--")), None)
    if flag is None or value.lower() == "none":
        return []
    if declared.action in ("store_true", "store_const"):
        wanted = declared.const if declared.action == "store_const" else True
        return [flag] if (value in ("1", "t", "T", "true", "True", "TRUE")) == wanted else []
    if declared.action == "append":
        return [word for part in value.split(",") for word in (flag, part.strip())]
    return [flag, value]


def app_settings(setting: Setting, info: Info) -> dict[str, str]:
    """Return App Service's application settings, read by the platform and by gunicorn.conf.py."""
    numbers = {
        "PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true",
        "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": str(setting.workers),
        "PYTHON_GUNICORN_CUSTOM_THREAD_NUM": str(setting.threads),
    }
    return numbers | held(info)


def environment(setting: Setting, info: Info) -> dict[str, str]:
    """Return the lines for .env; the app too where gunicorn.conf.py would not find it by itself."""
    numbers = {"GUNICORN_WORKERS": str(setting.workers), "GUNICORN_THREADS": str(setting.threads)}
    return numbers | ({"GUNICORN_WSGI_APP": info.app} if info.options["app"] else {}) | held(info)


def held(info: Info) -> dict[str, str]:
    """Return what was held fixed, as variables."""
    return {f"GUNICORN_{name.upper()}": value for name, value in info.options["gunicorn"].items() if name != "bind"}
