"""The line above Locust's own pages, with answers that are made up."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect

import explain_page
from explain_web import BAR
from tests.bed.accessibility import violations

pytestmark = pytest.mark.browser

BEFORE, NONE = "Why?", "rgb(68, 64, 60)"


@pytest.mark.parametrize("context", [{"viewport": {"width": 390, "height": 844}}], indirect=True)
@pytest.mark.parametrize(
    ("answer", "headline", "colour"),
    [
        ({"state": "ready", "code": "no-data", "load": {"requests": 0, "exceptions": 0}}, BEFORE, NONE),
        ({"state": "spawning", "code": "no-data", "load": {"requests": 0, "exceptions": 0}}, BEFORE, NONE),
        (
            {"state": "running", "code": "no-data", "load": {"requests": 170, "exceptions": 0}},
            "Too little is known to tell",
            NONE,
        ),
        (
            {"state": "stopped", "code": "healthy", "load": {"requests": 170, "exceptions": 0}},
            "Healthy: nothing is at its limit",
            "rgb(22, 101, 52)",
        ),
        (
            {"state": "running", "code": "stuck", "load": {"requests": 0, "exceptions": 0}},
            "Requests hang: answers do not come",
            "rgb(154, 52, 18)",
        ),
    ],
    ids=["ready", "spawning", "no header", "healthy", "stuck"],
)
def test_it_says_the_verdict_as_soon_as_there_is_one(
    context: BrowserContext, answer: dict[str, Any], headline: str, colour: str
) -> None:
    assert explain_page.FOLDER
    folder = explain_page.FOLDER

    def locust(route: Route) -> None:
        name = route.request.url.rpartition("/")[2]
        if name == "verdict":
            route.fulfill(json=answer)
        elif name:
            route.fulfill(path=folder / name)
        else:
            head = '<html lang="en"><head><title>Locust</title></head>'
            body = f"<body>{BAR}<main><h1>Locust</h1></main></body></html>"
            route.fulfill(body=f"<!doctype html>{head}{body}", content_type="text/html")

    page = context.new_page()
    page.route("http://locust/**", locust)
    with page.expect_response("**/explain/verdict"):
        page.goto("http://locust/")
    bar = page.get_by_role("complementary", name="Why?")
    expect(bar.get_by_role("status")).to_have_text(headline)
    expect(bar.get_by_role("link")).to_have_text(
        "After START: where requests wait, and what to set"
        if headline == BEFORE
        else "What to set, and where the time goes"
    )
    expect(bar).to_have_css("background-color", colour)
    assert violations(page) == []
