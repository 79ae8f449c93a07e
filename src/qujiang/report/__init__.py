"""Results to text, tables and a page.

``plan_text`` prints a plan's answer to a terminal; ``write_report`` writes it as one self-contained page, ``write_tables``
as CSV or Parquet with ``run.json``, ``write_plan`` both. Nothing is half-written: files are written aside, then renamed.
"""

from qujiang.report.page import report_html, write_plan, write_report
from qujiang.report.tables import write_tables
from qujiang.report.text import plan_text

__all__ = ["plan_text", "report_html", "write_plan", "write_report", "write_tables"]
