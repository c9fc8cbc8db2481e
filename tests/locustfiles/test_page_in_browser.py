"""The page as one file, as a browser shows it without a network and without a server."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

import explain_page
from explain_analysis import analyse
from explain_server_timing import Served
from explain_tally import Tally
from explain_timeline import timeline
from explain_turnout import Turnout
from explain_types import Before, Code
from tests.bed.accessibility import violations
from tests.locustfiles.offline import PHONE, WIDE, opened, wider, written
from tests.locustfiles.runs import COMPOSE, EVIL, runs, shown
from tests.locustfiles.samples import run

pytestmark = pytest.mark.browser

RUNS = runs()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages."""
    return written(tmp_path_factory.mktemp("pages"), RUNS)


def shown_at(context: BrowserContext, folder: Path, found: dict[str, Any]) -> tuple[Page, list[str]]:
    """Open the page of one run."""
    (folder / "run.html").write_text(explain_page.standalone(found, "run"), encoding="utf-8")
    return opened(context, folder, "run")


@pytest.mark.parametrize(
    ("context", "names"),
    [(PHONE, list(RUNS)), (PHONE | {"locale": "ja-JP"}, ["slots"]), (WIDE, ["ready", "slots", "healthy"])],
    indirect=["context"],
    ids=["phone, dark", "phone, dark, Japanese", "wide, light"],
)
def test_every_page_is_for_everyone(context: BrowserContext, folder: Path, names: list[str]) -> None:
    for name in names:
        page, heard = opened(context, folder, name)
        expect(page.locator("#verdict")).to_have_attribute("data-code", name)
        assert (name, wider(page), violations(page), heard) == (name, 0, [], [])
        page.close()


def test_the_verdict_comes_first_then_the_time_then_the_routes(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "slots")
    assert page.locator("main > section[id]:visible").evaluate_all("(all) => all.map((one) => one.id)") == [
        "verdict", "where", "who", "more",
    ]  # fmt: skip
    expect(page.locator("#headline")).to_have_text("Too few slots: requests wait for a free one")
    assert [" ".join(text.split()) for text in page.locator("#parts b").all_inner_texts()] == [
        "103 ms waiting for a slot (50 %)",
        "100 ms in the app (49 %)",
        "1 ms sending, and the network (< 1 %)",
    ]
    widths = page.locator("#bar span").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)")
    assert widths[0] / widths[1] == pytest.approx(103 / 100, rel=0.02)
    assert page.locator("#routes tbody th").all_inner_texts() == [name["name"] for name in RUNS["slots"]["routes"]]


@pytest.mark.parametrize(
    ("context", "words", "column"),
    [
        ({"locale": "en"}, "waiting to be served", "waiting to be served, ms"),
        ({"locale": "ja"}, "処理待ち", "処理待ち ms"),
    ],
    indirect=["context"],
    ids=["English", "Japanese"],
)
def test_beside_free_slots_nobody_is_said_to_wait_for_one(
    context: BrowserContext, tmp_path: Path, words: str, column: str
) -> None:
    setting = Served(1, 6, "SlotWorker", 2)
    busy = shown(run(rate=46, cpu_ms=21, app_ms=60, wait_ms=52, queue_ms=50.0, setting=setting))
    page, heard = shown_at(context, tmp_path, busy)
    expect(page.locator("#verdict")).to_have_attribute("data-code", "gil")
    expect(page.locator("#parts b").first).to_contain_text(words)
    expect(page.locator("#routes thead th").nth(6)).to_have_text(column)
    assert heard == []


def test_plots_are_as_high_as_each_other_and_say_their_figures_and_their_limit(
    context: BrowserContext, folder: Path
) -> None:
    page, _ = opened(context, folder, "slots")
    boxes = [page.locator(f"#{name} canvas").bounding_box() for name in ("response", "slots", "cpu")]
    assert len({(box["y"], box["height"]) for box in boxes if box}) == 1
    assert page.locator("#slots").evaluate("(plot) => plot.parentElement.querySelector('.legend').innerText").split(
        "\n"
    ) == ["last:", "busy 17.5", "limit: 18 slots"]
    expect(page.get_by_role("img", name="Response time, ms over the run")).to_have_accessible_name(
        re.compile(r"at its end waiting 103\sms, app 100\sms, sending 1\sms")
    )
    page.locator("#cpu").hover(position={"x": 120, "y": 60})
    expect(page.locator("#plots figure").last.locator(".legend")).to_contain_text(re.compile(r"second \d"))


@pytest.mark.parametrize("name", ["ready", "spawning", "no-data"])
def test_nothing_is_drawn_of_what_is_not_known(context: BrowserContext, folder: Path, name: str) -> None:
    page, _ = opened(context, folder, name)
    assert page.locator("canvas").count() == 0
    assert not page.locator("#where").is_visible()


@pytest.mark.parametrize(
    ("context", "headline", "text"),
    [
        ({"locale": "en"}, "The locustfile raises exceptions", "raised 36 exceptions"),
        ({"locale": "ja"}, "locustfile が例外を出しています", "例外を 36 回"),
    ],
    indirect=["context"],
    ids=["English", "Japanese"],
)
def test_a_locustfile_that_fails_is_not_said_to_start(
    context: BrowserContext, tmp_path: Path, headline: str, text: str
) -> None:
    tally = Tally()
    tally.raised = {"KeyError: 'id', at locustfile.py:3 (in on_start)": 36}
    none = analyse(tally, 36, 2.0, turnout=Turnout(36, 0)), timeline(Tally(), 2.0)
    page, heard = shown_at(context, tmp_path, explain_page.found(*none, "running", COMPOSE))
    expect(page.locator("#headline")).to_have_text(headline)
    expect(page.locator("#text")).to_contain_text(text)
    expect(page.locator("#verdict")).to_have_attribute("data-code", "no-data")
    assert heard == []


def test_a_test_starts_for_some_seconds_and_no_longer(context: BrowserContext, tmp_path: Path) -> None:
    for seconds, headline in ((2.0, "The test is starting"), (11.0, "Too little is known to tell")):
        none = analyse(Tally(), 36, seconds, turnout=Turnout(36, 0)), timeline(Tally(), seconds)
        page, _ = shown_at(context, tmp_path, explain_page.found(*none, "running", COMPOSE))
        expect(page.locator("#headline")).to_have_text(headline)


def test_what_is_to_be_kept_has_no_line_to_paste(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "healthy")
    assert page.get_by_role("button").count() == 0
    expect(page.locator("#suggestion")).to_contain_text("Keep GUNICORN_WORKERS=3 GUNICORN_THREADS=12")


@pytest.mark.parametrize("clipboard", [True, False], ids=["clipboard", "another host, no clipboard"])
def test_the_line_can_be_copied_by_keyboard(context: BrowserContext, folder: Path, clipboard: bool) -> None:
    if not clipboard:
        context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page, _ = opened(context, folder, "slots")
    copy = page.get_by_role("button", name="Copy: Paste into a terminal")
    for _ in range(5):
        page.keyboard.press("Tab")
        if copy.evaluate("(button) => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Copied")
    expect(copy).to_be_focused()
    page.evaluate("() => document.body.append(Object.assign(document.createElement('textarea'), {id: 'target'}))")
    page.locator("#target").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#target")).to_have_value("GUNICORN_WORKERS=3 GUNICORN_THREADS=12 docker compose up")


def test_every_verdict_has_its_words_in_both_languages(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "ready")
    codes = set(get_args(Code))
    assert set(page.evaluate("() => Object.keys(ENGLISH.headlines)")) == codes
    assert set(page.evaluate("() => Object.keys(JAPANESE.headlines)")) == codes
    assert set(page.evaluate("() => Object.keys(JAPANESE_SENTENCES)")) == codes
    same = "() => Object.keys(ENGLISH).filter((name) => name !== 'english' && JAPANESE[name] === ENGLISH[name])"
    assert page.evaluate(same) == []


def test_of_many_routes_those_that_hold_most_come_first(browser: Browser, tmp_path: Path) -> None:
    many = (record._replace(name=f"GET /{number % 14}") for number, record in enumerate(run()))
    (tmp_path / "many.html").write_text(explain_page.standalone(shown(many), "many"), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "many.html").as_uri())
    expect(page.locator("#routes tbody tr")).to_have_count(10)
    expect(page.locator("#further")).not_to_be_visible()
    page.get_by_text("Further routes").click()
    expect(page.locator("#further tbody tr:visible")).to_have_count(4)
    page.close()


def test_a_redirected_route_says_so_below_its_name(context: BrowserContext, tmp_path: Path) -> None:
    found = shown(run(rate=100))
    found["routes"][0]["landed_on"] = EVIL
    page, heard = shown_at(context, tmp_path, found)
    note = page.locator("#routes tbody th small")
    expect(note).to_have_text(f"redirected to {EVIL}: the times are of both together", use_inner_text=False)
    assert violations(page) == heard == []


@pytest.mark.parametrize("context", [{"locale": "ja"}], indirect=True)
def test_a_japanese_browser_gets_japanese(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "slots")
    assert page.evaluate("() => document.documentElement.lang") == "ja"
    expect(page.locator("#text")).to_contain_text("空きを平均 103 ms 待ち")
    page.get_by_text("前提と確認方法").click()
    expect(page.locator("#suggestion [lang=en]").first).to_contain_text("All 18 slots are busy")


EARLIER = Before(
    "20261126-092000-1x18", "1 × 18", "3 × 6", 171.2, 204.5, "same", "same", True, "Before, at 1 × 18: it."
)


@pytest.mark.parametrize(
    ("context", "earlier", "words"),
    [
        ({}, EARLIER, "^Before, at 1 × 18: it.$"),
        (
            {"locale": "ja"},
            EARLIER,
            "^前回の 1 × 18.20261126-092000-1x18.:毎秒 171 件.*今回の 3 × 6.*でも同じです。ただし",
        ),
        ({"locale": "ja"}, replace(EARLIER, setting="3 × 4"), "3 × 4 でも同じです。$"),
        ({"locale": "ja"}, replace(EARLIER, does_as_well=False), "以下。違いは偶然の範囲内です。$"),
        ({"locale": "ja"}, replace(EARLIER, p95_change="worse"), "偶然の範囲内の違い、95 % の応答時間は悪化です。$"),
        ({"locale": "ja"}, replace(EARLIER, rps_change=None), "以下。$"),
    ],
    indirect=["context"],
    ids=["English", "one worker", "as well", "same", "worse", "no spread"],
)
def test_what_an_earlier_run_says(context: BrowserContext, earlier: Before, words: str, tmp_path: Path) -> None:
    earlier = replace(earlier, does_as_well=earlier.does_as_well and earlier.p95_change == "same")
    found = RUNS["slots"] | {"before": asdict(earlier)}
    (tmp_path / "run.html").write_text(explain_page.standalone(found, "run"), encoding="utf-8")
    page, heard = opened(context, tmp_path, "run")
    expect(page.locator("#before")).to_have_text(re.compile(words))
    assert (violations(page), heard) == ([], [])


def test_without_an_earlier_run_nothing_is_said(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "slots")
    expect(page.locator("#before")).to_be_hidden()


def test_it_follows_the_systems_colours_while_it_is_open(context: BrowserContext, folder: Path) -> None:
    page, heard = opened(context, folder, "slots")
    for scheme, ink, axis in (("light", "rgb(28, 25, 23)", "#57534e"), ("dark", "rgb(245, 245, 244)", "#a8a29e")):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.wait_for_function("(axis) => plots.cpu && plots.cpu.axes[0].stroke() === axis", arg=axis)
        assert page.evaluate("() => getComputedStyle(document.body).color") == ink
        expect(page.locator("canvas")).to_have_count(3)
    assert heard == []
