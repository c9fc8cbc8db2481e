"""What is refused before the start, and what is not."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from gunicorn.config import Config
from gunicorn.http import message

from gunicorn_slots import preflight
from gunicorn_slots.parsing import BadSettingError
from gunicorn_slots.startup import elsewhere
from tests.conftest import Conf


def test_a_reload_does_not_end_a_server_whose_surroundings_have_changed(conf: Conf) -> None:
    environ = {"GUNICORN_CERTFILE": "/nope", "GUNICORN_BIND": "nonsense.invalid", "GUNICORN_WORKER_TMP_DIR": "/nope"}
    conf(environ | {"SERVER_SOFTWARE": "gunicorn"})


@pytest.mark.parametrize(
    "address", [":8000", "0.0.0.0:1", "[::1]:8000", "localhost:8000", "unix:/tmp/slots-test.socket"]
)
def test_good_addresses(conf: Conf, address: str) -> None:
    assert conf({"GUNICORN_BIND": address}).bind == [address]


def test_a_socket_that_was_handed_over_is_a_good_address(conf: Conf) -> None:
    with socket.socket() as sock:
        address = f"fd://{sock.fileno()}"
        assert conf({"GUNICORN_BIND": address}).bind == [address]


def test_a_port_that_becomes_free_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    cfg = Config()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host, port = taken.getsockname()
        cfg.set("bind", [f"{host}:{port}"])
        monkeypatch.setattr(preflight, "PORT_SECONDS", 0.1)
        with pytest.raises(BadSettingError, match=f"GUNICORN_BIND={host}:{port}: expected an address that is free"):
            preflight.check_ports(cfg, "GUNICORN_BIND")
        monkeypatch.setattr("time.sleep", lambda _: taken.close())
        preflight.check_ports(cfg, "GUNICORN_BIND")


def test_an_address_that_is_given_twice(conf: Conf) -> None:
    with pytest.raises(SystemExit, match="GUNICORN_BIND=:8001,:8001: expected each address once"):
        conf({"GUNICORN_BIND": ":8001,:8001"})


@pytest.mark.parametrize(
    ("bind", "port", "said"),
    [
        ("0.0.0.0:8000", "8000", False),
        (":8000", "8000", False),
        ("0.0.0.0:5000", "8000", True),
        ("127.0.0.1:8000", "8000", True),
        ("0.0.0.0:5000", "", False),
        ("unix:/tmp/slots-test.socket", "8000", False),
    ],
)
def test_what_listens_where_nobody_looks_is_told_so(bind: str, port: str, said: bool) -> None:
    cfg = Config()
    cfg.set("bind", [bind])
    assert bool(elsewhere(cfg, port)) == said


@pytest.fixture
def no_fast_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "_fast_parser_available", False)


def test_modules_and_folders_are_looked_for_where_gunicorn_will_serve(conf: Conf, tmp_path: Path) -> None:
    """A folder of pythonpath is below chdir, and the class of a logger may lie in it."""
    (tmp_path / "web" / "src").mkdir(parents=True)
    (tmp_path / "web" / "src" / "logs_of_shop.py").write_text("from gunicorn.glogging import Logger\n")
    (tmp_path / "web" / "src" / "shop.py").write_text("app = None\n")
    environ = {"GUNICORN_CHDIR": str(tmp_path / "web"), "GUNICORN_PYTHONPATH": "src", "GUNICORN_WSGI_APP": "shop:app"}
    before = (sys.path.copy(), Path.cwd())
    assert conf(environ | {"GUNICORN_LOGGER_CLASS": "logs_of_shop.Logger"}).logger_class == "logs_of_shop.Logger"
    assert (sys.path, Path.cwd()) == before
    with pytest.raises(SystemExit, match="GUNICORN_PYTHONPATH=web: expected folders that are there"):
        conf(environ | {"GUNICORN_PYTHONPATH": "web"})


@pytest.mark.usefixtures("no_fast_parser")
def test_a_parser_that_is_not_there(conf: Conf) -> None:
    """gunicorn would start, and answer each request with 500."""
    with pytest.raises(SystemExit, match=r"GUNICORN_HTTP_PARSER=fast: expected auto or python here \(gunicorn_h1c not"):
        conf({"GUNICORN_HTTP_PARSER": "fast"})
    assert conf({"GUNICORN_HTTP_PARSER": "auto"}).http_parser == "auto"


@pytest.mark.usefixtures("no_fast_parser")
@pytest.mark.parametrize(("name", "value"), [("http_parser", "fast"), ("workers", 0)])
def test_a_configuration_of_somebodys_own(name: str, value: object) -> None:
    cfg = Config()
    preflight.check_or_end(cfg)
    cfg.set(name, value)
    with pytest.raises(SystemExit, match=f"gunicorn_slots: {name}={value}: expected "):
        preflight.check_or_end(cfg)
