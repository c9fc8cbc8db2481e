"""The client's address behind App Service's front end, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask, request

from app.front_end import trusted_only, without_port
from tests.bed import ROOT
from tests.bed.gunicorn import gunicorn

SENT = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.7:51234",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "forged.example",
    "Disguised-Host": "shop.example.com",
}


@pytest.fixture
def app() -> Flask:
    app = Flask(__name__)
    app.wsgi_app = trusted_only(app.wsgi_app)  # type: ignore[assignment, method-assign]

    @app.get("/")
    def seen() -> list[str | None]:
        return [request.remote_addr, request.scheme, request.host]

    return app


def seen_from(app: Flask, peer: str, headers: dict[str, str]) -> list[str]:
    found: list[str] = app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": peer}).get_json()
    return found


def test_on_app_service(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "shop")
    assert seen_from(app, "169.254.129.1", SENT) == ["203.0.113.7", "https", "shop.example.com"]


@pytest.mark.parametrize(
    ("site", "peer"),
    [("", "169.254.129.1"), ("shop", "172.17.0.1"), ("shop", "127.0.0.1"), ("shop", ""), ("", "203.0.113.9")],
)
def test_elsewhere(app: Flask, monkeypatch: pytest.MonkeyPatch, site: str, peer: str) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", site)
    assert seen_from(app, peer, SENT) == [peer, "http", "localhost"]


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-For": "rubbish", "X-Forwarded-Proto": ""}])
def test_without_usable_headers_the_peer_stays(
    app: Flask, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setenv("WEBSITE_SITE_NAME", "shop")
    assert seen_from(app, "169.254.129.1", headers) == ["169.254.129.1", "http", "localhost"]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7:51234", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7:1 ", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("unknown", ""),
        ("", ""),
        ("[", ""),
    ],
)
def test_without_port(text: str, address: str) -> None:
    assert without_port(text) == address


@pytest.mark.process
def test_forged_headers_count_for_nothing(tmp_path: Path) -> None:
    # Not app.py: that name is this repository's own package.
    (tmp_path / "main.py").write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from flask import Flask, request\n"
        "from app.front_end import trusted_only\n"
        "app = Flask(__name__)\n"
        "app.wsgi_app = trusted_only(app.wsgi_app)\n"
        "@app.get('/<path:path>')\n"
        "def seen(path):\n"
        "    return [request.remote_addr, request.scheme, request.host, request.script_root]\n"
    )
    forged = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil",
        "X-Forwarded-Prefix": "/evil",
        "Disguised-Host": "evil",
        "X-Client-IP": "6.6.6.6",
        "SCRIPT_NAME": "/evil",
        "Host": "good",
    }
    config = ["--config", str(ROOT / "gunicorn.conf.py")]
    for environ in ({}, {"WEBSITE_SITE_NAME": "site"}):
        with gunicorn([*config, "main:app"], environ, cwd=tmp_path) as server:
            status, body, _ = server.get("/x", forged)
        assert (status, body.split()) == (200, ['["127.0.0.1","http","good",""]'])
