"""Worklists: each list of requests stands in the order of an index."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

OPEN = sa.text("state IN ('received', 'assigned', 'handling', 'escalated')")
ASKED = sa.text("extension_days IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_requests_lead", "requests")
    op.create_index("ix_requests_lead", "requests", ["lead_department", "state", "id"])
    op.create_index("ix_requests_state", "requests", ["state", "id"])
    for name, columns in (
        ("ix_requests_open", ["due_on", "id"]),
        ("ix_requests_open_lead", ["lead_department", "due_on", "id"]),
    ):
        op.create_index(name, "requests", columns, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_requests_extension", "requests", ["id"], sqlite_where=ASKED, postgresql_where=ASKED)
    cleared = sa.text("cleared = 1"), sa.text("cleared")
    op.create_index("ix_requests_cleared", "requests", ["id"], sqlite_where=cleared[0], postgresql_where=cleared[1])
