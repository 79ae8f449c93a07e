"""The shell of the pages: signing in and out, both languages, sizes, drafts, the menu; and axe on each page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from qujiang.store import SYSTEM, accounts

PAGES = ("/", "/sign-in", "/about")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_pages_are_accessible_and_fit(visit, axe, fits, path: str, language: str, size: str) -> None:
    page = visit(path, language=language, size=size)
    assert page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-Hans"}[language]
    axe(page)
    assert fits(page)


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_accessible_in_the_dark(visit, axe, path: str) -> None:
    axe(visit(path, dark=True))


def test_an_administrator_signs_in_adds_an_account_and_its_owner_sets_a_password(visit, axe) -> None:
    page = visit("/accounts")  # leads to the sign-in, and back
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("pass phrase of admin")
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/accounts$"))
    axe(page)
    page.get_by_label("Name").fill("wang.wu")
    page.get_by_label("Role").select_option("officer")
    page.get_by_label("Department").fill("transport")
    page.get_by_role("button", name="Add an account").click()
    password = page.locator("[data-focus] code").inner_text()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status").first).to_contain_text("signed out")

    page.get_by_label("Name").fill("wang.wu")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status").last).to_contain_text("for one time")
    axe(page)
    page.get_by_label("Present password").fill(password)
    page.get_by_label("New password", exact=False).first.fill("long enough for me")
    page.get_by_label("once more").fill("long enough for me")
    page.get_by_role("button", name="Change the password").click()
    page.get_by_label("Name").fill("wang.wu")
    page.get_by_label("Password").fill("long enough for me")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_wrong_password_says_no_more_than_that(visit, axe) -> None:
    page = visit("/sign-in", meant=("401",))
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong wrong wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("name or password is wrong")
    assert page.get_by_label("Name").input_value() == "nobody" and page.get_by_label("Password").input_value() == ""
    axe(page)


def test_the_language_is_switched_in_place_and_kept(visit) -> None:
    page = visit("/about", language="zh")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en" and "/about" in page.url
    page.goto(page.url.split("/about")[0] + "/sign-in")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()  # the cookie outweighs the browser's wish


def test_the_menu_opens_on_a_phone_with_the_keyboard(visit) -> None:
    page = visit("/", "admin", size="phone")
    entry = page.get_by_role("link", name="Accounts").first
    expect(page.locator("nav.rooms a").first).to_be_hidden()
    page.locator("nav.rooms summary").focus()
    page.keyboard.press("Enter")
    expect(entry).to_be_visible()


def test_a_draft_outlives_a_lost_connection(visit, site) -> None:
    page = visit("/accounts", "admin")
    page.get_by_label("Name").fill("li.si")
    page.get_by_label("Shown as").fill("李四")
    page.context.set_offline(True)
    page.get_by_role("button", name="Add an account").click()
    expect(page.locator("#offline")).to_be_visible()
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#draft")).to_be_visible()
    assert page.get_by_label("Name").input_value() == "li.si" and page.get_by_label("Shown as").input_value() == "李四"


def test_pages_work_without_scripts(visit) -> None:
    page = visit("/sign-in", scripts=False)
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill("pass phrase of admin")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    expect(page.get_by_role("link", name="Accounts").first).to_be_visible()


def test_a_session_ends_when_the_password_changes(visit, site) -> None:
    page = visit("/accounts", "admin")
    with site.store.write(SYSTEM) as unit:
        number = accounts.create_account(unit, accounts.NewAccount("short", "auditor", password="pass phrase of short"))
    own = visit("/password", "short")
    with site.store.write(SYSTEM) as unit:
        accounts.reset_password(unit, number, "another pass phrase")
    own.reload()
    expect(own.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_role("heading", name="Accounts", exact=True).first).to_be_visible()
