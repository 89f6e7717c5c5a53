"""A rule's facts as a plain form: what a story gives, the form takes and gives back."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
import tests.doors.conftest  # noqa: F401 - sets Django up
from django.http import QueryDict
from tests.doors.reading_book import LateFacts

from meterledger.entrypoints.web.facts_form import facts_of, form_rows, query_of
from meterledger.rulebook.forms import read_form
from meterledger.rulebook.loading import default_book_folder
from meterledger.usecases.rule_stories import RuleQuestion
from meterledger.usecases.story_files import find_stories

PLAIN: dict[str, Any] = {"unpaid_usd": "200.00", "kind": "residential"}


def filled(**fields: str) -> QueryDict:
    return QueryDict(urlencode({f"f.{name}": value for name, value in fields.items()}))


def back(facts: dict[str, Any]) -> dict[str, Any]:
    return facts_of(LateFacts, QueryDict(urlencode(query_of(facts))))


class TestTheFactsOfAForm:
    @pytest.mark.parametrize(
        "more",
        [
            {},
            {"is_disputed": True},
            {"is_disputed": False},
            {"share": "1/6"},
            {"notes": ["one", "two words"]},
            {"kinds": ["general_service", "residential"]},
            {"payments": [{"day": "2019-01-05", "paid_usd": "1.00"}] * 12},
            {"protection": {"reason": "winter", "days": 3}},
            {"protection": {"reason": "winter"}},
        ],
        ids=lambda more: next(iter(more), "plain"),
    )
    def test_are_those_of_the_query(self, more: dict[str, Any]) -> None:
        assert back(PLAIN | more) == PLAIN | more

    def test_leave_out_what_is_empty(self) -> None:
        assert facts_of(LateFacts, filled(unpaid_usd="1.00", share=" ", notes="\n")) == {
            "unpaid_usd": "1.00"
        }

    def test_leave_out_a_group_that_is_not_ticked(self) -> None:
        assert facts_of(LateFacts, filled(**{"protection.reason": "winter"})) == {}

    def test_skip_a_set_that_was_left_empty(self) -> None:
        query = filled(**{"payments.0.day": "", "payments.1.paid_usd": "2"})

        assert facts_of(LateFacts, query) == {"payments": [{"paid_usd": "2"}]}

    def test_are_as_typed_where_they_are_nothing_that_is_known(self) -> None:
        query = QueryDict("given.f.protection=yes&f.protection.days=many&f.is_disputed=maybe")

        assert facts_of(LateFacts, query) == {
            "is_disputed": "maybe",
            "protection": {"days": "many"},
        }

    def test_take_dollars_with_their_sign(self) -> None:
        assert facts_of(LateFacts, filled(unpaid_usd="$12.50")) == {"unpaid_usd": "12.50"}

    def test_of_every_story_of_the_real_book_survive_the_form(self) -> None:
        questions = [
            story.question
            for story in find_stories(default_book_folder())
            if isinstance(story.question, RuleQuestion) and not story.expected.refused
        ]
        assert questions
        for question in questions:
            form = question.rule.facts
            query = QueryDict(urlencode(query_of(question.facts)))
            given = read_form(form, question.facts, where="facts")
            assert read_form(form, facts_of(form, query), where="facts") == given


class TestTheFieldsOfAForm:
    def test_are_of_the_kinds_that_facts_are(self) -> None:
        rows = {row.name.removeprefix("f."): row for row in form_rows(LateFacts, QueryDict(""))}

        assert {name: row.kind for name, row in rows.items()} == {
            "unpaid_usd": "usd",
            "kind": "choice",
            "earlier_charges_usd": "usd",
            "is_disputed": "choice",
            "share": "number",
            "notes": "lines",
            "kinds": "several",
            "payments": "list",
            "protection": "group",
        }

    def test_insist_only_on_what_must_be_given_whatever_else_is(self) -> None:
        rows = {row.name.removeprefix("f."): row for row in form_rows(LateFacts, QueryDict(""))}
        payment = rows["payments"].items[0].rows[0]

        assert rows["unpaid_usd"].insists
        assert not rows["share"].insists
        assert (payment.must, payment.insists) == (True, False)

    def test_have_one_empty_set_more_than_is_filled(self) -> None:
        query = filled(**{"payments.0.paid_usd": "1", "payments.1.paid_usd": "2"})
        rows = {row.name: row for row in form_rows(LateFacts, query)}

        assert [item.label for item in rows["f.payments"].items] == [
            "Payments 1",
            "Payments 2",
            "Payments 3",
        ]

    def test_do_not_grow_without_end(self) -> None:
        rows = {row.name: row for row in form_rows(LateFacts, filled(**{"payments.999.day": "x"}))}

        assert len(rows["f.payments"].items) == 101
