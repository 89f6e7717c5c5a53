"""A clock that is off stops issue: days, due dates and what was known when all hang on it.

Lives here      comparing the machine's instant with the database's and with the newest kept; how
                long before today a bill may be dated.
Lives elsewhere reading clocks (``entrypoints`` and ``stores`` alone do).
"""

from __future__ import annotations

from datetime import date, datetime

from meterledger.billing.gate_terms import GateTerms
from meterledger.facts.held import StoreClock
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_counts import many
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

RENDERED_WITHIN = "gate_rendered_within_days"


class ClockIsOff(Refusal):
    """The machine's clock and what is kept disagree on what time it is."""


class RenderedLongAgo(Refusal):
    """A bill would be dated long before it is made, and nobody says that it was rendered then."""


def refuse_rendered_long_ago(
    day: date, today: date, *, rendered_then: str | None, view: BookView, where: str = "--on"
) -> None:
    """Refuse to date bills more than a few days before ``today`` without a word on why.

    A bill is rendered when it is mailed, posted or delivered (20 CSR 4240-13.015): one that is made
    months later with an old day would be due, and late, before anybody has it, and our own delay
    (13.025) would not be counted. ``rendered_then`` says why the day is right all the same; None
    where nobody may say it. A book without the value lets any day through.

    :raises RenderedLongAgo: naming the day, and the day that is right
    """
    said = rendered_then is not None and rendered_then.strip()
    if said or day >= today or RENDERED_WITHIN not in view.names():
        return
    if view.of_kind(RENDERED_WITHIN, "number").covering(today) is None:
        return  # as known before it was there
    within = Terms(view, today).whole(RENDERED_WITHIN)
    ago = (today - day).days
    if ago <= within.value:
        return
    raise RenderedLongAgo(
        f"{day} is {many(ago, 'day')} ago, and a bill is dated at most "
        f"{many(within.value, 'day')} before it is made",
        where=where,
        why="It would be due, and late, before anybody has it, and our delay would not be counted",
        do=f"Date it today, {today}"
        if rendered_then is None
        else f"Date it today, {today}; or say why it left on that day all the same "
        '(`--rendered-then "WHY"`)',
    )


def refuse_clock_off(machine: datetime, today: date, kept: StoreClock, terms: GateTerms) -> None:
    """Refuse to issue with a clock that cannot be right. ``today`` is the machine's local day.

    :raises ClockIsOff: naming both instants and the tolerance
    """
    tolerance = terms["gate_clock_tolerance_seconds"].value
    server = kept.server
    apart = abs(int((machine - server).total_seconds())) if server is not None else 0
    if server is not None and apart > tolerance:
        raise ClockIsOff(
            f"This machine's clock says {machine:%Y-%m-%dT%H:%M:%SZ} and the database's "
            f"{server:%Y-%m-%dT%H:%M:%SZ}, {apart} seconds apart",
            where="clock",
            why=f"More than {tolerance} seconds apart no bill is issued: its day may be wrong",
            do="Set the clock that is wrong, and run the bills again",
        )
    newest = kept.newest_learned_at
    if newest is not None and (newest - machine).total_seconds() > tolerance:
        raise ClockIsOff(
            f"This machine's clock says {machine:%Y-%m-%dT%H:%M:%SZ}, and something was learned "
            f"at {newest:%Y-%m-%dT%H:%M:%SZ} already",
            where="clock",
            why="A clock that went back would issue bills of before what they stand on",
            do="Set the clock, and run the bills again",
        )
    if kept.newest_issued_day is not None and kept.newest_issued_day > today:
        raise ClockIsOff(
            f"It is {today} by this machine's clock, and a bill was issued on "
            f"{kept.newest_issued_day} already",
            where="clock",
            why="A bill is never issued on a day before the newest one",
            do="Set the clock, and run the bills again",
        )
