"""Readings that are no slots of local days: kept beside the lake, billed where they tile a window.

Everything arrives as a file through ``receive_readings``, over the lake of files.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import meterledger_verify as verifier
from meterledger.facts.places import MeterInstallation
from meterledger.kernel.local_days import day_start_utc, intervals_in_day
from meterledger.kernel.span import DaySpan, Validity
from meterledger.stores.gateways import read_bytes
from meterledger.stores.lake import IntervalLake
from meterledger.usecases.compare_schedules import compare_schedules
from meterledger.usecases.ports import NotViewing
from meterledger.usecases.prove_bill import prove_bill
from meterledger.usecases.rate_usage import rate_usage
from meterledger.usecases.receive_readings import receive_readings
from meterledger.usecases.replay_bill import CannotReplay
from meterledger.usecases.window_usage import usage_of_window

CHICAGO = "America/Chicago"
JULY, AUGUST, SEPTEMBER, OCTOBER = (date(2025, month, 1) for month in (7, 8, 9, 10))
Times = tuple[datetime, datetime, int]
Arrive = Callable[..., Any]


def midnight(day: date) -> datetime:
    return day_start_utc(day, CHICAGO)


def days(first: date, until: date, wh: int) -> Times:
    """One interval over whole local days."""
    return (midnight(first), midnight(until), wh)


def every(length: timedelta, first: datetime, until: datetime, wh: int) -> list[Times]:
    """Intervals of one length, one after the other; the last ends where it must."""
    count = -(-(until - first) // length)
    return [
        (first + n * length, min(first + (n + 1) * length, until), wh + n % 7) for n in range(count)
    ]


def energy(*intervals: Times) -> int:
    return sum(wh for _, _, wh in intervals)


@pytest.fixture
def open_town(town: Any, tmp_path: Path) -> Any:
    """The town over a lake of files; everybody has one meter, read in any way."""
    town.lake = IntervalLake(tmp_path / "lake", zone=CHICAGO, files_at=town.store.lake_files)
    return town


@pytest.fixture
def arrive(open_town: Any, towns: ModuleType) -> Arrive:
    """A table of readings arrives."""

    def receive(meter: str, *intervals: Times, learned_at: datetime = towns.FIRST) -> Any:
        rows = [
            f"{meter},{start:%Y-%m-%dT%H:%M:%SZ},{end:%Y-%m-%dT%H:%M:%SZ},{wh},Wh"
            for start, end, wh in intervals
        ]
        text = "\n".join(["meter,start,end,value,unit", *rows, ""])
        return receive_readings(
            file=read_bytes(f"{meter}.csv", text.encode(), received_at=learned_at),
            store=open_town.store,
            lake=open_town.lake,
            utility=open_town.view.name,
            zone_name=CHICAGO,
            learned_at=learned_at,
        )

    return receive


def only_bill(run: Any) -> Any:
    assert [held.sentence for held in run.held] == []
    (bill,) = run.issued
    return bill


def only_held(run: Any) -> Any:
    assert run.issued == []
    (held,) = run.held
    return held


class TestAMonthReadOnce:
    def test_is_billed_as_its_total_is_rated(
        self, open_town: Any, arrive: Arrive, towns: ModuleType
    ) -> None:
        open_town.start(1)
        arrive("M1", days(JULY, AUGUST, 812_345))

        bill = only_bill(open_town.bill(1, on=AUGUST))

        rated = rate_usage(
            schedule="1M-anytime",
            window=DaySpan(JULY, AUGUST),
            usage=812_345,
            book=open_town.book,
            as_known_on=towns.NOON.date(),
        )
        assert bill.lines == rated.lines
        assert bill.usage.energy_wh == 812_345
        assert bill.as_json()["usage"] | {"sha256": "", "meter": ""} == {
            "meter": "",
            "interval_seconds": 31 * 86_400,
            "interval_count": 1,
            "energy_wh": 812_345,
            "daily_wh": [],
            "stretches": [{"from": "2025-07-01", "to": "2025-08-01", "energy_wh": 812_345}],
            "sha256": "",
        }

    def test_across_the_season_is_shared_by_days_and_says_so(
        self, open_town: Any, arrive: Arrive
    ) -> None:
        """15 September to 15 October: 16 of 30 days are summer."""
        open_town.start(1, from_day=date(2025, 9, 15), cycle=15)
        arrive("M1", days(date(2025, 9, 15), date(2025, 10, 15), 600_000))

        bill = only_bill(open_town.bill(1, on=date(2025, 10, 15)))

        seasonal = {
            line.code: (line.quantity, dict(line.inputs).get("energy_by"))
            for line in bill.lines
            if line.code.startswith("energy")
        }
        assert seasonal == {
            "energy_summer": ("320", "days, for want of interval times"),
            "energy_winter_first": ("280", "days, for want of interval times"),
        }
        for line in bill.lines:
            assert line.citations
            if line.code in seasonal:
                assert "billing.season_proration_basis" in line.reading_keys

    def test_goes_on_window_after_window(self, open_town: Any, arrive: Arrive) -> None:
        open_town.start(1)
        months = (days(JULY, AUGUST, 800_001), days(AUGUST, SEPTEMBER, 700_002))
        arrive("M1", *months, days(SEPTEMBER, OCTOBER, 600_003))

        run = open_town.bill(1, on=OCTOBER)

        assert run.held == []
        assert [bill.usage.energy_wh for bill in run.issued] == [800_001, 700_002, 600_003]
        assert run.energy_billed_wh == 2_100_006

    def test_times_the_multiplier(self, open_town: Any, arrive: Arrive) -> None:
        open_town.start(1, multiplier=40)
        arrive("M1", days(JULY, AUGUST, 1_000))

        assert only_bill(open_town.bill(1, on=AUGUST)).usage.energy_wh == 40_000

    @pytest.mark.parametrize("code", ["1M-smart", "1M-overnight", "1M-ultimate"])
    def test_holds_the_bill_of_a_schedule_that_needs_finer_ones(
        self, code: str, open_town: Any, arrive: Arrive
    ) -> None:
        open_town.start(1, schedule=code)
        arrive("M1", days(JULY, AUGUST, 812_345))

        held = only_held(open_town.bill(1, on=AUGUST))

        assert held.code == "usage.interval_too_long"
        assert "from 2025-07-01T05:00:00Z until 2025-08-01T05:00:00Z" in held.sentence
        assert "Ingest shorter intervals, or choose a schedule without" in held.sentence


class TestDaysThatDoNotBeginAtMidnight:
    """A head-end on standard time all year: in summer its days begin at 01:00 local time."""

    def test_are_billed_where_they_fill_the_window(self, open_town: Any, arrive: Arrive) -> None:
        first, until = date(2025, 11, 3), date(2025, 12, 1)
        open_town.start(1, from_day=first)
        standard = every(timedelta(1), midnight(first), midnight(date(2026, 4, 1)), 30_000)
        arrive("M1", *standard)  # from March on they are an hour off, so none of them are slots

        bill = only_bill(open_town.bill(1, on=until))

        assert open_town.store.lake_files(9) == []
        assert bill.usage.energy_wh == energy(*standard[:28])
        assert bill.usage.daily_wh == tuple(wh for _, _, wh in standard[:28])

    def test_hold_the_bill_where_one_lies_across_its_edge(
        self, open_town: Any, arrive: Arrive
    ) -> None:
        open_town.start(1)
        hour = timedelta(hours=1)
        arrive("M1", *every(timedelta(1), midnight(JULY) + hour, midnight(SEPTEMBER) + hour, 1))

        held = only_held(open_town.bill(1, on=AUGUST))

        assert held.code == "usage.not_tiled"
        assert held.sentence.startswith(
            f"Account {open_town.account_id(1)}, meter M1, 2025-07-01 to 2025-08-01: The interval "
            "from 2025-07-31T06:00:00Z until 2025-08-01T06:00:00Z lies across the beginning of "
            "2025-08-01, an edge of the window."
        )


class TestIntervalsOfOddLengths:
    @pytest.mark.parametrize("code", ["1M-anytime", "1M-evening-morning", "1M-smart"])
    def test_through_both_clock_changes_are_billed_to_the_watt_hour(
        self, code: str, open_town: Any, arrive: Arrive
    ) -> None:
        """Ten minutes tile every day; one that is cut in two leaves the whole file beside."""
        first, until = date(2025, 10, 21), date(2026, 4, 1)
        intervals = every(timedelta(minutes=10), midnight(first), midnight(until), 50)
        start, end, wh = intervals[7]
        cut = start + timedelta(minutes=3)
        intervals[7:8] = [(start, cut, wh - 20), (cut, end, 20)]
        open_town.start(1, from_day=first, schedule=code)
        arrive("M1", *intervals)

        run = open_town.bill(1, on=until)

        assert open_town.store.lake_files(9) == []
        assert run.held == []
        assert run.energy_billed_wh == energy(*intervals)
        daily = {
            day: wh
            for bill in run.issued
            for day, wh in zip(bill.days.days(), bill.usage.daily_wh, strict=True)
        }
        for day in (date(2025, 11, 2), date(2026, 3, 8)):
            begin, over = midnight(day), midnight(day + timedelta(days=1))
            inside = [one for one in intervals if begin <= one[0] < over]
            assert len(inside) == intervals_in_day(day, CHICAGO, 600)
            assert daily[day] == energy(*inside)

    def test_are_priced_as_the_same_energy_in_whole_days_is(
        self, open_town: Any, arrive: Arrive, towns: ModuleType
    ) -> None:
        """Two neighbors, alike but for one reading sent in two parts: two ways, one bill."""
        for number in (1, 2):
            open_town.start(number, schedule="1M-ultimate")
        intervals = every(timedelta(minutes=15), midnight(JULY), midnight(AUGUST), 120)
        arrive("M1", *intervals)
        start, end, wh = intervals[900]
        cut = start + timedelta(minutes=4)
        intervals[900:901] = [(start, cut, wh - 9), (cut, end, 9)]
        arrive("M2", *intervals)

        fast, slow = open_town.bill(1, 2, on=AUGUST).issued

        assert (fast.usage.interval_seconds, slow.usage.interval_seconds) == (900, None)
        assert fast.lines == slow.lines
        assert fast.usage.daily_wh == slow.usage.daily_wh


class TestWholeDaysAndOthersTogether:
    def test_are_billed_where_the_others_fill_the_gap(self, open_town: Any, arrive: Arrive) -> None:
        """Quarter-hours until the tenth, then only the days between were read, then hours."""
        tenth, twentieth = date(2025, 7, 10), date(2025, 7, 20)
        quarters = every(timedelta(minutes=15), midnight(JULY), midnight(tenth), 100)
        hours = every(timedelta(hours=1), midnight(twentieth), midnight(AUGUST), 500)
        between = days(tenth, twentieth, 123_456)
        open_town.start(1)
        for intervals in (quarters, hours, [between]):
            arrive("M1", *intervals)

        bill = only_bill(open_town.bill(1, on=AUGUST))

        assert bill.usage.energy_wh == energy(*quarters, *hours, between)
        assert bill.usage.interval_count == 9 * 96 + 12 * 24 + 1
        assert bill.usage.interval_seconds is None
        assert sum(one.energy_wh for one in bill.usage.stretches) == bill.usage.energy_wh
        assert [one.days.day_count for one in bill.usage.stretches] == [1] * 9 + [10] + [1] * 12

    def test_in_two_lengths_are_billed_too(self, open_town: Any, arrive: Arrive) -> None:
        middle = date(2025, 7, 10)
        quarters = every(timedelta(minutes=15), midnight(JULY), midnight(middle), 100)
        hours = every(timedelta(hours=1), midnight(middle), midnight(AUGUST), 500)
        open_town.start(1, schedule="1M-ultimate")
        arrive("M1", *quarters)
        arrive("M1", *hours)

        bill = only_bill(open_town.bill(1, on=AUGUST))

        assert bill.usage.energy_wh == energy(*quarters, *hours)
        assert len(bill.usage.daily_wh) == 31

    def test_in_two_lengths_with_a_gap_are_held(self, open_town: Any, arrive: Arrive) -> None:
        middle = date(2025, 7, 10)
        open_town.start(1)
        arrive("M1", *every(timedelta(minutes=15), midnight(JULY), midnight(middle), 100))
        hours = every(timedelta(hours=1), midnight(middle), midnight(AUGUST), 500)
        arrive("M1", *hours[:30], *hours[31:])

        held = only_held(open_town.bill(1, on=AUGUST))

        assert held.code == "usage.gap"
        assert (
            "Nothing is known from 2025-07-11T11:00:00Z until 2025-07-11T12:00:00Z (from local "
            "day 2025-07-11)"
        ) in held.sentence

    def test_about_the_same_time_are_held_until_the_days_are_whole(
        self, open_town: Any, arrive: Arrive, towns: ModuleType
    ) -> None:
        """The way out that the sentence names: what fills its days needs no other."""
        quarters = every(timedelta(minutes=15), midnight(JULY), midnight(AUGUST), 100)
        open_town.start(1)
        arrive("M1", days(JULY, AUGUST, energy(*quarters)))
        arrive("M1", *quarters[:500], *quarters[501:])

        held = only_held(open_town.bill(1, on=AUGUST))
        assert held.code == "usage.not_tiled"
        assert "are about the same time. Billing both would bill that energy twice" in held.sentence
        assert "Ingest what is missing of the shorter ones" in held.sentence

        arrive("M1", quarters[500], learned_at=towns.LATER)
        bill = only_bill(open_town.bill(1, on=AUGUST, known_at=towns.LATER))
        assert bill.usage.energy_wh == energy(*quarters)
        assert bill.usage.interval_seconds == 900

    def test_a_whole_window_of_days_asks_for_no_others(
        self, open_town: Any, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The matrix path never looks beside the lake."""
        open_town.start(1)
        arrive("M1", *every(timedelta(minutes=15), midnight(JULY), midnight(AUGUST), 100))
        arrive("M1", days(JULY, AUGUST, 1))

        def nobody(*given: Any, **named: Any) -> Any:
            raise AssertionError("nobody asks")

        monkeypatch.setattr(open_town.store, "kept_intervals", nobody)
        monkeypatch.setattr(open_town.lake, "known_intervals", nobody)
        assert only_bill(open_town.bill(1, on=AUGUST)).usage.interval_count == 31 * 96

    def test_a_gap_where_nothing_is_kept_keeps_its_sentence(
        self, open_town: Any, arrive: Arrive
    ) -> None:
        open_town.start(1)
        quarters = every(timedelta(minutes=15), midnight(JULY), midnight(AUGUST), 100)
        arrive("M1", *quarters[:500], *quarters[501:])

        held = only_held(open_town.bill(1, on=AUGUST))

        assert held.code == "usage.gap"
        assert "1 of 2976 intervals is missing, at 2025-07-06T10:00:00Z" in held.sentence


class TestNeighbors:
    def test_of_a_held_meter_are_billed(self, open_town: Any, arrive: Arrive) -> None:
        for number in range(1, 5):
            open_town.start(number, schedule="1M-smart" if number == 3 else "1M-anytime")
        arrive("M1", *every(timedelta(minutes=15), midnight(JULY), midnight(AUGUST), 100))
        arrive("M2", days(JULY, AUGUST, 5_000))
        arrive("M3", days(JULY, AUGUST, 5_000))
        arrive("M4", days(JULY, date(2025, 7, 20), 5_000))

        run = open_town.bill(1, 2, 3, 4, on=AUGUST)

        assert {bill.account_id for bill in run.issued} == {
            open_town.account_id(1),
            open_town.account_id(2),
        }
        assert {held.account_id: held.code for held in run.held} == {
            open_town.account_id(3): "usage.interval_too_long",
            open_town.account_id(4): "usage.gap",
        }


class TestOnTwoClocks:
    def test_a_bill_is_replayed_to_the_byte_after_a_correction(
        self, open_town: Any, arrive: Arrive, towns: ModuleType
    ) -> None:
        open_town.start(1, tax_place="university_city")
        arrive("M1", days(JULY, AUGUST, 812_000))
        bill = only_bill(open_town.bill(1, on=AUGUST))
        arrive("M1", days(JULY, AUGUST, 815_000), learned_at=towns.LATER)

        then = open_town.replay(bill.bill_id)
        now = open_town.replay(bill.bill_id, towns.LAST)

        assert then.same_bytes
        assert then.bill.record() == bill.record()
        assert not now.same_bytes
        assert now.bill.usage.energy_wh == 815_000
        assert "usage.energy_wh: issued 812000, computed 815000" in now.differences
        assert json.loads(bill.record())["pins"]["lake_sequence"] == 1

    def test_before_anything_was_kept_there_is_no_bill(
        self, open_town: Any, arrive: Arrive, towns: ModuleType
    ) -> None:
        open_town.start(1)
        moment = datetime(2026, 11, 25, 10, tzinfo=UTC)
        arrive("M1", days(JULY, AUGUST, 812_000), learned_at=moment)
        bill = only_bill(open_town.bill(1, on=AUGUST))

        with pytest.raises(CannotReplay, match="No interval has arrived"):
            open_town.replay(bill.bill_id, moment - timedelta(minutes=1))
        assert open_town.replay(bill.bill_id, moment).bill.total_cents == bill.total_cents


class TestCompare:
    def test_prices_what_can_be_priced_and_says_why_the_rest_cannot(
        self, open_town: Any, arrive: Arrive, towns: ModuleType
    ) -> None:
        open_town.start(1)
        arrive("M1", days(JULY, AUGUST, 812_000), days(AUGUST, SEPTEMBER, 700_000))

        compared = compare_schedules(
            account_id=open_town.account_id(1),
            span=DaySpan(JULY, SEPTEMBER),
            known_at=towns.CLASSES_TOLD,
            asked=SEPTEMBER,
            store=open_town.store,
            lake=open_town.lake,
            book=open_town.book,
        )
        schedule, energy_wh, answers = compared.schedule, compared.energy_wh, compared.answers

        bills = open_town.bill(1, on=SEPTEMBER).issued
        by_code = {answer.schedule: answer for answer in answers}
        assert (schedule, energy_wh) == ("1M-anytime", 1_512_000)
        assert by_code["1M-anytime"].total_cents == sum(bill.total_cents for bill in bills)
        for code in ("1M-overnight", "1M-smart"):
            assert "goes on past 06:00 local time" in (by_code[code].refusal or "")


def test_nobody_reads_kept_intervals_without_saying_why(
    first_book: Any, towns: ModuleType, tmp_path: Path
) -> None:
    town = towns.Town(book=first_book)
    town.lake = IntervalLake(tmp_path, zone=CHICAGO, files_at=town.store.lake_files)
    installed = MeterInstallation("SP1", "M1", 1, Validity(JULY), towns.FIRST)
    with pytest.raises(NotViewing):
        usage_of_window(
            {towns.pseudonym("M1", town.view.name): installed},
            DaySpan(JULY, AUGUST),
            zone=CHICAGO,
            at_sequence=0,
            lake=town.lake,
            kept=town.store,
        )


class TestAProofFile:
    def prove(self, town: Any, bill: Any) -> Any:
        how = {"store": town.store, "lake": town.lake, "book": town.book}
        return prove_bill(bill_id=bill.bill_id, **how)

    def test_holds_intervals_of_several_lengths_before_their_multiplier(
        self, open_town: Any, arrive: Arrive
    ) -> None:
        open_town.start(1, multiplier=40)
        tenth = date(2025, 7, 10)
        each = [JULY + timedelta(days=n) for n in range(9)]
        arrive("M1", *(days(day, day + timedelta(days=1), 9_000) for day in each))
        arrive("M1", *every(timedelta(minutes=30), midnight(tenth), midnight(AUGUST), 200))
        bill = only_bill(open_town.bill(1, on=AUGUST))

        proof = self.prove(open_town, bill)

        ((meter,),) = (place["meters"] for place in proof["readings"]["delivered"])
        assert (meter["multiplier"], meter["seconds"][0], meter["wh"][0]) == (40, 86_400, 9_000)
        verifier.Reckoning(proof).hold()
        meter["seconds"][3] += 1
        with pytest.raises(verifier.Disproved):
            verifier.Reckoning(proof)

    @pytest.mark.parametrize("billed_from", [JULY, date(2025, 9, 15)])
    def test_shares_an_interval_of_several_days_over_them(
        self, open_town: Any, arrive: Arrive, billed_from: date
    ) -> None:
        """One reading of a whole period, in one season and in two."""
        until = AUGUST if billed_from == JULY else date(2025, 10, 15)
        open_town.start(1, from_day=billed_from, cycle=billed_from.day)
        arrive("M1", days(billed_from, until, 812_345))
        bill = only_bill(open_town.bill(1, on=until))

        proof = self.prove(open_town, bill)

        verifier.Reckoning(proof).hold()
        proof["readings"]["delivered"][0]["meters"][0]["wh"][0] += 1_000
        with pytest.raises(verifier.Disproved):
            verifier.Reckoning(proof)
