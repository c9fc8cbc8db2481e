"""What a person reads when a sweep has ended, on the terminal and in the report, without one that runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from sweep import session
from sweep.decide.findings import Findings
from sweep.folder import Results, create
from tests.sweep import samples
from tests.sweep.report.looks import as_read, markdown_of, page_of
from tests.sweep.samples import ran


def shown(results: Results, capsys: pytest.CaptureFixture[str]) -> list[str]:
    session.show(Findings.of(results), results.folder, Console(quiet=True))
    return capsys.readouterr().out.splitlines()


def test_the_line_to_paste_is_followed_by_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = create(tmp_path / "sweep", samples.info())
    results.append(ran(3, 6, 100, 200))
    lines = shown(results, capsys)
    assert lines[-2] == "gunicorn --bind=0.0.0.0 --timeout 600 --workers 3 --threads 6 app:app"
    assert lines[-1] == Findings.of(results).recommendation.needs
    assert lines[-1].startswith("This line needs gunicorn.conf.py and gunicorn_slots/ in the app's folder")
    assert as_read(page_of(results.folder)).count(lines[-1].replace("`", "")) == 1
    assert f"\n{lines[-1]}\n" in markdown_of(results.folder)


def test_bare_gunicorn_needs_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = create(tmp_path / "sweep", samples.info(gunicorn={"worker_class": "gthread"}))
    results.append(ran(3, 6, 100, 200))
    assert shown(results, capsys)[-1].endswith(" --worker-class gthread app:app")


def test_one_worker_that_is_as_good_is_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = create(tmp_path / "sweep", samples.info())
    for run in (ran(2, 9, 100, 200, 80), ran(1, 18, 100, 200, 60)):
        results.append(run)
    said = f"{Findings.of(results).recommendation.alternative}."
    assert said in shown(results, capsys)
    assert said in as_read(page_of(results.folder))
    assert said in markdown_of(results.folder)


def test_without_a_recommendation_there_is_nothing_to_paste(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = create(tmp_path / "sweep", samples.info())
    results.append(ran(1, 1, 100, 200))
    assert len(shown(results, capsys)) == 1
