"""Provisions: the version on a day, what holds after the last text, and the page it stands on."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.standing import Standing
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.loading import load_book
from meterledger.rulebook.provisions import AfterLastText, ReviewNeeded
from meterledger.rulebook.series import NoRuleInForce

SOUND = Path(__file__).parents[2] / "data" / "book_with_pages"
VIEW = load_book(SOUND).as_known(date.max)


def answer(view: BookView, provision: str, day: date) -> tuple[str, Standing] | type[Exception]:
    """The page and standing of a provision on a day, or the kind of its refusal."""
    try:
        version, standing = view.provision(provision).version_on(day)
    except NoRuleInForce as refusal:
        return type(refusal)
    return version.block, standing


FILED, CARRIED = Standing.FILED, Standing.CARRIED_FORWARD


class TestTheVersionOnADay:
    @pytest.mark.parametrize(
        ("provision", "day", "expected"),
        [
            ("visit.fee", "2014-12-31", NoRuleInForce),
            ("visit.fee", "2015-01-01", ("7-0", FILED)),
            ("visit.fee", "2017-12-31", ("7-0", FILED)),
            ("visit.fee", "2018-01-01", ("7-1", FILED)),
            ("visit.fee", "2020-12-31", ("7-1", FILED)),
            ("visit.fee", "2021-01-01", ("7-1", CARRIED)),
            ("visit.notice", "2017-12-31", NoRuleInForce),
            ("visit.notice", "2020-12-31", ("7-1", FILED)),
            ("visit.notice", "2021-01-01", ReviewNeeded),
            ("visit.escort", "2017-12-31", ("7-0", FILED)),
            ("visit.escort", "2018-01-01", NoRuleInForce),
            ("statute.cap", "2019-05-31", NoRuleInForce),
            ("statute.cap", "2019-06-01", ("S-1", FILED)),
            ("statute.cap", "9999-12-31", ("S-1", FILED)),
        ],
    )
    def test_is_the_one_whose_days_hold_it(
        self, provision: str, day: str, expected: object
    ) -> None:
        assert answer(VIEW, provision, date.fromisoformat(day)) == expected

    @given(st.dates(date(2010, 1, 1), date(2030, 1, 1)))
    def test_is_in_force_with_its_page_unless_carried_forward(self, day: date) -> None:
        for provision in VIEW.provisions():
            found = answer(VIEW, provision.id, day)
            if isinstance(found, tuple):
                assert (day in VIEW.pages.blocks[found[0]].days) is (found[1] is FILED)


class TestTheRefusal:
    def test_for_review_names_the_gap_and_the_shortcut_not_to_take(self) -> None:
        with pytest.raises(ReviewNeeded) as refused:
            VIEW.clause("visit.notice", date(2021, 1, 1))

        assert str(refused.value) == (
            "'visit.notice' (Notice before a visit) has no text in force on 2021-01-01. Known: "
            "2018-01-01 until 2021-01-01. No successor is held. Leave the case in the review queue "
            "and find the text (G-1). Do not extend the last one."
        )

    def test_after_a_rule_has_left_says_not_to_apply_it(self) -> None:
        with pytest.raises(NoRuleInForce) as refused:
            VIEW.clause("visit.escort", date(2018, 1, 1))

        assert str(refused.value) == (
            "'visit.escort' (A second person on a visit) has left the tariff by 2018-01-01. Known: "
            "2015-01-01 until 2018-01-01. Do not apply it to facts of that day."
        )

    def test_before_the_first_text_names_the_file(self) -> None:
        with pytest.raises(NoRuleInForce, match=r"add it to chapter_one/provisions\.yaml"):
            VIEW.clause("visit.fee", date(2014, 12, 31))

    def test_between_two_texts_stays_what_it_was_before_the_later_was_found(
        self, tmp_path: Path
    ) -> None:
        folder = shutil.copytree(SOUND, tmp_path / "book")
        path = folder / "chapter_one" / "provisions.yaml"
        path.write_text(path.read_text().replace("until: 2018-01-01", "until: 2017-01-01", 1))
        view = load_book(folder).as_known(date.max)

        assert answer(view, "visit.fee", date(2016, 12, 31)) == ("7-0", FILED)
        assert answer(view, "visit.fee", date(2017, 1, 1)) == ("7-0", CARRIED)
        assert answer(view, "visit.fee", date(2017, 12, 31)) == ("7-0", CARRIED)
        assert answer(view, "visit.fee", date(2018, 1, 1)) == ("7-1", FILED)

    def test_of_an_unknown_provision_names_those_like_it(self) -> None:
        with pytest.raises(NoSuchValue, match=r"no provision 'visit\.fees'\. .*visit\.fee"):
            VIEW.clause("visit.fees", date(2018, 1, 1))


class TestAClause:
    def test_cites_the_page_with_its_order_and_first_day(self) -> None:
        citation = VIEW.clause("visit.fee", date(2019, 1, 1)).citation

        assert (citation.text, citation.order) == ("Sheet 7, rev. 1, R 1.B", "EX-2017-0002")
        assert citation.effective == date(2018, 1, 1)

    def test_carried_forward_cites_the_last_text(self) -> None:
        last = VIEW.clause("visit.fee", date(2020, 12, 31))
        carried = VIEW.clause("visit.fee", date(2021, 1, 1))

        assert carried.citation == last.citation
        assert (last.standing, carried.standing) == (FILED, CARRIED)


def test_the_real_book_answers_or_refuses_on_both_sides_of_every_text() -> None:
    """No provision is silent while a text of it is held, and none outlives what the book says."""
    from meterledger.rulebook.loading import default_book_folder

    view = load_book(default_book_folder()).as_known(date.max)
    after = {
        AfterLastText.CARRY_FORWARD: CARRIED,
        AfterLastText.REVIEW: ReviewNeeded,
        AfterLastText.ENDED: NoRuleInForce,
    }
    assert len(view.provisions()) >= 472
    for provision in view.provisions():
        for version in provision.versions:
            assert answer(view, provision.id, version.days.from_day) == (version.block, FILED)
            if version.days.until_day is not None:
                eve = version.days.until_day - timedelta(days=1)
                assert answer(view, provision.id, eve) == (version.block, FILED)
        until = provision.versions[-1].days.until_day
        if until is not None:
            found = answer(view, provision.id, until)
            standing = found[1] if isinstance(found, tuple) else found
            assert standing == after[provision.after_last_text], provision.id
