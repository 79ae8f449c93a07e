"""Working days and working time in mainland China, and deadlines that explain themselves.

The State Council's yearly notice comes with ``chinesecalendar``; a district may add or mend days in a table of its
own. A year without a notice is *provisional*: its holidays are guessed from the law and every date in it says so.
"""

from qujiang.calendar.clocks import Clock, ClockUnit, run_clock
from qujiang.calendar.days import CHINA, Day, DayKind, Override, WorkCalendar, china_date, read_overrides
from qujiang.calendar.due import Due, Pause, Step, due
from qujiang.calendar.hours import WorkHours, add_working_minutes, next_working_time

__all__ = [
    "CHINA",
    "Clock",
    "ClockUnit",
    "Day",
    "DayKind",
    "Due",
    "Override",
    "Pause",
    "Step",
    "WorkCalendar",
    "WorkHours",
    "add_working_minutes",
    "china_date",
    "due",
    "next_working_time",
    "read_overrides",
    "run_clock",
]
