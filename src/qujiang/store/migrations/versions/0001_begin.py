"""Begin: accounts, audit trail, the desk's requests, the cases of a bundle."""

import sqlalchemy as sa
from alembic import op

from qujiang.store import types

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSE_SQLITE = """CREATE TRIGGER audit_no_{verb} BEFORE {verb} ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"""

REFUSE_POSTGRESQL = (
    """CREATE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$""",
    "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_append_only()",
    "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()",
)


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=True),
        sa.Column("enterprise_code", sa.String(length=18), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("disabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.CheckConstraint(
            "(role = 'enterprise') = (enterprise_code IS NOT NULL)", name=op.f("ck_accounts_enterprise")
        ),
        sa.CheckConstraint("(role = 'officer') = (department IS NOT NULL)", name=op.f("ck_accounts_department")),
        sa.CheckConstraint(
            "role IN ('enterprise','officer','supervisor','joint_meeting','auditor','admin')",
            name=op.f("ck_accounts_role"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_table(
        "audit",
        sa.Column("seq", types.Key, autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("account_id", types.Key, nullable=True),
        sa.Column("account_name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("verb", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.Column("after", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("trace", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_subject", "audit", ["subject", "seq"], unique=False)
    op.create_table(
        "bundles",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("files", types.Json, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("loaded_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundles")),
        sa.UniqueConstraint("name", "digest", name=op.f("uq_bundles_name")),
    )
    op.create_table(
        "login_attempts",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("account_name", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_attempts")),
    )
    op.create_index("ix_login_attempts_address_at", "login_attempts", ["address", "at"], unique=False)
    op.create_index("ix_login_attempts_name_at", "login_attempts", ["account_name", "at"], unique=False)
    op.create_table(
        "webhooks",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("sent_seq", types.Key, nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("account_id", types.Key, nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("revoked_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_api_keys_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    op.create_index(op.f("ix_api_keys_account_id"), "api_keys", ["account_id"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("bundle_id", types.Key, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("account_id", types.Key, nullable=False),
        sa.Column("enterprise_code", sa.String(length=18), nullable=True),
        sa.Column("answers", types.Json, nullable=False),
        sa.Column("decisions", types.Json, nullable=False),
        sa.Column("started_at", types.Instant(), nullable=False),
        sa.Column("done_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_cases_account_id")),
        sa.ForeignKeyConstraint(["bundle_id"], ["bundles.id"], name=op.f("fk_cases_bundle_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("code", name=op.f("uq_cases_code")),
    )
    op.create_index(op.f("ix_cases_enterprise_code"), "cases", ["enterprise_code"], unique=False)
    op.create_table(
        "repeats",
        sa.Column("account_id", types.Key, nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_repeats_account_id")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_repeats")),
    )
    op.create_index(op.f("ix_repeats_at"), "repeats", ["at"], unique=False)
    op.create_table(
        "requests",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=20), server_default="department", nullable=False),
        sa.Column("received_at", types.Instant(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("source_ref", sa.String(length=80), nullable=True),
        sa.Column("account_id", types.Key, nullable=True),
        sa.Column("enterprise_code", sa.String(length=18), nullable=True),
        sa.Column("enterprise_name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("contact_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("phone", sa.String(length=40), server_default="", nullable=False),
        sa.Column("email", sa.String(length=200), server_default="", nullable=False),
        sa.Column("service_code", sa.String(length=40), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("town", sa.String(length=40), nullable=True),
        sa.Column("address", sa.String(length=300), server_default="", nullable=False),
        sa.Column("address_id", sa.String(length=80), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("long", sa.Float(), nullable=True),
        sa.Column("media_url", sa.String(length=500), nullable=True),
        sa.Column("attributes", types.Json, nullable=False),
        sa.Column("lead_department", sa.String(length=40), nullable=True),
        sa.Column("assigned_on", sa.Date(), nullable=True),
        sa.Column("clock_on", sa.Date(), nullable=True),
        sa.Column("contact_days", sa.Integer(), nullable=True),
        sa.Column("contact_due_on", sa.Date(), nullable=True),
        sa.Column("contacted_on", sa.Date(), nullable=True),
        sa.Column("due_days", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("extension_days", sa.Integer(), nullable=True),
        sa.Column("extensions", sa.Integer(), server_default="0", nullable=False),
        sa.Column("returns", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reopened", sa.Integer(), server_default="0", nullable=False),
        sa.Column("replied_on", sa.Date(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("called_back_on", sa.Date(), nullable=True),
        sa.Column("resolved", sa.Boolean(), nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("closed_at", types.Instant(), nullable=True),
        sa.Column("cleared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("merged_into", types.Key, nullable=True),
        sa.Column("token", sa.String(length=40), nullable=True),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_requests_rating")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_requests_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
        sa.UniqueConstraint("channel", "source_ref", name=op.f("uq_requests_channel")),
        sa.UniqueConstraint("token", name=op.f("uq_requests_token")),
    )
    op.create_index(
        "ix_requests_board",
        "requests",
        [
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
        ],
        unique=False,
    )
    op.create_index(op.f("ix_requests_enterprise_code"), "requests", ["enterprise_code"], unique=False)
    op.create_index("ix_requests_lead", "requests", ["lead_department", "state", "due_on"], unique=False)
    op.create_index("ix_requests_updated", "requests", ["received_at", "id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", types.Key, nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("expires_at", types.Instant(), nullable=False),
        sa.Column("revoked_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_sessions_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_account_id"), "sessions", ["account_id"], unique=False)
    op.create_table(
        "case_events",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("case_id", types.Key, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("verb", sa.String(length=30), nullable=False),
        sa.Column("account_id", types.Key, nullable=True),
        sa.Column("node", sa.String(length=80), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changes", types.Json, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
    )
    op.create_index("ix_case_events_case", "case_events", ["case_id", "id"], unique=False)
    op.create_table(
        "case_materials",
        sa.Column("case_id", types.Key, nullable=False),
        sa.Column("material", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(length=300), server_default="", nullable=False),
        sa.Column("given_at", types.Instant(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_materials_case_id")),
        sa.PrimaryKeyConstraint("case_id", "material", name=op.f("pk_case_materials")),
    )
    op.create_table(
        "case_steps",
        sa.Column("case_id", types.Key, nullable=False),
        sa.Column("node", sa.String(length=80), nullable=False),
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("ready_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_at", types.Instant(), nullable=True),
        sa.Column("done_by", types.Key, nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_steps_case_id")),
        sa.PrimaryKeyConstraint("case_id", "node", name=op.f("pk_case_steps")),
    )
    op.create_index("ix_case_steps_department", "case_steps", ["department", "state", "due_on"], unique=False)
    op.create_table(
        "case_tokens",
        sa.Column("case_id", types.Key, nullable=False),
        sa.Column("flow", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_tokens_case_id")),
        sa.PrimaryKeyConstraint("case_id", "flow", name=op.f("pk_case_tokens")),
    )
    op.create_table(
        "request_departments",
        sa.Column("request_id", types.Key, nullable=False),
        sa.Column("department", sa.String(length=40), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("opinion", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_departments_request_id")),
        sa.PrimaryKeyConstraint("request_id", "department", name=op.f("pk_request_departments")),
    )
    op.create_index(
        "ix_request_departments_department", "request_departments", ["department", "answered_on"], unique=False
    )
    op.create_table(
        "request_events",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("request_id", types.Key, nullable=False),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("verb", sa.String(length=30), nullable=False),
        sa.Column("account_id", types.Key, nullable=True),
        sa.Column("department", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("changes", types.Json, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["requests.id"], name=op.f("fk_request_events_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_events")),
    )
    op.create_index("ix_request_events_request", "request_events", ["request_id", "id"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(REFUSE_SQLITE.format(verb=verb))
    else:
        for statement in REFUSE_POSTGRESQL:
            op.execute(statement)
