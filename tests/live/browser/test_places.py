"""Map, quotes, port, projects and outlook in a real browser."""

from __future__ import annotations

import base64
import json
import re

import pytest
from playwright.sync_api import Page, expect

from qujiang import studies
from qujiang.district import District
from qujiang.store import SYSTEM
from qujiang.web.plans import PROGRAM
from tests.live.browser.conftest import EVERY_WAY, open_menu
from tests.live.test_pages_places import answered

ASKED = "/freight?from=常山&to=苏州&cargo=plate&tonnes=500"
PAGES = ("/freight", ASKED, "/projects", "/buildings", "/port?tonnes=7000000", "/outlook", "/outlook/gdp/衢江区")
#: The map's driver tells of readings of its canvas; nothing else may be said.
COLOURS = """async (picture) => {
  const image = await createImageBitmap(await (await fetch(picture)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const seen = {};
  const data = pen.getImageData(0, 0, image.width, image.height).data;
  for (let k = 0; k < data.length; k += 4) { const c = `${data[k] >> 4},${data[k + 1] >> 4},${data[k + 2] >> 4}`; seen[c] = (seen[c] || 0) + 1; }
  return Object.keys(seen).length;
}"""


def drawn(page: Page) -> dict[str, int]:
    """Wait until the map stands still, and tell how many features of each layer are on the screen."""
    page.wait_for_selector("[data-map][data-state=drawn][data-drawn]", timeout=30_000)
    told = page.locator("[data-map]").first.get_attribute("data-drawn")
    assert told
    return json.loads(told)


def colours(page: Page, other: Page) -> int:
    """How many colours the map shows, counted from its picture on a page without a policy."""
    picture = base64.b64encode(page.locator(".map canvas").screenshot()).decode()
    other.goto("about:blank")
    return other.evaluate(COLOURS, f"data:image/png;base64,{picture}")


def test_no_page_scrolls_sideways_at_any_width(visit, fits) -> None:
    page = visit(PAGES[0])
    for path in PAGES:
        page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + path)
        for width in (320, 500, 760, 800, 1000, 1100, 1160, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert fits(page), (path, width)


def test_pages_fit_on_paper_and_keep_their_tables(visit, fits) -> None:
    page = visit(PAGES[0])
    home = page.url.removesuffix(PAGES[0])
    page.set_viewport_size({"width": 695, "height": 1000})  # A4 less its margins
    page.emulate_media(media="print")
    for path in PAGES:
        page.goto(home + path)
        assert fits(page), path
        heads = page.locator("main thead")
        assert all(
            heads.nth(k).evaluate("head => getComputedStyle(head).position") == "static" for k in range(heads.count())
        )
    page.goto(home + ASKED)
    drawn(page)
    expect(page.locator(".map")).to_be_hidden()
    expect(page.locator(".still svg")).to_be_visible()  # the picture is printed, not the canvas


def test_what_projects_move_is_shown_at_every_width(visit, site, axe, fits) -> None:
    district = District.open()
    ground = studies.Ground(district.info.id, district.hash, PROGRAM)
    packed = studies.pack(answered(district))
    with site.store.write(SYSTEM) as unit:
        studies.ask_standing(unit, ground, 0)
    assert studies.Runner(site.store, lambda held, report: studies.Outcome(packed)).run_one()
    page = visit("/projects#gains")
    expect(page.get_by_role("heading", name="What each project moves")).to_be_visible()
    axe(page)
    for width in (320, 800, 1160, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert fits(page), width


@EVERY_WAY
def test_a_quote_from_the_question_to_the_chains_on_the_map(
    visit, browser, axe, fits, language: str, size: str
) -> None:
    words = {
        "en": ("From", "To", "Cargo", "Tonnes", "Quote", "Changshan", "Suzhou", "cheapest"),
        "zh": ("起点", "终点", "货种", "吨数", "询价", "常山", "苏州", "最省钱"),
    }[language]
    page = visit("/about", language=language, size=size)
    open_menu(page)
    page.locator("nav.rooms a[href='/freight']").click()
    page.get_by_label(words[0], exact=True).fill(words[5])
    page.get_by_label(words[1], exact=True).fill(words[6])
    page.get_by_label(words[2], exact=True).select_option("plate")
    page.get_by_label(words[3], exact=True).fill("500")
    page.get_by_role("button", name=words[4]).click()
    expect(page.get_by_text(words[7]).first).to_be_visible()
    chains = page.locator("a[data-chain]").count()
    assert chains >= 3 and drawn(page)["legs"] >= chains
    other = browser.new_page()
    assert colours(page, other) > 8  # land, sea, borders, modes: more than a blank ground
    other.close()
    axe(page)
    assert fits(page)
    # another chain is chosen without leaving the page, and the address keeps it
    page.locator("a[data-chain]").nth(2).click()
    expect(page.locator("a[data-chain='3']")).to_have_attribute("aria-current", "true")
    expect(page).to_have_url(re.compile("chain=3"))
    page.reload()
    expect(page.locator("tr.chosen a")).to_have_attribute("data-chain", "3")


def test_figures_show_what_they_rest_on_when_the_keyboard_comes_to_them(visit) -> None:
    page = visit(ASKED)
    figure = page.locator("table.chains .figure").first
    expect(figure.get_by_role("tooltip")).to_be_hidden()
    figure.locator("button").focus()
    expect(figure.get_by_role("tooltip")).to_be_visible()
    expect(figure.get_by_role("tooltip")).to_contain_text("crew wage")
    page.keyboard.press("Escape")
    expect(figure.get_by_role("tooltip")).to_be_hidden()


def test_faults_of_a_question_stand_at_their_fields(visit, axe) -> None:
    page = visit("/freight?from=Changshn&to=&cargo=plate&tonnes=-5", meant=("422",))
    expect(page.get_by_label("From", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-from-fault")).to_contain_text("Did you mean")
    expect(page.locator("#f-tonnes-fault")).to_be_visible()
    assert page.evaluate("document.activeElement.id") == "faults"
    axe(page)


def test_the_map_works_with_the_keyboard_and_from_its_table(visit) -> None:
    page = visit(ASKED)
    drawn(page)
    canvas = page.locator(".map canvas")
    canvas.focus()
    before = page.url
    for key in ("ArrowRight", "ArrowRight", "+"):
        page.keyboard.press(key)
    page.wait_for_function(
        "(before) => location.href !== before", arg=before
    )  # the address holds the part that is shown
    page.locator("details[open] button.go").last.click()
    popup = page.locator(".maplibregl-popup")
    expect(popup).to_contain_text("water: Qujiang port area – Suzhou")
    expect(popup).to_contain_text("assumed")
    canvas.focus()
    page.keyboard.press("Escape")
    expect(popup).to_have_count(0)
    page.locator("details[open] button.go").last.click()
    page.wait_for_timeout(600)
    canvas.focus()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")  # what lies in the middle
    expect(popup).to_be_visible()


@pytest.mark.parametrize("path", [ASKED])
def test_without_scripts_a_picture_and_a_table_say_the_same(visit, path: str) -> None:
    page = visit(path, scripts=False)
    expect(page.locator(".still svg")).to_be_visible()
    assert page.locator(".still polyline").count() >= 3
    expect(page.locator("table").first).to_be_visible()


def test_the_week_of_the_port_plays_pauses_and_steps(visit) -> None:
    page = visit("/port")
    week = page.locator(".harbour[data-state=ready]")
    expect(week).to_be_visible()
    begin = int(week.get_attribute("data-hour") or "-1")
    page.get_by_role("button", name="One hour on").click()
    expect(week).to_have_attribute("data-hour", str(begin + 1))
    assert week.locator("[data-berth] svg").count() == int(said(page)[0])
    play = page.get_by_role("button", name="Play")
    play.click()
    page.wait_for_function("(at) => Number(document.querySelector('.harbour').dataset.hour) >= at", arg=begin + 4)
    assert page.locator("[data-week-told]").get_attribute("aria-live") == "off"
    page.get_by_role("button", name="Pause").click()
    stopped = week.get_attribute("data-hour")
    page.wait_for_timeout(900)
    assert week.get_attribute("data-hour") == stopped
    slider = page.get_by_label("Hour of the week")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(week).to_have_attribute("data-hour", str(int(stopped or 0) - 1))
    assert "berths in use" in (slider.get_attribute("aria-valuetext") or "")


def said(page: Page) -> list[str]:
    """The numbers of the sentence below the clock: berths in use, berths in all, at anchor, on their way in."""
    found = re.search(
        r"– (\d+) of (\d+) berths in use, (\d+) at anchor, (\d+) on", page.locator("[data-week-told]").inner_text()
    )
    assert found
    return list(found.groups())


@EVERY_WAY
def test_a_change_of_the_port_is_typed_and_compared(visit, axe, fits, language: str, size: str) -> None:
    words = {
        "en": ("Tonnes a year, in and out", "Berths", "Simulate", "The port with your change", "7 Mt/year"),
        "zh": ("年吞吐量", "泊位", "模拟", "调整后的港口", "700万吨/年"),
    }[language]
    page = visit("/port", language=language, size=size)
    page.get_by_label(words[0]).fill("7000000")
    page.get_by_label(words[1]).nth(4).fill("3")
    page.get_by_role("button", name=words[2]).click()
    expect(page.get_by_role("heading", name=words[3])).to_be_visible()
    expect(page.get_by_role("cell", name=words[4])).to_be_visible()
    expect(page.locator(".harbour[data-state=ready] [data-berth]")).to_have_count(25, timeout=60_000)
    expect(page.locator("#running")).to_have_count(0, timeout=60_000)  # the page shows by itself what comes later
    axe(page)
    assert fits(page)
    page.go_back()
    expect(page.get_by_role("heading", name=words[3])).to_have_count(0)


@EVERY_WAY
def test_projects_of_a_day_are_filtered_by_their_light(visit, axe, fits, language: str, size: str) -> None:
    page = visit("/projects", language=language, size=size)
    every = page.locator("#list ~ table tbody tr").count()
    page.locator("#f-on").fill("2028-01-01")
    page.locator("#f-light").select_option("red")
    page.locator("form.filter button").click()
    expect(page).to_have_url(re.compile("on=2028-01-01.*light=red"))
    rows = page.locator("#list ~ table tbody tr")
    late = rows.count()
    assert 0 < late < every and page.locator("#list ~ table tbody .badge.red").count() == late
    assert (
        int(page.locator(".tiles .card", has=page.locator(".badge.red")).locator("button.value").inner_text()) == late
    )
    axe(page)
    assert fits(page)
    page.go_back()
    expect(rows).to_have_count(every)


def test_without_scripts_the_week_is_shown_at_the_hour_that_is_asked(visit) -> None:
    page = visit("/port?hour=30", scripts=False)
    expect(page.locator("[data-week-told]")).to_contain_text("Day 2, 6:00")
    assert page.locator("[data-berth] svg").count() == int(said(page)[0])
    page.get_by_role("button", name="Show this hour").click()
    expect(page.locator("[data-week-told]")).to_contain_text("Day 2, 6:00")


@pytest.mark.parametrize(("language", "dark"), [("en", False), ("zh", True)])
def test_a_series_is_drawn_live_and_the_still_picture_stays_for_paper(
    visit, axe, fits, language: str, dark: bool
) -> None:
    page = visit("/outlook/retail_sales/衢江区", language=language, dark=dark)
    place = page.locator("[data-chart]")
    page.wait_for_selector("[data-chart][data-drawn]")
    assert int(place.get_attribute("data-drawn") or 0) >= 2
    shades = place.locator("canvas").evaluate(
        "c => new Set(new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer)).size"
    )
    assert shades > 20  # lines, bands and letters, not a blank sheet
    expect(page.locator("#still")).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator("#still")).to_be_visible()
    expect(place).to_be_hidden()
    page.emulate_media(media="screen")
    axe(page)
    assert fits(page)


def test_a_series_is_a_picture_without_scripts(visit) -> None:
    page = visit("/outlook/retail_sales/衢江区", scripts=False)
    expect(page.locator("#still")).to_be_visible()
    expect(page.locator("[data-chart]")).to_be_hidden()
