"""The pause that can be set."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import configargparse  # type: ignore[import-untyped]
import pytest

from explain_think import add_pause, check_field, think
from tests.bed.locust import LOCUSTFILES, locust_ends


def user(pause: str | None, own: dict[str, str]) -> Any:
    return SimpleNamespace(environment=SimpleNamespace(parsed_options=SimpleNamespace(pause=pause)), **own)


@pytest.mark.parametrize(
    ("pause", "own", "least", "most"),
    [
        (None, {}, 0, 0),
        ("", {}, 0, 0),
        ("0", {"pause": "1-3"}, 0, 0),
        (None, {"pause": "1-3"}, 1, 3),
        ("2", {}, 2, 2),
        ("0.5-1.5", {"pause": "9"}, 0.5, 1.5),
    ],
)
def test_pauses(pause: str | None, own: dict[str, str], least: float, most: float) -> None:
    made = [think(user(pause, own)) for _ in range(200)]
    assert least <= min(made) <= max(made) <= most
    assert max(made) - min(made) >= 0.8 * (most - least)


def test_no_option_is_no_pause() -> None:
    assert think(SimpleNamespace(environment=SimpleNamespace(parsed_options=None))) == 0


@pytest.mark.parametrize("text", ["soon", "3-1", "-1", "1-", "nan", "1e9"])
def test_a_bad_pause(text: str, caplog: pytest.LogCaptureFixture) -> None:
    parser = configargparse.ArgumentParser(exit_on_error=False)
    add_pause(parser)
    with pytest.raises((SystemExit, configargparse.ArgumentError)):
        parser.parse_args([f"--pause={text}"])
    options = SimpleNamespace(pause=text)  # from the web UI's field, which nobody checks
    check_field(SimpleNamespace(parsed_options=options))
    assert options.pause is None
    assert "expected seconds" in caplog.text


@pytest.mark.process
def test_one_option_in_a_folder_of_scenarios() -> None:
    args = ["--headless", "-u", "1", "-t", "1s", "--host", "http://127.0.0.1:9", "--pause", "0"]
    done = locust_ends(LOCUSTFILES, *args, "IoBound", seconds=30)
    assert "conflicting" not in done.stderr
    assert "Verdict: no-data" in done.stderr


@pytest.mark.process
@pytest.mark.parametrize("name", ["io_bound", "cpu_bound", "mixed", "scenarios", "story"])
def test_every_scenario_has_it(name: str) -> None:
    args = ["--headless", "-u", "1", "-t", "1s", "--host", "http://127.0.0.1:9", "--pause", "soon"]
    done = locust_ends(f"{name}.py", *args, seconds=30)
    assert done.returncode == 2
    assert "expected seconds" in done.stderr
