"""First view of the cockpit in a headless browser: seconds, bytes, requests to other hosts, console errors.

    python bench/cockpit.py [--visits 7]

A server of its own computes the bundled plan (128 futures) and is then visited by fresh browser contexts with an empty cache. "First view" is the time from
the address being asked for to the largest contentful paint, with the six landmarks in the page; "loaded" is until the map's last answer. Bytes are those on
the wire, packed; the map's are counted apart (its program, its style, outlines and layers). CPU time of the server's answer stands beside wall time, because
the machine may be shared.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import tempfile
import threading
import time
from importlib.resources import files
from pathlib import Path

import uvicorn
from playwright.sync_api import Browser, sync_playwright

from qujiang import studies
from qujiang.report.plan_process import answer_plan
from qujiang.store import SYSTEM
from qujiang.studies import Outcome, Runner
from qujiang.web import Settings, create_app

MAP = ("maplibre", "map.js", ".geojson")
MOST_S, MOST_BYTES = 1.5, 700_000
PAINT = """() => new Promise((done) => {
  new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime)).observe({ type: "largest-contentful-paint", buffered: true });
  setTimeout(() => done(null), 3000);
})"""


def main() -> None:
    """Print the figures, and whether each is reached."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--visits", type=int, default=7)
    visits = parser.parse_args().visits
    with tempfile.TemporaryDirectory() as folder:
        app, server, url = start(Path(folder))
        try:
            compute(app)
            answer = own_time(url)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"])  # fmt: skip
                visit(browser, url)  # the first one starts the browser's own processes
                found = [visit(browser, url) for _ in range(visits)]
                browser.close()
        finally:
            server.should_exit = True
    tell(found, answer)


def start(folder: Path) -> tuple:
    """The application over HTTP, without a runner of its own."""
    services = Path(str(files("qujiang.districts"))) / "qujiang" / "services"
    app = create_app(Settings(f"sqlite:///{folder}/bench.sqlite3", services, study_futures=128))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", ws="none"))
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return app, server, f"http://127.0.0.1:{port}"


def compute(app) -> None:
    """The plan, before the first visit."""
    plans, store = app.state.plans, app.state.house.store
    with store.write(SYSTEM) as unit:
        studies.ask_standing(unit, plans.ground, 128)

    def work(held: studies.Claim, report: studies.Report) -> Outcome:
        question = {"folder": str(plans.district.folder), "hash": held.ground.district_hash, "overlay": held.overlay}
        return Outcome(studies.pack(answer_plan(question | held.arguments.as_dict(), lambda share, step: None)))

    runner = Runner(store, work)
    while runner.run_one():
        pass


def own_time(url: str, times: int = 30) -> tuple[float, float]:
    """Wall and CPU time of the page's answer [ms], warm; the CPU time is of this process, client included."""
    import urllib.request

    walls, begun = [], time.process_time()
    for _ in range(times):
        at = time.perf_counter()
        urllib.request.urlopen(url + "/").read()
        walls.append(time.perf_counter() - at)
    return 1000 * statistics.median(walls), 1000 * (time.process_time() - begun) / times


def visit(browser: Browser, url: str) -> dict[str, float]:
    """One visit with an empty cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    page = context.new_page()
    sizes: list[tuple[str, int]] = []
    outside: list[str] = []
    errors: list[str] = []
    page.on("request", lambda r: outside.append(r.url) if not r.url.startswith((url, "data:", "blob:")) else None)
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("requestfinished", lambda r: sizes.append((r.url, sum(r.sizes()[k] for k in ("responseHeadersSize", "responseBodySize")))))  # fmt: skip
    begun = time.perf_counter()
    page.goto(url + "/", wait_until="commit")
    page.wait_for_selector("#landmark-6")
    seen = time.perf_counter() - begun
    paint = page.evaluate(PAINT)
    page.wait_for_selector("[data-map][data-state=drawn][data-drawn]", timeout=60_000)
    loaded = time.perf_counter() - begun
    page.wait_for_timeout(300)
    context.close()
    is_map = [any(part in name for part in MAP) for name, _ in sizes]
    return {
        "paint_s": (paint or 1000 * seen) / 1000,
        "seen_s": seen,
        "loaded_s": loaded,
        "page_bytes": sum(size for (_, size), there in zip(sizes, is_map, strict=True) if not there),
        "map_bytes": sum(size for (_, size), there in zip(sizes, is_map, strict=True) if there),
        "requests": len(sizes),
        "outside": len(outside),
        "errors": len(errors),
    }


def tell(found: list[dict[str, float]], answer: tuple[float, float]) -> None:
    """Medians and worst cases, against the figures asked for."""
    middle = {name: statistics.median(row[name] for row in found) for name in found[0]}
    worst = {name: max(row[name] for row in found) for name in found[0]}

    def verdict(good: bool) -> str:
        return "reached" if good else "NOT reached"

    print(f"visits                         {len(found)}, load of the machine {os.getloadavg()[0]:.1f}")
    print(f"answer of the server, warm     {answer[0]:.0f} ms wall, {answer[1]:.0f} ms CPU")
    print(f"first view (largest paint)     {middle['paint_s']:.2f} s median, {worst['paint_s']:.2f} s worst   asked < {MOST_S} s: {verdict(middle['paint_s'] < MOST_S)}")  # fmt: skip
    print(f"six landmarks in the page      {middle['seen_s']:.2f} s median, {worst['seen_s']:.2f} s worst")
    print(f"map drawn                      {middle['loaded_s']:.2f} s median, {worst['loaded_s']:.2f} s worst")
    print(f"transferred without the map    {middle['page_bytes'] / 1000:.0f} KB   asked < {MOST_BYTES / 1000:.0f} KB: {verdict(worst['page_bytes'] < MOST_BYTES)}")  # fmt: skip
    print(f"the map                        {middle['map_bytes'] / 1000:.0f} KB in all")
    print(f"requests to other hosts        {worst['outside']:.0f}   asked 0: {verdict(worst['outside'] == 0)}")
    print(f"console errors                 {worst['errors']:.0f}   asked 0: {verdict(worst['errors'] == 0)}")


def chromium() -> str:
    """The machine's own browser."""
    found = os.environ.get("QUJIANG_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if not found:
        raise SystemExit("no Chromium here (Debian: apt-get install chromium, or name it in QUJIANG_CHROMIUM)")
    return found


if __name__ == "__main__":
    main()
