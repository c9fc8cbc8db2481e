"""Hooks of one's own in gunicorn.conf.py run, and nothing of ours is lost, wherever in the file they are."""

from __future__ import annotations

import re
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.errors import HaltServer
from gunicorn.util import get_arity

from gunicorn_slots import booting, hooks, startup
from gunicorn_slots.names import DECLARED, is_hook
from gunicorn_slots.settings import Settings
from tests.bed.foreign import copy, project
from tests.bed.gunicorn import gunicorn
from tests.bed.slots import start_line
from tests.bed.waiting import wait_for

HOOKS = [name for name in DECLARED if is_hook(name)]
OURS = ("on_starting", "on_reload", "post_fork", "post_worker_init", "child_exit", "on_exit")
SETTLED = Settings({}, {"workers": "mine", "threads": "mine"}, "")
PLACE = "globals().update(hooks.beside(globals(), SETTLED))\n"


class Log:
    """What was logged."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, line: str, *args: object) -> None:
        self.lines.append(line % args if args else line)

    warning = error = info


def configured(file: dict[str, Any]) -> Any:
    """A server whose configuration is of a file with these names, as gunicorn reads it."""
    cfg = Config()
    cfg.set("bind", ["127.0.0.1:0"])
    for name, value in file.items():
        cfg.set(name, value)
    return SimpleNamespace(cfg=cfg, log=Log(), worker_age=0, num_workers=1, LISTENERS=["one"])


@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_of_ones_own_is_called_beside_ours(name: str, place: str) -> None:
    called: list[str] = []
    arity = get_arity(type(DECLARED[name]).default)
    mine = eval(f"lambda {', '.join('abcd'[:arity])}: called.append(name)", {"called": called, "name": name})
    file = {name: mine}
    given = file | hooks.beside(file, SETTLED)
    server = configured(given if place == "above" else given | file)
    server.cfg.nworkers_changed(server, 1, None)
    server.cfg.on_starting(server)
    assert [line for line in server.log.lines if "(workers: mine, threads: mine)" in line]
    if name not in (hooks.FIRST, hooks.SECOND):
        wrapped = server.cfg.settings[name].get()
        assert (wrapped is not mine) == (name in OURS)
        if name not in OURS:
            wrapped(*"abcd"[:arity])
    if name in OURS and name != "on_starting":
        calls(server, name)
    assert called == [name]


def calls(server: Any, name: str) -> None:
    """Call one of gunicorn's hooks as gunicorn does."""
    worker = SimpleNamespace(wsgi=lambda: None, cfg=server.cfg, log=server.log, age=1, pid=1, init_process=lambda: None)
    arguments = {"post_fork": (server, worker), "child_exit": (server, worker), "post_worker_init": (worker,)}
    server.cfg.settings[name].get()(*arguments.get(name, (server,)))


def test_each_configuration_is_joined_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """By HUP a server gets another one; TTIN calls the same hook with the same one."""
    said = []
    monkeypatch.setattr(startup, "announce", lambda *_: said.append(1))
    server = configured(hooks.beside({}, SETTLED))
    for _ in range(3):
        server.cfg.nworkers_changed(server, 2, 1)
    server.cfg.on_starting(server)
    assert said == [1]
    server.cfg = configured(hooks.beside({}, SETTLED)).cfg
    server.cfg.nworkers_changed(server, 2, 2)
    server.cfg.on_reload(server)
    assert said == [1, 1]


def test_a_hook_that_a_text_names() -> None:
    server = configured(hooks.beside({"on_starting": "tests.gunicorn_slots.test_hooks.noted"}, SETTLED))
    server.cfg.nworkers_changed(server, 1, None)
    server.cfg.on_starting(server)
    assert server.noted


def noted(server: Any) -> None:
    server.noted = True


def test_a_worker_that_no_app_lets_start_ends_the_server_after_each_has_had_its_try() -> None:
    server = configured({})
    server.num_workers = 2
    boot = booting.Boot(server)
    assert [boot.note_end(server, SimpleNamespace(age=age)) for age in (1, 2)] == [False, False]
    with pytest.raises(HaltServer):
        boot.note_end(server, SimpleNamespace(age=3))
    boot.say_why()
    assert server.log.lines == [
        "gunicorn_slots: the app does not start: 3 workers ended before they had loaded it, as the lines above say"
    ]
    boot.close()


def test_workers_from_before_a_reload_say_nothing_about_its_start() -> None:
    """More of them may end than there are now, while the new ones still load the app."""
    server = configured({})
    server.num_workers, server.worker_age = 3, 4
    boot = booting.Boot(server)
    assert all(boot.note_end(server, SimpleNamespace(age=age)) for age in (1, 2, 3, 4))
    assert boot.ended == 0
    boot.close()


@pytest.mark.parametrize(
    ("alive", "booted", "raised", "ends", "told"),
    [
        (True, False, KeyError("x"), SystemExit, True),
        (True, False, SystemExit(1), SystemExit, True),
        # The arbiter ends it for what another one has told, while it loads the app.
        (False, False, KeyError("x"), SystemExit, False),
        (False, False, SystemExit(1), SystemExit, False),
        (True, True, KeyError("x"), KeyError, False),
    ],
)
def test_a_worker_tells_what_keeps_it_from_starting(
    alive: bool, booted: bool, raised: BaseException, ends: type[BaseException], told: bool
) -> None:
    def begin() -> None:
        raise raised

    server = configured({})
    boot = booting.Boot(server)
    worker = SimpleNamespace(age=2, alive=alive, booted=booted, init_process=begin)
    boot.attend(worker)
    with pytest.raises(ends):
        worker.init_process()
    boot.listen()
    assert bool(boot.reason) == told
    boot.close()


# --- with a real gunicorn ---------------------------------------------------------------------------

# Each writes its name, in one piece, as workers end beside each other; and none has anything else to do.
EVERY = "".join(
    f"def {name}({', '.join('abcd'[: get_arity(type(DECLARED[name]).default)])}):\n"
    f"    print('hook {name}\\n', end='', flush=True)\n"
    for name in HOOKS
    if name not in ("ssl_context", "pre_exec", "worker_abort") and "dirty" not in name
)
# pre_exec is for USR2, worker_abort for a worker that hangs, ssl_context for TLS, some for dirty workers.
RUN = {line.split("(")[0].removeprefix("def ") for line in EVERY.splitlines() if line.startswith("def ")}


@pytest.mark.process
@pytest.mark.parametrize("place", ["above", "below"])
def test_with_every_hook_slots_are_exact_and_all_lines_are_there(tmp_path: Path, place: str) -> None:
    folder = project(tmp_path)
    copy(folder, "gunicorn.conf.py", "gunicorn_slots")
    config = folder / "gunicorn.conf.py"
    text = config.read_text()
    assert text.count(PLACE) == 1
    # Below it not both of those that gunicorn calls first.
    below = PLACE + re.sub(rf"def {hooks.FIRST}.*\n.*\n", "", EVERY)
    config.write_text(text.replace(PLACE, EVERY + PLACE if place == "above" else below))
    with gunicorn(["app:app"], {"GUNICORN_WORKERS": "2", "SERVER_TIMING": "true"}, cwd=folder, ready="/") as server:
        assert "workers=2 threads=6 class=SlotWorker" in server.get("/")[2]
        assert "(workers: GUNICORN_WORKERS, threads: gunicorn.conf.py); exact slots" in start_line(server)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "hook on_reload" in server.log.read_text(), 10)
        wait_for(lambda: server.log.read_text().count("hook child_exit") >= 2, 10)
        assert "workers=2 threads=6 class=SlotWorker" in server.get("/")[2]
        server.process.send_signal(signal.SIGINT)
        server.process.wait(20)
        said = {line.removeprefix("hook ") for line in server.log.read_text().splitlines() if line.startswith("hook ")}
        assert said == (RUN if place == "above" else RUN - {hooks.FIRST})
        assert server.log.read_text().count(" vCPU (") == 2
