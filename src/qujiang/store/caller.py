"""Who asks: an account with a role, seen through a session, a key, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass

from qujiang.errors import ForbiddenError


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller; ``account_id`` is None for the system and for anonymous. Who
    ``must_change`` a one-time password may do nothing else."""

    account_id: int | None
    name: str
    role: str
    department: str | None = None
    enterprise_code: str | None = None
    address: str = ""
    must_change: bool = False

    def need(self, *roles: str) -> None:
        """Refuse any role but ``roles``."""
        if self.role not in roles:
            raise ForbiddenError(f"{self.role} may not do this; allowed: {', '.join(roles)}")


SYSTEM = Caller(None, "system", "system")
ANONYMOUS = Caller(None, "anonymous", "anonymous")
