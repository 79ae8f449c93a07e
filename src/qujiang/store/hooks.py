"""Events of what happened, in the order of the commits: as lines, and posted to webhooks, signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from qujiang.store.caller import SYSTEM
from qujiang.store.engine import Store, Unit
from qujiang.store.outgoing import need_address
from qujiang.store.schema import audit, webhooks

MOST_FAILURES = 20
_TOLD = or_(audit.c.verb.startswith("request_"), audit.c.verb.startswith("case_"))

#: Posts a body with headers to an address; the HTTP status, or 0 when nobody answered.
Send = Callable[[str, bytes, dict[str, str]], int]


def events(connection: Connection, after: int, limit: int) -> Iterator[dict[str, Any]]:
    """What happened after event ``after``: without private text, as the trail holds it."""
    query = select(audit).where(audit.c.seq > after, _TOLD).order_by(audit.c.seq).limit(limit)
    for row in connection.execute(query).mappings():
        yield {
            "seq": row["seq"],
            "at": row["at"],
            "event": row["verb"],
            "subject": row["subject"],
            "role": row["role"],
            "changes": json.loads(row["after"]),
        }


def add_webhook(unit: Unit, url: str, *, allow_private: bool = False) -> dict[str, Any]:
    """Post events from now on to ``url``; the secret is shown once. See ``outgoing`` for where nothing is posted to."""
    unit.caller.need("admin")
    need_address(url, allow_private=allow_private)
    secret = secrets.token_hex(32)
    last = unit.execute(select(audit.c.seq).order_by(audit.c.seq.desc()).limit(1)).scalar() or 0
    values = {"url": url, "secret": secret, "sent_seq": last, "active": True, "created_at": unit.now}
    number = unit.execute(insert(webhooks).values(values).returning(webhooks.c.id)).scalar_one()
    unit.tell("webhook_added", f"webhook:{number}", after={"url": url})
    return {"id": number, "secret": secret}


def signature(secret: str, body: bytes) -> str:
    """HMAC-SHA256 of the body, as GitHub writes it."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def deliver(store: Store, send: Send) -> int:
    """Post what is new to every webhook, at least once and in order; how many events went out."""
    count = 0
    with store.read() as connection:
        hooks = connection.execute(select(webhooks).where(webhooks.c.active)).mappings().all()
        batches = [(hook, list(events(connection, hook["sent_seq"], 500))) for hook in hooks]
    for hook, batch in batches:
        if not batch:
            continue
        body = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in batch).encode()
        headers = {"Content-Type": "application/x-ndjson", "X-Qujiang-Signature": signature(hook["secret"], body)}
        good = 200 <= send(hook["url"], body, headers) < 300
        failures = 0 if good else hook["failures"] + 1
        values = {"failures": failures, "active": failures < MOST_FAILURES}
        if good:
            values["sent_seq"] = batch[-1]["seq"]
            count += len(batch)
        with store.write(SYSTEM) as unit:
            unit.execute(update(webhooks).where(webhooks.c.id == hook["id"]).values(values))
            if failures == MOST_FAILURES:
                unit.tell("webhook_stopped", f"webhook:{hook['id']}", after={"failures": failures})
    return count
