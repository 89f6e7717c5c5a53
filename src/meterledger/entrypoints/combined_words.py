"""Combination bills in words and in answers: the combination, and a combined statement.

Lives here      what ``combination`` prints and answers.
Lives elsewhere the journeys (``usecases.combinations``, ``usecases.combined_statements``), pages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from meterledger.entrypoints.budget_words import reason_answer, reasons_words
from meterledger.facts.combination import (
    CombinationFile,
    CombinedBill,
    CombinedKind,
    CombinedStatement,
)
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.written_counts import many
from meterledger.usecases.combinations import Combined, OfPeople


def combined_answer(one: Combined) -> dict[str, Any]:
    """A combination as it stands, its premises and the ruling."""
    return {
        **file_answer(one.file),
        "premises": list(one.premises),
        "premises_not_counted": list(one.passing),
        "people": [
            {
                "people": [{"person": person, "name": name} for person, name in group.people],
                "accounts": list(group.account_ids),
            }
            for group in one.people
        ],
        "ruling": one.ruling.as_json(),
    }


def file_answer(file: CombinationFile) -> dict[str, Any]:
    """A combination with its accounts and statements."""
    until = file.combination.days.until_day
    return {
        "combination": file.combination.combination_id,
        "customer": file.combination.customer,
        "person": file.combination.person_id or None,
        "from": file.combination.days.from_day.isoformat(),
        "until": until.isoformat() if until else None,
        "reasons": reason_answer(file.combination.reasons),
        "accounts": [
            {
                "account": one.account_id,
                "from": one.days.from_day.isoformat(),
                "until": one.days.until_day.isoformat() if one.days.until_day else None,
            }
            for one in file.accounts
        ],
        "statements": [statement_answer(one) for one in file.statements],
    }


def statement_answer(one: CombinedStatement) -> dict[str, Any]:
    """A combined statement."""
    return {
        "statement": one.statement_id,
        "combination": one.combination_id,
        "customer": one.customer,
        "issued": one.issued_day.isoformat(),
        "due": one.due_day.isoformat(),
        "bills": [
            {
                "account": bill.account_id,
                "bill": bill.bill_id,
                "kind": bill.kind.value,
                "from": bill.days.from_day.isoformat(),
                "to": bill.days.until_day.isoformat(),
                "charges_usd": usd_text(bill.charges_cents),
                "asked_usd": usd_text(bill.asked_cents),
            }
            for bill in one.bills
        ],
        "charges_usd": usd_text(one.charges_cents),
        "asked_usd": usd_text(one.asked_cents),
        "reasons": reason_answer(one.reasons),
    }


def print_combined(one: Combined) -> None:
    """A combination for people."""
    file = one.file
    print(
        f"Combination {file.combination.combination_id} of {file.combination.customer}, "
        f"{file.combination.days}: {many(len(one.premises), 'premise')}."
    )
    for account in file.accounts:
        print(f"  account {account.account_id}, {account.days}")
    if one.passing:
        print(f"  Not counted, since their service has an end already: {', '.join(one.passing)}")
    for words in several_people(one.people):
        print(f"  {words}")
    reasons_words(one.ruling.decision.reasons)
    if not one.ruling.decision.outcome.combined:
        print("  It would not be granted today; no rule says what becomes of it. Look at it.")
    for statement in file.statements:
        print(
            f"  {statement.statement_id}: {usd_display(statement.asked_cents)} "
            f"due {statement.due_day}"
        )


def several_people(people: Sequence[OfPeople]) -> list[str]:
    """That a combination is of several customers, and what to do; nothing where it is of one."""
    if len(people) < 2:
        return []
    told = [
        f"{'Accounts' if len(one.account_ids) > 1 else 'Account'} {', '.join(one.account_ids)}: "
        f"{one.words or 'nobody'}."
        for one in people
    ]
    return [
        "It is not of one customer: these accounts are of other people than those.",
        *told,
        "Take out what is not the customer's, with `meterledger combination end --account`.",
    ]


def print_statement(one: CombinedStatement) -> None:
    """A combined statement for people."""
    print(f"Combined statement {one.statement_id} of {one.customer}, issued {one.issued_day}")
    for bill in one.bills:
        print(f"  account {bill.account_id}  {bill.days}  {amount_words(bill)}")
    print(f"Due {one.due_day}: {usd_display(one.asked_cents)}")
    reasons_words(one.reasons)


def amount_words(bill: CombinedBill) -> str:
    """What a bill's line says: its amount, and what is another than usual about it."""
    told = usd_display(bill.asked_cents)
    if bill.asked_cents != bill.charges_cents:
        told += f" asked by a budget plan; the charges are {usd_display(bill.charges_cents)}"
    if bill.kind is CombinedKind.TAKEN_BACK:
        told += " taken back: the bill was cancelled"
    return told
