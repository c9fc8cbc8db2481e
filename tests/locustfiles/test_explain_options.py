"""Bad values, and empty ones."""

from __future__ import annotations

from pathlib import Path

import configargparse  # type: ignore[import-untyped]
import pytest

from explain_options import add_options, memory_mb
from tests.bed.locust import LOCUSTFILES, locust_ends
from tests.locustfiles.conftest import SCENARIO

NOBODY = "http://127.0.0.1:9"
THRESHOLDS = (
    "LOCUST_CHECK_RPS",
    "LOCUST_CHECK_FAIL_RATIO",
    "LOCUST_CHECK_AVG_RESPONSE_TIME",
    "LOCUST_CHECK_PERCENTILE",
    "LOCUST_CHECK_AGAINST",
    "LOCUST_CHECK_TOLERANCE",
)


@pytest.mark.process
@pytest.mark.parametrize(
    ("args", "env", "words"),
    [
        (["--check-rps", "many"], {}, ["--check-rps", "'many'", "expected a number"]),
        (["--check-rps", "-1"], {}, ["--check-rps", "expected"]),
        (["--check-fail-ratio", "5"], {}, ["--check-fail-ratio", "'5'", "from 0 to 1"]),
        (["--check-percentile", "p95"], {}, ["--check-percentile", "'p95'", "95:250"]),
        ([], {"LOCUST_CHECK_AVG_RESPONSE_TIME": "nan"}, ["--check-avg-response-time", "'nan'", "expected"]),
        ([], {"APP_MEMORY": "lots"}, ["--app-memory", "'lots'", "512m"]),
        (["--analysis-json", "/nowhere/a.json"], {}, ["--analysis-json /nowhere/a.json", "expected a file"]),
        ([], {"LOCUST_CHECK_TOLERANCE": "10%"}, ["--check-tolerance", "'10%'", "0.1 for 10 %"]),
    ],
)
def test_a_bad_value_is_one_clear_line(args: list[str], env: dict[str, str], words: list[str]) -> None:
    done = locust_ends(SCENARIO, "--headless", "-t", "1s", "--host", NOBODY, *args, environ=env, seconds=30)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    line = next(line for line in done.stderr.splitlines() if words[0] in line and "expected" in line)
    assert all(word in line for word in words), line


@pytest.mark.process
def test_an_empty_variable_is_none() -> None:
    """Also against a server that misses every threshold there could be."""
    empty = dict.fromkeys((*THRESHOLDS, "LOCUST_ANALYSIS_JSON", "APP_MEMORY"), "")
    done = locust_ends(SCENARIO, "--headless", "-u", "1", "-t", "1s", "--host", NOBODY, environ=empty, seconds=30)
    assert "Verdict: no-data" in done.stderr
    assert "expected" not in done.stderr
    assert "missed" not in done.stderr
    assert done.returncode == 1  # Locust's own, as requests failed


PLUGINS = """
from locust import events

@events.init_command_line_parser.add_listener
def add(parser, **_):
    for name in ("--check-rps", "--check-fail-ratio", "--check-avg-response-time"):
        parser.add_argument(name, type=float, env_var="LOCUST" + name.upper().replace("-", "_")[1:])
"""


@pytest.mark.process
def test_locust_plugins_beside_it(tmp_path: Path) -> None:
    """Locust imports a module of this name by itself, and these are its options."""
    (tmp_path / "locust_plugins.py").write_text(PLUGINS)
    path = {"PYTHONPATH": f"{tmp_path}:{LOCUSTFILES}"}
    args = ["--headless", "-u", "1", "-t", "1s", "--host", NOBODY, "--check-fail-ratio", "0.5"]
    done = locust_ends(SCENARIO, *args, environ=path, seconds=30)
    assert "Traceback" not in done.stderr
    assert "Uncaught exception" not in done.stderr
    assert "--check-fail-ratio 0.5: missed with 1" in done.stderr
    assert done.returncode == 3


def test_every_option_has_a_variable_that_may_be_empty() -> None:
    parser = configargparse.ArgumentParser()
    add_options(parser)
    ours = [action for action in parser._actions if action.dest != "help"]
    assert {action.env_var for action in ours} == {
        *THRESHOLDS,
        *("LOCUST_ANALYSIS_JSON", "LOCUST_REPORTS", "LOCUST_PRINT_TALLY", "APP_MEMORY"),
    }
    options = vars(parser.parse_args([], env_vars={action.env_var: "" for action in ours}))
    assert [name for name, value in options.items() if value] == []


@pytest.mark.parametrize(
    ("text", "mb"),
    [("512m", 512), ("1.75g", 1792), ("2048k", 2), ("1048576", 1), ("512MB", 512), ("0", None), ("0g", None)],
)
def test_sizes(text: str, mb: float | None) -> None:
    assert memory_mb(text) == mb


@pytest.mark.parametrize(
    ("arguments", "variable", "expected"),
    [
        ([], None, None),
        (["--print-tally"], None, True),
        ([], "true", True),
        ([], "False", False),
        (["--print-tally"], "false", True),
    ],
)
def test_a_switch(arguments: list[str], variable: str | None, expected: bool | None) -> None:
    parser = configargparse.ArgumentParser()
    add_options(parser)
    environ = {} if variable is None else {"LOCUST_PRINT_TALLY": variable}
    assert parser.parse_args(arguments, env_vars=environ).print_tally is expected


def test_a_switch_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    parser = configargparse.ArgumentParser()
    add_options(parser)
    with pytest.raises(SystemExit):
        parser.parse_args([], env_vars={"LOCUST_PRINT_TALLY": "maybe"})
    assert "--print-tally: 'maybe': expected true or false" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("LOCUST_CHECK_RSP", "did you mean LOCUST_CHECK_RPS?"),
        ("LOCUST_CHECK_AGANIST", "did you mean LOCUST_CHECK_AGAINST?"),
        ("LOCUST_CHECK_THAT_IT_WORKS_WELL_ENOUGH", "expected one of LOCUST_CHECK_RPS, "),
    ],
)
def test_a_misspelt_threshold_is_one_line(name: str, hint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, nothing was checked, and the run was taken for a good one."""
    monkeypatch.setenv(name, "150")
    with pytest.raises(SystemExit) as ended:
        add_options(configargparse.ArgumentParser())
    assert str(ended.value.code).startswith(f"{name}=150: there is no such variable: {hint}")
