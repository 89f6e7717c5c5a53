"""A population beside what is live: the same to the cent, or each cent with its cause."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.shadow import ShadowCause, ShadowRun
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.lake import IntervalLake
from meterledger.usecases import population_groups
from meterledger.usecases import shadow as shadow_module
from meterledger.usecases.proposals import read_proposal, write_proposal
from meterledger.usecases.rebill import rebill
from meterledger.usecases.shadow import Shadow, shadow_bills


def lake_module() -> ModuleType:
    """``test_with_the_lake.py`` beside this file (tests are no packages)."""
    path = Path(__file__).parent / "test_with_the_lake.py"
    spec = importlib.util.spec_from_file_location("journeys_lake", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CHICAGO = "America/Chicago"
AUTUMN = (date(2025, 9, 1), date(2025, 12, 1))
UNTIL = date(2025, 12, 2)


def arrive(town: Any, towns: ModuleType, *given: Any, **how: Any) -> None:
    """A file of readings, as in the journeys over the lake."""
    lake_module().arrive(town, towns, *given, **how)


@pytest.fixture
def living(town: Any, towns: ModuleType, tmp_path: Path) -> Any:
    """Ten homes on the five options over a lake of files, billed for a season's change."""
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    for number in range(1, 11):
        codes = [code for code in town.view.schedule_codes() if code.startswith("1M-")][:5]
        town.start(
            number,
            schedule=codes[number % 5],
            from_day=AUTUMN[0],
            tax_place="university_city" if number % 2 else "none",
            multiplier=1 + number % 3,
        )
        arrive(
            town,
            towns,
            f"M{number}",
            AUTUMN,
            towns.lively,
            learned_at=towns.FIRST,
            seconds=3600 if number == 7 else 900,
        )
    run = town.bill(*range(1, 11), on=date(2025, 12, 1))
    assert run.held == []
    return town


def shadow_of(
    town: Any, towns: ModuleType, *, book: Any = None, at_sequence: int | None = None
) -> Shadow:
    return Shadow(
        store=town.store,
        lake=town.lake,
        book=town.book,
        view=(book or town.book).as_known(towns.LAST.date()),
        known_at=towns.LAST,
        at_sequence=town.store.lake_sequence() if at_sequence is None else at_sequence,
    )


def shadow(town: Any, towns: ModuleType, **how: Any) -> ShadowRun:
    return shadow_bills(
        (1, 2), since=date(2025, 1, 1), until=UNTIL, shadow=shadow_of(town, towns, **how)
    )


PROPOSAL = b"""
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


def changed_book(town: Any, folder: Path) -> Any:
    """The book with another winter price from November on, entered after the bills went out."""
    copy = folder / "book"
    shutil.copytree(default_book_folder(), copy)
    write_proposal(read_proposal(PROPOSAL, "proposal.yaml"), copy, town.view)
    return load_book(copy)


class TestNothingHasChanged:
    def test_every_bill_is_the_same_and_told_by_columns(
        self, living: Any, towns: ModuleType
    ) -> None:
        run = shadow(living, towns)

        issued = living.store.issued_bills(1, date(2025, 1, 1), UNTIL)
        assert run.bills == run.same == run.in_columns == len(issued) == 30
        assert run.issued_cents == run.shadow_cents == sum(one.total_cents for one in issued)
        assert run.different == run.not_made == run.unexplained == []
        assert run.ties

    def test_however_the_lake_is_asked_for_a_few_of_its_meters(
        self, living: Any, towns: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """All parts as they lie: meters that nobody asked for are passed over."""
        monkeypatch.setattr(population_groups, "ASKED_AT_MOST", 1)
        arrive(living, towns, "M99", AUTUMN, towns.lively, learned_at=towns.LATER)

        run = shadow(living, towns)

        assert run.bills == run.same == run.in_columns == 30


@pytest.mark.parametrize(
    ("at_once", "heard"), [(1, ["compared", 1, "compared", 2]), (99, ["compared", 3])]
)
def test_progress_is_of_cycles_whose_bills_are_compared(
    living: Any,
    towns: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
    heard: list[Any],
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(shadow_module, "BILLS_AT_ONCE", at_once)
    monkeypatch.setattr(shadow_module, "_compare", lambda *_: told.append("compared"))

    shadow_bills(
        (1, 2, 3),
        since=date(2025, 1, 1),
        until=UNTIL,
        shadow=shadow_of(living, towns),
        progress=told.append,
    )

    assert told == heard


class Told:
    """A store to which something was told of services since: seen from a moment on."""

    def __init__(self, store: Any, since: datetime, change: Any) -> None:
        self._store, self._since, self._change = store, since, change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def services_of_cycle(self, cycle: int, known_at: datetime) -> list[Any]:
        found = self._store.services_of_cycle(cycle, known_at)
        return [self._change(one) if known_at >= self._since else one for one in found]

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> Any:
        found = self._store.service_of_agreement(agreement_id, known_at)
        return self._change(found) if known_at >= self._since else found


def of_account(town: Any, number: int, change: Any) -> Any:
    account = town.account_id(number)
    return lambda one: change(one) if one.account.account_id == account else one


def only_causes(run: ShadowRun) -> set[ShadowCause]:
    return {cause for cause, (count, _) in run.causes.items() if count}


def right_total(town: Any, bill_id: str, known_at: datetime) -> int:
    """What replay says, as known then: another journey through the one calculation."""
    return int(town.replay(bill_id, known_at).bill.total_cents)


class TestWhatHasChangedSince:
    def test_a_late_reading_is_found_to_the_cent(self, living: Any, towns: ModuleType) -> None:
        one_day = (date(2025, 10, 9), date(2025, 10, 10))
        arrive(living, towns, "M3", one_day, towns.even(900), learned_at=towns.LATER)

        run = shadow(living, towns)

        (found,) = run.different
        assert found.account_id == living.account_id(3)
        assert set(found.parts) == {ShadowCause.READING}
        assert found.shadow_cents == right_total(living, found.bill_id, towns.LAST)
        assert found.parts[ShadowCause.READING] == found.difference_cents != 0
        assert run.shadow_cents - run.issued_cents == found.difference_cents
        assert run.in_columns == 29
        assert run.unexplained == []

    def test_before_it_was_known_nothing_differs(self, living: Any, towns: ModuleType) -> None:
        sequence = living.store.lake_sequence()
        one_day = (date(2025, 10, 9), date(2025, 10, 10))
        arrive(living, towns, "M3", one_day, towns.even(900), learned_at=towns.LATER)

        run = shadow(living, towns, at_sequence=sequence)

        assert run.same == run.bills

    def test_a_multiplier_told_late(self, living: Any, towns: ModuleType) -> None:
        def double(service: Any) -> Any:
            doubled = [replace(one, multiplier=2 * one.multiplier) for one in service.installations]
            return replace(service, installations=tuple(doubled))

        living.store = Told(living.store, towns.LATER, of_account(living, 5, double))

        run = shadow(living, towns)

        assert {one.account_id for one in run.different} == {living.account_id(5)}
        assert only_causes(run) == {ShadowCause.METER}
        assert all(one.difference_cents > 0 for one in run.different)
        assert len(run.different) == 3

    def test_a_place_that_does_not_tax(self, living: Any, towns: ModuleType) -> None:
        def move(service: Any) -> Any:
            places = tuple(replace(one, place="none") for one in service.tax_places)
            return replace(service, tax_places=places)

        living.store = Told(living.store, towns.LATER, of_account(living, 1, move))

        run = shadow(living, towns)

        assert only_causes(run) == {ShadowCause.TAX}
        issued = {one.bill_id: one for one in living.store.issued_bills(1, AUTUMN[0], UNTIL)}
        for one in run.different:
            taxes = [c for code, _, c in issued[one.bill_id].lines() if "gross_receipts" in code]
            assert one.parts == {ShadowCause.TAX: -sum(taxes)}

    def test_another_rate_option(self, living: Any, towns: ModuleType) -> None:
        def switch(service: Any) -> Any:
            return replace(
                service, agreement=replace(service.agreement, schedule="1M-evening-morning")
            )

        living.store = Told(living.store, towns.LATER, of_account(living, 5, switch))

        assert only_causes(shadow(living, towns)) == {ShadowCause.OPTION}

    def test_two_causes_of_one_bill_are_told_apart(self, living: Any, towns: ModuleType) -> None:
        def double(service: Any) -> Any:
            doubled = [replace(one, multiplier=2 * one.multiplier) for one in service.installations]
            return replace(service, installations=tuple(doubled))

        living.store = Told(living.store, towns.LATER, of_account(living, 3, double))
        one_day = (date(2025, 10, 9), date(2025, 10, 10))
        arrive(living, towns, "M3", one_day, towns.even(900), learned_at=towns.LATER)

        run = shadow(living, towns)

        assert only_causes(run) == {ShadowCause.METER, ShadowCause.READING}
        (both,) = [one for one in run.different if len(one.parts) == 2]
        assert sum(both.parts.values()) == both.difference_cents
        assert run.ties

    def test_a_correction_of_the_book(self, living: Any, towns: ModuleType, tmp_path: Path) -> None:
        changed = changed_book(living, tmp_path)

        run = shadow(living, towns, book=changed)

        assert only_causes(run) == {ShadowCause.BOOK}
        begins = date(2025, 11, 1)
        assert all(one.schedule == "1M-anytime" for one in run.different)
        assert all(begins < one.days.until_day for one in run.different)
        assert len(run.different) == 2
        assert run.shadow_cents > run.issued_cents
        assert run.unexplained == []


class TestWhatNobodyCanExplain:
    def test_a_stored_cent_that_this_program_does_not_give(
        self, living: Any, towns: ModuleType
    ) -> None:
        class Forged(Told):
            def issued_bills(self, *asked: Any) -> list[Any]:
                first, *rest = self._store.issued_bills(*asked)
                cents = (first.cents[0] + 1, *first.cents[1:])
                return [first._replace(cents=cents, total_cents=first.total_cents + 1), *rest]

        living.store = Forged(living.store, towns.LATER, None)
        living.store._change = lambda one: one

        run = shadow_bills(
            (1,),
            since=date(2025, 1, 1),
            until=UNTIL,
            shadow=shadow_of(living, towns),
        )

        (found,) = run.unexplained
        assert found.parts == {ShadowCause.UNEXPLAINED: -1}
        assert run.ties

    def test_a_bill_that_is_not_made_any_more(self, living: Any, towns: ModuleType) -> None:
        def lose(service: Any) -> Any:
            return replace(service, tax_places=())

        living.store = Told(living.store, towns.LATER, of_account(living, 1, lose))

        run = shadow(living, towns)

        assert len(run.not_made) == 3
        assert all("No tax place is known" in one.why for one in run.not_made)
        assert run.unexplained == []  # what was told of the premise explains it
        assert run.compared_cents < run.issued_cents
        assert run.ties


def test_a_correction_more_than_a_year_later_is_no_late_bill(
    living: Any, towns: ModuleType
) -> None:
    """Its period was billed in time: what is charged is what the correction charged."""
    wrong = living.store.bills_of_account(living.account_id(2))[0]
    arrive(
        living,
        towns,
        "M2",
        (wrong.days.from_day, wrong.days.until_day),
        towns.even(10),
        learned_at=towns.LAST,
    )
    (one,) = rebill(
        [wrong.bill_id],
        author="Ana",
        reason="read again",
        on=date(2026, 12, 1),
        known_at=towns.CLASSES_TOLD,
        store=living.store,
        lake=living.lake,
        book=living.book,
        seen=["gate.band"],
    ).corrected
    assert one.adjusted
    now = replace(
        shadow_of(living, towns),
        known_at=towns.CLASSES_TOLD,
        view=living.book.as_known(towns.CLASSES_TOLD.date()),
    )

    run = shadow_bills((2, 1), since=date(2026, 12, 1), until=date(2026, 12, 2), shadow=now)

    assert (run.bills, run.same, run.different) == (1, 1, [])
