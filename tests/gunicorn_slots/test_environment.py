"""Variables as gunicorn's settings: every one of them, in gunicorn's own words, and bad ones in one line."""

from __future__ import annotations

import re
from typing import Any

import gunicorn.config
import pytest

from tests.conftest import Conf

HOOKS = [name for name, setting in gunicorn.config.make_settings().items() if callable(type(setting).default)]


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        ({"GUNICORN_THREADS": "abc"}, "GUNICORN_THREADS=abc: expected a whole number, 1 or more"),
        ({"GUNICORN_THREADS": "0"}, "GUNICORN_THREADS=0: expected a whole number, 1 or more"),
        ({"GUNICORN_THREADS": "-1"}, "GUNICORN_THREADS=-1: expected a whole number, 1 or more"),
        ({"GUNICORN_THREADS": "1.5"}, "GUNICORN_THREADS=1.5: expected a whole number, 1 or more"),
        ({"GUNICORN_TIMEOUT": "-1"}, "GUNICORN_TIMEOUT=-1: expected a whole number, 0 or more"),
        ({"GUNICORN_WORKERS": "0"}, "GUNICORN_WORKERS=0: expected a whole number, 1 or more"),
        ({"GUNICORN_WROKERS": "3"}, "GUNICORN_WROKERS=3: .* did you mean GUNICORN_WORKERS\\?"),
        ({"GUNICORN_KEEP_ALIVE": "3"}, "GUNICORN_KEEP_ALIVE=3: .* did you mean GUNICORN_KEEPALIVE\\?"),
        ({"GUNICORN_PORT": "8000"}, "GUNICORN_PORT=8000: gunicorn has no such setting"),
        ({"GUNICORN_CONFIG": "x.py"}, "GUNICORN_CONFIG=x.py: expected on the command line: -c .*"),
        ({"GUNICORN_WORKER_TMP_DIR": "/nope"}, "GUNICORN_WORKER_TMP_DIR=/nope: expected a folder .*"),
        ({"GUNICORN_BIND": "nonsense.invalid"}, "GUNICORN_BIND=nonsense.invalid: expected HOST:PORT, .*"),
        ({"GUNICORN_BIND": "127.0.0.1:70000"}, "GUNICORN_BIND=127.0.0.1:70000: expected HOST:PORT, .*"),
        ({"GUNICORN_BIND": "127.0.0.1:x"}, "GUNICORN_BIND=127.0.0.1:x: expected HOST:PORT, .*"),
        ({"GUNICORN_BIND": ","}, "GUNICORN_BIND=,: expected one value or more, .*"),
        ({"GUNICORN_PRELOAD_APP": "yes"}, "GUNICORN_PRELOAD_APP=yes: expected true or false"),
        ({"GUNICORN_LOGLEVEL": "loud"}, "GUNICORN_LOGLEVEL=loud: expected one of critical, .*"),
        ({"GUNICORN_LOGCONFIG_DICT": "{"}, "GUNICORN_LOGCONFIG_DICT={: expected a JSON object .*"),
        ({"GUNICORN_WORKER_CLASS": "gthred"}, "GUNICORN_WORKER_CLASS=gthred: expected sync, gthread, .*"),
        ({"GUNICORN_CERTFILE": "/nope"}, "GUNICORN_CERTFILE=/nope: expected a file that is there"),
        ({"GUNICORN_USER": "nobody-here"}, "GUNICORN_USER=nobody-here: expected a valid user .*"),
        ({"GUNICORN_CMD_ARGS": "--threads 0"}, "threads=0 \\(GUNICORN_CMD_ARGS\\): expected a whole number, .*"),
        ({"PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "maybe"}, "PYTHON_ENABLE_.*=maybe: expected true or false"),
        (
            {"PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true", "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": "x"},
            "PYTHON_GUNICORN_CUSTOM_WORKER_NUM=x: expected a whole number, 1 or more",
        ),
        ({"WEB_CONCURRENCY": "-1"}, "WEB_CONCURRENCY=-1: expected a whole number, 0 or more"),
        ({"PORT": "http"}, "PORT=http: expected a whole number, 1 to 65535"),
        ({"GUNICORN_BIND": "8000"}, "GUNICORN_BIND=8000: expected HOST:PORT, .*a port alone: write :8000.*"),
        ({"GUNICORN_BIND": "192.0.2.1:8000"}, "GUNICORN_BIND=192.0.2.1:8000: expected HOST:PORT, .*"),
        ({"GUNICORN_BIND": "unix:/nope/socket"}, "GUNICORN_BIND=unix:/nope/socket: expected HOST:PORT, .*"),
        ({"GUNICORN_ACCESSLOG": "/nope/log"}, "GUNICORN_ACCESSLOG=/nope/log: expected - or a file .*"),
        ({"GUNICORN_CHDIR": "/nope"}, "GUNICORN_CHDIR=/nope: expected a valid chdir .*"),
        ({"SERVER_TIMING": "maybe"}, "SERVER_TIMING=maybe: expected true or false"),
        ({"SLOT_HEAD_SECONDS": "10s"}, "SLOT_HEAD_SECONDS=10s: expected a whole number, 0 to 86400"),
        ({"SLOT_ANY_GUNICORN": "maybe"}, "SLOT_ANY_GUNICORN=maybe: expected true or false"),
    ],
    ids=str,
)
def test_bad_value_is_one_line(conf: Conf, environ: dict[str, str], line: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        conf(environ)
    assert re.fullmatch(rf"gunicorn\.conf\.py: {line}", str(stopped.value.code))


@pytest.mark.parametrize("hook", HOOKS)
def test_no_hook_from_the_environment(conf: Conf, hook: str) -> None:
    with pytest.raises(SystemExit, match=f"GUNICORN_{hook.upper()}=x: "):
        conf({f"GUNICORN_{hook.upper()}": "x"})


def test_every_setting_can_be_set(conf: Conf) -> None:
    """By gunicorn's declarations: each default, written as text, is accepted by its own variable."""
    for name, setting in gunicorn.config.make_settings().items():
        default = type(setting).default
        if callable(default) or name == "config" or not default or name == "ssl_version":
            continue
        text = ",".join(default) if isinstance(default, list) else str(default)
        if isinstance(default, dict):
            text = str(default).replace("'", '"')
        value = vars(conf({f"GUNICORN_{name.upper()}": text}))[name]
        setting.set(value)  # what gunicorn does with it
        assert setting.get() == gunicorn.config.make_settings()[name].get(), name


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("127.0.0.1:1, [::1]:2", "bind", ["127.0.0.1:1", "[::1]:2"]),
        ("0o22", "umask", 0o22),
        ("022", "umask", 0o22),
        ("None", "accesslog", None),
        ("none", "accesslog", None),
        ('{"X-SSL": "on"}', "secure_scheme_headers", {"X-SSL": "on"}),
        ("true", "preload_app", "true"),
        ("  7 ", "threads", 7),
    ],
)
def test_values_are_parsed_as_declared(conf: Conf, text: str, name: str, value: Any) -> None:
    assert vars(conf({f"GUNICORN_{name.upper()}": text}))[name] == value


def test_what_kubernetes_injects_is_ignored(conf: Conf) -> None:
    conf(
        {
            "GUNICORN_SERVICE_HOST": "10.0.0.1",
            "GUNICORN_SERVICE_PORT": "80",
            "GUNICORN_SERVICE_PORT_HTTP": "80",
            "GUNICORN_PORT": "tcp://10.0.0.1:80",
            "GUNICORN_PORT_80_TCP": "tcp://10.0.0.1:80",
            "GUNICORN_PORT_80_TCP_PROTO": "tcp",
            "GUNICORN_APP_SERVICE_HOST": "10.0.0.1",
            "GUNICORN_APP_PORT": "tcp://10.0.0.1:80",
        }
    )
