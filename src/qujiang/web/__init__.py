"""The HTTP face: API, Open311, health. Pages stand on the same application."""

from qujiang.web.app import create_app
from qujiang.web.settings import Settings

__all__ = ["Settings", "create_app"]
