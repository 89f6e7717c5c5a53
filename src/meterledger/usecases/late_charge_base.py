"""What of an account is unpaid after a delinquent date, part by part as the late charge asks it.

Lives here      the delinquent date and the grace of a bill, payments that count, the parts of what
                is unpaid, and a history in which corrected bills were right from the start.
Lives elsewhere open items (``ledger``), the charge on the parts (``arrears``), which dates are
                decided when (``late_charge_decide``).
Read first      GRR V.J; docs/operating/late_charges.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from meterledger.arrears import (
    GRACE,
    Channel,
    GraceFacts,
    TimelyFacts,
    decide_timely,
)
from meterledger.billing import may_late_charge_cover
from meterledger.facts.entry_names import relief_name
from meterledger.facts.late_charges import (
    AgreementStanding,
    GovernmentAccount,
    LateBill,
    LateHistory,
)
from meterledger.facts.receivables import ItemKind, Movement, OpenItem
from meterledger.facts.settlements import is_late_by_us
from meterledger.kernel.decision import Reason
from meterledger.ledger import receivable_of_movements
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.decide import decide_filled

RESIDENTIAL = "residential"
PAYMENT = "payment:"
NEVER = date.max
"""When a bill is late that has not reached the customer."""
FAR_DAYS = 31
"""No grace of business days lasts so long: a date further before an account's newest bill fell to
an earlier one, and no holidays of its year are asked for."""


@dataclass(frozen=True, slots=True)
class SaidElsewhere:
    """What other chapters say of one account on the day of its bill."""

    agreement: AgreementStanding | None = None
    unknown_payment_cents: int = 0
    missing_report_bills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class UnpaidItem:
    """One open item and how its cents are parted: what the charge asks for, and what is spared."""

    item: OpenItem
    new_cents: int = 0
    arrears_cents: int = 0
    late_charge_cents: int = 0
    deposit_cents: int = 0
    missing_report_cents: int = 0
    our_delay_cents: int = 0
    special_cents: int = 0
    reasons: tuple[Reason, ...] = ()
    """Why a part is left out that the rule of the charge does not speak of."""


@dataclass(frozen=True, slots=True)
class Unpaid:
    """All that is unpaid after one delinquent date, and the payments that the grace let count."""

    day: date
    items: tuple[UnpaidItem, ...]
    by_mail: tuple[tuple[str, Reason], ...]

    def of(self, part: str) -> int:
        """The sum of one part."""
        return sum(getattr(one, part) for one in self.items)

    @property
    def chargeable_cents(self) -> int:
        """What could bear a charge."""
        parts = ("new_cents", "arrears_cents", "late_charge_cents", "missing_report_cents")
        return sum(map(self.of, parts))


def delinquent_day(bill: LateBill, government: Sequence[GovernmentAccount]) -> date:
    """The day after which an unpaid part of a bill is late.

    No bill of ours prints a delinquent date, so that its due day stands in: with the customer's own
    due date or a deferred pay date where there was one. The law may name another for governments.
    The days count from when the bill went out (20 CSR 4240-13.015): one that went out late has a
    later day, and one that came back is never late before it goes out again.
    """
    if not bill.is_delivered:
        return NEVER
    named = by_law(bill.issued_day, government)
    if named is None:
        return bill.asked_by
    return named if bill.later_due is None else max(named, bill.later_due)


def by_law(issued_day: date, government: Sequence[GovernmentAccount]) -> date | None:
    """The delinquent date that the law names for a government's bill of a day; None for others."""
    told = government_on(issued_day, government)
    if told is None or told.days_after_issue is None:
        return None
    return issued_day + timedelta(days=told.days_after_issue)


def as_if_delivered(history: LateHistory) -> LateHistory:
    """A history in which every bill went out on its day, as earlier revisions took it."""
    if all(one.is_delivered and one.later_due is None for one in history.bills):
        return history
    bills = tuple(replace(one, later_due=None, is_delivered=True) for one in history.bills)
    return replace(history, bills=bills)


def government_on(day: date, told: Sequence[GovernmentAccount]) -> GovernmentAccount | None:
    """Whose account it is on a day; what was told last counts."""
    found = [one for one in told if one.from_day <= day]
    return max(found, key=lambda one: (one.from_day, one.learned_at), default=None)


@lru_cache(maxsize=512)
def grace_until(day: date, view: BookView) -> date:
    """The last day on which mail is in time; asked once for all accounts of a day.

    :raises NoRuleInForce: if holidays are not known
    """
    ruling = decide_filled(rule=GRACE, facts=GraceFacts(day), day=day, view=view)
    last: date = ruling.decision.outcome.last_day_by_mail
    return last


def unpaid_after(
    day: date,
    newest: LateBill,
    history: LateHistory,
    *,
    on: date,
    view: BookView,
    said: SaidElsewhere,
) -> Unpaid:
    """What the statement of the bill ``newest`` had asked for and is unpaid after ``day``.

    A payment that was returned by ``on`` never counts; a mailed one counts within the grace.
    """
    movements, by_mail = _counting(day, history, view)
    counted = {one.entry_id for one in movements}
    applications = [
        one
        for one in history.applications
        if one.source_entry_id in counted
        # A deposit is paid from what credits 235, which no receivable shows: by its day.
        or (one.kind is ItemKind.DEPOSIT and one.applied_day <= day)
    ]
    deposits = [one for one in history.asked_deposits if one.charged_day <= newest.issued_day]
    found = receivable_of_movements(
        history.account_id,
        movements,
        applications,
        asked_deposits=deposits,
        due_days={f"bill:{one.bill_id}": one.due_day for one in history.bills},
        at=on,
    )
    items = [one for one in found.items if one.open_cents]
    parts = [_parted(item, day, newest, history, view, said) for item in items]
    return Unpaid(day, tuple(one for one in parts if one is not None), tuple(by_mail))


def _counting(
    day: date, history: LateHistory, view: BookView
) -> tuple[list[Movement], list[tuple[str, Reason]]]:
    """Entries that count for a delinquent date, and payments that do so by the grace for mail.

    What was taken back counts as if it had never been, whenever that was.
    """
    taken_back = {one.reverses: one for one in history.movements if one.reverses}
    counting: dict[str, Movement] = {}
    by_mail = []
    for entry in history.movements:
        if entry.reverses is not None:
            continue
        if entry.effective_day > day:
            reason = _in_time(entry, day, history, view)
            if reason is None:
                continue
            by_mail.append((entry.entry_id, reason))
        counting[entry.entry_id] = entry
        undone = taken_back.get(entry.entry_id)
        while undone is not None:
            counting[undone.entry_id] = undone
            undone = taken_back.get(undone.entry_id)
    return list(counting.values()), by_mail


def is_in_time(entry: Movement, day: date, history: LateHistory, view: BookView) -> bool:
    """Whether a movement is a payment that was received by a delinquent date, or mailed in time."""
    if not entry.entry_id.startswith(PAYMENT):
        return False
    return entry.effective_day <= day or _in_time(entry, day, history, view) is not None


def _in_time(entry: Movement, day: date, history: LateHistory, view: BookView) -> Reason | None:
    """Why a payment received after the day is in time all the same; None where it is late."""
    channel = history.channels.get(entry.entry_id)
    if channel is None or not entry.entry_id.startswith(PAYMENT):
        return None
    facts = TimelyFacts(day, Channel(channel), entry.effective_day)
    decision = decide_timely(facts, Terms(view, day))
    return decision.reasons[0] if decision.outcome.timely else None


def _parted(
    item: OpenItem,
    day: date,
    newest: LateBill,
    history: LateHistory,
    view: BookView,
    said: SaidElsewhere,
) -> UnpaidItem | None:
    """An item's open cents by part; None where the statement did not ask for it."""
    if item.charged_day > newest.issued_day:
        return None
    cents = item.open_cents
    if item.kind is ItemKind.DEPOSIT:
        return UnpaidItem(item, deposit_cents=cents)
    if item.kind is ItemKind.SPECIAL:
        return UnpaidItem(item, special_cents=cents)
    if item.kind is ItemKind.LATE_CHARGE:
        return UnpaidItem(item, late_charge_cents=cents)
    bill = next((one for one in history.bills if f"bill:{one.bill_id}" == item.item_id), None)
    moved_due = history.moved_due.get(item.item_id)
    if moved_due is not None and moved_due > day:
        return None
    if is_late_by_us(item.item_id):
        return UnpaidItem(item, our_delay_cents=cents, reasons=(_was_late_by_us(item, view),))
    if moved_due is not None:  # it keeps its age
        is_new = moved_due == day
        return UnpaidItem(
            item, new_cents=cents if is_new else 0, arrears_cents=0 if is_new else cents
        )
    if bill is None:
        first = _first_asked(item.charged_day, history)
        is_new = first is None or first >= day
        return UnpaidItem(
            item, new_cents=cents if is_new else 0, arrears_cents=0 if is_new else cents
        )
    if delinquent_day(bill, history.government) > day:
        return None
    if bill.bill_id in said.missing_report_bills:
        return UnpaidItem(item, missing_report_cents=cents)
    spared, reasons = _our_delay(bill, item, history, view)
    left = cents - spared
    is_new = _first_delinquent(bill, history) >= day
    return UnpaidItem(
        item,
        new_cents=left if is_new else 0,
        arrears_cents=0 if is_new else left,
        our_delay_cents=spared,
        reasons=reasons,
    )


def _first_asked(charged_day: date, history: LateHistory) -> date | None:
    """The delinquent date of the first bill that could show something charged on a day."""
    after = [one for one in history.bills if one.issued_day >= charged_day and not one.cancelled_by]
    first = min(after, key=lambda one: one.issued_day, default=None)
    return None if first is None else delinquent_day(first, history.government)


def _first_delinquent(bill: LateBill, history: LateHistory) -> date:
    """When a bill, or the one whose place it took, first became delinquent."""
    own = delinquent_day(bill, history.government)
    first = original_of(bill, history)
    was = delinquent_day(first, history.government)
    return was if was < bill.issued_day else own


def original_of(bill: LateBill, history: LateHistory) -> LateBill:
    """The bill that was issued first for the service period of a bill."""
    by_id = {one.bill_id: one for one in history.bills}
    while bill.corrects is not None and bill.corrects in by_id:
        bill = by_id[bill.corrects]
    return bill


def _our_delay(
    bill: LateBill, item: OpenItem, history: LateHistory, view: BookView
) -> tuple[int, tuple[Reason, ...]]:
    """What of a bill is late by us: all that we billed late, and what a correction adds.

    Payments are taken to have paid the other part first.
    """
    if view.service_class(bill.schedule, bill.days.last_day).value != RESIDENTIAL:
        return 0, ()
    first = original_of(bill, history)
    adds = 0
    if first is not bill:
        adds = max(0, item.charged_cents - _asked_of(first, history))
    late = may_late_charge_cover(
        service_until=first.days.until_day,
        issued_day=first.issued_day,
        corrects=False,
        view=view,
    )
    if not late.outcome:
        return item.open_cents, late.reasons
    if not adds:
        return 0, ()
    ours = may_late_charge_cover(
        service_until=bill.days.until_day, issued_day=bill.issued_day, corrects=True, view=view
    )
    spared = 0 if ours.outcome else min(item.open_cents, adds)
    return spared, ours.reasons if spared else ()


def _was_late_by_us(item: OpenItem, view: BookView) -> Reason:
    """Why no late charge is put on what moved here: it was late by us where it was billed."""
    day = item.charged_day
    ours = may_late_charge_cover(service_until=day, issued_day=day, corrects=True, view=view)
    found = "it was late by us on the account that it moved from, and stays so"
    return Reason(found, ours.reasons[0].citation)


def late_by_us_cents(item: OpenItem, history: LateHistory, view: BookView) -> int:
    """What of an item is late by us, here or on the account that it moved from.

    :raises NoRuleInForce: if the book is silent on the day of its bill
    """
    if is_late_by_us(item.item_id):
        return item.open_cents
    bill = next((one for one in history.bills if f"bill:{one.bill_id}" == item.item_id), None)
    return 0 if bill is None else _our_delay(bill, item, history, view)[0]


def _asked_of(bill: LateBill, history: LateHistory) -> int:
    names = (f"bill:{bill.bill_id}", relief_name(bill.bill_id))
    return sum(one.cents for one in history.movements if one.entry_id in names)


def _live_at(known_at: datetime, history: LateHistory) -> list[LateBill]:
    """Bills that were live at an instant, of those that another bill has corrected since or not."""
    by_id = {one.bill_id: one for one in history.bills}
    found = []
    for one in history.bills:
        by = by_id.get(one.cancelled_by or "")
        stood = one.cancelled_by is None or (by is not None and by.known_at > known_at)
        found += [one] if stood and one.known_at <= known_at else []
    return found


@dataclass(frozen=True, slots=True)
class RightHistory:
    """A history in which bills that were corrected had asked no more than what was right."""

    history: LateHistory

    def without(self, entry_ids: Collection[str]) -> LateHistory:
        """The same without some entries: charges that are being taken back."""
        left = tuple(one for one in self.history.movements if one.entry_id not in entry_ids)
        return replace(self.history, movements=left)


def as_if_right(history: LateHistory, known_at: datetime | None = None) -> RightHistory:
    """Put the lower of what was asked and what is right in the place of each corrected bill.

    The corrected bill itself is left out: it asks the same money a second time. With ``known_at``
    what is right is what was taken for right at that instant.
    """
    live = {one.bill_id: one for one in history.bills if one.cancelled_by is None}
    wrong = [one for one in history.bills if one.cancelled_by is not None]
    if not wrong:
        return RightHistory(history)
    last: dict[str, int] = {}
    for bill in live.values() if known_at is None else _live_at(known_at, history):
        first = original_of(bill, history)
        if first is not bill or first.cancelled_by is not None:
            last[first.bill_id] = max(0, _asked_of(bill, history))
    left_out = {f"bill:{one.bill_id}" for one in wrong}
    left_out |= {f"bill:{one.bill_id}" for one in live.values() if one.corrects is not None}
    left_out |= {relief_name(one.removeprefix("bill:")) for one in left_out}
    movements = [
        one
        for one in history.movements
        if one.entry_id not in left_out and one.reverses not in left_out
    ]
    bills = [one for one in live.values() if one.corrects is None]
    for bill in wrong:
        if bill.corrects is not None:
            continue
        bills.append(replace(bill, cancelled_by=None))
        name = f"bill:{bill.bill_id}"
        was = next((one for one in history.movements if one.entry_id == name), None)
        cents = min(_asked_of(bill, history), last.get(bill.bill_id, 0))
        if was is not None and cents > 0:
            movements.append(replace(was, cents=cents))
    return RightHistory(replace(history, movements=tuple(movements), bills=tuple(bills)))
