"""The tables of the service rooms: the desk's requests, the cases of a bundle."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    false,
    text,
)

from qujiang.store.schema import metadata
from qujiang.store.types import Instant, Json, Key

#: The events at which a clock was stopped; written out, for neither database matches a parameter with an index's condition.
WAS_PAUSED = text("request_events.verb = 'paused'")
_PAUSED = text("verb = 'paused'")

#: One row per request: what its events add up to. A test folds the events again and finds the same row.
requests = Table(
    "requests",
    metadata,
    Column("id", Key, primary_key=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("state", String(20), nullable=False),
    Column("level", String(20), nullable=False, server_default="department"),
    Column("received_at", Instant, nullable=False),
    Column("received_on", Date, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("channel", String(20), nullable=False),
    Column("source_ref", String(80)),
    Column("account_id", Key, ForeignKey("accounts.id")),
    Column("enterprise_code", String(18), index=True),
    Column("enterprise_name", String(200), nullable=False, server_default=""),
    Column("contact_name", String(100), nullable=False, server_default=""),
    Column("phone", String(40), nullable=False, server_default=""),
    Column("email", String(200), nullable=False, server_default=""),
    Column("service_code", String(40)),
    Column("title", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("town", String(40)),
    Column("address", String(300), nullable=False, server_default=""),
    Column("address_id", String(80)),
    Column("lat", Float),
    Column("long", Float),
    Column("media_url", String(500)),
    Column("attributes", Json, nullable=False),
    Column("lead_department", String(40)),
    Column("assigned_on", Date),
    Column("clock_on", Date),
    Column("contact_days", Integer),
    Column("contact_due_on", Date),
    Column("contacted_on", Date),
    Column("due_days", Integer),
    Column("due_on", Date),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("extension_days", Integer),
    Column("extensions", Integer, nullable=False, server_default="0"),
    Column("returns", Integer, nullable=False, server_default="0"),
    Column("reopened", Integer, nullable=False, server_default="0"),
    Column("replied_on", Date),
    Column("reply", Text),
    Column("called_back_on", Date),
    Column("resolved", Boolean),
    Column("rating", Integer),
    Column("closed_at", Instant),
    Column("cleared", Boolean, nullable=False, server_default=false()),
    Column("merged_into", Key),
    Column("token", String(40), unique=True),
    CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
    UniqueConstraint("channel", "source_ref"),
    Index("ix_requests_updated", "received_at", "id"),
    Index("ix_requests_lead", "lead_department", "state", "id"),
    Index("ix_requests_state", "state", "id"),
    Index(
        "ix_requests_board",
        "received_on",
        "lead_department",
        "state",
        "due_on",
        "paused",
        "contact_due_on",
        "contacted_on",
        "replied_on",
        "called_back_on",
        "resolved",
        "rating",
        "reopened",
    ),
)

OPEN_STATES = ("received", "assigned", "handling", "escalated")


def is_open() -> TextClause:
    """The condition of the indexes below, letter by letter as they have it: only so does a database use them."""
    return text(_OPEN)


_OPEN = f"requests.state IN ({', '.join(repr(state) for state in OPEN_STATES)})"
_OPEN_INDEX = text(_OPEN.removeprefix("requests."))
Index("ix_requests_open", requests.c.due_on, requests.c.id, sqlite_where=_OPEN_INDEX, postgresql_where=_OPEN_INDEX)
Index(
    "ix_requests_open_lead",
    requests.c.lead_department,
    requests.c.due_on,
    requests.c.id,
    sqlite_where=_OPEN_INDEX,
    postgresql_where=_OPEN_INDEX,
)
_ASKED = text("extension_days IS NOT NULL")
Index(
    "ix_requests_open_board",
    *(requests.c[name] for name in ("received_on", "lead_department", "due_on", "paused", "state")),
    sqlite_where=_OPEN_INDEX,
    postgresql_where=_OPEN_INDEX,
)
Index("ix_requests_extension", requests.c.id, sqlite_where=_ASKED, postgresql_where=_ASKED)
Index("ix_requests_cleared", requests.c.id, sqlite_where=text("cleared = 1"), postgresql_where=text("cleared"))

request_events = Table(
    "request_events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("request_id", Key, ForeignKey("requests.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("verb", String(30), nullable=False),
    Column("account_id", Key),
    Column("department", String(40)),
    Column("note", Text, nullable=False),
    Column("changes", Json, nullable=False),
    Index("ix_request_events_request", "request_id", "id"),
    Index("ix_request_events_paused", "request_id", sqlite_where=_PAUSED, postgresql_where=_PAUSED),
)

request_departments = Table(
    "request_departments",
    metadata,
    Column("request_id", Key, ForeignKey("requests.id"), primary_key=True),
    Column("department", String(40), primary_key=True),
    Column("asked_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("answered_on", Date),
    Column("opinion", Text, nullable=False, server_default=""),
    Index("ix_request_departments_department", "department", "answered_on"),
)

cases = Table(
    "cases",
    metadata,
    Column("id", Key, primary_key=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("code", String(20), nullable=False, unique=True),
    Column("bundle_id", Key, ForeignKey("bundles.id"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("account_id", Key, ForeignKey("accounts.id"), nullable=False),
    Column("enterprise_code", String(18), index=True),
    Column("answers", Json, nullable=False),
    Column("decisions", Json, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("done_at", Instant),
)

case_steps = Table(
    "case_steps",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("node", String(80), primary_key=True),
    Column("department", String(40), nullable=False),
    Column("state", String(20), nullable=False),
    Column("ready_on", Date, nullable=False),
    Column("due_on", Date),
    Column("done_at", Instant),
    Column("done_by", Key),
    Column("note", Text, nullable=False, server_default=""),
    Index("ix_case_steps_department", "department", "state", "due_on"),
)

case_tokens = Table(
    "case_tokens",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("flow", String(80), primary_key=True),
)

case_materials = Table(
    "case_materials",
    metadata,
    Column("case_id", Key, ForeignKey("cases.id"), primary_key=True),
    Column("material", String(60), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("due_on", Date),
    Column("reference", String(300), nullable=False, server_default=""),
    Column("given_at", Instant),
)

case_events = Table(
    "case_events",
    metadata,
    Column("id", Key, primary_key=True),
    Column("case_id", Key, ForeignKey("cases.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("verb", String(30), nullable=False),
    Column("account_id", Key),
    Column("node", String(80)),
    Column("note", Text, nullable=False),
    Column("changes", Json, nullable=False),
    Index("ix_case_events_case", "case_id", "id"),
)
