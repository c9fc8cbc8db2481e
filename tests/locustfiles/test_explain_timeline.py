"""The run over time, by the workers' own counters."""

from __future__ import annotations

import pytest

from explain_timeline import timeline
from tests.locustfiles.simulated import App, Route, Run, none, tally_from


def test_streams_are_busy_slots_and_a_queue_is_told_from_the_wire() -> None:
    run = Run(App([Route("GET /stream", [0.005], after=0.5)], 2, 4), 12, none, 7)
    run.run(20.0)
    line = timeline(tally_from(run), 20.0)
    assert line.at == [float(second) for second in range(1, 21)]
    assert line.slots_busy[5:] == pytest.approx([8.0] * 15, rel=0.02)
    for place in range(5, 20):
        queue, wait, app = line.queue_ms[place], line.wait_ms[place], line.app_ms[place]
        assert queue is not None
        assert wait is not None
        assert app == pytest.approx(5, rel=0.01)
        assert 200 < queue < wait


def test_a_second_without_a_response_is_unknown() -> None:
    run = Run(App([Route("GET /slow", [2.5])], 1, 1), 1, none, 7)
    run.run(10.0)
    line = timeline(tally_from(run), 10.0)
    assert [busy is None for busy in line.slots_busy] == [True, True, False, True, True, False, True, False, True, True]
