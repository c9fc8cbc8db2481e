"""docs/truth.md, from what was measured."""

from __future__ import annotations

import json
import re
from typing import Any

import bench
from bench.report import machine, table
from bench.report import save as keep
from tests.truth.campaign import Case, Measured, complaints
from tests.truth.known import KNOWN

FIGURES = bench.FIGURES / "truth.json"
PAGE = bench.DOCS / "truth.md"
INTRO = """\
# What it says of other people's apps

Each of these apps has a bottleneck that is known, as it was built to have it
([`tests/truth`](../tests/truth/known.py)). Each runs under load with its first setting; then with what the verdict
suggests, if that is something to set, under the same load. `make truth` measures them, and writes this page;
`make truth ARGS="hot-row hangs"` measures those that are named.

The setting is workers × threads, on one vCPU where nothing else is said. Failures, p95 and requests/s are before →
after. *cured* means that the verdict is another one then, and the p95 shorter or the throughput higher by 15 %; *kept*,
that there was nothing to set; *taken back*, that the check which the suggestion names failed, as something behind the
app has a limit that no run with so few slots can see, so that one goes back, as it says. Nothing else may get worse:
no failures of 1 % more, no p95 longer by 15 % and 10 ms, no throughput lower by 13 %. Where something did,
the case runs up to twice more, and that counts unless both of these show no harm.
"""


def load() -> dict[str, Any]:
    """Return the figures: the cases by name, and the machine."""
    if not FIGURES.exists():
        return {"cases": {}, "machine": "", "fingerprint": ""}
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))
    return found


def save(figures: dict[str, Any], fingerprint: str) -> None:
    """Keep the figures, the last of which are of this analysis, and write the page."""
    figures["fingerprint"] = fingerprint
    figures["machine"] = machine()
    figures["cases"] = {name: figures["cases"][name] for name in KNOWN if name in figures["cases"]}
    keep(FIGURES, figures)
    PAGE.write_text(render(figures), encoding="utf-8")


def shape(run: dict[str, Any]) -> str:
    """Return a run's setting."""
    return f"{run['workers']} × {run['threads']}"


def failing(run: dict[str, Any]) -> str:
    """Return the share of its requests that failed."""
    return f"{run['failures'] / max(1, run['requests']):.1%}".replace(".0%", "%").replace("%", " %")


def set_next(row: dict[str, Any]) -> str:
    """Say what was set, in short."""
    before, after = row["before"], row["after"]
    if after is None:
        return "nothing"
    text = before["suggestion"].partition("go back to")[0]
    told = [shape(after)] if shape(after) != shape(before) else []
    told += re.findall(r"GUNICORN_MAX_REQUESTS=\d+", text)
    told += ["this project's worker"] if "unset" in text else []
    return ", ".join(told) or "the same"


def wrong(name: str, row: dict[str, Any]) -> list[str]:
    """Return what is wrong with a case, by what is known of it now."""
    after = Measured(**row["after"]) if row["after"] else None
    return complaints(KNOWN[name], Case(Measured(**row["before"]), after, row["outcome"]))


def arrow(row: dict[str, Any], what: Any) -> str:
    """Return a figure before and after."""
    return " → ".join(str(what(row[when])) for when in ("before", "after") if row[when])


def cells(name: str, row: dict[str, Any]) -> list[str]:
    """Return a case's row of the table."""
    known, before, reasons = KNOWN[name], row["before"], wrong(name, row)
    users = f"{known.users}" + (f", {known.pause} s" if known.pause != "0" else "")
    return [
        name,
        known.what,
        shape(before) + (f", {known.vcpu} vCPU" if known.vcpu > 1 else ""),
        users,
        arrow(row, lambda run: f"`{run['code']}`"),
        before["held"] or "—",
        set_next(row),
        arrow(row, failing),
        arrow(row, lambda run: f"{run['p95_ms']:.0f}"),
        arrow(row, lambda run: f"{run['rps']:.0f}"),
        row["outcome"] + (f"; wrong: {', '.join(reasons)}" if reasons else ""),
    ]


def line(name: str, row: dict[str, Any]) -> str:
    """Return a case's row for the console."""
    return " | ".join(cells(name, row))


HEAD = [
    *("case", "its requests wait", "setting", "users, pause", "verdict", "holds the slots", "then set"),
    *("failures", "p95, ms", "requests/s", "outcome"),
]


def render(figures: dict[str, Any]) -> str:
    """Return the page."""
    cases = figures["cases"]
    right = sum(not wrong(name, row) for name, row in cases.items())
    same = sum(row["fingerprint"] == figures["fingerprint"] for row in cases.values())
    taken = sum(row["outcome"] == "taken back" and not wrong(name, row) for name, row in cases.items())
    summary = (
        f"{right} of {len(cases)} cases are as they should be. In {taken} of these, what was suggested did harm, and "
        f"was taken back.\n{same} were measured with the same analysis as the last one, the others with earlier ones."
    )
    rows = [cells(name, row) for name, row in cases.items()]
    said = "\n".join(f"* **{name}.** {row['before']['text']}" for name, row in cases.items())
    dates = sorted({row["date"] for row in cases.values()})
    measured = f"{' to '.join(dict.fromkeys([dates[0], dates[-1]]))}, {figures['machine']}" if dates else ""
    return f"{INTRO}\n{summary}\n\n{table(HEAD, rows)}\n{measured}\n\n## What was said\n\n{said}\n"
