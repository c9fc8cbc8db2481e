"""The report's pages in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from sweep.decide.findings import Findings
from sweep.folder import Results
from sweep.report.pages import render

Opened = Callable[[Results], Page]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    yield context.new_page()
    context.close()


@pytest.fixture
def opened(page: Page) -> Opened:
    """Opens a sweep's report offline. What the page's console says, or asks for, fails the test."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("requestfailed", lambda request: heard.append(request.url))
    page.on("request", lambda request: heard.append(request.url) if not request.url.startswith("file:") else None)

    def load(results: Results) -> Page:
        render(results.folder, Findings.of(results))
        page.goto((results.folder / "report.html").as_uri())
        page.wait_for_function("() => document.readyState === 'complete'")
        assert heard == []
        return page

    return load
