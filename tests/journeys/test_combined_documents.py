"""A bill of a combination is asked for once: by the statement, and never by its own paper."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from tests.doors.statements import NOW
from tests.journeys.test_make_documents import ISSUED, Documented, text_of
from tests.journeys.town import VIEWER

from meterledger.entrypoints.documents.files import message
from meterledger.facts.combination import Combination, CombinedAccount
from meterledger.facts.statements import Statement
from meterledger.kernel.span import Validity
from meterledger.usecases.gather_statements import combination_of_bill, statement_of
from meterledger.usecases.make_documents import DocumentRun, Outgoing, Paper
from meterledger.usecases.print_file import control_totals, index_rows, print_parts

BEGINS = date(2025, 7, 15)
SINCE = Validity(BEGINS)


@pytest.fixture
def homes() -> Documented:
    """Four homes, of which the first two are one customer's."""
    made = Documented()
    combine(made, 1, 2)
    return made


def combine(homes: Documented, *numbers: int, days: Validity = SINCE) -> None:
    members = [CombinedAccount("SCHOOLS", homes.town.account_id(one), days, NOW) for one in numbers]
    with homes.town.store.viewing(VIEWER, []):
        homes.town.store.begin_combination(
            Combination("SCHOOLS", "Elm Schools", days, NOW, ()), members
        )


def stated(homes: Documented, number: int) -> Statement:
    with homes.town.store.viewing(VIEWER, []):
        store = homes.town.store
        bill = store.bill(homes.bill(number))
        return statement_of(bill, store=store, book=homes.town.book, known_at=NOW)


def of(run: DocumentRun, homes: Documented, number: int) -> Outgoing:
    (found,) = [
        one for one in (*run.printed, *run.electronic) if one.document.bill_id == homes.bill(number)
    ]
    return found


def test_a_members_statement_asks_for_nothing_and_says_who_does(homes: Documented) -> None:
    member, other = stated(homes, 1), stated(homes, 4)
    assert (member.combination, member.to_pay_cents) == ("SCHOOLS", 0)
    assert member.asked_cents > 0
    assert "part of your combined statement SCHOOLS" in member.messages[0]
    assert (other.combination, other.to_pay_cents) == ("", other.asked_cents)


def test_its_paper_has_no_slip_and_no_day_to_pay_by(homes: Documented) -> None:
    run = homes.run()
    paper = Paper(homes.vault)
    told = {number: paper.content(of(run, homes, number).document) for number in (1, 4)}
    member, other = (json.loads(told[number]) for number in (1, 4))
    assert member["asked_title"] == "Nothing to pay here: combined statement SCHOOLS asks for it"
    assert (member["asked"], member["owing"]) == ("$0.00", False)
    assert (member["due"], "no_slip" in other) == ("on the combined statement", False)
    printed = text_of(paper.pdf(of(run, homes, 1).document))
    words = " ".join(printed.split())
    assert "There is no slip to return with this bill" in words
    assert "Please pay by" not in words
    assert "Tear along the line" not in words
    assert "Amount enclosed" not in words
    ordinary = " ".join(text_of(paper.pdf(of(run, homes, 4).document)).split())
    assert "Please pay by" in ordinary
    assert "Tear along the line" in ordinary


def test_the_index_asks_for_nothing_and_the_totals_are_of_all(homes: Documented) -> None:
    run = homes.run()
    rows = {row["bill"]: row for part in print_parts(run) for row in index_rows(part)}
    asked = {number: (rows[homes.bill(number)]["asked_usd"], rows[homes.bill(number)]["due"])
             for number in (1, 2, 4)}  # fmt: skip
    assert asked[1] == asked[2] == ("0.00", "")
    assert asked[4][1] != ""
    totals: Any = control_totals(run)
    assert (totals["bills"]["count"], totals["printed"]["count"]) == (4, 3)


def test_an_electronic_one_names_no_due_day(homes: Documented) -> None:
    run = homes.run(deliveries=homes.electronic(1, 4))
    told = {
        number: message_from_bytes(
            message(of(run, homes, number), "https://x.invalid"), policy=default
        ).get_content()
        for number in (1, 4)
    }
    assert "Your combined statement SCHOOLS asks for it." in told[1]
    assert "It is due on" not in told[1]
    assert "It is due on" in told[4]


@pytest.mark.parametrize(
    ("days", "is_member"),
    [
        (Validity(ISSUED), True),
        (Validity(date(2025, 8, 2)), False),
        (Validity(BEGINS, ISSUED), False),
        (Validity(BEGINS, date(2025, 8, 2)), True),
    ],
)
def test_it_is_the_day_of_the_bill_that_counts(days: Validity, is_member: bool) -> None:
    homes = Documented()
    combine(homes, 1, days=days)
    assert bool(stated(homes, 1).combination) is is_member


def test_a_correction_goes_by_what_it_corrects() -> None:
    homes = Documented()
    with homes.town.store.viewing(VIEWER, []):
        bill = homes.town.store.bill(homes.bill(1))
    corrected = replace(bill, bill_id="B-2", corrects=bill.bill_id, issued_day=date(2025, 9, 5))
    account = bill.account_id
    late = CombinedAccount("SCHOOLS", account, Validity(date(2025, 9, 1)), NOW)
    early = CombinedAccount("SCHOOLS", account, Validity(BEGINS, date(2025, 9, 1)), NOW)
    history = (bill, corrected)
    assert combination_of_bill(corrected, history, [late]) == ""
    assert combination_of_bill(corrected, history, [early]) == "SCHOOLS"
