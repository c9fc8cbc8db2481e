"""The command in the report is the one that was used."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from sweep.again import command
from sweep.options import Options
from sweep.parameters import own_scenario

DOCKER = {"SWEEP_COMMAND": "docker compose run --rm sweep"}
MAKE = {"SWEEP_COMMAND": "make sweep"}
NONE = {"LOCUST_LOCUSTFILE": "scenarios.py", "APP_DIR": "", "LOCUST_PATHS": "/"}
REST = "--users 36 --plan B1 --seed 1 --out reports/again"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "python -m sweep --users 36 --scenario io_bound --plan B1 --seed 1 --out reports/again"),
        (DOCKER, f"docker compose run --rm sweep {REST}"),
        (MAKE, f"make sweep ARGS='{REST}'"),
        (
            DOCKER | {"LOCUST_LOCUSTFILE": "scenarios.py", "APP_DIR": "", "LOCUST_PATHS": "/"},
            f"docker compose run --rm sweep {REST}",
        ),
    ],
    ids=["Python", "Docker", "make", "defaults"],
)
def test_how_it_was_started(environ: dict[str, str], expected: str) -> None:
    assert command(Options.of(), environ) == expected


def test_an_app_of_one_s_own(tmp_path: Path) -> None:
    (tmp_path / "locustfile.py").touch()
    environ = {"APP_DIR": "~/my shop", "APP_MOUNT": str(tmp_path), "LOCUST_PATHS": "/a?b=1&c"}
    options = Options.of(scenario=own_scenario(environ))
    assert command(options, environ | DOCKER) == (
        f"APP_DIR='~/my shop' LOCUST_PATHS='/a?b=1&c' docker compose run --rm sweep {REST}"
    )
    other = Options.of(scenario="mixed")
    assert "--scenario mixed" in command(other, DOCKER | {"LOCUST_LOCUSTFILE": "/nope.py"})
    assert "--scenario mixed" in command(other, environ | DOCKER)
    assert "LOCUST_PATHS" not in command(other, environ | DOCKER)


def test_make_takes_the_options_as_they_are() -> None:
    options = Options.of(gunicorn={"access_log_format": "%(h)s $x 'y'"})
    text = command(options, MAKE).replace("$$", "$")
    (args,) = [word.removeprefix("ARGS=") for word in shlex.split(text) if word.startswith("ARGS=")]
    assert "access_log_format=%(h)s $x 'y'" in shlex.split(args)
