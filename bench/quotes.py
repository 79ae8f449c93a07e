"""Quotes: CPU seconds of the first answer in a fresh process, and quotes a second in one process.

python bench/quotes.py
"""

from __future__ import annotations

import random
import subprocess
import sys
import time


def cpu_of(arguments: list[str]) -> float:
    """CPU seconds of one fresh process."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    question = ["-m", "qujiang", "freight", "quote", "常山县", "苏州", "--cargo", "steel", "--tonnes", "500", "--json"]
    subprocess.run([sys.executable, *question], check=True, stdout=subprocess.DEVNULL)  # the book is kept from here on
    bare = min(cpu_of(["-c", "pass"]) for _ in range(5))
    first = [cpu_of(question) for _ in range(5)]
    print(
        f"first answer, fresh process: {min(first):.3f} s CPU (median {sorted(first)[2]:.3f}); bare interpreter {bare:.3f} s"
    )

    from qujiang.districts import find_folder
    from qujiang.freight.quote import Question, quote
    from qujiang.freight.shelf import book_of

    book = book_of(find_folder())
    random.seed(1)
    places = [row for row in range(len(book.places.ids)) if book.road_km[row, 0] < 1e9]
    asked = []
    while len(asked) < 2_000:
        a, b = random.sample(places, 2)
        asked.append(Question(a, b, random.randrange(len(book.form_share)), random.choice([30.0, 500.0, 2_000.0])))
    for question_ in asked[:50]:
        quote(book, question_)
    started = time.process_time()
    found = sum(len(quote(book, question_)) for question_ in asked)
    seconds = time.process_time() - started
    print(
        f"{len(asked)} quotes in {seconds:.2f} s CPU: {len(asked) / seconds:,.0f} a second, {found / len(asked):.1f} chains each"
    )


if __name__ == "__main__":
    main()
