"""Files that are handed in: the papers of a case."""

import sqlalchemy as sa
from alembic import op

from qujiang.store import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "files",
        sa.Column("id", types.Key, nullable=False),
        sa.Column("account_id", types.Key, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("at", types.Instant(), nullable=False),
        sa.Column("case_id", types.Key, nullable=True),
        sa.Column("material", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_files_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
    )
    op.create_index(op.f("ix_files_account_id"), "files", ["account_id"])
    op.create_index(op.f("ix_files_case_id"), "files", ["case_id"])
