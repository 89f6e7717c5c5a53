"""From due windows to issued bills: whole months, gaps, two runs, and everybody accounted for."""

from __future__ import annotations

from datetime import date
from types import ModuleType
from typing import Any

import pytest

from meterledger.facts.bills import read_record
from meterledger.facts.places import BillableService, TaxPlace
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan, Validity, tiles
from meterledger.usecases.start_service import service_start


def kinds(run: Any) -> list[tuple[str, str, str]]:
    return [
        (bill.days.from_day.isoformat(), bill.days.until_day.isoformat(), bill.kind.value)
        for bill in run.issued
    ]


class TestWholeMonths:
    def test_become_bills_that_tile_and_hold_all_the_energy(
        self, town: Any, towns: ModuleType
    ) -> None:
        """From July 2025 to March 2026: the season, the riders and both clocks change."""
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2026, 4, 1)))

        run = town.bill(1, on=date(2026, 4, 1))

        assert len(run.issued) == 9
        assert tiles([bill.days for bill in run.issued])
        assert kinds(run)[0] == ("2025-07-01", "2025-08-01", "initial")
        assert kinds(run)[-1] == ("2026-03-01", "2026-04-01", "regular")
        counts = {bill.days.from_day.month: bill.usage.interval_count for bill in run.issued}
        assert counts[11] == 30 * 96 + 4
        assert counts[3] == 31 * 96 - 4
        for bill in run.issued:
            read = sum(
                sum(towns.lively(day, count))
                for day, count in (
                    (day, len(town.lake.versions[usage_meter(bill), day][-1][1]))
                    for day in bill.days.days()
                )
            )
            assert bill.usage.energy_wh == read
            assert sum(bill.usage.daily_wh) == read
            assert len(bill.usage.daily_wh) == bill.days.day_count

    def test_of_a_thousand_kwh_in_july_are_the_published_base_and_the_riders(
        self, town: Any
    ) -> None:
        town.start(1)
        intervals = 31 * 96

        def thousand(day: date, count: int) -> list[int | None]:
            first = (day - date(2025, 7, 1)).days * 96
            return [
                1_000_000 * (slot + 1) // intervals - 1_000_000 * slot // intervals
                for slot in range(first, first + count)
            ]

        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)), thousand)

        (bill,) = town.bill(1, on=date(2025, 8, 1)).issued

        assert bill.usage.energy_wh == 1_000_000
        base = [line.cents for line in bill.lines if line.group.value == "base"]
        assert base == [9_00, 19, 156_00]
        riders = {line.code: line.cents for line in bill.lines if line.group.value == "rider"}
        assert riders == {"FAC": 3_95, "EEIC": 3_41, "RESRAM": 1_18}
        assert bill.total_cents == 165_19 + 8_54
        assert bill.standing.value == "assumed", "the riders of 2025 are nobody's published figures"
        assert bill.due_day == date(2025, 8, 22)

    def test_leave_a_balanced_ledger_that_owes_what_was_billed(self, town: Any) -> None:
        town.start(1, tax_place="university_city")
        town.start(2)
        for meter in ("M1", "M2"):
            town.read(meter, (date(2025, 7, 1), date(2025, 10, 1)))

        run = town.bill(1, 2, on=date(2025, 10, 1))

        assert sum(town.store.trial_balance().values()) == 0
        assert (
            sum(town.store.balance_cents(town.account_id(number)) for number in (1, 2))
            == sum(bill.total_cents for bill in run.issued)
            == run.issued_cents
        )
        taxed = next(bill for bill in run.issued if bill.tax_place == "university_city")
        charges = sum(line.cents for line in taxed.lines[:-1])
        assert taxed.lines[-1].cents == (charges * 9 * 2 + 91) // (91 * 2)

    def test_are_not_billed_before_they_are_over(self, town: Any) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))

        assert town.bill(1, on=date(2025, 7, 31)).issued == []
        assert kinds(town.bill(1, on=date(2025, 8, 1))) == [("2025-07-01", "2025-08-01", "initial")]


def usage_meter(bill: Any) -> str:
    return bill.usage.meter


class TestAGap:
    def test_holds_the_bill_and_says_what_would_release_it(
        self, town: Any, towns: ModuleType
    ) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
        town.read(
            "M1",
            (date(2025, 7, 9), date(2025, 7, 10)),
            lambda day, count: [None, None, *([1] * (count - 2))],
        )

        run = town.bill(1, on=date(2025, 8, 1))

        assert run.issued == []
        (held,) = run.held
        assert held.code == "usage.gap"
        assert held.days == DaySpan(date(2025, 7, 1), date(2025, 8, 1))
        assert held.sentence == (
            "Account 0000000018, meter M1, 2025-07-01 to 2025-08-01: 2 of 2976 intervals are "
            "missing, the first at 2025-07-09T05:00:00Z (local day 2025-07-09). "
            "Ingest the missing readings, or estimate them with `meterledger validate`, then run "
            "the bill again."
        )
        assert [one[0] for one in town.store.held] == [held]
        assert town.store.trial_balance() == {}

    def test_blocks_the_months_after_it_and_skips_nothing(
        self, town: Any, towns: ModuleType
    ) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
        town.read("M1", (date(2025, 9, 1), date(2025, 10, 1)))

        first = town.bill(1, on=date(2025, 10, 1))

        assert kinds(first) == [("2025-07-01", "2025-08-01", "initial")]
        assert [(held.days.from_day, held.code) for held in first.held] == [
            (date(2025, 8, 1), "usage.gap")
        ]
        assert "No interval has arrived; the window needs 2976" in first.held[0].sentence

        town.read("M1", (date(2025, 8, 1), date(2025, 9, 1)), learned_at=towns.LATER)
        second = town.bill(1, on=date(2025, 10, 2), known_at=towns.LATER)

        assert kinds(second) == [
            ("2025-08-01", "2025-09-01", "regular"),
            ("2025-09-01", "2025-10-01", "regular"),
        ]
        assert second.held == []

    def test_in_one_home_holds_no_other(self, town: Any) -> None:
        town.start(1)
        town.start(2)
        town.read("M2", (date(2025, 7, 1), date(2025, 8, 1)))

        run = town.bill(1, 2, on=date(2025, 8, 1))

        assert [bill.account_id for bill in run.issued] == [town.account_id(2)]
        assert [held.account_id for held in run.held] == [town.account_id(1)]


class TestRunningAgain:
    def test_changes_nothing(self, town: Any) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))

        first = town.bill(1, on=date(2025, 9, 1))
        balance = town.store.balance_cents(town.account_id(1))
        second = town.bill(1, on=date(2025, 9, 1))

        assert (first.issued_count, second.issued_count, second.known) == (2, 0, 0)
        assert town.store.balance_cents(town.account_id(1)) == balance
        assert len(town.store.bills_of_account(town.account_id(1))) == 2

    def test_from_what_was_loaded_before_the_first_run_changes_nothing_either(
        self, town: Any, towns: ModuleType
    ) -> None:
        """Two workers loaded the same services; the second comes after the first is done."""
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
        stale = town.store.services_of_account(town.account_id(1), towns.NOON)
        town.bill(1, on=date(2025, 9, 1))
        entries = town.store.entries_of_account(town.account_id(1))

        run = towns.issue_bills(
            services=stale,
            on=date(2025, 9, 1),
            known_at=towns.NOON,
            store=town.store,
            lake=town.lake,
            book=town.book,
        )

        assert (run.issued_count, run.issued_cents, run.energy_billed_wh) == (0, 0, 0)
        assert run.known == 1, "where another was first, the next window waits for the next run"
        assert town.store.entries_of_account(town.account_id(1)) == entries

    def test_two_runs_interleaved_bill_everybody_once(self, town: Any, towns: ModuleType) -> None:
        """A second run begins and ends while the first is about to record its first batch."""
        for number in (1, 2, 3):
            town.start(number)
            town.read(f"M{number}", (date(2025, 7, 1), date(2025, 9, 1)))
        runs = []

        class Interrupted:
            """The store as the first run sees it."""

            def __init__(self, store: Any) -> None:
                self._store = store
                self.interrupted = False

            def __getattr__(self, name: str) -> Any:
                return getattr(self._store, name)

            def record_bills(self, bills: Any) -> set[str]:
                if not self.interrupted:
                    self.interrupted = True
                    with self._store.viewing(towns.VIEWER, []):
                        runs.append(town.bill(2, 3, on=date(2025, 8, 1)))
                return set(self._store.record_bills(bills))

        runs.append(town.bill(1, 2, 3, on=date(2025, 9, 1), store=Interrupted(town.store)))

        assert [run.issued_count for run in runs] == [2, 2]
        assert runs[1].known == 2
        assert town.bill(1, 2, 3, on=date(2025, 9, 1)).issued_count == 2, "what waited is billed"
        bills = [
            bill
            for number in (1, 2, 3)
            for bill in town.store.bills_of_account(town.account_id(number))
        ]
        assert len(bills) == 6
        for number in (1, 2, 3):
            own = [bill for bill in bills if bill.account_id == town.account_id(number)]
            assert tiles([bill.days for bill in own])
            assert town.store.balance_cents(town.account_id(number)) == sum(
                bill.total_cents for bill in own
            )

    def test_with_an_account_named_twice_bills_and_counts_it_once(self, town: Any) -> None:
        town.start(1)
        town.start(2)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))

        for dry in (True, False):
            run = town.bill(1, 2, 1, 2, on=date(2025, 8, 1), dry_run=dry)

            assert (run.issued_count, run.known, len(run.held)) == (1, 0, 1)
        assert run.issued_cents == town.store.balance_cents(town.account_id(1))

    def test_dry_records_nothing_and_answers_the_same(self, town: Any) -> None:
        town.start(1)
        town.start(2)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))

        dry = town.bill(1, 2, on=date(2025, 9, 1), dry_run=True)

        assert town.store.bills_of_account(town.account_id(1)) == []
        assert town.store.held == []
        assert town.store.trial_balance() == {}
        wet = town.bill(1, 2, on=date(2025, 9, 1))
        assert [bill.record() for bill in wet.issued] == [bill.record() for bill in dry.issued]
        assert wet.held == dry.held


class TestEverybodyWhoEverChangedARate:
    def test_is_billed_for_both_without_comparing_a_cycle_with_itself(
        self, town: Any, towns: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The later agreement waits for the earlier one: in an old city's cycle, of thousands.

        Comparing each service with each that waits took such a cycle minutes before its first bill.
        """
        numbers = range(1, 13)
        for number in numbers:
            town.start(number)
            town.read(f"M{number}", (date(2025, 7, 1), date(2025, 9, 1)), seconds=3600)
        for number in numbers[::2]:
            (service,) = town.services(number)
            end = date(2025, 8, 1)
            town.store.stop_service(service.agreement.agreement_id, end, towns.FIRST)
            town.start(number, from_day=end, learned_at=towns.NOON)
        services = town.services(*numbers, known_at=towns.LATER)
        compared: list[str] = []
        same = BillableService.__eq__

        def telling(one: BillableService, other: object) -> bool:
            compared.append(one.agreement.agreement_id)
            return same(one, other)

        monkeypatch.setattr(BillableService, "__eq__", telling)
        run = town.bill(services=services, on=date(2025, 9, 1), known_at=towns.LATER)

        assert compared == []
        assert (run.issued_count, run.held) == (24, [])
        for number in numbers:
            own = town.store.bills_of_account(town.account_id(number))
            assert tiles([bill.days for bill in own])
            assert len({bill.agreement_id for bill in own}) == (2 if number % 2 else 1)


class TestABatch:
    def test_of_many_makes_the_bills_that_batches_of_one_make(
        self, town: Any, towns: ModuleType
    ) -> None:
        """Every option, two interval lengths, a multiplier, a tax place: together and alone."""
        codes = [one for one in town.view.schedule_codes() if one.startswith("1M-")] * 2
        for number, code in enumerate(codes, start=1):
            town.start(
                number,
                schedule=code,
                multiplier=40 if number == 3 else 1,
                tax_place="pagedale" if number % 2 else "none",
            )
            town.read(
                f"M{number}",
                (date(2025, 9, 1), date(2025, 11, 1)),
                lambda day, count, number=number: [
                    (slot * number * 13) % 500 for slot in range(count)
                ],
                seconds=3600 if number > 5 else 900,
            )
            town.read(f"M{number}", (date(2025, 7, 1), date(2025, 9, 1)),
                      seconds=3600 if number > 5 else 900)  # fmt: skip
        numbers = list(range(1, len(codes) + 1))

        together = town.bill(*numbers, on=date(2025, 11, 1), dry_run=True)
        alone = [town.bill(number, on=date(2025, 11, 1), dry_run=True) for number in numbers]

        assert together.held == []
        assert {bill.bill_id: bill.record() for bill in together.issued} == {
            bill.bill_id: bill.record() for run in alone for bill in run.issued
        }
        assert len(together.issued) == 4 * len(codes)

    def test_with_one_account_the_book_is_silent_for_bills_the_others(
        self, town: Any, towns: ModuleType
    ) -> None:
        """A municipality whose rate nobody entered is one account's matter."""
        for number in (1, 2, 3):
            town.read(f"M{number}", (date(2025, 7, 1), date(2025, 8, 1)))
            start = service_start(town.request(number), learned_at=towns.FIRST, view=town.view)
            if number == 2:
                unknown = TaxPlace("PR2", "atlantis", Validity(date(2025, 7, 1)), towns.FIRST)
                start = towns.replace(start, tax_place=unknown)
            town.store.start_service(start)

        run = town.bill(1, 2, 3, on=date(2025, 8, 1))

        assert {bill.account_id for bill in run.issued} == {
            town.account_id(1),
            town.account_id(3),
        }
        (held,) = run.held
        assert held.account_id == town.account_id(2)
        assert held.code == "book.silent"
        assert "municipal_gross_receipts_atlantis" in held.sentence

    def test_with_one_meter_the_lake_refuses_bills_the_others(
        self, town: Any, towns: ModuleType
    ) -> None:
        for number in (1, 2, 3):
            town.start(number)
            town.read(f"M{number}", (date(2025, 7, 1), date(2025, 8, 1)))
        meter = towns.pseudonym("M2", town.view.name)
        town.lake.refused[meter] = Refusal("A file is damaged", where="lake", do="Restore it")

        run = town.bill(1, 2, 3, on=date(2025, 8, 1))

        assert run.issued_count == 2
        (held,) = run.held
        assert (held.account_id, held.code) == (town.account_id(2), "usage.refused")
        assert held.sentence == "Account 0000000026: lake: A file is damaged. Restore it."

    def test_of_nothing_but_refused_meters_is_held_whole(
        self, town: Any, towns: ModuleType
    ) -> None:
        for number in (1, 2):
            town.start(number)
            meter = towns.pseudonym(f"M{number}", town.view.name)
            town.lake.refused[meter] = Refusal(f"Meter {number} has two units")

        run = town.bill(1, 2, on=date(2025, 8, 1))

        assert run.issued == []
        assert {held.sentence for held in run.held} == {
            "Account 0000000018: Meter 1 has two units.",
            "Account 0000000026: Meter 2 has two units.",
        }

    def test_accounts_for_everyone(self, town: Any) -> None:
        """Due = billed + held."""
        for number in range(1, 8):
            town.start(number)
            if number % 3:
                town.read(f"M{number}", (date(2025, 7, 1), date(2025, 8, 1)))
        settled = []

        run = town.bill(*range(1, 8), on=date(2025, 8, 1), progress=settled.append)

        assert len(run.issued) + len(run.held) == 7
        assert sum(settled) == 7
        assert {one.account_id for one in (*run.issued, *run.held)} == {
            town.account_id(number) for number in range(1, 8)
        }

    def test_can_keep_counts_only(self, town: Any) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))

        run = town.bill(1, on=date(2025, 9, 1), keep_bills=False)

        assert (run.issued, run.issued_count) == ([], 2)
        assert run.issued_cents == town.store.balance_cents(town.account_id(1))


class TestTheBookIsSilent:
    def test_before_its_first_rate_and_the_bill_is_held_with_the_day(self, town: Any) -> None:
        town.start(1, from_day=date(2025, 5, 20))
        town.read("M1", (date(2025, 5, 20), date(2025, 7, 1)))

        run = town.bill(1, on=date(2025, 7, 1))

        assert run.issued == []
        (held,) = run.held
        assert held.code == "book.silent"
        assert held.sentence.startswith("Account 0000000018: No value of '")
        assert "is in force on 2025-05-20" in held.sentence
        assert "Do not extend a neighboring value" in held.sentence


class TestAChangeOfOption:
    def test_in_the_middle_of_a_month_makes_a_final_and_an_initial_bill(
        self, town: Any, towns: ModuleType
    ) -> None:
        first = town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
        town.store.stop_service(first.agreement_id, date(2025, 7, 20), towns.FIRST)
        town.start(1, schedule="1M-overnight", from_day=date(2025, 7, 20))

        run = town.bill(1, on=date(2025, 9, 1))

        assert sorted(zip(kinds(run), (bill.schedule for bill in run.issued), strict=True)) == [
            (("2025-07-01", "2025-07-20", "final"), "1M-anytime"),
            (("2025-07-20", "2025-08-01", "initial"), "1M-overnight"),
            (("2025-08-01", "2025-09-01", "regular"), "1M-overnight"),
        ]
        (short,) = [bill for bill in run.issued if bill.kind.value == "final"]
        assert short.lines[0].arithmetic == "19/30 month x $9.00 = $5.70"
        assert any("prorated by 19/30" in reason.finding for reason in short.reasons)
        energy = sum(bill.usage.energy_wh for bill in run.issued)
        assert energy == sum(
            sum(towns.lively(day, 96)) for day in DaySpan(date(2025, 7, 1), date(2025, 9, 1)).days()
        )

    def test_a_stop_ends_billing(self, town: Any, towns: ModuleType) -> None:
        first = town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
        town.store.stop_service(first.agreement_id, date(2025, 8, 10), towns.FIRST)

        run = town.bill(1, on=date(2026, 3, 1))

        assert kinds(run) == [
            ("2025-07-01", "2025-08-01", "initial"),
            ("2025-08-01", "2025-08-10", "final"),
        ]
        assert run.held == []


class TestANewTenant:
    def test_pays_from_the_first_day_and_nobody_pays_for_the_days_between(
        self, town: Any, towns: ModuleType
    ) -> None:
        """One meter, two accounts in July, five days without either."""
        first = town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
        town.store.stop_service(first.agreement_id, date(2025, 7, 10), towns.FIRST)
        place = {"premise_id": "PR1", "service_point_id": "SP1", "meter_id": "M1"}
        town.start(2, from_day=date(2025, 7, 15), address="1 Elm Street", **place)

        run = town.bill(1, 2, on=date(2025, 8, 1))

        assert {
            (bill.account_id, *kind) for bill, kind in zip(run.issued, kinds(run), strict=True)
        } == {
            (town.account_id(1), "2025-07-01", "2025-07-10", "final"),
            (town.account_id(2), "2025-07-15", "2025-08-01", "initial"),
        }
        for bill in run.issued:
            assert bill.usage.energy_wh == sum(
                sum(towns.lively(day, 96)) for day in bill.days.days()
            )


class TestMeters:
    def test_a_multiplier_is_in_every_figure_of_the_bill(self, town: Any) -> None:
        town.start(1, multiplier=40)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)), lambda day, count: [25] * count)

        (bill,) = town.bill(1, on=date(2025, 8, 1)).issued

        assert bill.usage.energy_wh == 31 * 96 * 25 * 40
        energy = next(line for line in bill.lines if line.unit == "kWh")
        assert energy.quantity == "2976"
        assert energy.cents == 464_26  # 2,976 kWh x 0.156 = 464.256

    @pytest.mark.parametrize("exchanged", [date(2025, 7, 2), date(2025, 7, 31)])
    def test_two_in_one_window_are_billed_each_for_its_days(
        self, exchanged: date, town: Any, towns: ModuleType
    ) -> None:
        services = self.exchange(town, towns, exchanged, multiplier=3)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)), towns.even(100))
        town.read("M9", (date(2025, 7, 1), date(2025, 8, 1)), towns.even(100))

        (bill,) = town.bill(on=date(2025, 8, 1), services=services).issued

        days = (exchanged - date(2025, 7, 1)).days
        assert [one.energy_wh for one in bill.usage.meters] == [
            days * 9_600,
            (31 - days) * 3 * 9_600,
        ]
        assert bill.usage.energy_wh == sum(bill.usage.daily_wh) == 9_600 * (days + 3 * (31 - days))

    def test_days_without_any_meter_hold_the_bill(self, town: Any, towns: ModuleType) -> None:
        (service,) = self.exchange(town, towns, date(2025, 7, 10))
        before, after = service.installations
        later = towns.replace(after, days=Validity(date(2025, 7, 12)))
        services = [towns.replace(service, installations=(before, later))]
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
        town.read("M9", (date(2025, 7, 1), date(2025, 8, 1)))

        run = town.bill(on=date(2025, 8, 1), services=services)

        assert run.issued == []
        (held,) = run.held
        assert held.code == "meter.not_whole"
        assert held.sentence == (
            "Account 0000000018: No meter measured service point SP1 from 2025-07-10T05:00:00Z "
            "until 2025-07-12T05:00:00Z. What nobody measured is not known, and a gap is never a "
            "zero. Record which meter was there with `meterledger meter install` (with --before, "
            "if another came after it) or `meter exchange`, or hold this bill for a person."
        )

    def test_exchanged_on_a_reading_day_are_billed_each_for_its_window(
        self, town: Any, towns: ModuleType
    ) -> None:
        until = date(2025, 8, 1)
        services = self.exchange(town, towns, until, multiplier=2)
        town.read("M1", (date(2025, 7, 1), until), towns.even(100))
        town.read("M9", (until, date(2025, 9, 1)), towns.even(100))

        run = town.bill(on=date(2025, 9, 1), services=services)

        assert [bill.usage.energy_wh for bill in run.issued] == [297_600, 595_200]

    def exchange(self, town: Any, towns: ModuleType, day: date, multiplier: int = 1) -> list[Any]:
        """Account 1's service, its meter exchanged for M9 on that day."""
        town.start(1)
        (service,) = town.services(1)
        (only,) = service.installations
        before = towns.replace(only, days=Validity(only.days.from_day, day))
        after = towns.replace(only, meter_id="M9", days=Validity(day), multiplier=multiplier)
        return [towns.replace(service, installations=(before, after))]

    def test_a_place_in_no_known_municipality_holds_the_bill(
        self, town: Any, towns: ModuleType
    ) -> None:
        start = service_start(town.request(1), learned_at=towns.FIRST, view=town.view)
        town.store.start_service(towns.replace(start, tax_place=None))
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))

        (held,) = town.bill(1, on=date(2025, 8, 1)).held

        assert held.code == "premise.tax_place"
        assert "No tax place is known for premise PR1 on 2025-07-31" in held.sentence

    def test_of_a_day_cannot_measure_times_of_use(self, town: Any, towns: ModuleType) -> None:
        town.start(1, schedule="1M-smart")
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)), towns.even(9_000), seconds=86_400)

        (held,) = town.bill(1, on=date(2025, 8, 1)).held

        assert held.code == "usage.interval_too_long"
        assert "An interval of 86400 s begins at 00:00 and runs past 06:00" in held.sentence


def test_a_bills_record_is_its_whole_calculation(town: Any, towns: ModuleType) -> None:
    town.start(1, tax_place="university_city")
    sequence = town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))

    town.bill(1, on=date(2025, 8, 1))

    (stored,) = town.store.bills_of_account(town.account_id(1))
    record = read_record(stored.record)
    assert record["pins"] == {
        "known_at": "2026-11-25T12:00:00Z",
        "lake_sequence": sequence,
        "book_sha256": town.view.sha256,
        "calculation_revision": "2",
        "time_zone_data": record["pins"]["time_zone_data"],
    }
    assert record["kind"] == "initial"
    assert all(line["citations"] for line in record["lines"])
    assert stored.previous_balance_cents == 0
