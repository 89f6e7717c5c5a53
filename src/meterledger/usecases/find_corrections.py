"""The queue of corrections: issued bills that would be other ones now, and by which cause.

Nothing has to be told for it: every live bill whose readings, meters, loads, service, programmes,
book, account's choices or bills before are others than it pinned is computed again, so that a
multiplier put right, a visit or a lamp recorded late, a corrected entry of the book, an exemption
or a due date chosen before, a bill before that was corrected cannot be missed.

Lives here      which bills differ, by how much and why; leaving one as it is, with a reason.
Lives elsewhere the corrected bill (``rebill``), true-up by night (``rebill_due``), usage alone
                (``usage_replaced``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from meterledger.billing import CausePart, main_cause, split_by_cause
from meterledger.facts.billing_options import AccountOptions
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.corrections import CorrectionCause, LeftDifference
from meterledger.facts.held import GateFinding
from meterledger.facts.places import BillableService
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.usecases.asked_otherwise import asks_otherwise, choices_of, same_choices
from meterledger.usecases.periods_of_service import ServicesAsked, going_on
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill import RebillRefused
from meterledger.usecases.rebill_cap import cap_why
from meterledger.usecases.rebill_gate import PastBills, codes_of, correction_findings
from meterledger.usecases.rebill_holds import HoldsOfDays, held_why
from meterledger.usecases.rebill_states import Now, difference_name, is_same, right_bill, states_of
from meterledger.usecases.replay_bill import ReplayStore

Progress = Callable[[int], None]


class CorrectionStore(ReplayStore, PastBills, HoldsOfDays, ServicesAsked, Protocol):
    """What the queue needs of the store."""

    def account_ids(self) -> list[str]:
        """All account ids, in order."""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""

    def left_differences(self, account_ids: Sequence[str]) -> list[LeftDifference]:
        """What was left of the accounts' bills, oldest first."""

    def leave_difference(self, left: LeftDifference) -> bool:
        """Keep that a bill stays as it was issued."""


@dataclass(frozen=True, slots=True)
class BillToCorrect:
    """A live bill that would be another one now.

    ``difference_cents`` is None where the period cannot be billed now, and ``why`` says so; else
    ``why`` says what it asks otherwise by a choice of the account's that was learned late, or why
    the night leaves it to a person. ``trues_up`` says that all the difference is a real reading in
    the place of an estimate, and that nothing holds it. ``held_from_night`` says that something
    does: a day under review, or the gate, whose ``findings`` these are.
    """

    stored: StoredBill
    computed_sha256: str
    difference_cents: int | None
    parts: tuple[CausePart, ...]
    trues_up: bool = False
    why: str = ""
    held_from_night: bool = False
    findings: tuple[GateFinding, ...] = ()
    case: str = ""
    """The first of the agreements by which its service goes on: bills of them are one case."""

    def waits(self, why: str, findings: tuple[GateFinding, ...] = ()) -> BillToCorrect:
        """The same, and a person decides it."""
        return replace(self, trues_up=False, why=why, held_from_night=True, findings=findings)

    @property
    def cause(self) -> CorrectionCause | None:
        """The cause of the largest part; None where no cent differs, or nothing can be computed."""
        return main_cause(self.parts) if self.parts else None

    def as_json(self) -> dict[str, Any]:
        """As commands answer it."""
        one = self.stored
        difference = self.difference_cents
        return {
            "bill": one.bill_id,
            "account": one.account_id,
            "from": one.days.from_day.isoformat(),
            "to": one.days.until_day.isoformat(),
            "billed_usd": usd_text(one.total_cents),
            "difference_usd": None if difference is None else usd_text(difference),
            "cause": None if self.cause is None else self.cause.value,
            "causes": [
                {"cause": part.cause.value, "usd": usd_text(part.cents)} for part in self.parts
            ],
            "trues_up": self.trues_up,
            "why": self.why,
            "held_from_night": self.held_from_night,
            "found": list(codes_of(self.findings)),
        }


def bills_to_correct(
    *,
    store: CorrectionStore,
    now: Now,
    accounts: Iterable[str] | None = None,
    issued: DaySpan | None = None,
    with_left: bool = False,
    estimated_alone: bool = False,
    progress: Progress | None = None,
) -> tuple[int, list[BillToCorrect]]:
    """How many live bills were looked at, and those that would be other ones now, by account.

    Those that somebody left as they are stay out, as long as they would come out the same; with
    ``estimated_alone`` those that rest on no estimate, too.
    """
    looked_at = 0
    found: list[BillToCorrect] = []
    for account in store.account_ids() if accounts is None else accounts:
        bills = [
            one
            for one in store.bills_of_account(account)
            if (issued is None or one.issued_day in issued)
            and (not estimated_alone or _estimates(one) is not None)
        ]
        looked_at += len(bills)
        found += as_cases(_of_account(bills, store, now, with_left=with_left))
        if progress is not None:
            progress(1)
    return looked_at, found


@dataclass(frozen=True, slots=True)
class _Compared:
    """A bill of the queue before the gate is asked of it, and the one in its place."""

    made: BillToCorrect
    right: Bill | None = None

    @property
    def is_due(self) -> bool:
        """Whether the night would correct it, if nothing holds it."""
        return self.made.trues_up and bool(self.made.difference_cents)


def _of_account(
    bills: Sequence[StoredBill], store: CorrectionStore, now: Now, *, with_left: bool
) -> list[BillToCorrect]:
    """Those of an account, and what holds each from the night.

    The night corrects those of one service together, and the gate compares them so. One that a
    person left is decided: it is not among them, and no other waits with it.
    """
    if not bills:
        return []
    services: dict[str, BillableService] = {}
    decided = store.left_differences([bills[0].account_id])
    left = {(one.bill_id, one.computed_sha256) for one in decided}
    found = list(_compared_of(bills, services, store, now))
    waits = [
        one for one in found if (one.made.stored.bill_id, one.made.computed_sha256) not in left
    ]
    together: dict[str, list[tuple[StoredBill, Bill]]] = {}
    for one in waits:
        if one.is_due and one.right is not None:
            mine = together.setdefault(one.made.case, [])
            mine.append((one.made.stored, one.right))
    return [
        _asked_of_gate(one, services, together, store, now)
        for one in (found if with_left else waits)
    ]


def _compared_of(
    bills: Sequence[StoredBill],
    services: dict[str, BillableService],
    store: CorrectionStore,
    now: Now,
) -> Iterator[_Compared]:
    choices = choices_of(bills[0].account_id, now.known_at, store)
    cases: dict[str, str] = {}
    for stored in bills:
        if stored.agreement_id not in services:
            known = store.service_of_agreement(stored.agreement_id, now.known_at)
            services[stored.agreement_id] = known
        if _nothing_new(stored, services[stored.agreement_id], choices, store, now):
            continue
        made = _compared(stored, store, now)
        if made is not None:
            name = stored.agreement_id
            if name not in cases:
                first, *_ = going_on(name, stored.account_id, now.known_at, store)
                cases[name] = first.agreement_id
            yield replace(made, made=replace(made.made, case=cases[name]))


def as_cases(found: Iterable[BillToCorrect]) -> list[BillToCorrect]:
    """Bills of one service are trued up together, on whichever rate option, or wait together."""
    every = list(found)
    waiting = {one.case: one.stored for one in every if one.held_from_night}
    return [
        one.waits(f"It waits with bill {other.bill_id} of the same {_what(one.stored, other)}")
        if one.trues_up and one.difference_cents and (other := waiting.get(one.case))
        else one
        for one in every
    ]


def _what(one: StoredBill, other: StoredBill) -> str:
    return "agreement" if one.agreement_id == other.agreement_id else "service"


def _nothing_new(
    stored: StoredBill,
    service: BillableService,
    choices: AccountOptions,
    store: CorrectionStore,
    now: Now,
) -> bool:
    """Whether the bill pinned all that is known now: then it cannot come out otherwise."""
    if stored.lake_sequence != now.sequence or stored.book_sha256 != now.view.sha256:
        return False
    then = choices_of(stored.account_id, stored.known_at, store)
    if not same_choices(choices, then, stored.issued_day):
        return False
    if service != store.service_of_agreement(stored.agreement_id, stored.known_at):
        return False
    return _nothing_new_beside(stored, service, store, now)


def _nothing_new_beside(
    stored: StoredBill, service: BillableService, store: CorrectionStore, now: Now
) -> bool:
    """Whether loads without a meter, programmes and the bills looked back at are as they were."""
    points = [service.agreement.service_point_id]
    points += [one.service.agreement.service_point_id for one in service.joined]
    agreements = [stored.agreement_id]
    instants = (stored.known_at, now.known_at)
    loads_then, loads_now = (store.unmetered_loads(points, at) for at in instants)
    programs_then, programs_now = (store.participations(agreements, at) for at in instants)
    if loads_then != loads_now or programs_then != programs_now:
        return False
    return not any(
        stored.known_at < one.known_at <= now.known_at
        and one.days.until_day <= stored.days.from_day
        for bills in store.bills_at(points).values()
        for one in bills
    )


def _compared(stored: StoredBill, store: CorrectionStore, now: Now) -> _Compared | None:
    try:
        right, _ = right_bill(stored, store, now)
        otherwise = asks_otherwise(stored, right, store, now)
    except Refusal as refusal:
        why = refusal.of_one_case().sentence
        return _Compared(BillToCorrect(stored, "", None, (), why=why))
    if is_same(stored, right) and not otherwise:
        return None
    issued, steps = states_of(stored, right, store, now)
    parts = split_by_cause(issued, steps)
    made = BillToCorrect(
        stored=stored,
        computed_sha256=difference_name(right, otherwise),
        difference_cents=right.total_cents - stored.total_cents,
        parts=parts,
        trues_up=not otherwise and _trues_up(stored, right, parts),
        why=otherwise,
    )
    return _Compared(made, right)


def _asked_of_gate(
    one: _Compared,
    services: Mapping[str, BillableService],
    together: Mapping[str, Sequence[tuple[StoredBill, Bill]]],
    store: CorrectionStore,
    now: Now,
) -> BillToCorrect:
    """A bill that would be trued up by night, or the same left to a person with what holds it."""
    made, agreement = one.made, one.made.stored.agreement_id
    if one.right is None or not one.is_due:
        return made
    try:
        service, others = services[agreement], together.get(made.case, ())
        held = held_why(made.stored, service, store, now)
        held = held or cap_why(made.stored, one.right, service, store, now)
        findings = correction_findings(made.stored, one.right, service, store, now, others)
    except Refusal as refusal:
        return made.waits(refusal.of_one_case().sentence)
    if held or findings:
        return made.waits(held or "; ".join(one.sentence for one in findings), findings)
    return made


def _trues_up(stored: StoredBill, right: Bill, parts: Sequence[CausePart]) -> bool:
    """Whether less of it is estimated now, and nothing else has changed."""
    was = _estimates(stored)
    if was is None:
        return False
    now_estimated = right.usage.estimated
    fewer = now_estimated is None or _estimated(now_estimated.told(int)) < _estimated(was)
    reading = {CorrectionCause.READING, CorrectionCause.TAX}
    return fewer and {one.cause for one in parts} <= reading


def _estimates(stored: StoredBill) -> dict[str, Any] | None:
    """What of its usage was estimated; None where it rests on no estimate."""
    found: dict[str, Any] | None = read_record(stored.record)["usage"].get("estimated")
    return found


def _estimated(told: dict[str, Any]) -> tuple[int, int]:
    return sum(one.get("day_count", 0) for one in told["by"]), int(told["interval_count"])


def leave_bill(
    bill_id: str, *, author: str, reason: str, store: CorrectionStore, now: Now
) -> LeftDifference:
    """A bill stays as it was issued, by a name and for a reason; another difference asks again.

    :raises NotFound: if there is no such bill
    :raises RebillRefused: if nobody signs, or the bill comes out as it was issued
    :raises CannotRebill: if its period cannot be billed now
    """
    for what, text in (("Nobody", author), ("No reason", reason)):
        if not text.strip():
            raise RebillRefused(
                f"{what} is named for leaving the bill as it is",
                why="What is not corrected is looked at again for years",
                do="Give a name and a reason",
            )
    stored = store.bill(bill_id)
    if stored.cancelled_by is not None:
        raise RebillRefused(
            f"Bill {bill_id} is cancelled, by bill {stored.cancelled_by}",
            do=f"Leave bill {stored.cancelled_by} as it is, if that one differs",
        )
    right, _ = right_bill(stored, store, now)
    otherwise = asks_otherwise(stored, right, store, now)
    if is_same(stored, right) and not otherwise:
        raise RebillRefused(
            f"Bill {bill_id} comes out as it was issued",
            do="List what differs with `meterledger rebill list`",
        )
    left = LeftDifference(
        bill_id=bill_id,
        account_id=stored.account_id,
        computed_sha256=difference_name(right, otherwise),
        difference_cents=right.total_cents - stored.total_cents,
        author=author.strip(),
        reason=reason.strip(),
        learned_at=now.known_at,
    )
    store.leave_difference(left)
    return left


def now_of(store: Any, *, known_at: datetime, book: Any, lake: Any) -> Now:
    """As known now, for the queue: today is the day of ``known_at`` at the utility."""
    from meterledger.kernel.local_days import zone

    view = book.as_known(known_at.date())
    on = known_at.astimezone(zone(view.time_zone)).date()
    return Now(known_at, on, store.lake_sequence(), book, lake)
