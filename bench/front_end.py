"""The app behind App Service's front end: the story of one slow page, and what ends an instance under load.

`python -m bench.front_end` measures both and writes the tables of docs/front-end.md.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bench
from bench.report import fill, machine, save, table, today
from tests.bed.compose import clone
from tests.deploy.faults import FAULTS, under_load
from tests.deploy.front_end import FrontEnd, front_end
from tests.resilience.rows import BARE, STACK

PAGE = bench.DOCS / "front-end.md"
FIGURES = bench.FIGURES / "front-end.json"
MARK = "make front-end"
USERS, SECONDS = 36, 30
AFTER = 10  # s that users go on after a fault
WORDS = {
    "kill": "`docker kill` of one instance",
    "stop": "`docker stop` of one instance",
    "deploy": "`docker compose up` of all with another setting",
}


def story(running: FrontEnd, workers: int, threads: int) -> dict[str, Any]:
    """Run the story with users who think against one instance of a setting, through the front end."""
    running.up("app", scale=1, environ={"GUNICORN_WORKERS": str(workers), "GUNICORN_THREADS": str(threads)})
    running.warm(1)
    out = running.stack.folder / "out"
    out.mkdir(exist_ok=True)
    out.chmod(0o777)  # Locust's user is another one
    load = ["--headless", "-u", str(USERS), "-t", f"{SECONDS}s", "--analysis-json", "/out/analysis.json"]
    environ = {"LOCUST_LOCUSTFILE": "story.py", "LOCUST_EXIT_CODE_ON_ERROR": "0"}
    run = ["run", "--rm", "--no-TTY", "--no-deps", f"--volume={out}:/out", "locust", *load]
    running.compose(*run, environ=environ)
    analysis = json.loads((out / "analysis.json").read_text())
    page = next(route for route in analysis["routes"] if route["name"].endswith("/page"))
    return {
        "setting": f"{workers} × {threads}",
        "rps": analysis["load"]["rps"],
        "failures": analysis["load"]["failures"],
        "page_p50_ms": page["p50_ms"],
        "page_p95_ms": page["p95_ms"],
        "queue_ms": analysis["queue_ms"]["mean"],
        "verdict": analysis["verdict"]["code"],
    }


def story_table(rows: list[dict[str, Any]]) -> str:
    head = ["setting", "requests/s", "failed", "a quick page: p50, p95 ms", "mean queue ms", "verdict"]
    return table(
        head,
        (
            [
                row["setting"],
                f"{row['rps']:.1f}",
                str(row["failures"]),
                f"{row['page_p50_ms']:.0f}, {row['page_p95_ms']:.0f}",
                f"{row['queue_ms']:.0f}",
                f"`{row['verdict']}`",
            ]
            for row in rows
        ),
    )


def cost_table(costs: dict[str, dict[str, Any]]) -> str:
    def cell(fault: str, who: str) -> str:
        cost = costs[f"{fault}, {who}"]
        return f"{cost['lost']} of {cost['sent']:,}; no answer for {cost['longest_s']:.1f} s"

    head = ["what happens", "this stack: lost of sent", "bare gunicorn: lost of sent"]
    return table(head, ([words, cell(fault, STACK), cell(fault, BARE)] for fault, words in WORDS.items()))


def render(figures: dict[str, Any]) -> None:
    """Write both tables into the page, and under each when and where it was measured."""
    fill(PAGE, f"{MARK}: the story", f"{story_table(figures['story'])}\n{figures['measured']}\n")
    fill(PAGE, f"{MARK}: the faults", f"{cost_table(figures['faults'])}\n{figures['measured']}\n")


def main() -> int:
    """Measure, keep the figures, and write the page."""
    with tempfile.TemporaryDirectory() as folder, front_end(clone(Path(folder))) as running:
        running.up("front-end")
        rows = [story(running, 1, 1), story(running, 3, 6)]
        cells = [(fault, who) for fault in FAULTS for who in (STACK, BARE)]
        costs = {f"{fault}, {who}": asdict(under_load(running, fault, who, AFTER)) for fault, who in cells}
    figures = {"measured": f"{today()}, {machine()}", "story": rows, "faults": costs}
    save(FIGURES, figures)
    render(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
