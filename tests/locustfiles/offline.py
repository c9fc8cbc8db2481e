"""The page as a file in a browser that has no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, expect

import explain_page
from tests.locustfiles.runs import EVIL, named, tables
from tests.locustfiles.samples import run

WIDE = {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}}
PHONE = {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}}


def written(folder: Path, runs: Mapping[str, dict[str, Any]]) -> Path:
    """Write a page for each run, with Locust's own tables at its end."""
    failing = (record._replace(error=None if record.at < 9 else f"HTTP 500 {EVIL}") for record in named(run()))
    sections = tables(failing)
    for name, found in runs.items():
        page = explain_page.standalone(found, f"{name} {EVIL}", sections)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


def opened(context: BrowserContext, folder: Path, name: str) -> tuple[Page, list[str]]:
    """Open a page; what it says on the console, asks for or alerts."""
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("request", lambda asked: heard.append(asked.url) if not asked.url.startswith(("file:", "data:")) else None)
    page.goto((folder / f"{name}.html").as_uri())
    expect(page.locator("#headline")).not_to_have_text("…")
    return page, heard


def wider(page: Page) -> int:
    """By how much a page is wider than its window, in px."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth"))
