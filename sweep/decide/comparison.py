"""Two sweeps or runs side by side: before and after a change of the code, of a setting, or of a version.

What changed is told apart from noise by intervals, of a sweep over its repeats, of a run over its window; where they
overlap it is "same".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explain_laws import Setting
from sweep.decide.cells import Interval
from sweep.decide.sides import UNKNOWN, Figures, Side, stem


@dataclass(frozen=True)
class Change:
    """A figure before and after.

    Attributes:
        before, after: its intervals; None where it was not measured.
        more_is_better: True for throughput.
    """

    before: Interval | None
    after: Interval | None
    more_is_better: bool = False

    @property
    def share(self) -> float | None:
        """By how much it grew, as a share of before."""
        if self.before is None or self.after is None or not self.before.mean:
            return None
        return self.after.mean / self.before.mean - 1

    @property
    def word(self) -> str:
        """One of "better", "worse", "same", or "" where one of the two is missing."""
        if self.before is None or self.after is None:
            return ""
        if self.before.overlaps(self.after):
            return "same"
        return "better" if (self.after.mean > self.before.mean) == self.more_is_better else "worse"


@dataclass(frozen=True)
class Row:
    """A setting that both have measured; of two runs, the setting of each."""

    setting: Setting
    after: Setting
    rps: Change
    p95_ms: Change
    cpu_ms: Change
    memory_mb: Change

    @property
    def label(self) -> str:
        """The setting, or both."""
        names = [str(one) if one != UNKNOWN else "unknown" for one in (self.setting, self.after)]
        return names[0] if names[0] == names[1] else " → ".join(names)


@dataclass(frozen=True)
class Difference:
    """What is not the same, by name; "" where it is not there."""

    name: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """Two sweeps or runs side by side.

    Attributes:
        before, after: the two.
        rows: the settings that both measured without a failure.
        states: the settings that one of them measured so, and in the other failed or are void.
        decisive: the differences that make a comparison invalid.
        others: the other differences of options and environment.
    """

    before: Side
    after: Side
    rows: tuple[Row, ...]
    states: tuple[Difference, ...]
    decisive: tuple[Difference, ...]
    others: tuple[Difference, ...]

    @property
    def alike(self) -> bool:
        """Whether both are sweeps, or both runs."""
        return self.before.kind == self.after.kind


def compare(before: Side, after: Side) -> Comparison:
    """Set two sweeps or runs side by side."""
    pairs = paired(before, after)
    alike = before.kind == after.kind
    return Comparison(
        before=before,
        after=after,
        rows=tuple(
            row(first, second, before.by_setting[first], after.by_setting[second], alike)
            for first, second in pairs
            if before.by_setting[first].state == after.by_setting[second].state == "ok"
        ),
        states=tuple(
            Difference(str(first), before.by_setting[first].state, after.by_setting[second].state)
            for first, second in pairs
            if before.by_setting[first].state != after.by_setting[second].state
        ),
        decisive=tuple(differences(before.decisive, after.decisive) if alike else shared(before, after)),
        others=tuple(
            one
            for groups in (zip(before.others, after.others, strict=True) if alike else ())
            for one in differences(*groups)
        ),
    )


def paired(before: Side, after: Side) -> list[tuple[Setting, Setting]]:
    """Return which settings belong together: the same ones; of two runs theirs, as one may have been changed."""
    if before.kind == after.kind == "run":
        return list(zip(before.by_setting, after.by_setting, strict=True))
    return [(setting, setting) for setting in before.by_setting if setting in after.by_setting]


def shared(before: Side, after: Side) -> list[Difference]:
    """Return what differs of what a sweep and a run both have."""
    found = []
    for one in differences(before.decisive, after.decisive):
        same = one.name == "scenario" and stem(one.before) == stem(one.after)
        if one.name in before.decisive and one.name in after.decisive and not same:
            found.append(one)
    return found


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """Return what differs, in the order of the first."""
    names = [*before, *(name for name in after if name not in before)]
    return [
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    ]


def row(setting: Setting, after: Setting, one: Figures, other: Figures, alike: bool) -> Row:
    """Compare a setting. A sweep's memory is a peak of all processes, a run's that of the workers."""
    memory = Change(one.memory_mb, other.memory_mb) if alike else Change(None, None)
    return Row(
        setting=setting,
        after=after,
        rps=Change(one.rps, other.rps, more_is_better=True),
        p95_ms=Change(one.p95_ms, other.p95_ms),
        cpu_ms=Change(one.cpu_ms, other.cpu_ms),
        memory_mb=memory,
    )
