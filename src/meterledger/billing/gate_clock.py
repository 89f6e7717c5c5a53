"""A clock that is off stops issue: days, due dates and what was known when all hang on it.

Lives here      comparing the machine's instant with the database's and with the newest kept.
Lives elsewhere reading clocks (``entrypoints`` and ``stores`` alone do).
"""

from __future__ import annotations

from datetime import date, datetime

from meterledger.billing.gate_terms import GateTerms
from meterledger.facts.held import StoreClock
from meterledger.kernel.refusal import Refusal


class ClockIsOff(Refusal):
    """The machine's clock and what is kept disagree on what time it is."""


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
