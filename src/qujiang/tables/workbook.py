"""Read a sheet of an .xlsx workbook as text cells: nothing is guessed, nothing is dropped.

The file is read as the zip of XML that it is (ECMA-376, part 1, SpreadsheetML). The usual reader turns a failed formula
into an empty cell and skips leading empty rows, so that a fault could neither be told nor placed.
"""
