"""Late charges before a bill: decide for each account, post, take back.

Lives here      loading, deciding, and recording in one call; a person's reversal.
Lives elsewhere deciding (``late_charge_decide``), replay (``late_charge_replay``), the ports
                (``late_charge_ports``), the entry (``ledger``), the run of bills that comes after
                (``issue_bills``).
Read first      docs/operating/late_charges.md.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import numpy as np

from meterledger.arrears import Holder
from meterledger.facts.late_charges import (
    BIT,
    GovernmentAccount,
    LateCharge,
    LateChargeReversal,
    LateChargeRun,
    LateHistory,
    LateReason,
    ReversalCause,
    mask_of,
    reasons_of_mask,
)
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure
from meterledger.kernel.people import same_person
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import entry_for_late_charge, reverse_entry
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.usecases.late_charge_base import SaidElsewhere
from meterledger.usecases.late_charge_columns import decide_columns
from meterledger.usecases.late_charge_decide import Considered, consider
from meterledger.usecases.late_charge_ports import (
    Elsewhere,
    LateCharges,
    LateChargeStore,
    LateChargeWork,
    elsewhere_of,
)

HOLDERS = tuple(one.value for one in Holder)
"""Whose an account may be, where governments may have terms of their own."""
COLUMN_ACCOUNTS = 65_536
"""Accounts decided in columns at once."""
BATCH_ACCOUNTS = 2048
"""Accounts made one by one, and recorded in one transaction."""
READ_AGAIN = 5
"""Times that columns and history of an account are read again where they differ."""
A_YEAR = timedelta(days=366)
"""Payments in time that we learn of after a year are for people to see: `late-charge reverse`."""
REFUSED = "refused"
"""The code of accounts of which the book or a fact is silent: counted, and named with why."""


class LateChargeRefused(Refusal):
    """A late charge cannot be taken back, or an account not told, as asked."""


@dataclass(slots=True)
class LateRun:
    """What a run did. Accounts considered = charged + not charged + refused."""

    on: date
    considered: int = 0
    charged: int = 0
    not_charged: int = 0
    charges: list[LateCharge] = field(default_factory=list)
    reversals: list[LateChargeReversal] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Accounts that could not be decided, each with its sentence."""
    known: int = 0
    """Charges that somebody else recorded meanwhile: nothing was done twice."""
    by_code: Counter[str] = field(default_factory=Counter)
    record: LateChargeRun | None = None

    @property
    def cents(self) -> int:
        """What is charged, before anything is taken back."""
        return sum(one.cents for one in self.charges)


def charge_late(
    account_ids: Sequence[str],
    *,
    on: date,
    known_at: datetime,
    store: LateChargeStore,
    book: TariffBook,
    elsewhere: Elsewhere | None = None,
    scope: str = "accounts",
    dry_run: bool = False,
    progress: Callable[[int], None] | None = None,
) -> LateRun:
    """Decide for each account what its unpaid bills cost on the bill made on ``on``, and post it.

    Safe to run twice: a charge is named after its account and delinquent date, and posts once.
    An account that cannot be decided is refused with its sentence; the others go on.
    """
    view = book.as_known(known_at.date())
    run = LateRun(on)
    when = _When(on, known_at, store, view, elsewhere or elsewhere_of(store))
    for many in _batches(list(dict.fromkeys(account_ids)), COLUMN_ACCOUNTS):
        left = _decide_in_columns(many, when, run)
        for batch in _batches(list(left), BATCH_ACCOUNTS):
            work = work_of(list(_one_by_one(batch, left, when, run)), known_at=known_at, on=on)
            if not dry_run and (work.charges or work.reversals or work.waits):
                work = _only(work, store.record_late_charges(work), run)
            run.charges += [charge for charge, _ in work.charges]
            run.reversals += [reversal for reversal, _ in work.reversals]
        if progress is not None:
            progress(len(many))
    run.record = LateChargeRun(
        run_id=f"late:{on.isoformat()}:{sha256_hex(f'{scope}:{known_at.isoformat()}'.encode())[:8]}",
        on=on,
        scope=scope,
        considered=run.considered,
        charged=run.charged,
        not_charged=run.not_charged,
        refused=len(run.refused),
        charges=len(run.charges),
        cents=run.cents,
        by_code=tuple(sorted(run.by_code.items())),
        book_sha256=view.sha256,
        learned_at=known_at,
    )
    if not dry_run and run.considered:
        store.record_late_charges(LateChargeWork(run=run.record))
    return run


def correct_late_charges(
    *,
    on: date,
    known_at: datetime,
    store: LateChargeStore,
    book: TariffBook,
    elsewhere: Elsewhere | None = None,
    dry_run: bool = False,
) -> LateRun:
    """Decide charges on corrected bills once more, of all accounts, and take back what is too much.

    So are charges of the last year after which we learned of a payment that had been in time, or
    that a bill which had used up what was paid was wrong. The run before an account's next bill
    looks at corrected bills alone; an account that is closed has none.
    """
    run = LateRun(on)
    view = book.as_known(known_at.date())
    when = _When(on, known_at, store, view, elsewhere or elsewhere_of(store))
    for batch in _batches(store.late_charges_to_decide_again(on - A_YEAR), BATCH_ACCOUNTS):
        decided = _one_by_one(batch, dict.fromkeys(batch), when, run, only_corrections=True)
        work = work_of(list(decided), known_at=known_at, on=on)
        if not dry_run and work.reversals:
            work = _only(work, store.record_late_charges(work), run)
        run.charges += [charge for charge, _ in work.charges]
        run.reversals += [reversal for reversal, _ in work.reversals]
    return run


def _batches(accounts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(accounts), size):
        yield accounts[start : start + size]


@dataclass(frozen=True, slots=True)
class _When:
    """What one run decides by."""

    on: date
    known_at: datetime
    store: LateCharges
    view: BookView
    elsewhere: Elsewhere


@dataclass(frozen=True, slots=True)
class Decided:
    """An account's history with what was decided on it."""

    history: LateHistory
    considered: Considered


def _decide_in_columns(
    accounts: Sequence[str], when: _When, run: LateRun
) -> dict[str, tuple[int, int] | None]:
    """Decide many accounts; those that remain are made one by one.

    A remaining account comes with the mask and the cents that it has to come to, or with None
    where columns did not decide it. The others are counted here: a no needs no record of its own.
    """
    said = said_of(accounts, when.on, when.known_at, when.elsewhere)
    columns = when.store.late_columns(accounts, when.known_at)
    try:
        found = decide_columns(columns, on=when.on, view=when.view, said=said)
    except Refusal as refusal:
        if refusal.is_passing:
            raise
        return dict.fromkeys(accounts)  # each is refused, or not, by itself
    waits = BIT[LateReason.UNKNOWN_PAYMENT]
    remains = found.one_by_one | (found.cents > 0) | ((found.reasons & waits) > 0)
    counted = np.unique(found.reasons[~remains], return_counts=True)
    for mask, count in zip(*(one.tolist() for one in counted), strict=True):
        run.considered += count
        run.not_charged += count
        for reason in reasons_of_mask(mask):
            run.by_code[reason.value] += count
    return {
        accounts[place]: None
        if found.one_by_one[place]
        else (int(found.reasons[place]), int(found.cents[place]))
        for place in np.flatnonzero(remains).tolist()
    }


def _one_by_one(
    batch: Sequence[str],
    expected: dict[str, tuple[int, int] | None],
    when: _When,
    run: LateRun,
    *,
    only_corrections: bool = False,
) -> Iterator[Decided]:
    histories = when.store.late_histories(batch, when.known_at)
    said = said_of(batch, when.on, when.known_at, when.elsewhere)
    for account in batch:
        history = histories.get(account, LateHistory(account))
        run.considered += 1
        try:
            history, found = _alike(
                history, said.get(account), expected[account], when, only_corrections
            )
        except Refusal as refusal:
            if refusal.is_passing:
                raise
            run.refused.append((account, refusal.sentence))
            run.by_code[REFUSED] += 1
            continue
        run.charged += bool(found.charges)
        run.not_charged += not found.charges
        run.by_code.update(one.value for one in found.reasons)
        yield Decided(history, found)


def _alike(
    history: LateHistory,
    said: SaidElsewhere | None,
    wanted: tuple[int, int] | None,
    when: _When,
    only_corrections: bool,
) -> tuple[LateHistory, Considered]:
    """What is decided on one account by itself, which is what it came to in columns.

    Columns and histories are read one after the other. Where they differ, somebody may have
    posted a charge or taken a payment between: then both are read again, a few times.
    """
    account = history.account_id
    for again in itertools.count():
        if again:
            history = when.store.late_histories([account], when.known_at).get(account, history)
            said = said_of([account], when.on, when.known_at, when.elsewhere).get(account)
            wanted = _one_in_columns(account, said, when)
        found = consider(
            history,
            on=when.on,
            known_at=when.known_at,
            view=when.view,
            said=said,
            only_corrections=only_corrections,
            said_on=lambda day: said_of([account], day, when.known_at, when.elsewhere).get(account),
        )
        if wanted is None or wanted == (mask_of(found.reasons), found.cents):
            break
        ensure(again < READ_AGAIN, f"account {account} comes to the same in columns and by itself")
    return history, found


def _one_in_columns(
    account: str, said: SaidElsewhere | None, when: _When
) -> tuple[int, int] | None:
    columns = when.store.late_columns([account], when.known_at)
    beside = {} if said is None else {account: said}
    try:
        found = decide_columns(columns, on=when.on, view=when.view, said=beside)
    except Refusal as refusal:
        if refusal.is_passing:
            raise
        return None
    return None if found.one_by_one[0] else (int(found.reasons[0]), int(found.cents[0]))


def said_of(
    accounts: Sequence[str], on: date, known_at: datetime, elsewhere: Elsewhere
) -> dict[str, SaidElsewhere]:
    """What other chapters say of accounts; one question to each. The others are left out."""
    agreements = elsewhere.agreements.agreements_on(accounts, on, known_at)
    unknown = elsewhere.unknown_payments.unknown_payment_cents(accounts, on)
    missing = elsewhere.missing_reports.missing_report_bills(accounts, known_at)
    return {
        one: SaidElsewhere(agreements.get(one), unknown.get(one, 0), missing.get(one, frozenset()))
        for one in {*agreements, *unknown, *missing}
    }


def work_of(found: Sequence[Decided], *, known_at: datetime, on: date) -> LateChargeWork:
    """All that is recorded of some accounts at once, each charge and reversal with its entry."""
    charges, reversals, waits = [], [], []
    for each in found:
        done = each.considered
        charges += [(one, entry_for_late_charge(one, learned_at=known_at)) for one in done.charges]
        waits += done.waits
        made = {one.late_charge_id: one for one in each.history.charges}
        for one in done.reversals:
            charge = made[one.late_charge_id]
            entry = entry_for_late_charge(charge, learned_at=charge.known_at)
            cause = f"takes back the late charge {one.late_charge_id}: {one.reason}"
            back = reverse_entry(entry, on=on, learned_at=known_at, cause=cause)
            reversals.append((one, back))
    return LateChargeWork(tuple(charges), tuple(reversals), tuple(waits))


def _only(work: LateChargeWork, newly: set[str], run: LateRun) -> LateChargeWork:
    """What was newly recorded; the rest is known already."""
    charges = tuple(one for one in work.charges if one[1].entry_id in newly)
    reversals = tuple(one for one in work.reversals if one[1].entry_id in newly)
    run.known += len(work.charges) - len(charges)
    return replace(work, charges=charges, reversals=reversals)


def reverse_late_charge(
    late_charge_id: str,
    *,
    by: str,
    approved_by: str,
    reason: str,
    on: date,
    learned_at: datetime,
    store: LateCharges,
) -> tuple[LateChargeReversal, bool]:
    """Forgive a late charge: one person asks, another approves. False if it is reversed already.

    :raises NotFound: if there is no such charge
    :raises LateChargeRefused: if nobody signs, no reason is given, or one person does both
    """
    maker, other = by.strip(), approved_by.strip()
    if not maker or not other or not reason.strip():
        raise LateChargeRefused(
            "A charge is forgiven by two people, for a reason",
            where=late_charge_id,
            do="Give --by and --approved-by with two names, and --reason",
        )
    if same_person(maker, other):
        raise LateChargeRefused(
            f"{maker} asks and approves at once",
            where=late_charge_id,
            why="Who takes a charge back does not approve it",
            do="Let another person approve",
        )
    charge = store.late_charge(late_charge_id)
    if on < charge.on:
        raise LateChargeRefused(
            f"The charge is of {charge.on}, after {on}",
            where=late_charge_id,
            do="Take it back today, or on a day since it was posted",
        )
    reversal = LateChargeReversal(
        late_charge_id=late_charge_id,
        account_id=charge.account_id,
        cause=ReversalCause.BY_DECISION,
        reason=reason.strip(),
        learned_at=learned_at,
        by=maker,
        approved_by=other,
    )
    entry = entry_for_late_charge(charge, learned_at=charge.known_at)
    cause = f"takes back the late charge {late_charge_id}: {reason.strip()}"
    back = reverse_entry(entry, on=on, learned_at=learned_at, cause=cause)
    newly = store.record_late_charges(LateChargeWork(reversals=((reversal, back),)))
    return reversal, bool(newly)


def tell_government_account(told: GovernmentAccount, *, store: LateCharges) -> None:
    """Keep that an account is a government's, and what the law demands for it.

    :raises LateChargeRefused: if terms of its own have no law behind them
    :raises NotFound: if there is no such account
    """
    demands = told.percent_by_law is not None or told.days_after_issue is not None
    if demands and not (told.legal_basis or "").strip():
        raise LateChargeRefused(
            "Terms of its own are given, and no law that demands them",
            where=f"account {told.account_id}",
            why="The sheet lets terms differ only where law or regulation demands it",
            do="Name the law with --law, or leave the terms out",
        )
    store.tell_government_account(told)
