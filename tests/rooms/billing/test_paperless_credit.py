"""GRR V.N: the monthly credit for paperless billing, where the book has its amount."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from meterledger.billing import has_paperless_amount, paperless_line
from meterledger.billing.paperless_term import (
    CreditAmountNotHeld,
    PaperlessAmountFacts,
    PaperlessTermFacts,
    TermContradicts,
    decide_paperless_amount,
    decide_paperless_term,
)
from meterledger.entrypoints.wiring import open_book
from meterledger.facts.billing_options import Delivery, DeliveryPreference
from meterledger.kernel.span import DaySpan, Validity
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.rulebook.terms import Terms

AMOUNT = """kind: number
meaning: "Paperless credit: monthly, at most one year: amount."
unit: "USD"
provision: billing.paperless.credit_term
values:
  - effective_from: 2020-04-01
    effective_until: null
    value: "0.50"
    standing: assumed
    learned_on: 2026-11-25
    cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 138", revision: "3", \
paragraph: "GRR V.N", effective: 2020-04-01, order: "ER-2019-0335"}
    source: "made up for this test"
    confidence: low
last_checked_on: 2026-11-25
"""
SINCE = date(2025, 9, 10)
LEARNED = datetime(2025, 9, 10, 12, tzinfo=UTC)
KNOWN = date(2026, 12, 1)


@pytest.fixture(scope="module")
def with_amount(tmp_path_factory: Any) -> Any:
    book: Path = copytree(default_book_folder(), tmp_path_factory.mktemp("a") / "book")
    name = "billing_paperless_credit_term_amount_usd.yaml"
    (book / "grr_v_billing" / name).write_text(AMOUNT)
    return load_book(book).as_known(KNOWN)


def prefer(medium: Delivery, since: date = SINCE, until: date | None = None) -> Any:
    return DeliveryPreference("A", medium, Validity(since, until), LEARNED, "ann@example.org")


def credit(view: Any, issued: date, *deliveries: Any, residential: bool = True) -> Any:
    return paperless_line(
        deliveries=deliveries or [prefer(Delivery.ELECTRONIC)],
        residential=residential,
        window=DaySpan(date(2025, 9, 1), date(2025, 10, 1)),
        issued_day=issued,
        view=view,
    )


def test_a_first_enrollment_earns_it_with_its_clause(with_amount: Any) -> None:
    line = credit(with_amount, date(2025, 10, 1))
    assert (line.code, line.cents) == ("paperless_credit", -50)
    assert "GRR V.N" in line.citations[0].text


@pytest.mark.parametrize(
    ("issued", "earned"),
    [
        (date(2025, 9, 9), False),  # the day before
        (date(2025, 9, 10), True),
        (date(2026, 9, 9), True),  # the last day of twelve months
        (date(2026, 9, 10), False),
    ],
)
def test_for_twelve_months(with_amount: Any, issued: date, earned: bool) -> None:
    assert (credit(with_amount, issued) is not None) is earned


def test_a_second_enrollment_earns_nothing(with_amount: Any) -> None:
    first = prefer(Delivery.ELECTRONIC, date(2025, 1, 1), date(2025, 2, 1))
    paper = prefer(Delivery.PAPER, date(2025, 2, 1), SINCE)
    assert credit(with_amount, date(2025, 10, 1), first, paper, prefer(Delivery.ELECTRONIC)) is None


def test_paper_and_business_earn_nothing(with_amount: Any) -> None:
    assert credit(with_amount, date(2025, 10, 1), prefer(Delivery.PAPER)) is None
    assert credit(with_amount, date(2025, 10, 1), residential=False) is None


def test_where_the_book_is_silent_no_credit_is_given() -> None:
    view = open_book(default_book_folder()).as_known(KNOWN)
    assert not has_paperless_amount(view, SINCE)
    assert credit(view, date(2025, 10, 1)) is None


class TestTheRulesWhereTheBookHasTheAmount:
    """Where it has none, the chapter's stories say what is refused."""

    def test_a_month_of_the_term_sends_to_no_other_sheet(self, with_amount: Any) -> None:
        facts = PaperlessTermFacts(
            enrolled_on=SINCE, left_on=None, period_ends=SINCE, credited_periods=()
        )
        decision = decide_paperless_term(facts, Terms(with_amount, SINCE))

        assert (decision.outcome.credited, decision.outcome.amount_from) == (True, None)

    @pytest.mark.parametrize(("bills", "total"), [(1, 50), (12, 600)])
    def test_what_it_comes_to(self, with_amount: Any, bills: int, total: int) -> None:
        decision = decide_paperless_amount(PaperlessAmountFacts(bills), Terms(with_amount, SINCE))

        assert (decision.outcome.monthly_cents, decision.outcome.total_cents) == (50, total)
        assert "$0.50 a month" in decision.reasons[0].finding

    @pytest.mark.parametrize("bills", [0, 13])
    def test_no_more_bills_than_months(self, with_amount: Any, bills: int) -> None:
        with pytest.raises(TermContradicts, match="Count the bills that have it, from 1 to 12"):
            decide_paperless_amount(PaperlessAmountFacts(bills), Terms(with_amount, SINCE))


def test_an_amount_that_no_sheet_gives_is_refused_and_not_made_up() -> None:
    view = open_book(default_book_folder()).as_known(KNOWN)
    with pytest.raises(CreditAmountNotHeld) as refused:
        decide_paperless_amount(PaperlessAmountFacts(1), Terms(view, SINCE))
    assert str(refused.value) == (
        "Sheet 138, gap M-01: The amount of the paperless credit is not in the book. It stands on "
        "Sheet No. 63 (not in extract), and nothing is credited that no text held here says. Enter "
        "billing_paperless_credit_term_amount_usd with its sheet and day."
    )
