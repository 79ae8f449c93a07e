"""Who may do what with which study. Denied unless listed.

Who works for the district saves studies; an enterprise does where the server is started so; an auditor and the public only
read. A private study is its owner's, the administrator's and the auditor's; one with a link is read by whoever has its code;
a public one stands in everybody's list. An administrator may stop or remove any study, and changes none.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import ColumnElement, or_, true

from qujiang.errors import ForbiddenError
from qujiang.store import Caller
from qujiang.store.schema_studies import studies

#: Who may save studies: those who work for the district, or any account.
Savers = Literal["staff", "accounts"]
STAFF = frozenset({"officer", "supervisor", "joint_meeting", "admin"})
ALLOWED: dict[Savers, frozenset[str]] = {"staff": STAFF, "accounts": STAFF | {"enterprise"}}
#: Who reads every study.
READERS = frozenset({"admin", "auditor", "system"})


def may_save(caller: Caller, savers: Savers) -> bool:
    """Whether a caller may save and run studies."""
    return caller.account_id is not None and caller.role in ALLOWED[savers]


def allow_save(caller: Caller, savers: Savers) -> None:
    """Refuse whoever may not save studies."""
    if not may_save(caller, savers):
        raise ForbiddenError(f"{caller.role} may not run studies; allowed: {', '.join(sorted(ALLOWED[savers]))}")


def by_code(caller: Caller) -> ColumnElement[bool]:
    """The studies that a caller sees when naming their code, as a condition of every query."""
    if caller.role in READERS:
        return true()
    open_ones = studies.c.visibility.in_(("link", "public"))
    return open_ones if caller.account_id is None else or_(open_ones, studies.c.account_id == caller.account_id)


def in_lists(caller: Caller) -> ColumnElement[bool]:
    """The studies that stand in a caller's list: public ones and the caller's own."""
    if caller.role in READERS:
        return true()
    public = studies.c.visibility == "public"
    return public if caller.account_id is None else or_(public, studies.c.account_id == caller.account_id)


def may_change(caller: Caller, owner: int | None) -> bool:
    """Whether a caller may rename, share or run again: the owner alone."""
    return caller.account_id is not None and caller.account_id == owner


def may_stop(caller: Caller, owner: int | None) -> bool:
    """Whether a caller may cancel or delete."""
    return may_change(caller, owner) or caller.role == "admin"
