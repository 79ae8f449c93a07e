"""Events as JSON lines, and webhooks."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from qujiang.desk.access import allow
from qujiang.store import hooks
from qujiang.web.acts import Read, SecretWrite
from qujiang.web.bodies import WebhookBody

router = APIRouter(tags=["events"])


@router.get("/events")
def events(
    read: Read, after: Annotated[int, Query(ge=0, le=2**53)] = 0, limit: Annotated[int, Query(ge=1, le=5000)] = 500
) -> Response:
    """What happened after event ``after``, one JSON object a line."""
    allow(read.caller, "events")
    with read.house.store.read() as connection:
        lines = [json.dumps(event, ensure_ascii=False) + "\n" for event in hooks.events(connection, after, limit)]
    return Response("".join(lines), media_type="application/x-ndjson")


@router.post("/webhooks", status_code=201)
def add_webhook(body: WebhookBody, write: SecretWrite) -> Response:
    """Post events to an address, signed with a secret that is shown once (administrator)."""
    allow_private = write.request.app.state.settings.private_webhooks
    return write.run(lambda unit: hooks.add_webhook(unit, body.url, allow_private=allow_private), status=201)
