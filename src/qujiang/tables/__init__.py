"""What a table is: declare it once; read, check, write, describe and generate it from the declaration."""

from qujiang.tables.columns import Column, Rule, Table
from qujiang.tables.folder import Checked, check_folder
from qujiang.tables.reading import Reading, read_table
from qujiang.tables.writing import write_table

__all__ = [
    "Checked",
    "Column",
    "Reading",
    "Rule",
    "Table",
    "check_folder",
    "read_table",
    "write_table",
]
