"""All that is known of a sweep: what a request asks, each setting, and which one to ship."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from explain_laws import Setting
from sweep.decide.cells import Cell, cells_of
from sweep.decide.prediction import Prediction, prediction_of
from sweep.decide.ranking import Ranking, ranked
from sweep.decide.recommendation import Recommendation, recommend
from sweep.folder import Results
from sweep.records import Info, Run


@dataclass(frozen=True)
class Findings:
    """What a sweep's runs say, so far. Each part is worked out when it is first asked for.

    Attributes:
        info: of the sweep.
        runs: in the order in which they ended.
    """

    info: Info
    runs: Sequence[Run]

    @classmethod
    def of(cls, results: Results) -> Findings:
        """Return the findings of a folder as it is now."""
        return cls(results.info, tuple(results.runs))

    @cached_property
    def prediction(self) -> Prediction | None:
        """What a request asks, and so what the laws allow; None before a probe and a loaded run that are ok."""
        return prediction_of(self.info, self.runs)

    @cached_property
    def cells(self) -> list[Cell]:
        """Every setting that was measured or skipped, by workers and threads."""
        return cells_of(self.info, self.runs, self.prediction)

    @cached_property
    def by_setting(self) -> dict[Setting, Cell]:
        """The same, by setting."""
        return {cell.setting: cell for cell in self.cells}

    @cached_property
    def ranking(self) -> Ranking | None:
        """How those stand that may be recommended; None without one."""
        return ranked(self.cells, self.info, self.prediction)

    @cached_property
    def recommendation(self) -> Recommendation:
        """The setting to ship, or why there is none."""
        return recommend(self.ranking, self.cells, self.info, self.prediction)

    @property
    def best(self) -> Cell | None:
        """The cell of the recommended setting; None without one."""
        return self.ranking.chosen if self.ranking else None
