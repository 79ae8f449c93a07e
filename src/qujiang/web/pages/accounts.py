"""The administrator's page of accounts."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Response
from sqlalchemy import select

from qujiang.errors import QujiangError
from qujiang.store import Unit
from qujiang.store import accounts as store_accounts
from qujiang.store.schema import ROLES
from qujiang.store.schema import accounts as table
from qujiang.web.faults import status_of
from qujiang.web.pages.desk import names
from qujiang.web.pages.face import Face, SignedIn
from qujiang.web.pages.forms import SignedInForm, act, errors_of
from qujiang.web.pages.views import View, view

router = APIRouter(include_in_schema=False)
SHOWN = ("id", "name", "display_name", "role", "department", "enterprise_code", "must_change", "disabled", "created_at")


@view(router, "/accounts", "accounts.html.j2")
def listed(face: SignedIn) -> View:
    """Every account, the newest first."""
    face.caller.need("admin")
    return _view(face)


@router.post("/accounts")
def create(form: SignedInForm) -> Response:
    """Add an account; its one-time password is shown once, on the answer to this form."""
    face = form.face
    password = secrets.token_urlsafe(15)
    values = {name: form.text(name) for name in ("name", "role", "display_name", "department", "enterprise_code")}
    new = store_accounts.NewAccount(
        values["name"],
        values["role"],
        values["display_name"],
        values["department"] or None,
        values["enterprise_code"] or None,
        password,
        one_time=True,
    )
    try:
        with face.house.store.write(face.caller, trace=face.request.scope["state"]["trace"]) as unit:
            store_accounts.create_account(unit, new)
    except QujiangError as error:
        if status_of(error) not in (409, 422):
            raise
        return _page(face, status_of(error), values=values, faults=errors_of(error, face))
    return _page(face, 201, shown={"name": new.name, "password": password})


@router.post("/accounts/{number}/reset")
def reset(number: int, form: SignedInForm) -> Response:
    """A new one-time password, shown once."""
    face, password = form.face, secrets.token_urlsafe(15)
    with face.house.store.write(face.caller, trace=face.request.scope["state"]["trace"]) as unit:
        store_accounts.reset_password(unit, number, password)
        name = unit.execute(select(table.c.name).where(table.c.id == number)).scalar_one()
    return _page(face, 200, shown={"name": name, "password": password})


@router.post("/accounts/{number}/disable")
def disable(number: int, form: SignedInForm) -> Response:
    """Shut an account."""

    def do(unit: Unit) -> str:
        store_accounts.disable_account(unit, number)
        return "/accounts"

    return act(form, do)


def _view(face: Face) -> View:
    with face.house.store.read() as connection:
        found = connection.execute(select(*(table.c[name] for name in SHOWN)).order_by(table.c.id.desc())).mappings()
        rows = [dict(row) for row in found]
    empty = dict.fromkeys(("name", "role", "display_name", "department", "enterprise_code"), "")
    named_roles = [(role, face.code("web.role", role)) for role in ROLES]
    aside = {"names": names, "named_roles": named_roles, "values": empty, "faults": [], "shown": None}
    return View({"accounts": rows}, rows, aside)


def _page(face: Face, status: int, **changed: Any) -> Response:
    shown = _view(face)
    return face.page("accounts.html.j2", status, twins={}, **{**shown.data, **shown.aside, **changed})
