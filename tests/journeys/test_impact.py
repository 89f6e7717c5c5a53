"""A changed book over everybody's bills: totals tie, nothing before its day, each cent checked."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from meterledger.entrypoints.impact_report import accounts_csv, impact_answer, impact_page
from meterledger.facts.impact import Impact
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.stores.lake import IntervalLake
from meterledger.stores.lake.determinants import DeterminantFiles
from meterledger.usecases import impact_tables
from meterledger.usecases.impact import Basis, impact_of_change
from meterledger.usecases.proposals import read_proposal, write_proposal
from meterledger.usecases.rebill import rebill
from meterledger.usecases.try_change import try_bills

CHICAGO = "America/Chicago"
AUTUMN = (date(2025, 9, 1), date(2025, 12, 1))
SINCE, UNTIL = date(2025, 1, 1), date(2025, 12, 2)


def arrive(town: Any, towns: ModuleType, *given: Any, **how: Any) -> None:
    """A file of readings, as in the journeys over the lake (tests are no packages)."""
    path = Path(__file__).parent / "test_with_the_lake.py"
    spec = importlib.util.spec_from_file_location("journeys_lake", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.arrive(town, towns, *given, **how)


@pytest.fixture
def living(town: Any, towns: ModuleType, tmp_path: Path) -> Any:
    """Seven homes on the five options, billed for three months; the last is read by the hour."""
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    town.kept = DeterminantFiles(tmp_path / "determinants", files_at=town.store.lake_files)
    codes = [code for code in town.view.schedule_codes() if code.startswith("1M-")][:5]
    for number in range(1, 8):
        town.start(
            number,
            schedule=codes[number % 5],
            from_day=AUTUMN[0],
            tax_place="university_city" if number % 2 else "none",
            multiplier=1 + number % 3,
        )
        seconds = 3600 if number == 7 else 900
        arrive(town, towns, f"M{number}", AUTUMN, towns.lively, learned_at=towns.FIRST,
               seconds=seconds)  # fmt: skip
    run = town.bill(*range(1, 8), on=date(2025, 12, 1))
    assert run.held == []
    return town


PRICE = """
changes:
  - value: anytime_winter_first_block_usd_per_kwh
    entry:
      effective_from: {begins}
      effective_until: null
      value: "0.20000"
      standing: assumed
      learned_on: 2026-11-26
      cite: {{instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 54", revision: null,
             paragraph: "Anytime, winter energy, first block", effective: {begins}, order: null}}
      source: "made up for a test"
"""


CUSTOMER = """
changes:
  - value: customer_charge_usd_per_month
    entry:
      effective_from: 2025-11-16
      effective_until: null
      value: "12.00"
      standing: assumed
      learned_on: 2026-11-26
      cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 54", revision: null,
             paragraph: "customer charge", effective: 2025-11-16, order: null}
      source: "made up for a test"
"""
WINDOWS = """
changes:
  - value: overnight_windows
    entry:
      effective_from: 2025-10-01
      effective_until: null
      value:
        periods: [on_peak, off_peak]
        holidays: residential_tou_holidays
        working_days:
          summer: {off_peak: ["20:00-07:00"], on_peak: otherwise}
          winter: {off_peak: ["20:00-07:00"], on_peak: otherwise}
        weekends_and_holidays:
          summer: {off_peak: ["20:00-07:00"], on_peak: otherwise}
          winter: {off_peak: ["20:00-07:00"], on_peak: otherwise}
      standing: assumed
      learned_on: 2026-11-26
      cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 54", revision: null,
             paragraph: "Overnight, hours", effective: 2025-10-01, order: null}
      source: "made up for a test"
"""
LAST = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def change(living: Any, tmp_path: Path) -> Callable[..., Impact]:
    """The impact of a proposal on the town, and the bills of the town by the other journey."""

    def made(text: str, **how: Any) -> Impact:
        folder = tmp_path / f"book{len(list(tmp_path.iterdir()))}"
        shutil.copytree(default_book_folder(), folder)
        write_proposal(read_proposal(text.encode(), "proposal.yaml"), folder, living.view)
        known_at = how.pop("known_at", LAST)
        living.changed = load_book(folder).as_known(known_at.date())
        living.before = living.book.as_known(known_at.date())
        return impact_of_change(
            (1, 2),
            since=how.pop("since", SINCE),
            until=how.pop("until", UNTIL),
            basis=Basis(
                store=living.store,
                lake=living.lake,
                kept=living.kept,
                before=living.before,
                after=living.changed,
                known_at=known_at,
                at_sequence=living.store.lake_sequence(),
            ),
        )

    return made


def tried(town: Any) -> Any:
    """The same bills through the journey of ``tariff try``: one after the other."""
    bills = [one for number in range(1, 8)
             for one in town.store.bills_of_account(town.account_id(number))]  # fmt: skip
    return try_bills(
        bills, store=town.store, lake=town.lake, view=town.before, changed=town.changed
    )


class TestAChangeOfPrices:
    def test_is_what_each_bill_would_have_been(self, living: Any, change: Any) -> None:
        found = change(PRICE.format(begins="2025-11-01"))

        slow = tried(living)
        assert int(found.change_cents.sum()) == slow.after_cents - slow.before_cents > 0
        assert int(found.before_cents.sum()) == slow.before_cents == found.billed_cents
        assert found.first_change == date(2025, 11, 1)
        assert (found.from_intervals, found.one_by_one) == (0, 0)
        anytime = [row for row, code in enumerate(found.schedules) if found.change_cents[row] != 0]
        assert {found.schedules[row] for row in anytime} == {"1M-anytime"}

    def test_has_no_effect_before_its_day(self, change: Any) -> None:
        found = change(PRICE.format(begins="2027-01-01"))

        assert found.first_change is None
        assert not found.change_cents.any()
        assert found.ties

    def test_that_begins_inside_a_window_is_summed_from_the_intervals(
        self, living: Any, change: Any
    ) -> None:
        found = change(PRICE.format(begins="2025-11-16"))

        slow = tried(living)
        assert found.from_intervals == 1  # the home on the option, in the month of the day
        assert int(found.change_cents.sum()) == slow.after_cents - slow.before_cents > 0
        assert found.first_change == date(2025, 11, 16)

    def test_of_a_monthly_charge_is_of_no_day_before_its_own(
        self, living: Any, change: Any
    ) -> None:
        found = change(CUSTOMER)

        slow = tried(living)
        assert int(found.change_cents.sum()) == slow.after_cents - slow.before_cents > 0
        assert found.first_change == date(2025, 11, 16)


class TestAChangeOfWindows:
    def test_is_summed_from_the_intervals(self, living: Any, change: Any) -> None:
        found = change(WINDOWS)

        slow = tried(living)
        assert found.from_intervals > 0
        assert int(found.change_cents.sum()) == slow.after_cents - slow.before_cents != 0
        changed = {s for s, c in zip(found.schedules, found.change_cents, strict=True) if c}
        assert changed == {"1M-overnight"}


class TestABillThatWasCorrected:
    """Its period was billed in those months, however late another bill took its place."""

    def correct(self, town: Any, towns: ModuleType) -> tuple[Any, Any]:
        _, wrong, _ = town.store.bills_of_account(town.account_id(3))
        days = (wrong.days.from_day, wrong.days.until_day)
        arrive(town, towns, "M3", days, towns.even(150), learned_at=towns.LAST)
        (one,) = rebill(
            [wrong.bill_id],
            author="Ana",
            reason="read again",
            on=date(2026, 2, 3),
            known_at=towns.CLASSES_TOLD,
            store=town.store,
            lake=town.lake,
            book=town.book,
            seen=["gate.band", "gate.jump"],
        ).corrected
        return wrong, one.bill

    def test_counts_once_in_the_months_of_its_period(
        self, living: Any, towns: ModuleType, change: Any
    ) -> None:
        wrong, right = self.correct(living, towns)
        assert right.issued_day > UNTIL

        found = change(PRICE.format(begins="2025-11-01"), known_at=towns.CLASSES_TOLD)

        assert found.bills.tolist() == [3] * 7
        live = [one for number in range(1, 8)
                for one in living.store.bills_of_account(living.account_id(number))]  # fmt: skip
        assert found.billed_cents == sum(one.total_cents for one in live)
        assert right.total_cents != wrong.total_cents
        assert (found.not_reproduced, found.ties) == (0, True)

    def test_is_none_of_the_months_in_which_it_was_corrected(
        self, living: Any, towns: ModuleType, change: Any
    ) -> None:
        self.correct(living, towns)

        months = {"since": date(2026, 1, 1), "until": date(2026, 3, 1)}
        found = change(PRICE.format(begins="2025-11-01"), known_at=towns.CLASSES_TOLD, **months)

        assert found.bills.sum() == 0


class TestKeptSums:
    def test_stand_while_nothing_came(self, change: Any) -> None:
        first = change(PRICE.format(begins="2025-11-01"))
        second = change(PRICE.format(begins="2025-11-01"))

        assert (first.sums_kept, second.sums_made) == (0, 0)
        assert first.sums_made == second.sums_kept > 0
        assert (first.after_cents == second.after_cents).all()

    def test_are_made_again_where_readings_came_late(
        self, living: Any, towns: ModuleType, change: Any
    ) -> None:
        change(PRICE.format(begins="2025-11-01"))
        one_day = (date(2025, 10, 9), date(2025, 10, 10))
        arrive(living, towns, "M3", one_day, towns.even(900), learned_at=towns.LATER)

        found = change(PRICE.format(begins="2025-11-01"))

        assert found.sums_made == 5  # the window of the day, of each option
        assert found.not_reproduced == 1
        assert found.not_reproduced_cents != 0
        assert found.ties


class TestTheReport:
    def test_every_table_sums_to_the_whole(self, change: Any) -> None:
        found = change(PRICE.format(begins="2025-11-01"))

        every = impact_tables.whole(found)
        for table in (
            impact_tables.by_option(found),
            impact_tables.by_decile(found),
            impact_tables.by_place(found),
            impact_tables.by_programme(found),
        ):
            assert sum(one.change_cents for one in table) == every.change_cents
            assert sum(one.issued_cents for one in table) == every.issued_cents
            assert sum(one.accounts for one in table) == every.accounts == 7
        assert [one.name for one in impact_tables.by_programme(found)] == ["not known"]
        assert sum(count for _, count in impact_tables.spread(found)) == 7

    def test_who_has_been_here_for_a_month_stands_among_those_who_use_as_much_a_day(
        self, change: Any
    ) -> None:
        found = change(PRICE.format(begins="2025-11-01"))
        energy, first = found.energy_wh.copy(), found.first_days.copy()
        everybody = impact_tables.deciles(found)
        most = int(everybody.argmax())

        energy[most], first[most] = energy[most] // 3, found.until_days[most] - 30
        moved_in = replace(found, energy_wh=energy, first_days=first)

        assert energy[most] < sorted(found.energy_wh.tolist())[3]
        assert (impact_tables.deciles(moved_in) == everybody).all()

    def test_answers_with_sums_as_text(self, change: Any) -> None:
        found = change(PRICE.format(begins="2025-11-01"))
        answer = impact_answer(found, proposal="p.yaml")

        assert answer["before_usd"] == answer["billed_usd"]
        assert answer["not_reproduced"] == {"bills": 0, "usd": "0.00"}
        rows = accounts_csv(found).splitlines()
        assert len(rows) == 8
        assert rows[0].startswith("account,option,place,energy_wh,issued_usd")

    def test_is_a_page_that_needs_nothing_beside_it(self, change: Any) -> None:
        found = change(PRICE.format(begins="2025-11-01"))
        page = impact_page(found, impact_answer(found, proposal="p.yaml"))

        assert page.count("<svg") == 4
        assert "<script" not in page
        assert "http" not in page.replace("http-equiv", "")
        assert "not known" in page

    def test_says_that_nothing_changes(self, change: Any) -> None:
        found = change(PRICE.format(begins="2027-01-01"))
        page = impact_page(found, impact_answer(found, proposal="p.yaml"))

        assert "Nothing changes" in page
