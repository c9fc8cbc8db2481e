"""gunicorn.conf.py as a module: parsing, precedence, vCPU, entry module, Server-Timing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from types import SimpleNamespace
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
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY=0: expected a whole number, 1 or more"),
        ({"PORT": "http"}, "PORT=http: expected a whole number, 1 to 65535"),
        ({"GUNICORN_BIND": "8000"}, "GUNICORN_BIND=8000: expected HOST:PORT, .*a port alone: write :8000.*"),
        ({"GUNICORN_BIND": "192.0.2.1:8000"}, "GUNICORN_BIND=192.0.2.1:8000: expected HOST:PORT, .*"),
        ({"GUNICORN_BIND": "unix:/nope/socket"}, "GUNICORN_BIND=unix:/nope/socket: expected HOST:PORT, .*"),
        ({"GUNICORN_ACCESSLOG": "/nope/log"}, "GUNICORN_ACCESSLOG=/nope/log: expected - or a file .*"),
        ({"GUNICORN_CHDIR": "/nope"}, "GUNICORN_CHDIR=/nope: expected a valid chdir .*"),
        ({"SERVER_TIMING": "maybe"}, "SERVER_TIMING=maybe: expected true or false"),
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


def test_defaults(conf: Conf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    module = conf({"GUNICORN_THREADS": "", "GUNICORN_WORKERS": " ", "PORT": "", "SERVER_TIMING": ""})
    assert (module.workers, module.threads, module.timeout, module.bind) == (3, 6, 600, ["0.0.0.0:8000"])
    assert (module.accesslog, module.errorlog, module.TIMING) == ("-", "-", False)
    assert set(module.SOURCES.values()) == {"default"}


@pytest.mark.parametrize(
    ("environ", "argv", "workers", "source"),
    [
        ({"WEB_CONCURRENCY": "9"}, [], 9, "WEB_CONCURRENCY"),
        ({"WEB_CONCURRENCY": "9", "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": "8"}, [], 9, "WEB_CONCURRENCY"),
        (
            {
                "WEB_CONCURRENCY": "9",
                "PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "T",
                "PYTHON_GUNICORN_CUSTOM_WORKER_NUM": "8",
            },
            [],
            8,
            "PYTHON_GUNICORN_CUSTOM_WORKER_NUM",
        ),
        ({"PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "true"}, [], 5, "PYTHON_ENABLE_GUNICORN_MULTIWORKERS"),
        (
            {"GUNICORN_WORKERS": "7", "PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "1", "WEB_CONCURRENCY": "9"},
            [],
            7,
            "GUNICORN_WORKERS",
        ),
        ({"GUNICORN_WORKERS": "7", "GUNICORN_CMD_ARGS": "--workers 4"}, [], 7, "GUNICORN_CMD_ARGS"),
        ({"GUNICORN_WORKERS": "7", "GUNICORN_CMD_ARGS": "-w 4"}, ["-w", "2"], 7, "command line"),
    ],
)
def test_precedence(
    conf: Conf, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], argv: list[str], workers: int, source: str
) -> None:
    """`workers` is what the file says; gunicorn itself puts GUNICORN_CMD_ARGS and the command line on top."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    module = conf(environ, ["app:app", *argv])
    assert (module.workers, module.SOURCES["workers"]) == (workers, source)


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


# --- vCPU -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "cgroup", "cpus"),
    [
        ({"cpu.max": "max 100000\n"}, "0::/\n", 8),
        ({"cpu.max": "150000 100000\n"}, "0::/\n", 2),
        ({"cpu.max": "50000 100000\n"}, "0::/\n", 1),
        ({"cpu.max": "900000 100000\n"}, "0::/\n", 8),
        ({"system.slice/app.service/cpu.max": "max 100000", "system.slice/cpu.max": "300000 100000"},
         "0::/system.slice/app.service\n", 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu,cpuacct:/docker/abc\n", 8),
        ({"cpu/cpu.cfs_quota_us": "250000\n", "cpu/cpu.cfs_period_us": "100000\n"}, "4:cpu,cpuacct:/docker/abc\n", 3),
        ({"cpu/pod/cpu.cfs_quota_us": "50000", "cpu/pod/cpu.cfs_period_us": "100000"}, "3:cpu:/pod\n0::/x\n", 1),
        ({"cpu.max": "rubbish"}, "0::/../..\n", 8),
        ({}, "", 8),
    ],
)  # fmt: skip
def test_quota(
    conf: Conf, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: dict[str, str], cgroup: str, cpus: int
) -> None:
    module = conf()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "self").write_text(cgroup)
    assert module.available_cpus(str(tmp_path / "self"), str(tmp_path)) == cpus


@pytest.mark.parametrize(
    ("files", "kills", "limit"),
    [
        ({"memory.events": "low 0\noom 3\noom_kill 2\noom_group_kill 0\n", "memory.max": "536870912\n"}, 2, "512 MB"),
        ({"memory.events": "oom_kill 0\n", "memory.max": "max\n"}, 0, "the machine"),
        (
            {
                "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
                "memory/memory.limit_in_bytes": "268435456\n",
            },
            1,
            "256 MB",
        ),
        ({"memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0, "the machine"),
        ({}, 0, "the machine"),
    ],
)
def test_memory(conf: Conf, tmp_path: Path, files: dict[str, str], kills: int, limit: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    module = conf()
    assert module.oom_kills(str(tmp_path)) == kills
    assert module.memory_limit(str(tmp_path)) == limit


# --- the entry module ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        (["wsgi.py", "server.py"], "server:app"),
        (["wsgi.py"], "wsgi:app"),
        (["server.py", "index.py"], "index:app"),
        (["index.py", "run.py"], "run:app"),
        (["run.py", "app.py"], "app:app"),
        (["app.py", "application.py"], "application:app"),
        (["app/__init__.py"], "app:app"),
        (["app.py", "site/wsgi.py"], "site.wsgi"),
        (["app.py", "not-a-package/wsgi.py"], "app:app"),
    ],
)
def test_entry_module(conf: Conf, tmp_path: Path, files: list[str], entry: str) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    module = conf({"GUNICORN_CHDIR": str(tmp_path)}, [])
    assert module.wsgi_app == entry
    assert conf({}, ["--chdir", str(tmp_path)]).wsgi_app == entry


def test_no_entry_module_is_one_line(conf: Conf, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=f"chdir={tmp_path}: no app found there: expected one of application.py, "):
        conf({"GUNICORN_CHDIR": str(tmp_path)}, [])


@pytest.mark.parametrize(("environ", "argv"), [({}, ["json:b"]), ({"GUNICORN_WSGI_APP": "json:b"}, [])])
def test_a_given_app_is_not_looked_for(
    conf: Conf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], argv: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(conf(environ, argv), "wsgi_app", "json:b") == "json:b"


@pytest.mark.parametrize("app", ["nope:app", "nope", "nope.wsgi:app"])
def test_a_module_that_is_not_there_is_one_line(conf: Conf, app: str) -> None:
    with pytest.raises(SystemExit, match=f"app={app}: expected MODULE:NAME with a module in /"):
        conf({}, [app])


def test_a_reload_does_not_end_a_server_whose_surroundings_have_changed(conf: Conf) -> None:
    environ = {"GUNICORN_CERTFILE": "/nope", "GUNICORN_BIND": "nonsense.invalid", "GUNICORN_WORKER_TMP_DIR": "/nope"}
    conf(environ | {"SERVER_SOFTWARE": "gunicorn"})


@pytest.mark.parametrize(
    "address", [":8000", "0.0.0.0:1", "[::1]:8000", "localhost:8000", "unix:/tmp/slots-test.socket", "fd://3"]
)
def test_good_addresses(conf: Conf, address: str) -> None:
    assert conf({"GUNICORN_BIND": address}).bind == [address]


def test_no_secret_in_the_start_line(conf: Conf) -> None:
    module = conf()
    assert module.shown("raw_env", ["KEY=hunter2", "B=c=d"]) == "KEY,B"
    assert module.shown("logconfig_dict", {"password": "hunter2"}) == "password"


# --- Server-Timing ------------------------------------------------------------------------------


def test_server_timing_leaves_the_response_alone(conf: Conf) -> None:
    cfg = SimpleNamespace(workers=3, threads=6, worker_class_str="gthread")
    seen: list[Any] = []
    error = (ValueError, ValueError("x"), None)

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X", "1"), ("Server-Timing", "db;dur=3")], error)
        return [b"body"]

    wrapped = conf().with_server_timing(app, cfg)
    assert wrapped({}, lambda *args: seen.extend(args)) == [b"body"]
    status, headers, exc_info = seen
    assert (status, headers[:2], exc_info) == ("200 OK", [("X", "1"), ("Server-Timing", "db;dur=3")], error)
    pattern = (
        r'app;dur=\d+\.\d, cpu;dur=\d+\.\d, gunicorn;desc="pid=(\d+) workers=3 threads=6 class=gthread '
        r'vcpu=\d+ cpu=\d+\.\d\d rss=(\d+\.\d)"'
    )
    found = re.fullmatch(pattern, headers[2][1])
    assert found
    assert int(found[1]) == os.getpid()
    assert float(found[2]) > 5
