"""The page as one file."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import explain_page
from tests.locustfiles.runs import runs

SLOTS = runs()["slots"]


class Parts(HTMLParser):
    """The scripts and the addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.addresses: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")
        if tag in ("script", "link", "img"):
            self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.scripts[-1] += data


@pytest.mark.parametrize("name", runs())
def test_what_there_is_to_paste_is_what_the_verdict_says_to_set(name: str) -> None:
    found = runs()[name]
    for variable, value in found["verdict"]["variables"].items():
        assert (f"{variable}={value}" if value else variable) in found["verdict"]["suggestion"]
    assert bool(found["paste"]) is bool(found["verdict"]["variables"])


def test_a_file_has_all_that_it_needs_and_the_run_as_it_is() -> None:
    found = SLOTS
    parts = Parts(explain_page.standalone(found, "Run </title> 3 × 6"))
    assert parts.addresses == ["data:,"]
    data, *scripts = parts.scripts
    assert json.loads(data) == json.loads(json.dumps(found))
    assert len(scripts) == len(explain_page.SCRIPTS)


def test_no_text_of_a_run_becomes_markup() -> None:
    text = explain_page.standalone(SLOTS, "</title><script>alert(1)</script>")
    assert "alert(1)</script" not in text
    assert "<title>&lt;/title&gt;&lt;script&gt;" in text


def test_what_no_file_can_hold_is_left_out() -> None:
    broken = SLOTS | {"verdict": SLOTS["verdict"] | {"text": "HTTP 500 \ud800"}}
    assert b"HTTP 500 ?" in explain_page.standalone(broken, "run \udcff").encode("utf-8")


def test_only_its_own_scripts_and_styles_may_run() -> None:
    text = explain_page.standalone(SLOTS, "run")
    (policy,) = re.findall('http-equiv="Content-Security-Policy" content="(.+?)"', text)
    assert "unsafe" not in policy
    assert policy.count("sha256-") == len(explain_page.SCRIPTS) + len(explain_page.STYLES)
    for script in Parts(text).scripts[1:]:
        assert explain_page.hashes([script]) in policy


def test_further_sections_stand_in_the_page_as_they_are() -> None:
    section = "<section><h2>Requests</h2><noscript>1</noscript><svg><title>t</title></svg></section>"
    text = explain_page.standalone(SLOTS, "run", section)
    assert section in text
    assert text.index(section) < text.index("</main>")


def test_without_scripts_there_is_the_verdict() -> None:
    found = SLOTS
    assert f"<noscript><p>{found['verdict']['text']}" in explain_page.standalone(found, "run").replace("&#x27;", "'")


def test_files_that_were_left_behind_are_missed_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_page, "FOLDER", None)
    with pytest.raises(FileNotFoundError, match=r"^explain.html: expected beside"):
        explain_page.standalone(SLOTS, "run")


def test_the_page_names_the_files_that_it_is_sent() -> None:
    """One that is loaded but not sent would be missing only in a browser."""
    text = (Path(explain_page.__file__).parent / "web" / "explain.html").read_text(encoding="utf-8")
    named = re.findall(r'"explain/([\w.-]+\.(?:js|css))"', text)
    assert named == [*explain_page.STYLES, *explain_page.SCRIPTS]
