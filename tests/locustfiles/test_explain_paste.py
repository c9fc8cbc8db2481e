"""The lines to paste."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from gunicorn.config import Config

from explain_paste import UNKNOWN, Started, compose_line, pastes, started, with_options
from explain_server_timing import Served
from explain_types import SettingInForce
from tests.locustfiles.samples import verdict

MORE = {"GUNICORN_WORKERS": "3", "GUNICORN_THREADS": "12"}
NOW = SettingInForce(3, 6, 18, "SlotWorker", 1)


def lines(variables: dict[str, str], how: Started = UNKNOWN, setting: SettingInForce = NOW) -> dict[str, str]:
    return {paste.where: paste.line for paste in pastes(variables, setting, how)}


def test_a_setting_has_a_line_for_each_place() -> None:
    assert lines(MORE, Started(compose=True)) == {
        "compose": "GUNICORN_WORKERS=3 GUNICORN_THREADS=12 docker compose up",
        "startup": "gunicorn --bind=0.0.0.0 --timeout 600 --workers 3 --threads 12 app:app",
        "settings": "az webapp config appsettings set -g RG -n APP --settings PYTHON_ENABLE_GUNICORN_MULTIWORKERS=true "
        "PYTHON_GUNICORN_CUSTOM_WORKER_NUM=3 PYTHON_GUNICORN_CUSTOM_THREAD_NUM=12",
        "env": "GUNICORN_WORKERS=3\nGUNICORN_THREADS=12",
    }


def test_outside_of_compose_there_is_no_line_for_it() -> None:
    assert list(lines(MORE)) == ["startup", "settings", "env"]


def test_what_is_to_be_kept_has_no_line() -> None:
    assert lines({}, Started(compose=True)) == {}


def test_another_variable_keeps_the_setting_in_force() -> None:
    """Or the line would take back what the one before it had set."""
    found = lines({"GUNICORN_MAX_REQUESTS": "900"}, Started(compose=True))
    assert found["compose"] == "GUNICORN_WORKERS=3 GUNICORN_THREADS=6 GUNICORN_MAX_REQUESTS=900 docker compose up"
    assert "--workers 3 --threads 6 --max-requests 900" in found["startup"]
    gevent = lines({"GUNICORN_WORKER_CLASS": ""}, setting=SettingInForce(3, 1, None, "gevent", 1))
    assert gevent["env"] == "GUNICORN_WORKERS=3\nGUNICORN_WORKER_CLASS="


@pytest.mark.parametrize(
    ("variables", "places"),
    [({"LOCUST_PROCESSES": "2"}, ["compose"]), ({"SERVER_TIMING": "true"}, ["compose", "settings", "env"])],
    ids=["Locust's own", "no option of gunicorn"],
)
def test_a_line_stands_only_where_it_can_work(variables: dict[str, str], places: list[str]) -> None:
    found = lines(variables, Started(compose=True))
    assert list(found) == places
    ((name, value),) = variables.items()
    assert found["compose"] == f"{name}={value} docker compose up"


def test_a_class_to_leave_unset_is_named_where_another_configuration_may_be_in_force() -> None:
    found = lines({"GUNICORN_WORKER_CLASS": "", "GUNICORN_KEEPALIVE": ""} | MORE, Started(compose=True))
    unset = "GUNICORN_WORKER_CLASS= GUNICORN_KEEPALIVE="
    assert found["compose"] == f"GUNICORN_WORKERS=3 GUNICORN_THREADS=12 {unset} docker compose up"
    assert found["startup"].endswith("--worker-class gunicorn_slots.SlotWorker app:app")
    assert "keep-alive" not in found["startup"]
    assert found["settings"].endswith(" GUNICORN_WORKER_CLASS=gunicorn_slots.SlotWorker")


ARTICLE = "gunicorn --bind=0.0.0.0 --timeout 600 --threads 6 --workers 3 app:app"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (ARTICLE, "gunicorn --bind=0.0.0.0 --timeout 600 --threads 12 --workers 3 app:app"),
        ("exec gunicorn -w2 --threads=6 a:b", "exec gunicorn -w 3 --threads=12 a:b"),
        ("python -m gunicorn 'shop:create_app()'", "python -m gunicorn 'shop:create_app()' --workers 3 --threads 12"),
        ("/opt/venv/bin/gunicorn app:app -w=2", "/opt/venv/bin/gunicorn app:app -w 3 --threads 12"),
        ("gunicorn --workers", "gunicorn --workers 3 --threads 12"),
        ("startup.sh", ""),
        ("cd /srv && gunicorn -w 2 app:app", ""),
        ("gunicorn 'app:app", ""),
        ("", ""),
    ],
)
def test_a_startup_command_gets_the_options(command: str, expected: str) -> None:
    assert with_options(command, MORE) == expected


@pytest.mark.parametrize(
    "command",
    [
        ARTICLE,
        "gunicorn -w2 -k gthread --threads=6 a:b",
        "gunicorn a:b",
        "gunicorn -w=4 --workers 5 --thr 2 a:b",
        "",
    ],
)
def test_gunicorn_takes_it_for_that_setting(command: str) -> None:
    """Also where an option is there in a short form that only gunicorn's own parser knows: the last one wins."""
    line = lines(MORE | {"GUNICORN_WORKER_CLASS": ""}, Started(True, "", command))["startup"]
    found = Config().parser().parse_args(shlex.split(line)[1:])
    assert (found.workers, found.threads) == (3, 12)
    assert found.worker_class == "gunicorn_slots.SlotWorker"
    assert len(found.args) == 1


def test_the_line_keeps_what_compose_was_started_with() -> None:
    how = Started(True, "/home/me/my shop", ARTICLE)
    words = shlex.split(compose_line(MORE, how))
    assert words[0] == "APP_DIR=/home/me/my shop"
    assert words[1] == f"STARTUP_COMMAND={with_options(ARTICLE, MORE)}"
    assert words[2:] == ["docker", "compose", "up"]
    # As gunicorn has no option for it, it stays a variable.
    assert shlex.split(compose_line({"SERVER_TIMING": "true"}, how))[1:3] == [
        f"STARTUP_COMMAND={ARTICLE}",
        "SERVER_TIMING=true",
    ]


def test_nobody_knows_what_a_script_would_do_with_a_setting() -> None:
    assert "compose" not in lines(MORE, Started(True, "", "startup.sh"))


def test_a_shell_reads_back_what_was_quoted() -> None:
    for folder in ('my "shop"', "it's", "a b", "$HOME", "`id`", "日本語", "a;b", "a\\b", "!x"):
        assert shlex.split(compose_line(MORE, Started(True, folder)))[0] == f"APP_DIR={folder}"


def test_compose_tells_how_it_was_started() -> None:
    told = {"HOST_PWD": "/srv", "APP_DIR": "/srv/shop", "STARTUP_COMMAND": ""}
    assert started(told) == Started(True, "/srv/shop", "")
    assert started({"APP_DIR": "/srv/shop"}) == UNKNOWN


@pytest.mark.parametrize(
    ("figures", "variables"),
    [
        ({"rate": 175, "wait_ms": 104, "queue_ms": 103.0}, MORE),
        ({"rate": 350, "setting": Served(3, 12, "SlotWorker", 1)}, {}),
        ({"rate": 47, "cpu_ms": 21, "app_ms": 370, "wait_ms": 300}, {}),
    ],
    ids=["slots", "healthy", "cpu"],
)
def test_a_verdict_has_variables_if_it_says_to_set_them(figures: dict[str, Any], variables: dict[str, str]) -> None:
    found = verdict(**({"setting": Served(3, 6, "SlotWorker", 1)} | figures))
    assert found.variables == variables
    assert all(f"{name}={value}" in found.suggestion for name, value in variables.items())
