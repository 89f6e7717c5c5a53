"""What a rule may ask on a day: limits over values, clauses past their last text, and the memory.

Over the small book of ``tests/data/book_with_pages``: a fee of 20, from 2018 30, carried forward
from 2021; a statute caps it at 25 from 2020-01-01, or from 2019-06-01 under another reading.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from tests.rooms.rulebook_on import terms_on

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.loading import load_book
from meterledger.rulebook.provisions import ReviewNeeded
from meterledger.rulebook.readings import NoSuchReading
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

VIEW = load_book(Path(__file__).parents[2] / "data" / "book_with_pages").as_known(date.max)
DAYS_OF_2013 = ((7, 4), (7, 5), (7, 31), (8, 1))
EARLIER_CAP = {"visit.cap_start": "2019-06-01"}


def terms(day: str, readings: dict[str, str] | None = None, rule: Rule | None = None) -> Terms:
    """The small book on a day."""
    view: BookView = VIEW.with_readings(readings) if readings else VIEW
    return Terms(view, date.fromisoformat(day), rule=rule)


class TestALimitOverAValue:
    @pytest.mark.parametrize(
        ("day", "readings", "cents", "capped"),
        [
            ("2017-12-31", None, 2000, False),
            ("2019-05-31", None, 3000, False),
            ("2019-12-31", None, 3000, False),
            ("2020-01-01", None, 2500, True),
            ("2019-05-31", EARLIER_CAP, 3000, False),
            ("2019-06-01", EARLIER_CAP, 2500, True),
            ("2020-01-01", EARLIER_CAP, 2500, True),
        ],
    )
    def test_lowers_it_from_its_first_day_on(
        self, day: str, readings: dict[str, str] | None, cents: int, capped: bool
    ) -> None:
        fee = terms(day, readings).cents("visit_fee_usd")

        assert fee.value == cents
        assert [one.paragraph for one in fee.limited_by] == (["12.3.4"] if capped else [])

    def test_leaves_both_clauses_to_cite(self) -> None:
        fee = terms("2020-06-01").cents("visit_fee_usd")

        assert fee.citation.text == "Sheet 7, rev. 1, R 1.B"
        assert fee.limited_by[0].text == "12.3, rev. 2019, 12.3.4"

    @pytest.mark.parametrize(
        ("day", "readings", "cited"),
        [
            ("2019-05-31", None, False),
            ("2019-06-01", None, True),
            ("2019-12-31", None, True),
            ("2020-01-01", None, False),
            ("2019-05-31", EARLIER_CAP, False),
            ("2019-06-01", EARLIER_CAP, True),
            ("2019-12-31", EARLIER_CAP, True),
            ("2020-01-01", EARLIER_CAP, False),
        ],
    )
    def test_cites_the_reading_of_its_first_day_only_between_the_two_days(
        self, day: str, readings: dict[str, str] | None, cited: bool
    ) -> None:
        asked = terms(day, readings)
        asked.cents("visit_fee_usd")

        assert ("visit.cap_start" in asked.memory.readings) is cited

    def test_that_is_higher_is_cited_and_changes_nothing(self) -> None:
        """On a day of both: a fee of 20 dollars under a cap of 25."""
        book = VIEW.with_readings(EARLIER_CAP)
        lower = Terms(book, date(2019, 7, 1))
        found = lower._lowered(VIEW.series("visit_fee_usd").on(date(2017, 1, 1)), "statute_cap_usd")

        assert found.value == 20
        assert len(found.limited_by) == 1
        assert lower.memory.readings == {}


class TestAClause:
    def test_is_the_version_in_force_on_the_day(self) -> None:
        assert terms("2017-12-31").clause("visit.fee").citation.text == (
            "Sheet 7, rev. Original, R 1.A"
        )
        assert terms("2018-01-01").clause("visit.fee").citation.text == "Sheet 7, rev. 1, R 1.B"

    def test_past_its_last_text_is_carried_forward_and_cites_its_reading(self) -> None:
        filed, carried = terms("2020-12-31"), terms("2021-01-01")

        assert filed.clause("visit.fee").standing is Standing.FILED
        assert filed.memory.readings == {}
        assert carried.clause("visit.fee").standing is Standing.CARRIED_FORWARD
        assert carried.memory.readings == {"visit.after_2021": "carry_forward"}
        assert carried.memory.carried == {("visit.fee", "7-1"): None}
        assert carried.memory.provisions == {}

    def test_is_refused_where_the_reading_does_not_carry_it(self) -> None:
        with pytest.raises(ReviewNeeded) as refused:
            terms("2021-01-01", {"visit.after_2021": "manual_review"}).clause("visit.fee")

        assert str(refused.value) == (
            "'visit.fee' (Fee of a visit) has no text in force on 2021-01-01. Revision 2 is not "
            "held. The reading 'visit.after_2021' does not carry it forward. Leave the case in "
            "the review queue and find the text."
        )

    def test_of_a_value_carried_forward_is_refused_likewise(self) -> None:
        with pytest.raises(ReviewNeeded):
            terms("2021-01-01", {"visit.after_2021": "manual_review"}).cents("visit_fee_usd")

        assert terms("2021-01-01").cents("visit_fee_usd").standing is Standing.CARRIED_FORWARD

    def test_waits_for_a_person_where_the_book_says_so(self) -> None:
        assert terms("2020-12-31").clause("visit.notice")
        with pytest.raises(ReviewNeeded, match=r"\(G-1\). Do not extend the last one"):
            terms("2021-01-01").clause("visit.notice")

    def test_before_the_first_text_is_not_in_force(self) -> None:
        with pytest.raises(NoRuleInForce, match=r"'visit.fee' .* is not in force on 2014-12-31"):
            terms("2014-12-31").clause("visit.fee")

    def test_that_has_left_the_tariff_is_no_case_for_review(self) -> None:
        with pytest.raises(NoRuleInForce, match="has left the tariff by 2018-01-01") as refused:
            terms("2018-01-01").clause("visit.escort")

        assert not isinstance(refused.value, ReviewNeeded)


class TestEnded:
    def test_is_nothing_while_the_provision_holds(self) -> None:
        asked = terms("2017-12-31")

        assert asked.ended("visit.escort") is None
        assert asked.memory.provisions == {}

    def test_is_the_last_clause_from_the_day_it_left(self) -> None:
        asked = terms("2018-01-01")
        last = asked.ended("visit.escort")

        assert last is not None
        assert last.citation.text == "Sheet 7, rev. Original, R 1.B"
        assert asked.memory.provisions == {("visit.escort", "7-0"): None}

    @pytest.mark.parametrize("provision", ["visit.fee", "visit.notice"])
    def test_is_never_said_of_a_text_that_is_merely_not_held(self, provision: str) -> None:
        assert terms("2022-01-01").ended(provision) is None


class TestWhatIsNewAndWhatIsStampedEarly:
    """By the first real book: a list that a page of 2013 added a row to, stamped before its day."""

    OLD, NEW = "variances.competition.EO-93-16", "variances.competition.EE-2013-0511"

    def test_a_row_that_a_page_added_is_new_until_the_day_of_the_page(self) -> None:
        asked = terms_on(date(2013, 7, 4))
        later = asked.not_yet(self.NEW)

        assert later is not None
        assert later.version.days.from_day == date(2013, 7, 5)
        assert asked.memory.provisions == {(self.NEW, "161.1-1"): None}
        assert terms_on(date(2013, 7, 5)).not_yet(self.NEW) is None

    def test_a_row_of_the_first_page_held_is_not(self) -> None:
        assert terms_on(date(2013, 6, 29)).not_yet(self.OLD) is None

    def test_the_printed_day_is_later_only_between_the_two(self) -> None:
        printed = {day: terms_on(date(2013, *day)).printed_later(self.OLD) for day in DAYS_OF_2013}

        assert printed == {
            (7, 4): None,
            (7, 5): date(2013, 8, 1),
            (7, 31): date(2013, 8, 1),
            (8, 1): None,
        }

    def test_a_page_in_force_since_the_day_that_it_prints_has_no_later_one(self) -> None:
        assert terms("2015-01-01").printed_later("visit.fee") is None
        with pytest.raises(NoRuleInForce, match="is not in force on 2014-12-31"):
            terms("2014-12-31").printed_later("visit.fee")

    def test_to_look_at_every_entry_of_a_value_rests_on_none(self) -> None:
        asked = terms("2022-01-01", {"visit.after_2021": "manual_review"})
        fees = asked.past_of("visit_fee_usd")

        assert [one.value for one in fees] == [20, 30, 30]
        assert [one.days.from_day.year for one in fees] == [2015, 2018, 2021]
        assert (asked.memory.values, asked.memory.standings, asked.memory.readings) == ({}, [], {})


class TestTheMemory:
    def test_is_shared_between_days(self) -> None:
        asked = terms("2017-06-01")
        asked.on(date(2021, 6, 1)).clause("visit.fee")
        asked.clause("visit.fee")

        assert asked.memory.provisions == {("visit.fee", "7-0"): None}
        assert asked.memory.carried == {("visit.fee", "7-1"): None}
        assert asked.memory.standings == [Standing.CARRIED_FORWARD, Standing.FILED]

    def test_keeps_values_with_the_clause_that_states_them(self) -> None:
        asked = terms("2020-06-01")
        asked.cents("visit_fee_usd")

        assert list(asked.memory.values) == ["visit_fee_usd", "statute_cap_usd"]
        assert list(asked.memory.provisions) == [("visit.fee", "7-1"), ("statute.cap", "S-1")]

    def test_keeps_the_reading_that_a_value_rests_on(self) -> None:
        asked = terms("2019-06-01", {"visit.counting": "working_days"})

        assert asked.text("visit_counting").value == "working_days"
        assert asked.memory.readings == {"visit.counting": "working_days"}
        assert asked.memory.standings == [Standing.ASSUMED]


class TestTypedQuestions:
    def test_answer_in_their_types(self) -> None:
        asked = terms("2019-06-01")

        assert asked.number("visit_share").value == Fraction(1, 6)
        assert asked.whole("visit_notice_days").value == 3
        assert asked.listing("visit_notice_by").value == ("letter", "telephone")
        assert asked.day_of("visit_notice_since").value == date(2018, 3, 1)
        assert terms("2017-06-01").flag("visit_by_two").value is True

    @pytest.mark.parametrize(
        ("ask", "wanted"), [("whole", "a whole number"), ("cents", "dollars and whole cents")]
    )
    def test_refuse_a_share_where_whole_ones_are_needed(self, ask: str, wanted: str) -> None:
        with pytest.raises(TariffFileBroken) as refused:
            getattr(terms("2019-06-01"), ask)("visit_share")

        assert str(refused.value) == (
            f"chapter_one/visit_share.yaml: 'visit_share' is 1/6 on 2019-06-01, and {wanted} is "
            "needed. Correct the value."
        )

    def test_refuse_a_value_of_another_kind(self) -> None:
        with pytest.raises(NoSuchValue, match="'visit_fee_usd' is a number, and a flag is needed"):
            terms("2019-06-01").flag("visit_fee_usd")


class TestWhatTheBookMayLack:
    @pytest.mark.parametrize(
        ("name", "day", "held"),
        [
            ("visit_fee_usd", "2014-12-31", False),
            ("visit_fee_usd", "2015-01-01", True),
            ("visit_fee_of_a_sheet_not_held_usd", "2015-01-01", False),
        ],
    )
    def test_is_looked_for_on_the_day_and_rests_on_nothing(
        self, name: str, day: str, held: bool
    ) -> None:
        asked = terms(day)

        assert asked.holds(name) is held
        assert (asked.memory.values, asked.memory.standings) == ({}, [])


def _rule() -> Rule:
    return Rule(
        id="visit.example",
        title="An example",
        room="field",
        kind="calculation",
        chapter="chapter_one",
        provisions=("visit.fee",),
        governing_day="the day of the visit",
        facts=object,
        outcome=object,
        values=("visit_fee_usd",),
        decide=lambda facts, terms: facts,
        readings=("visit.door",),
    )


class TestWhatARuleDeclares:
    def test_may_be_asked_for(self) -> None:
        asked = terms("2019-07-01", rule=_rule())

        assert asked.clause("visit.fee")
        assert asked.cents("visit_fee_usd")
        assert asked.reading("visit.door") == "front"

    @pytest.mark.parametrize(
        ("ask", "name", "what"),
        [
            ("number", "visit_share", "values"),
            ("holds", "visit_share", "values"),
            ("clause", "visit.notice", "provisions"),
            ("ended", "visit.escort", "provisions"),
            ("not_yet", "visit.escort", "provisions"),
            ("printed_later", "visit.escort", "provisions"),
            ("past_of", "visit_share", "values"),
            ("reading", "visit.name", "readings"),
        ],
    )
    def test_is_all_that_may_be_asked_for(self, ask: str, name: str, what: str) -> None:
        asked: Any = terms("2019-07-01", rule=_rule())

        with pytest.raises(InvariantBroken, match=f"declares '{name}' among its {what}"):
            getattr(asked, ask)(name)
        with pytest.raises(InvariantBroken):
            getattr(asked.on(date(2019, 8, 1)), ask)(name)

    def test_no_unknown_reading_is_answered(self) -> None:
        with pytest.raises(NoSuchReading, match=r"Keys like it: visit\.door"):
            terms("2019-07-01").reading("visit.doors")
