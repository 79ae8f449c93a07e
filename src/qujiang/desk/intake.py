"""A request comes in: checked, hinted at when it repeats another, classified and dispatched by the rules of the day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from qujiang.calendar import china_date
from qujiang.desk import record
from qujiang.desk.access import allow, part_of
from qujiang.desk.rulebook import DESK, Dispatch, Rulebook, Service
from qujiang.errors import DataError, Fault, ForbiddenError, ScenarioError
from qujiang.rules import classify
from qujiang.store import Caller, Unit
from qujiang.store.accounts import credit_code_is_valid
from qujiang.store.schema_rooms import request_departments, requests

CHANNELS = ("page", "api", "open311", "hotline", "telephone", "window")
LONGEST = {
    "title": 200,
    "description": 4000,
    "enterprise_name": 200,
    "contact_name": 100,
    "phone": 40,
    "email": 200,
    "address": 300,
}
ALIKE = 0.5
COMPARED = 300  # signs of the description that two requests are compared by
_INSERT = insert(requests).returning(requests.c.id)
_ASK = insert(request_departments).inline().execution_options(later=True)
_NO_LETTER = re.compile(r"[\W_]+")
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Draft:
    """A request before it has a number."""

    title: str
    description: str
    channel: str = "api"
    service_code: str | None = None
    enterprise_code: str | None = None
    enterprise_name: str = ""
    contact_name: str = ""
    phone: str = ""
    email: str = ""
    town: str | None = None
    address: str = ""
    address_id: str | None = None
    lat: float | None = None
    long: float | None = None
    media_url: str | None = None
    source_ref: str | None = None
    token: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


_FIELDS = tuple(item.name for item in fields(Draft))


def _values(draft: Draft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in _FIELDS}


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a draft."""

    number: str
    version: int
    state: str
    service_code: str | None
    lead_department: str | None
    due_on: date | None
    alike: tuple[str, ...]


def receive(unit: Unit, book: Rulebook, draft: Draft, *, received_at: datetime | None = None) -> Received:
    """Take a request in; classify it by keywords where no service is named, and dispatch it by the rules of the day."""
    allow(unit.caller, "receive")
    draft = _bind(unit.caller, draft)
    _check(book, draft)
    at = received_at or unit.now
    on = china_date(at)
    service, spoke = draft.service_code, []
    if service is None:
        service, spoke = classify(book.keywords, f"{draft.title} {draft.description}", on)
    alike = () if draft.enterprise_code is None else alike_to(unit.connection, draft, service)
    received: dict[str, Any] = {
        **_values(draft),
        "service_code": service,
        "account_id": unit.caller.account_id,
        "state": "received",
        "level": "department",
        "version": 1,
        "received_at": at,
        "received_on": on,
        "updated_at": unit.now,
    }
    rule = None if service is None else book.dispatch_of(service, record.today(unit))
    given = (
        None
        if rule is None or service is None or rule.lead == DESK
        else _assignment(unit, book, received, service, rule)
    )
    # One row for both events: the request comes in and is dispatched in one act.
    values: dict[str, Any] = received if given is None else received | given.changes | {"version": 2}
    id_ = unit.execute(_INSERT, values).scalar_one()
    note = f"classified by {', '.join(spoke)}" if spoke else ""
    events = [record.event(unit, id_, "received", received, note)]
    record.tell(unit, id_, "received", {"channel": draft.channel, "service_code": service, "received_on": on})
    if given is not None:
        changes = given.changes | {"version": 2, "updated_at": unit.now}
        events.append(record.event(unit, id_, "dispatched", changes, given.note))
        record.tell(unit, id_, "dispatched", changes)
        _ask_assisting(unit, id_, given)
    record.add_events(unit, events)
    lead, due = values.get("lead_department"), values.get("due_on")
    return Received(record.number_of(id_), values["version"], values["state"], service, lead, due, alike)


def dispatch(
    unit: Unit, book: Rulebook, number: str, version: int, *, service: str, lead: str | None = None, note: str = ""
) -> int:
    """The desk dispatches by hand: by the rules of the day, or to another lead with a reason."""
    allow(unit.caller, "dispatch")
    row = record.take(unit, number, version, "dispatched")
    rule = book.dispatch_of(book.service(service).code, record.today(unit))
    head = book.department(lead).code if lead else rule.lead
    if head == DESK:
        raise ScenarioError("a request is dispatched to a department; name the lead")
    if head != rule.lead and not note:
        raise ScenarioError(f"the rules name {rule.lead}; say why it goes to {head}")
    assisting = tuple(code for code in rule.assisting if code != head)
    given = _assignment(unit, book, row, service, Dispatch(head, assisting, rule.rule), note)
    unit.execute(delete(request_departments).where(request_departments.c.request_id == row["id"]))
    _ask_assisting(unit, row["id"], given)
    return record.change(unit, row, "dispatched", given.changes, given.note)


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a dispatch changes, and whom it asks for an opinion until when."""

    changes: dict[str, Any]
    assisting: tuple[str, ...]
    asked_on: date
    opinion_due_on: date | None
    note: str


def _assignment(
    unit: Unit, book: Rulebook, row: Mapping[Any, Any], service: str, to: Dispatch, note: str = ""
) -> Assignment:
    """Give a request to its lead and assisting departments and start their clocks."""
    on = record.today(unit)
    clocks = book.clocks_of(book.service(service).kind, len(to.assisting), on)
    clock_on = row.get("clock_on") or row["received_on"]
    changes = {
        "state": "assigned",
        "service_code": service,
        "lead_department": to.lead,
        "assigned_on": on,
        "clock_on": clock_on,
        "contact_days": clocks.contact_wd,
        "contact_due_on": record.count_due(book.calendar, on, clocks.contact_wd, ()),
        "contacted_on": None,
        "due_days": clocks.reply_wd,
        "due_on": record.count_due(book.calendar, clock_on, clocks.reply_wd, ()),
    }
    due = record.count_due(book.calendar, on, clocks.assist_wd, ())
    return Assignment(changes, to.assisting, on, due, f"{note or 'by rule ' + to.rule}; clock {clocks.rule}")


def _ask_assisting(unit: Unit, id_: int, given: Assignment) -> None:
    rows = [
        {"request_id": id_, "department": code, "asked_on": given.asked_on, "due_on": given.opinion_due_on}
        for code in given.assisting
    ]
    if rows:
        unit.execute(_ASK, rows)


_ALIKE = (
    select(requests.c.id, requests.c.title, func.substr(requests.c.description, 1, COMPARED))
    .where(
        requests.c.enterprise_code == bindparam("enterprise"),
        requests.c.state.in_(record.OPEN),
        requests.c.service_code.is_not_distinct_from(bindparam("service")),
    )
    .order_by(requests.c.id.desc())
    .limit(20)
)


def alike_to(connection: Connection, draft: Draft, service: str | None) -> tuple[str, ...]:
    """Open requests of the same enterprise and service whose text is alike: a hint, never a refusal."""
    mine_is = {"enterprise": draft.enterprise_code, "service": service}
    mine = _pairs(f"{draft.title} {draft.description[:COMPARED]}")
    found = [
        (len(mine & other) / max(1, len(mine | other)), id_)
        for id_, title, text in connection.execute(_ALIKE, mine_is)
        for other in [_pairs(f"{title} {text}")]
    ]
    return tuple(record.number_of(id_) for share, id_ in sorted(found, reverse=True) if share >= ALIKE)


def alike(connection: Connection, caller: Caller, book: Rulebook, draft: Draft, on: date) -> tuple[str, ...]:
    """``alike_to`` for a draft that is not yet sent: classified as it would be."""
    allow(caller, "receive")
    draft = _bind(caller, draft)
    if draft.enterprise_code is None:
        return ()
    service = draft.service_code or classify(book.keywords, f"{draft.title} {draft.description}", on)[0]
    return alike_to(connection, draft, service)


def merge(unit: Unit, number: str, version: int, into: str) -> int:
    """The same thing asked twice: this one is closed and points to the other; both numbers stay."""
    allow(unit.caller, "merge")
    row = record.take(unit, number, version, "merged")
    kept = record.find(unit.connection, unit.caller, into)
    if kept["id"] == row["id"] or kept["state"] == "merged":
        raise ScenarioError(f"{number} cannot be merged into {into}")
    changes = {"state": "merged", "merged_into": kept["id"], "closed_at": unit.now}
    return record.change(unit, row, "merged", changes, f"into {record.number_of(kept['id'])}")


def clear(unit: Unit, number: str, version: int) -> int:
    """A clerk has read the text: the public list may show it."""
    allow(unit.caller, "clear")
    row = record.take(unit, number, version, "cleared")
    return record.change(unit, row, "cleared", {"cleared": True})


def _bind(caller: Caller, draft: Draft) -> Draft:
    """An enterprise asks in its own name only."""
    if part_of(caller) != "enterprise":
        return draft
    if draft.enterprise_code not in (None, caller.enterprise_code):
        raise ForbiddenError("an enterprise asks in its own name only")
    return replace(draft, enterprise_code=caller.enterprise_code)


def _check(book: Rulebook, draft: Draft) -> None:
    faults = [
        Fault("request", None, name, f"{getattr(draft, name)[:20]}…", f"is longer than {most} characters", "shorten it")
        for name, most in LONGEST.items()
        if len(getattr(draft, name)) > most
    ]
    texts = [*(v for v in _values(draft).values() if isinstance(v, str)), *_texts(draft.attributes)]
    if any(_UNPRINTABLE.search(text) for text in texts):
        faults.append(Fault("request", None, None, None, "holds control signs or half characters", "send plain text"))
    if not draft.title.strip():
        faults.append(Fault("request", None, "title", draft.title, "is empty", "say in a few words what is asked"))
    if draft.channel not in CHANNELS:
        faults.append(Fault("request", None, "channel", draft.channel, f"must be one of {', '.join(CHANNELS)}", ""))
    if draft.enterprise_code is not None and not credit_code_is_valid(draft.enterprise_code):
        faults.append(
            Fault(
                "request",
                None,
                "enterprise_code",
                draft.enterprise_code,
                "is no valid credit code",
                "copy it from the licence",
            )
        )
    if (draft.lat is None) != (draft.long is None):
        faults.append(Fault("request", None, "lat", None, "lat and long come together", "give both or none"))
    if draft.lat is not None and draft.long is not None and not (-90 <= draft.lat <= 90 and -180 <= draft.long <= 180):
        faults.append(
            Fault("request", None, "lat", str(draft.lat), "is no place on earth (WGS84)", "lat -90..90, long -180..180")
        )
    if draft.service_code is not None and draft.service_code not in book.services:
        faults.append(
            Fault("request", None, "service_code", draft.service_code, "is unknown", "see the list of services")
        )
    elif draft.service_code is not None:
        faults += attribute_faults(book.services[draft.service_code], draft.attributes)
    if faults:
        raise DataError(faults)


def attribute_faults(service: Service, given: dict[str, Any]) -> list[Fault]:
    """What is wrong with the answers to a service's further questions."""
    faults: list[Fault] = []
    known = {question.code: question for question in service.attributes if question.variable}
    for code in given:
        if code not in known:
            faults.append(
                Fault("request", None, f"attribute[{code}]", None, "is no question of this service", "leave it out")
            )
    for code, question in known.items():
        value = given.get(code)
        if value in (None, "", []):
            if question.required:
                faults.append(
                    Fault("request", None, f"attribute[{code}]", None, "is required", question.description_zh)
                )
            continue
        rule = _answer_rule(question.datatype, value, {key for key, _ in question.values})
        if rule:
            faults.append(
                Fault("request", None, f"attribute[{code}]", str(value)[:80], rule, question.datatype_description_zh)
            )
    return faults


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def _answer_rule(datatype: str, value: Any, keys: set[str]) -> str:
    if datatype == "multivaluelist":
        fits = isinstance(value, list) and all(isinstance(item, str) and item in keys for item in value)
        return "" if fits else f"must be some of {', '.join(sorted(keys))}"
    if not isinstance(value, str) or len(value) > 4000:
        return "must be one text of at most 4000 characters"
    if datatype == "singlevaluelist":
        return "" if value in keys else f"must be one of {', '.join(sorted(keys))}"
    if datatype == "number":
        try:
            float(value)
        except ValueError:
            return "must be a number"
    if datatype == "datetime":
        try:
            aware = datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            return "must be a date-time (RFC 3339)"
        return "" if aware else "must name its time zone"
    return ""


def _pairs(text: str) -> set[str]:
    plain = _NO_LETTER.sub("", text.casefold())
    return set(map(str.__add__, plain, plain[1:]))
