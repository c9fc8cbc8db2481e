"""The pictures in the documents, of the web UI while a test runs: `python -m bench.pictures` writes docs/images/.

Compose is started as a newcomer starts it, with one slot for 36 users, and Chromium looks at the page and at the tab.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import bench
from tests.bed.browser import chromium
from tests.bed.compose import Stack, clone

FOLDER = bench.DOCS / "images"
SECONDS = 30
SLOW = {"GUNICORN_WORKERS": "1", "GUNICORN_THREADS": "1"}
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def main() -> int:
    """Start the stack, run the test, take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        stack = Stack("slots-pictures", clone(Path(folder)))
        try:
            stack.compose("build", "--quiet")
            stack.up(environ=SLOW)
            swarm(stack.web_url)
            take(stack.web_url)
        finally:
            stack.down()
    return 0


def swarm(url: str) -> None:
    """Press START, and wait for a run to look at."""
    form = b"user_count=36&spawn_rate=100"
    with urllib.request.urlopen(url + "/swarm", data=form, timeout=10) as answer:
        assert json.load(answer)["success"]
    time.sleep(SECONDS)


def take(url: str) -> None:
    """Take the page, on a wide screen and on a phone at night, and the tab."""
    with chromium() as browser:
        for name, path, size, scheme in (
            ("why-slow", "/explain", WIDE, "light"),
            ("why-phone", "/explain", PHONE, "dark"),
            ("why-tab", "/?tab=why", WIDE, "light"),
        ):
            page = browser.new_page(viewport=size, color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(url + path)
            page.get_by_text("Too few slots").first.wait_for()
            page.wait_for_timeout(2500)  # the next look of Locust's own page
            page.screenshot(path=FOLDER / f"{name}.png", full_page=name == "why-slow")
            page.close()
            print(f"written: docs/images/{name}.png", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
