"""The tables of saved scenarios: what was saved, and the runs that answer it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from qujiang.store.schema import metadata
from qujiang.store.types import Instant, Json, Key

#: One row per question: equal questions of any number of studies share the run and its answer.
study_runs = Table(
    "study_runs",
    metadata,
    Column("id", Key, primary_key=True),
    Column("key", String(64), nullable=False),
    Column("district_id", String(60), nullable=False),
    Column("district_hash", String(64), nullable=False),
    Column("overlay", Text, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("program", String(40), nullable=False),
    Column("standing", Boolean, nullable=False, server_default=false()),
    Column("state", String(12), nullable=False),
    Column("share", Float, nullable=False, server_default="0"),
    Column("step", String(30), nullable=False, server_default=""),
    Column("claimed_by", String(40)),
    Column("beat_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("asked_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("seconds", Float),
    Column("faults", Json, nullable=False),
    Column("result", Text),
    Column("report", Text),  # the self-contained page, packed as the result is
    UniqueConstraint("key"),
    CheckConstraint("state IN ('queued','running','done','failed','cancelled')", name="state"),
    Index("ix_study_runs_queue", "state", "standing", "id"),
    Index("ix_study_runs_district", "district_id", "state"),
)

studies = Table(
    "studies",
    metadata,
    Column("id", Key, primary_key=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("code", String(32), nullable=False, unique=True),
    Column("account_id", Key, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("title", String(200), nullable=False),
    Column("visibility", String(10), nullable=False),
    Column("overlay", Text, nullable=False),
    Column("arguments", Json, nullable=False),
    Column("run_id", Key, ForeignKey("study_runs.id"), nullable=False, index=True),
    Column("cancelled", Boolean, nullable=False, server_default=false()),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("visibility IN ('private','link','public')", name="visibility"),
    Index("ix_studies_visibility", "visibility", "id"),
)
