"""The bank's statement, months that close, and revenue that no bill asks for yet."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.journeys.desk_of_payments import NOW, TODAY, desk_of, pay, view
from tests.journeys.test_reconcile_bank import statement
from tests.stores.money_journeys.journey import journey
from tests.stores.money_journeys.payments import billed
from tests.stores.paper_town import LATER, account_id

from meterledger.facts.unbilled import Accrual, UnbilledLine, UnbilledMethod
from meterledger.kernel.span import DaySpan
from meterledger.usecases.bank_by_hand import match_by_hand, undo_match
from meterledger.usecases.close_period import close_period
from meterledger.usecases.reconcile_bank import (
    decide_adjustment,
    explain_line,
    match_bank,
    propose_adjustment,
    take_bank_file,
)
from meterledger.usecases.settle_payment import reverse_payment
from meterledger.usecases.unbilled_revenue import post_accrual

WORDS = {"by": "Ana", "reason": "a wire that names no account", "learned_at": NOW}
FILE = statement(("100.00", "K-1"), ("65.19", ""), ("7.77", "WIRE"))


def received(store: Any) -> None:
    """Two payments that the bank should show."""
    billed(store)
    pay(store, 100_00, "K-1")
    pay(store, 65_19, "K-2", number=2)


def taken(store: Any) -> None:
    """And its statement, with a line more."""
    received(store)
    take_bank_file(FILE, today=TODAY, store=store)


def odd(store: Any) -> None:
    """All of it is matched but that line."""
    taken(store)
    match(store)


def undone(store: Any) -> None:
    """And one match was undone."""
    odd(store)
    name = f"match:{FILE.statements[0].lines[0].line_id}"
    undo_match(match_id=name, today=TODAY, store=store, **WORDS)


def proposed(store: Any) -> None:
    """Which Ana would book."""
    odd(store)
    propose(store)


def adjusted(store: Any) -> None:
    """Which Ben approved."""
    proposed(store)
    _decide(store, approve=True)


def returned(store: Any) -> None:
    """A payment was taken back, and no statement tells of its days."""
    received(store)
    reverse_payment("K-1", on=TODAY, by="Ana", reason="returned", desk=desk_of(store, minutes=5))


def match(store: Any) -> Any:
    return match_bank(on=TODAY, learned_at=NOW, view=view(), store=store)


def line(store: Any) -> str:
    """The line that nobody expected."""
    return str(FILE.statements[0].lines[2].line_id)


def propose(store: Any) -> Any:
    return propose_adjustment(line_id=line(store), ledger_account="419", store=store, **WORDS)


@journey("take a bank file", received)
def _(store: Any, _: Any) -> Any:
    return bool(take_bank_file(FILE, today=TODAY, store=store) in (True, False))


@journey("match the bank", taken)
def _(store: Any, _: Any) -> Any:
    match(store)
    return sorted(one.match_id for one in store.bank_matches())


@journey("explain a line", odd)
def _(store: Any, _: Any) -> Any:
    return explain_line(line_id=line(store), store=store, **WORDS)


@journey("propose an adjustment", odd)
def _(store: Any, _: Any) -> Any:
    return propose(store)


@journey("approve an adjustment", proposed)
def _(store: Any, _: Any) -> Any:
    return _decide(store, approve=True)


@journey("refuse an adjustment", proposed)
def _(store: Any, _: Any) -> Any:
    return _decide(store, approve=False)


@journey("undo a match", odd)
def _(store: Any, _: Any) -> Any:
    name = f"match:{FILE.statements[0].lines[0].line_id}"
    return undo_match(match_id=name, today=TODAY, store=store, **WORDS)


@journey("match by hand", undone)
def _(store: Any, _: Any) -> Any:
    pieces = [str(FILE.statements[0].lines[0].line_id), "payment:K-1#1"]
    return match_by_hand(pieces, store=store, **WORDS)


@journey("match two of ours", returned)
def _(store: Any, _: Any) -> Any:
    return match_by_hand(["payment:K-1#1", "reversal:payment:K-1#1"], store=store, **WORDS)


@journey("undo an adjustment", adjusted)
def _(store: Any, _: Any) -> Any:
    name = f"match:{line(store)}"
    return undo_match(match_id=name, today=TODAY, store=store, approved_by="Ben", **WORDS)


def _decide(store: Any, *, approve: bool) -> Any:
    how = {**WORDS, "by": "Ben", "reason": "seen"}
    return decide_adjustment(line_id=line(store), approve=approve, store=store, **how)


@journey("close a month", received)
def _(store: Any, _: Any) -> Any:
    month = date(2025, 1, 1)
    return close_period(month, by="Ana", today=TODAY, learned_at=NOW, store=store)[0]


@journey("post unbilled revenue", billed)
def _(store: Any, _: Any) -> Any:
    unbilled = UnbilledLine(
        *("AG-1", account_id(1), "1M-anytime", "residential"),
        *(DaySpan(date(2025, 8, 1), date(2025, 8, 10)), 9, 12_345, 10_00, UnbilledMethod.PRICED),
    )
    post_accrual(Accrual(date(2025, 8, 31), (unbilled,), b"{}", LATER), store=store)
    return store.accruals()
