"""Days of a bill's meters that a person has not decided yet: no bill is corrected over them.

Lives here      what holds the days of an issued bill, in words.
Lives elsewhere what holds a day (``validate_usage``), deciding it (``review_usage``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from meterledger.facts.places import BillableService
from meterledger.facts.usage_log import FindingOnFile
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.usecases.bill_estimates import GAP, held_sentence
from meterledger.usecases.joined_services import meters_on_bill
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill_states import CannotRebill, Now


class HoldsOfDays(Protocol):
    """Where findings are on file."""

    def open_holds(self, meters: Sequence[str], days: DaySpan) -> list[FindingOnFile]:
        """Findings that keep days of the meters (pseudonyms) from being billed."""


def held_why(stored: StoredBill, service: BillableService, store: HoldsOfDays, now: Now) -> str:
    """Which days of the bill are held for review, and by what; nothing where none is.

    A day without readings is no reason: the bill is made of what is there, or not at all.
    """
    meters = [
        pseudonym(one.meter_id, now.view.name) for one in meters_on_bill(service, stored.days)
    ]
    held = [one for one in store.open_holds(meters, stored.days) if one.logged.finding.code != GAP]
    return held_sentence(held) if held else ""


def refuse_held(stored: StoredBill, service: BillableService, store: HoldsOfDays, now: Now) -> None:
    """Nothing where no day of the bill waits for a person.

    :raises CannotRebill: naming the days, and what holds them
    """
    why = held_why(stored, service, store, now)
    if why:
        raise CannotRebill(why, where=stored.bill_id)
