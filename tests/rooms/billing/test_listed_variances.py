"""Waivers and variances listed for named places, by the real book: every row, by every name.

Lives here      that each row is found by what it says and by its order, and nothing else by them;
                what a decision rests on; names that no list has.
Lives elsewhere both sides of every page's day, and the readings (the chapter's stories).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.rooms.rulebook_on import ruling_on, the_book

from meterledger.billing import listed_variances
from meterledger.billing.listed_variances import Effect, Listed, ListedFacts, NamedByNoSheet
from meterledger.rulebook.provisions import ReviewNeeded
from meterledger.usecases.decide import Ruling
from meterledger.usecases.rule_registry import rule_named

RULE = rule_named("variances.listed")
ROWS = [one for one in the_book().provisions() if one.id in RULE.provisions]
DAYS = (date(2013, 6, 30), date(2013, 7, 5), date(2019, 7, 14), date(2020, 10, 24))
LAST_PAGE = date(2020, 1, 1)
CARRIED = {"gaps.carry_forward.c_waiver_list_end": "manual_review"}


def decided(named: str, day: date, **more: Any) -> Ruling:
    return ruling_on(RULE, ListedFacts(named), day, **more)


def listed(named: str, day: date) -> Listed:
    outcome: Listed = decided(named, day).decision.outcome
    return outcome


def value_of(provision: str, *kinds: str) -> str:
    """The name of the one value of a provision that is of such a kind."""
    (name,) = [
        name
        for name in RULE.values
        if the_book().provision_of(name) == provision and name.endswith(kinds)
    ]
    return name


def texts_of(provision: str, day: date) -> tuple[str, str] | None:
    """Order and place or project of a row as the book has them on a day; None if it has none."""
    order = the_book().series(value_of(provision, "_order")).covering(day)
    what = the_book().series(value_of(provision, "_area", "_project")).covering(day)
    return (order.value, what.value) if order is not None and what is not None else None


class TestEveryRow:
    def test_of_both_lists_of_the_book_is_known(self) -> None:
        of_the_book = {
            one.id
            for one in the_book().provisions()
            if one.id.startswith(("variances.competition.", "variances.other."))
        }

        assert {one.id for one in ROWS} == of_the_book
        assert len(ROWS) == 20

    @pytest.mark.parametrize("provision", [one.id for one in ROWS])
    def test_is_found_on_every_page_by_its_order_and_by_what_it_says(self, provision: str) -> None:
        found = 0
        for day in DAYS:
            texts = texts_of(provision, day)
            if texts is None:
                continue
            for named in (*texts, texts[0].replace("-", " ").lower(), texts[1].upper()):
                found += 1
                outcome = listed(named, day)

                assert (outcome.listed, outcome.applies) == (True, True)
                assert texts in [(one.order, one.what) for one in outcome.listings]

        assert found >= 8

    @pytest.mark.parametrize("provision", [one.id for one in ROWS])
    def test_says_what_the_book_says_comes_of_it(self, provision: str) -> None:
        texts = texts_of(provision, LAST_PAGE)
        assert texts is not None
        version = the_book().clause(provision, LAST_PAGE).version

        (listing,) = listed(texts[0], LAST_PAGE).listings

        wanted = {
            "waiver applies to premises inside the area": Effect.WAIVER,
            "variance recorded for the premises": Effect.VARIANCE,
        }
        assert listing.effect is wanted[version.outcome]
        assert (listing.bounds_by is not None) == ("Territorial Agreement" in texts[1])

    def test_is_all_that_a_decision_on_it_rests_on(self) -> None:
        ruling = decided("Orchard House", LAST_PAGE)

        assert ruling.provisions == (("variances.other.EO-89-7", "161.1-2"),)
        assert ruling.values == ("variances_other_eo_89_7_order", "variances_other_eo_89_7_project")

    def test_has_none_of_its_names_in_the_program(self) -> None:
        source = Path(listed_variances.__file__).read_text(encoding="utf-8")
        names = [texts_of(one.id, LAST_PAGE) for one in ROWS]

        assert [one for one in names if one and one[1].split(",")[0].split(" (")[0] in source] == []


class TestAName:
    @pytest.mark.parametrize(
        ("named", "orders"),
        [
            ("Markway Meadows", ["EE-2013-0511"]),
            ("markway meadows subdivision", ["EE-2013-0511"]),
            ("Scarborough Estates", ["EO-93-16"]),
            ("Westport Subdivision", ["EAO 988", "EO-93-16"]),
            ("Hylton Point II", ["EE-2000-465"]),
            ("Mid American Bank", ["EO-93-266"]),
            ("EAO-988", ["EAO 988"]),
        ],
    )
    def test_may_leave_out_what_the_list_adds_to_it(self, named: str, orders: list[str]) -> None:
        assert [one.order for one in listed(named, LAST_PAGE).listings] == orders

    @pytest.mark.parametrize(
        "named",
        [
            *("Markway", "Meadows", "Subdivision", "Cole County", "MO", "Estates", "33", "NBA"),
            *("Hylton Point", "Hylton Point III", "Garden Villas", "EO-93", "16", "-", "("),
            *("Orchard House II", "Highway T", "Territorial Agreement", "x" * 2_000),
        ],
    )
    def test_that_is_a_part_of_one_or_more_than_one_is_none(self, named: str) -> None:
        with pytest.raises(NamedByNoSheet, match="No list in force on 2020-01-01 names"):
            listed(named, LAST_PAGE)

    def test_that_no_list_has_is_refused_with_names_like_it(self) -> None:
        with pytest.raises(NamedByNoSheet) as refused:
            listed("Orchid House", LAST_PAGE)

        assert str(refused.value) == (
            "facts.named: No list in force on 2020-01-01 names 'Orchid House'. The first page of "
            "the lists and pages of other days are not held. Names like it: Orchard House. Name it "
            "as the list does, or by its order; else look into those pages."
        )

    def test_outside_whose_bounds_the_premises_lie_does_nothing(self) -> None:
        facts = ListedFacts("Highway T Corridor", outside_bounds=True)

        outcome: Listed = ruling_on(RULE, facts, LAST_PAGE).decision.outcome

        assert (outcome.listed, outcome.applies) == (True, False)
        assert outcome.listings[0].bounds_by == (
            "Territorial Agreement with Cuivre River Electric Cooperative of October 30, 1992"
        )


class TestAfterTheLastPageHeld:
    @pytest.mark.parametrize("provision", [one.id for one in ROWS])
    def test_each_row_is_left_to_a_person_where_it_is_not_carried_forward(
        self, provision: str
    ) -> None:
        texts = texts_of(provision, date(2020, 10, 24))
        assert texts is not None

        with pytest.raises(ReviewNeeded, match=f"'{provision}' .* has no text in force"):
            decided(texts[0], date(2020, 10, 24), readings=CARRIED)
        assert decided(texts[0], date(2020, 10, 23), readings=CARRIED).decision.outcome.listed
