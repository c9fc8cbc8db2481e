"""Whatever the app and the locustfile: neither needs anything of this project, nor may it stand in their way."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweep.folder import load
from sweep.measure.generator import SIGN_IN_MOST
from tests.sweep.marked import FAULTY, SHARED, Marked, finish, needs_two_cores

pytestmark = pytest.mark.process


@needs_two_cores
def test_an_app_and_a_locustfile_of_somebody_else(marked: Marked, tmp_path: Path) -> None:
    project = tmp_path / "shop"
    (project / "src").mkdir(parents=True)
    (project / "load").mkdir()
    (project / "src" / "shop.py").write_text(
        "import time\n"
        "from pathlib import Path\n"
        "from flask import Flask, request\n"
        "def create_app(greeting='hello'):\n"
        "    app = Flask(__name__)\n"
        "    @app.post('/buy')\n"
        "    def buy():\n"
        "        time.sleep(0.02)\n"
        "        return {'greeting': greeting, 'item': request.json['item'], 'here': Path('data.txt').read_text()}\n"
        "    return app\n"
    )
    (project / "src" / "data.txt").write_text("read from the app's folder")
    # Of names that this project has too.
    (project / "load" / "analysis.py").write_text("ITEM = 'item'\n")
    for name in ("laws", "scenarios", "io_bound", "sweep", "plans", "app"):
        (project / "load" / f"{name}.py").write_text("TEA = 'tea'\n")
    (project / "load" / "locustfile.py").write_text(
        "from locust import HttpUser, constant, task\n"
        "import laws, scenarios, io_bound, sweep, plans, app\n"
        "from analysis import ITEM\n"
        "THING = {ITEM: laws.TEA}\n"
        "assert {laws.TEA, scenarios.TEA, io_bound.TEA, sweep.TEA, plans.TEA, app.TEA} == {'tea'}\n"
        "class Shopper(HttpUser):\n"
        "    wait_time = constant(0.01)\n"
        "    @task\n"
        "    def buy(self):\n"
        "        with self.client.post('/buy', json=THING, catch_response=True) as response:\n"
        "            if response.json()['item'] != 'tea':\n"
        "                response.failure('no tea')\n"
    )
    files = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    folder = tmp_path / "sweep"
    args = [*SHARED, "--chdir", str(project / "src"), "--app", "shop:create_app()"]
    args += ["--scenario", str(project / "load" / "locustfile.py"), "--workers", "1", "--threads", "2,8"]
    status, out, err = finish(marked.start(*args, "--out", str(folder)))
    assert status == 0, err
    assert "--threads 8 'shop:create_app()'" in out
    assert {path: path.read_bytes() for path in files} == files
    (quick,) = [run for run in load(folder).runs if run.threads == 8]
    assert quick.analysis
    assert 20 <= (quick.analysis.app_ms.mean or 0) < 60


SIGNS_IN = """
import gevent
from locust import FastHttpUser, constant, task

class Member(FastHttpUser):
    wait_time = constant(0.05)

    def on_start(self):
        for _ in range(3):
            self.client.get("/", name="sign in")
            gevent.sleep({})

    @task
    def read(self):
        self.client.get("/", name="read")
"""


@needs_two_cores
def test_users_have_signed_in_when_the_window_begins(marked: Marked, tmp_path: Path) -> None:
    """Before, the logins of the users were in it, and in the p95 that decides."""
    (tmp_path / "signs_in.py").write_text(SIGNS_IN.format(0.7))
    folder = tmp_path / "sweep"
    args = [*SHARED, "--chdir", str(FAULTY), "--app", "steady:app", "--scenario", str(tmp_path / "signs_in.py")]
    status, _, err = finish(marked.start(*args, "--workers", "1", "--threads", "2", "--out", str(folder)))
    assert status == 0, err
    (run,) = load(folder).runs
    assert run.analysis
    assert run.analysis.load.on_start == 0
    assert {route.name for route in run.analysis.routes} == {"GET read"}
    assert 0.9 < run.analysis.load.seconds < 1.5  # as long as without a login
    assert run.analysis.load.start_s > 3 * 0.7
    assert run.analysis.load.start_s < SIGN_IN_MOST
