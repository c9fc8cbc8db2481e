"""What the users of a run do, in a hash: the same for the same, and another for all else."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import explain_fingerprint
from explain_fingerprint import code_of, fingerprint


def environment(file: Path, **options: Any) -> Any:
    user = type("Shopper", (), {"weight": 1, "fixed_count": 0, "host": None})
    parsed = {"tags": None, "exclude_tags": None, "paths": "/", "app_memory": 512.0, **options}
    return SimpleNamespace(
        parsed_locustfiles=[str(file)], user_classes=[user], parsed_options=SimpleNamespace(**parsed)
    )


@pytest.fixture
def locustfile(tmp_path: Path) -> Path:
    (file := tmp_path / "locustfile.py").write_text("1")
    return file


def marked(file: Path, environ: dict[str, str] | None = None, **options: Any) -> str | None:
    given = environment(file, **options)
    return fingerprint(given, code_of(given), environ or {})


def test_the_same_users_have_the_same_fingerprint(locustfile: Path, tmp_path: Path) -> None:
    """How a run is written and checked is nothing that its users do, and a field left empty is none."""
    same = marked(locustfile)
    assert same
    assert marked(locustfile, analysis_json="a.json", check_rps=5, headless=True, run_time=30, html_file="x") == same
    assert marked(locustfile, reports="x", rps_seed=5, print_tally=True, size="", tags=[]) == same
    (copy := tmp_path / "copy").mkdir()
    (copy / "locustfile.py").write_text("1")
    assert marked(copy / "locustfile.py") == same


@pytest.mark.parametrize(
    "options",
    [{"size": 5}, {"tags": ["slow"]}, {"exclude_tags": ["slow"]}, {"app_memory": 1792.0}, {"rps_ramp": "5"}],
    ids=lambda options: next(iter(options)),
)
def test_what_makes_users_do_something_else(options: dict[str, Any], locustfile: Path) -> None:
    assert marked(locustfile, **options) != marked(locustfile)


def test_another_text_of_the_locustfile_or_of_what_it_imports(
    locustfile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = marked(locustfile)
    (helper := locustfile.with_name("helper.py")).write_text("1")
    assert marked(locustfile) == first  # nobody has imported it
    monkeypatch.setitem(sys.modules, "some_helper", SimpleNamespace(__file__=str(helper)))
    second = marked(locustfile)
    helper.write_text("2")
    third = marked(locustfile)
    locustfile.write_text("2")
    assert len({first, second, third, marked(locustfile)}) == 4


def test_another_app_or_other_users(locustfile: Path) -> None:
    first = marked(locustfile)
    shop = marked(locustfile, {"APP_DIR": "../shop", "HOST_PWD": "/home/me/stack"})
    assert shop == marked(locustfile, {"APP_DIR": "~/shop", "HOST_PWD": "/elsewhere", "HOST_HOME": "/home/me"})
    given = environment(locustfile)
    given.user_classes[0].weight = 3
    heavier = fingerprint(given, code_of(given), {})
    assert len({first, shop, heavier}) == 3


def test_a_locustfile_that_cannot_be_read_has_none(tmp_path: Path) -> None:
    assert marked(tmp_path / "gone.py") is None


def test_a_secret_is_not_in_it(locustfile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """run.json is shown to others, and a short password can be guessed from a hash."""
    monkeypatch.setattr(explain_fingerprint, "secrets", lambda: {"password"})
    assert marked(locustfile, password="one") == marked(locustfile, password="two")


def test_secrets_are_those_that_locust_masks() -> None:
    from locust import events  # noqa: PLC0415 patched by conftest

    def add(parser: Any) -> None:
        parser.add_argument("--pass-phrase", is_secret=True)

    events.init_command_line_parser.add_listener(add)  # type: ignore[no-untyped-call]
    try:
        assert explain_fingerprint.secrets() == {"pass_phrase"}
    finally:
        events.init_command_line_parser.remove_listener(add)  # type: ignore[no-untyped-call]
