"""An end of service told after its bills: what is asked of the store, what comes of it.

Lives here      the answer, a store that answers as if the agreement had ended, the record of each
                bill that is cancelled with it.
Lives elsewhere the agreement's own bills (``end_billed_service``), those of another agreement on
                which it stood (``end_on_another_bill``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.billing import (
    CausePart,
    CorrectionEvidence,
    PointEnded,
    split_by_cause,
    state_of,
)
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.corrections import Correction, CorrectionCause, Withdrawal
from meterledger.facts.held import GateFinding
from meterledger.facts.money import Entry
from meterledger.facts.places import BillableService
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.ledger import reverse_entry
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.correction_record import DecidedCase, billed_sums, decision_text
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill import RESIDENTIAL, Corrected, RebillStore
from meterledger.usecases.rebill_ceiling import ceiling_of
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.rebilled_store import StoreOfCase
from meterledger.usecases.relieve_bills import put_back


class EndStore(RebillStore, Protocol):
    """What this journey needs of the store."""

    def stop_service(self, agreement_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End an agreement, or NotFound, or Conflict."""

    def bills_with_days_of(self, service_point_ids: Sequence[str]) -> list[StoredBill]:
        """Live bills of other agreements that have days of the service points, oldest first."""


class EndRefused(Refusal):
    """Service cannot end on that day by making its bills again."""


@dataclass(frozen=True, slots=True)
class EndOfService:
    """An agreement that ends, and its last bill made again; None where none had to be.

    ``withdrawn`` are bills wholly after the end, oldest first: they leave nothing. ``cut`` are
    those of another agreement that had its days past the end, made again without these.
    """

    agreement_id: str
    until: date
    corrected: Corrected | None = None
    withdrawn: tuple[StoredBill, ...] = ()
    cut: tuple[Corrected, ...] = ()
    left: tuple[str, ...] = ()
    """Other agreements that stood on its bill past the end, and are on none from then on."""

    @property
    def every(self) -> list[Corrected]:
        """All bills that are made again."""
        return [*([self.corrected] if self.corrected else ()), *self.cut]

    @property
    def taken_back_cents(self) -> int:
        """What the withdrawn bills had charged."""
        return sum(one.total_cents for one in self.withdrawn)


class StoreOfEnd(StoreOfCase):
    """A store that answers as if the agreement had ended already."""

    def __init__(self, store: Any, known_at: datetime, cut: BillableService) -> None:
        super().__init__(store, known_at)
        self._cut = cut

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined; the one that ends as it will be known."""
        found: BillableService = self._store.service_of_agreement(agreement_id, known_at)
        return self._ended(found, known_at)

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined; the one that ends as it will be known."""
        known = self._store.services_of_account(account_id, known_at)
        return [self._ended(one, known_at) for one in known]

    def _ended(self, service: BillableService, known_at: datetime) -> BillableService:
        if known_at < self._known_at:
            return service
        ends = self._cut.agreement
        if service.agreement.agreement_id == ends.agreement_id:
            return self._cut
        joined = tuple(
            replace(one, service=replace(one.service, agreement=ends))
            if one.service.agreement.agreement_id == ends.agreement_id
            else one
            for one in service.joined
        )
        stands = tuple(
            replace(one, service=ends.days) if one.agreement_id == ends.agreement_id else one
            for one in service.billed_with
        )
        return replace(service, joined=joined, billed_with=stands)


def cut_service(service: BillableService, until: date, known_at: datetime) -> BillableService:
    """The service as it will be known with its end."""
    days = Validity(service.agreement.days.from_day, until)
    return replace(service, agreement=replace(service.agreement, days=days, learned_at=known_at))


def issued_sums(stored: StoredBill) -> Sequence[tuple[str, int]]:
    """Its lines as issued: group and cents."""
    return [
        (one["group"], cents_from_text(one["usd"], where=stored.bill_id))
        for one in read_record(stored.record)["lines"]
    ]


def parts_of_end(stored: StoredBill, bill: Bill | None) -> tuple[CausePart, ...]:
    """What the end of service makes of a bill, by its causes; None: nothing is in its place."""
    lines = [] if bill is None else [(one.group.value, one.cents) for one in bill.lines]
    return split_by_cause(
        state_of(CorrectionCause.ENDED, issued_sums(stored)),
        [state_of(CorrectionCause.ENDED, lines)],
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of each bill that is cancelled with one end of service."""

    ended: StoredBill
    made: Bill
    signed: Signed
    now: Now
    entries: Mapping[str, Entry]
    store: EndStore
    point_ended: PointEnded | None = None
    """Of a bill of another agreement: which of its points ended."""

    def of(
        self,
        old: StoredBill,
        parts: tuple[CausePart, ...],
        findings: tuple[GateFinding, ...] = (),
        *,
        leaves_nothing: bool = False,
    ) -> Withdrawal:
        """Why it is cancelled, by whom, and what of it is taken back."""
        now, signed, made = self.now, self.signed, self.made
        posted = self.entries.get(f"bill:{old.bill_id}")
        posted = posted or self.store.entry_named(f"bill:{old.bill_id}", old.issued_day)
        cause = f"cancels bill {old.bill_id}"
        case = DecidedCase(
            bills=(),
            evidence=CorrectionEvidence(
                discovered=now.on,
                residential=now.view.service_class(made.schedule, now.on).value == RESIDENTIAL,
            ),
            billed=billed_sums(old),
            was_until=None if self.point_ended else old.days.until_day,
            point_ended=self.point_ended,
        )
        return Withdrawal(
            correction=Correction(
                cancelled_bill=old.bill_id,
                corrected_bill=made.bill_id,
                account_id=made.account_id,
                case_id=f"case:{self.ended.bill_id}",
                cause=CorrectionCause.ENDED,
                author=signed.author.strip(),
                reason=signed.reason.strip(),
                learned_at=now.known_at,
                decision=decision_text(
                    case,
                    None,
                    parts,
                    adjusted=True,
                    approved_by=signed.approved_by.strip(),
                    findings=findings,
                    seen=signed.seen,
                ),
                approved_by=signed.approved_by.strip(),
                ceiling_cents=ceiling_of(made, now.on, now.view),
                leaves_nothing=leaves_nothing,
            ),
            reversal=None
            if posted is None
            else reverse_entry(posted, on=now.on, learned_at=now.known_at, cause=cause),
            relief_reversal=put_back(old.bill_id, self.entries, on=now.on, learned_at=now.known_at),
        )
