"""The plan's pages: open to everyone, or to who is signed in, as the server was told."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from qujiang.errors import UnknownCallerError
from qujiang.web.pages.face import Face, face_of


def public_face(request: Request) -> Face:
    """The face of a page about the plan.

    Raises
    ------
    UnknownCallerError
        These pages are for people who are signed in, and nobody is.
    """
    face = face_of(request)
    if not face.settings.open_cockpit and not face.signed_in:
        raise UnknownCallerError("sign in first")
    return face


PublicFace = Annotated[Face, Depends(public_face)]
