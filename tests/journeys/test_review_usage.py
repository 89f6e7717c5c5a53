"""Held usage is looked at and decided: who, why, from which version to which; nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.town import VIEWER
from tests.journeys.usage_town import (
    BELOW_ZERO,
    DAY,
    MONTH_BEFORE,
    NEXT,
    NIGHT,
    UsageTown,
    usage_town,
    weekly,
    with_gap,
    with_value,
)

from meterledger.facts.estimates import EstimateCause, Method
from meterledger.facts.readings import Quality
from meterledger.facts.usage_log import FindingState, ReviewAct
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.review_usage import (
    CannotReview,
    DayToReview,
    accept_day,
    day_to_review,
    edit_day,
    estimate_day,
    reject_day,
)

SPAN = (MONTH_BEFORE, DAY + timedelta(days=1))
WHO: dict[str, Any] = {"author": "Dana Cole", "reason": "Seen on site", "at": NEXT}


@pytest.fixture
def town(tmp_path: Path, first_book: Any) -> Iterator[UsageTown]:
    """One home whose day has a value below zero, validated and held."""
    made = usage_town(tmp_path, book=first_book)
    with made.store.viewing(VIEWER, []):
        made.start(1)
        made.arrive("M1", SPAN, with_value(DAY, 40, BELOW_ZERO))
        made.validate()
        yield made


def look(town: UsageTown, day: date = DAY) -> DayToReview:
    return day_to_review("M1", day, store=town.store, lake=town.lake, view=town.view)


class TestLooking:
    def test_a_day_is_shown_with_its_history_and_the_ways_out(self, town: UsageTown) -> None:
        item = look(town)

        assert item.values[40] == BELOW_ZERO
        assert (
            item.usual[40]
            == sum(weekly(DAY - timedelta(weeks=week), 96)[40] or 0 for week in (1, 2, 3, 4)) // 4
        )
        assert [one.logged.finding.code for one in item.findings if one.holds] == ["usage.negative"]
        assert item.ways_out == tuple(ReviewAct)
        assert item.energy_wh == sum(one or 0 for one in item.values)

    def test_what_is_missing_cannot_be_accepted(self, town: UsageTown) -> None:
        town.start(2, from_day=DAY)
        town.arrive("M2", (DAY, DAY + timedelta(days=1)), lambda day, count: [None] * count)
        town.validate(known_at=NEXT)
        item = day_to_review("M2", DAY, store=town.store, lake=town.lake, view=town.view)

        assert item.missing_count == 96
        assert ReviewAct.ACCEPT not in item.ways_out
        with pytest.raises(CannotReview, match="96 intervals of the day are missing"):
            accept_day(item, **WHO, store=town.store)
        with pytest.raises(CannotReview, match="No rung of the ladder works"):
            estimate_day(item, **WHO, store=town.store, lake=town.lake, view=town.view)

    def test_a_meter_that_nobody_has_heard_of_is_refused(self, town: UsageTown) -> None:
        with pytest.raises(NotFound, match="There is no meter M99"):
            day_to_review("M99", DAY, store=town.store, lake=town.lake, view=town.view)


class TestAccepting:
    def test_the_day_is_free_and_stays_free_when_it_is_looked_at_again(
        self, town: UsageTown
    ) -> None:
        accept_day(look(town), **WHO, store=town.store)
        town.start(2)
        town.arrive("M2", SPAN, learned_at=NEXT)

        report = town.validate(known_at=NEXT)

        assert report.counts.held == 0
        assert town.store.review_queue() == []
        (found,) = [
            one for one in look(town).findings if one.logged.finding.code == "usage.negative"
        ]
        assert found.state is FindingState.ACCEPTED
        assert found.review is not None
        assert (found.review.author, found.review.reason) == ("Dana Cole", "Seen on site")
        assert town.values_of("M1")[40] == BELOW_ZERO

    def test_other_values_are_another_finding(self, town: UsageTown) -> None:
        accept_day(look(town), **WHO, store=town.store)
        town.arrive("M1", (DAY, DAY + timedelta(days=1)), with_value(DAY, 40, -5), learned_at=NEXT)
        assert town.validate(known_at=NEXT).counts.held == 1
        assert look(town).open_ids

    def test_nobody_decides_twice_or_what_is_not_held(self, town: UsageTown) -> None:
        item = look(town)
        accept_day(item, **WHO, store=town.store)
        with pytest.raises(Conflict, match="is settled already"):
            reject_day(item, **WHO, store=town.store)
        with pytest.raises(CannotReview, match="Nothing holds this day"):
            accept_day(look(town), **WHO, store=town.store)

    def test_a_day_that_nothing_holds_may_be_corrected_by_a_name_with_a_reason(
        self, town: UsageTown
    ) -> None:
        accept_day(look(town), **WHO, store=town.store)
        item = look(town)
        assert item.ways_out == (ReviewAct.EDIT, ReviewAct.ESTIMATE)

        edit = edit_day(
            item, {40: 777}, **WHO, store=town.store, lake=town.lake, zone=town.view.time_zone
        )

        assert (edit.interval_count, edit.after_wh) == (1, 777)
        assert look(town).values[40] == 777
        assert town.store.reviews_of_meter("M1")[-1].finding_ids == ()

    @pytest.mark.parametrize(("name", "flag"), [("author", "--by"), ("reason", "--reason")])
    def test_a_decision_has_a_name_and_a_reason(
        self, town: UsageTown, name: str, flag: str
    ) -> None:
        with pytest.raises(CannotReview, match=f"The decision has no {name}.*Give {flag}"):
            accept_day(look(town), **(WHO | {name: "  "}), store=town.store)
        assert town.store.reviews_of_meter("M1") == []


class TestEditing:
    def test_an_edit_is_a_version_beside_the_old_one(self, town: UsageTown) -> None:
        item = look(town)

        edit = edit_day(
            item, {40: 120, 41: item.values[41] or 0}, **WHO, store=town.store, lake=town.lake,
            zone=town.view.time_zone,
        )  # fmt: skip

        assert town.values_of("M1")[40] == 120
        assert town.values_of("M1", sequence=edit.before_sequence)[40] == BELOW_ZERO
        assert town.methods_of("M1")[39:42] == [0, Method.EDITED, 0]
        assert town.day("M1").quality[0, 40] == Quality.ADJUSTED.value
        assert (edit.before_wh, edit.after_wh, edit.interval_count) == (BELOW_ZERO, 120, 1)
        assert town.store.edits_of_meter("M1") == [edit]
        assert town.store.review_queue() == []
        assert town.validate(known_at=NEXT).counts.complete == 1

    def test_a_file_sent_again_does_not_undo_it(self, town: UsageTown) -> None:
        edit_day(look(town), {40: 120}, **WHO, store=town.store, lake=town.lake,
                 zone=town.view.time_zone)  # fmt: skip
        town.arrive("M1", SPAN, with_value(DAY, 40, BELOW_ZERO), learned_at=NEXT)
        assert town.values_of("M1")[40] == 120

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({}, "The edit changes nothing"),
            ({40: BELOW_ZERO}, "The edit changes nothing"),
            ({96: 5}, "The day has no interval 96. Count intervals from 0 to 95"),
            ({-1: 5}, "The day has no interval -1"),
            ({41: -5}, "Interval 41 cannot have -5 Wh. Give the watt-hours that were used, zero"),
        ],
    )
    def test_what_is_no_edit_is_refused(
        self, town: UsageTown, values: dict[int, int], said: str
    ) -> None:
        with pytest.raises(CannotReview) as refused:
            edit_day(look(town), values, **WHO, store=town.store, lake=town.lake,
                     zone=town.view.time_zone)  # fmt: skip
        assert said in refused.value.sentence
        assert town.store.edits_of_meter("M1") == []

    def test_an_edit_leaves_no_gap(self, town: UsageTown) -> None:
        town.start(2, from_day=DAY)
        town.arrive("M2", (DAY, DAY + timedelta(days=1)), with_gap(DAY, 0, 95))
        town.validate(known_at=NEXT)
        item = day_to_review("M2", DAY, store=town.store, lake=town.lake, view=town.view)
        if item.missing_count:  # a flat line may have filled it
            with pytest.raises(CannotReview, match="intervals would still be missing"):
                edit_day(item, {0: 5}, **WHO, store=town.store, lake=town.lake,
                         zone=town.view.time_zone)  # fmt: skip

    def test_two_people_at_once_do_not_both_decide(self, town: UsageTown) -> None:
        item = look(town)
        town.start(2)
        town.arrive("M2", SPAN, learned_at=NEXT)  # the lake has moved since the page was made
        with pytest.raises(Conflict, match="was at sequence 1 when this file was read"):
            edit_day(item, {40: 120}, **WHO, store=town.store, lake=town.lake,
                     zone=town.view.time_zone)  # fmt: skip
        assert town.values_of("M1")[40] == BELOW_ZERO


class TestEstimating:
    def test_some_intervals_are_estimated_and_the_others_stay(self, town: UsageTown) -> None:
        before = town.values_of("M1")

        estimate_day(
            look(town), **WHO, slots=[40], store=town.store, lake=town.lake, view=town.view
        )

        after = town.values_of("M1")
        assert after[40] == weekly(DAY - timedelta(days=7), 96)[40]
        assert after[:40] + after[41:] == before[:40] + before[41:]
        assert town.day("M1").quality[0, 40] == Quality.ESTIMATED.value
        (estimate,) = town.store.estimates_of_meter("M1")
        assert estimate.estimate.cause is EstimateCause.HUMAN_OR_BILLING_ERROR
        assert estimate.estimate.provision == "estimation.ami_interval.ladder"
        assert town.validate(known_at=NEXT).counts.estimated == 1

    def test_a_whole_day_is_estimated_for_the_cause_that_is_told(self, town: UsageTown) -> None:
        estimate_day(
            look(town), **WHO, slots=range(96), cause=EstimateCause.UNDETECTABLE_EQUIPMENT_FAILURE,
            store=town.store, lake=town.lake, view=town.view,
        )  # fmt: skip
        assert town.values_of("M1") == weekly(DAY - timedelta(days=7), 96)
        assert {one.estimate.cause for one in town.store.estimates_of_meter("M1")} == {
            EstimateCause.UNDETECTABLE_EQUIPMENT_FAILURE
        }

    def test_what_was_measured_gives_way_only_where_it_is_named(self, town: UsageTown) -> None:
        before = town.values_of("M1")

        with pytest.raises(CannotReview) as refused:
            estimate_day(look(town), **WHO, store=town.store, lake=town.lake, view=town.view)

        assert "Every interval of the day was received, and none is named" in str(refused.value)
        assert "like 40-43, or 0-95 for all" in str(refused.value)
        assert town.values_of("M1") == before


class TestRejecting:
    def test_a_rejected_day_stays_held_until_it_is_read(self, town: UsageTown) -> None:
        reject_day(look(town), **WHO, store=town.store)
        assert [one.state for one in town.store.review_queue()] == [FindingState.REJECTED]

        town.arrive("M1", (DAY, DAY + timedelta(days=1)), learned_at=NEXT)
        assert town.validate(known_at=NEXT).counts.complete == 1
        assert town.store.review_queue() == []

    def test_a_rejected_day_may_be_estimated_later(self, town: UsageTown) -> None:
        reject_day(look(town), **WHO, store=town.store)
        estimate_day(look(town), **(WHO | {"at": NIGHT}), slots=[40], store=town.store,
                     lake=town.lake, view=town.view)  # fmt: skip
        assert town.store.review_queue() == []
        assert [one.act for one in town.store.reviews_of_meter("M1")] == [
            ReviewAct.REJECT,
            ReviewAct.ESTIMATE,
        ]
