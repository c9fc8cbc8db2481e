"""The setting to ship: from the cells to one recommendation, and to the lines to paste.

The rule: among the settings without an error whose memory keeps to 85 % of what the plan leaves the app, and whose
p95 keeps to --max-p95 if it is given, those with the highest throughput: no other setting's interval over the repeats
is above theirs, so they are tied. Of these those with the lowest p95, by their intervals too; of these the least
memory; among those of the same memory the fewest slots.
"""

from __future__ import annotations

import json
import re
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
    def env_lines(self) -> tuple[str, ...]:
        """The lines for .env, quoted where Compose would read something else in a value."""
        return tuple(f"{name}={dotenv(value)}" for name, value in self.env.items())

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
    found = ranked(cells, info)
    if found is None:
        return Recommendation(None, why_none(cells, info))
    setting = found.chosen.setting
    return Recommendation(
        setting=setting,
        reason=why(found, cells, info),
        tied_with=tuple(cell.setting for cell in found.others),
        startup_command=startup_command(setting, info),
        app_settings=app_settings(setting, info),
        env=environment(setting, info),
    )


@dataclass(frozen=True)
class Ranking:
    """How those stand that may be recommended. Each list is part of the one before it, and has the chosen one.

    Attributes:
        chosen: the cell to ship.
        tied: those with the highest throughput.
        quick: of these, those with the lowest p95.
        small: of these, those with the least memory.
    """

    chosen: Cell
    tied: tuple[Cell, ...]
    quick: tuple[Cell, ...]
    small: tuple[Cell, ...]

    @property
    def others(self) -> list[Cell]:
        """Those that are tied with the chosen one, the quickest first."""
        return sorted((cell for cell in self.tied if cell is not self.chosen), key=lambda cell: mean_of(cell.p95_ms))


def ranked(cells: Sequence[Cell], info: Info) -> Ranking | None:
    """Return how the cells stand; None if none may be recommended."""
    allowed = [(cell, cell.rps, cell.p95_ms) for cell in cells if not obstacle(cell, info)]
    rates = [(cell, rps) for cell, rps, _ in allowed if rps]
    if not rates:
        return None
    # Measured against the highest low end and not against the fastest's own, all that remain overlap with each other:
    # one wide interval ties nothing to it that is measurably behind another.
    low = max(rps.low for _, rps in rates)
    tied = [cell for cell, rps in rates if rps.high >= low]
    times = [(cell, p95_ms) for cell, _, p95_ms in allowed if cell in tied and p95_ms]
    high = min(p95_ms.high for _, p95_ms in times)
    quick = [cell for cell, p95_ms in times if p95_ms.low <= high]
    least = min(cell.memory_mb or 0.0 for cell in quick)
    small = [cell for cell in quick if (cell.memory_mb or 0.0) <= least * SAME_MEMORY]
    chosen = min(small, key=lambda cell: (cell.setting.slots, cell.setting.workers))
    return Ranking(chosen, tuple(tied), tuple(quick), tuple(small))


def mean_of(interval: Any) -> float:
    """Return an interval's mean."""
    return float(interval.mean)


def obstacle(cell: Cell, info: Info) -> str | None:
    """Return why a cell cannot be recommended, in a few words; None if it can."""
    if reason := unfit(cell, info):
        return reason
    limit = info.options.get("max_p95")
    if limit is not None and cell.p95_ms and cell.p95_ms.mean > limit:
        return f"its p95 of {cell.p95_ms.mean:.0f} ms is above {limit:g} ms"
    return None


def unfit(cell: Cell, info: Info) -> str | None:
    """Return why a cell cannot be recommended whatever its p95; None if it can."""
    if cell.state != "ok":
        return "it failed" if cell.state == "failed" else f"it is {cell.state}"
    room = memory_room(info)
    if cell.memory_mb is not None and cell.memory_mb > room:
        return f"it takes {cell.memory_mb:.0f} MB, and {room:.0f} MB leave the plan its headroom"
    return None


def memory_room(info: Info) -> float:
    """Return the memory that a setting may take, in MB."""
    return HEADROOM * float(info.plan["memory_mb"])


def why(found: Ranking, cells: Sequence[Cell], info: Info) -> str:
    """Say in two sentences what the setting does and what holds it back."""
    users, plan, best, tied = info.options["users"], info.plan, found.chosen, found.others
    others = sum(1 for cell in cells if cell.rps and not obstacle(cell, info)) - 1
    if not others:
        compared = "and is the only one that could be recommended"
    elif tied:
        best_of = "the other one" if others == 1 else f"the best of {others} others"
        compared = f"as much as {best_of}, within the spread of the repeats"
    else:
        compared = "more than the other one" if others == 1 else f"more than each of {others} others"
    head = (
        f"{best.setting} serves {mean_of(best.rps):.3g} requests/s to {users} users on {plan['name']} "
        f"at a p95 of {mean_of(best.p95_ms):.0f} ms, {compared}"
    )
    if tied:
        names = [str(cell.setting) for cell in tied]
        more = f" and {len(names) - TIES_SHOWN} more" if len(names) > TIES_SHOWN else ""
        head += f"; it is tied with {', '.join(names[:TIES_SHOWN])}{more} in throughput, and {advantage(found)}"
    refused = [
        cell for cell in cells if cell.rps and best.rps and cell.rps.low > best.rps.high and obstacle(cell, info)
    ]
    if refused:
        fastest = max(refused, key=lambda cell: mean_of(cell.rps))
        head += f"; {fastest.setting} serves {mean_of(fastest.rps):.3g}, but {obstacle(fastest, info)}"
    memory = f" in {best.memory_mb:.0f} of {plan['memory_mb']:.0f} MB" if best.memory_mb is not None else ""
    utilization = f" with the CPU {best.cpu_utilization:.0%} busy" if best.cpu_utilization is not None else ""
    return f"{head}. It runs{utilization}{memory}: {WHY.get(best.limit or '', 'no law was asked, as a probe failed')}."


def advantage(found: Ranking) -> str:
    """Say what the chosen one has before those that are tied with it."""
    if len(found.quick) == 1:
        return "has the lowest p95 of them"
    memory = "the least memory" if len(found.small) == 1 else "the fewest slots at the least memory"
    if len(found.quick) < len(found.tied):
        return f"is among those with the lowest p95, of which it needs {memory}"
    return f"needs {memory} of them"


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
    rest = held(info)
    words = ["gunicorn", "--bind=0.0.0.0", "--timeout", rest.pop("timeout", "600")]
    words += ["--workers", str(setting.workers), "--threads", str(setting.threads)]
    return shlex.join([*words, *as_options(rest), info.app])


def as_options(settings: Mapping[str, str]) -> list[str]:
    """Return settings as gunicorn's command-line options."""
    declared = gunicorn.config.make_settings()
    return [word for name, value in settings.items() for word in as_option(declared[name], value)]


def as_option(declared: Any, value: str) -> list[str]:
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
    return numbers | {f"GUNICORN_{name.upper()}": value for name, value in held(info).items()}


def environment(setting: Setting, info: Info) -> dict[str, str]:
    """Return the lines for .env; the app too where gunicorn.conf.py would not find it by itself.

    What was held fixed goes where Compose passes everything on: it knows the name of few settings.
    """
    found = {"GUNICORN_WORKERS": str(setting.workers), "GUNICORN_THREADS": str(setting.threads)}
    if info.options["app"]:
        found["GUNICORN_WSGI_APP"] = info.app
    if words := as_options(held(info)):
        found["GUNICORN_CMD_ARGS"] = shlex.join(words)
    return found


def dotenv(value: str) -> str:
    """Return a value as .env has it. In double quotes Compose takes back each of these escapes."""
    if re.fullmatch(r"[\w.,:/=@%+-]*", value):
        return value
    escaped = re.sub(r'(["$\\])', r"\\\1", value).replace("\n", r"\n")
    return f'"{escaped}"'


def held(info: Info) -> dict[str, str]:
    """Return what was held fixed and is of use elsewhere."""
    return {name: value for name, value in info.options["gunicorn"].items() if name != "bind"}
