"""The bodies of writes, as OpenAPI shows them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]
Line = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f]*$")]
Version = Annotated[
    int, Field(ge=1, le=2_000_000_000, description="the version that you saw; another one now is a 409")
]
Days = Annotated[int, Field(ge=1, le=250)]
Files = Annotated[
    list[Annotated[int, Field(ge=1, le=2_000_000_000)]], Field(max_length=20, description="numbers from POST /files")
]
Rating = Annotated[int, Field(ge=1, le=5, description="5 very satisfied … 1 very dissatisfied")]


class Body(BaseModel):
    """Unknown names are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class LogIn(Body):
    """Name and password."""

    name: Line
    password: Line


class NewPassword(Body):
    """The old password and the new."""

    old: Line
    new: Line


class AccountBody(Body):
    """A new account."""

    name: Line
    role: Line
    display_name: Line = ""
    department: Line | None = None
    enterprise_code: Line | None = None
    password: Line | None = None


class KeyBody(Body):
    """A new API key."""

    account_id: Annotated[int, Field(ge=1, le=2_000_000_000)]
    label: Line


class ResetBody(Body):
    """A one-time password for another."""

    password: Line


class WebhookBody(Body):
    """Where events are posted to, signed."""

    url: Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[!-~]+$")]


class RequestBody(Body):
    """A new request."""

    title: Line
    description: Text
    service_code: Line | None = None
    channel: Line = "api"
    enterprise_code: Line | None = None
    enterprise_name: Line = ""
    contact_name: Line = ""
    phone: Line = ""
    email: Line = ""
    town: Annotated[Line, StringConstraints(max_length=40)] | None = None
    address: Line = ""
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    long: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    media_url: Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[!-~]+$")] | None = None
    attributes: dict[str, str | list[str]] = {}


class Seen(Body):
    """The version that the caller saw."""

    version: Version


class Noted(Seen):
    """With a note."""

    note: Text = ""


class Reasoned(Seen):
    """With a reason."""

    reason: Text


class Worded(Seen):
    """With a text."""

    text: Text


class DispatchBody(Seen):
    """To whom."""

    service: Line
    lead: Line | None = None
    note: Text = ""


class ExtensionBody(Seen):
    """How many more working days, and why."""

    days: Days
    reason: Text


class ExtensionAnswer(Seen):
    """Granted or not, and why."""

    grant: bool
    reason: Text


class DecisionBody(Seen):
    """What the joint meeting decided."""

    lead: Line
    days: Days
    resolution: Text


class CallBackBody(Seen):
    """What the enterprise said; ``resolved`` null: not reached."""

    resolved: bool | None
    rating: Rating | None = None
    note: Text = ""


class RatingBody(Seen):
    """One of five levels."""

    rating: Rating
    comment: Text = ""


class MergeBody(Seen):
    """Into which request."""

    into: Line


class CaseBody(Body):
    """A new case of a bundle: the merged form's answers and the materials at hand."""

    bundle: Line
    answers: dict[str, Any]
    materials: dict[str, Line] = {}
    promised: list[Line] = []
    files: dict[str, Files] = {}


class MaterialBody(Seen):
    """A material handed in later: where it lies, or the numbers of files that were uploaded."""

    reference: Line = ""
    files: Files = []


class AnswersBody(Body):
    """Answers to a bundle's form, as far as they are known."""

    answers: dict[str, Any]


class StepBody(Body):
    """A step is done."""

    note: Text = ""


Toml = Annotated[str, StringConstraints(max_length=65_536, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f]*$")]
Visibility = Annotated[str, StringConstraints(pattern="^(private|link|public)$")]


class OverlayBody(Body):
    """A scenario, as a file of ``scenarios/`` holds it, or as chosen values of levers on top of scenarios and projects."""

    overlay: Toml = ""
    values: Annotated[dict[Line, float | int], Field(max_length=400)] = {}
    scenarios: Annotated[list[Line], Field(max_length=20)] = []
    projects: Annotated[list[Line], Field(max_length=50)] = []


class StudyBody(OverlayBody):
    """A scenario to save and run."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
    futures: Annotated[int, Field(ge=0, le=10_000)] = 256
    seed: Annotated[int, Field(ge=0, le=2_147_483_647)] = 1
    visibility: Visibility = "private"


class StudyEdit(Body):
    """A new title, another visibility."""

    version: Version
    title: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")] | None = None
    visibility: Visibility | None = None
