"""Service ended before what is billed, or with it: the last bill is made again, as the final one.

Lives here      the journey: every bill past the end is cancelled; of the one that holds it, one of
                its days until then takes the place and settles what a final bill settles; those
                wholly after it leave nothing; all of it is kept at once.
Lives elsewhere an end of service that no bill is past (``start_service``), corrections on a bill's
                own days (``rebill``), the bill itself (``calculate_bills``).
Read first      GRR V.E.2; docs/operating/corrections.md, "Service that ended".

The limits of GRR V.G.1 do not bind: nothing was billed in error, and the days after the end are
nobody's of this account. What was paid on bills that leave nothing is the account's credit, and
late charges on them are taken back by the next night, as of any cancelled bill.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.billing import (
    CausePart,
    CorrectionEvidence,
    corrected_bill,
    split_by_cause,
    state_of,
)
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.budget import asked_of
from meterledger.facts.corrections import Correction, CorrectionCause, Rebill, Withdrawal
from meterledger.facts.held import GateFinding
from meterledger.facts.money import Entry
from meterledger.facts.places import BillableService
from meterledger.kernel.ids import next_version
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity
from meterledger.ledger import entry_for_bill, reverse_entry
from meterledger.rulebook.terms import Terms
from meterledger.usecases.change_then_rebill import NobodyDecides, Signed
from meterledger.usecases.correction_record import DecidedCase, billed_sums, decision_text
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill import RESIDENTIAL, Corrected, RebillStore
from meterledger.usecases.rebill_ceiling import (
    ceiling_of,
    refuse_alone,
    refuse_doubted,
    refuse_taken_back,
)
from meterledger.usecases.rebill_gate import correction_findings, refuse_unseen
from meterledger.usecases.rebill_holds import held_why
from meterledger.usecases.rebill_states import CannotRebill, Now, is_same, right_bill
from meterledger.usecases.rebilled_store import StoreOfCase
from meterledger.usecases.relieve_bills import put_back, relieved


class EndStore(RebillStore, Protocol):
    """What this journey needs of the store."""

    def stop_service(self, agreement_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End an agreement, or NotFound, or Conflict."""


class EndRefused(Refusal):
    """Service cannot end on that day by making its bills again."""


@dataclass(frozen=True, slots=True)
class EndOfService:
    """An agreement that ends, and its last bill made again; None where none had to be.

    ``withdrawn`` are bills wholly after the end, oldest first: they leave nothing.
    """

    agreement_id: str
    until: date
    corrected: Corrected | None = None
    withdrawn: tuple[StoredBill, ...] = ()

    @property
    def taken_back_cents(self) -> int:
        """What the withdrawn bills had charged."""
        return sum(one.total_cents for one in self.withdrawn)


def end_billed_service(
    *,
    agreement_id: str,
    last_day_out: date,
    signed: Signed,
    now: Now,
    store: EndStore,
    dry_run: bool = False,
) -> EndOfService:
    """End an agreement on ``last_day_out`` (out), and make the bill that holds it the final one.

    Where no bill is past the day this is ``stop_service``: but a regular bill that ends on the very
    day is made again, too, where a final one would ask otherwise, as on a budget plan.

    :raises NotFound: if no such agreement is known
    :raises EndRefused: if its bill is of several agreements, or no bill has days before the end
    :raises NobodyDecides: if a bill is made again and nobody signs
    :raises CannotRebill: if its days cannot be billed, or wait for a person
    :raises AboveTheCeiling: if it rises above the ceiling, or bills past the end come to more than
        it, and nobody else agrees
    :raises DoubtedKvar: if it stands on doubtful reactive energy, and nobody else agrees
    :raises FoundByTheGate: if the gate finds what nobody has seen
    :raises Conflict: if it has ended already, or something was learned of it meanwhile
    """
    service = store.service_of_agreement(agreement_id, now.known_at)
    ended = EndOfService(agreement_id, last_day_out)
    stored, past = _bills_at_the_end(service, last_day_out, store)
    made = None if stored is None else _made(stored, past, service, last_day_out, now, store)
    if stored is None or made is None:
        if not dry_run:
            store.stop_service(agreement_id, last_day_out, now.known_at)
        return ended
    corrected, cut = made
    ended = replace(ended, corrected=corrected, withdrawn=past)
    if dry_run:
        return ended
    if not signed.is_complete:
        raise NobodyDecides(
            f"Bill {stored.bill_id} until {stored.days.until_day} is made again as the final one, "
            f"until {last_day_out}: nobody is named who decides",
            where="--by",
            do="Give a name and a reason (`--by`, `--reason`), or look first (`--dry-run`)",
        )
    who = {"author": signed.author, "approved_by": signed.approved_by}
    bill = corrected.bill
    refuse_alone([(stored.total_cents, bill)], on=now.on, view=now.view, **who)
    refuse_taken_back(ended.taken_back_cents, bill, on=now.on, view=now.view, **who)
    refuse_doubted([(stored, cut, bill)], now=now, **who)
    refuse_unseen([(stored.bill_id, corrected.findings)], seen=signed.seen, **who)
    store.record_rebills([_rebill(corrected, past, signed, now, store)])
    return ended


def _bills_at_the_end(
    service: BillableService, last_day_out: date, store: EndStore
) -> tuple[StoredBill | None, tuple[StoredBill, ...]]:
    """The bill that has the last day before the end, if one goes until then; those after it."""
    agreement = service.agreement
    days = agreement.days
    if days.until_day is not None or last_day_out <= days.from_day:
        return None, ()  # the store says why it cannot end so
    bills = [
        one
        for one in store.bills_of_account(agreement.account_id)
        if one.agreement_id == agreement.agreement_id and one.days.until_day >= last_day_out
    ]
    if not bills:
        return None, ()
    bills.sort(key=lambda one: one.days.from_day)
    last, *past = bills
    where = f"agreement {agreement.agreement_id}"
    if last.days.from_day >= last_day_out:
        raise EndRefused(
            f"It is billed until {bills[-1].days.until_day}, and no bill has the day before "
            f"{last_day_out}",
            where=where,
            why="A final bill takes the place of one that goes to the end of service or past it",
            do=f"Give a day after {last.days.from_day}, or bill the days before it first",
        )
    together = [one for one in bills if "points" in read_record(one.record)["usage"]]
    if together or service.billed_with:
        if last.days.until_day == last_day_out and not past:
            return None, ()
        raise EndRefused(
            f"It is billed until {bills[-1].days.until_day}, past {last_day_out}, together with "
            "others",
            where=where,
            why="A bill of several service points is not cut to the days of one of them",
            do=f"Give a day from {(together or bills)[-1].days.until_day} on",
        )
    return last, tuple(past)


class _StoreOfEnd(StoreOfCase):
    """A store that answers as if the agreement had ended already."""

    def __init__(self, store: Any, known_at: datetime, cut: BillableService) -> None:
        super().__init__(store, known_at)
        self._cut = cut

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined; the one that ends as it will be known."""
        if agreement_id == self._cut.agreement.agreement_id and known_at >= self._known_at:
            return self._cut
        found: BillableService = self._store.service_of_agreement(agreement_id, known_at)
        return found

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined; the one that ends as it will be known."""
        name = self._cut.agreement.agreement_id
        return [
            self._cut if one.agreement.agreement_id == name and known_at >= self._known_at else one
            for one in self._store.services_of_account(account_id, known_at)
        ]


def _made(
    stored: StoredBill,
    past: Sequence[StoredBill],
    service: BillableService,
    last_day_out: date,
    now: Now,
    store: EndStore,
) -> tuple[Corrected, BillableService] | None:
    """The final bill in the place of one; None where none is past it, and it asks the same."""
    agreement = service.agreement
    days = Validity(agreement.days.from_day, last_day_out)
    cut = replace(service, agreement=replace(agreement, days=days, learned_at=now.known_at))
    seen: Any = _StoreOfEnd(store, now.known_at, cut)
    name = next_version(stored.bill_id)
    seen.leave_out([one.bill_id for one in past], cancelled_by=name)
    target = replace(stored, days=DaySpan(stored.days.from_day, last_day_out))
    why = held_why(target, cut, store, now)
    if why:
        raise CannotRebill(why, where=stored.bill_id)
    right, _ = right_bill(target, seen, now)
    asks = asked_of(stored.record, stored.total_cents)
    same_days = target.days == stored.days and not past
    if same_days and is_same(stored, right) and right.asked_cents == asks:
        return None
    bill = corrected_bill(
        right,
        bill_id=name,
        billed=billed_sums(stored),
        adjusted=True,
        reasons=(),
        terms=Terms(now.view, now.on),
        was_until=stored.days.until_day,
    )
    parts = split_by_cause(
        state_of(CorrectionCause.ENDED, _issued(stored)),
        [state_of(CorrectionCause.ENDED, [(one.group.value, one.cents) for one in bill.lines])],
    )
    findings = correction_findings(stored, bill, store, now)
    return Corrected(stored, bill, adjusted=True, parts=parts, findings=findings), cut


def _issued(stored: StoredBill) -> Sequence[tuple[str, int]]:
    return [
        (one["group"], cents_from_text(one["usd"], where=stored.bill_id))
        for one in read_record(stored.record)["lines"]
    ]


def _rebill(
    one: Corrected, past: Sequence[StoredBill], signed: Signed, now: Now, store: EndStore
) -> Rebill:
    """All that is recorded at once."""
    entries = {each.entry_id: each for each in store.entries_of_account(one.bill.account_id)}
    (bill,) = relieved([one.bill], store=store, view=now.view)
    made: Bill = bill
    kept = _Kept(one.cancelled, made, signed, now, entries, store)
    first = kept.of(one.cancelled, one.parts, one.findings)
    return Rebill(
        correction=first.correction,
        bill=made,
        entry=entry_for_bill(made, learned_at=now.known_at),
        reversal=first.reversal,
        relief_reversal=first.relief_reversal,
        ends_service=True,
        withdrawn=tuple(kept.of(each, _taken_back(each), leaves_nothing=True) for each in past),
    )


def _taken_back(stored: StoredBill) -> tuple[CausePart, ...]:
    """The whole of a bill past the end, by its causes."""
    nothing = state_of(CorrectionCause.ENDED, [])
    return split_by_cause(state_of(CorrectionCause.ENDED, _issued(stored)), [nothing])


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of each bill that is cancelled with one end of service."""

    ended: StoredBill
    made: Bill
    signed: Signed
    now: Now
    entries: Mapping[str, Entry]
    store: EndStore

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
            was_until=old.days.until_day,
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
