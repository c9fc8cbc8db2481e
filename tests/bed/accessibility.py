"""What axe-core finds wrong with a page, for who uses a keyboard, a screen reader or other colours."""

from __future__ import annotations

import functools
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page


@functools.cache
def axe() -> str:
    """axe-core, which axe-playwright-python brings along."""
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, within: str = "html") -> list[str]:
    """Return each rule that is broken, and where. All that is folded is opened first.

    Only of the whole page axe looks at its title, its language and its headings.
    """
    page.evaluate("() => document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    page.evaluate(axe())
    found: dict[str, Any] = page.evaluate("(within) => axe.run(within)", within)
    return [f"{rule['id']}: {node['target']}" for rule in found["violations"] for node in rule["nodes"]]
