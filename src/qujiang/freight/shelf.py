"""The quote book of a district, from the shelf where it is kept or built anew."""

from __future__ import annotations

from pathlib import Path

from qujiang.freight.book import QuoteBook, build_book, cache_folder, inputs_hash, load_book, save_book


def book_of(folder: Path, *, scenario: str | None = None) -> QuoteBook:
    """The book of the district in a folder.

    It is looked up by the hash of the files that it is made of, so a changed file is never answered from an old book; the
    district was checked when its book was built.

    Raises
    ------
    DataError
        The district has faults.
    """
    path = cache_folder() / f"quotes-{inputs_hash(folder)[:32]}.npz"
    if scenario is None:
        kept = load_book(path)
        if kept is not None:
            return kept
    from qujiang.district import District
    from qujiang.freight.problem import build_problem

    district = District.open(folder)
    if scenario is not None:
        district = district.with_scenario(scenario)
    if district.info.port_place is None:
        from qujiang.errors import ScenarioError

        raise ScenarioError(f"{district.info.name_en} names no port_place in district.toml: quotes need one")
    problem = build_problem(district, port_place=district.info.port_place, base_year=district.info.base_year)
    book = build_book(district, problem)
    if scenario is None:
        try:
            save_book(book, path)
        except OSError:
            return book  # nowhere to keep it: the answer is the same, only the next one is slower
    return book
