"""Entries of deposits: interest, application to what is owed, moving to another account.

Lives here      one function: which accounts a step of a deposit moves; debits are positive.
Lives elsewhere paying a deposit (``spend_payment`` credits 235), giving the rest back to the
                customer (a refund from 235), whether it may be (``arrears``).
Read first      docs/operating/deposits.md; docs/glossary.md: "deposit".
"""

from __future__ import annotations

from meterledger.facts.deposits import DepositAct, DepositStep
from meterledger.facts.money import Entry, Leg
from meterledger.kernel.ensure import ensure
from meterledger.ledger.chart import DEPOSITS, INTEREST_EXPENSE, OTHER_RECEIVABLE, RECEIVABLE
from meterledger.ledger.reversal import reverse_entry


def entry_for_deposit_step(
    step: DepositStep, account_id: str, *, to_account_id: str = ""
) -> Entry | None:
    """The entry of a step, named after it; None where it moves no money.

    Yearly interest is credited to the account, interest of a deposit that is given back to the
    deposit itself; an applied deposit pays the account; a moved one stays a deposit. What left a
    deposit and never was in it is owed, as no utility charge.
    """
    return _entry(step, account_id, to_account_id) if step.entry_id else None


def _entry(step: DepositStep, account_id: str, to_account_id: str = "") -> Entry:
    legs = {
        DepositAct.INTEREST_CREDITED: (
            Leg(INTEREST_EXPENSE, step.cents),
            Leg(RECEIVABLE, -step.cents, account_id),
        ),
        DepositAct.INTEREST_ADDED: (
            Leg(INTEREST_EXPENSE, step.cents),
            Leg(DEPOSITS, -step.cents, account_id),
        ),
        DepositAct.APPLIED: (
            Leg(DEPOSITS, step.cents, account_id),
            Leg(RECEIVABLE, -step.cents, account_id),
        ),
        DepositAct.MOVED_OUT: (
            Leg(DEPOSITS, step.cents, account_id),
            Leg(DEPOSITS, -step.cents, to_account_id),
        ),
        DepositAct.OWED: (
            Leg(OTHER_RECEIVABLE, step.cents, account_id),
            Leg(DEPOSITS, -step.cents, account_id),
        ),
    }[step.act]
    ensure(
        step.act is not DepositAct.MOVED_OUT or bool(to_account_id),
        "a deposit moves to an account",
    )
    return Entry(
        entry_id=step.entry_id,
        effective_day=step.on,
        learned_at=step.learned_at,
        legs=legs,
        cause=_cause(step),
    )


def _cause(step: DepositStep) -> str:
    return {
        DepositAct.INTEREST_CREDITED: f"interest on the deposit to {step.until}",
        DepositAct.INTEREST_ADDED: f"interest on the deposit to {step.until}",
        DepositAct.APPLIED: "deposit credited",
        DepositAct.MOVED_OUT: "deposit moved to another account of the customer",
        DepositAct.OWED: "a deposit that was given back, and whose payment came back",
    }[step.act]


def entry_that_undoes(undoing: DepositStep, undone: DepositStep, account_id: str) -> Entry:
    """The reversal of a step's entry, to the cent, effective on the same day: as if it had never
    been. Its cause says which payment came back.
    """
    ensure(undoing.act is DepositAct.UNDONE, "a step is undone by a step that says so")
    ensure(undoing.note == undone.key and undoing.on == undone.on, "it undoes the step it names")
    ensure(bool(undone.entry_id), "only a step that moved money is undone")
    entry = _entry(undone, account_id)
    cause = f"{entry.cause}, taken back: {undoing.reason}"
    return reverse_entry(entry, on=undoing.on, learned_at=undoing.learned_at, cause=cause)
