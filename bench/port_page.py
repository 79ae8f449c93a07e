"""How long the port page lets one wait, up to its limit: the first answer, and the whole one.

Run: ``python bench/port_page.py``. One server of its own on an empty store; each throughput is asked for once, cold. Near its limit a
port settles slowly: the page answers with what formulas say and shows the simulation when it is there. Printed for each
throughput: its largest use of a stage, the time of the first page and of its busiest-month-and-all answer, whether the first page was
the whole one, and the time of another page (``/about``) asked meanwhile. Aim: a page never waits for more than 4 s.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time

import httpx2 as httpx
from desk_databases import SERVICES

from qujiang.district import District
from qujiang.port.rows import port_problem
from qujiang.port.stages import stages

MILLIONS = (4.5, 7, 9, 10, 10.5, 11, 11.3, 11.5, 11.6, 11.7, 11.75, 11.8, 11.83, 11.85, 12, 16)
CODE = "import sys, uvicorn; from pathlib import Path; from qujiang.web import Settings, create_app; uvicorn.run(create_app(Settings(sys.argv[1], Path(sys.argv[2]))), port=int(sys.argv[3]), log_level='error')"


def main() -> None:
    district = District.open()
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        words = [sys.executable, "-c", CODE, f"sqlite:///{folder}/x.sqlite3", str(SERVICES), str(port)]
        with (
            subprocess.Popen(words) as server,
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
        ):
            try:
                ready(client)
                client.get("/port.json")
                print(f"{'Mt/year':>8s} {'use':>6s} {'first s':>8s} {'whole s':>8s}  first is whole  /about ms")
                for millions in MILLIONS:
                    use = max(
                        stage.offered for stage in stages(port_problem(district, throughput_t_per_year=1e6 * millions))
                    )
                    first, whole, at_once, other = asked(client, f"/port?tonnes={1e6 * millions:.0f}")
                    print(
                        f"{millions:8.2f} {use:6.3f} {first:8.2f} {whole:8.2f}  {at_once!s:14s} {other:9.1f}",
                        flush=True,
                    )
            finally:
                server.terminate()


def asked(client: httpx.Client, path: str) -> tuple[float, float, bool, float]:
    """Seconds to the first page and to the whole one, whether they are one, and the milliseconds of another page then."""
    began = time.perf_counter()
    text = client.get(path).text
    first = time.perf_counter() - began
    at_once = 'id="running"' not in text
    other_began = time.perf_counter()
    client.get("/about")
    other = 1e3 * (time.perf_counter() - other_began)
    while 'id="running"' in text:
        time.sleep(0.2)
        text = client.get(path).text
    return first, time.perf_counter() - began if not at_once else first, at_once, other


def ready(client: httpx.Client) -> None:
    for _ in range(300):
        try:
            if client.get("/ready").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    sys.exit("the server is not ready after 30 s")


if __name__ == "__main__":
    main()
