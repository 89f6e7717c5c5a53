"""Whose queue a held bill is in, and which ways out it has: a table.

Lives here      the table, by the code of the hold; the longest beginning of a code decides.
Lives elsewhere what holds a bill (``gate`` and ``usecases``), the ways out (``settle_held``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class WayOut(Enum):
    """What a person may do with a held bill."""

    RELEASE = "release"
    CORRECT = "correct"
    EXCLUDE = "exclude"
    RERUN = "rerun"


@dataclass(frozen=True, slots=True)
class HoldKind:
    """Of one code: its owner, what it is in a few words, its ways out, and how it is corrected.

    ``correct_at`` names the page that corrects it: ``usage`` (held days and the meter), ``meter``,
    ``service`` (accounts and places) or ``book``.
    """

    code: str
    owner: str
    words: str
    ways: tuple[WayOut, ...]
    correct_at: str
    correct: str


_ALL = (WayOut.RELEASE, WayOut.CORRECT, WayOut.RERUN, WayOut.EXCLUDE)
_FIX = (WayOut.CORRECT, WayOut.RERUN, WayOut.EXCLUDE)
BILLING, METERS, CUSTOMERS, RATES = (
    *("billing analysts", "meter data", "customer service", "rate analysts"),
)
KINDS = (
    HoldKind("gate.window_length", BILLING, "unusual number of days", _ALL, "service",
             "If the window is wrong, put the account's cycle or its first day of service right "
             "(`meterledger service correct AGREEMENT --cycle N` or `--first-day DAY`)."),
    HoldKind("gate.overlap", BILLING, "days billed already", _FIX, "service",
             "Look at the bill that has the days; the wrong one of the two is cancelled."),
    HoldKind("gate.band", BILLING, "energy far from usual", _ALL, "usage",
             "If the usage is wrong, correct the days of the meter."),
    HoldKind("gate.jump", METERS, "off by a factor", _ALL, "meter",
             "Compare the meter's multiplier and unit with what is installed; put a wrong one "
             "right with `meterledger meter multiplier`."),
    HoldKind("gate.zero", METERS, "no energy any more", _ALL, "usage",
             "Find out whether the meter still measures, and correct its days."),
    HoldKind("gate.estimated", METERS, "mostly estimated", _ALL, "usage",
             "Get the missing readings: they take the place of the estimates."),
    HoldKind("gate.lines", RATES, "a line is missing", _FIX, "book",
             "Correct the schedule in the book, and run the bill again."),
    HoldKind("gate.price", BILLING, "unusual price of a kWh", _ALL, "book",
             "Compare the lines with the sheet's prices."),
    HoldKind("gate.amount", BILLING, "unusual amount", _ALL, "usage",
             "If the usage is wrong, correct the days of the meter."),
    HoldKind("gate.ceiling", BILLING, "above the ceiling, two people", _ALL, "usage",
             "If the usage is wrong, correct the days of the meter."),
    HoldKind("gate.run_stopped", BILLING, "the run was stopped", _FIX, "usage",
             "Look at what the run found, and let it go or correct the cause."),
    HoldKind("usage.held", METERS, "a day waits for review", _FIX, "usage",
             "Decide the held days: accept, edit, estimate or reject."),
    HoldKind("usage.gap", METERS, "readings are missing", _FIX, "usage",
             "Get the missing readings, or let the night estimate them by the sheet's ladder."),
    HoldKind("usage.estimate_cap", METERS, "only a reading can be billed", _FIX, "usage",
             "Read the meter: no further estimate may be billed."),
    HoldKind("usage.reactive_", METERS, "a doubtful reading of kvarh", _ALL, "meter",
             "Send the channel of kVArh again as it is right (`meterledger ingest`), or correct "
             "the meter's multiplier (`meterledger meter multiplier`)."),
    HoldKind("usage.of_one_meter", METERS, "one of several meters is not known", _FIX, "usage",
             "Get its missing readings, or let the night estimate them by the sheet's ladder."),
    HoldKind("usage.periods_needed", CUSTOMERS, "a rate by time of day, a meter without times",
             _FIX, "service",
             "Put the account on a rate without time periods (`meterledger service change`), or, "
             "where its meter sends them, bill it on intervals (`meterledger meter configure`)."),
    HoldKind("usage.interval_too_long", CUSTOMERS, "a rate by finer times than are measured", _FIX,
             "service",
             "Get finer intervals; where the rate option was entered wrong, put it right "
             "(`meterledger service correct AGREEMENT --schedule RATE`)."),
    HoldKind("usage.no_opening_read", METERS, "no read to begin from", _FIX, "meter",
             "Ingest what the register showed on the day that the sentence names."),
    HoldKind("usage.estimate_by_hand", METERS, "no read, and no estimate", _FIX, "usage",
             "Obtain a read and ingest it."),
    HoldKind("together.", CUSTOMERS, "meters that cannot be billed as one", _FIX, "service",
             "Put right what differs between them, or end the arrangement."),
    HoldKind("usage.", METERS, "usage cannot be billed", _FIX, "usage",
             "Correct the readings that the sentence names."),
    HoldKind("meter.unmetered", CUSTOMERS, "service without a meter on another rate", _FIX,
             "service",
             "Record its loads (`meterledger meter load`), or put the rate option right "
             "(`meterledger service correct AGREEMENT --schedule RATE`)."),
    HoldKind("meter.", METERS, "the meter did not measure all of it", _FIX, "meter",
             "Correct when the meter was installed, exchanged or removed."),
    HoldKind("premise.", CUSTOMERS, "the premise is not known well enough", _FIX, "service",
             "Record the municipality of the premise."),
    HoldKind("program.", CUSTOMERS, "a programme does not fit", _FIX, "service",
             "Correct what the account takes part in."),
    HoldKind("book.", RATES, "the tariff book has no value", _FIX, "book",
             "Add the value that is missing to the book."),
    HoldKind("", BILLING, "held", _FIX, "service", "Do what the sentence says."),
)  # fmt: skip


def hold_kind(code: str) -> HoldKind:
    """The row of the table for a code."""
    found = [one for one in KINDS if code == one.code or code.startswith(one.code)]
    return max(found, key=lambda one: len(one.code))


def owners() -> list[str]:
    """Every owner of the table, once."""
    return sorted({one.owner for one in KINDS})
