"""An index of the open requests alone, for boards and recounts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('received', 'assigned', 'handling', 'escalated')")


def upgrade() -> None:
    op.create_index(
        "ix_requests_open",
        "requests",
        ["received_on", "lead_department", "due_on", "paused", "state"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
