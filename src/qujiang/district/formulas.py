"""The formulas of the table ``checks``: arithmetic over numbers and a few questions to the tables. Nothing is ever executed.

A formula is one expression of numbers, ``+ - * / **``, one ``<`` or ``>``, parentheses, and calls with quoted words::

    km("a", "b")      shortest open water distance [km]
    locks("a", "b")   locks on that way
    rail("a", "b")    shortest open rail distance for freight [km]
    rows("t")         rows of a table
    sum("t.c", ...)   sum of a column; "t.c*d" sums a product; further words are filters
    count("t", ...)   rows that meet the filters
    distinct("t.c+d", ...)   different values of a column, or of several together
    tkm("t", ...)     tonnes x shortest open water distance between the water nodes of origin and destination

A filter is ``"column=value"``, or ``"reference.column=value"`` where the first column names a row of another table.
"""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable, Iterator, Mapping

import polars as pl

from qujiang.district.networks import Graph, open_graph, shortest
from qujiang.district.vocabulary import TABLE
from qujiang.tables.values import write

LIMIT_CHARACTERS, LIMIT_NODES, LIMIT_EXPONENT = 500, 120, 64.0

#: Columns that the questions to the networks read.
WATER = ("from_place", "to_place", "length_km", "locks", "state")
RAIL = ("from_place", "to_place", "length_km", "freight", "state")

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


class FormulaError(ValueError):
    """A formula that cannot be read or has no value; the message says why."""


def parse(formula: str) -> ast.expr:
    """Read a formula; anything beyond the form above is refused."""
    if len(formula) > LIMIT_CHARACTERS:
        raise FormulaError(f"is longer than {LIMIT_CHARACTERS} characters")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree = ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, Warning, RecursionError, MemoryError) as error:
        raise FormulaError(f"cannot be read: {getattr(error, 'msg', None) or error}") from None
    nodes = list(ast.walk(tree))
    if len(nodes) > LIMIT_NODES:
        raise FormulaError(f"has more than {LIMIT_NODES} parts")
    _refuse(tree)
    return tree


def _refuse(node: ast.expr) -> None:
    """Raise for the first part that is not of the form."""
    match node:
        case ast.Constant(value=bool()):
            raise FormulaError("may hold numbers only, and words only inside a call")
        case ast.Constant(value=int() | float()):
            return
        case ast.BinOp(left=left, op=op, right=right) if isinstance(op, (*_BINARY, ast.Pow)):
            _refuse(left)
            _refuse(right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            _refuse(operand)
        case ast.Compare(left=left, ops=[ast.Lt() | ast.Gt()], comparators=[right]):
            _refuse(left)
            _refuse(right)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
            if name not in FUNCTIONS:
                raise FormulaError(f"knows no function {name}; there are {', '.join(FUNCTIONS)}")
            if not all(isinstance(arg, ast.Constant) and isinstance(arg.value, str) for arg in args):
                raise FormulaError(f'{name} takes quoted words only, as {name}("...")')
            _check_words(name, _words(node))
        case _:
            raise FormulaError("may hold only numbers, + - * / ** < > ( ) and calls with quoted words")


def _check_words(name: str, words: tuple[str, ...]) -> None:
    least, most = (2, 2) if name in ("km", "locks", "rail") else (1, 1) if name == "rows" else (1, 8)
    if not least <= len(words) <= most:
        raise FormulaError(f"{name} takes {least} words" if least == most else f"{name} takes at least {least} word")
    if name not in ("km", "locks", "rail"):
        for _ in _reads_of(name, words):
            pass


def _words(call: ast.expr) -> tuple[str, ...]:
    assert isinstance(call, ast.Call)
    return tuple(arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def columns_read(formula: str) -> set[tuple[str, str]]:
    """Every (table, column) that a formula looks at; empty for plain arithmetic."""
    calls = [
        node for node in ast.walk(parse(formula)) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    return {read for call in calls for read in _reads_of(call.func.id, _words(call))}  # type: ignore[attr-defined]


def _reads_of(name: str, words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if name in ("km", "locks"):
        yield from (("water_links", column) for column in WATER)
        return
    if name == "rail":
        yield from (("rail_links", column) for column in RAIL)
        return
    table, columns = _target(words[0], needs_column=name in ("sum", "distinct"))
    yield from ((table, column) for column in columns or TABLE[table].key or TABLE[table].names[:1])
    if name == "tkm":
        yield from ((table, column) for column in ("origin", "destination", _TONNES))
        yield from (("water_links", column) for column in WATER)
        yield ("places", "water_node")
    for word in words[1:]:
        yield from _filter_reads(table, word)


_TONNES = "demand_t_per_year"


def _target(word: str, *, needs_column: bool) -> tuple[str, tuple[str, ...]]:
    table, _, rest = word.partition(".")
    if table not in TABLE:
        raise FormulaError(f"there is no table {table!r}")
    columns = tuple(rest.replace("*", "+").split("+")) if rest else ()
    if bool(columns) != needs_column:
        raise FormulaError(f"write {'table.column' if needs_column else 'a table only'} in place of {word!r}")
    for column in columns:
        _known(table, column)
    return table, columns


def _known(table: str, column: str) -> None:
    if column not in TABLE[table].names:
        raise FormulaError(f"{table} has no column {column!r}")


def _filter_reads(table: str, word: str) -> Iterator[tuple[str, str]]:
    column, equals, _ = word.partition("=")
    first, dot, second = column.partition(".")
    if not equals:
        raise FormulaError(f'a filter is "column=value", not {word!r}')
    _known(table, first)
    yield table, first
    if dot:
        references = TABLE[table].column(first).references
        if not references:
            raise FormulaError(f"{table}.{first} refers to no other table")
        _known(references[0][0], second)
        yield references[0][0], second


class Evaluator:
    """Answers formulas over one set of tables; networks are built once."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self._frames = frames
        self._graphs: dict[str, Graph] = {}
        self._ways: dict[tuple[str, str], dict[str, tuple[float, int]]] = {}

    def value(self, formula: str) -> float:
        """The value of a formula; a comparison gives 1 or 0.

        >>> Evaluator({}).value("(4.2 / 0.5) ** 2 > 70")
        1.0
        """
        try:
            found = self._of(parse(formula))
        except ZeroDivisionError:
            raise FormulaError("divides by zero") from None
        except OverflowError:
            raise FormulaError("is too large a number") from None
        if not math.isfinite(found):
            raise FormulaError("is no finite number")
        return found

    def _of(self, node: ast.expr) -> float:
        match node:
            case ast.Constant(value=value):
                return float(value)  # type: ignore[arg-type]
            case ast.UnaryOp(op=op, operand=operand):
                return -self._of(operand) if isinstance(op, ast.USub) else self._of(operand)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self._power(self._of(left), self._of(right))
            case ast.BinOp(left=left, op=op, right=right):
                return _BINARY[type(op)](self._of(left), self._of(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                low, high = self._of(left), self._of(right)
                return float(low < high if isinstance(op, ast.Lt) else low > high)
            case ast.Call(func=ast.Name(id=name)):
                return FUNCTIONS[name](self, *_words(node))
        raise FormulaError("cannot be read")

    @staticmethod
    def _power(base: float, exponent: float) -> float:
        if abs(exponent) > LIMIT_EXPONENT:
            raise FormulaError(f"has an exponent beyond {LIMIT_EXPONENT:g}")
        found = base**exponent
        if isinstance(found, complex):
            raise FormulaError("takes a root of a negative number")
        return found

    def _way(self, network: str, start: str, end: str) -> tuple[float, int]:
        if (network, start) not in self._ways:
            if network not in self._graphs:
                self._graphs[network] = open_graph(self._frames[network], freight_only=network == "rail_links")
            self._ways[network, start] = shortest(self._graphs[network], start)
        if end not in self._ways[network, start]:
            raise FormulaError(f"finds no open way from {start} to {end} in {network}")
        return self._ways[network, start][end]

    def km(self, start: str, end: str) -> float:
        """Shortest open water distance [km]."""
        return self._way("water_links", start, end)[0]

    def locks(self, start: str, end: str) -> float:
        """Locks on the shortest open water way."""
        return float(self._way("water_links", start, end)[1])

    def rail(self, start: str, end: str) -> float:
        """Shortest open rail distance for freight [km]."""
        return self._way("rail_links", start, end)[0]

    def rows(self, table: str) -> float:
        """Rows of a table."""
        return float(self._frames[table].height)

    def count(self, table: str, *filters: str) -> float:
        """Rows that meet the filters."""
        return float(self._kept(table, filters).height)

    def sum(self, target: str, *filters: str) -> float:
        """Sum of a column or of a product of columns, over the rows that meet the filters."""
        table, columns = _target(target, needs_column=True)
        product = pl.lit(1.0)
        for column in columns:
            if not TABLE[table].column(column).numeric:
                raise FormulaError(f"{table}.{column} holds no numbers")
            product = product * pl.col(column)
        return float(self._kept(table, filters).select(product.sum().alias("sum"))["sum"][0])

    def distinct(self, target: str, *filters: str) -> float:
        """Different values of a column, or of several together."""
        table, columns = _target(target, needs_column=True)
        return float(self._kept(table, filters).select(columns).n_unique())

    def tkm(self, table: str, *filters: str) -> float:
        """Tonnes x shortest open water distance between the water nodes of origin and destination."""
        if _TONNES not in TABLE[table].names:
            raise FormulaError(f"{table} has no tonnes from place to place")
        places = self._frames["places"]
        node = dict(zip(places["id"], places["water_node"], strict=True))
        kept = self._kept(table, filters).select("origin", "destination", _TONNES)
        total = 0.0
        for origin, destination, tonnes in kept.iter_rows():
            start, end = node.get(origin), node.get(destination)
            if start is None or end is None:
                raise FormulaError(f"finds no water node for {origin if start is None else destination}")
            total += tonnes * self.km(start, end)
        return total

    def _kept(self, table: str, filters: tuple[str, ...]) -> pl.DataFrame:
        frame = self._frames[table]
        for word in filters:
            column, _, value = word.partition("=")
            first, _, second = column.partition(".")
            written = write(frame[first])
            if second:
                target, by = TABLE[table].column(first).references[0]
                there = self._frames[target]
                names = dict(zip(there[by].cast(pl.String), write(there[second]), strict=True))
                written = pl.Series([names.get(name) for name in written], dtype=pl.String)
            frame = frame.filter(written == value)
        return frame


FUNCTIONS: dict[str, Callable[..., float]] = {
    "km": Evaluator.km,
    "locks": Evaluator.locks,
    "rail": Evaluator.rail,
    "rows": Evaluator.rows,
    "sum": Evaluator.sum,
    "count": Evaluator.count,
    "distinct": Evaluator.distinct,
    "tkm": Evaluator.tkm,
}
