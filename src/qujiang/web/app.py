"""The application: ``create_app(settings)``."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio.to_thread
from fastapi import APIRouter, FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware

from qujiang import __version__
from qujiang.cases import load_library
from qujiang.desk import read_rulebook
from qujiang.errors import StoreAwayError
from qujiang.store import SYSTEM, Store, hooks, open_store
from qujiang.store.migrate import newest, stands_at
from qujiang.store.outgoing import post
from qujiang.store.repeats import forget_old
from qujiang.web import accounts_api, cases_api, desk_api, events_api, faults, map_api, open311, pages, studies_api
from qujiang.web.acts import House, as_json, house_of
from qujiang.web.guard import Guard
from qujiang.web.plans import Plans
from qujiang.web.settings import Settings, from_environment

log = logging.getLogger("qujiang.web")
#: How often the database's own counts are brought up to date.
LOOK_AFTER_S = 1800.0
health = APIRouter(tags=["health"])
#: Beginnings of the paths whose bodies may carry a file.
UPLOADS = ("/api/v1/files", "/cases/")


@health.get("/health")
async def alive() -> Response:
    """The process answers, also while every thread waits for the database."""
    return as_json({"alive": True, "version": __version__})


@health.get("/ready")
def ready(request: Request) -> Response:
    """The database answers and its tables are those of this version."""
    stands = stands_at(house_of(request).store)
    good = stands == newest()
    return as_json({"ready": good, "revision": stands}, 200 if good else 503)


def create_app(settings: Settings) -> FastAPI:
    """The pages, the API, Open311, health; the store opens when the server starts and closes when it stops."""

    @asynccontextmanager
    async def running(app: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        store = open_store(settings.database, clock=settings.clock, pool_size=settings.pool_size)
        book = read_rulebook(settings.services, needed=False)
        app.state.house = House(store, book, load_library(store, settings.services))
        with store.write(SYSTEM) as unit:
            forget_old(unit)
        store.look_after()
        stop = threading.Event()
        posting = threading.Thread(target=_post_events, args=(store, settings, stop), daemon=True)
        looking = threading.Thread(target=_look_after, args=(store, stop), daemon=True)
        posting.start()
        looking.start()
        app.state.plans = Plans(store, settings)
        app.state.plans.start()
        try:
            yield
        finally:
            app.state.plans.stop()
            stop.set()
            posting.join(10)
            looking.join(10)
            store.close()

    app = FastAPI(
        title="qujiang",
        version="1",
        description="The request desk 企呼我应 and cases of one thing done in one go 高效办成一件事.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        lifespan=running,
        responses=faults.RESPONSES,
    )
    app.state.settings = settings
    faults.install(app)
    rooms = (
        desk_api.router,
        cases_api.router,
        studies_api.router,
        map_api.router,
        accounts_api.router,
        events_api.router,
    )
    for router in rooms:
        app.include_router(router, prefix="/api/v1")
    app.include_router(health)
    app.include_router(open311.router, prefix="/open311/v2")
    pages.install(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    app.add_middleware(Guard, prefix=settings.prefix, uploads=UPLOADS)
    return app


def _post_events(store: Store, settings: Settings, stop: threading.Event) -> None:
    send = partial(post, allow_private=settings.private_webhooks)
    while not stop.wait(settings.webhook_every_s):
        try:
            hooks.deliver(store, send)
        except StoreAwayError as error:
            log.warning("webhooks wait: %s", error)
        except Exception:
            log.exception("webhooks")


def _look_after(store: Store, stop: threading.Event) -> None:
    while not stop.wait(LOOK_AFTER_S):
        try:
            store.look_after()
        except StoreAwayError as error:
            log.warning("the indexes are not counted: %s", error)


def from_environment_app() -> FastAPI:
    """For uvicorn, which is told of it as text."""
    return create_app(from_environment())
