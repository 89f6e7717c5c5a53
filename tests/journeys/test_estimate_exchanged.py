"""What is missing of a day inside which the meter was exchanged: each meter's own time, no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import CHICAGO, FIRST, VIEWER
from tests.journeys.usage_town import NEXT, NIGHT, UsageTown, usage_town, weekly

from meterledger.facts.estimates import EstimateCause, Method
from meterledger.facts.meters import LinkSource
from meterledger.facts.places import MeterInstallation
from meterledger.facts.readings import Quality
from meterledger.facts.usage_log import ReviewAct
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import Validity
from meterledger.usecases.change_meters import exchange_meter
from meterledger.usecases.estimate_missing import EstimatedDays, estimate_missing
from meterledger.usecases.meter_checks import Linked, Visit
from meterledger.usecases.own_time import OwnTime
from meterledger.usecases.review_usage import (
    CannotReview,
    DayToReview,
    accept_day,
    day_to_review,
    edit_day,
    estimate_day,
)

OCTOBER, DAY = date(2025, 10, 1), date(2025, 10, 10)
SCANNED = Linked(LinkSource.INSTALLER_SCAN, 95, "scan of the label, work order 12")
WHO: dict[str, Any] = {"author": "Dana Cole", "reason": "The radio has failed"}
TWO, SEVEN_PAST = 14 * 3600, 14 * 3600 + 420
Gap = Sequence[int]


@dataclass
class Exchanged:
    """A home whose meter M1 was exchanged for M9 inside a day, ``second`` seconds into it."""

    town: UsageTown
    first: date = OCTOBER
    day: date = DAY
    second: int = TWO
    seconds: int = 900

    @property
    def until(self) -> date:
        """The first day of the next month."""
        return (self.first + timedelta(days=31)).replace(day=1)

    def happen(self, *, old: Gap = (), new: Gap = ()) -> None:
        """The exchange, and what both meters send but for their gaps on the day."""
        at = day_start_utc(self.day, CHICAGO) + timedelta(seconds=self.second)
        self.town.start(1, from_day=self.first)
        exchange_meter(
            Visit("SP1", at, "due for its test", (), ()),
            "M9",
            SCANNED,
            learned_at=FIRST,
            zone_name=CHICAGO,
            store=self.town.store,
        )
        came, gone = self.second // self.seconds, -(-self.second // self.seconds)
        following = self.day + timedelta(days=1)
        before = self.first - timedelta(days=35)
        self.send("M1", before, following, lambda slot: slot < gone and slot not in old)
        self.send("M9", self.day, self.until, lambda slot: slot >= came and slot not in new)

    def send(self, meter: str, first: date, until: date, sent: Callable[[int], bool]) -> None:
        def values(day: date, count: int) -> list[int | None]:
            told = weekly(day, count)
            if day != self.day:
                return told
            return [wh if sent(slot) else None for slot, wh in enumerate(told)]

        self.town.arrive(meter, (first, until), values, seconds=self.seconds)

    def item(self, meter: str) -> DayToReview:
        town = self.town
        return day_to_review(meter, self.day, store=town.store, lake=town.lake, view=town.view)

    def estimate(self, meter: str) -> EstimatedDays:
        return estimate_missing(
            meter,
            [self.day],
            cause=EstimateCause.REMOTE_DEVICE_FAILED,
            at=NIGHT,
            store=self.town.store,
            lake=self.town.lake,
            view=self.town.view,
            **WHO,
        )

    def usual(self, slot: int) -> int:
        """What M1 measured a week before."""
        return self.town.values_of("M1", self.day - timedelta(days=7))[slot]

    def bill(self, known_at: datetime = NEXT) -> Any:
        return self.town.bill(1, on=self.until, known_at=known_at)


@pytest.fixture
def town(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    made = usage_town(tmp_path, book=first_book)
    with made.store.viewing(VIEWER, []):
        yield made


class TestNothingIsMissing:
    @pytest.mark.parametrize("seconds", [900, 3600])
    @pytest.mark.parametrize("second", [TWO, SEVEN_PAST])
    def test_where_each_meter_has_sent_its_own_time(
        self, town: UsageTown, second: int, seconds: int
    ) -> None:
        home = Exchanged(town, second=second, seconds=seconds)
        home.happen()

        assert [home.item(meter).missing_count for meter in ("M1", "M9")] == [0, 0]
        assert [home.estimate(meter).edits for meter in ("M1", "M9")] == [(), ()]
        assert len(home.bill().issued) == 1

    def test_and_such_a_day_may_be_accepted_as_it_is(self, town: UsageTown) -> None:
        home = Exchanged(town)
        home.happen()
        home.town.arrive(
            "M9", (DAY, DAY + timedelta(days=1)), lambda day, n: [None] * 56 + [-900] * (n - 56)
        )
        home.town.validate(day=DAY)
        item = home.item("M9")

        assert ReviewAct.ACCEPT in item.ways_out
        accept_day(item, **WHO, at=NEXT, store=town.store)
        assert home.item("M9").open_ids == ()

    def test_but_nothing_is_accepted_of_which_own_time_is_missing(self, town: UsageTown) -> None:
        home = Exchanged(town)
        home.happen(new=range(56, 96))
        home.town.validate(day=DAY)
        item = home.item("M9")

        assert item.open_ids
        with pytest.raises(CannotReview, match="40 intervals of the day are missing"):
            accept_day(item, **WHO, at=NEXT, store=town.store)


class TestTheMeterThatCame:
    def test_has_its_gap_estimated_and_the_bill_leaves(self, town: UsageTown) -> None:
        home = Exchanged(town)
        home.happen(new=range(60, 64))
        assert [one.code for one in home.bill(NIGHT).held] == ["usage.gap"]

        made = home.estimate("M9")

        assert (made.interval_count, made.left) == (4, ())
        after = town.values_of("M9", DAY)
        assert after[:56] == [-1] * 56, "the time before it came is no time of its own"
        assert after[60:64] == [after[59]] * 4
        (bill,) = home.bill().issued
        assert bill.usage.estimated.interval_count == 4
        assert town.replay(bill.bill_id).same_bytes

    def test_is_never_taken_to_have_measured_zero_before_it_came(self, town: UsageTown) -> None:
        home = Exchanged(town)
        home.happen(new=range(56, 60))

        assert home.estimate("M9").interval_count == 4

        after = town.values_of("M9", DAY)
        assert after[56:60] == [after[60]] * 4

    def test_has_no_estimate_where_it_measured_nothing_of_the_day(self, town: UsageTown) -> None:
        home = Exchanged(town)
        home.happen(new=range(56, 96))

        assert home.estimate("M9").left == (DAY,)
        assert town.store.edits_of_meter("M9") == []


class TestTheMeterThatLeft:
    @pytest.mark.parametrize("gap", [range(40, 44), range(50, 56), range(56)])
    def test_has_its_gap_estimated_and_nothing_after_it_left(
        self, town: UsageTown, gap: range
    ) -> None:
        home = Exchanged(town)
        home.happen(old=gap)
        (held,) = home.bill(NIGHT).held
        assert (held.code, home.item("M1").missing_count) == ("usage.gap", len(gap))

        made = home.estimate("M1")

        assert (made.interval_count, made.left) == (len(gap), ())
        after = town.values_of("M1", DAY)
        assert [after[slot] for slot in gap] == [home.usual(slot) for slot in gap]
        assert after[56:] == [-1] * 40
        (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.interval_count == len(gap)
        (bill,) = home.bill().issued
        assert bill.usage.estimated.interval_count == len(gap)

    @pytest.mark.parametrize(("day", "former"), [(date(2025, 10, 3), True), (DAY, False)])
    def test_says_whether_a_former_occupant_used_what_it_rests_on(
        self, town: UsageTown, day: date, former: bool
    ) -> None:
        """Service begins on 1 October; the ladder looks at the same weekday a week before."""
        home = Exchanged(town, day=day)
        home.happen(old=[40])
        home.estimate("M1")

        (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.estimate.former_occupant is former


class TestTheIntervalOfTheExchange:
    """It holds energy of each meter from while it was there, so that the bill asks it of both."""

    def test_is_estimated_whole_and_billed_by_the_share_of_its_time(self, town: UsageTown) -> None:
        home = Exchanged(town, second=SEVEN_PAST)
        home.happen(old=[56], new=[56])
        assert [home.item(meter).missing for meter in ("M1", "M9")] == [[56], [56]]
        assert [one.code for one in home.bill(NIGHT).held] == ["usage.gap"]

        home.estimate("M1")
        home.estimate("M9")

        after = town.values_of("M9", DAY)
        assert town.values_of("M1", DAY)[56] == home.usual(56)
        assert after[56] == after[57]
        (bill,) = home.bill().issued
        assert bill.usage.estimated.energy_wh == home.usual(56) * 7 // 15 + after[57] * 8 // 15

    def test_is_no_level_for_what_is_missing_beside_it(self, town: UsageTown) -> None:
        home = Exchanged(town, second=SEVEN_PAST)
        home.happen(new=[57])

        home.estimate("M9")

        after = town.values_of("M9", DAY)
        assert after[57] == after[58] != after[56]

    def test_is_an_hour_where_meters_send_hours(self, town: UsageTown) -> None:
        home = Exchanged(town, second=SEVEN_PAST, seconds=3600)
        home.happen(old=[14], new=[14, 20])

        home.estimate("M1")
        home.estimate("M9")

        after = town.values_of("M9", DAY)
        assert (after[14], after[20]) == (after[15], after[19])
        (bill,) = home.bill().issued
        shared = home.usual(14) * 7 // 60 + after[15] * 53 // 60
        assert bill.usage.estimated.energy_wh == shared + after[19]


@pytest.mark.parametrize(
    ("first", "day", "slot"),
    [(date(2025, 11, 1), date(2025, 11, 2), 60), (date(2026, 3, 1), date(2026, 3, 8), 52)],
)
def test_on_a_day_of_a_clock_change_hours_that_passed_count(
    town: UsageTown, first: date, day: date, slot: int
) -> None:
    """At two in the afternoon fifteen hours have passed in autumn, and thirteen in spring."""
    home = Exchanged(town, first, day, slot * 900)
    home.happen(old=[slot - 1], new=[slot + 4])
    assert (home.item("M1").missing, home.item("M9").missing) == ([slot - 1], [slot + 4])

    assert home.estimate("M1").interval_count == home.estimate("M9").interval_count == 1

    assert town.values_of("M1", day)[slot:] == [-1] * (len(home.item("M1").values) - slot)
    assert town.values_of("M9", day)[:slot] == [-1] * slot
    assert len(home.bill().issued) == 1


class TestByHand:
    def test_an_edit_owes_no_value_of_another_meters_time(self, town: UsageTown) -> None:
        home = Exchanged(town)
        home.happen(new=[60, 61])
        how: dict[str, Any] = {"store": town.store, "lake": town.lake, "zone": CHICAGO, "at": NIGHT}

        with pytest.raises(CannotReview, match="1 interval would still be missing"):
            edit_day(home.item("M9"), {60: 180}, **WHO, **how)
        edit_day(home.item("M9"), {60: 180, 61: 190}, **WHO, **how)

        assert town.values_of("M9", DAY)[60:62] == [180, 190]
        assert len(home.bill().issued) == 1

    @pytest.mark.parametrize(("meter", "slot"), [("M9", 55), ("M1", 56)])
    def test_another_meters_time_is_not_estimated(
        self, town: UsageTown, meter: str, slot: int
    ) -> None:
        home = Exchanged(town)
        home.happen()
        own = "56-95" if meter == "M9" else "0-55"
        how: dict[str, Any] = {"store": town.store, "lake": town.lake, "view": town.view}

        with pytest.raises(CannotReview) as refused:
            estimate_day(home.item(meter), **WHO, **how, at=NIGHT, slots=[slot])
        assert str(refused.value).count(f"The meter was not there in interval {slot}") == 1
        assert f"like {own}" in str(refused.value)
        with pytest.raises(CannotReview, match=f"or {own} for all"):
            estimate_day(home.item(meter), **WHO, **how, at=NIGHT)
        assert town.store.edits_of_meter(meter) == []

    def test_own_time_that_is_named_is_estimated(self, town: UsageTown) -> None:
        home = Exchanged(town)
        home.happen()
        town_of: dict[str, Any] = {"store": town.store, "lake": town.lake, "view": town.view}

        estimate_day(home.item("M1"), **WHO, **town_of, at=NIGHT, slots=range(50, 56))

        assert town.values_of("M1", DAY)[50:56] == [home.usual(slot) for slot in range(50, 56)]
        assert town.day("M1", DAY).quality[0, 55] == Quality.ESTIMATED.value
        (one,) = town.store.estimates_of_meter("M1")
        assert one.estimate.method is Method.SAME_DAY


def stay(first: date, until: date | None, **seconds: int) -> MeterInstallation:
    return MeterInstallation("SP1", "M1", 1, Validity(first, until), FIRST, **seconds)


@pytest.mark.parametrize(
    ("stays", "own"),
    [
        ([], (0, 24)),
        ([stay(OCTOBER, None)], (0, 24)),
        ([stay(OCTOBER, DAY)], (0, 24)),  # gone at midnight: nobody knows whose the day is
        ([stay(OCTOBER, DAY, ended_second=TWO)], (0, 14)),
        ([stay(OCTOBER, DAY, ended_second=TWO + 1)], (0, 15)),
        ([stay(DAY, None, began_second=TWO)], (14, 24)),
        ([stay(DAY, None, began_second=TWO - 1)], (13, 24)),
        ([stay(OCTOBER, DAY + timedelta(days=1), ended_second=TWO)], (0, 24)),
    ],
)
def test_own_time_is_that_of_the_stays(
    stays: list[MeterInstallation], own: tuple[int, int]
) -> None:
    found = OwnTime.of(stays, DAY, zone=CHICAGO, count=24)
    assert found.slots == tuple(range(*own))
    assert sorted([*found.slots, *found.others]) == list(range(24))


def test_a_meter_that_left_and_came_elsewhere_has_both_its_times() -> None:
    stays = [stay(OCTOBER, DAY, ended_second=TWO), stay(DAY, None, began_second=TWO + 3600)]
    found = OwnTime.of(stays, DAY, zone=CHICAGO, count=24)
    assert found.others == (14,)


def test_a_day_of_which_no_interval_can_be_given_has_none_of_its_own() -> None:
    found = OwnTime.of([stay(OCTOBER, None)], DAY, zone=CHICAGO, count=0)
    assert (found.slots, found.words) == ((), "none")
