"""Bills on estimated usage say so, held days hold them, and a fourth in a row waits for a read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import (
    BELOW_ZERO,
    DAY,
    NEXT,
    NIGHT,
    UsageTown,
    usage_town,
    weekly,
    with_gap,
    with_value,
)

from meterledger.facts.estimates import EstimateCause
from meterledger.kernel.span import DaySpan
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.review_usage import accept_day, day_to_review
from meterledger.usecases.usage_replaced import usage_replaced

OCTOBER = DaySpan(date(2025, 10, 1), date(2025, 11, 1))
SPAN = (date(2025, 9, 1), date(2025, 11, 1))


@pytest.fixture
def town(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    made = usage_town(tmp_path, book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


def october(town: UsageTown, values: Any, **how: Any) -> Any:
    """The home's October, billed after its days were validated."""
    town.start(1, from_day=OCTOBER.from_day)
    town.arrive("M1", SPAN, values)
    if how.pop("validated", True):
        town.validate(known_at=NIGHT, **how)
    return town.bill(1, on=date(2025, 11, 1), known_at=NEXT)


class TestWhatABillSays:
    def test_a_bill_with_an_estimate_says_so_with_share_and_clauses(self, town: UsageTown) -> None:
        (bill,) = october(town, with_gap(DAY, 10, 14)).issued

        record = json.loads(bill.record())
        estimated_wh = sum(wh or 0 for wh in weekly(DAY - timedelta(days=7), 96)[10:14])
        assert record["usage"]["estimated"] == {
            "interval_count": 4,
            "energy_wh": estimated_wh,
            "percent": "0.1",
            "counts_toward_cap": False,
            "by": [
                {
                    "method": "same_day",
                    "provision": "estimation.ami_interval.ladder",
                    "interval_count": 4,
                    "energy_wh": estimated_wh,
                }
            ],
        }
        mark, rung = bill.reasons[-3:-1]
        assert mark.finding == (
            "this bill is based on estimated usage: 4 of 2976 intervals, 0.1 percent of its energy"
        )
        assert mark.citation.text == "Sheet 131, rev. 4, GRR V.E.1"
        assert rung.finding == "4 intervals estimated by same day of an earlier week"
        assert rung.citation.text == "Sheet 131.2, rev. Original, GRR V.E.3.d"
        assert bill.usage.energy_wh == sum(
            sum(wh or 0 for wh in weekly(day, 96))
            for day in OCTOBER.days()
            if day != DAY
        ) + sum(
            wh or 0 for wh in weekly(DAY, 96)[:10] + weekly(DAY, 96)[14:]
        ) + estimated_wh  # fmt: skip

    def test_a_bill_without_one_keeps_its_form(self, town: UsageTown) -> None:
        (bill,) = october(town, weekly).issued
        assert "estimated" not in json.loads(bill.record())["usage"]
        assert "estimated" not in bill.as_answer()["usage"]
        assert not any("estimated" in reason.finding for reason in bill.reasons)

    def test_answers_have_their_energy_as_text(self, town: UsageTown) -> None:
        (bill,) = october(town, with_gap(DAY, 10, 11)).issued
        told = bill.as_answer()["usage"]["estimated"]
        assert told["energy_wh"] == told["by"][0]["energy_wh"]
        assert isinstance(told["energy_wh"], str)

    def test_it_is_replayed_to_the_byte_before_and_after_the_late_reading(
        self, town: UsageTown
    ) -> None:
        (bill,) = october(town, with_gap(DAY, 10, 14)).issued
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)

        then = town.replay(bill.bill_id)
        now = town.replay(bill.bill_id, as_known=NEXT)

        assert then.same_bytes
        assert not now.same_bytes
        assert now.bill.usage.estimated is None

    def test_intervals_of_several_lengths_say_it_too(self, town: UsageTown) -> None:
        """Hours until the middle of the month, then quarter-hours with a gap."""
        town.start(1, from_day=OCTOBER.from_day)
        town.arrive("M1", (date(2025, 9, 1), date(2025, 10, 20)), seconds=3600)
        last = date(2025, 10, 29)
        town.arrive("M1", (date(2025, 10, 20), OCTOBER.until_day), with_gap(last, 10, 14))
        town.validate(last, known_at=NIGHT)

        (bill,) = town.bill(1, on=date(2025, 11, 1), known_at=NEXT).issued

        assert bill.usage.interval_seconds is None
        assert bill.usage.estimated is not None
        assert bill.usage.estimated.interval_count == 4


class TestHeldDays:
    def test_a_day_that_waits_for_a_person_holds_the_bill(self, town: UsageTown) -> None:
        run = october(town, with_value(DAY, 40, BELOW_ZERO))

        assert run.issued == []
        (held,) = run.held
        assert held.code == "usage.held"
        assert "The usage of 1 day is held for review: 2025-10-08 (usage.negative)" in held.sentence
        assert "meterledger review list" in held.sentence

        item = day_to_review("M1", DAY, store=town.store, lake=town.lake, view=town.view)
        accept_day(item, author="Dana", reason="Solar", at=NEXT, store=town.store)
        assert town.bill(1, on=date(2025, 11, 1), known_at=NEXT).issued_count == 1

    @pytest.mark.parametrize("day", [date(2025, 9, 30), date(2025, 11, 1)])
    def test_a_day_outside_the_window_does_not(self, town: UsageTown, day: date) -> None:
        town.start(1, from_day=OCTOBER.from_day)
        town.arrive("M1", (SPAN[0], date(2025, 11, 2)), with_value(day, 40, BELOW_ZERO))
        town.validate(day)
        assert town.bill(1, on=date(2025, 11, 1), known_at=NEXT).issued_count == 1

    def test_a_gap_that_stays_holds_and_a_late_file_releases_at_once(self, town: UsageTown) -> None:
        run = october(town, with_gap(DAY, 10, 14), validated=False)
        (held,) = run.held
        assert held.code == "usage.gap"
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)
        assert town.bill(1, on=date(2025, 11, 1), known_at=NEXT).issued_count == 1


MONTHS = [date(2025, month, 1) for month in (7, 8, 9, 10, 11, 12)]


def half_months(missing: set[int], until: int = 26) -> Any:
    """Of these months, days 10 to 25 never arrive."""

    def values(day: date, count: int) -> list[int | None]:
        if day.month in missing and 10 <= day.day < until:
            return [None] * count
        return weekly(day, count)

    return values


def live(
    town: UsageTown, missing: set[int], causes: dict[int, EstimateCause], until: int = 26
) -> list[Any]:
    """Six months, validated day by day where something is missing, billed each month."""
    town.start(1, from_day=MONTHS[0])
    town.arrive("M1", (date(2025, 6, 1), date(2026, 1, 1)), half_months(missing, until))
    runs = []
    for month, after in zip(MONTHS, [*MONTHS[1:], date(2026, 1, 1)], strict=True):
        if month.month in missing:
            for day in range(10, until):
                town.validate(
                    month.replace(day=day),
                    cause=causes.get(month.month, EstimateCause.REMOTE_DEVICE_FAILED),
                )
        runs.append(town.bill(1, on=after, known_at=NEXT))
    return runs


class TestInARow:
    def test_three_may_go_out_and_the_fourth_waits_for_a_reading(self, town: UsageTown) -> None:
        runs = live(town, {7, 8, 9, 10}, {})

        assert [run.issued_count for run in runs[:4]] == [1, 1, 1, 0]
        (held,) = runs[3].held
        assert held.code == "usage.estimate_cap"
        assert "3 estimated in a row before it, at most 3 may be" in held.sentence
        assert "Sheet 131, rev. 4, GRR V.E.1" in held.sentence
        assert "Obtain an actual reading" in held.sentence

        town.arrive("M1", (date(2025, 10, 10), date(2025, 10, 26)), learned_at=NEXT)
        run = town.bill(1, on=date(2025, 11, 1), known_at=NEXT)
        assert run.issued_count == 1

    def test_another_rate_option_is_no_actual_reading(self, town: UsageTown) -> None:
        """The option goes to another after three estimated bills; the fourth waits all the same."""
        town.start(1, from_day=MONTHS[0])
        town.arrive("M1", (date(2025, 6, 1), date(2026, 1, 1)), half_months({7, 8, 9, 10}))
        runs = []
        for month, after in pairwise(MONTHS[:5]):
            for day in range(10, 26):
                town.validate(month.replace(day=day), cause=EstimateCause.REMOTE_DEVICE_FAILED)
            if month.month == 10:
                changed = change_rate(
                    account_id=town.account_id(1),
                    schedule="1M-overnight",
                    asked=date(2025, 9, 15),
                    learned_at=NEXT,
                    view=town.view,
                    store=town.store,
                )
            known = NEXT + timedelta(hours=month.month)
            runs.append(town.bill(1, on=after, known_at=known))

        assert [run.issued_count for run in runs] == [1, 1, 1, 0]
        (held,) = runs[3].held
        assert held.agreement_id == changed.then.agreement_id
        assert held.code == "usage.estimate_cap"
        assert "3 estimated in a row before it" in held.sentence

    def test_an_actual_month_between_begins_the_count_again(self, town: UsageTown) -> None:
        runs = live(town, {7, 8, 10, 11, 12}, {})
        assert [run.issued_count for run in runs] == [1] * 6

    def test_a_month_estimated_for_weather_neither_counts_nor_ends_the_row(
        self, town: UsageTown
    ) -> None:
        causes = {9: EstimateCause.WEATHER_EMERGENCY}
        runs = live(town, {7, 8, 9, 10, 11}, causes, until=24)
        assert [run.issued_count for run in runs[:5]] == [1, 1, 1, 1, 0]

    def test_a_month_mostly_estimated_for_weather_waits_at_the_gate(self, town: UsageTown) -> None:
        """Of 30 days 16 are estimated: no cap of the sheet watches over it, so a person looks."""
        weather = {9: EstimateCause.WEATHER_EMERGENCY}

        *_, september = live(town, {8, 9}, weather)[:3]

        (held,) = september.held
        assert held.code == "gate.estimated"
        assert "1536 of 2880 intervals and" in held.sentence
        assert "are estimated, more than 50 percent" in held.sentence


class TestUsageReplacedSinceBilled:
    def test_a_late_reading_tells_the_bill_and_the_difference(self, town: UsageTown) -> None:
        (bill,) = october(town, with_gap(DAY, 10, 14)).issued
        assert replaced(town) == (1, [])  # nothing has come since
        estimated_wh = bill.usage.estimated.energy_wh
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)

        looked_at, (one,) = replaced(town)

        real_wh = sum(wh or 0 for wh in weekly(DAY, 96)[10:14])
        assert looked_at == 1
        assert (one.bill_id, one.meter_id, one.days) == (bill.bill_id, "M1", OCTOBER)
        assert one.billed_wh == bill.usage.energy_wh
        assert one.now_wh == sum(sum(wh or 0 for wh in weekly(day, 96)) for day in OCTOBER.days())
        assert one.difference_wh == real_wh - estimated_wh
        assert one.estimated_wh == estimated_wh
        assert one.changed_days == (DAY,)
        assert one.as_json()["difference_wh"] == str(real_wh - estimated_wh)

    def test_multipliers_count(self, town: UsageTown) -> None:
        town.start(1, from_day=OCTOBER.from_day, multiplier=4)
        town.arrive("M1", SPAN, with_gap(DAY, 10, 14))
        town.validate()
        town.bill(1, on=date(2025, 11, 1), known_at=NEXT)
        late = with_value(DAY, 10, 1_000)
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), late, learned_at=NEXT)
        _, (one,) = replaced(town)
        before = weekly(DAY - timedelta(days=7), 96)
        now = late(DAY, 96)
        apart = [(now[slot] or 0) - (before[slot] or 0) for slot in range(10, 14)]
        assert one.difference_wh == 4 * sum(apart)

    def test_readings_of_other_days_and_the_same_values_again_tell_nothing(
        self, town: UsageTown
    ) -> None:
        october(town, weekly)
        town.arrive("M1", (OCTOBER.until_day, date(2025, 11, 5)), learned_at=NEXT)
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)
        assert replaced(town) == (1, [])

    def test_the_same_energy_at_other_times_is_another_usage(self, town: UsageTown) -> None:
        """A time-of-use price sees it: the sum of the day is the same, its intervals are not."""
        october(town, weekly)

        def swapped(day: date, count: int) -> list[int | None]:
            values = weekly(day, count)
            values[3], values[70] = values[70], values[3]
            return values

        town.arrive("M1", (DAY, DAY + timedelta(days=1)), swapped, learned_at=NEXT)
        _, (one,) = replaced(town)
        assert one.difference_wh == 0
        assert one.changed_days == ()

    @pytest.mark.parametrize(
        ("issued", "count"),
        [
            (DaySpan(date(2025, 11, 1), date(2025, 11, 2)), 1),
            (DaySpan(date(2025, 10, 1), date(2025, 11, 1)), 0),
        ],
    )
    def test_bills_are_chosen_by_the_day_of_issue(
        self, town: UsageTown, issued: DaySpan, count: int
    ) -> None:
        october(town, weekly)
        looked_at, _ = replaced(town, issued=issued)
        assert looked_at == count


def replaced(town: UsageTown, **how: Any) -> Any:
    return usage_replaced(store=town.store, lake=town.lake, view=town.view, **how)
