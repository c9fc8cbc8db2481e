"""gunicorn.conf.py as a module and under a real gunicorn: what it says, what comes before it, what is in force."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.bed.foreign import copy, project
from tests.bed.gunicorn import gunicorn, gunicorn_ends
from tests.bed.slots import setting, start_line
from tests.conftest import Conf


def test_defaults(conf: Conf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    module = conf({"GUNICORN_THREADS": "", "GUNICORN_WORKERS": " ", "PORT": "", "SERVER_TIMING": ""})
    assert (module.workers, module.threads, module.timeout, module.bind) == (3, 6, 600, "0.0.0.0:8000")
    assert (module.accesslog, module.errorlog, module.worker_class) == ("-", "-", "gunicorn_slots.SlotWorker")
    assert set(module.SETTLED.sources.values()) == {"gunicorn.conf.py"}


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
    assert (module.workers, module.SETTLED.sources["workers"]) == (workers, source)


@pytest.mark.parametrize(("environ", "argv"), [({}, ["json:b"]), ({"GUNICORN_WSGI_APP": "json:b"}, [])])
def test_a_given_app_is_not_looked_for(
    conf: Conf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], argv: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert getattr(conf(environ, argv), "wsgi_app", "json:b") == "json:b"


@pytest.mark.process
@pytest.mark.parametrize(
    ("environ", "args"),
    [
        ({"GUNICORN_THREADS": "abc"}, []),
        ({"GUNICORN_THREADS": "0"}, []),
        ({"GUNICORN_WORKERS": "0"}, []),
        ({"GUNICORN_WROKERS": "3"}, []),
        ({"GUNICORN_ON_STARTING": "x"}, []),
        ({"GUNICORN_WORKER_TMP_DIR": "/nope"}, []),
        ({"GUNICORN_BIND": "nonsense"}, []),
        ({"PYTHON_ENABLE_GUNICORN_MULTIWORKERS": "maybe"}, []),
        ({"SLOT_HEAD_SECONDS": "10s"}, []),
        ({"SLOT_REQUEST_SECONDS": "99999999"}, []),
        ({"GUNICORN_RAW_ENV": "FLASK_DEBUG=1"}, []),
        ({}, ["--env", "FLASK_DEBUG=1"]),
        ({"GUNICORN_CHDIR": "/proc"}, []),
        ({"GUNICORN_CERTFILE": "/nope"}, []),
        ({}, ["--threads", "0"]),
        ({}, ["--workers", "0"]),
        ({}, ["--worker-tmp-dir", "/nope"]),
        ({}, ["--worker-class", "nope"]),
        ({}, ["--chdir", "/nope"]),
        ({}, ["nope:app"]),
        ({"GUNICORN_THREADS": "0"}, ["--check-config"]),
    ],
    ids=str,
)
def test_bad_value_ends_the_start_with_one_line(environ: dict[str, str], args: list[str]) -> None:
    done = gunicorn_ends(args, environ)
    assert done.returncode == 1
    assert re.fullmatch(r"gunicorn\.conf\.py: [^\n]+\n", done.stderr)
    assert done.stdout == ""


@pytest.mark.process
def test_a_good_configuration_passes_the_check() -> None:
    assert gunicorn_ends(["--check-config"], {}).returncode == 0


@pytest.mark.process
@pytest.mark.parametrize(
    ("environ", "args", "expected", "origin"),
    [
        ({}, [], "threads=6 class=SlotWorker", "threads: gunicorn.conf.py"),
        ({"GUNICORN_THREADS": ""}, [], "threads=6 class=SlotWorker", "threads: gunicorn.conf.py"),
        ({"GUNICORN_THREADS": "1"}, [], "threads=1 class=SlotWorker", "threads: GUNICORN_THREADS"),
        ({"GUNICORN_WORKER_CLASS": "sync"}, ["--threads", "1"], "threads=1 class=sync", "threads: command line"),
        ({"GUNICORN_CMD_ARGS": "--threads 9"}, [], "threads=9 class=SlotWorker", "threads: GUNICORN_CMD_ARGS"),
        ({"GUNICORN_THREADS": "4"}, ["--threads", "9"], "threads=9 class=SlotWorker", "threads: command line"),
        (
            # It may wait at its stop for as long as it may.
            {"GUNICORN_WORKER_CLASS": "gevent", "GUNICORN_GRACEFUL_TIMEOUT": "1"},
            [],
            "threads=6 class=gevent",
            "threads: gunicorn.conf.py",
        ),
    ],
    ids=str,
)
def test_what_is_in_force_and_where_it_came_from(
    environ: dict[str, str], args: list[str], expected: str, origin: str
) -> None:
    environ = {"SERVER_TIMING": "true", "GUNICORN_WORKERS": "2"} | environ
    with gunicorn(args, environ) as server:
        assert setting(server) == f"workers=2 {expected}"
        assert f"(workers: GUNICORN_WORKERS, {origin})" in start_line(server)
        assert "Traceback" not in server.log.read_text()


@pytest.mark.process
def test_no_header_unless_asked_for() -> None:
    with gunicorn() as server:
        assert server.get("/healthz")[2] == ""


@pytest.mark.process
@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("threads = 6", 'threads = "many"', "threads=many (gunicorn.conf.py): expected a valid threads (.+)"),
        ("threads = 6", "threads = 0", "threads=0 (gunicorn.conf.py): expected a whole number, 1 or more"),
        ('bind = "0.0.0.0:8000"', "bind = 8000", "bind=8000 (gunicorn.conf.py): expected a valid bind (.+)"),
        (
            "timeout = 600",
            "timeout = 600; loglevel = 10",
            "loglevel=10 (gunicorn.conf.py): expected a valid loglevel (.+)",
        ),
    ],
)
def test_a_bad_value_in_the_file_is_one_line(tmp_path: Path, old: str, new: str, line: str) -> None:
    copy(tmp_path, "gunicorn.conf.py", "gunicorn_slots")
    config = tmp_path / "gunicorn.conf.py"
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    done = gunicorn_ends(["app:app"], {}, project(tmp_path))
    assert done.returncode == 1
    assert re.fullmatch(re.escape(f"gunicorn.conf.py: {line}\n").replace(r"\.\+", ".+"), done.stderr)


def test_a_number_in_the_file_may_be_text(conf: Conf, tmp_path: Path) -> None:
    """As where a person takes it from the environment; gunicorn takes it, too."""
    copy(tmp_path, "gunicorn.conf.py", "gunicorn_slots")
    config = tmp_path / "gunicorn.conf.py"
    config.write_text(config.read_text().replace("threads = 6", 'threads = os.environ.get("MINE", "7")'))
    assert conf(path=config).threads == 7
