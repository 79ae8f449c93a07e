"""What is read: one function gives plain data, from which a page, its JSON and its CSV twin are made."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response

from qujiang.web.acts import as_json
from qujiang.web.pages.face import AnyFace

#: A cell that a spreadsheet would take for a formula is sent with an apostrophe before it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class View:
    """What a page shows: ``data`` for template and JSON, ``rows`` for the CSV twin (None: its data, a value a line)."""

    data: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]] | None = None
    aside: Mapping[str, Any] = field(default_factory=dict)  # for the template alone: forms, labels
    status: int = 200  # of the page: 422 where what was asked is faulty


def view(
    router: APIRouter, path: str, template: str, *, twin: str | None = None
) -> Callable[[Callable[..., View]], Callable[..., View]]:
    """Register a view under ``path``, ``path.json`` and ``path.csv``.

    Parameters
    ----------
    path
        Below the application's root, such as ``/desk/requests/{number}``.
    template
        The page; it gets the data's names, the aside's names, ``twins`` (addresses by kind) and ``face``.
    twin
        The path of the twins where it cannot be ``path``: ``/cockpit`` for ``/``.
    """
    stem = twin or path

    def register(ask: Callable[..., View]) -> Callable[..., View]:
        def as_data(shown: Annotated[View, Depends(ask)]) -> Response:
            return as_json(shown.data)

        def as_rows(shown: Annotated[View, Depends(ask)]) -> Response:
            name = stem.strip("/").replace("/", "-").replace("{", "").replace("}", "")
            headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
            text = csv_text(shown.rows if shown.rows is not None else list(flat(shown.data)))
            return Response(text, headers=headers, media_type="text/csv; charset=utf-8")

        def as_page(face: AnyFace, shown: Annotated[View, Depends(ask)]) -> Response:
            own = (twin or face.path).rstrip("/")
            query = "?" + face.request.url.query if face.request.url.query else ""
            twins = {kind: face.root + own + "." + kind + query for kind in ("json", "csv")}
            return face.page(template, shown.status, twins=twins, **{**shown.data, **shown.aside})

        name = ask.__name__
        router.add_api_route(stem + ".json", as_data, name=name + "_json", include_in_schema=False)
        router.add_api_route(stem + ".csv", as_rows, name=name + "_csv", include_in_schema=False)
        router.add_api_route(path, as_page, name=name, include_in_schema=False)
        return ask

    return register


def as_attachment(name: str) -> str:
    """The header that makes an answer a file of this name; programs that read only ASCII get a plain form of it."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def flat(data: Any, name: str = "") -> Iterator[dict[str, Any]]:
    """Nested data as lines of ``name`` and ``value``: ``landmarks.0.today``."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from flat(value, f"{name}.{key}" if name else str(key))
    elif isinstance(data, list | tuple):
        for number, value in enumerate(data):
            yield from flat(value, f"{name}.{number}")
    else:
        yield {"name": name, "value": data}


def csv_text(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as CSV with a byte order mark (spreadsheets then read Chinese), columns in the order of their first row."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return out.getvalue().encode("utf-8-sig", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return "'" + value
    return "" if value is None else value
