"""The shell of the pages over HTTP: marks of forms, other sites, languages, a proxy's prefix, twins, files."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from qujiang.errors import ForbiddenError
from qujiang.store import accounts
from qujiang.web import create_app
from qujiang.web.acts import COOKIE
from qujiang.web.pages import tokens
from qujiang.web.pages.forms import safe_next
from qujiang.web.pages.language import preferred
from qujiang.web.pages.rooms import routers
from qujiang.web.pages.views import View, csv_text, flat
from tests.live.conftest import make_people

HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def signed(client: TestClient):
    """Sign one of the people in, as a browser would."""
    store = client.app.state.house.store  # type: ignore[attr-defined]
    make_people(store)

    def sign_in(name: str) -> TestClient:
        client.cookies.clear()
        body = {"name": name, "password": f"pass phrase of {name}", "next": "/password"}
        answer = client.post("/sign-in", data=body, headers=HERE, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/password")
        return client

    return sign_in


def marks(client: TestClient, path: str = "/accounts") -> dict[str, str]:
    text = client.get(path).text
    found = re.search(r'name="form_token" value="([^"]+)"><input type="hidden" name="once" value="([^"]+)"', text)
    assert found, text
    return {"form_token": found[1], "once": found[2]}


def test_the_cookie_of_a_session_is_hidden_from_scripts_and_other_sites(client, signed) -> None:
    signed("admin")
    answer = client.post(
        "/sign-in", data={"name": "admin", "password": "pass phrase of admin"}, headers=HERE, follow_redirects=False
    )
    assert answer.status_code == 403  # signed in already: the form lacks this session's mark
    client.cookies.clear()
    answer = client.post(
        "/sign-in", data={"name": "admin", "password": "pass phrase of admin"}, headers=HERE, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie and "secure" not in cookie


def test_a_cookie_is_marked_secure_behind_https(settings) -> None:
    with TestClient(create_app(replace(settings, secure=True)), base_url="https://testserver") as client:
        make_people(client.app.state.house.store)  # type: ignore[attr-defined]
        body = {"name": "admin", "password": "pass phrase of admin"}
        answer = client.post("/sign-in", data=body, headers=HERE, follow_redirects=False)
        assert "secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in client.get("/about").headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({}, True),  # no browser of today: the form's mark decides
        ({"Origin": "http://testserver"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
    ],
)
def test_no_form_is_taken_from_another_site(client, signed, headers: dict[str, str], allowed: bool) -> None:
    signed("admin")
    body = {**marks(client), "name": "fresh.one", "role": "auditor"}
    answer = client.post("/accounts", data=body, headers=headers)
    assert (answer.status_code == 201) is allowed, answer.text
    assert ("fresh.one" in client.get("/accounts").text) is allowed


@pytest.mark.parametrize("token", ["", "x", "0011.22", "\u00e9.\u00e9", "a" * 5000])
def test_a_form_without_the_sessions_mark_does_nothing(client, signed, token: str) -> None:
    signed("admin")
    body = {**marks(client), "form_token": token, "name": "fresh.one", "role": "auditor"}
    assert client.post("/accounts", data=body, headers=HERE).status_code == 403
    assert "fresh.one" not in client.get("/accounts").text


def test_a_mark_of_another_session_is_worth_nothing(client, signed) -> None:
    signed("admin")
    body = {**marks(client), "name": "fresh.one", "role": "auditor"}
    signed("admin")
    assert client.post("/accounts", data=body, headers=HERE).status_code == 403


def test_a_form_sent_twice_counts_once_and_a_changed_one_is_told(client, signed) -> None:
    signed("admin")
    number = re.search(r"/accounts/(\d+)/disable", client.get("/accounts").text)
    assert number
    body = marks(client)
    path = f"/accounts/{number[1]}/disable"
    first = client.post(path, data=body, headers=HERE, follow_redirects=False)
    again = client.post(path, data=body, headers=HERE, follow_redirects=False)
    assert (
        (first.status_code, first.headers["location"])
        == (again.status_code, again.headers["location"])
        == (303, "/accounts")
    )
    told = client.post(path, data={**body, "reason": "another"}, headers=HERE, follow_redirects=False)
    assert told.status_code == 409
    with client.app.state.house.store.read() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM audit WHERE verb = 'account_disabled'").scalar()
    assert count == 1


@pytest.mark.parametrize("once", ["", "short", "x" * 101, "with blank in it", "'; --"])
def test_a_form_needs_a_mark_that_makes_it_count_once(client, signed, once: str) -> None:
    signed("admin")
    number = re.search(r"/accounts/(\d+)/disable", client.get("/accounts").text)
    assert number
    body = {**marks(client), "once": once}
    assert client.post(f"/accounts/{number[1]}/disable", data=body, headers=HERE).status_code == 403


@pytest.mark.parametrize("who", ["firm", "clerk", "supervisor", "meeting", "auditor", None])
def test_the_accounts_are_the_administrators_alone(client, signed, who: str | None) -> None:
    signed("admin")
    body = {**marks(client), "name": "fresh.one", "role": "auditor"}
    client.cookies.clear()
    if who:
        signed(who)
        body["form_token"] = tokens.form_token(client.cookies[COOKIE])
    wanted = 403 if who else 401
    for path in ("/accounts", "/accounts.json", "/accounts.csv"):
        answer = client.get(path, follow_redirects=False)
        assert answer.status_code == (303 if who is None and path == "/accounts" else wanted), path
        assert "pass phrase" not in answer.text and "fresh" not in answer.text
    for path in ("/accounts", "/accounts/1/reset", "/accounts/1/disable"):
        assert client.post(path, data=body, headers=HERE).status_code == wanted
    assert "/accounts" not in client.get("/about").text


def test_a_one_time_password_opens_nothing_but_its_change(client, signed) -> None:
    signed("admin")
    shown = client.post("/accounts", data={**marks(client), "name": "fresh.one", "role": "admin"}, headers=HERE).text
    password = re.search(r"<code>([^<]+)</code>", shown)
    assert password
    client.cookies.clear()
    answer = client.post(
        "/sign-in", data={"name": "fresh.one", "password": password[1]}, headers=HERE, follow_redirects=False
    )
    assert answer.headers["location"] == "/password"
    assert client.get("/accounts", follow_redirects=False).headers["location"] == "/password"
    assert client.get("/accounts.json", follow_redirects=False).status_code == 403
    number = re.search(r"/accounts/(\d+)/disable", shown)
    assert number
    body = {"form_token": tokens.form_token(client.cookies[COOKIE]), "once": tokens.once()}
    for path, more in (
        (f"/accounts/{number[1]}/disable", {}),
        (f"/accounts/{number[1]}/reset", {}),
        ("/accounts", {"name": "x.y", "role": "admin"}),
    ):
        client.post(path, data=body | more, headers=HERE)
    with client.app.state.house.store.read() as connection:
        verbs = {
            row[0] for row in connection.exec_driver_sql("SELECT verb FROM audit WHERE account_name = 'fresh.one'")
        }
    assert verbs <= {"logged_in"}


@pytest.mark.parametrize(
    ("given_", "path"),
    [
        ("/desk", "/desk"), ("/desk?state=open", "/desk?state=open"), ("//evil.example/x", "/"), ("https://evil.example", "/"),
        ("/\\evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"), ("desk", "/"), ("/a\r\nSet-Cookie: x", "/"), ("/\t/evil.example", "/"),
    ],
)  # fmt: skip
def test_the_sign_in_leads_nowhere_else(given_: str, path: str) -> None:
    assert safe_next(given_) == path


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-GB,en;q=0.9,zh;q=0.8", "en"), ("de,fr;q=0.5", None), ("", None), ("en;q=0, zh;q=0.1", "zh"),
        ("EN", "en"), ("zh;q=x", None), ("*", None), ("fr, en;q=0.2, zh-Hant;q=0.3", "zh"), (";;;,,q=", None),
    ],
)  # fmt: skip
def test_the_browsers_wish_is_read(header: str, language: str | None) -> None:
    assert preferred(header) == language


def test_address_cookie_and_wish_choose_the_language_in_this_order(client) -> None:
    def tag(path: str, **headers: str) -> str:
        found = re.search(r'<html lang="([^"]+)"', client.get(path, headers=headers).text)
        assert found
        return found[1]

    assert tag("/about") == "en" and tag("/about", **{"Accept-Language": "zh"}) == "zh-Hans"
    assert tag("/about?lang=zh", **{"Accept-Language": "en"}) == "zh-Hans"
    assert tag("/about", **{"Accept-Language": "en"}) == "zh-Hans"  # the address was kept in the cookie
    assert tag("/about?lang=xx") == "zh-Hans" and tag("/about?lang=en") == "en"


def test_every_address_stands_below_a_proxys_prefix(settings) -> None:
    with TestClient(create_app(replace(settings, prefix="/qj"))) as client:
        make_people(client.app.state.house.store)  # type: ignore[attr-defined]
        for path in ("/about", "/qj/about"):  # a proxy may strip the prefix, or pass it on
            text = client.get(path).text
            addresses = re.findall(r'(?:href|src|action)="([^"#]+)"', text)
            assert addresses and all(a.startswith("/qj/") for a in addresses), addresses
        asset = re.search(r'href="(/qj/static/[^"]+\.css)"', text)
        assert asset and client.get(asset[1]).status_code == 200
        body = {"name": "admin", "password": "pass phrase of admin", "next": "/accounts"}
        answer = client.post("/qj/sign-in", data=body, headers=HERE, follow_redirects=False)
        assert answer.headers["location"] == "/qj/accounts" and "Path=/qj" in answer.headers["set-cookie"]


def test_files_are_packed_kept_and_only_ours(client) -> None:
    text = client.get("/about").text
    path = re.search(r'src="(/static/[^"]+app\.js)"', text)
    assert path
    answer = client.get(path[1], headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip" and "immutable" in answer.headers["cache-control"]
    plain = client.get(path[1], headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content and len(gzip.compress(plain.content)) < len(plain.content)
    old = re.sub(r"/static/[0-9a-f]+/", "/static/0000/", path[1])
    assert client.get(old).headers["cache-control"] == "no-cache"
    for wrong in (
        "../house.py",
        "%2e%2e/house.py",
        "..%2f..%2fapp.py",
        "no.js",
        "vendor",
        "/etc/hostname",
        "app.js%00",
    ):
        assert client.get(f"/static/0000/{wrong}").status_code == 404, wrong


def test_an_error_is_a_page_for_people_and_data_for_machines(client) -> None:
    answer = client.get("/nothing/here", headers={"Accept-Language": "zh"})
    assert answer.status_code == 404 and "text/html" in answer.headers["content-type"] and "此处没有" in answer.text
    for path in ("/api/v1/nothing", "/nothing.json", "/static/0/none.js"):
        answer = client.get(path)
        assert answer.status_code in (401, 404) and answer.headers["content-type"] == "application/json", path
    assert client.post("/about", headers=HERE).status_code == 405


def test_a_page_allows_no_script_or_style_inside_and_nothing_from_elsewhere(client) -> None:
    answer = client.get("/sign-in")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self';" in policy and "style-src 'self';" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert (
        answer.headers["cross-origin-opener-policy"] == "same-origin"
        and "strict-transport-security" not in answer.headers
    )
    assert answer.headers["x-frame-options"] == "DENY" and answer.headers["cache-control"] == "no-store"
    assert client.get("/api/v1/bundles").headers["content-security-policy"].startswith("default-src 'none'; frame")


def test_what_is_shown_of_a_caller_is_escaped(client) -> None:
    text = client.get("/sign-in", params={"next": "/<script>alert(1)</script>"}).text
    assert "<script>alert" not in text and "&lt;script&gt;" in text


def test_every_read_page_has_its_twins() -> None:
    paths = {route.path for router in routers() for route in router.routes if "GET" in route.methods}  # type: ignore[attr-defined]
    views = {p.removesuffix(".json") for p in paths if p.endswith(".json")}
    assert {p + ".csv" for p in views} <= paths
    alone = {p for p in paths if p not in views and not p.endswith((".json", ".csv"))}
    assert all(isinstance(router, APIRouter) for router in routers())
    assert {"/sign-in", "/password", "/about"} <= alone


@given(st.text(max_size=30))
def test_a_cell_is_never_a_formula(text: str) -> None:
    cell = csv_text([{"a": text}]).decode("utf-8-sig").split("\r\n", 1)[1]
    assert not cell.lstrip('"').startswith(("=", "+", "-", "@", "\t"))


def test_nested_data_becomes_lines() -> None:
    assert list(flat({"a": [1, {"b": None}], "c": "x"})) == [
        {"name": "a.0", "value": 1}, {"name": "a.1.b", "value": None}, {"name": "c", "value": "x"},
    ]  # fmt: skip
    assert View({"a": 1}).rows is None


def test_marks_differ_each_time_and_belong_to_one_session() -> None:
    first, second = tokens.form_token("session"), tokens.form_token("session")
    assert first != second
    assert tokens.form_token_matches("session", first) and tokens.form_token_matches("session", second)
    assert not tokens.form_token_matches("other", first) and not tokens.form_token_matches("session", first[:-1])
    assert len({tokens.once() for _ in range(50)}) == 50


def test_an_account_that_is_shut_is_signed_out(client, signed) -> None:
    signed("firm")
    token = client.cookies[COOKIE]
    store = client.app.state.house.store
    with store.read() as connection:
        caller = accounts.session_caller(connection, token, store.now())
    signed("admin")
    with pytest.raises(ForbiddenError):
        caller.need("admin")
    client.post(f"/accounts/{caller.account_id}/disable", data=marks(client), headers=HERE)
    client.cookies.clear()
    client.cookies.set(COOKIE, token)
    assert client.get("/password", follow_redirects=False).headers["location"].startswith("/sign-in")
