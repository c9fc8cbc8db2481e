"""docs/sweeps.md, from what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench import DOCS

PAGE = DOCS / "sweeps.md"
INTRO = """\
# What the sweep finds, against a grid

Each of these apps has a bottleneck that is known ([`tests/truth`](../tests/truth/known.py)), or is a scenario of the
sample app; on B1 (1 vCPU), with gunicorn and Locust on a core each. `make bench-sweep` measures them and writes this
page; `make bench-sweep ARGS="waits pool"` measures those that are named.

For each: a sweep that decides by itself; the settings 1 × 6, 1 × 18, 1 × 36, 2 × 3, 2 × 9, 3 × 6, 3 × 12, 5 × 4 and
8 × 2, unless it has measured them, with one short window each; and then the recommended setting beside the two best
others of both, two windows each in shuffled order: the figures here are of these. *Of the best* is the recommended
setting's throughput as a share of the highest of the three; for users who think, the lowest p95 as a share of its own.
"""
# What is promised: of ten cases, this many within the first, and all within the second; so many settings and s.
NEAR, SHARE_NEAR, LEAST = 0.97, 0.8, 0.90
SETTINGS_MOST, SECONDS_MOST = 10, 240
# As settings for one vCPU.
RULES = {
    "1 × 1": "gunicorn's default",
    "3 × 1": "2 × CPU + 1 workers",
    "3 × 6": "this stack's default",
    "1 × 36": "a thread for each user",
    "3 × 12": "2 × CPU + 1 workers, a thread for each user",
}


def of_best(row: Mapping[str, Any]) -> float:
    """Return how near the recommended setting is to the best of the last step, 0 to 1."""
    cells = {cell["setting"]: cell for cell in row["final"]}
    chosen = cells.get(row["sweep"]["setting"])
    if chosen is None:  # it failed beside the others
        return 0.0
    if row["sweep"]["by_response"]:
        return float(min(cell["p95_ms"] for cell in cells.values()) / chosen["p95_ms"])
    return float(chosen["rps"] / max(cell["rps"] for cell in cells.values()))


def best(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the best cell of the last step."""
    by_response = row["sweep"]["by_response"]
    found: Mapping[str, Any] = min(
        row["final"], key=lambda cell: float(cell["p95_ms"] if by_response else -float(cell["rps"]))
    )
    return found


def line(name: str, row: Mapping[str, Any]) -> str:
    """Return a case's row of the table."""
    of_sweep, top = row["sweep"], best(row)
    chosen = next((cell for cell in row["final"] if cell["setting"] == of_sweep["setting"]), None)
    what = "{p95_ms} ms" if of_sweep["by_response"] else "{rps}/s"
    columns = [
        name,
        row["what"],
        of_sweep["setting"] + (" (status 3)" if of_sweep["reservation"] else ""),
        of_sweep["measured"],
        f"{of_sweep['seconds']} s" if of_sweep["seconds"] else "in parts",
        what.format(**chosen) if chosen else "failed",
        f"{what.format(**top)} ({top['setting']})",
        f"{of_best(row):.3f}",
    ]
    return f"| {' | '.join(map(str, columns))} |"


def render(found: Mapping[str, Any]) -> str:
    """Return the page."""
    whole = {name: row for name, row in found["apps"].items() if "final" in row}
    titles = ["app", "its requests wait", "recommended", "settings measured", "took", "it serves", "the best"]
    titles += ["of the best"]
    lines = [INTRO, f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]
    lines += [line(name, row) for name, row in whole.items()]
    lines += ["", "What each sweep said:", ""]
    lines += [f"- {name}: {row['sweep']['reason']}{reserved(row)}" for name, row in whole.items()]
    if rules := found["rules"]:
        lines += ["", "Rules of thumb, with 36 users, in single windows of 4 s: requests/s, and p95 in ms.", ""]
        lines += [f"| setting | | {' | '.join(rules)} |", "| --- | --- |" + " --- |" * len(rules)]
        for setting, rule in RULES.items():
            cells = [next(cell for cell in cells if cell["setting"] == setting) for cells in rules.values()]
            lines.append(f"| {setting} | {rule} | " + " | ".join(f"{c['rps']} ({c['p95_ms']})" for c in cells) + " |")
    about = ", ".join(f"{name} {value}" for name, value in found["machine"].items())
    return "\n".join([*lines, "", f"Measured on: {about}.", ""])


def reserved(row: Mapping[str, Any]) -> str:
    """Return what a sweep said against its own recommendation."""
    return f" But {row['sweep']['reservation']}." if row["sweep"]["reservation"] else ""


def shortfalls(found: Mapping[str, Any]) -> list[str]:
    """Return one line for each promise that is not kept."""
    whole = {name: row for name, row in found["apps"].items() if "final" in row}
    shares = {name: of_best(row) for name, row in whole.items()}
    lines = [
        f"{name}: {share:.3f} of the best, expected {LEAST} or more" for name, share in shares.items() if share < LEAST
    ]
    near = sum(share >= NEAR for share in shares.values())
    if near < SHARE_NEAR * len(shares):
        lines.append(f"{near} of {len(shares)} within {1 - NEAR:.0%} of the best, expected {SHARE_NEAR:.0%} of them")
    for name, row in whole.items():
        of_sweep = row["sweep"]
        if of_sweep["measured"] > SETTINGS_MOST:
            lines.append(f"{name}: {of_sweep['measured']} settings, expected at most {SETTINGS_MOST}")
        if (of_sweep["seconds"] or 0) > SECONDS_MOST:
            lines.append(f"{name}: {of_sweep['seconds']} s, expected at most {SECONDS_MOST}")
        if of_sweep["setting"] == "1 × 1":
            lines.append(f"{name}: 1 × 1, expected more than one slot")
    return lines
