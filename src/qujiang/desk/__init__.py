"""The request desk, 企呼我应: an enterprise asks, the government answers, on the clock. (A *call* is always a ship's.)"""

from qujiang.desk.after import call_back, rate, reopen
from qujiang.desk.boards import board, observations
from qujiang.desk.handle import (
    ask_extension,
    contact,
    decide,
    decide_extension,
    escalate,
    give_opinion,
    pause,
    reply,
    reply_interim,
    resume,
    send_back,
)
from qujiang.desk.intake import Draft, Received, alike, clear, dispatch, merge, receive
from qujiang.desk.possible import ACTS, possible
from qujiang.desk.recount import recount
from qujiang.desk.rulebook import Rulebook, read_rulebook
from qujiang.desk.sheets import take_hotline
from qujiang.desk.views import Filter, counted, explain, last_contact, listed, shown
from qujiang.desk.worklists import LOOKED, MOST_COUNTED, Page, Wanted, found, lists_of, waiting, worklist

__all__ = [
    "ACTS",
    "LOOKED",
    "MOST_COUNTED",
    "Draft",
    "Filter",
    "Page",
    "Received",
    "Rulebook",
    "Wanted",
    "alike",
    "ask_extension",
    "board",
    "call_back",
    "clear",
    "contact",
    "counted",
    "decide",
    "decide_extension",
    "dispatch",
    "escalate",
    "explain",
    "found",
    "give_opinion",
    "last_contact",
    "listed",
    "lists_of",
    "merge",
    "observations",
    "pause",
    "possible",
    "rate",
    "read_rulebook",
    "receive",
    "recount",
    "reopen",
    "reply",
    "reply_interim",
    "resume",
    "send_back",
    "shown",
    "take_hotline",
    "waiting",
    "worklist",
]
