"""What a sweep's folder says, in every state of a sweep."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from explain_types import RouteFigures
from sweep import session
from sweep.decide.findings import Findings
from sweep.folder import Results, ResultsError, create, load
from sweep.records import Check
from sweep.report.pages import TEMPLATES, render
from sweep.report.text import figure
from tests.sweep import samples
from tests.sweep.report.looks import as_read, contrast, luminance, markdown_of, page_of, rendered, rows_of, view_of

FILES = ["recommendation.json", "report.html", "report.md", "results.csv"]


def only_failed(folder: Path) -> Results:
    results = create(folder, samples.info(probe=False))
    results.append(samples.failed(1, 1, "gunicorn ended with 3\nModuleNotFoundError: No module named 'shop'"))
    results.append(samples.failed(2, 4, "Locust was the limit, twice", void=True))
    return results


def one_run(folder: Path) -> Results:
    results = create(folder, samples.info())
    results.append(samples.run(3, 6))
    return results


STATES: dict[str, Callable[[Path], Results]] = {
    "nothing": lambda folder: create(folder, samples.info(probe=False)),
    "only the probe": lambda folder: create(folder, samples.info()),
    "only failed": only_failed,
    "one run": one_run,
    "one run each": lambda folder: samples.sweep(folder, [(1, 1), (1, 36), (2, 18)], repeats=1),
    "no probe": lambda folder: samples.sweep(folder, [(1, 1), (1, 36)], about=samples.info(probe=False)),
    "grid": samples.sweep,
    "wide grid": lambda folder: samples.sweep(folder, [(2, threads) for threads in range(1, 31)], repeats=1),
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_every_state_of_a_sweep_has_all_files(state: Callable[[Path], Results], tmp_path: Path) -> None:
    results = state(tmp_path / "sweep")
    rendered(results.folder)
    assert sorted(
        path.name for path in results.folder.iterdir() if path.name not in ("sweep.json", "results.jsonl")
    ) == (sorted(FILES))
    page = page_of(results.folder)
    measured = [row for row in page.rows if row and re.fullmatch(r"\d+ × \d+", row[0])]
    assert len(measured) >= len({run.setting for run in results.runs})
    advice = json.loads((results.folder / "recommendation.json").read_text(encoding="utf-8"))
    assert advice["reason"].splitlines()[0].replace("`", "") in as_read(page)
    assert len(rows_of(results.folder)) == len(results.runs)


def test_the_page_shows_the_figures_of_the_data(grid: Results) -> None:
    page = page_of(grid.folder)
    view = view_of(grid)
    rows = {row[0]: row for row in page.rows if row and re.fullmatch(r"\d+ × \d+", row[0])}
    assert len(rows) == 32
    for one in view.measured:
        assert one.rps
        assert one.p95_ms
        rates = [run.analysis.load.rps for run in one.runs if run.analysis]
        assert one.rps.mean == pytest.approx(sum(rates) / 3)
        shown = rows[str(one.setting)]
        assert [shown[2], shown[5]] == [figure(one.rps.mean), figure(one.p95_ms.mean)]
        assert f"{one.limit} {figure(one.bound_rps)}" in shown[4]
        assert shown[6:8] == [figure(one.wait_ms), figure(one.app_ms)]
    bars = json.loads(page.figures["chart-bounds"])["data"][0]
    assert bars["x"] == pytest.approx([one.rps.mean for one in view.measured if one.rps])


def test_settings_that_cannot_be_recommended_say_why(mixed: Results) -> None:
    rows = {row[0]: row[1] for row in page_of(mixed.folder).rows if len(row) > 5}
    assert rows["2 × 18"] == "recommended"
    assert rows["1 × 36"] == "tied"
    assert "470 MB" in rows["9 × 4"]
    assert "above 150 ms" in rows["1 × 6"]
    assert "one slot" in rows["1 × 1"]
    assert rows["5 × 36"].startswith("failed")
    assert rows["3 × 36"].startswith("void Locust was the limit")


def test_what_was_left_out_is_told(mixed: Results) -> None:
    page = page_of(mixed.folder)
    assert "stopped by Ctrl-C" in page.words
    assert "2 settings that need not be measured" in page.words
    assert any(row[0] == "2 × 1" and row[1] == "at most 19.8 requests/s" for row in page.rows if len(row) == 2)
    assert "[31m" not in page.words
    text = markdown_of(mixed.folder)
    assert "stopped by Ctrl-C" in text
    assert "`at most 19.8 requests/s`" in text


def test_what_happens_when_requests_take_longer_and_how_it_was_checked(tmp_path: Path) -> None:
    about = samples.info(repeats=1)
    about.unloaded = samples.analysis(1, 1, users=1, think_s=1.0)
    think = {"think_s": 1.0}
    results = samples.sweep(tmp_path / "sweep", [(2, 6), (3, 6)], about=about, repeats=1, change=lambda *_: think)
    results.info.check = Check(2, 6, 72, samples.analysis(2, 6, users=72, think_s=1.0))
    results.save_info()
    page, text = page_of(results.folder), markdown_of(results.folder)
    (row,) = [row for row in page.rows if row[:2] == ["2 × 6", "2 times"]]
    assert float(row[2]) == pytest.approx(36 / (1 + 2 * samples.APP_S), rel=0.02)
    assert "| 2 times as long | 2 × 6 |" in text
    for words in (as_read(page), text):
        assert "2 × 6 with 72 users, whose requests fill its slots as slower ones would: 64.4 requests/s" in words
        assert "Not checked" not in words
    results.info.check = Check(3, 6, 72, error="void: Locust")  # of a setting that is not the recommended one
    render(results.folder, Findings.of(results))
    assert "72 users" not in markdown_of(results.folder)


def test_what_no_run_has_checked_says_so(tmp_path: Path) -> None:
    """Users who do not think have a request under way at any time, so slower ones are no more, and no others."""
    results = samples.sweep(tmp_path / "sweep", [(2, 18), (3, 12)], repeats=1)
    results.info.check = Check(2, 18, 72, samples.analysis(2, 18, users=72))  # as earlier versions did
    results.save_info()
    page, text = page_of(results.folder), markdown_of(results.folder)
    (row,) = [row for row in page.rows if row[:2] == ["2 × 18", "2 times"]]
    assert float(row[2]) == pytest.approx(36 / (2 * samples.APP_S), rel=0.02)
    for words in (as_read(page), text):
        assert "Not checked by a run: these users think for less" in words
        assert "72 users" not in words


def test_the_routes_with_the_recommended_setting(tmp_path: Path) -> None:
    run = samples.run(2, 18)
    assert run.analysis
    pages = [
        RouteFigures(name, 100, failures, 20.0, 30.0, 0.1, 20.0, 20.0, 20.0, 1.0, share)
        for name, failures, share in (("GET /<b>report</b>", 3, 0.8), ("GET /page", 0, 0.2))
    ]
    analysis = dataclasses.replace(run.analysis, routes=tuple(pages))
    results = create(tmp_path / "sweep", samples.info())
    results.append(msgspec.structs.replace(run, analysis=analysis))
    render(results.folder, Findings.of(results))
    rows = [row for row in page_of(results.folder).rows if row and row[0].startswith("GET")]
    assert [(row[0], row[2], row[-1]) for row in rows] == [
        ("GET /<b>report</b>", "3", "80%"),
        ("GET /page", "0", "20%"),
    ]
    assert "| `GET /page` | 100 | 0 |" in markdown_of(results.folder)


def test_limits_and_a_reservation_are_told(tmp_path: Path) -> None:
    results = create(tmp_path / "sweep", samples.info(max_p95=150.0))
    for one in (samples.run(2, 18), samples.run(2, 6), samples.run(2, 20, memory_mb=500.0, factor=2.0)):
        results.append(one)
    render(results.folder, Findings.of(results))
    page, text = page_of(results.folder), markdown_of(results.folder)
    for words in (as_read(page), text):
        assert "Keep --max-p95=150: 2 × 18, 2 × 20" in words
        assert "Do not: 2 × 6 (its p95 of" in words
        assert "2 × 20 served" in words
        assert "it takes 500 MB" in words


def test_a_disturbed_setting_is_named(tmp_path: Path) -> None:
    results = samples.sweep(tmp_path / "sweep", [(1, 6), (3, 6)], repeats=1)
    render(results.folder, Findings.of(results))
    for name in ("report.html", "report.md"):
        assert "Other programs" not in (results.folder / name).read_text()
    results.append(samples.run(2, 6, others=0.32))
    render(results.folder, Findings.of(results))
    for name in ("report.html", "report.md"):
        page = (results.folder / name).read_text()
        assert "Other programs" in page
        assert "2 × 6 (32%)" in page


def test_hostile_texts_stay_texts(mixed: Results) -> None:
    page = page_of(mixed.folder)
    assert samples.HOSTILE.splitlines()[0] in page.words
    assert not any(page.has(tag) for tag in ("b-", "i", "u", "img"))
    assert not [attributes for _, attributes in page.tags if "example.invalid" in str(attributes.get("src"))]
    for text in page.figures.values():
        json.loads(text)
        assert "<" not in text
    body = (mixed.folder / "report.html").read_text(encoding="utf-8")
    assert "alert(1)</script>" not in body


def test_the_page_asks_for_nothing_from_outside(grid: Results) -> None:
    page = page_of(grid.folder)
    loaded = [
        attributes[name] for _, attributes in page.tags for name in ("src", "srcset", "data") if name in attributes
    ]
    assert loaded == []
    linked = [attributes.get("href") for tag, attributes in page.tags if tag == "link"]
    assert linked == ["data:,"]
    assert [tag for tag, _ in page.tags].count("script") == 2 + len(page.figures)
    policies = [attributes["content"] for _, attributes in page.tags if "http-equiv" in attributes]
    assert policies[0]
    assert policies[0].startswith("default-src 'none';")


def test_what_to_paste_is_the_recommendation(grid: Results) -> None:
    page = page_of(grid.folder)
    advice = json.loads((grid.folder / "recommendation.json").read_text(encoding="utf-8"))
    lines = [f"{name}={value}" for name, value in advice["env"].items()]
    for text in (advice["startup_command"], *advice["az"], "\n".join(lines)):
        assert text in page.words
    text = markdown_of(grid.folder)
    assert f"\n{advice['startup_command']}\n" in text
    assert "\n".join(lines) in text


def test_a_folder_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    results = samples.sweep(tmp_path / "sweep", [(1, 1)])
    results.folder = tmp_path / "gone"
    with pytest.raises(ResultsError, match="gone: expected a folder that can be written to") as caught:
        render(results.folder, Findings.of(results))
    assert "\n" not in str(caught.value)


def test_a_folder_rendered_again_says_the_same(mixed: Results) -> None:
    paths = session.finish(mixed, Findings.of(mixed))
    assert [path.name for path in paths] == FILES
    before = [path.read_bytes() for path in paths]
    again = load(mixed.folder)
    assert [path.read_bytes() for path in session.finish(again, Findings.of(again))] == before


def test_texts_have_contrast_in_light_and_dark() -> None:
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    schemes = re.findall(r":root[^{]*\{([^}]*)\}", style)[:2]
    assert len(schemes) == 2
    for scheme in schemes:
        colours = {
            name: luminance([int(value[start : start + 2], 16) / 255 for start in (0, 2, 4)])
            for name, value in re.findall(r"--([a-z-]+): #([0-9a-f]{6})", scheme)
        }
        pairs = [(text, back) for text in ("ink", "muted", "link", "wait", "bad", "good") for back in ("page", "card")]
        for text, back in [*pairs, ("good", "good-soft"), ("bad", "bad-soft"), ("ink", "good-soft"), ("card", "ink")]:
            assert contrast(colours[text], colours[back]) >= 4.5, (text, back)  # WCAG 2, AA
