"""What stands on a bill's page against the bill before it: the difference by cause, to the cent.

Lives here      which bill is the one before, and rows of the table.
Lives elsewhere the causes (``billing.split_difference``), weather (``usecases.explain_bill``).
"""

from __future__ import annotations

from dataclasses import dataclass

from meterledger.entrypoints.wiring import System
from meterledger.kernel.money import cents_from_text
from meterledger.usecases.explain_bill import WeatherKnown, explain_bill
from meterledger.usecases.ports import StoredBill


@dataclass(frozen=True, slots=True)
class AgainstBefore:
    """The bill before, the difference, its causes, and how the weather was told apart."""

    before: StoredBill
    difference_cents: int
    parts: tuple[tuple[str, int], ...]
    weather: str


def against_before(system: System, stored: StoredBill) -> AgainstBefore | None:
    """The difference to the live bill of the days just before; None where there is none.

    A cancelled bill is looked at by itself: what took its place is what counts.
    """
    if stored.cancelled_by is not None:
        return None
    before = next(
        (
            one
            for one in system.store.bills_of_account(stored.account_id)
            if one.days.until_day == stored.days.from_day
            and _service_point(one) == _service_point(stored)
        ),
        None,
    )
    if before is None:
        return None
    versus = explain_bill(
        bill_id=stored.bill_id,
        store=system.store,
        versus=before.bill_id,
        weather=WeatherKnown(system.view, system.now),
    )["versus"]
    weather = versus["weather"]
    return AgainstBefore(
        before=before,
        difference_cents=cents_from_text(versus["total_usd"], where=stored.bill_id),
        parts=tuple(
            (part["cause"], cents_from_text(part["usd"], where=stored.bill_id))
            for part in versus["parts"]
        ),
        weather=f"Weather is not told apart: {weather['why']}."
        if weather["why"]
        else f"Weather: {weather['kwh']} kWh, by the temperatures at {weather['station']} and how "
        "this home answers to them.",
    )


def _service_point(stored: StoredBill) -> str:
    """An agreement is named account, service point, first day."""
    return stored.agreement_id.rpartition("-")[0]
