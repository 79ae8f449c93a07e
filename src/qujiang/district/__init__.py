"""The district: its vocabulary of tables, and ``District``, which opens, checks, overlays and saves one."""

from qujiang.district.district import District
from qujiang.district.vocabulary import TABLE, TABLES

__all__ = ["TABLE", "TABLES", "District"]
