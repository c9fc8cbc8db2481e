"""The tab and the page in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.bed.accessibility import violations
from tests.bed.waiting import wait_for
from tests.locustfiles.conftest import fetch, gunicorn
from tests.locustfiles.ui import Ui, web_ui

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def slow() -> Iterator[Ui]:
    """A test of 1 × 1 that has been running for some seconds."""
    with gunicorn(1, 1) as server, web_ui(server.url) as ui:
        ui.swarm(12)
        wait_for(lambda: ui.data()["verdict"]["code"] == "slots" and len(ui.data()["timeline"]["at"]) >= 4)
        yield ui


def quiet(page: Page, url: str) -> tuple[list[str], list[str]]:
    """Note the page's errors and the addresses that are not Locust's."""
    errors: list[str] = []
    foreign: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if request.url.startswith((url, "data:")) else foreign.append(request.url))
    return errors, foreign


def test_the_tab_says_why(browser: Browser, slow: Ui) -> None:
    page = browser.new_page()
    page.goto(f"{slow.url}/?tab=why")
    page.get_by_role("tab", name="Why?").click()
    cells = page.get_by_role("cell")
    expect(cells.first).to_have_text("Verdict: slots", timeout=10_000)
    expect(cells.nth(1)).to_contain_text("The only slot is busy while the CPU idles")
    for name in (
        "What to set",
        "Startup command",
        "Served by",
        "Busy slots",
        "CPU of the plan",
        "Memory of the workers",
        "In the app",
    ):
        expect(page.get_by_role("cell", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("cell", name=re.compile(r"^Worker \d+$"))).to_have_count(1)
    page.get_by_role("link", name="What to set, and where the time goes").click()
    expect(page.get_by_role("heading", name="Why?")).to_be_visible()
    page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_the_verdict_stands_above_locusts_own_pages_and_covers_none(browser: Browser, slow: Ui, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.goto(slow.url)
    bar = page.get_by_role("complementary", name="Why?")
    expect(bar.get_by_role("status")).to_have_text("Too few slots: requests wait for a free one", timeout=10_000)
    header, box = page.get_by_role("banner").bounding_box(), bar.bounding_box()
    assert header
    assert box
    assert box["y"] + box["height"] <= header["y"]
    assert violations(page, "#explain-bar") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_phone_need_not_scroll_sideways(browser: Browser, slow: Ui) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{slow.url}/explain")
    expect(page.locator("#workers tbody tr")).not_to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_plots_the_run(browser: Browser, slow: Ui, scheme: Any, tmp_path: Path) -> None:
    page = browser.new_page(color_scheme=scheme)
    errors, foreign = quiet(page, slow.url)
    page.goto(f"{slow.url}/explain")
    expect(page.locator("#verdict")).to_have_attribute("data-code", "slots")
    expect(page.locator("#text")).to_contain_text("a request waits")
    expect(page.locator("canvas")).to_have_count(3)
    expect(page.locator("#workers tbody tr")).to_have_count(1)
    expect(page.locator("#routes tbody tr")).to_have_count(1)
    expect(page.locator("#routes tbody th").first).to_have_text("GET one")
    # Lines were drawn: the canvas of the response time has pixels in the color of the wait.
    drawn = page.evaluate(
        """() => {
          const hex = getComputedStyle(document.documentElement).getPropertyValue('--wait').trim();
          const want = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
          const canvas = document.querySelector('#response canvas');
          const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
          let count = 0;
          for (let i = 0; i < data.length; i += 4)
            if (data[i + 3] > 200 && want.every((v, c) => Math.abs(v - data[i + c]) < 30)) count++;
          return count;
        }"""
    )
    assert drawn > 50
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(28, 25, 23)"
    assert dark is (scheme == "dark")
    before = page.locator("#state").inner_text()
    expect(page.locator("#state")).not_to_have_text(before, timeout=10_000)  # it goes on
    assert (errors, foreign) == ([], [])
    page.close()


def test_the_page_before_and_after_a_test(browser: Browser) -> None:
    with gunicorn(3, 6) as server, web_ui(server.url) as ui:
        page = browser.new_page()
        errors, _ = quiet(page, ui.url)
        page.goto(f"{ui.url}/explain")
        expect(page.get_by_role("heading", name="Press START in Locust")).to_be_visible()
        assert page.locator("canvas").count() == 0
        ui.swarm(6)
        expect(page.locator("#verdict")).to_have_attribute("data-code", "healthy", timeout=10_000)
        ui.stop()
        expect(page.locator("#state")).to_contain_text("stopped", timeout=10_000)
        expect(page.locator("#verdict")).to_have_attribute("data-code", "healthy")
        assert errors == []
        page.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_long_name_in_the_tab_hides_no_figure(browser: Browser, width: int) -> None:
    """Locust's own page, with rows that are made up."""
    rows = [("Verdict: slots", "All 18 slots are busy."), (f"Route GET /{300 * 'x'}", 300 * "y")]
    table = {"key": "why", "data": [{"what": what, "figure": figure} for what, figure in rows]}
    with web_ui("http://127.0.0.1:9") as ui:
        page = browser.new_page(viewport={"width": width, "height": 844})

        def running(route: Route) -> None:
            answer = route.fetch()
            route.fulfill(response=answer, body=answer.text().replace('"state": "ready"', '"state": "running"'))

        page.route(f"{ui.url}/?tab=why", running)

        def counted(route: Route) -> None:
            route.fulfill(json=fetch(route.request.url) | {"state": "running", "extended_stats": [table]})

        page.route("**/stats/requests", counted)
        page.goto(f"{ui.url}/?tab=why")
        expect(page.get_by_role("cell", name="All 18 slots are busy.")).to_be_in_viewport(ratio=1)
        names = page.get_by_role("cell", name="Verdict: slots")
        assert names.evaluate("(cell) => cell.getBoundingClientRect().width") >= 112
        for row in page.get_by_role("row").all():
            box = row.bounding_box()
            assert box
            assert box["x"] + box["width"] <= width
        page.close()
