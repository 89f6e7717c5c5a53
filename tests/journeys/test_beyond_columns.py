"""What a bill has of its account, not of its use: columns leave it to the whole way.

A credit for paperless billing, a last bill below the floor, service billed too late: no sum of a
meter says it, and few bills of a group are held against columns. All of them must be found.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.test_with_the_lake import arrive
from tests.rooms.billing.test_paperless_credit import AMOUNT

from meterledger.facts.impact import Impact
from meterledger.facts.shadow import ShadowCause, ShadowRun
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.determinants import DeterminantFiles
from meterledger.usecases import calculate_bills
from meterledger.usecases.deliveries import prefer_delivery
from meterledger.usecases.impact import Basis, impact_of_change
from meterledger.usecases.proposals import read_proposal, write_proposal
from meterledger.usecases.shadow import Shadow, shadow_bills

CHICAGO = "America/Chicago"
NOVEMBER = (date(2025, 11, 1), date(2025, 12, 1))
MADE = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOLD, NOW = MADE + timedelta(hours=1), MADE + timedelta(hours=2)
SINCE, UNTIL = date(2025, 11, 1), date(2026, 12, 2)
HOMES = range(1, 7)
LAST_OF_GROUP = 5
"""Neither the first of the group nor the one in its middle: the sample does not meet it."""

FLOOR = """
changes:
  - value: billing_final_minimum_amount_floor_usd
    entry:
      effective_from: 2025-11-01
      effective_until: null
      value: "{floor}"
      standing: assumed
      learned_on: 2026-12-01
      cite: {{instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 131.1", revision: "1",
             paragraph: "GRR V.E.2", effective: 2020-07-09, order: null}}
      source: "made up for a test"
"""


UNTIL_THAT_DAY = "effective_until: 2025-12-01"


@pytest.fixture
def living(town: Any, towns: ModuleType, tmp_path: Path) -> Any:
    """Six homes on one option, read for November and not billed yet."""
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    town.kept = DeterminantFiles(tmp_path / "determinants", files_at=town.store.lake_files)
    for number in HOMES:
        town.start(number, from_day=NOVEMBER[0])
        arrive(town, towns, f"M{number}", NOVEMBER, towns.even(100), learned_at=towns.FIRST)
    return town


def end(town: Any, number: int, learned_at: datetime) -> None:
    """Service of a home ends with November."""
    (service,) = town.services(number, known_at=learned_at)
    town.store.stop_service(service.agreement.agreement_id, NOVEMBER[1], learned_at)


def bill_all(town: Any, on: date = NOVEMBER[1], *numbers: int) -> dict[int, Any]:
    run = town.bill(*(numbers or HOMES), on=on, known_at=MADE)
    made = {one.account_id: one for one in run.issued}
    return {one: made[town.account_id(one)] for one in numbers or HOMES}


@pytest.fixture(scope="module")
def other_book(first_book: Any, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """The book with a proposal in it, with an amount for paperless billing, or both; read once."""

    @cache
    def made(proposal: str = "", *, credit: bool = False) -> Any:
        copy = tmp_path_factory.mktemp("books") / "book"
        shutil.copytree(default_book_folder(), copy)
        if proposal:
            view = first_book.as_known(NOW.date())
            write_proposal(read_proposal(proposal.encode(), "proposal.yaml"), copy, view)
        if credit:
            name = "billing_paperless_credit_term_amount_usd.yaml"
            (copy / "grr_v_billing" / name).write_text(AMOUNT, encoding="utf-8")
        return load_book(copy)

    return made


def floor_above(bill: Any) -> str:
    """A proposal by which a last bill of a cent more than this one is issued."""
    return FLOOR.format(floor=f"{(bill.total_cents + 1) / 100:.2f}")


def shadow(town: Any, book: Any = None) -> ShadowRun:
    stands_on = Shadow(
        store=town.store,
        lake=town.lake,
        book=town.book,
        view=(book or town.book).as_known(NOW.date()),
        known_at=NOW,
        at_sequence=town.store.lake_sequence(),
    )
    return shadow_bills([1], since=SINCE, until=UNTIL, shadow=stands_on)


def impact(town: Any, book: Any) -> Impact:
    return impact_of_change(
        [1],
        since=SINCE,
        until=UNTIL,
        basis=Basis(
            store=town.store,
            lake=town.lake,
            kept=town.kept,
            before=town.book.as_known(NOW.date()),
            after=book.as_known(NOW.date()),
            known_at=NOW,
            at_sequence=town.store.lake_sequence(),
        ),
    )


class TestALastBillBelowTheFloor:
    def test_is_found_by_the_shadow_of_a_changed_book(self, living: Any, other_book: Any) -> None:
        end(living, LAST_OF_GROUP, MADE)
        bill = bill_all(living)[LAST_OF_GROUP]

        run = shadow(living, other_book(floor_above(bill)))

        (found,) = run.different
        assert found.bill_id == bill.bill_id
        assert found.parts == {ShadowCause.BOOK: -bill.total_cents}
        assert run.in_columns == 5

    def test_is_told_by_columns_where_it_is_far_above(self, living: Any) -> None:
        end(living, LAST_OF_GROUP, MADE)
        bill_all(living)

        run = shadow(living)

        assert run.same == run.in_columns == 6

    def test_is_found_where_service_ended_with_the_bill_since(self, living: Any) -> None:
        """By the book in use, too: what was a month's bill is the last one now."""
        bill = bill_all(living)[LAST_OF_GROUP]
        end(living, LAST_OF_GROUP, TOLD)

        run = shadow(living)

        assert run.same == 6  # far above a dollar, it charges what it charged
        assert bill.total_cents > 200

    def test_counts_in_the_impact_of_a_proposal(self, living: Any, other_book: Any) -> None:
        end(living, LAST_OF_GROUP, MADE)
        bill = bill_all(living)[LAST_OF_GROUP]

        found = impact(living, other_book(floor_above(bill)))

        assert int(found.change_cents.sum()) == -bill.total_cents
        assert int((found.change_cents != 0).sum()) == 1
        assert found.ties

    def test_of_which_the_book_is_silent_is_not_priced_and_the_others_are(
        self, living: Any, other_book: Any
    ) -> None:
        """A proposal whose floor ends on the day of the bill: nothing is said of a last bill."""
        end(living, LAST_OF_GROUP, MADE)
        bill_all(living)
        silent = FLOOR.format(floor="1.00").replace("effective_until: null", UNTIL_THAT_DAY)

        found = impact(living, other_book(silent))

        assert [one.account_id for one in found.not_priced] == [living.account_id(LAST_OF_GROUP)]
        assert found.change_cents.tolist() == [0] * 5


class TestServiceBilledTooLate:
    def test_is_the_same_as_it_was_left_uncharged(self, living: Any) -> None:
        late = bill_all(living, date(2026, 12, 1), LAST_OF_GROUP)[LAST_OF_GROUP]
        assert late.total_cents == 0

        run = shadow(living)

        assert (run.same, run.in_columns) == (1, 0)


class TestACreditForPaperlessBilling:
    @pytest.fixture
    def rich(self, living: Any, other_book: Any) -> Any:
        """The town whose book has an amount."""
        living.book = other_book(credit=True)
        return living

    def choose(
        self,
        town: Any,
        learned_at: datetime,
        *,
        number: int = LAST_OF_GROUP,
        on: date = date(2025, 11, 2),
    ) -> None:
        prefer_delivery(
            account_id=town.account_id(number),
            medium="electronic",
            address="ann@example.org",
            on=on,
            learned_at=learned_at,
            view=town.book.as_known(NOW.date()),
            store=town.store,
        )

    def test_that_was_told_late_is_found_by_the_shadow(self, rich: Any) -> None:
        bill = bill_all(rich)[LAST_OF_GROUP]
        self.choose(rich, TOLD)

        run = shadow(rich)

        (found,) = run.different
        assert found.bill_id == bill.bill_id
        assert found.parts == {ShadowCause.OPTION: -50}
        assert run.ties
        assert run.unexplained == []

    def test_is_not_of_the_bill_that_was_out_when_it_was_chosen(self, rich: Any) -> None:
        """Chosen at one o'clock of the day at whose noon the bill was made: from the next month."""
        bill_all(rich)
        self.choose(rich, TOLD, on=NOVEMBER[1])

        run = shadow(rich)

        assert run.same == 6
        assert run.in_columns == 5

    def test_that_was_read_otherwise_when_a_bill_was_made_is_the_calculation_s(
        self, rich: Any, towns: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two places of an account had it by the calendar alone; no revision was raised for it."""
        account = rich.account_id(LAST_OF_GROUP)
        rich.start(7, account_id=account, from_day=NOVEMBER[0])
        arrive(rich, towns, "M7", NOVEMBER, towns.even(100), learned_at=towns.FIRST)
        self.choose(rich, MADE)
        now = calculate_bills.credit_lines
        with monkeypatch.context() as before:
            before.setattr(
                calculate_bills,
                "credit_lines",
                lambda one, *more: now(replace(one, paperless_by_calendar=True), *more),
            )
            bill_all(rich)
            made = rich.store.bills_of_account(account)

        run = shadow(rich)

        assert sum(b"paperless_credit" in one.record for one in made) == 2
        names = {one.bill_id for one in made if b"SP7" in one.record}
        (found,) = [one for one in run.different if one.bill_id in names]
        assert found.parts == {ShadowCause.CALCULATION: 50}
        assert run.unexplained == []

    def test_that_a_proposal_gives_counts_in_its_impact(self, living: Any, other_book: Any) -> None:
        self.choose(living, MADE)
        bill_all(living)

        found = impact(living, other_book(credit=True))

        assert found.change_cents.tolist().count(-50) == 1
        assert int(found.change_cents.sum()) == -50

    def test_of_nobody_costs_no_bill_the_whole_way(self, rich: Any) -> None:
        bill_all(rich)

        run = shadow(rich)

        assert run.same == run.in_columns == 6


def test_the_shadow_and_the_impact_of_one_book_come_to_the_same_cents(
    living: Any, other_book: Any
) -> None:
    """Two journeys over one population: a floor, a credit and nothing else differ."""
    end(living, LAST_OF_GROUP, MADE)
    TestACreditForPaperlessBilling().choose(living, MADE, number=2)
    bill = bill_all(living)[LAST_OF_GROUP]
    book = other_book(floor_above(bill), credit=True)

    run, found = shadow(living, book), impact(living, book)

    assert {one.account_id for one in run.different} == {
        name
        for name, cents in zip(found.accounts, found.change_cents.tolist(), strict=True)
        if cents
    }
    assert run.shadow_cents - run.compared_cents == int(found.change_cents.sum())
    assert int(found.change_cents.sum()) == -bill.total_cents - 50
