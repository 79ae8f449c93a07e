"""Studies: saved scenarios and the runs that answer them."""

import sqlalchemy as sa
from alembic import op

from qujiang.store import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "study_runs",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("district_id", sa.String(length=60), nullable=False),
        sa.Column("district_hash", sa.String(length=64), nullable=False),
        sa.Column("overlay", sa.Text(), nullable=False),
        sa.Column("arguments", types.Json, nullable=False),
        sa.Column("program", sa.String(length=40), nullable=False),
        sa.Column("standing", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("share", sa.Float(), server_default="0", nullable=False),
        sa.Column("step", sa.String(length=30), server_default="", nullable=False),
        sa.Column("claimed_by", sa.String(length=40), nullable=True),
        sa.Column("beat_at", types.Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("asked_at", types.Instant(), nullable=False),
        sa.Column("started_at", types.Instant(), nullable=True),
        sa.Column("finished_at", types.Instant(), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("faults", types.Json, nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued','running','done','failed','cancelled')", name=op.f("ck_study_runs_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_runs")),
        sa.UniqueConstraint("key", name=op.f("uq_study_runs_key")),
    )
    op.create_index("ix_study_runs_queue", "study_runs", ["state", "standing", "id"], unique=False)
    op.create_index("ix_study_runs_district", "study_runs", ["district_id", "state"], unique=False)
    op.create_table(
        "studies",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("account_id", types.Key, nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("visibility", sa.String(length=10), nullable=False),
        sa.Column("overlay", sa.Text(), nullable=False),
        sa.Column("arguments", types.Json, nullable=False),
        sa.Column("run_id", types.Key, nullable=False),
        sa.Column("cancelled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", types.Instant(), nullable=False),
        sa.Column("updated_at", types.Instant(), nullable=False),
        sa.CheckConstraint("visibility IN ('private','link','public')", name=op.f("ck_studies_visibility")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_studies_account_id")),
        sa.ForeignKeyConstraint(["run_id"], ["study_runs.id"], name=op.f("fk_studies_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_studies")),
        sa.UniqueConstraint("code", name=op.f("uq_studies_code")),
    )
    op.create_index(op.f("ix_studies_account_id"), "studies", ["account_id"], unique=False)
    op.create_index(op.f("ix_studies_run_id"), "studies", ["run_id"], unique=False)
    op.create_index("ix_studies_visibility", "studies", ["visibility", "id"], unique=False)
