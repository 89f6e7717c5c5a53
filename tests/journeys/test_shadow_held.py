"""What a run held is live, too: a shadow says which of it would leave now, and which would not."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.test_with_the_lake import arrive

from meterledger.entrypoints.shadow_report import shadow_answer, shadow_page, shadow_words
from meterledger.facts.shadow import ShadowRun
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.lake import IntervalLake
from meterledger.usecases.proposals import read_proposal, write_proposal
from meterledger.usecases.shadow import Shadow, shadow_bills

NOVEMBER = (date(2025, 11, 1), date(2025, 12, 1))
GAP = (date(2025, 11, 9), date(2025, 11, 10))
HELD = datetime(2026, 12, 1, 12, tzinfo=UTC)
TOLD, NOW = HELD + timedelta(hours=1), HELD + timedelta(hours=2)
PRICE = b"""
changes:
  - value: anytime_winter_first_block_usd_per_kwh
    entry:
      effective_from: 2025-11-01
      effective_until: null
      value: "0.20000"
      standing: assumed
      learned_on: 2026-11-26
      cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 54", revision: null,
             paragraph: "Anytime, winter energy, first block", effective: 2025-11-01, order: null}
      source: "made up for a test"
"""


@pytest.fixture
def living(town: Any, towns: ModuleType, tmp_path: Path) -> Any:
    """Three homes: one is billed, one lacks a day, one used what the gate doubts."""
    town.lake = IntervalLake(
        tmp_path / "lake", zone="America/Chicago", files_at=town.store.lake_files
    )
    for number, wh in ((1, 100), (2, 100), (3, 20_000)):
        town.start(number, from_day=NOVEMBER[0])
        for days in ((NOVEMBER[0], GAP[0]), GAP, (GAP[1], NOVEMBER[1])):
            if (number, days) != (2, GAP):
                arrive(town, towns, f"M{number}", days, towns.even(wh), learned_at=towns.FIRST)
    run = town.bill(1, 2, 3, on=NOVEMBER[1], known_at=HELD)
    assert (run.issued_count, len(run.held)) == (1, 2)
    return town


def shadow(town: Any, towns: ModuleType, *, book: Any = None, until: Any = None) -> ShadowRun:
    stands_on = Shadow(
        store=town.store,
        lake=town.lake,
        book=town.book,
        view=(book or town.book).as_known(NOW.date()),
        known_at=NOW,
        at_sequence=town.store.lake_sequence(),
    )
    until = until or date(2025, 12, 2)
    return shadow_bills([1], since=NOVEMBER[1], until=until, shadow=stands_on)


def answer_of(run: ShadowRun) -> dict[str, Any]:
    return shadow_answer(run, book="0", cycles=[1])


def test_what_was_held_is_the_same_while_nothing_came(living: Any, towns: ModuleType) -> None:
    run = shadow(living, towns)

    assert [one.same for one in run.held] == [True, True]
    assert {one.shadow_cents is None for one in run.held} == {True, False}
    answer = answer_of(run)
    assert answer["held"] == {"windows": 2, "otherwise": 0}
    assert "2 windows are held, 0 of which come out otherwise now." in shadow_words(run, answer)
    assert run.bills == run.same == 1


def test_a_window_whose_reading_came_is_made_on_this_side_only(
    living: Any, towns: ModuleType
) -> None:
    arrive(living, towns, "M2", GAP, towns.even(100), learned_at=TOLD)

    run = shadow(living, towns)

    (found,) = run.held_otherwise
    assert found.account_id == living.account_id(2)
    assert found.held_cents is None
    (same_use,) = living.store.bills_of_account(living.account_id(1))
    assert found.shadow_cents == same_use.total_cents
    assert run.ties
    assert run.unexplained == []
    answer = answer_of(run)
    words = f"  {found.case_id} (usage.gap): no bill -> {answer['held_otherwise'][0]['shadow_usd']}"
    assert words in shadow_words(run, answer)
    assert found.case_id in shadow_page(run, answer)


def test_a_window_that_no_bill_is_made_of_any_more_says_why(living: Any, towns: ModuleType) -> None:
    """It is known since that nobody has told where the premise is taxed."""
    store, account = living.store, living.account_id(3)

    class Told:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def service_of_agreement(self, agreement_id: str, known_at: datetime) -> Any:
            found = store.service_of_agreement(agreement_id, known_at)
            lost = found.account.account_id == account and known_at == NOW
            return replace(found, tax_places=()) if lost else found

    living.store = Told()

    (found,) = shadow(living, towns).held_otherwise

    assert found.account_id == living.account_id(3)
    assert found.shadow_cents is None
    assert "No tax place is known" in found.why


def test_a_changed_book_tells_what_a_held_bill_would_come_to(
    living: Any, towns: ModuleType, tmp_path: Path
) -> None:
    copy = tmp_path / "book"
    shutil.copytree(default_book_folder(), copy)
    write_proposal(read_proposal(PRICE, "proposal.yaml"), copy, living.view)

    (found,) = shadow(living, towns, book=load_book(copy)).held_otherwise

    assert found.account_id == living.account_id(3)
    assert found.held_cents is not None
    assert found.shadow_cents is not None
    assert found.shadow_cents > found.held_cents


def test_what_was_held_on_a_later_day_is_not_of_the_days_that_are_asked(
    living: Any, towns: ModuleType
) -> None:
    assert shadow(living, towns, until=NOVEMBER[1]).held == []


def test_nothing_of_it_is_stored(living: Any, towns: ModuleType) -> None:
    cases = living.store.held_cases()
    bills = living.store.bills_of_account(living.account_id(1))
    record = len(living.store.record)

    shadow(living, towns)

    assert living.store.held_cases() == cases
    assert living.store.bills_of_account(living.account_id(1)) == bills
    assert len(living.store.record) == record
