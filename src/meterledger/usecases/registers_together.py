"""A meter that is billed on its register, on one bill with other meters of its account.

Lives here      its watt-hours between two actual reads; what holds the one bill.
Lives elsewhere the reads a bill opens and closes on (``register_usage``), the sum
                (``bills_together``).
Read first      GRR IV.C; docs/operating/meters_together.md.

Both reads are real ones: what a ladder estimates is of a place and its own bills, and none of it
is made for a part of a sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from meterledger.billing import BillWindow
from meterledger.facts.bills import BilledUsage, BillKind
from meterledger.facts.registers import ReadBasis
from meterledger.kernel.decision import Reason
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usecases.joined_services import JoinedDue, NotTogether
from meterledger.usecases.meter_ports import MeterFile
from meterledger.usecases.register_history import bills_with_part
from meterledger.usecases.register_usage import usage_of_registers
from meterledger.usecases.register_windows import (
    Gathered,
    RegisterHeld,
    RegisterSources,
    RegisterWindow,
    billed_on_registers,
    files_on_registers,
    gather,
    register_window,
)


class MeterHoldsAll(NotTogether):
    """One meter of several holds the one bill: a sum with a part missing is no sum."""

    code = "usage.of_one_meter"


@dataclass(frozen=True, slots=True)
class RegisterOfPoint:
    """What a point's register moved by, as it is priced and as a bill describes it, and why."""

    usage: int
    described: BilledUsage
    reasons: tuple[Reason, ...]


def holds(meter: str, days: DaySpan, why: str, do: str = "") -> MeterHoldsAll:
    """What one meter registered is not known."""
    return MeterHoldsAll(
        f"What meter {meter} registered from {days} is not known",
        why=f"{why.rstrip('.')}. A sum with a part missing is no sum, so it holds the one bill",
        do=do
        or "Ingest its missing readings, or estimate them with `meterledger validate`, then run "
        "the bill again",
    )


@dataclass(frozen=True, slots=True)
class RegistersTogether:
    """The points of one bill that are billed on their register, and what is known of them."""

    files: Mapping[str, MeterFile]
    gathered: Gathered
    window: DaySpan
    known_at: datetime
    on: date
    sequence: int
    store: RegisterSources
    view: BookView

    @classmethod
    def of(
        cls,
        points: Sequence[JoinedDue],
        window: DaySpan,
        known_at: datetime,
        on: date,
        sequence: int,
        store: RegisterSources,
        view: BookView,
    ) -> RegistersTogether:
        """Ask the store once for all points; most bills have no register, and ask no more."""
        every = [each.meter_id for one in points for each in one.installations]
        files = files_on_registers(every, known_at, store)
        gathered = Gathered({}, {})
        if files:
            gathered = gather(
                [(one.service, one.installations) for one in points],
                window,
                view=view,
                at_sequence=sequence,
                store=store,
            )
        return cls(files, gathered, window, known_at, on, sequence, store, view)

    def has(self, one: JoinedDue) -> bool:
        """Whether the point is billed on its register."""
        return bool(self.files) and billed_on_registers(one.installations, one.days, self.files)

    def known(self, one: JoinedDue) -> RegisterWindow:
        """The window of a point with its registers, and the bills before it.

        :raises RegisterHeld: if a register cannot be billed as it is set up
        """
        agreement = one.service.agreement
        found = register_window(
            one.service,
            BillWindow(one.days, BillKind.REGULAR),
            one.installations,
            self.gathered,
            self.files,
            known_at=self.known_at,
            on=self.on,
            sequence=self.sequence,
            view=self.view,
            store=self.store,
        )
        every = [bill for bills in self.gathered.bills.values() for bill in bills]
        beside = bills_with_part(every, agreement.agreement_id, one.days, self.known_at)
        known = {each.bill.bill_id for each in found.earlier}
        return replace(
            found,
            earlier=(*found.earlier, *(each for each in beside if each.bill.bill_id not in known)),
        )

    def usage(self, one: JoinedDue) -> RegisterOfPoint:
        """The watt-hours of a point between two actual reads.

        :raises MeterHoldsAll: if one of them is missing, or no read is one
        """
        named = " and ".join(each.meter_id for each in one.installations)
        try:
            found = usage_of_registers(self.known(one))
        except RegisterHeld as refusal:
            told = refusal.of_one_case()
            raise holds(named, one.days, told.what, told.do) from refusal
        shares = found.usage.registers
        opens, closes = shares[0].opening, shares[-1].closing
        for read, day in ((opens, one.days.from_day), (closes, one.days.until_day)):
            if read.basis is not ReadBasis.ACTUAL:
                raise holds(
                    named,
                    one.days,
                    f"Its register has no actual read of {day}, and none is estimated for one of "
                    "several meters",
                    f"Ingest the read of {day}; where a bill before closed on an estimate, correct "
                    "that one first, then run the bill again",
                )
        point = one.service.agreement.service_point_id
        reasons = tuple(replace(each, finding=f"{point}: {each.finding}") for each in found.reasons)
        return RegisterOfPoint(found.usage.energy_wh, found.usage, reasons)
