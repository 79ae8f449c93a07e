"""The plan: the only place where the planning rooms meet."""

from qujiang.plan.result import Binder, LandmarkAnswer, MeasureAnswer, PlanResult
from qujiang.plan.test import test_plan

__all__ = ["Binder", "LandmarkAnswer", "MeasureAnswer", "PlanResult", "test_plan"]
