"""The cockpit, landmarks, Try a change and studies in a real browser: both languages, two sizes, with and without scripts."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from qujiang.studies import Runner
from tests.live.browser.conftest import DRAWN, EVERY_WAY, MAP, SCENARIO, Site, serving, sign_in


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, planned_template: Path) -> Iterator[Site]:
    """A server with a runner of its own, that keeps the plan and one scenario."""
    with serving(tmp_path_factory.mktemp("plan"), planned_template, study_futures=128) as (app, made):
        plans = app.state.plans
        plans.runner = Runner(app.state.house.store, plans_work(app), every_s=0.2)
        plans.runner.start()
        yield made


def plans_work(app):
    """The process that a server runs studies in."""
    from qujiang.web.study_work import PlanWork

    return PlanWork(app.state.plans.district.folder)


@pytest.mark.parametrize(
    ("language", "link", "name", "title"),
    [
        ("en", "Download the report", f"qujiang-{SCENARIO}-report-en.html", "does the plan hold?"),
        ("zh", "下载报告", f"qujiang-{SCENARIO}-report-zh.html", "规划能实现吗？"),
    ],
)
def test_the_report_is_downloaded_and_stands_alone(
    visit, browser, tmp_path, language: str, link: str, name: str, title: str
) -> None:
    page = visit(f"/?scenario={SCENARIO}", language=language, meant=MAP)
    with page.expect_download() as started:
        page.get_by_role("link", name=link).click()
    assert started.value.suggested_filename == name
    file = tmp_path / name
    started.value.save_as(file)
    with alone(browser, file, (390, 844)) as (report, asked):
        expect(report.get_by_role("heading", level=1)).to_contain_text(title)
        expect(report.get_by_role("radio", name="中文" if language == "zh" else "English")).to_be_checked()
        assert asked == [file.as_uri()]  # nothing but itself
        for width in (320, 390, 700, 768, 900, 1000, 1280):
            report.set_viewport_size({"width": width, "height": 900})
            assert report.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
        report.emulate_media(media="print")
        report.set_viewport_size(
            {"width": 695, "height": 1000}
        )  # A4 less its margins: what is wider is printed smaller
        assert report.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_flows_and_locks_keep_their_names_on_paper(visit, fits) -> None:
    page = visit("/", meant=MAP)
    page.wait_for_selector(DRAWN, timeout=30_000)  # the names are buttons by then
    page.set_viewport_size({"width": 695, "height": 1000})
    page.emulate_media(media="print")
    for part in ("flows", "locks"):
        first = page.locator(f"[data-map-part={part}] tbody th").first
        expect(first.get_by_role("button")).to_be_visible()
    assert fits(page)


@contextmanager
def alone(browser: Browser, file: Path, size: tuple[int, int]) -> Iterator[tuple[Page, list[str]]]:
    """A file opened from the disk, and the addresses that it asked for; no script may run."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, java_script_enabled=False)
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    yield page, asked
    context.close()


def test_every_number_of_a_card_tells_its_source_on_hover_and_on_focus(visit, fits) -> None:
    page = visit("/", meant=MAP)
    figures = page.locator(".glance .figure")
    assert figures.count() >= 30
    for number in (0, 1, figures.count() - 1):
        figure = figures.nth(number)
        tip = figure.get_by_role("tooltip", include_hidden=True)
        expect(tip).to_be_hidden()
        figure.locator("button").hover()
        expect(tip).to_be_visible()
        expect(tip).to_contain_text(re.compile("documented|derived|assumed"))
        expect(tip).to_contain_text("Source: ")
        page.mouse.move(1, 1)
        expect(tip).to_be_hidden()
        figure.locator("button").focus()
        expect(tip).to_be_visible()
        assert fits(page)
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()


def test_the_year_slider_and_the_cargo_move_map_tables_address_and_twins(visit) -> None:
    page = visit("/", meant=MAP)
    page.wait_for_selector(DRAWN, timeout=30_000)
    drawn = json.loads(page.locator("[data-map]").get_attribute("data-drawn") or "{}")
    assert drawn["flows"] > 20 and drawn["locks"] > 5 and drawn["places"] > 10
    first = page.locator("[data-map-part=flows] td.number").first.inner_text()
    page.locator("#f-year").focus()
    page.keyboard.press("Home")
    expect(page.locator("#f-year ~ output, label[for=f-year] output")).to_have_text("2024")
    expect(page).to_have_url(re.compile("year=2024"))
    expect(page.locator("[data-map-part=flows] caption")).to_contain_text("2024")
    assert page.locator("[data-map-part=flows] td.number").first.inner_text() != first
    with page.expect_response(re.compile("flows.geojson.*year=2024.*cargo=coal")) as answered:
        page.locator("#f-cargo").select_option("coal")
    assert answered.value.ok
    expect(page).to_have_url(re.compile("cargo=coal"))
    with page.expect_response(re.compile("venues.geojson")) as answered:
        page.get_by_label("venues").check()
    assert answered.value.ok
    told = page.request.get(page.get_by_role("link", name="JSON").evaluate("link => link.href")).json()
    assert (told["year"], told["cargo"]) == (2024, "coal")


def test_a_card_opens_its_landmark_and_keeps_the_scenario(visit) -> None:
    page = visit("/", meant=MAP)
    page.locator("#f-show").select_option("scenario:" + SCENARIO)
    page.get_by_role("button", name="Show").first.click()
    expect(page).to_have_url(re.compile("scenario=" + SCENARIO))
    page.locator("#landmark-1 h3 a").click()
    expect(page).to_have_url(re.compile("/landmarks/1.scenario=" + SCENARIO))
    expect(page.get_by_role("heading", name="throughput of the Qujiang port area")).to_be_visible()
    assert page.locator("svg.curve").count() >= 2
    page.go_back()
    page.get_by_role("link", name="What it changes").click()
    expect(page.locator("tr", has_text="Fuchunjiang lock").first).to_contain_text("→")


@EVERY_WAY
def test_a_change_is_tried_run_compared_shared_and_deleted(visit, axe, fits, site, language: str, size: str) -> None:
    page = visit("/try", language=language, size=size, meant=(*MAP, "422"))
    page.locator("main a[href*='sign-in']").click()
    sign_in(page, "transport")
    run = {"en": "Run it", "zh": "运行"}[language]
    page.get_by_role("button", name=run).first.click()
    expect(page.get_by_role("alert")).to_be_visible()  # nothing was changed
    axe(page)
    field = page.locator("[id='f-v:rates/diesel_price/rate_value']")
    field.fill("dear")
    page.get_by_role("button", name=run).first.click()
    expect(page.locator("[id='f-v:rates/diesel_price/rate_value-fault']")).to_be_visible()
    expect(field).to_have_value("dear")
    slider = page.locator(".lever", has=field).locator("input[type=range]")
    field.fill("7.2")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert float(field.input_value()) > 7.2
    title = f"贵 {language} {size}"
    page.locator("#f-title").fill(title)
    page.locator("#f-futures").select_option("0")
    page.locator("#f-visibility").select_option("link")
    page.get_by_role("button", name=run).first.dblclick()
    expect(page).to_have_url(re.compile("/studies/"))
    axe(page)
    expect(page.locator("#d-measures")).to_be_visible(timeout=90_000)  # htmx loads the page anew when the run is over
    expect(page.locator("body")).to_contain_text("→")
    axe(page)
    assert fits(page)
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Download the report|下载报告")).click()
    assert re.fullmatch(rf"qujiang-study-\d+-report-{language}\.html", started.value.suggested_filename)
    link = page.locator("#share ~ .box code").inner_text()
    assert link == page.url.split("?")[0]
    other = visit(link.removeprefix(site.url), None, language=language, meant=MAP)  # whoever has the link
    expect(other.locator("#d-measures")).to_be_visible()
    assert other.locator("form[action$='/delete']").count() == 0
    toml = page.locator("a[href$='.toml']").evaluate("link => link.href")
    written = tomllib.loads(page.request.get(toml).text())
    assert [row["key"] for row in written["set"]] == ["diesel_price"]
    page.goto(site.url + "/try")
    assert (
        float(page.locator("[id='f-v:rates/diesel_price/rate_value']").input_value()) == 7.2
    )  # the draft is done with
    page.goto(link)
    page.locator("summary", has_text=re.compile("^(Delete|删除)$")).click()
    page.locator("form[action$='/delete'] button").click()
    expect(page).to_have_url(re.compile("/studies$"))
    assert page.locator("table.studies").get_by_text(title).count() == 0


def test_a_run_is_cancelled_and_run_again(visit) -> None:
    page = visit("/try", "supervisor", meant=MAP)
    field = page.locator("[id='f-v:rates/diesel_price/rate_value']")
    field.fill("8.1")
    page.locator("#f-futures").select_option("5000")
    page.get_by_role("button", name="Run it").first.click()
    expect(page.locator("#progress")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status").first).to_contain_text("cancelled")
    page.get_by_role("button", name="Run it again").click()
    expect(page.locator("#progress")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("status").first).to_contain_text("cancelled")


def test_without_scripts_a_file_is_uploaded_and_its_faults_are_told(visit, tmp_path) -> None:
    page = visit("/try", "clerk", scripts=False, meant=("422",))
    faulty = tmp_path / "faulty.toml"
    faulty.write_text('name_zh = "x"\n[[set]]\ntable = "lokcs"\n', encoding="utf-8")
    page.locator("#f-file").set_input_files(faulty)
    page.get_by_role("button", name="Run it").last.click()
    lines = page.get_by_role("alert").get_by_role("listitem")
    assert lines.count() >= 4  # name_en, reason, the table, its reason: all at once
    good = tmp_path / "good.toml"
    good.write_text(
        'name_zh = "贵"\nname_en = "dear"\nreason = "r"\n[[set]]\ntable = "rates"\nkey = "diesel_price"\n'
        'values = { rate_value = 8.0 }\nreason = "r"\n',
        encoding="utf-8",
    )
    page.locator("#f-file").set_input_files(good)
    page.get_by_role("button", name="Run it").last.click()
    expect(page).to_have_url(re.compile("/studies/"))
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A change")


def test_a_lost_connection_loses_nothing_of_a_change(visit) -> None:
    page = visit("/try", "tax", meant=(*MAP, "ERR_INTERNET_DISCONNECTED"))
    field = page.locator("[id='f-v:rates/diesel_price/rate_value']")
    field.fill("8.3")
    page.locator("#f-title").fill("offline")
    page.context.set_offline(True)
    page.get_by_role("button", name="Run it").first.click()
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#draft")).to_be_visible()
    expect(field).to_have_value("8.3")
    assert page.locator(".lever", has=field).evaluate("box => box.classList.contains('moved')")
    expect(page.locator("#f-title")).to_have_value("offline")


@pytest.mark.parametrize("path", ["/", "/landmarks/1"])
def test_a_page_prints_on_a4(visit, path: str) -> None:
    page = visit(path, meant=MAP)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 695, "height": 1000})  # A4 less its margins, at 96 points an inch
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator(".bar .rooms").is_hidden()
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and len(pdf) > 20_000
