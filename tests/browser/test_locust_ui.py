"""Locust's web UI as a newcomer meets it after `docker compose up`."""

from __future__ import annotations

import json
import time
import urllib.request

import pytest
from playwright.sync_api import Page, expect

from bench.stack import Stack

pytestmark = [pytest.mark.container, pytest.mark.browser]


def test_the_sample_apps_page(stack: Stack, page: Page) -> None:
    stack.up("app")
    page.goto(stack.app_url)
    expect(page.get_by_role("heading")).to_have_text("The sample app is up")
    page.get_by_role("link", name="/io").click()
    expect(page.locator("body")).to_contain_text("waited_ms")


def test_a_scenario_is_picked_and_run(stack: Stack, page: Page) -> None:
    stack.up()
    page.goto(stack.web_url)
    for scenario in ("IoBound", "CpuBound", "Mixed"):
        expect(page.get_by_text(scenario).first).to_be_visible()
    expect(page.locator("input[name=userCount]")).to_have_value("36")
    expect(page.locator("input[name=spawnRate]")).to_have_value("100")
    expect(page.locator("input[name=host]")).to_have_value("http://app:8000")
    pick_only(page, "IoBound")
    page.get_by_role("button", name="START", exact=False).click()
    expect(page.get_by_role("cell", name="/io?ms=100")).to_be_visible()
    time.sleep(6)
    with urllib.request.urlopen(stack.web_url + "/stats/requests", timeout=10) as response:
        stats = json.load(response)
    assert {row["name"] for row in stats["stats"]} == {"/io?ms=100", "Aggregated"}
    assert stats["user_count"] == 36
    assert stats["fail_ratio"] == 0
    assert stats["total_rps"] > 100
    page.get_by_role("button", name="STOP", exact=False).click()
    expect(page.get_by_role("button", name="NEW", exact=False)).to_be_visible()


def pick_only(page: Page, scenario: str) -> None:
    """Leave one scenario selected in the class picker."""
    for name in ("IoBound", "CpuBound", "Mixed"):
        box = page.get_by_role("row").filter(has_text=name).get_by_role("checkbox")
        box.set_checked(name == scenario)
