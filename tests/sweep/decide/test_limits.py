"""What is said to hold a setting back."""

from __future__ import annotations

from dataclasses import replace

from explain_laws import Setting
from sweep.decide.cells import Cell, Interval
from sweep.decide.limits import limit_of
from sweep.decide.prediction import Prediction

SHOP = Prediction(users=36, vcpu=1, app_s=0.061, think_s=1.95, cpu_s=0.002, base_mb=60.0, worker_mb=40.0)
FEW = Cell(
    Setting(2, 3),
    "ok",
    rps=Interval(16.7, 16.5, 16.9),
    response_ms=63.0,
    app_ms=61.0,
    queue_p95_ms=3.0,
    slot_utilization=0.17,
    cpu_utilization=0.04,
)
MANY = replace(FEW, setting=Setting(3, 12))


def test_users_who_pause_longer_than_on_average_wait_for_nothing_inside() -> None:
    """They ask for 17.9 a second if they think as long as one user did; more slots serve no more either."""
    assert limit_of(FEW, [FEW, MANY], SHOP) == "users"
    assert limit_of(replace(FEW, app_ms=90.0), [FEW, MANY], SHOP) == "inside"
    assert limit_of(replace(FEW, queue_p95_ms=40.0), [FEW, MANY], SHOP) == "inside"
