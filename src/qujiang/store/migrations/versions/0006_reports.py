"""The report of a run, kept beside its answer."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("study_runs", sa.Column("report", sa.Text(), nullable=True))
