"""``qujiang serve --samples``: accounts of every role and a few sample requests in an empty database, to try the counters."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from qujiang.errors import ConflictError

if TYPE_CHECKING:
    from qujiang.desk import Rulebook
    from qujiang.store import Caller, Store

#: The shortest way from a random body to a valid credit code is its own check sign.
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WORDS = "示例诉求，仅供试用。"


def fill(store: Store, book: Rulebook) -> tuple[str, list[str]]:
    """Make the accounts and requests; the password of all accounts, and their names.

    Raises
    ------
    ConflictError
        The database holds accounts besides the administrator's: samples never mix with real ones.
    """
    from sqlalchemy import func, select

    from qujiang.store.schema import accounts as table

    with store.read() as connection:
        if connection.execute(select(func.count()).select_from(table).where(table.c.role != "admin")).scalar_one():
            raise ConflictError("samples go into an empty database only; this one holds accounts already")
    password = secrets.token_urlsafe(9)
    leads = {book.dispatch_of(code, store.now().date()).lead for code in book.services}
    people = _accounts(store, sorted(leads | {"desk"}), password)
    _requests(store, book, people)
    return password, list(people)


def credit_code(body: str) -> str:
    """17 signs with their check sign (GB 32100-2015)."""
    total = sum(_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return body + _SIGNS[(31 - total) % 31]


def _accounts(store: Store, departments: list[str], password: str) -> dict[str, Caller]:
    from qujiang.store import SYSTEM, Caller
    from qujiang.store.accounts import NewAccount, create_account

    parts: list[tuple[str, str, str | None, str | None]] = [
        ("firm", "enterprise", None, credit_code("91330803" + "".join(secrets.choice(_SIGNS) for _ in range(9)))),
        *((f"officer.{code}", "officer", code, None) for code in departments),
        ("supervisor", "supervisor", None, None),
        ("meeting", "joint_meeting", None, None),
        ("auditor", "auditor", None, None),
    ]
    made: dict[str, Caller] = {}
    with store.write(SYSTEM) as unit:
        for name, role, department, code in parts:
            new = NewAccount(name, role, f"{name}（示例）", department, code, password)
            made[name] = Caller(create_account(unit, new), name, role, department, code)
    return made


def _requests(store: Store, book: Rulebook, people: dict[str, Caller]) -> None:
    from qujiang import desk

    asked = [service for service in book.services.values() if not any(q.required for q in service.attributes)]
    for place, service in enumerate(asked):
        draft = desk.Draft(f"{service.name_zh}（示例）", WORDS, channel="page", service_code=service.code)
        at = store.now() - timedelta(days=2 * (len(asked) - place))
        with store.write(people["firm"]) as unit:
            got = desk.receive(unit, book, draft, received_at=at)
        lead = people.get(f"officer.{got.lead_department}")
        if lead is None or place % 4 == 3:  # some wait for the desk, or for their first contact
            continue
        with store.write(lead) as unit:
            version = desk.contact(unit, got.number, got.version, "")
        if place % 4 == 2:
            continue
        with store.write(lead) as unit:
            version = desk.reply(unit, got.number, version, WORDS)
        if place % 4 == 1:
            with store.write(people["firm"]) as unit:
                desk.rate(unit, got.number, version, rating=4 + place % 2, comment="")
