"""The counters in a real browser: each main path from sign-in to receipt, keys, double clicks, two tabs, a lost connection, axe."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from qujiang import cases, desk
from tests.live.browser.conftest import EVERY_WAY, open_menu, sign_in
from tests.live.conftest import SERVICES

BOOK = desk.read_rulebook(SERVICES)
#: Every text of the picture against every other text and every sign that it does not name, by their boxes on the screen.
OVERLAPS = """() => {
  const box = (element) => element.getBoundingClientRect();
  const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
  const svg = document.querySelector(".picture > svg.process"), texts = [...svg.querySelectorAll("text")], over = [];
  const signs = [...svg.querySelectorAll(".node > rect, .node > circle, .node > path.gate")];
  for (const [k, text] of texts.entries()) {
    for (const other of texts.slice(k + 1)) {
      if (text.parentNode !== other.parentNode && meets(box(text), box(other))) over.push(`${text.textContent} | ${other.textContent}`);
    }
    for (const sign of signs) {
      if (text.parentNode !== sign.parentNode && meets(box(text), box(sign))) over.push(`${text.textContent} | ${sign.parentNode.querySelector("title")?.textContent || sign.tagName}`);
    }
    const own = text.closest(".node")?.querySelector("rect"), edges = own && box(own), at = box(text);
    if (own && (at.left < edges.left || at.right > edges.right || at.top < edges.top || at.bottom > edges.bottom)) over.push(`${text.textContent} leaves its box`);
  }
  const lanes = [...svg.querySelectorAll(".lane")];
  for (const lane of lanes) for (const text of lane.querySelectorAll("text")) {
    const edges = box(lane.querySelector("rect")), at = box(text);
    if (at.left < edges.left || at.bottom > edges.bottom) over.push(`${text.textContent} leaves its lane`);
  }
  return { texts: texts.length, over };
}"""
#: Four requests that nobody takes for the same.
ASKED = {
    ("en", "desktop"): "Three days without a berth",
    ("en", "phone"): "Crane broke down at noon",
    ("zh", "desktop"): "过闸申报被退回",
    ("zh", "phone"): "堆场积水请排涝",
}
CALL = {"vessel": "浙衢货0001", "cargo": "煤炭", "cargo_t": 1000, "eta": "2026-11-25", "passes_lock": False, "foreign_trade": False, "last_port": "嘉兴", "draught_cm": 260}  # fmt: skip
WORDS = {
    "en": {"name": "Name", "password": "Password", "sign_in": "Sign in", "title": "In a few words", "text": "Description", "vessel": "vessel", "service": "What is it about?", "send": "Send the request"},
    "zh": {"name": "用户名", "password": "密码", "sign_in": "登录", "title": "诉求标题", "text": "详细说明", "vessel": "船名", "service": "事项", "send": "提交诉求"},
}  # fmt: skip


def caller(site, name: str):
    from sqlalchemy import select

    from qujiang.store import Caller
    from qujiang.store.schema import accounts

    with site.store.read() as connection:
        row = connection.execute(select(accounts).where(accounts.c.name == name)).one()
    return Caller(row.id, row.name, row.role, row.department, row.enterprise_code)


def ask(site, title: str, text: str | None = None) -> str:
    """A request of ``firm`` that transport leads, at version 2."""
    with site.store.write(caller(site, "firm")) as unit:
        return desk.receive(unit, BOOK, desk.Draft(title, text or title, service_code="lock_passage")).number


def start(site) -> str:
    library = cases.load_library(site.store, SERVICES)
    papers = {"vessel_certificate": "窗口", "manifest": "窗口", "crew_list": "窗口"}
    with site.store.write(caller(site, "firm")) as unit:
        return cases.start_case(unit, library, BOOK.calendar, cases.Application("port_call", CALL, papers))["code"]


@EVERY_WAY
def test_an_enterprise_asks_and_gets_a_number(visit, axe, fits, language: str, size: str) -> None:
    words, title = WORDS[language], ASKED[language, size]
    page: Page = visit("/desk/new", language=language, size=size)  # leads to the sign-in, and back
    page.get_by_label(words["name"], exact=True).fill("firm")
    page.get_by_label(words["password"], exact=True).fill("pass phrase of firm")
    page.get_by_role("button", name=words["sign_in"]).click()
    page.get_by_label(re.compile("^" + re.escape(words["service"]))).select_option("port_berth")
    page.get_by_label(words["vessel"], exact=True).fill("浙衢货0001")
    page.get_by_label(words["title"], exact=True).fill(title)
    page.get_by_label(words["text"], exact=True).fill(title)
    axe(page)
    assert fits(page)
    page.get_by_role("button", name=words["send"]).dblclick()
    number = page.locator("[data-number]").inner_text()
    assert re.fullmatch(r"R\d{8}", number)
    axe(page)
    page.goto(page.url.split("/desk")[0] + "/desk/requests")
    assert page.get_by_text(title).count() == 1  # the double click asked once
    page.get_by_role("link", name=title).click()
    expect(page.get_by_text(number).first).to_be_visible()
    axe(page)
    assert fits(page)
    page.go_back()
    expect(page.get_by_role("link", name=title)).to_be_visible()


def test_an_officer_works_with_the_keyboard_alone(visit, site, axe) -> None:
    for n in (1, 2, 3):
        ask(site, f"键盘 {n} {n * 1111}")
    page: Page = visit("/desk/requests?q=键盘", "transport", language="zh")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    for key in "jjk":
        page.keyboard.press(key)
    chosen = page.locator("tr.chosen a").inner_text()
    assert chosen.startswith("键盘 1")
    page.keyboard.press("r")
    expect(page.locator("#act-reply textarea")).to_be_focused()
    page.keyboard.type("11月30日前安排过闸")
    axe(page)
    page.locator("#act-reply button").press("Enter")
    expect(page.locator("[data-focus]")).to_contain_text("已完成")
    page.keyboard.press("u")
    expect(page).to_have_url(re.compile("q="))
    expect(page.get_by_role("link", name="键盘 1")).to_have_count(0)


def test_two_tabs_the_second_is_told_and_loses_nothing(visit, site, axe) -> None:
    number = ask(site, "两个页面")
    path = f"/desk/requests/{number}"
    first: Page = visit(path, "transport")
    second: Page = visit(path, "transport", meant=("409",))
    first.locator("#act-contact summary").click()
    first.locator("#act-contact textarea").fill("called at nine")
    first.locator("#act-contact button").click()
    expect(first.locator("[data-focus]")).to_contain_text("Done")
    second.locator("#act-reply summary").click()
    second.locator("#act-reply textarea").fill("The lock takes you on 30 November.")
    second.locator("#act-reply button").click()
    expect(second.get_by_role("alert")).to_contain_text("called at nine")
    expect(second.locator("#act-reply textarea")).to_have_value("The lock takes you on 30 November.")
    axe(second)
    second.locator("#act-reply button").click()
    expect(second.locator("[data-focus]")).to_contain_text("Done")


def test_a_lost_connection_loses_no_word(visit, site) -> None:
    number = ask(site, "断网的一天")
    page: Page = visit(f"/desk/requests/{number}#act-interim", "transport")
    page.locator("#act-interim textarea").fill("half a sentence")
    page.context.set_offline(True)
    page.locator("#act-interim button").click()
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#act-interim textarea")).to_have_value("half a sentence")
    page.locator("#act-interim textarea").press("End")
    page.locator("#act-interim button").click()
    expect(page.locator("[data-focus]")).to_contain_text("Done")
    page.goto(page.url.split("?")[0])
    expect(page.locator("#act-interim textarea")).to_have_value("")


@EVERY_WAY
def test_one_form_one_set_of_papers_one_code(visit, site, axe, fits, language: str, size: str) -> None:
    page: Page = visit("/sign-in?next=/cases", language=language, size=size)
    sign_in(page, "firm")
    page.locator("main a[href*='bundles/port_call']").first.click()
    for name in ("passes_lock", "foreign_trade"):
        page.locator(f"#f-{name} input[value=false]").check()
    page.locator("form.box button").click()
    expect(page.locator("#notice")).to_be_visible()
    axe(page)
    assert fits(page)
    page.locator("a.button[href*=apply]").click()
    for name, value in CALL.items():
        if not isinstance(value, bool):
            page.locator(f"#f-{name}").fill(str(value))
    page.locator("#f-vessel_certificate").set_input_files(
        {"name": "证书.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\n"}
    )
    page.locator("input[name='later:manifest']").check()
    page.locator("input[name='later:crew_list']").check()
    axe(page)
    assert fits(page)
    page.locator("form.stack button").last.dblclick()
    code = page.locator("[data-code]").inner_text()
    assert re.fullmatch("[0-9A-Z]{12}", code)
    axe(page)
    anyone: Page = visit("/cases", language=language, size=size)
    anyone.locator("#code").fill(code.lower())
    anyone.locator("#code").press("Enter")
    expect(anyone.locator(".picture .node.ready")).to_have_count(1)
    assert "浙衢货" not in anyone.content()
    axe(anyone)
    assert fits(anyone)


@EVERY_WAY
def test_an_officer_signs_in_and_does_a_step_of_a_case(visit, site, axe, fits, language: str, size: str) -> None:
    code = start(site)
    page: Page = visit("/cases/worklist", language=language, size=size)  # leads to the sign-in, and back
    sign_in(page, "transport")
    axe(page)
    assert fits(page)
    page.locator(f"a[href*='{code}']").click()
    page.locator("section.act textarea").fill("complete")
    axe(page)
    assert fits(page)
    page.locator("section.act button").dblclick()
    expect(page.locator("[data-focus]")).to_contain_text({"en": "Done", "zh": "已完成"}[language])
    assert page.locator("svg.process .node.done rect").count() >= 1


@EVERY_WAY
def test_an_officer_signs_in_answers_and_the_answer_reaches_the_enterprise(
    visit, site, axe, fits, language: str, size: str
) -> None:
    title = f"等待过闸 {language} {size}"
    number = ask(site, title)
    page: Page = visit("/desk", language=language, size=size)
    page.locator(".own a[href*='sign-in']").click()
    sign_in(page, "transport")
    open_menu(page)
    page.locator("nav.rooms a[href='/desk']").click()
    page.locator("#q").fill(title)
    page.locator("#q").press("Enter")
    page.get_by_role("link", name=title).click()
    page.locator("#act-reply summary").click()
    page.locator("#act-reply textarea").fill("11月30日安排过闸")
    axe(page)
    assert fits(page)
    page.locator("#act-reply button").dblclick()
    expect(page.locator("[data-focus]")).to_contain_text({"en": "Done", "zh": "已完成"}[language])
    assert fits(page)
    asker: Page = visit(f"/desk/requests/{number}", "firm", language=language, size=size)
    expect(asker.get_by_text("11月30日安排过闸").first).to_be_visible()
    page.go_back()  # the form of before: sent again it is told that it is done, and does nothing twice
    page.go_forward()
    with site.store.read() as connection:
        told = desk.shown(connection, caller(site, "firm"), BOOK, number, site.clock.at.date())
    assert [event["verb"] for event in told["events"]].count("replied") == 1


@EVERY_WAY
def test_a_supervisor_signs_in_and_decides_from_the_board(visit, site, axe, fits, language: str, size: str) -> None:
    title = f"等待船期 {language} {size}"
    number = ask(site, title)
    with site.store.write(caller(site, "transport")) as unit:
        desk.ask_extension(unit, BOOK, number, 2, days=3, reason="等待船期")
    page: Page = visit("/desk/board", language=language, size=size)  # leads to the sign-in, and back
    sign_in(page, "supervisor")
    axe(page)
    assert fits(page)
    page.get_by_role("link", name=title).click()
    page.locator("#act-decide_extension summary").click()
    page.locator("#act-decide_extension input[value=yes]").check()
    page.locator("#act-decide_extension textarea").fill("同意")
    assert fits(page)
    page.locator("#act-decide_extension button").dblclick()
    expect(page.locator("[data-focus]")).to_contain_text({"en": "Done", "zh": "已完成"}[language])
    page.goto(site.url + "/desk/board")
    expect(page.get_by_role("link", name=title)).to_have_count(0)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("bundle", ["port_call", "short_drama"])
def test_in_the_picture_of_a_process_no_name_lies_over_another_or_over_a_sign(
    visit, bundle: str, language: str
) -> None:
    page: Page = visit(f"/cases/bundles/{bundle}", "firm", language=language)
    found = page.evaluate(OVERLAPS)
    assert found["texts"] > 10
    assert not found["over"], found["over"]


def test_the_counters_work_without_scripts(visit, site) -> None:
    number = ask(site, "没有脚本")
    page: Page = visit(f"/desk/requests/{number}", "transport", scripts=False)
    page.locator("#act-contact summary").click()
    page.locator("#act-contact button").click()
    expect(page.locator("[data-draft-done]")).to_contain_text("Done")
    form: Page = visit("/desk/new", "firm", scripts=False)
    form.locator("#f-service_code").select_option("short_drama")
    form.get_by_role("button", name="Show its questions").click()
    expect(form.get_by_label("place that is needed")).to_be_visible()
