"""Open311 GeoReport v2: the desk in the words that other cities' software speaks.

Public answers carry no name, phone, e-mail or account; an enterprise's address is cut to its town, and free text and
position are shown only after a clerk has cleared them.
Source: GeoReport v2, wiki.open311.org (open311/open311.github.io, GeoReport/v2).
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, and_, select

from qujiang.calendar import CHINA
from qujiang.desk import record
from qujiang.desk.intake import Draft, receive
from qujiang.desk.rulebook import DESK, Rulebook, Service
from qujiang.errors import DataError, Fault, NotFoundError
from qujiang.store import Unit
from qujiang.store.schema_rooms import requests

SPAN = timedelta(days=90)
MOST = 1000
CHANGESET = "2026-11-23T00:00:00+08:00"
_ATTRIBUTE = re.compile(r"attribute\[([\w.-]{1,40})\](\[\])?")


@dataclass(frozen=True, slots=True)
class Query:
    """The filters of the list of requests, as they were written."""

    service_request_id: str = ""
    service_code: str = ""
    start_date: str = ""
    end_date: str = ""
    status: str = ""
    page: str = ""
    page_size: str = ""
    extensions: str = ""


def discovery(endpoint: str, contact: str) -> dict[str, Any]:
    """Where the service lies and what it speaks."""
    return {
        "changeset": CHANGESET,
        "contact": contact,
        "key_service": "Ask the district's request desk for a key.",
        "endpoints": [
            {
                "specification": "http://wiki.open311.org/GeoReport_v2",
                "url": endpoint,
                "changeset": CHANGESET,
                "type": "production",
                "formats": ["text/xml", "application/json"],
            }
        ],
    }


def services(book: Rulebook) -> list[dict[str, Any]]:
    """The list of services."""
    words: dict[str, list[str]] = {}
    for rule in book.keywords:
        words.setdefault(rule.subject, []).append(rule.word)
    return [
        {
            "service_code": service.code,
            "service_name": service.name_zh,
            "description": service.description_zh,
            "metadata": bool(service.attributes),
            "type": service.type,
            "keywords": ",".join(words.get(service.code, [])),
            "group": service.group_zh,
        }
        for service in book.services.values()
    ]


def definition(book: Rulebook, code: str) -> dict[str, Any]:
    """The further questions of one service."""
    if code not in book.services:
        raise NotFoundError(f"service_code {code} was not found")
    attributes = sorted(book.services[code].attributes, key=lambda question: question.order)
    return {
        "service_code": code,
        "attributes": [
            {
                "variable": question.variable,
                "code": question.code,
                "datatype": question.datatype,
                "required": question.required,
                "datatype_description": question.datatype_description_zh,
                "order": question.order,
                "description": question.description_zh,
                "values": [{"key": key, "name": name} for key, name in question.values],
            }
            for question in attributes
        ],
    }


def post(unit: Unit, book: Rulebook, form: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Take a posted form in; its number at once, a token where the number comes later, or neither (blackbox)."""
    given = {name: value for name, value in form if value != "" and not _ATTRIBUTE.fullmatch(name)}
    code = given.get("service_code", "")
    if not code:
        raise DataError([_fault("service_code", "is required")])
    if code not in book.services:
        raise NotFoundError(f"service_code {code} was not found")
    service = book.services[code]
    token = secrets.token_urlsafe(18) if service.type == "batch" else None
    made = receive(unit, book, _draft(service, given, _attributes(form), token))
    answer: dict[str, Any] = {}
    if service.type == "realtime":
        answer["service_request_id"] = made.number
    elif token is not None:
        answer["token"] = token
    notice = {"blackbox": "已收到。此类诉求不公开，结果将直接答复。", "batch": "已收到，分类后给出编号。"}.get(
        service.type, ""
    )
    return answer | {"service_notice": notice, "account_id": ""}


def token(connection: Connection, value: str) -> dict[str, Any]:
    """The number behind a token; without it while the desk has not yet classified."""
    row = connection.execute(
        select(requests.c.id, requests.c.state, requests.c.lead_department).where(requests.c.token == value)
    ).first()
    if row is None:
        raise NotFoundError(f"token {value} was not found")
    known = row.state != "received" or row.lead_department is not None
    return ({"service_request_id": record.number_of(row.id)} if known else {}) | {"token": value}


def listed(connection: Connection, book: Rulebook, query: Query, now: datetime) -> list[dict[str, Any]]:
    """The public list; the last 90 days or the first 1,000, whichever is less."""
    faults: list[Fault] = []
    where = [_public(book)]
    if query.service_request_id:
        where.append(requests.c.id.in_(_ids(query.service_request_id)))
    else:
        where += _filters(book, query, now, faults)
    page = _whole(query.page, "page", 1, 10_000, 1, faults)
    size = _whole(query.page_size, "page_size", 1, MOST, MOST, faults)
    if faults:
        raise DataError(faults)
    rows = connection.execute(
        select(requests)
        .where(*where)
        .order_by(requests.c.received_at.desc(), requests.c.id.desc())
        .limit(size)
        .offset((page - 1) * size)
    ).mappings()
    more = query.extensions.casefold() == "true"
    return [_shown(book, row, more) for row in rows]


def cleared(connection: Connection, book: Rulebook, after: str, limit: int) -> tuple[list[dict[str, Any]], str | None]:
    """The requests whose text a clerk has cleared, the newest number first, from a cursor on; and the next cursor."""
    query = select(requests).where(requests.c.cleared, _public(book)).order_by(requests.c.id.desc())
    if after:
        query = query.where(requests.c.id < record.id_of(after))
    rows = connection.execute(query.limit(limit + 1)).mappings().all()
    shown = [_shown(book, row, False) | {"department": row["lead_department"] or DESK} for row in rows[:limit]]
    return shown, shown[-1]["service_request_id"] if len(rows) > limit else None


def one(connection: Connection, book: Rulebook, number: str, *, extensions: bool) -> list[dict[str, Any]]:
    """A list of one."""
    row = (
        connection.execute(select(requests).where(requests.c.id == record.id_of(number), _public(book)))
        .mappings()
        .first()
    )
    if row is None:
        raise NotFoundError(f"service_request_id {number} was not found")
    return [_shown(book, row, extensions)]


def _public(book: Rulebook) -> Any:
    hidden = [code for code, service in book.services.items() if service.type == "blackbox"]
    batch = [code for code, service in book.services.items() if service.type == "batch"]
    waits = and_(requests.c.service_code.in_(batch), requests.c.lead_department.is_(None))
    return and_(requests.c.service_code.is_not(None), requests.c.service_code.not_in(hidden), ~waits)


def _filters(book: Rulebook, query: Query, now: datetime, faults: list[Fault]) -> list[Any]:
    where: list[Any] = []
    codes = [code for code in query.service_code.split(",") if code]
    for code in codes:
        if code not in book.services:
            raise NotFoundError(f"service_code {code} was not found")
    if codes:
        where.append(requests.c.service_code.in_(codes))
    wanted = {word.strip() for word in query.status.split(",") if word.strip()}
    if wanted - {"open", "closed"}:
        faults.append(_fault("status", "must be open or closed", query.status))
    elif len(wanted) == 1:
        closed = requests.c.state.in_(("closed", "merged"))
        where.append(closed if wanted == {"closed"} else ~closed)
    start, end = _instant(query.start_date, "start_date", faults), _instant(query.end_date, "end_date", faults)
    if faults:
        return where
    if start is None and end is None:
        end, start = now, now - SPAN
    first, last = (
        (start if start is not None else _before(end)),
        (end if end is not None else start + SPAN if start else now),
    )
    if last - first > SPAN:
        faults.append(_fault("end_date", "spans more than 90 days from start_date"))
    return [*where, requests.c.received_at >= first, requests.c.received_at <= last]


def _before(end: datetime | None) -> datetime:
    assert end is not None
    return end - SPAN


def _shown(book: Rulebook, row: RowMapping, more: bool) -> dict[str, Any]:
    service = book.services.get(row["service_code"])
    closed = row["state"] in ("closed", "merged")
    lead = row["lead_department"] or DESK
    answer = {
        "service_request_id": record.number_of(row["id"]),
        "status": "closed" if closed else "open",
        "status_notes": _notes(row),
        "service_name": service.name_zh if service else row["service_code"],
        "service_code": row["service_code"],
        "description": row["description"] if row["cleared"] else None,
        "agency_responsible": book.departments[lead].name_zh if lead in book.departments else lead,
        "service_notice": None,
        "requested_datetime": _local(row["received_at"]),
        "updated_datetime": _local(row["closed_at"] or row["updated_at"]),
        "expected_datetime": _end_of(row["due_on"]),
        "address": row["address"] or row["town"] if row["cleared"] and not row["enterprise_code"] else row["town"],
        "address_id": None,
        "zipcode": None,
        "lat": row["lat"] if row["cleared"] else None,
        "long": row["long"] if row["cleared"] else None,
        "media_url": row["media_url"] if row["cleared"] else None,
    }
    if more:
        answer["extended_attributes"] = {
            "state": row["state"],
            "joint_meeting": row["level"] == "joint_meeting",
            "reopened": row["reopened"],
            "replied_on": row["replied_on"].isoformat() if row["replied_on"] else None,
        }
    return answer


def _notes(row: RowMapping) -> str | None:
    if row["merged_into"] is not None:
        return f"merged into {record.number_of(row['merged_into'])}"
    return row["reply"] if row["cleared"] else None


def _draft(service: Service, given: Mapping[str, str], attributes: dict[str, Any], token_: str | None) -> Draft:
    faults: list[Fault] = []
    lat, long = _number(given.get("lat"), "lat", faults), _number(given.get("long"), "long", faults)
    if not ("lat" in given and "long" in given) and "address_string" not in given and "address_id" not in given:
        faults.append(_fault("lat", "or address_string or address_id: a location is required"))
    description = given.get("description", "")
    if re.search(r"<[/!]?[a-zA-Z]", description):
        faults.append(_fault("description", "may hold line breaks but no HTML"))
    if "media_url" in given and not re.fullmatch(r"https?://[!-~]{1,480}", given["media_url"]):
        faults.append(_fault("media_url", "must be an http address", given["media_url"]))
    if faults:
        raise DataError(faults)
    title = description.strip().splitlines()[0][:60] if description.strip() else service.name_zh
    name = " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
    return Draft(
        title,
        description,
        channel="open311",
        service_code=service.code,
        contact_name=name,
        phone=given.get("phone", ""),
        email=given.get("email", ""),
        address=given.get("address_string", ""),
        address_id=given.get("address_id", "")[:80] or None,
        lat=lat,
        long=long,
        media_url=given.get("media_url"),
        token=token_,
        attributes=attributes,
    )


def _attributes(form: Sequence[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in form:
        match = _ATTRIBUTE.fullmatch(name)
        if match is None or value == "":
            continue
        if match[2]:
            several = found.setdefault(match[1], [])
            if isinstance(several, list):
                several.append(value)
        else:
            found[match[1]] = value
    return found


def _ids(text: str) -> list[int]:
    found = []
    for number in text.split(",")[:MOST]:
        match = re.fullmatch(r"\s*R?(\d{1,12})\s*", number, re.ASCII)
        if match:
            found.append(int(match[1]))
    return found


def _instant(text: str, name: str, faults: list[Fault]) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+"))  # an unescaped + arrives as a blank
    except ValueError:
        faults.append(_fault(name, "is no date-time; write 2026-01-01T00:00:00+08:00", text))
        return None
    if at.tzinfo is None or not 1990 <= at.year <= 2100:
        faults.append(_fault(name, "must name its time zone (Z or +08:00) and lie between 1990 and 2100", text))
        return None
    return at


def _whole(text: str, name: str, least: int, most: int, empty: int, faults: list[Fault]) -> int:
    if not text:
        return empty
    if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
        faults.append(_fault(name, f"must be a whole number from {least} to {most}", text))
        return empty
    return int(text)


def _number(text: str | None, name: str, faults: list[Fault]) -> float | None:
    if text is None:
        return None
    if not re.fullmatch(r"[+-]?\d{1,3}(\.\d{1,15})?", text, re.ASCII):
        faults.append(_fault(name, "must be decimal degrees (WGS84)", text))
        return None
    return float(text)


def _fault(name: str, rule: str, value: str | None = None) -> Fault:
    return Fault("request", None, name, None if value is None else value[:80], rule, "")


def _local(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(CHINA).isoformat(timespec="seconds")


def _end_of(on: date | None) -> str | None:
    return None if on is None else datetime.combine(on, time(23, 59, 59), CHINA).isoformat()
