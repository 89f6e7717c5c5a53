"""Deposits as answers and words: one shape for the command line, the pages and letters.

Lives here      JSON of a deposit with its money, sentences for its steps, the desk of a system.
Lives elsewhere what may be done (``usecases/deposit_*``), letters (``deposit_letters``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from meterledger.entrypoints.wiring import System
from meterledger.facts.deposits import Deposit, DepositAct, DepositKind, DepositStep, asked_items
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.written_counts import many as many
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_came_back import DepositCameBack
from meterledger.usecases.deposit_interest import next_credit_day
from meterledger.usecases.deposit_money import DepositMoney, deposit_money
from meterledger.usecases.deposit_record import read_decision, reasons_of

KIND_WORDS = {
    DepositKind.INITIAL: "before service began",
    DepositKind.CONTINUED: "to keep service",
    DepositKind.NON_RESIDENTIAL: "of a business",
}
ABOUT_WORDS = {
    "disconnection_for_nonpayment": "a disconnection for non-payment",
    "unauthorized_interference": "unauthorized interference",
    "another_matter": "another matter",
}


ACTION_WORDS = {
    "keep": "It stays for now",
    "review": "The customer’s credit is to be reviewed",
    "may_wait": "It may go back, and may wait for a dispute",
    "refund": "It may go back",
    "release_guarantor": "The guarantor may be released",
}
"""Whether a deposit goes back, by what its rule answers."""


def deposit_desk(system: System, by: str) -> Desk:
    """Where a running system decides deposits, as somebody."""
    return Desk(system.store, system.view, by, system.now)


def money_of(deposit: Deposit, system: System) -> DepositMoney:
    """A deposit with its money, as known now."""
    every = system.store.deposits_of_accounts([deposit.account_id])[deposit.account_id]
    return deposit_money(deposit.account_id, every, system.store)[deposit.deposit_id]


def deposit_json(money: DepositMoney, today: date) -> dict[str, Any]:
    """The shape of ``deposit show --json``."""
    deposit = money.deposit
    due = next_credit_day(money) if not deposit.is_closed else None
    return {
        "deposit": deposit.deposit_id,
        "account": deposit.account_id,
        "kind": deposit.kind.value,
        "state": state_words(money),
        "asked_usd": usd_text(deposit.asked_cents),
        "called_off_usd": usd_text(deposit.called_off_cents),
        "paid_usd": usd_text(money.paid_cents),
        "unpaid_usd": usd_text(money.unpaid_cents),
        "interest_credited_usd": usd_text(money.interest_credited_cents),
        "interest_added_usd": usd_text(money.interest_added_cents),
        "applied_usd": usd_text(money.applied_cents),
        "refunded_usd": usd_text(money.refunded_cents),
        "moved_out_usd": usd_text(money.moved_out_cents),
        "owed_back_usd": usd_text(money.owed_back_cents),
        "held_usd": usd_text(money.held_cents),
        "without_interest_usd": usd_text(money.idle_cents),
        "received": [
            {"on": one.on.isoformat(), "usd": usd_text(one.cents)} for one in money.received
        ],
        "asked_now": [
            {
                "item": item.item_id,
                "usd": usd_text(item.charged_cents),
                "due": item.due_day.isoformat() if item.due_day else None,
            }
            for item in asked_items([deposit], today)
        ],
        "next_interest_on": due.isoformat() if due else None,
        "steps": [step_json(one) for one in deposit.steps],
    }


def came_back_json(one: DepositCameBack) -> dict[str, Any]:
    """A deposit that was used and whose payment came back, as ``deposit list`` tells it."""
    return {
        "deposit": one.deposit_id,
        "account": one.account_id,
        "came_back_usd": usd_text(one.back_cents),
        "on": one.back_on.isoformat(),
        "application_undone_usd": usd_text(one.undone_cents),
        "interest_undone_usd": usd_text(one.interest_cents),
        "owed_back_usd": usd_text(one.owed_cents),
        "open_usd": usd_text(one.open_cents),
        "short_usd": usd_text(one.short_cents),
        "refunds_not_sent": list(one.refunds),
        "do": one.sentence,
    }


def idle_sentence(money: DepositMoney) -> str:
    """What is held and bears no interest, since its payment came back; "" where all of it does."""
    if not money.idle_cents or money.deposit.is_closed:
        return ""
    return (
        f"{usd_display(money.idle_cents)} of it bears no interest: its payment came back after the "
        "deposit had moved, and the account it came from owes that still"
    )


def step_json(step: DepositStep) -> dict[str, Any]:
    """One step, with the reasons and clauses behind it."""
    record = read_decision(step)
    return {
        "step": step.step_id,
        "act": step.act.value,
        "on": step.on.isoformat(),
        "by": step.by,
        "reason": step.reason,
        "usd": usd_text(step.cents),
        "until": step.until.isoformat() if step.until else None,
        "note": step.note,
        "entry": step.entry_id or None,
        "parts": [
            {
                "billed": one.billed_day.isoformat(),
                "due": one.due_day.isoformat(),
                "usd": usd_text(one.cents),
            }
            for one in step.parts
        ],
        "standing": record["standing"] if record else None,
        "reasons": [
            {"finding": one.finding, "citation": one.citation.as_json()} for one in reasons_of(step)
        ],
    }


def state_words(money: DepositMoney) -> str:
    """How a deposit stands, with its money in sight."""
    state = money.deposit.state
    if state == "asked" and not money.unpaid_cents:
        return "held"
    if state == "asked" and money.paid_cents:
        return "partly paid"
    if state == "given back" and money.held_cents > 0:
        return "to be returned"
    return state


def sentence_of(step: DepositStep) -> str:
    """What a step did, as a person says it."""
    usd, until = usd_display(step.cents), step.until
    words = {
        DepositAct.NOTICED: f"Notice sent by {step.note}: up to {usd} may be asked for",
        DepositAct.ASKED: f"{usd} asked for, due by {until}",
        DepositAct.GUARANTEED: f"{step.note} guarantees {usd} in writing",
        DepositAct.MISSED: f"{usd} was not paid by its day",
        DepositAct.PAUSED: f"Pauses for the Cold Weather season until {until}",
        DepositAct.CANCELLED: f"{usd} that were unpaid are given up",
        DepositAct.DISPUTED: f"In dispute: {ABOUT_WORDS.get(step.note, step.note)}",
        DepositAct.SETTLED: "The dispute is settled",
        DepositAct.REVIEWED: f"Credit reviewed: {step.note.replace('_', ' ')}",
        DepositAct.INTEREST_CREDITED: f"{usd} of interest to {until}, "
        + ("which an effort had kept, " if step.is_rest else "")
        + "credited to the account",
        DepositAct.INTEREST_ADDED: f"{usd} of interest to {until}, added to the deposit",
        DepositAct.APPLIED: f"{usd} paid what the account owed",
        DepositAct.GIVEN_BACK: _given_back(step),
        DepositAct.REQUESTED: "The customer asked for what remains",
        DepositAct.EFFORT: f"Effort to return it: {step.note}",
        DepositAct.EFFORT_BACK: f"The effort of {step.on} is taken back: {step.reason}",
        DepositAct.RELEASED: "The guarantor is released",
        DepositAct.MOVED_OUT: f"{usd} moved to deposit {step.note}",
        DepositAct.MOVED_IN: f"{usd} came from deposit {step.note}",
        DepositAct.UNDONE: f"{usd} taken back: a payment of the deposit came back",
        DepositAct.OWED: f"{usd} left the deposit and never were in it: the customer owes them",
    }
    return words[step.act]


def _given_back(step: DepositStep) -> str:
    if not step.cents:
        return "Ended: nothing remains"
    by = f" by {step.until}" if step.until else ""
    how = " once the customer asks" if step.note == "on request" else by
    return f"{usd_display(step.cents)} go back to the customer{how}"
