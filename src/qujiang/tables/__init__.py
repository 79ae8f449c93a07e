"""What a table is: declare it once; read, check, write, describe and generate it from the declaration."""

from qujiang.tables.columns import Column, Rule, Table
from qujiang.tables.dictionary import dictionary, dictionary_rows
from qujiang.tables.folder import Checked, check_folder
from qujiang.tables.package import datapackage, write_datapackage
from qujiang.tables.reading import Reading, read_table
from qujiang.tables.templates import template, write_templates
from qujiang.tables.writing import as_csv, write_table

__all__ = [
    "Checked",
    "Column",
    "Reading",
    "Rule",
    "Table",
    "as_csv",
    "check_folder",
    "datapackage",
    "dictionary",
    "dictionary_rows",
    "read_table",
    "template",
    "write_datapackage",
    "write_table",
    "write_templates",
]
