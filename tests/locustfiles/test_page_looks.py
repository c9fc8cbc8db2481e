"""How the page looks with figures and names that are hard to show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.bed.accessibility import violations
from tests.locustfiles.offline import PHONE, WIDE, opened, wider, written
from tests.locustfiles.runs import EVIL, odd, runs

pytestmark = pytest.mark.browser

ODD = odd()

# Texts of the bar that are cut off; one for which there is no room stands below its piece, where nobody sees it.
CUT = """() => [...document.querySelectorAll('#bar span')].filter((piece) => piece.textContent).filter((piece) => {
  const range = document.createRange();
  range.selectNodeContents(piece);
  const [text, box] = [range.getBoundingClientRect(), piece.getBoundingClientRect()];
  return text.top < box.bottom && (text.left < box.left || text.right > box.right);
}).map((piece) => piece.textContent)"""
# Words that go on in the next line.
BROKEN = """(selector) => [...document.querySelectorAll(selector)].filter((word) => {
  const range = document.createRange();
  range.selectNodeContents(word);
  return word.checkVisibility() && new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
}).map((word) => word.textContent)"""
# The leftmost painted column of a canvas; a label of the axis that is cut off begins in the first.
LEFTMOST = """(canvas) => {
  const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  for (let x = 0; x < width; x++) for (let y = 0; y < height; y++) if (data[4 * (y * width + x) + 3]) return x;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All pages."""
    return written(tmp_path_factory.mktemp("pages"), ODD | runs())


@pytest.mark.parametrize(
    "context", [PHONE, WIDE, PHONE | {"locale": "ja-JP"}], indirect=True, ids=["phone", "wide", "phone, Japanese"]
)
def test_every_odd_page_is_for_everyone(context: BrowserContext, folder: Path) -> None:
    for name in ODD:
        page, heard = opened(context, folder, name)
        assert (name, page.evaluate(CUT)) == (name, [])
        assert (name, wider(page), violations(page), heard) == (name, 0, [], [])
        page.close()


def bar(page: Page) -> list[float]:
    """The widths of the bar and of its pieces."""
    return [
        float(page.locator("#bar").evaluate("(bar) => bar.getBoundingClientRect().width")),
        *page.locator("#bar span").evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().width)"),
    ]


@pytest.mark.parametrize("name", ["slots", "less than 1 ms"])
def test_the_bar_is_full_however_short_the_times_are(context: BrowserContext, folder: Path, name: str) -> None:
    page, _ = opened(context, folder, name)
    whole, *pieces = bar(page)
    assert sum(pieces) == pytest.approx(whole, abs=5)


def test_there_is_no_bar_of_nothing(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "0 ms")
    expect(page.locator("#parts")).to_contain_text("0 ms in the app")
    expect(page.locator("#bar")).not_to_be_visible()


def test_no_figure_of_an_axis_is_cut_off(context: BrowserContext, folder: Path) -> None:
    for name in ("seven digits", "slots"):
        page, _ = opened(context, folder, name)
        for canvas in page.locator("canvas").all():
            assert canvas.evaluate(LEFTMOST) > 0


def test_the_time_before_a_request_is_sent_has_a_colour_of_its_own_and_is_in_the_plot(
    context: BrowserContext, folder: Path
) -> None:
    page, _ = opened(context, folder, "arrivals that had to wait")
    colour = "(all) => all.map((one) => getComputedStyle(one).backgroundColor)"
    colours = page.locator("#parts .swatch").evaluate_all(colour)
    assert len(colours) == len(set(colours)) == 4
    expect(page.get_by_role("img", name="Response time, ms over the run")).to_have_accessible_name(
        re.compile(r"at its end delay \d+\sms, waiting \d+\sms, app 100\sms, sending")
    )
    parts = [ODD["arrivals that had to wait"]["timeline"][name] for name in ("delay_ms", "wait_ms", "app_ms")]
    assert page.evaluate("() => plots.response.data[1]") == pytest.approx(list(map(sum, zip(*parts, strict=True))))


def test_the_limit_has_one_colour_in_the_plot_and_its_legend(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "slots")
    legend = page.locator("#plots .swatch.limit").first.evaluate("(one) => getComputedStyle(one).borderTopColor")
    (red, green, blue) = (int(page.evaluate("() => color('limit')")[at : at + 2], 16) for at in (1, 3, 5))
    assert legend == f"rgb({red}, {green}, {blue})"


@pytest.mark.parametrize("context", [PHONE, WIDE], indirect=True, ids=["phone", "wide"])
def test_no_command_and_no_route_is_broken_without_need(context: BrowserContext, folder: Path) -> None:
    for name in ("stuck", "imbalance", "slots", "arrivals that had to wait"):
        page, _ = opened(context, folder, name)
        page.locator("summary").evaluate_all("(all) => all.forEach((one) => { one.parentElement.open = true; })")
        assert page.locator(".whole").count() > 0
        assert (name, page.evaluate(BROKEN, ".whole")) == (name, [])
    page, _ = opened(context, folder, "slots")
    assert re.findall(r"\d (?:ms|%)", page.locator("#where").inner_text()) == []
    names = page.locator("#routes tbody th").all_inner_texts()
    assert page.evaluate(BROKEN, "#routes tbody th") == [name for name in names if len(name) > 20]


@pytest.mark.parametrize("context", [PHONE | {"locale": "ja-JP"}], indirect=True)
def test_japanese_is_neither_broken_nor_left_out(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "arrivals that had to wait")
    page.locator("summary").evaluate_all("(all) => all.forEach((one) => { one.parentElement.open = true; })")
    split = page.evaluate(BROKEN, "main thead th, #times tbody th")
    assert [word for word in split if " " not in word] == []
    expect(page.locator("#text")).to_contain_text(re.compile(r"到着 \d+ 件のうち \d+ 件は"))
    expect(page.get_by_role("heading", name="Requests, as Locust")).to_have_js_property("parentElement.lang", "en")


def test_what_is_code_in_the_verdict_is_shown_as_code(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "unknown")
    expect(page.locator("#text code")).to_have_text("queue")
    assert "`" not in page.locator("#verdict").inner_text()


def test_what_nobody_knows_has_no_bar(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "stuck")
    assert page.locator("#routes tbody td:first-of-type").all_inner_texts() == 2 * ["\N{EN DASH}"]
    assert page.locator("#routes .share").count() == 0


def test_times_beside_requests_that_hang_are_said_to_be_those_of_others(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "stuck")
    expect(page.locator("#takes")).to_have_text(re.compile(r"^Those that were answered took \d+\sms on average:$"))


def test_a_run_that_is_over_is_not_said_to_go_on(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "no-data")
    expect(page.locator("#headline")).to_have_text("Too little is known to tell")


def test_a_kept_run_says_which_it_is(context: BrowserContext, folder: Path) -> None:
    page, _ = opened(context, folder, "60 workers")
    expect(page.get_by_role("banner")).to_contain_text(f"60 workers {' '.join(EVIL.split())}")


def test_locusts_tables_have_their_figures_in_sight(context: BrowserContext, folder: Path) -> None:
    """However long a name is, it takes no more than its share of a wide page."""
    page, _ = opened(context, folder, "60 workers")
    table = page.get_by_role("region", name="Requests, as Locust counts them")
    assert table.evaluate("(table) => table.scrollWidth - table.clientWidth") <= 0
    assert table.locator("td").nth(1).evaluate("(cell) => getComputedStyle(cell).textAlign") == "left"
    assert table.locator("td").nth(2).evaluate("(cell) => getComputedStyle(cell).textAlign") == "right"
