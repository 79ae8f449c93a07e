"""The tables under every service room: accounts, sessions, keys, audit trail, repeated calls, webhooks."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from qujiang.store.types import Instant, Json, Key

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ROLES = ("enterprise", "officer", "supervisor", "joint_meeting", "auditor", "admin")

accounts = Table(
    "accounts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display_name", String(100), nullable=False),
    Column("role", String(20), nullable=False),
    Column("department", String(40)),
    Column("enterprise_code", String(18)),
    Column("password_hash", Text),
    Column("must_change", Boolean, nullable=False, server_default=false()),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("role IN ('enterprise','officer','supervisor','joint_meeting','auditor','admin')", name="role"),
    CheckConstraint("(role = 'officer') = (department IS NOT NULL)", name="department"),
    CheckConstraint("(role = 'enterprise') = (enterprise_code IS NOT NULL)", name="enterprise"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("account_id", Key, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", Key, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("label", String(100), nullable=False),
    Column("key_hash", String(64), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_name", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("ok", Boolean, nullable=False),
    Index("ix_login_attempts_name_at", "account_name", "at"),
    Index("ix_login_attempts_address_at", "address", "at"),
)

#: Append-only: triggers refuse UPDATE and DELETE. Every text that the hash covers is stored as it was hashed.
audit = Table(
    "audit",
    metadata,
    Column("seq", Key, primary_key=True, autoincrement=False),
    Column("at", String(40), nullable=False),
    Column("account_id", Key),
    Column("account_name", String(64), nullable=False),
    Column("role", String(20), nullable=False),
    Column("verb", String(60), nullable=False),
    Column("subject", String(80), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("trace", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_subject", "subject", "seq"),
)

#: One answer per caller and key: a repeated write is answered from here.
repeats = Table(
    "repeats",
    metadata,
    Column("account_id", Key, ForeignKey("accounts.id"), primary_key=True),
    Column("key", String(100), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer),
    Column("answer", Text),
    Column("at", Instant, nullable=False, index=True),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", Key, primary_key=True),
    Column("url", String(500), nullable=False),
    Column("secret", String(64), nullable=False),
    Column("sent_seq", Key, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("active", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

#: What was handed in as a file. Its name, kind and digest stay when its content is erased.
files = Table(
    "files",
    metadata,
    Column("id", Key, primary_key=True),
    Column("account_id", Key, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("content", LargeBinary),
    Column("at", Instant, nullable=False),
    Column("case_id", Key, index=True),
    Column("material", String(60)),
)

#: Bundles as loaded: a running case keeps the files that it began with.
bundles = Table(
    "bundles",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(60), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("files", Json, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("loaded_at", Instant, nullable=False),
    UniqueConstraint("name", "digest"),
)
