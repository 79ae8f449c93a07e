"""Accounts, passwords, sessions and keys.

A secret is kept as a hash only. A changed password ends every session. Failed log-ins slow the next ones, per account
and per address, and stand in the trail.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, bindparam, func, insert, select, text, update

from qujiang.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    ScenarioError,
    ThrottledError,
    UnknownCallerError,
)
from qujiang.store.caller import Caller
from qujiang.store.engine import Store, Unit
from qujiang.store.schema import ROLES, accounts, api_keys, login_attempts, sessions
from qujiang.store.types import Instant

SESSION_H = 12
WINDOW = timedelta(minutes=15)
FREE_FAILURES = {"account_name": 5, "address": 20}
LONGEST_WAIT_S = 900
#: A hash takes 64 MiB: a crowd that logs in at once waits in line instead of filling the memory.
_hashing = threading.BoundedSemaphore(2)
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
# Asked with every call, therefore built once.
_SEEN = [
    accounts.c[name] for name in ("id", "name", "role", "department", "enterprise_code", "must_change", "disabled")
]
_OF_SESSION = (
    select(*_SEEN)
    .join(sessions, sessions.c.account_id == accounts.c.id)
    .where(
        sessions.c.token_hash == bindparam("digest"),
        sessions.c.revoked_at.is_(None),
        sessions.c.expires_at > bindparam("now", type_=Instant()),
    )
)
_OF_KEY = (
    select(*_SEEN)
    .join(api_keys, api_keys.c.account_id == accounts.c.id)
    .where(api_keys.c.key_hash == bindparam("digest"), api_keys.c.revoked_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made from; exactly officers have a department, exactly enterprises a credit code."""

    name: str
    role: str
    display_name: str = ""
    department: str | None = None
    enterprise_code: str | None = None
    password: str | None = None
    one_time: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """A fresh log-in: the token is shown once."""

    token: str
    caller: Caller
    expires_at: datetime

    @property
    def csrf(self) -> str:
        return csrf_of(self.token)


def credit_code_is_valid(code: str) -> bool:
    """Whether 18 characters form a 统一社会信用代码: its check character by GB 32100-2015."""
    if len(code) != 18 or any(sign not in _CREDIT_ALPHABET for sign in code):
        return False
    total = sum(_CREDIT_ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return _CREDIT_ALPHABET[(31 - total) % 31] == code[17]


def create_account(unit: Unit, new: NewAccount) -> int:
    """Add an account; its number."""
    unit.caller.need("admin", "system")
    if not re.fullmatch(r"[\w.@-]{2,64}", new.name):
        raise ScenarioError(f"name {new.name!r} must be 2 to 64 letters, digits or . _ @ -")
    if new.role not in ROLES:
        raise ScenarioError(f"role {new.role!r} must be one of {', '.join(ROLES)}")
    if (new.role == "officer") != bool(new.department):
        raise ScenarioError("an officer, and nobody else, belongs to a department")
    if (new.role == "enterprise") != bool(new.enterprise_code):
        raise ScenarioError("an enterprise, and nobody else, has a credit code")
    if new.enterprise_code and not credit_code_is_valid(new.enterprise_code):
        raise ScenarioError(f"enterprise_code {new.enterprise_code!r} is no valid credit code (GB 32100-2015)")
    if unit.execute(select(accounts.c.id).where(accounts.c.name == new.name)).first():
        raise ConflictError(f"an account {new.name!r} exists already")
    values: dict[str, Any] = {
        "name": new.name,
        "display_name": new.display_name or new.name,
        "role": new.role,
        "department": new.department,
        "enterprise_code": new.enterprise_code,
        "password_hash": hash_password(new.password) if new.password else None,
        "must_change": new.one_time,
        "created_at": unit.now,
    }
    number = unit.execute(insert(accounts).values(values).returning(accounts.c.id)).scalar_one()
    unit.tell(
        "account_created", f"account:{number}", after={"name": new.name, "role": new.role, "department": new.department}
    )
    return number


def log_in(store: Store, name: str, password: str, address: str) -> Session:
    """Open a session.

    Raises
    ------
    UnknownCallerError
        Name or password is wrong (both sound alike), or the account is disabled.
    ThrottledError
        Too many failures; nothing was tried.
    """
    attempt = _begin_attempt(store, name[:64], address[:64])
    with store.read() as connection:
        row = connection.execute(select(accounts).where(accounts.c.name == name)).first()
    # The hash is worked out outside any transaction, and also where there is no such account: both take as long.
    right = _matches(row.password_hash if row and row.password_hash else _decoy(), password)
    if row is None or not right or row.disabled or not row.password_hash:
        with store.write(Caller(None, name[:64], "anonymous", address=address)) as unit:
            unit.tell("login_failed", f"address:{address[:60]}")
        raise UnknownCallerError("name or password is wrong")
    caller = _caller(row, address)
    token = secrets.token_urlsafe(32)
    with store.write(caller) as unit:
        still = unit.execute(select(accounts.c.version).where(accounts.c.id == row.id).with_for_update()).scalar_one()
        if still != row.version:
            raise UnknownCallerError("name or password is wrong")
        expires = unit.now + timedelta(hours=SESSION_H)
        unit.execute(update(login_attempts).where(login_attempts.c.id == attempt).values(ok=True))
        unit.execute(
            insert(sessions).values(
                token_hash=_digest(token), account_id=row.id, created_at=unit.now, expires_at=expires
            )
        )
        unit.tell("logged_in", f"account:{row.id}", after={"address": address})
    return Session(token, caller, expires)


def log_out(unit: Unit, token: str) -> None:
    """End one session."""
    unit.execute(
        update(sessions)
        .where(sessions.c.token_hash == _digest(token), sessions.c.revoked_at.is_(None))
        .values(revoked_at=unit.now)
    )
    unit.tell("logged_out", f"account:{unit.caller.account_id}")


def session_caller(connection: Connection, token: str, now: datetime, address: str = "") -> Caller:
    """Whose session this is."""
    row = connection.execute(_OF_SESSION, {"digest": _digest(token), "now": now}).first()
    if row is None or row.disabled:
        raise UnknownCallerError("the session has ended; log in again")
    return _caller(row, address)


def create_api_key(unit: Unit, account_id: int, label: str) -> str:
    """A new key of an account, shown once; an account may make its own, the administrator anyone's."""
    if unit.caller.account_id != account_id:
        unit.caller.need("admin", "system")
    if unit.execute(select(accounts.c.id).where(accounts.c.id == account_id)).first() is None:
        raise NotFoundError(f"no account {account_id}")
    key = "qk_" + secrets.token_urlsafe(32)
    values = {"account_id": account_id, "label": label[:100], "key_hash": _digest(key), "created_at": unit.now}
    number = unit.execute(insert(api_keys).values(values).returning(api_keys.c.id)).scalar_one()
    unit.tell("key_created", f"account:{account_id}", after={"key": number, "label": label[:100]})
    return key


def revoke_api_key(unit: Unit, key_id: int) -> None:
    """End a key for good."""
    row = unit.execute(select(api_keys.c.account_id).where(api_keys.c.id == key_id)).first()
    if row is None or (row.account_id != unit.caller.account_id and unit.caller.role not in ("admin", "system")):
        raise NotFoundError(f"no key {key_id}")
    unit.execute(update(api_keys).where(api_keys.c.id == key_id).values(revoked_at=unit.now))
    unit.tell("key_revoked", f"account:{row.account_id}", after={"key": key_id})


def key_caller(connection: Connection, key: str, address: str = "") -> Caller:
    """Whose key this is."""
    row = connection.execute(_OF_KEY, {"digest": _digest(key)}).first()
    if row is None or row.disabled:
        raise UnknownCallerError("the key is not known")
    return _caller(row, address)


def change_password(unit: Unit, old: str, new: str) -> None:
    """Change one's own password; every session of the account ends, this one too."""
    row = unit.execute(select(accounts).where(accounts.c.id == unit.caller.account_id).with_for_update()).first()
    if row is None or not row.password_hash or not _matches(row.password_hash, old):
        raise ForbiddenError("the old password is wrong")
    if old == new:
        raise ScenarioError("the new password is the old one")
    _set_password(unit, row.id, new, one_time=False)
    unit.tell("password_changed", f"account:{row.id}")


def reset_password(unit: Unit, account_id: int, new: str) -> None:
    """Set another's password, to be changed at the next log-in; every session of the account ends."""
    unit.caller.need("admin", "system")
    if unit.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()).first() is None:
        raise NotFoundError(f"no account {account_id}")
    _set_password(unit, account_id, new, one_time=True)
    unit.tell("password_reset", f"account:{account_id}")


def disable_account(unit: Unit, account_id: int) -> None:
    """Shut an account; its sessions end, its keys no longer open."""
    unit.caller.need("admin", "system")
    if unit.caller.account_id == account_id:
        raise ConflictError("nobody shuts the own account")
    done = unit.execute(
        update(accounts).where(accounts.c.id == account_id).values(disabled=True, version=accounts.c.version + 1)
    )
    if done.rowcount == 0:
        raise NotFoundError(f"no account {account_id}")
    _end_sessions(unit, account_id)
    unit.tell("account_disabled", f"account:{account_id}")


def csrf_of(token: str) -> str:
    """What a page of this session must send along; a foreign site can neither read the cookie nor work this out."""
    return hashlib.sha256(b"csrf:" + token.encode()).hexdigest()


def csrf_matches(token: str, given: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(csrf_of(token).encode(), given.encode())


def hash_password(password: str) -> str:
    """Argon2id; a password has 10 to 200 characters."""
    if not 10 <= len(password) <= 200:
        raise ScenarioError("a password has 10 to 200 characters")
    with _hashing:
        return _hasher().hash(password)


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _decoy() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _matches(stored: str, password: str) -> bool:
    try:
        with _hashing:
            return _hasher().verify(stored, password[:200])
    except (VerificationError, InvalidHashError):
        return False


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _caller(row: Row[Any], address: str) -> Caller:
    return Caller(row.id, row.name, row.role, row.department, row.enterprise_code, address, row.must_change)


def _set_password(unit: Unit, account_id: int, password: str, *, one_time: bool) -> None:
    values = {"password_hash": hash_password(password), "must_change": one_time, "version": accounts.c.version + 1}
    unit.execute(update(accounts).where(accounts.c.id == account_id).values(values))
    _end_sessions(unit, account_id)


def _end_sessions(unit: Unit, account_id: int) -> None:
    unit.execute(
        update(sessions)
        .where(sessions.c.account_id == account_id, sessions.c.revoked_at.is_(None))
        .values(revoked_at=unit.now)
    )


def _begin_attempt(store: Store, name: str, address: str) -> int:
    """Count the attempt as failed before it is tried, so that attempts side by side cannot slip past the count."""
    slowed: ThrottledError | None = None
    number = 0
    with store.write(Caller(None, name, "anonymous", address=address)) as unit:
        if not store.is_sqlite:
            for word in sorted((f"name {name}", f"address {address}")):
                unit.execute(text("SELECT pg_advisory_xact_lock(hashtext(:word))"), {"word": word})
        wait_s = max(_wait_s(unit, column, value) for column, value in (("account_name", name), ("address", address)))
        if wait_s > 0:
            slowed = ThrottledError(f"too many failed log-ins; wait {wait_s} s", wait_s)
            unit.tell("login_slowed", f"address:{address[:60]}", after={"wait_s": wait_s})
        else:
            values = {"account_name": name, "address": address, "at": unit.now, "ok": False}
            number = unit.execute(insert(login_attempts).values(values).returning(login_attempts.c.id)).scalar_one()
    if slowed is not None:
        raise slowed
    return number


def _wait_s(unit: Unit, column: str, value: str) -> int:
    here = login_attempts.c[column] == value
    success = select(func.max(login_attempts.c.id)).where(here, login_attempts.c.ok).scalar_subquery()
    count, last = unit.execute(
        select(func.count(), func.max(login_attempts.c.at)).where(
            here, login_attempts.c.at > unit.now - WINDOW, login_attempts.c.id > func.coalesce(success, 0)
        )
    ).one()
    free = FREE_FAILURES[column]
    if count < free:
        return 0
    wait = timedelta(seconds=min(LONGEST_WAIT_S, 2 ** min(count - free, 20)))
    left = (last + wait - unit.now).total_seconds()
    return max(0, -int(-left // 1))
