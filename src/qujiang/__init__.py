"""Test a district's service-economy plan: does it hold, what binds it, what first."""

__version__ = "0.1.0"
