"""A combined statement on paper: the sum of a customer's bills, each of them listed.

Lives here      what the paper says, as canonical bytes that its template sets.
Lives elsewhere setting it (``documents``), the statement (``usecases/combined_statements``).
Read first      GRR V.B; docs/operating/combination_bills.md.

It is made from the statement as it was issued, and from places as they were known then: the same
statement gives the same bytes for ever. Each bill's own paper is beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from meterledger.billing import contact_route
from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.web.statement_words import contact_sentences
from meterledger.entrypoints.web.words import day_words, short_span_words
from meterledger.entrypoints.wiring import System
from meterledger.facts.bills import read_record
from meterledger.facts.combination import CombinedBill, CombinedKind, CombinedStatement
from meterledger.facts.places import Premise
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.money import usd_display
from meterledger.kernel.written_counts import many
from meterledger.rulebook.terms import Terms
from meterledger.usecases.make_statement import time_to_pay
from meterledger.usecases.ports import NotFound

TEMPLATE = "combined_2"
TEMPLATE_BEFORE = "combined_1"
"""What set the statements that were made before ``SINCE``: a paper is the same for ever."""
ON_THE_FRONT = 30
"""So many accounts fit the front, in two columns."""
SINCE = datetime(2026, 12, 1, tzinfo=UTC)
"""Statements that were made before say "of 1 accounts" where they are of one, and may have more
accounts on the front than it has room for.
"""


def combined_paper(combination_id: str, statement_id: str, system: System) -> bytes:
    """A combined statement as PDF. Call it inside ``store.viewing``.

    :raises NotFound: if the combination has no such statement
    :raises NotPrintable: if a name or address has letters that our fonts lack
    """
    for one in system.store.combination(combination_id).statements:
        if one.statement_id == statement_id:
            revision = TEMPLATE_BEFORE if one.learned_at < SINCE else TEMPLATE
            return compose(combined_content(one, system), revision=revision)
    raise NotFound(
        f"Combination {combination_id} has no statement {statement_id[:80]}",
        do=f"List them with `meterledger combination show {combination_id}`",
    )


def combined_content(statement: CombinedStatement, system: System) -> bytes:
    """What the paper says, the same bytes for the same statement."""
    view = system.book.as_known(statement.learned_at.date())
    contact = contact_route(Terms(view, statement.issued_day))
    places = {one.bill_id: _premise(one, statement, system) for one in statement.bills}
    first = places[statement.bills[0].bill_id]
    late = {one.bill_id: words for one in statement.bills if (words := _late(one, system))}
    asked = statement.asked_cents
    content = {
        "utility": view.utility,
        "phone": contact.utility_phone if contact else "",
        "number": statement.statement_id,
        "combination": statement.combination_id,
        "customer": statement.customer,
        "address": [first.address, f"{first.city}, {first.state} {first.postal_code}"],
        "issued": day_words(statement.issued_day),
        "issued_parts": [
            statement.issued_day.year,
            statement.issued_day.month,
            statement.issued_day.day,
        ],
        "due": day_words(statement.due_day),
        "owing": asked > 0,
        "credit": asked < 0,
        "asked_title": f"Please pay by {day_words(statement.due_day)}"
        if asked > 0
        else "Nothing to pay",
        "asked": usd_display(abs(asked)),
        "total": usd_display(asked),
        "charges": usd_display(statement.charges_cents),
        "count": _count(statement),
        "sums": _sums(statement),
        "about": [
            "The bills of your places come together on this statement, with one due day.",
            "Each bill stays its account's own, with its own paper: what is not paid is that "
            "account's. What was owed before is on each account's own bill.",
            *_sent_late(len(late)),
        ],
        "accounts": _accounts(statement, places),
        "bills": [
            _row(one, places[one.bill_id], late.get(one.bill_id, "")) for one in statement.bills
        ],
        "pay_to": list(contact.payment_address) if contact else [],
        "contact": list(contact_sentences(contact)) if contact else [],
        "reasons": [
            f"{one.finding[:1].upper()}{one.finding[1:]} ({one.citation.text})."
            for one in statement.reasons
        ],
    }
    return canonical_bytes(content)


def _premise(bill: CombinedBill, statement: CombinedStatement, system: System) -> Premise:
    agreement = system.store.bill(bill.bill_id).agreement_id
    return system.store.service_of_agreement(agreement, statement.learned_at).premise


def _count(statement: CombinedStatement) -> str:
    accounts = len({one.account_id for one in statement.bills})
    bills = sum(one.kind is CombinedKind.CHARGED for one in statement.bills)
    of = many(accounts, "account")
    if statement.learned_at < SINCE:
        of = f"{accounts} accounts"  # of one, too: a paper is the same for ever
    return f"{many(bills, 'bill')} of {of}"


def _sums(statement: CombinedStatement) -> list[dict[str, Any]]:
    """The charges, what was taken back, what budget plans ask instead, and the sum."""
    taken = sum(one.charges_cents for one in statement.bills if one.kind is CombinedKind.TAKEN_BACK)
    charges = statement.charges_cents
    rows = [("Charges of the bills", charges - taken, False)]
    if taken:
        rows.append(("Bills taken back since", taken, False))
    if statement.asked_cents != charges:
        rows.append(("Put off by budget plans", statement.asked_cents - charges, False))
    rows.append(("To be paid", statement.asked_cents, True))
    return [
        {"words": words, "amount": usd_display(cents), "strong": strong}
        for words, cents, strong in rows
    ]


def _accounts(statement: CombinedStatement, places: Mapping[str, Premise]) -> list[dict[str, str]]:
    """What is asked of each account; of more than fit the front the list of bills tells."""
    asked: dict[str, int] = {}
    place: dict[str, str] = {}
    for one in statement.bills:
        asked[one.account_id] = asked.get(one.account_id, 0) + one.asked_cents
        place.setdefault(one.account_id, places[one.bill_id].address)
    if len(asked) > ON_THE_FRONT:
        return []
    return [
        {"account": name, "place": place[name], "asked": usd_display(cents)}
        for name, cents in asked.items()
    ]


def _late(bill: CombinedBill, system: System) -> str:
    """That we sent a bill late, and over how long it may be paid; empty if not, or not owed."""
    if bill.kind is not CombinedKind.CHARGED or bill.charges_cents <= 0:
        return ""
    for months, _ in time_to_pay(read_record(system.store.bill(bill.bill_id).record)):
        return f", sent late by us: {months} or more to pay it, and no late charge"
    return ""


def _sent_late(count: int) -> list[str]:
    if not count:
        return []
    some = "One of the bills" if count == 1 else f"{count} of the bills"
    return [
        f"{some} we sent late: the list says over how long, without a late charge, you may pay."
    ]


def _row(bill: CombinedBill, place: Premise, late: str) -> dict[str, str]:
    taken = ", taken back: it was cancelled" if bill.kind is CombinedKind.TAKEN_BACK else ""
    return {
        "account": bill.account_id,
        "place": f"{place.address}, {place.city}",
        "bill": f"{bill.bill_id}{taken}{late}",
        "days": f"{short_span_words(bill.days)}, {bill.days.last_day.year}",
        "charges": usd_display(bill.charges_cents),
        "asked": usd_display(bill.asked_cents),
    }
