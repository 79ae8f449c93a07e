"""Log-in, accounts, keys."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from qujiang.store import Caller, accounts
from qujiang.web.acts import COOKIE, Read, SecretWrite, Write, address_of, as_json, house_of, identify
from qujiang.web.bodies import AccountBody, KeyBody, LogIn, NewPassword, ResetBody

router = APIRouter(tags=["accounts"])


@router.post("/login")
def log_in(request: Request, body: LogIn) -> Response:
    """Open a session: a cookie, and the CSRF token that every write of the session must send."""
    session = accounts.log_in(house_of(request).store, body.name, body.password, address_of(request))
    answer = as_json({"csrf": session.csrf, "expires_at": session.expires_at, "account": _shown(session.caller)})
    secure = request.app.state.settings.secure
    answer.set_cookie(
        COOKIE,
        session.token,
        httponly=True,
        samesite="strict",
        secure=secure,
        path="/",
        max_age=accounts.SESSION_H * 3600,
    )
    return answer


@router.post("/logout")
def log_out(request: Request) -> Response:
    """End this session."""
    caller = identify(request, to_change=True)
    token = request.cookies.get(COOKIE)
    if token:
        with house_of(request).store.write(caller) as unit:
            accounts.log_out(unit, token)
    answer = as_json({"ended": bool(token)})
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/account")
def me(read: Read) -> Response:
    """Who I am."""
    return as_json(_shown(read.caller))


@router.post("/account/password")
def change_password(body: NewPassword, write: SecretWrite) -> Response:
    """Change my password; every session of mine ends."""

    def act(unit):
        accounts.change_password(unit, body.old, body.new)
        return {"changed": True}

    return write.run(act, to_change=True)


@router.post("/accounts", status_code=201)
def create_account(body: AccountBody, write: SecretWrite) -> Response:
    """Add an account (administrator); its password is for one time."""
    new = accounts.NewAccount(**body.model_dump(), one_time=True)
    return write.run(lambda unit: {"id": accounts.create_account(unit, new)}, status=201)


@router.post("/accounts/{account_id}/password")
def reset_password(account_id: int, body: ResetBody, write: SecretWrite) -> Response:
    """Set a one-time password (administrator)."""

    def act(unit):
        accounts.reset_password(unit, _whole(account_id), body.password)
        return {"reset": True}

    return write.run(act)


@router.post("/accounts/{account_id}/disable")
def disable_account(account_id: int, write: Write) -> Response:
    """Shut an account (administrator)."""

    def act(unit):
        accounts.disable_account(unit, _whole(account_id))
        return {"disabled": True}

    return write.run(act)


@router.post("/keys", status_code=201)
def create_key(body: KeyBody, write: SecretWrite) -> Response:
    """A new API key, shown once: to a repeated call no more."""
    return write.run(lambda unit: {"key": accounts.create_api_key(unit, body.account_id, body.label)}, status=201)


@router.post("/keys/{key_id}/revoke")
def revoke_key(key_id: int, write: Write) -> Response:
    """End a key."""

    def act(unit):
        accounts.revoke_api_key(unit, _whole(key_id))
        return {"revoked": True}

    return write.run(act)


def _whole(number: int) -> int:
    return number if 0 < number < 2**31 else 0


def _shown(caller: Caller) -> dict[str, object]:
    return {
        "id": caller.account_id,
        "name": caller.name,
        "role": caller.role,
        "department": caller.department,
        "enterprise_code": caller.enterprise_code,
        "must_change_password": caller.must_change,
    }
