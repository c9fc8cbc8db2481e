"""What is pasted means what was measured."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sweep.records import Run
from tests.bed.compose import Stack
from tests.sweep.samples import ran, recommended


@pytest.mark.process
def test_what_is_held_fixed_is_pasted_too(tmp_path: Path) -> None:
    held = {"preload_app": "true", "max_requests": "1000", "bind": "127.0.0.1:9000", "reload": "false"}
    runs = [ran(3, 6, 100, 200)]
    recommendation = recommended(tmp_path / "sweep", runs, gunicorn=held, app="shop:create_app('$A')")
    assert recommendation.startup_command
    words = shlex.split(recommendation.startup_command)
    assert words == [
        *("gunicorn", "--bind=0.0.0.0", "--timeout", "600", "--workers", "3", "--threads", "6"),
        *("--preload", "--max-requests", "1000", "shop:create_app('$A')"),
    ]
    assert recommendation.env == {
        "GUNICORN_WORKERS": "3",
        "GUNICORN_THREADS": "6",
        "GUNICORN_WSGI_APP": "shop:create_app('$A')",
        "GUNICORN_CMD_ARGS": "--preload --max-requests 1000",
    }
    assert recommendation.app_settings["GUNICORN_PRELOAD_APP"] == "true"
    assert "GUNICORN_BIND" not in recommendation.app_settings
    # A shell hands the command on as it is.
    echoed = subprocess.run(
        ["sh", "-c", recommendation.az_commands[0].replace("az webapp", "printf '%s\\n'", 1)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert echoed.stdout.splitlines()[-1] == recommendation.startup_command


@pytest.mark.container
@pytest.mark.parametrize(
    ("option", "value", "variable"),
    [
        ("app", "shop:create_app('$A # \"b\" \\\\ c')", "GUNICORN_WSGI_APP"),
        ("gunicorn", {"limit_request_line": "8000", "raw_env": "A=$B,C=d e"}, "GUNICORN_CMD_ARGS"),
    ],
    ids=["app", "held fixed"],
)
def test_compose_reads_from_env_what_was_written(option: str, value: Any, variable: str, tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(3, 6, 100, 200)], **{option: value})
    file = tmp_path / "env"
    file.write_text("\n".join(recommendation.env_lines))
    done = Stack("env-lines").compose("config", "--format", "json", env_file=file)
    environment = json.loads(done.stdout)["services"]["app"]["environment"]
    assert (
        environment[variable].replace("$$", "$") == recommendation.env[variable]
    )  # it writes what would be read again


@pytest.mark.parametrize(
    ("setting", "value", "options"),
    [
        ("timeout", "30", "--timeout 30"),
        ("preload_app", "false", "--timeout 600"),
        ("sendfile", "true", "--timeout 600"),
        ("sendfile", "false", "--timeout 600 --no-sendfile"),
        ("raw_env", "A=1, B=2", "--timeout 600 --env A=1 --env B=2"),
        ("accesslog", "None", "--timeout 600"),
        ("worker_class", "gthread", "--timeout 600 --worker-class gthread"),
    ],
)
def test_the_command_line_means_what_was_held(setting: str, value: str, options: str, tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(3, 6, 100, 200)], gunicorn={setting: value})
    words = options.split()
    expected = ["gunicorn", "--bind=0.0.0.0", *words[:2], "--workers", "3", "--threads", "6", *words[2:], "app:app"]
    assert shlex.split(str(recommendation.startup_command)) == expected


@pytest.mark.parametrize(
    ("setting", "held", "own"),
    [((3, 6), {}, "gthread"), ((6, 1), {}, "sync"), ((3, 6), {"worker_class": "gunicorn_slots.SlotWorker"}, "gthread")],
    ids=["threads", "one thread", "the class is named"],
)
def test_it_says_which_files_the_line_needs(
    setting: tuple[int, int], held: dict[str, str], own: str, tmp_path: Path
) -> None:
    """And what it starts without them, which nobody has measured; but how to."""
    recommendation = recommended(tmp_path / "sweep", [ran(*setting, 100, 200)], gunicorn=held)
    assert recommendation.needs == (
        "This line needs gunicorn.conf.py and gunicorn_slots/ in the app's folder, and gunicorn 27.0.1 in its "
        "requirements (README: Take it into your project). "
        f"Without them it starts gunicorn's own workers, which this sweep did not measure: sweep with "
        f"`--gunicorn worker_class={own}`."
    )
    assert recommendation.as_json()["startup_command_needs"] == recommendation.needs


@pytest.mark.parametrize("runs", [[ran(3, 6, 100, 200)], []], ids=["bare gunicorn", "nothing to paste"])
def test_else_it_needs_none(runs: list[Run], tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", runs, gunicorn={"worker_class": "gthread"})
    assert recommendation.needs == ""
    assert recommendation.as_json()["startup_command_needs"] == ""


def test_an_app_that_was_found_is_named_as_found(tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(3, 6, 100, 200)], found="run:app")
    assert str(recommendation.startup_command).endswith("--threads 6 run:app")
    assert "GUNICORN_WSGI_APP" not in recommendation.env


def test_bare_gunicorn_stays_bare_wherever_it_is_pasted(tmp_path: Path) -> None:
    recommendation = recommended(tmp_path / "sweep", [ran(3, 6, 100, 200)], gunicorn={"worker_class": "gthread"})
    assert recommendation.app_settings["GUNICORN_WORKER_CLASS"] == "gthread"
    assert recommendation.env["GUNICORN_CMD_ARGS"] == "--worker-class gthread"
