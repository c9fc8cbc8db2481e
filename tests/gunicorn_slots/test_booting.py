"""Apps that do not start, with three workers: the reason is the last thing on the screen, once, and a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bed.foreign import copy
from tests.bed.gunicorn import gunicorn, gunicorn_ends
from tests.bed.waiting import wait_for

pytestmark = pytest.mark.process

KEY = 'import os\ndef create_app():\n    return os.environ["NO_SUCH_KEY"]\napp = create_app()\n'
ENVIRON = {"GUNICORN_WORKERS": "3", "GUNICORN_BIND": "127.0.0.1:0"}
SAYS = "gunicorn_slots: the app does not start: "


def shop(folder: Path, app: str) -> Path:
    """A project whose app is these lines."""
    folder.mkdir()
    copy(folder, "gunicorn.conf.py", "gunicorn_slots")
    (folder / "app.py").write_text(app)
    return folder


@pytest.mark.parametrize(
    ("app", "environ", "reason", "place"),
    [
        (KEY, {}, "KeyError: 'NO_SUCH_KEY'", 'return os.environ["NO_SUCH_KEY"]'),
        (KEY, {"GUNICORN_PRELOAD_APP": "true"}, "KeyError: 'NO_SUCH_KEY'", 'return os.environ["NO_SUCH_KEY"]'),
        (KEY, {"GUNICORN_WORKER_CLASS": "gthread"}, "KeyError: 'NO_SUCH_KEY'", 'return os.environ["NO_SUCH_KEY"]'),
        (KEY, {"GUNICORN_WORKER_CLASS": "gevent"}, "KeyError: 'NO_SUCH_KEY'", 'return os.environ["NO_SUCH_KEY"]'),
        ("import cart", {}, "ModuleNotFoundError: No module named 'cart'", "import cart"),
        ("def f(:\n    pass", {}, "SyntaxError: ", "def f(:"),
        ("import sys\nsys.exit()", {}, "SystemExit", "sys.exit()"),
        ("open('/proc/nope', 'w')", {}, "FileNotFoundError: [Errno 2]", "open('/proc/nope', 'w')"),
        ("import os\nos._exit(1)", {}, "4 workers ended before they had loaded it, as the lines above say", ""),
        ("import os\nos.kill(os.getpid(), 9)", {}, "4 workers ended before they had loaded it, as the lines", ""),
        ("for n in range(1000): print('noise')\n1 / 0", {}, "ZeroDivisionError: division by zero", "1 / 0"),
        ("raise OSError('x' * 10_000)", {}, "OSError: xxxxx", "raise OSError('x' * 10_000)"),
    ],
    ids=[
        *("KeyError", "preloaded", "gthread", "gevent", "no module", "syntax", "sys.exit", "unwritable", "os._exit"),
        *("SIGKILL", "noise", "a long message"),
    ],
)
def test_the_reason_is_said_once_at_the_end(
    tmp_path: Path, app: str, environ: dict[str, str], reason: str, place: str
) -> None:
    folder = shop(tmp_path / "shop", app)
    note = tmp_path / "note"
    done = gunicorn_ends(["app:app"], ENVIRON | environ | {"SLOT_START_NOTE": str(note)}, folder)
    lines = [line for line in done.stderr.splitlines() if line != "noise"]
    assert done.returncode == 4
    assert "Traceback" not in done.stderr
    (said,) = [at for at, line in enumerate(lines) if SAYS in line]
    assert f"{SAYS}{reason}" in lines[said]
    assert len(lines[said]) < 600
    assert len(lines) - said <= 5  # at most two places of two lines each
    assert lines[-1].strip() == place or not place
    assert note.read_text().splitlines() == [lines[said].partition("gunicorn_slots: ")[2], *lines[said + 1 :]]


def test_one_that_misses_a_variable_is_told_where_those_go(tmp_path: Path) -> None:
    """As the last line of what is said, on the screen and in the note; elsewhere nobody knows of such a file."""
    folder, note = shop(tmp_path / "shop", KEY), tmp_path / "note"
    environ = ENVIRON | {"APP_VARIABLES_IN": "app.env", "SLOT_START_NOTE": str(note)}
    done = gunicorn_ends(["app:app"], environ, folder)
    line = "  the app's variables go into app.env in its folder, or into a file that APP_ENV_FILE names"
    assert done.stderr.splitlines()[-1] == note.read_text().splitlines()[-1] == line
    assert done.stderr.count("APP_ENV_FILE") == 1


def test_what_was_on_the_screen_before(tmp_path: Path) -> None:
    """Each worker's traceback, and the arbiter's own when the second one ended."""
    folder = shop(tmp_path / "shop", KEY)
    (folder / "bare.py").write_text("control_socket_disable = True\nworkers = 3\nbind = '127.0.0.1:0'\n")
    before = gunicorn_ends(["-c", "bare.py", "app:app"], {}, folder).stderr
    after = gunicorn_ends(["app:app"], ENVIRON, folder).stderr
    assert before.count("Traceback") >= 2
    assert before.count("\n") > 3 * after.count("\n")


def test_an_attribute_that_is_not_there(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop", "application = None")
    done = gunicorn_ends(["app:create_app()"], ENVIRON, folder)
    assert done.returncode in (1, 4)
    assert "Traceback" not in done.stderr
    assert done.stderr.count("create_app") <= 2


def test_an_app_that_hangs_says_where(tmp_path: Path) -> None:
    folder = shop(tmp_path / "shop", "import time\ndef connect():\n    time.sleep(3)\nconnect()\n")
    (folder / "app.py").write_text((folder / "app.py").read_text() + "from shop_app import app\n")
    (folder / "shop_app.py").write_text("def app(environ, start):\n    start('200 OK', [])\n    return []\n")
    config = folder / "gunicorn.conf.py"
    config.write_text(config.read_text() + "import gunicorn_slots.booting\ngunicorn_slots.booting.LONG_SECONDS = 1.0\n")
    note = tmp_path / "note"
    environ = {"GUNICORN_WORKERS": "2", "SLOT_START_NOTE": str(note)}
    with gunicorn(["app:app"], environ, cwd=folder, ready="") as server:
        wait_for(lambda: "still loading" in note.read_text(), 10)
        assert note.read_text().splitlines()[1:] == [
            f'  File "{folder}/app.py", line 4, in <module>',
            "    connect()",
            f'  File "{folder}/app.py", line 3, in connect',
            "    time.sleep(3)",
        ]
        wait_for(lambda: server.get("/")[0] == 200, 10)
        assert server.log.read_text().count("still loading after 1 s") == 1
        assert not note.exists()
