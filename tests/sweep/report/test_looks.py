"""How the report looks with figures and names that are hard to show, and the sweep's other pages."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from explain_types import ArrivalFigures, RouteFigures, Times
from sweep.decide.comparison import compare
from sweep.decide.findings import Findings
from sweep.decide.holding import Held, Step
from sweep.decide.sides import of_sweep
from sweep.folder import Results, create
from sweep.report import limit_page
from sweep.report.pages import write_comparison
from tests.bed.accessibility import violations
from tests.sweep import samples
from tests.sweep.report.conftest import Opened
from tests.sweep.report.looks import WIDER

pytestmark = pytest.mark.browser

LONG = ("GET /" + 195 * "x", "GET /" + 16 * "a-long-name/", "GET /<b>report</b>")
# What does not end where its box does.
BEYOND = """(selector) => [...document.querySelectorAll(selector)]
    .filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.textContent)"""
# Texts of the charts that are cut off at the chart's side.
CUT = """() => [...document.querySelectorAll('.plot')].flatMap((plot) => {
    const chart = plot.querySelector('.main-svg').getBoundingClientRect();
    return [...plot.querySelectorAll('text')].filter((text) => {
        const box = text.getBoundingClientRect();
        return box.width && (box.right > chart.right + 1 || box.left < chart.left - 1);
    }).map((text) => text.textContent);
})"""
# Words and figures that go on in the next line.
BROKEN = """(selector) => [...document.querySelectorAll(selector)].flatMap((box) => {
    const walker = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        for (const { 0: word, index } of node.data.matchAll(/[^ \\n]+/g)) {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + word.length);
            if (new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size > 1) found.push(word);
        }
    }
    return found;
})"""
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1280, "height": 900}


def with_routes(folder: Path) -> Results:
    """A sweep of one run, whose routes have long names."""
    run = samples.run(2, 18)
    assert run.analysis
    figures = (1234567, 1000000, 1234567.0, 30.0, 0.1, 20.0, 20.0, 20.0, 1.0, 0.3)
    routes = tuple(RouteFigures(name, *figures) for name in LONG)
    results = create(folder, samples.info())
    results.append(msgspec.structs.replace(run, analysis=dataclasses.replace(run.analysis, routes=routes)))
    return results


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "dark"), (WIDE, "light")], ids=["phone, dark", "wide, light"])
@pytest.mark.parametrize("app_s", [0.000002, 1234.5], ids=["2 µs", "20 minutes"])
def test_long_and_short_times_are_shown_whole(
    opened: Opened, page: Page, tmp_path: Path, size: Any, scheme: Any, app_s: float
) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    change: dict[str, Any] = {"app_s": app_s, "cpu_s": app_s / 100}
    about = samples.info(instances=2)
    about.unloaded = samples.analysis(1, 1, users=1, **change)
    opened(samples.sweep(tmp_path, [(1, 1), (3, 6), (60, 12)], about=about, change=lambda *_: change))
    assert violations(page) == []
    assert page.evaluate(WIDER) == 0
    assert page.evaluate(CUT) == []
    assert page.evaluate(BROKEN, ".narrow th, .narrow td, h1, h2, .reason code, .tiles b") == []
    split, *parts = [
        float(box["width"]) for one in page.locator(".split, .split span").all() if (box := one.bounding_box())
    ]
    assert sum(parts) == pytest.approx(split, abs=5)


def test_a_wide_page_has_all_columns_in_sight(opened: Opened, page: Page, grid: Results, mixed: Results) -> None:
    for results in (grid, mixed):
        opened(results)
        assert page.evaluate(BEYOND, ".scroll") == []


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "wide"])
def test_a_long_name_leaves_room_for_its_figures(opened: Opened, page: Page, tmp_path: Path, size: Any) -> None:
    page.set_viewport_size(size)
    opened(with_routes(tmp_path))
    names = page.get_by_role("region", name="Routes, with").locator("tbody th")
    assert names.all_inner_texts() == list(LONG)
    widths = names.evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)")
    assert max(widths) < 0.6 * size["width"]
    assert violations(page) == []


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "wide"])
def test_two_sweeps_with_long_names_stand_side_by_side(page: Page, tmp_path: Path, size: Any) -> None:
    page.set_viewport_size(size)
    sides = [of_sweep(Findings.of(samples.sweep(tmp_path / name, [(1, 1), (1, 18)]))) for name in ("a", "b")]
    write_comparison(tmp_path / "page.html", compare(*sides), ("<b>before</b>" + 120 * "x", "after"))
    page.goto((tmp_path / "page.html").as_uri())
    assert page.evaluate(WIDER) == 0
    assert violations(page) == []
    expect(page.locator("main")).to_contain_text("0.80 ms of CPU in the server")
    expect(page.locator("main")).to_contain_text("Same: the intervals of the two overlap.")


@pytest.mark.parametrize(("size", "scheme"), [(NARROW, "dark"), (WIDE, "light")], ids=["phone, dark", "wide, light"])
def test_how_much_it_holds_is_for_everyone(page: Page, tmp_path: Path, size: Any, scheme: Any) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    steps = []
    for rps, p95, broken in ((44.0, 120.0, ""), (1234.0, 9999999.0, "p95 is 9999999 ms")):
        measured = dataclasses.replace(
            samples.analysis(3, 6),
            response_ms=Times(p95, p95, p95, 1.2 * p95),
            arrivals=ArrivalFigures(asked_utilization=rps / 178),
        )
        steps.append(Step(rps, measured, broken))
    none = Held(1, 1, error="KeyError: 'KEY'")
    limit_page.render(tmp_path, samples.info(max_p95=300.0, find_limit=True), [Held(3, 6, steps), none])
    page.goto((tmp_path / "limit.html").as_uri())
    expect(page.get_by_role("heading", level=1)).to_have_text("How much does it hold?")
    expect(page.locator(".plot .main-svg .trace").first).to_be_attached()
    assert page.evaluate(WIDER) == 0
    assert page.evaluate(CUT) == []
    assert violations(page) == []
    expect(page.get_by_role("table")).to_have_count(1)  # none without a step
    heights = page.locator("#chart-response-3-6 .ytick text, #chart-response-0 .ytick text").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom])"
    )
    assert heights
    assert all(upper[0] >= lower[1] - 3 for lower, upper in zip(sorted(heights), sorted(heights)[1:], strict=False))
