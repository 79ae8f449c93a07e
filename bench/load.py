"""Ten minutes of mixed load: 200 users on one server, each with a session and a browser's pace; errors, times, memory.

Run: ``python bench/load.py [--minutes 10] [--users 200] [--database URL]``. The server is ``qujiang serve`` in a process of its
own on this machine; a user is one of enterprise, officer, supervisor or visitor, thinks 2 to 6 seconds between pages, and
follows links and forms of the pages themselves. Printed: requests, errors (any answer of 400 and more, any lost
connection), quantiles of the time of each kind of page, the server's memory each half minute and its slope over the
second half of the run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from html import unescape
from pathlib import Path
from typing import Any

import httpx2 as httpx

THINK_S = (2.0, 6.0)
START = ("/", "/freight", "/port", "/projects", "/outlook", "/desk", "/cases", "/studies", "/about")
#: Left alone by the users: they end the session, or change what the others need.
NOT_FOLLOWED = ("/sign-out", "/password", "/accounts", "/static/", "lang=", "/api/", "/studies/new")


class Tally:
    """What happened: times by kind of page, faults with their first example."""

    def __init__(self) -> None:
        self.times: dict[str, list[float]] = defaultdict(list)
        self.faults: Counter[str] = Counter()
        self.examples: dict[str, str] = {}

    def fault(self, kind: str, example: str) -> None:
        self.faults[kind] += 1
        self.examples.setdefault(kind, example)


class User:
    """One browser: a cookie, a page, and links to follow."""

    def __init__(self, base: str, name: str | None, password: str, tally: Tally, seed: int) -> None:
        self.client = httpx.AsyncClient(base_url=base, timeout=30, follow_redirects=True)
        self.name, self.password, self.tally = name, password, tally
        self.choose = random.Random(seed)
        self.links: list[str] = list(START)

    async def live(self, until: float) -> None:
        await asyncio.sleep(self.choose.uniform(0, THINK_S[1]))
        if self.name:
            await self.ask("POST", "/sign-in", data={"name": self.name, "password": self.password, "next": "/desk"})
        while time.monotonic() < until:
            path = self.choose.choice(self.links if self.choose.random() < 0.7 else list(START))
            text = await self.ask("GET", path)
            if text:
                self.follow(text)
                if self.name and self.choose.random() < 0.3:
                    await self.fill_in(text)
            await asyncio.sleep(self.choose.uniform(*THINK_S))
        await self.client.aclose()

    def follow(self, text: str) -> None:
        found = [unescape(a) for a in re.findall(r'<a [^>]*href="(/[^"#]*)"', text)]
        good = [a for a in found if not any(word in a for word in NOT_FOLLOWED)]
        self.links = good[:60] or list(START)

    async def fill_in(self, text: str) -> None:
        """Send one of the page's forms as it stands, with words where words are asked for."""
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"[^>]*>(.*?)</form>', text, re.DOTALL)
        forms = [
            (a, body) for a, body in forms if not any(word in a for word in NOT_FOLLOWED) and 'type="file"' not in body
        ]
        if not forms:
            return
        action, body = self.choose.choice(forms)
        await self.ask("POST", unescape(action), data=self.fields(body), form=True)

    def fields(self, body: str) -> dict[str, str]:
        values: dict[str, str] = {}
        for tag in re.findall(r"<input[^>]*>", body):
            name, kind = attribute(tag, "name"), attribute(tag, "type") or "text"
            if not name or (kind in ("checkbox", "radio") and "checked" not in tag):
                continue
            values[name] = attribute(tag, "value") or (
                "7" if kind == "number" else "2026-12-01" if kind == "date" else "诉求" if kind == "text" else ""
            )
        for name in re.findall(r'<textarea[^>]*name="([^"]+)"', body):
            values[name] = "负载测试的诉求。A request of the load test."
        for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', body, re.DOTALL):
            offered = [unescape(o) for o in re.findall(r'<option value="([^"]*)"', options) if o]
            values[name] = self.choose.choice(offered) if offered else ""
        return values

    async def ask(self, method: str, path: str, *, form: bool = False, **options: Any) -> str:
        kind = method + " " + re.sub(r"/[A-Z]*-?\d[\w-]*", "/…", path.split("?")[0])
        began = time.perf_counter()
        try:
            answer = await self.client.request(method, path, headers={"Sec-Fetch-Site": "same-origin"}, **options)
        except httpx.HTTPError as error:
            self.tally.fault(type(error).__name__, f"{kind}: {error}")
            return ""
        self.tally.times[kind].append(time.perf_counter() - began)
        # A form sent as it stood may be refused in words (403, 409, 422): that is an answer. A page asked for is not.
        refused = form and answer.status_code in (403, 404, 409, 422)
        if answer.status_code >= 400 and not refused:
            self.tally.fault(str(answer.status_code), f"{kind}: {answer.text[:200]!r}")
        return answer.text if "text/html" in answer.headers.get("content-type", "") else ""


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def memory_mb(process: int) -> float:
    """Resident memory of a process alone; its children (plans in the background) come and go."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


def cpu_s(process: int) -> float:
    parts = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


async def run(base: str, names: list[str], password: str, users: int, minutes: float, process: int) -> Tally:
    tally, until = Tally(), time.monotonic() + minutes * 60
    people = [names[n % len(names)] if n % 3 else None for n in range(users)]  # a third are visitors
    tasks = [asyncio.create_task(User(base, who, password, tally, n).live(until)) for n, who in enumerate(people)]
    seen: list[tuple[float, float]] = []
    began = time.monotonic()
    while not all(task.done() for task in tasks):
        await asyncio.sleep(min(30.0, minutes * 6))
        seen.append((time.monotonic() - began, memory_mb(process)))
        count = sum(map(len, tally.times.values()))
        print(
            f"{seen[-1][0]:6.0f} s  {count:7,d} requests  {sum(tally.faults.values())} faults  {seen[-1][1]:6.1f} MB",
            flush=True,
        )
    await asyncio.gather(*tasks)
    half = [(at, mb) for at, mb in seen if at > minutes * 30]
    if len(half) > 2:
        slope = statistics.linear_regression([at / 60 for at, _ in half], [mb for _, mb in half]).slope
        print(f"memory over the second half: {slope:+.2f} MB a minute")
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--database", default="load.sqlite3")
    asked = parser.parse_args()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "qujiang", "serve", "--samples", "--port", str(port), "--database", asked.database]
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "errors.txt", "w+") as errors:  # noqa: PTH123
        with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True) as server:
            assert server.stdout is not None
            server.stdout.readline()
            told = server.stdout.readline()
            found = re.match(r"samples: password (\S+) for (.*)", told)
            if not found:
                sys.exit(f"the server did not start: {told}")
            base = f"http://127.0.0.1:{port}"
            wait_ready(base)
            try:
                tally = asyncio.run(run(base, found[2].split(", "), found[1], asked.users, asked.minutes, server.pid))
                print(
                    f"CPU of the server {cpu_s(server.pid):.1f} s in {asked.minutes:g} minutes; load of the machine {os.getloadavg()[1]:.1f}"
                )
            finally:
                server.terminate()
                server.wait(30)
        errors.seek(0)
        said = [line for line in errors.read().splitlines() if "http://" not in line]
    report(tally, said)


def wait_ready(base: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(base + "/ready").status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    sys.exit("the server is not ready after a minute")


def report(tally: Tally, said: list[str]) -> None:
    every = sorted(t for times in tally.times.values() for t in times)
    print(f"{'page':42s} {'n':>6s} {'p50 ms':>8s} {'p95 ms':>8s} {'p99 ms':>8s}")
    for kind, times in [("all", every), *sorted(tally.times.items(), key=lambda item: -len(item[1]))[:40]]:
        ordered = sorted(times)
        cuts = [1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.95, 0.99)]
        print(f"{kind[:42]:42s} {len(times):6d} {cuts[0]:8.1f} {cuts[1]:8.1f} {cuts[2]:8.1f}")
    print(f"faults: {dict(tally.faults) or 'none'}")
    for kind, example in tally.examples.items():
        print(f"  {kind}: {example}")
    for line in said[:10]:
        print(f"  server said: {line}")


if __name__ == "__main__":
    main()
