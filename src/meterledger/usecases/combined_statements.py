"""The combined statement of a combination: every account's bills since the last one, added.

Lives here      which bills are on it, its due day, that posted and stated are one number.
Lives elsewhere the combination (``combinations``), each bill (``issue_bills``), drawing it.
Read first      GRR V.B; docs/operating/combination_bills.md.

A bill stays its account's own: it is posted to that account, and what is not paid is that
account's. The statement repeats it, and asks for all of them on one day that the utility chooses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import decide_usual_due_day, off_closed_day
from meterledger.facts.bills import read_record
from meterledger.facts.combination import (
    CombinationFile,
    CombinedBill,
    CombinedKind,
    CombinedStatement,
)
from meterledger.facts.entry_names import relief_name
from meterledger.facts.money import Entry
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import cents_from_text, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.ledger import RECEIVABLE, control_of
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.combination_ports import Combinations
from meterledger.usecases.ports import StoredBill

DUE_CHOSEN_BY = "billing_combination_bill_form_due_date_chosen_by"


class StatementRefused(Refusal):
    """A combined statement cannot be made as asked."""


class PostedOtherwise(Refusal):
    """What is posted of a bill is not what the bill says."""


class StatementStore(Combinations, Protocol):
    """What this journey needs of the store."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""


def state_combination(
    *,
    combination_id: str,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: StatementStore,
    due: date | None = None,
    dry_run: bool = False,
) -> CombinedStatement:
    """Make the combined statement of a day, of all bills that stand on none yet.

    ``due`` is the day that the utility chooses, the usual due day of a bill rendered on ``on``
    unless given; an earlier one would leave the customer less time than the rules do.

    :raises NotFound: if there is no such combination
    :raises StatementRefused: if there is nothing to state, or the due day is too early or closed
    :raises PostedOtherwise: if a bill is posted with another amount than it says
    :raises NoRuleInForce: if the book is silent on the day
    """
    file = store.combination(combination_id)
    bills = _unstated(file, on, store)
    if not bills:
        raise StatementRefused(
            f"Combination {combination_id} has no bill that is not on a statement already",
            where=f"combination {combination_id}",
            do="Issue the accounts' bills first, with `meterledger bill`",
        )
    usual = decide_usual_due_day(on, view)
    if due is not None and due < usual.outcome:
        raise StatementRefused(
            f"{due} is too early for a statement of {on}",
            where=f"combination {combination_id}",
            why=f"{usual.reasons[-1].finding} ({usual.reasons[-1].citation.text})",
            do=f"Choose {usual.outcome} or a later day",
        )
    if due is not None:
        _refuse_closed_day(combination_id, due, usual, on, view)
    due_day = due or usual.outcome
    chooser = Terms(view, on).text(DUE_CHOSEN_BY)
    chosen = Reason(
        f"one due date for all, {due_day}, chosen by the {chooser.value}", chooser.citation
    )
    statement = CombinedStatement(
        statement_id=f"CB-{combination_id}-{on:%Y%m%d}-{len(file.statements) + 1}",
        combination_id=combination_id,
        customer=file.combination.customer,
        issued_day=on,
        due_day=due_day,
        bills=bills,
        reasons=(*usual.reasons, chosen),
        learned_at=learned_at,
    )
    if not dry_run:
        store.record_combined_statement(statement)
    return statement


def _refuse_closed_day(
    combination_id: str, due: date, usual: Decision[date], on: date, view: BookView
) -> None:
    """The utility chooses a day on which one can pay (20 CSR 4240-13.020)."""
    open_day = off_closed_day(replace(usual, outcome=due), on, view)
    if open_day.outcome == due:
        return
    closed = open_day.reasons[len(usual.reasons)]
    raise StatementRefused(
        f"Nobody can pay on {due:%A}, {due}",
        where=f"combination {combination_id}",
        why=f"{closed.finding} ({closed.citation.text})",
        do=f"Choose {open_day.outcome} or another business day",
    )


def _unstated(file: CombinationFile, on: date, store: StatementStore) -> tuple[CombinedBill, ...]:
    """Bills that are charged on no statement yet, and stated ones that were cancelled since."""
    stated = {(bill.bill_id, bill.kind): bill for one in file.statements for bill in one.bills}
    found: list[CombinedBill] = []
    for account in sorted({one.account_id for one in file.accounts}):
        issued = store.issued_bills_of_account(account)
        spans = [one.days for one in file.accounts if one.account_id == account]
        entries = {one.entry_id: one for one in store.entries_of_account(account)}
        for bill in issued:
            before = stated.get((bill.bill_id, CombinedKind.CHARGED))
            if before is not None:
                gone = (bill.bill_id, CombinedKind.TAKEN_BACK)
                if bill.cancelled_by is not None and gone not in stated:
                    found.append(_taken_back(before))
            elif (
                bill.cancelled_by is None
                and bill.issued_day <= on
                and _is_combined(bill, issued, spans, stated)
            ):
                found.append(_charged(bill, entries))
    return tuple(found)


def _is_combined(
    bill: StoredBill,
    issued: Sequence[StoredBill],
    spans: Sequence[Validity],
    stated: Mapping[tuple[str, CombinedKind], CombinedBill],
) -> bool:
    """Whether a bill was issued while its account was combined; a correction goes by what it
    corrects: where that one was asked for by itself, so is the difference.
    """
    by_name = {one.bill_id: one for one in issued}
    first = bill
    while first.corrects is not None and first.corrects in by_name:
        first = by_name[first.corrects]
        if (first.bill_id, CombinedKind.CHARGED) in stated:
            return True
    return any(first.issued_day in days for days in spans)


def _charged(bill: StoredBill, entries: Mapping[str, Entry]) -> CombinedBill:
    told = read_record(bill.record).get("asked")
    asked = (
        bill.total_cents if told is None else cents_from_text(told["asked_usd"], where=bill.bill_id)
    )
    entry = entries.get(f"bill:{bill.bill_id}")
    legs = [
        leg
        for leg in (entry.legs if entry is not None else ())
        if leg.customer_account_id == bill.account_id
    ]
    posted = sum(leg.cents for leg in legs if control_of(leg.ledger_account) == RECEIVABLE)
    receivable = sum(leg.cents for leg in legs if leg.ledger_account == RECEIVABLE)
    if posted != bill.total_cents or receivable != asked:
        raise PostedOtherwise(
            f"Bill {bill.bill_id} says {usd_display(bill.total_cents)}, and "
            f"{usd_display(posted)} is posted",
            where=f"account {bill.account_id}",
            why="What is printed, shown and posted is one number",
            do="Look at it with `meterledger verify` before anything is stated",
        )
    relief = entries.get(relief_name(bill.bill_id))
    asked += sum(
        leg.cents
        for leg in (relief.legs if relief is not None else ())
        if leg.customer_account_id == bill.account_id
    )
    return CombinedBill(
        account_id=bill.account_id,
        bill_id=bill.bill_id,
        kind=CombinedKind.CHARGED,
        days=bill.days,
        charges_cents=bill.total_cents,
        asked_cents=asked,
    )


def _taken_back(before: CombinedBill) -> CombinedBill:
    return CombinedBill(
        account_id=before.account_id,
        bill_id=before.bill_id,
        kind=CombinedKind.TAKEN_BACK,
        days=before.days,
        charges_cents=-before.charges_cents,
        asked_cents=-before.asked_cents,
    )
