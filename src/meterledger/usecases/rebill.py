"""Cancel issued bills and bill their periods again, each on its own days at that day's revision.

Lives here      the journey: bills of one service, made again as known now; what of the difference
                is adjusted; all of it recorded in one transaction, with who, why and every cent.
Lives elsewhere the limits (``billing.correction_limits``), the steps between the bills
                (``rebill_states``), which bills differ (``find_corrections``), true-up by night
                (``rebill_due``).
Read first      GRR V.G; docs/operating/corrections.md.

A corrected bill is named after the bill that it corrects, so doing it twice does it once; of two at
once the second finds that it is done. What may not be adjusted at all is left as it was issued.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import (
    BillInError,
    BillState,
    CausePart,
    CorrectionEvidence,
    LimitedCorrection,
    corrected_bill,
    decide_correction,
    main_cause,
    split_by_cause,
    state_of,
)
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.corrections import Correction, CorrectionCause, LeftDifference, Rebill
from meterledger.facts.held import GateFinding
from meterledger.facts.money import Entry
from meterledger.facts.places import Agreement, BillableService
from meterledger.kernel.decision import Decision
from meterledger.kernel.ids import next_version
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.ledger import entry_for_bill, reverse_entry
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.terms import Terms
from meterledger.usecases.asked_otherwise import asks_otherwise
from meterledger.usecases.correction_record import DecidedCase, billed_sums, decision_text
from meterledger.usecases.joined_services import meters_on_bill
from meterledger.usecases.periods_of_service import going_on, months_without_service
from meterledger.usecases.ports import Conflict, Lake, StoredBill
from meterledger.usecases.rebill_cap import refuse_beyond_cap
from meterledger.usecases.rebill_ceiling import ceiling_of, refuse_alone, refuse_doubted
from meterledger.usecases.rebill_gate import PastBills, correction_findings, refuse_unseen
from meterledger.usecases.rebill_holds import HoldsOfDays, refuse_held
from meterledger.usecases.rebill_states import (
    Now,
    asked_now,
    difference_name,
    is_same,
    right_bill,
    states_of,
)
from meterledger.usecases.rebilled_store import StoreOfCase
from meterledger.usecases.relief_ports import ReliefReads
from meterledger.usecases.relieve_bills import put_back, relieved
from meterledger.usecases.replay_bill import ReplayStore

RESIDENTIAL = "residential"


class RebillStore(ReplayStore, PastBills, HoldsOfDays, ReliefReads, Protocol):
    """What this journey needs of the store."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""

    def entry_named(self, entry_id: str, effective_day: date) -> Entry | None:
        """An entry of a day by its name; None where there is none."""

    def record_rebills(self, rebills: Sequence[Rebill]) -> set[str]:
        """Cancel bills and record those that take their place, in one transaction."""

    def leave_difference(self, left: LeftDifference) -> bool:
        """Keep that a bill stays as it was issued."""


class RebillRefused(Refusal):
    """What was asked for is no correction of bills."""


class NothingToCorrect(RebillRefused):
    """Every bill that was named comes out as it was issued."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is told of a case beside its bills: when it was found, and what limits it.

    ``discovered`` is the day of the correction where nobody says.
    """

    discovered: date | None = None
    inquired: date | None = None
    notified: date | None = None
    meter_error_within_limits: bool = False
    obstruction_or_misrepresentation: bool = False
    wished_months: int | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """One bill cancelled, the one in its place, and the difference by its causes.

    ``findings`` are what the gate of a run would hold the bill for; of one that is not adjusted
    there are none, for it asks what was asked before.
    """

    cancelled: StoredBill
    bill: Bill
    adjusted: bool
    parts: tuple[CausePart, ...]
    findings: tuple[GateFinding, ...] = ()

    @property
    def difference_cents(self) -> int:
        """What the corrected bill charges less what the cancelled one did."""
        return self.bill.total_cents - self.cancelled.total_cents

    @property
    def left_cents(self) -> int:
        """What the limits leave: above zero where it would have been refunded."""
        return sum(one.cents for one in self.parts if one.cause is CorrectionCause.LIMIT)


@dataclass(slots=True)
class RebillRun:
    """What was done. ``known`` are bills corrected before, with what took their place.

    ``unchanged`` come out as they were issued; ``left`` may not be adjusted and stay.
    """

    case_id: str = ""
    corrected: list[Corrected] = field(default_factory=list)
    decision: Decision[LimitedCorrection] | None = None
    known: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    left: list[LeftDifference] = field(default_factory=list)


def rebill(
    bill_ids: Sequence[str],
    *,
    author: str,
    reason: str,
    on: date,
    known_at: datetime,
    store: RebillStore,
    lake: Lake,
    book: TariffBook,
    evidence: Evidence | None = None,
    approved_by: str = "",
    seen: Sequence[str] = (),
    dry_run: bool = False,
) -> RebillRun:
    """Cancel the bills and put right ones in their place, all of them or none.

    ``approved_by`` is another person, who agrees to a bill above the ceiling. ``seen`` are codes of
    the gate's findings that the author has looked at.

    :raises NotFound: if there is no such bill
    :raises Conflict: if one of several is cancelled already
    :raises RebillRefused: if nobody signs, or the bills are of several services
    :raises NothingToCorrect: if all of them come out as they were issued
    :raises CannotRebill: if the usage of a period cannot be billed, or waits for a person
    :raises AboveTheCeiling: if a bill rises above the ceiling, and nobody else agrees
    :raises DoubtedKvar: if one stands on doubtful reactive energy, and nobody else agrees
    :raises FoundByTheGate: if the gate finds what is neither seen nor agreed to by another person
    """
    _signed(author, reason)
    chosen = [store.bill(name) for name in dict.fromkeys(bill_ids)]
    chosen.sort(key=lambda one: one.days.from_day)
    run = RebillRun(known=[(one.bill_id, one.cancelled_by) for one in chosen if one.cancelled_by])
    if chosen and len(run.known) == len(chosen):
        return run
    _refuse(chosen, on, store, known_at)
    now = Now(known_at, on, store.lake_sequence(), book, lake)
    case = _Case(store, now, author.strip(), reason.strip(), evidence or Evidence())
    case.approved_by = approved_by.strip()
    case.gate_seen = tuple(one.strip() for one in seen if one.strip())
    case.make(chosen, run)
    if run.unchanged and not case.wrong:
        raise NothingToCorrect(
            f"Bill {run.unchanged[0]} comes out as it was issued",
            why="Its usage, its prices and its service are as they were",
            do="Look for the cause of a difference with `meterledger rebill list`",
        )
    case.decide(run)
    if dry_run:
        return run
    if run.corrected:
        refuse_alone(
            ((one.cancelled.total_cents, one.bill) for one in run.corrected),
            author=author,
            approved_by=approved_by,
            on=on,
            view=now.view,
        )
        services = {one.stored.bill_id: one.service for one in case.wrong}
        refuse_doubted(
            (
                (one.cancelled, services[one.cancelled.bill_id], one.bill)
                for one in run.corrected
                if one.adjusted
            ),
            author=author,
            approved_by=approved_by,
            now=now,
        )
        refuse_unseen(
            ((one.cancelled.bill_id, one.findings) for one in run.corrected),
            author=author,
            approved_by=approved_by,
            seen=case.gate_seen,
        )
        newly = store.record_rebills(case.rebills(run))
        if not newly:
            run.known = [(one.cancelled.bill_id, one.bill.bill_id) for one in run.corrected]
            run.corrected = []
    for left in run.left:
        store.leave_difference(left)
    return run


@dataclass(frozen=True, slots=True)
class _Wrong:
    stored: StoredBill
    right: Bill
    service: BillableService
    issued: BillState
    steps: tuple[BillState, ...]
    otherwise: str = ""
    """What it asks otherwise by a choice that was learned late."""

    @property
    def cause(self) -> CorrectionCause:
        return main_cause(split_by_cause(self.issued, self.steps))

    def parts(self, bill: Bill) -> tuple[CausePart, ...]:
        """The causes, with what the limits leave as one more."""
        lines = [(line.group.value, line.cents) for line in bill.lines]
        left = state_of(CorrectionCause.LIMIT, lines)
        return split_by_cause(self.issued, [*self.steps, left])


class _Case:
    """One correction on its way: bills made again, then decided, then turned into records."""

    def __init__(
        self, store: RebillStore, now: Now, author: str, reason: str, evidence: Evidence
    ) -> None:
        self.now, self.author, self.reason, self.evidence = now, author, reason, evidence
        self.store = store
        self.seen = StoreOfCase(store, now.known_at)
        self.wrong: list[_Wrong] = []
        self.case: DecidedCase | None = None
        self.approved_by = ""
        self.gate_seen: tuple[str, ...] = ()

    def make(self, chosen: Sequence[StoredBill], run: RebillRun) -> None:
        """Make each bill again; the next sees it in the place of the one that was issued."""
        for stored in chosen:
            known = self.store.service_of_agreement(stored.agreement_id, self.now.known_at)
            refuse_held(stored, known, self.store, self.now)
            right, service = right_bill(stored, self.seen, self.now)
            otherwise = asks_otherwise(stored, right, self.seen, self.now)
            if is_same(stored, right) and not otherwise:
                run.unchanged.append(stored.bill_id)
                continue
            refuse_beyond_cap(stored, right, service, self.seen, self.now)
            issued, steps = states_of(stored, right, self.seen, self.now)
            self.wrong.append(_Wrong(stored, right, service, issued, tuple(steps), otherwise))
            name = next_version(stored.bill_id)
            self.seen.put_in_place(stored.bill_id, replace(right, bill_id=name))

    def decide(self, run: RebillRun) -> None:
        """What of it is adjusted, by the rules of the class of service."""
        first = self.wrong[0]
        run.case_id = f"case:{first.stored.bill_id}"
        view = self.now.view
        schedule, day = first.right.schedule, first.right.days.last_day
        residential = view.service_class(schedule, day).value == RESIDENTIAL
        evidence = self._evidence(residential)
        bills = self._bills_in_error()
        terms = Terms(view, self.now.on)
        decision = (
            decide_correction(bills, evidence, terms)
            if any(one.difference_cents for one in bills)
            else None
        )
        run.decision = decision
        reasons = decision.reasons if decision else ()
        adjusted = decision.outcome.adjusted if decision else frozenset()
        if decision is not None and not adjusted:
            run.left = [self._left(one, decision) for one in self.wrong]
            return
        for one in self.wrong:
            stands = one.stored.bill_id in adjusted or not _differs(one)
            bill = corrected_bill(
                asked_now(one.right, one.stored, self.seen, self.now),
                bill_id=next_version(one.stored.bill_id),
                billed=billed_sums(one.stored),
                adjusted=stands,
                reasons=reasons,
                terms=terms,
            )
            self.seen.remember_asked(bill)
            run.corrected.append(Corrected(one.stored, bill, stands, one.parts(bill)))
        together = [(one.cancelled, one.bill) for one in run.corrected]
        for place, made in enumerate(run.corrected):
            if made.adjusted:
                told = (made.cancelled, made.bill, self.wrong[place].service, self.store, self.now)
                findings = correction_findings(*told, together)
                run.corrected[place] = replace(made, findings=findings)
        self.case = DecidedCase(bills, evidence, billed_sums(first.stored))

    def rebills(self, run: RebillRun) -> list[Rebill]:
        """All that is recorded at once."""
        entries: dict[str, Entry] = {}
        for account in {one.bill.account_id for one in run.corrected}:
            entries |= {one.entry_id: one for one in self.store.entries_of_account(account)}
        for one in run.corrected:
            name = f"bill:{one.cancelled.bill_id}"
            if one.cancelled.total_cents == 0 and name not in entries:
                # A final bill of a few cents is written off with its bill, and is on no account.
                found = self.store.entry_named(name, one.cancelled.issued_day)
                entries |= {} if found is None else {name: found}
        return [self._rebill(one, run, entries) for one in run.corrected]

    def _rebill(self, one: Corrected, run: RebillRun, entries: dict[str, Entry]) -> Rebill:
        posted = entries.get(f"bill:{one.cancelled.bill_id}")
        cause = f"cancels bill {one.cancelled.bill_id}"
        (bill,) = relieved([one.bill], store=self.store, view=self.now.view)
        name, learned_at = one.cancelled.bill_id, self.now.known_at
        case = replace(self._decided(), billed=billed_sums(one.cancelled))
        return Rebill(
            correction=Correction(
                cancelled_bill=name,
                corrected_bill=one.bill.bill_id,
                account_id=one.bill.account_id,
                case_id=run.case_id,
                cause=main_cause(one.parts),
                author=self.author,
                reason=self.reason,
                learned_at=learned_at,
                decision=decision_text(
                    case,
                    run.decision,
                    one.parts,
                    one.adjusted,
                    approved_by=self.approved_by,
                    findings=one.findings,
                    seen=self.gate_seen,
                ),
                approved_by=self.approved_by,
                ceiling_cents=ceiling_of(one.bill, self.now.on, self.now.view),
            ),
            bill=bill,
            entry=entry_for_bill(bill, learned_at=learned_at),
            reversal=None
            if posted is None
            else reverse_entry(posted, on=self.now.on, learned_at=learned_at, cause=cause),
            relief_reversal=put_back(name, entries, on=self.now.on, learned_at=learned_at),
        )

    def _decided(self) -> DecidedCase:
        if self.case is None:  # pragma: no cover - decide() comes first
            raise AssertionError
        return self.case

    def _evidence(self, residential: bool) -> CorrectionEvidence:
        told, first = self.evidence, self.wrong[0]
        meters = meters_on_bill(first.service, first.stored.days)
        return CorrectionEvidence(
            discovered=told.discovered or self.now.on,
            inquired=told.inquired,
            notified=told.notified,
            meter_error_within_limits=told.meter_error_within_limits,
            obstruction_or_misrepresentation=told.obstruction_or_misrepresentation,
            wished_months=told.wished_months,
            residential=residential,
            meter_error=any(one.cause is CorrectionCause.METER for one in self.wrong),
            meter_in_service_since=min(one.days.from_day for one in meters) if meters else None,
            first_occupancy=min(one.days.from_day for one in self._going_on()),
        )

    def _going_on(self) -> list[Agreement]:
        """The agreements by which the service of the case went on, on whichever rate option."""
        mine = self.wrong[0].stored
        return going_on(mine.agreement_id, mine.account_id, self.now.known_at, self.store)

    def _bills_in_error(self) -> tuple[BillInError, ...]:
        """All bills of the service from the oldest wrong one on; others stay as they are.

        Another rate option is another agreement, and the periods go on. After the end of service
        they are months of the calendar, and no bill stands for one.
        """
        right = {one.stored.days: one for one in self.wrong}
        first = self.wrong[0].stored
        agreements = self._going_on()
        names = {one.agreement_id for one in agreements}
        live = [
            one
            for one in self.store.bills_of_account(first.account_id)
            if one.agreement_id in names
            and one.days.from_day >= first.days.from_day
            and one.days not in right
        ]
        every = [*live, *(one.stored for one in self.wrong)]
        ends = [one.days.until_day for one in agreements]
        ended = None if None in ends else max(one for one in ends if one is not None)
        told = self.evidence
        found = min(one for one in (told.discovered or self.now.on, told.inquired, told.notified)
                    if one)  # fmt: skip
        after = months_without_service(ended, found) if ended is not None else ()
        return (*self._in_error(every, right), *after)

    def _in_error(
        self, every: Sequence[StoredBill], right: Mapping[DaySpan, _Wrong]
    ) -> tuple[BillInError, ...]:
        return tuple(
            BillInError(
                one.bill_id,
                one.days,
                one.total_cents,
                right[one.days].right.total_cents if one.days in right else one.total_cents,
                "estimated" in read_record(one.record)["usage"],
            )
            for one in sorted(every, key=lambda one: one.days.from_day)
        )

    def _left(self, one: _Wrong, decision: Decision[LimitedCorrection]) -> LeftDifference:
        why = decision.outcome.why_left(decision.reasons)
        return LeftDifference(
            bill_id=one.stored.bill_id,
            account_id=one.stored.account_id,
            computed_sha256=difference_name(one.right, one.otherwise),
            difference_cents=one.right.total_cents - one.stored.total_cents,
            author=self.author,
            reason=f"{self.reason}: {why.finding} ({why.citation.text})",
            learned_at=self.now.known_at,
        )


def _differs(one: _Wrong) -> bool:
    return one.right.total_cents != one.stored.total_cents


def _signed(author: str, reason: str) -> None:
    for what, text in (("Nobody", author), ("No reason", reason)):
        if not text.strip():
            raise RebillRefused(
                f"{what} is named for the correction",
                why="A cancelled bill says for years who cancelled it, and why",
                do="Give a name and a reason, like --by 'Ana Rivera' --reason 'multiplier was 1'",
            )


def _refuse(chosen: Sequence[StoredBill], on: date, store: RebillStore, known_at: datetime) -> None:
    if not chosen:
        raise RebillRefused("No bill is named", do="Name one bill or several of one service")
    for one in chosen:
        if one.cancelled_by is not None:
            raise Conflict.of_cancelled(one.bill_id, one.cancelled_by)
        if on < one.issued_day:
            raise RebillRefused(
                f"Bill {one.bill_id} was issued on {one.issued_day}, after {on}",
                why="A bill is not corrected before it is there",
                do="Issue the correction today, or on a day since",
            )
    agreements = sorted({one.agreement_id for one in chosen})
    if len(agreements) == 1:
        return
    first = chosen[0]
    known = going_on(first.agreement_id, first.account_id, known_at, store)
    others = sorted(set(agreements) - {one.agreement_id for one in known})
    if others:
        raise RebillRefused(
            f"The bills are of agreements {first.agreement_id} and {others[0]}",
            why="One correction is of one service: its limits are counted over its periods",
            do="Correct the bills of each service by themselves",
        )
