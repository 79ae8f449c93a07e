"""Indexes of the open requests alone, for boards, and of the pauses alone, for recounts."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

PAUSED = sa.text("verb = 'paused'")
OPEN = sa.text("state IN ('received', 'assigned', 'handling', 'escalated')")


def upgrade() -> None:
    op.create_index(
        "ix_requests_open_board",
        "requests",
        ["received_on", "lead_department", "due_on", "paused", "state"],
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index(
        "ix_request_events_paused",
        "request_events",
        ["request_id"],
        sqlite_where=PAUSED,
        postgresql_where=PAUSED,
    )
