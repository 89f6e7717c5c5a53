"""No document is made of a final bill of less than a dollar (GRR V.E.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.town import CLASSES_TOLD, VIEWER, Town, even

from meterledger.entrypoints.documents.pool import OnePress
from meterledger.facts.statements import StatedBudget
from meterledger.stores.memory.vault import MemoryVault
from meterledger.usecases.document_ports import PaperForAll
from meterledger.usecases.gather_statements import Surroundings, statements_of
from meterledger.usecases.make_documents import (
    DocumentRun,
    make_cycle_documents,
    why_not_rendered,
)
from meterledger.usecases.print_file import control_totals
from meterledger.usecases.start_service import stop_service

NOW = CLASSES_TOLD + timedelta(hours=1)


def town_that_ends(last_day_out: date) -> Town:
    """Two homes billed until August 9, of which the first ends then."""
    made = Town()
    with made.store.viewing(VIEWER, []):
        for number in (1, 2):
            made.start(number, cycle=9, tax_place="university_city", people=(("P1", "Ann Lee"),))
            made.read(f"M{number}", (date(2025, 7, 1), date(2025, 12, 1)), even(1))
        made.bill(1, 2, on=date(2025, 8, 9), known_at=CLASSES_TOLD)
        (service,) = made.services(1, known_at=CLASSES_TOLD)
        stop_service(
            agreement_id=service.agreement.agreement_id,
            last_day_out=last_day_out,
            learned_at=CLASSES_TOLD + timedelta(minutes=1),
            store=made.store,
        )
        made.bill(1, on=last_day_out, known_at=CLASSES_TOLD + timedelta(minutes=2))
    return made


def run_of(town: Town, on: date) -> DocumentRun:
    with town.store.viewing(VIEWER, []):
        return make_cycle_documents(
            cycle=9,
            on=on,
            made_at=NOW,
            store=town.store,
            vault=MemoryVault(),
            press=OnePress(),
            deliveries=PaperForAll(),
            book=town.book,
            sent=on,
        )


def last_bill(town: Town) -> Any:
    with town.store.viewing(VIEWER, []):
        return town.store.bills_of_account(town.account_id(1))[-1]


def test_it_is_told_in_the_totals_and_goes_nowhere() -> None:
    """Two days of August: 0.7 kWh and the customer charge of two days."""
    town = town_that_ends(date(2025, 8, 11))
    bill = last_bill(town)
    assert (bill.total_cents, bill.previous_balance_cents > 0) == (0, True)
    for _ in range(2):  # started again it is the same
        run = run_of(town, date(2025, 8, 11))
        assert (run.bills, run.printed, run.set_aside, run.newly_made) == (1, (), (), 0)
        assert [one.bill_id for one in run.not_rendered] == [bill.bill_id]
        totals: Any = control_totals(run)
        assert totals["not_rendered"] == {"count": 1, "usd": "0.00"}
    (aside,) = run.not_rendered
    assert aside.reason.startswith("Not rendered: $0.")
    assert " is less than $1.00 (" in aside.reason


def test_it_waits_for_no_run_and_is_in_no_count() -> None:
    town = town_that_ends(date(2025, 8, 11))
    assert len(run_of(town, date(2025, 8, 9)).printed) == 4
    run_of(town, date(2025, 8, 11))
    with town.store.viewing(VIEWER, []):
        assert town.store.left_without_document(date(2025, 8, 13)) == []
        assert town.store.days_without_document(date(2025, 8, 13)) == []


def test_one_of_a_dollar_goes_out() -> None:
    town = town_that_ends(date(2025, 8, 31))
    assert last_bill(town).total_cents >= 100
    run = run_of(town, date(2025, 8, 31))
    assert (len(run.printed), run.not_rendered) == (1, ())


@pytest.mark.parametrize(("of_plan", "is_rendered"), [(0, False), (1_234, True), (-1_234, True)])
def test_one_that_settles_a_budget_plan_goes_out(of_plan: int, is_rendered: bool) -> None:
    town = town_that_ends(date(2025, 8, 11))
    view = town.book.as_known(NOW.date())
    with town.store.viewing(VIEWER, []):
        beside = Surroundings(town.store, view, NOW)
        (made,) = statements_of([last_bill(town)], store=town.store, book=town.book, beside=beside)
    settling = replace(made, budget=StatedBudget(of_plan, 0))
    assert (why_not_rendered(settling, view) == "") is is_rendered
    assert why_not_rendered(replace(made, kind="corrected"), view) == ""
