"""What the report shows of a sweep's findings, in the order in which it shows it."""

from __future__ import annotations

from dataclasses import dataclass

from explain_laws import Setting
from explain_text import waiting
from explain_types import Analysis, RouteFigures
from sweep.decide.cells import Cell
from sweep.decide.findings import Findings
from sweep.decide.ranking import kept_limits, obstacle
from sweep.decide.slowdown import UNCHECKED, can_check, told
from sweep.records import Info
from sweep.report import charts, heatmaps
from sweep.report.charts import Chart
from sweep.report.text import figure


@dataclass(frozen=True)
class Part:
    """A part of the mean response time: what it is called, its colour's name in the style sheet, and its length."""

    name: str
    colour: str
    ms: float
    share: float


@dataclass(frozen=True)
class View:
    """What the templates show.

    Attributes:
        findings: of the sweep.
        best: the cell of the recommended setting; None without one.
        measured: the settings with figures or a failure: recommended first, then by throughput, failures last.
        skipped: the settings that were not measured.
    """

    findings: Findings
    best: Cell | None
    measured: tuple[Cell, ...]
    skipped: tuple[Cell, ...]

    @classmethod
    def of(cls, findings: Findings) -> View:
        """Put the settings in order."""
        best, cells = findings.best, findings.cells

        def rank(cell: Cell) -> tuple[bool, bool, float]:
            return cell is not best, cell.state != "ok", -cell.rate

        return cls(
            findings=findings,
            best=best,
            measured=tuple(sorted((cell for cell in cells if cell.state != "skipped"), key=rank)),
            skipped=tuple(cell for cell in cells if cell.state == "skipped"),
        )

    @property
    def info(self) -> Info:
        """What sweep.json holds."""
        return self.findings.info

    @property
    def chosen(self) -> Setting | None:
        """The recommended setting; None without one."""
        return self.best.setting if self.best else None

    @property
    def good(self) -> list[Cell]:
        """The settings whose figures count."""
        return [cell for cell in self.measured if cell.state == "ok" and cell.rps]

    @property
    def failed(self) -> list[Cell]:
        """The settings that failed or are void."""
        return [cell for cell in self.measured if cell.state != "ok"]

    @property
    def disturbed(self) -> list[Cell]:
        """The settings with a run in which other programs took much of gunicorn's cores, twice in a row."""
        return [cell for cell in self.measured if cell.disturbed]

    @property
    def gain(self) -> str:
        """How the recommended setting compares with gunicorn's default, as far as that is known."""
        plain, best = Setting(1, 1), self.best
        if best is None or best.rps is None or best.setting == plain:
            return ""
        measured = next((cell.rate for cell in self.good if cell.setting == plain), None)
        if measured:
            return f"{figure(best.rate / measured)} times gunicorn's default, {plain}"
        prediction = self.findings.prediction
        if prediction and not prediction.thinking:  # else one slot may serve as many, and let them wait
            most = prediction.bound(plain)[0]
            return f"{figure(best.rate / most)} times the most that gunicorn's default, {plain}, could serve"
        return ""

    @property
    def last(self) -> Analysis | None:
        """The recommended setting's last run."""
        analyses = [run.analysis for run in self.best.runs if run.ok and run.analysis] if self.best else []
        return analyses[-1] if analyses else None

    @property
    def routes(self) -> tuple[RouteFigures, ...]:
        """The routes in that run, the one that holds the slots longest first."""
        return self.last.routes if self.last else ()

    @property
    def split(self) -> tuple[Part, ...]:
        """Where the time of a request goes in that run."""
        if self.last is None:
            return ()
        inside = ("in the app", "app", self.last.app_ms.mean or 0.0)
        parts = [("outside the app", "wait", self.last.wait_ms.mean or 0.0), inside]
        if self.last.queue_ms.mean is not None:
            rest = ("sending, and the network", "wire", self.last.wire_ms.mean or 0.0)
            waits = "waiting for a slot" if waiting(self.last) == "slot" else "waiting to be served"
            parts = [(waits, "wait", self.last.queue_ms.mean), inside, rest]
        total = sum(ms for _, _, ms in parts)
        return tuple(Part(name, colour, ms, ms / total) for name, colour, ms in parts) if total else ()

    @property
    def limits(self) -> list[str]:
        """Which settings keep the limits that were given."""
        return kept_limits(self.findings.cells, self.info)

    @property
    def checked(self) -> str:
        """What a run with more users has shown of the recommended setting; "" before one."""
        check, prediction = self.info.check, self.findings.prediction
        return told(check, prediction) if check and check.setting == self.chosen and can_check(prediction) else ""

    @property
    def unchecked(self) -> str:
        """Why no run can check what is foretold of slower requests; "" where one can, or nothing is foretold."""
        foretold = self.findings.recommendation.slowed and not can_check(self.findings.prediction)
        return UNCHECKED if foretold else ""

    @property
    def skipped_by_reason(self) -> dict[str, list[Cell]]:
        """The skipped settings under each reason."""
        grouped: dict[str, list[Cell]] = {}
        for cell in self.skipped:
            grouped.setdefault(cell.note, []).append(cell)
        return grouped

    @property
    def progress(self) -> str:
        """Whether this is all, in words."""
        if self.info.finished:
            return "complete"
        return f"stopped by {self.info.stopped}" if self.info.stopped else "not finished"

    def standing(self, cell: Cell) -> str:
        """Return what a measured setting is to the recommendation, in a few words."""
        if cell is self.best:
            return "recommended"
        reason = obstacle(cell, self.info)
        if reason:
            return reason
        return "tied" if cell.setting in self.findings.recommendation.tied_with else "measured"

    def maps(self) -> list[Chart]:
        """Return the heatmaps; none where no setting is known."""
        every, best = [*self.measured, *self.skipped], self.chosen
        return [heatmaps.throughput(every, best), heatmaps.latency(every, best)] if every else []

    def charts(self) -> list[Chart]:
        """Return the charts with a row for each setting that has figures."""
        good, best = self.good, self.chosen
        if not good:
            return []
        made = [
            charts.against_bounds(good, best, self.info.options.is_open),
            charts.response_split(good, best),
            charts.cpu(good, best, self.info),
            charts.memory(good, best, self.info),
            charts.spread(good, best),
        ]
        return [chart for chart in made if chart]

    def options(self) -> dict[str, str]:
        """Return the sweep's options as text, without those that are not set."""
        return {name: value for name, value in self.info.options.as_texts().items() if value}
