"""Port: how long ships wait and what the port can carry."""

from qujiang.port.capacity import berth_capacity

__all__ = ["berth_capacity"]
