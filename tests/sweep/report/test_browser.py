"""The sweep's report as a browser shows it, from a file, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from sweep.decide.findings import Findings
from sweep.folder import Results
from tests.bed.accessibility import violations
from tests.sweep import samples
from tests.sweep.report.conftest import Opened
from tests.sweep.report.looks import WIDER

pytestmark = pytest.mark.browser

INK = {"light": "rgb(28, 36, 48)", "dark": "rgb(228, 232, 238)"}
EMPTY = """() => [...document.querySelectorAll('.plot')].filter(
    plot => !plot.querySelector('.main-svg :is(.trace, .hm)')).map(plot => plot.id)"""
AXIS_COLOUR = "() => getComputedStyle(document.querySelector('#chart-bounds .xtick text')).fill"
# Charts have to be drawn within their cards, or their ends would be cut off.
OUTSIDE = """() => [...document.querySelectorAll('.plot')].filter(plot =>
    plot.querySelector('.main-svg').getBoundingClientRect().width > plot.getBoundingClientRect().width + 1
).map(plot => plot.id)"""


# The word at the recommended setting lies on the border of its cell, and no figure may be under it.
COVERED = """() => [...document.querySelectorAll('.plot')].flatMap(plot => {
    const flag = [...plot.querySelectorAll('.annotation')].find(one => one.textContent === 'recommended');
    if (!flag) return [];
    const over = flag.getBoundingClientRect();
    return [...plot.querySelectorAll('.heatmap-label, .textpoint')].filter(text => {
        const under = text.getBoundingClientRect();
        return under.left < over.right && over.left < under.right && under.top < over.bottom && over.top < under.bottom;
    }).map(text => text.textContent);
})"""
FIGURES = "() => document.querySelectorAll('.plot .heatmap-label, .plot .textpoint').length"


@pytest.mark.parametrize("width", [390, 1280])
def test_the_report_opens_offline_in_light_and_dark(opened: Opened, page: Page, grid: Results, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="light")
    opened(grid)
    expect(page).to_have_title("Sweep: 2 × 18 for io_bound, 36 users on B1")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 workers × 18 threads")
    assert page.locator(".plot").count() == 7
    for scheme in ("light", "dark", "light"):  # also while it is open, as at sunset
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_function(f"() => ({AXIS_COLOUR})() === '{INK[scheme]}'")
        assert page.evaluate(EMPTY) == []
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate(WIDER) == 0
    assert page.evaluate(FIGURES) > 50
    assert page.evaluate(COVERED) == []


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_the_report_is_for_everyone(opened: Opened, page: Page, mixed: Results, width: int, scheme: Any) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)
    assert violations(opened(mixed)) == []


def test_the_recommendation_comes_first_and_then_where_the_time_goes(opened: Opened, page: Page, grid: Results) -> None:
    opened(grid)
    heads = [" ".join(head.split()) for head in page.locator("main h2").all_inner_texts()]
    assert heads[:2] == ["To paste elsewhere", "Where the time goes, with 2 × 18"]
    expect(page.locator(".banner.good")).to_contain_text(Findings.of(grid).recommendation.startup_command or "")
    last = next(cell for cell in Findings.of(grid).cells if str(cell.setting) == "2 × 18").runs[-1].analysis
    assert last
    expect(page.locator(".parts")).to_contain_text(f"{last.app_ms.mean:.0f}\N{NO-BREAK SPACE}ms in the app")


def test_the_first_look_is_in_the_systems_colours(opened: Opened, page: Page, mixed: Results) -> None:
    page.emulate_media(color_scheme="dark")
    opened(mixed)
    assert page.evaluate(AXIS_COLOUR) == INK["dark"]
    assert page.evaluate("() => getComputedStyle(document.body).color") == INK["dark"]


def test_failures_and_hostile_texts_are_shown_as_texts(opened: Opened, page: Page, mixed: Results) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    page.on("dialog", lambda dialog: pytest.fail(f"a script of the log ran: {dialog.message}"))
    opened(mixed)
    expect(page.locator("#failed-5-36")).to_contain_text("<script>alert(1)</script>")
    page.locator("#failed-5-36 summary").click()
    expect(page.locator("#failed-5-36 pre")).to_contain_text("=1+1")
    assert page.evaluate(WIDER) == 0
    assert page.locator("i, img, #chart-throughput a").count() == 0


def test_a_sweep_without_a_figure_still_opens(opened: Opened, page: Page, tmp_path: Path) -> None:
    results = samples.sweep(tmp_path / "sweep", [], about=samples.info(probe=False))
    opened(results)
    expect(page.get_by_role("heading", level=1)).to_have_text("No setting to recommend")
    assert page.evaluate(WIDER) == 0


def test_what_to_paste_can_be_copied(opened: Opened, page: Page, mixed: Results) -> None:
    opened(mixed)
    page.get_by_role("button", name="Copy: Startup Command").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    # Pasted where it can be read without the permission to read the clipboard.
    page.evaluate("() => document.body.append(Object.assign(document.createElement('textarea'), {id: 'target'}))")
    page.locator("#target").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#target")).to_have_value(Findings.of(mixed).recommendation.startup_command or "")


def test_it_prints_dark_on_white_and_within_the_page(opened: Opened, page: Page, mixed: Results) -> None:
    page.emulate_media(color_scheme="dark")
    opened(mixed)
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(f"() => ({AXIS_COLOUR})() === '{INK['light']}'")
    page.set_viewport_size({"width": 700, "height": 900})
    assert page.evaluate(WIDER) == 0
