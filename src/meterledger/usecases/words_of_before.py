"""Sentences of a bill's record as they were worded before, so that an old record replays.

Lives here      which sentences read otherwise then: of one thing they spoke as of several.
Lives elsewhere the replay (``replay_bill``); readings of rules, which change more than words.
Read first      docs/decisions/0021-older-revisions-are-kept.md.

Words change no cent, so a calculation's revision does not name them: the bytes tell.
"""

from __future__ import annotations

import re
from dataclasses import replace

from meterledger.facts.bills import Bill

SPOKEN = "in the words of its time, which said '1 days' and the like"
"""How a replay says that a bill was worded so."""
_BEFORE = (
    (re.compile(r" with 1 Solar Block from (?=\d{4}-)"), " with 1 Solar Blocks from "),
    (re.compile(r"\A1 day is (?=(?:within|outside) )"), "1 days are "),
    (re.compile(r"\A1 month late: "), "1 months late: "),
    (re.compile(r"\A1 period adjusted: "), "1 periods adjusted: "),
    (re.compile(r"\Athe customer chose 1 month, "), "the customer chose 1 months, "),
)


def as_worded_before(bill: Bill) -> Bill | None:
    """The bill with its reasons in the words of before; None where they were the same."""
    reasons = tuple(replace(one, finding=_as_before(one.finding)) for one in bill.reasons)
    return replace(bill, reasons=reasons) if reasons != bill.reasons else None


def _as_before(sentence: str) -> str:
    for now, before in _BEFORE:
        sentence = now.sub(before, sentence)
    return sentence
