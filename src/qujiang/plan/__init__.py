"""The plan: the only place where the planning rooms meet.

What many futures need (numba, the port's simulation, processes) is read when ``test_futures`` is first asked for: a test of the base
future does without.
"""

from typing import TYPE_CHECKING, Any

from qujiang.plan.result import Binder, LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.plan.test import test_plan

if TYPE_CHECKING:
    from qujiang.plan.ensemble import test_futures

__all__ = ["Binder", "LandmarkAnswer", "MeasureAnswer", "PlanResult", "test_futures", "test_plan"]


def __getattr__(name: str) -> Any:
    if name != "test_futures":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from qujiang.plan.ensemble import test_futures

    return test_futures
