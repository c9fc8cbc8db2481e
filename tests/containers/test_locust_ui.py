"""Locust's web UI as a newcomer meets it after `docker compose up`."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.bed.compose import Stack
from tests.bed.waiting import wait_for

pytestmark = [pytest.mark.container, pytest.mark.browser]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A blank page of 1280 × 800."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(20_000)
    yield page
    page.close()


def test_the_sample_apps_page(stack: Stack, page: Page) -> None:
    stack.up("app")
    page.goto(stack.app_url)
    expect(page.get_by_role("heading")).to_have_text("The sample app is up")
    page.get_by_role("link", name="/io").click()
    expect(page.locator("body")).to_contain_text("waited_ms")


def test_start_without_a_choice_is_io_bound_and_another_can_be_chosen(stack: Stack, page: Page) -> None:
    stack.up()
    page.goto(stack.web_url)
    expect(page.locator("input[name=userCount]")).to_have_value("36")
    expect(page.locator("input[name=spawnRate]")).to_have_value("100")
    expect(page.locator("input[name=host]")).to_have_value("http://app:8000")
    page.get_by_role("button", name="START").click()
    expect(page.get_by_role("cell", name="/io?ms=100")).to_be_visible()
    stats = wait_for(lambda: (now := statistics(stack))["total_rps"] > 100 and now)
    assert {row["name"] for row in stats["stats"]} == {"/io?ms=100", "Aggregated"}
    assert (stats["user_count"], stats["fail_ratio"]) == (36, 0)
    for name, path in (("cpu_bound", "/cpu?ms=20"), ("mixed", "/mixed?io_ms=80&cpu_ms=5")):
        page.get_by_role("button", name="STOP").click()
        page.get_by_role("button", name="NEW").click()
        choose(page, name)
        page.get_by_role("button", name="START").click()
        expect(page.get_by_role("cell", name=path)).to_be_visible()
        assert {row["name"] for row in statistics(stack)["stats"]} == {path, "Aggregated"}
    page.get_by_role("button", name="STOP").click()


def choose(page: Page, scenario: str) -> None:
    choice = page.get_by_role("combobox", name="Scenario")
    if not choice.is_visible():
        page.get_by_text("Custom parameters").click()
    select = page.locator("select[name=scenario]")
    if select.count():
        select.select_option(scenario)
    else:
        choice.click()
        page.get_by_role("option", name=scenario).click()


def statistics(stack: Stack) -> dict[str, Any]:
    """What the UI's table is drawn from."""
    with urllib.request.urlopen(stack.web_url + "/stats/requests", timeout=10) as response:
        found: dict[str, Any] = json.load(response)
    return found
