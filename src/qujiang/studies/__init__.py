"""Saved scenarios and the runs that answer them, in the background, with progress and cancel."""

from qujiang.studies.access import Savers, may_save
from qujiang.studies.answers import Standing, answer_of, ask_standing, has_report, pack, report_of, standing, unpack
from qujiang.studies.overlay import as_file, laid_over
from qujiang.studies.question import Arguments, Ground
from qujiang.studies.queue import Claim, forget_old
from qujiang.studies.runner import Outcome, Report, Runner, Work
from qujiang.studies.saved import Draft, cancel, edit, find, listed, progress, remove, run_again, save, shown

__all__ = [
    "Arguments",
    "Claim",
    "Draft",
    "Ground",
    "Outcome",
    "Report",
    "Runner",
    "Savers",
    "Standing",
    "Work",
    "answer_of",
    "as_file",
    "ask_standing",
    "cancel",
    "edit",
    "find",
    "forget_old",
    "has_report",
    "laid_over",
    "listed",
    "may_save",
    "pack",
    "progress",
    "remove",
    "report_of",
    "run_again",
    "save",
    "shown",
    "standing",
    "unpack",
]
