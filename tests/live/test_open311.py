"""Open311 GeoReport v2 over real HTTP: clients that nobody here wrote, the published fields, and every error."""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import types
from datetime import timedelta
from xml.etree import ElementTree

import jsonschema
import pytest
from georeport import GeoReport
from sqlalchemy import insert

from qujiang import desk
from qujiang.desk.intake import Draft
from qujiang.store import Caller, Store
from qujiang.store.schema_rooms import requests

TEXT_OR_NULL = {"type": ["string", "null"]}
#: The fields of the specification's page (GeoReport v2, "GET Service Requests") with the types and limits of the published
#: JSON schemas (open311/schema-validation, schema/georeport-v2, 2016), typed from there; ours ask for more than they require.
REQUEST = {
    "type": "object",
    "required": ["service_request_id", "status", "service_code", "requested_datetime"],
    "properties": {
        "service_request_id": {"type": "string"},
        "status": {"enum": ["open", "closed"]},
        "service_code": {"type": "string"},
        **dict.fromkeys(("status_notes", "service_name", "agency_responsible", "service_notice", "address", "address_id", "zipcode", "media_url"), TEXT_OR_NULL),
        "description": {"type": ["string", "null"], "maxLength": 4000},
        **{name: {"type": ["string", "null"], "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"} for name in ("requested_datetime", "updated_datetime", "expected_datetime")},
        "lat": {"type": ["number", "null"]},
        "long": {"type": ["number", "null"]},
    },
    "additionalProperties": False,
}  # fmt: skip
SERVICE = {
    "type": "object",
    "required": ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"],
    "properties": {
        **{name: {"type": "string"} for name in ("service_code", "service_name")},
        **dict.fromkeys(("description", "keywords", "group"), TEXT_OR_NULL),
        "metadata": {"type": "boolean"},
        "type": {"enum": ["realtime", "batch", "blackbox"]},
    },
    "additionalProperties": False,
}
DEFINITION = {
    "type": "object",
    "required": ["service_code", "attributes"],
    "properties": {
        "attributes": {
            "type": "array",
            "items": {
                "required": [
                    "variable",
                    "code",
                    "datatype",
                    "required",
                    "datatype_description",
                    "order",
                    "description",
                    "values",
                ],
                "properties": {
                    "variable": {"type": "boolean"},
                    "required": {"type": "boolean"},
                    "order": {"type": "integer", "minimum": 1},
                    "datatype": {"enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]},
                    "values": {"type": "array", "items": {"required": ["key", "name"]}},
                },
            },
        }
    },
}
DISCOVERY = {
    "type": "object",
    "required": ["changeset", "contact", "key_service", "endpoints"],
    "properties": {
        "endpoints": {
            "minItems": 1,
            "items": {"required": ["specification", "url", "changeset", "type", "formats"], "properties": {"type": {"enum": ["production", "test"]}}},
        }
    },
}  # fmt: skip
BERTH = {
    "service_code": "port_berth",
    "attribute[vessel_name]": "浙衢货0001",
    "lat": "28.978",
    "long": "118.94",
    "description": "三天未靠泊",
}


class Door:
    """The endpoint and the clerk's key."""

    def __init__(self, client, keys: dict[str, str]) -> None:
        self.client, self.key = client, keys["clerk"]

    def get(self, path: str, **query):
        return self.client.get(f"/open311/v2/{path}", params=query)

    def post(self, form: dict, fmt: str = "json", key: str | None = None):
        return self.client.post(
            f"/open311/v2/requests.{fmt}", data={**form, "api_key": self.key if key is None else key}
        )


@pytest.fixture
def door(client, keys) -> Door:
    return Door(client, keys)


@pytest.fixture
def live(client) -> Store:
    return client.app.state.house.store


def told(answer) -> list[tuple[int, str]]:
    if answer.headers["content-type"].startswith("text/xml"):
        root = ElementTree.fromstring(answer.content)
        assert root.tag == "errors"
        return [
            (int(error.findtext("code") or 0), error.findtext("description") or "") for error in root.findall("error")
        ]
    return [(error["code"], error["description"]) for error in answer.json()]


def test_georeport_reads_json_and_xml_and_three_posts(server) -> None:
    address, keys = server
    endpoint = f"{address}/open311/v2"
    three = mended_three()
    poster = three.Three(endpoint=endpoint, api_key=keys["clerk"])
    made = poster.post(
        "port_berth",
        **{"attribute[vessel_name]": "浙衢货0001"},
        address="临江路1号",
        name="Li Lei",
        phone="1",
        description="三天未靠泊",
    )
    number = made[0]["service_request_id"]
    assert poster.request(number)[0]["status"] == "open"
    token = poster.post("hotline_batch", address="临江路1号", description="摊位")[0]["token"]
    assert poster.token(token) == [{"token": token}]
    assert len(poster.services()) == 16
    assert poster.discovery()["endpoints"][0]["url"] == endpoint
    poster.session.close()
    for output in ("json", "xml"):
        reader = GeoReport(endpoint, output_format=output)
        assert [s["service_code"] for s in reader.get_service_list()][:2] == ["port_berth", "lock_passage"]
        assert reader.get_service_definition("port_berth")["service_code"] == "port_berth"
        found = reader.get_service_request(number)
        assert (found["service_code"], found["status"]) == ("port_berth", "open")
        listed = reader.get_service_requests(service_request_id=number)
        assert (listed[0] if isinstance(listed, list) else listed)["service_request_id"] == number


def mended_three() -> types.ModuleType:
    """``three`` 0.8.0 was written for Python 2: what it imports is put in place from outside."""
    itertools.ifilter = filter  # type: ignore[attr-defined]
    relaxml = types.ModuleType("relaxml")
    relaxml.xml = None  # type: ignore[attr-defined]
    sys.modules.setdefault("relaxml", relaxml)
    sys.modules.setdefault("simplejson", json)
    try:
        return importlib.import_module("three")
    finally:
        del itertools.ifilter  # type: ignore[attr-defined]
        importlib.import_module("three.core").ifilter = filter  # type: ignore[attr-defined]


def test_every_answer_has_the_published_fields_in_both_formats(door: Door) -> None:
    number = door.post(BERTH).json()[0]["service_request_id"]
    for path, schema, many in (
        ("discovery", DISCOVERY, False),
        ("services", SERVICE, True),
        ("services/port_berth", DEFINITION, False),
        ("services/loan", DEFINITION, False),
        ("requests", REQUEST, True),
        (f"requests/{number}", REQUEST, True),
    ):
        answer = door.get(f"{path}.json")
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        jsonschema.validate(answer.json(), {"type": "array", "minItems": 1, "items": schema} if many else schema)
        xml = door.get(f"{path}.xml")
        assert xml.status_code == 200 and xml.headers["content-type"] == "text/xml; charset=utf-8"
        assert xml.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
        root = ElementTree.fromstring(xml.content)
        assert root.tag == {"discovery": "discovery", "services": "services"}.get(
            path, "service_definition" if "services/" in path else "service_requests"
        )
    names = [child.tag for child in ElementTree.fromstring(door.get(f"requests/{number}.xml").content)[0]]
    assert set(names) == set(REQUEST["properties"])


def test_post_in_both_formats_and_each_kind_of_service(door: Door, live: Store, book) -> None:
    made = door.post(BERTH, "xml")
    assert made.status_code == 201
    assert ElementTree.fromstring(made.content).findtext("request/service_request_id", "").startswith("R")
    several = {
        "service_code": "short_drama",
        "attribute[stage]": "street",
        "attribute[help_with][]": ["extras", "permit"],
        "address_string": "廿里镇",
    }
    number = door.post(several).json()[0]["service_request_id"]
    with live.read() as connection:
        row = connection.exec_driver_sql("SELECT attributes FROM requests ORDER BY id DESC LIMIT 1").scalar_one()
    assert (json.loads(row) if isinstance(row, str) else row) == {"stage": "street", "help_with": ["extras", "permit"]}
    black = door.post({"service_code": "fee_complaint", "address_id": "12"}).json()[0]
    assert "service_request_id" not in black and "token" not in black
    batch = door.post({"service_code": "hotline_batch", "address_id": "12"}).json()[0]
    assert "service_request_id" not in batch
    public = {item["service_request_id"] for item in door.get("requests.json").json()}
    assert number in public and len(public) == 2  # neither the complaint nor the one that still waits for its number
    assert door.get(f"tokens/{batch['token']}.json").json() == [{"token": batch["token"]}]
    clerk = Caller(None, "clerk", "officer", "desk")
    with live.write(clerk) as unit:
        waiting = unit.connection.exec_driver_sql("SELECT id FROM requests WHERE token IS NOT NULL").scalar_one()
        desk.dispatch(unit, book, f"R{waiting:08d}", 1, service="hotline_batch", lead="commerce", note="商户")
    given = door.get(f"tokens/{batch['token']}.json").json()[0]["service_request_id"]
    assert door.get(f"requests/{given}.json").json()[0]["service_code"] == "hotline_batch"
    assert (
        ElementTree.fromstring(door.get(f"tokens/{batch['token']}.xml").content).findtext("request/service_request_id")
        == given
    )


POSTS: list[tuple[dict, int, str]] = [
    ({"service_code": None}, 400, "service_code is required"),
    ({"service_code": "nothing"}, 404, "was not found"),
    ({"lat": None}, 400, "a location is required"),
    ({"lat": None, "long": None, "address_string": "廿里镇"}, 201, ""),
    ({"address_string": "廿里镇"}, 201, ""),
    ({"lat": "north"}, 400, "decimal degrees"),
    ({"lat": "91"}, 400, "no place on earth"),
    ({"attribute[vessel_name]": None}, 400, "attribute[vessel_name] is required"),
    ({"attribute[odd]": "1"}, 400, "no question of this service"),
    ({"attribute[cargo_t]": "many"}, 400, "must be a number"),
    ({"attribute[arrival]": "2026-11-24T08:00:00"}, 400, "time zone"),
    ({"attribute[arrival]": "2026-11-24T08:00:00+08:00"}, 201, ""),
    ({"description": "x" * 4001}, 400, "longer than 4000"),
    ({"description": "x" * 4000}, 201, ""),
    ({"description": "<script>alert(1)</script>"}, 400, "no HTML"),
    ({"description": "a < b and c > d\nsecond line"}, 201, ""),
    ({"description": "a\x00b"}, 400, "control signs"),
    ({"media_url": "javascript:alert(1)"}, 400, "http address"),
    ({"email": ""}, 201, ""),
]


def test_what_a_post_may_hold(door: Door) -> None:
    for (changes, status, words), fmt in itertools.product(POSTS, ("json", "xml")):
        form = {name: value for name, value in {**BERTH, **changes}.items() if value is not None}
        answer = door.post(form, fmt)
        assert answer.status_code == status, (changes, answer.text)
        if status != 201:
            assert any(code == status and words in text for code, text in told(answer)), (changes, answer.text)


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_keys_and_unknown_things(door: Door, keys, fmt: str) -> None:
    for key in ("", "wrong"):
        assert door.post(BERTH, fmt, key).status_code == 403
    assert told(door.post(BERTH, fmt, keys["tax"]))[0][0] == 403  # a department does not hand requests in
    for path in ("services/nothing", "requests/R99999999", "requests/x", "tokens/nothing"):
        answer = door.get(f"{path}.{fmt}")
        assert answer.status_code == 404 and told(answer)[0][0] == 404
    assert door.get("requests.yaml").status_code == 400
    several = told(door.post({"service_code": "port_berth", "description": "<b>"}, fmt))
    assert len(several) == 2  # location and HTML at once


def test_filters_of_the_list(door: Door, live: Store, clock) -> None:
    fill(live, clock, 3)
    first = door.post(BERTH).json()[0]["service_request_id"]
    ids = lambda **query: [item["service_request_id"] for item in door.get("requests.json", **query).json()]  # noqa: E731
    assert len(ids()) == 4
    assert ids(service_request_id=first, status="closed", service_code="loan") == [first]  # the list overrides all else
    assert ids(service_request_id=f"{first},R99999999, {first}") == [first]
    assert ids(service_code="port_berth") == [first] and ids(service_code="loan,port_berth", status="open") == ids()
    assert ids(status="closed") == [] and len(ids(status="open,closed")) == 4 == len(ids(status="", service_code=""))
    now = clock.at
    before = (now - timedelta(days=1)).isoformat()
    assert ids(start_date=before, end_date=now.isoformat()) == [first]
    assert len(ids(end_date=before)) == 3
    for query, words in (
        ({"start_date": "2026-11-01"}, "time zone"),
        ({"start_date": "yesterday"}, "no date-time"),
        ({"start_date": (now - timedelta(days=91)).isoformat(), "end_date": now.isoformat()}, "more than 90 days"),
        ({"status": "late"}, "open or closed"),
        ({"page": "0"}, "whole number"),
        ({"page_size": "5000"}, "whole number"),
        ({"page": "1; DROP TABLE requests"}, "whole number"),
    ):
        answer = door.get("requests.json", **query)
        assert answer.status_code == 400 and words in told(answer)[0][1], query
    assert len(ids(start_date=(now - timedelta(days=90)).isoformat(), end_date=now.isoformat())) == 4
    assert door.get("requests.json", service_code="nothing").status_code == 404


def test_pages_and_the_default_volume(door: Door, live: Store, clock) -> None:
    fill(live, clock, 1001)
    whole = [item["service_request_id"] for item in door.get("requests.json").json()]
    assert len(whole) == 1000
    paged = [
        item["service_request_id"]
        for page in range(1, 6)
        for item in door.get("requests.json", page=page, page_size=201).json()
    ]
    assert paged[:1000] == whole and len(paged) == len(set(paged)) == 1001
    clock.forward(days=88)  # beyond 90 days from the first ones, which are 3 days old
    assert len(door.get("requests.json").json()) == 0


def fill(live: Store, clock, count: int) -> None:
    at = clock.at - timedelta(days=3)
    draft = {
        "channel": "api",
        "service_code": "loan",
        "title": "t",
        "description": "d",
        "attributes": {},
        "state": "assigned",
    }
    rows = [
        {**draft, "received_at": at + timedelta(seconds=n), "received_on": at.date(), "updated_at": at}
        for n in range(count)
    ]
    with live.engine.begin() as connection:
        connection.execute(insert(requests), rows)


def test_the_public_list_betrays_nobody(door: Door, live: Store, book, clock) -> None:
    secret = {
        "first_name": "某某",
        "phone": "13800000000",
        "email": "a@example.org",
        "address_string": "临江路1号",
        "account_id": "77",
    }
    number = door.post({**BERTH, **secret}).json()[0]["service_request_id"]
    shown = door.get(f"requests/{number}.json", extensions="true").text
    for private in ("某某", "13800000000", "a@example.org", "临江路", "三天未靠泊", "28.978"):
        assert private not in shown
    with live.write(Caller(None, "clerk", "officer", "desk")) as unit:
        desk.clear(unit, number, 2)
    shown = door.get(f"requests/{number}.json").json()[0]
    assert (shown["description"], shown["lat"], shown["address"]) == ("三天未靠泊", 28.978, "临江路1号")
    assert shown["expected_datetime"] == "2026-12-07T23:59:59+08:00"
    with live.write(Caller(None, "clerk", "officer", "desk")) as unit:
        made = desk.receive(
            unit,
            book,
            Draft(
                "t", "d", service_code="loan", enterprise_code="91350100M000100Y43", town="樟潭", address="临江路1号"
            ),
        )
        desk.clear(unit, made.number, made.version)
    assert door.get(f"requests/{made.number}.json").json()[0]["address"] == "樟潭"


def test_a_closed_request_says_when_it_was_closed(door: Door, live: Store, book, clock) -> None:
    number = door.post(BERTH).json()[0]["service_request_id"]
    with live.read() as connection:
        number_of_transport = connection.exec_driver_sql(
            "SELECT id FROM accounts WHERE name = 'transport'"
        ).scalar_one()
    with live.write(Caller(number_of_transport, "transport", "officer", "transport")) as unit:
        desk.reply(unit, number, 2, "好")
    clock.forward(hours=1)
    with live.write(Caller(None, "clerk", "officer", "desk")) as unit:
        desk.call_back(unit, book, number, 3, resolved=True)
    shown = door.get(f"requests/{number}.json").json()[0]
    assert (shown["status"], shown["updated_datetime"]) == ("closed", "2026-11-23T10:00:00+08:00")


def test_a_repeated_post_with_a_key_is_done_once(door: Door) -> None:
    form = {**BERTH, "api_key": door.key}
    made = [
        door.client.post("/open311/v2/requests.json", data=form, headers={"Idempotency-Key": "abcdefgh"}).json()
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(door.get("requests.json").json()) == 1
