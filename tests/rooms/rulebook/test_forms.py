"""Facts and outcomes as forms: every type both ways, the words of each refusal, and the schema."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.money import Cents
from meterledger.rulebook.forms import (
    FactsRefused,
    fact,
    fields_of,
    number_text,
    plain_form,
    read_form,
    schema_of,
)
from meterledger.usecases.rule_registry import RULES


class Door(Enum):
    """Which door."""

    FRONT = "front_door"
    BACK = "back_door"


@dataclass(frozen=True, slots=True)
class Person:
    """Who comes."""

    name: str = fact("The name.")
    owes_cents: Cents = fact("What the person owes.", default=Cents(0))


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit
    to a home.
    """

    fee_cents: Cents = fact("The fee.")
    days: int = fact("Days of notice.")
    announced: bool = fact("Whether it was announced.")
    by: str = fact("Who announced it.")
    on: date = fact("The day.")
    share: Fraction = fact("The owner's share.")
    door: Door = fact("The door.")
    lead: Person = fact("Who leads it.")
    crew: tuple[Person, ...] = fact("Who else comes.", default=())
    paid_cents: tuple[Cents, ...] = fact("Each payment.", default=())
    moved_to: date | None = fact("The day it was moved to.", default=None)
    refund_cents: Cents | None = fact("What is paid back.", default=None)


FACTS: dict[str, Any] = {
    "fee_usd": "30.00",
    "days": 3,
    "announced": True,
    "by": "letter",
    "on": "2019-03-08",
    "share": "1/6",
    "door": "back_door",
    "lead": {"name": "Ann"},
}
FILLED = Visit(
    fee_cents=Cents(3000),
    days=3,
    announced=True,
    by="letter",
    on=date(2019, 3, 8),
    share=Fraction(1, 6),
    door=Door.BACK,
    lead=Person("Ann"),
)


def read(**changed: Any) -> Visit:
    """The facts with some of them changed, as a form."""
    found: Visit = read_form(Visit, {**FACTS, **changed}, where="facts")
    return found


def refusal(record: Any) -> FactsRefused:
    """How a record is refused."""
    with pytest.raises(FactsRefused) as refused:
        read_form(Visit, record, where="facts")
    return refused.value


class TestReadingFacts:
    def test_fills_every_type_exactly(self) -> None:
        assert read() == FILLED

    def test_reads_what_is_optional_and_nested(self) -> None:
        visit = read(
            crew=[{"name": "Bo", "owes_usd": "-1.50"}, {"name": "Cy"}],
            paid_usd=["0.01", "2"],
            moved_to="2020-02-29",
            refund_usd="0.5",
        )

        assert visit.crew == (Person("Bo", Cents(-150)), Person("Cy"))
        assert visit.paid_cents == (1, 200)
        assert visit.moved_to == date(2020, 2, 29)
        assert visit.refund_cents == 50

    def test_takes_null_only_for_what_may_be_nothing(self) -> None:
        assert read(moved_to=None, refund_usd=None) == FILLED
        assert str(refusal({**FACTS, "on": None})) == (
            "facts.on: Nothing stands where a day between 1850 and 2100 is expected. "
            'Write year-month-day in quotes, like "2019-03-08".'
        )

    @pytest.mark.parametrize("text", ["4.25", "-4.25", "0", "1/6", "-7/3", "100/1"])
    def test_reads_an_exact_number(self, text: str) -> None:
        assert read(share=text).share == Fraction(text)


WRONG = [
    ("fee_usd", 30, "30 stands where an amount of dollars is expected"),
    ("fee_usd", 30.0, "30.0 stands where an amount of dollars is expected"),
    ("fee_usd", "30.001", "'30.001' stands where an amount of dollars is expected"),
    ("fee_usd", "$30", "'$30' stands where an amount of dollars is expected"),
    ("fee_usd", "30,00", "'30,00' stands where an amount of dollars is expected"),
    ("fee_usd", "1e3", "'1e3' stands where an amount of dollars is expected"),
    ("fee_usd", " 30", "' 30' stands where an amount of dollars is expected"),
    ("fee_usd", "30\n", "'30\n' stands where an amount of dollars is expected"),
    ("fee_usd", "٣٠", "'٣٠' stands where an amount of dollars is expected"),
    ("days", "3", "'3' stands where a whole number is expected"),
    ("days", 3.0, "3.0 stands where a whole number is expected"),
    ("days", True, "true stands where a whole number is expected"),
    ("days", 10**15 + 1, "1000000000000001 stands where a whole number is expected"),
    ("announced", "true", "'true' stands where yes or no is expected"),
    ("announced", 1, "1 stands where yes or no is expected"),
    ("by", "", "An empty text stands where text is expected"),
    ("by", "  ", "An empty text stands where text is expected"),
    ("by", 7, "7 stands where text is expected"),
    ("by", "x" * 2001, f"'{'x' * 60}' stands where text is expected"),
    ("on", "2019-02-29", "'2019-02-29' stands where a day between 1850 and 2100 is expected"),
    ("on", "20190308", "'20190308' stands where a day between 1850 and 2100 is expected"),
    ("on", "2019-W10-5", "'2019-W10-5' stands where a day between 1850 and 2100 is expected"),
    ("on", "03/08/2019", "'03/08/2019' stands where a day between 1850 and 2100 is expected"),
    ("share", "1/0", "'1/0' stands where an exact number is expected"),
    ("share", "1/-6", "'1/-6' stands where an exact number is expected"),
    ("share", ".5", "'.5' stands where an exact number is expected"),
    ("share", "1e-3", "'1e-3' stands where an exact number is expected"),
    ("share", 0.5, "0.5 stands where an exact number is expected"),
    ("door", "side_door", "'side_door' stands where one of its words is expected"),
    ("door", "FRONT", "'FRONT' stands where one of its words is expected"),
    ("lead", "Ann", "'Ann' stands where a group of facts is expected"),
    ("lead", [], "A list of 0 stands where a group of facts is expected"),
    ("crew", {"name": "Bo"}, "A group of facts stands where a list is expected"),
    ("crew", "Bo", "'Bo' stands where a list is expected"),
    ("paid_usd", "1.00", "'1.00' stands where a list is expected"),
    ("refund_usd", 1, "1 stands where an amount of dollars is expected"),
]


class TestARefusal:
    @pytest.mark.parametrize(("key", "value", "words"), WRONG)
    def test_names_the_fact_and_what_stands_there(self, key: str, value: Any, words: str) -> None:
        found = refusal({**FACTS, key: value})

        assert (found.where, found.what) == (f"facts.{key}", words)
        assert found.do

    def test_of_a_missing_fact_says_what_it_means_and_how_it_is_written(self) -> None:
        facts = {key: value for key, value in FACTS.items() if key != "door"}

        assert str(refusal(facts)) == (
            'facts: The fact \'door\' is missing. The door. Give it as "front_door" or "back_door".'
        )

    def test_of_an_unknown_fact_names_those_there_are(self) -> None:
        assert str(refusal({**FACTS, "fee_cents": 3000})) == (
            "facts: 'fee_cents' is no fact known here. Known: fee_usd, days, announced, by, on, "
            "share, door, lead, crew, paid_usd, moved_to, refund_usd."
        )

    def test_finds_its_place_in_a_list(self) -> None:
        found = refusal({**FACTS, "crew": [{"name": "Bo"}, {"name": "Cy", "owes_usd": 1}]})

        assert found.where == "facts.crew[1].owes_usd"

    def test_of_more_entries_than_any_case_has(self) -> None:
        assert refusal({**FACTS, "paid_usd": ["1"] * 10_001}).where == "facts.paid_usd"
        assert len(read(paid_usd=["1"] * 10_000).paid_cents) == 10_000

    @pytest.mark.parametrize("record", [None, [], "facts", 3, True])
    def test_of_what_is_no_group_of_facts(self, record: Any) -> None:
        found = refusal(record)

        assert found.what.endswith("stands where a group of facts is expected")
        assert "fee_usd" in str(found.do)

    def test_never_shows_more_than_a_little_of_what_stands_there(self) -> None:
        assert len(str(refusal({**FACTS, "x" * 5000: 1}))) < 400
        assert len(str(refusal({**FACTS, "door": "x" * 1999}))) < 400


CENTS = st.integers(-(10**12), 10**12).map(Cents)
TEXTS = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
SHARES = st.fractions(max_denominator=10**6, min_value=-(10**6), max_value=10**6).filter(
    lambda share: abs(share.numerator) < 10**9
)
PERSONS = st.builds(Person, name=TEXTS, owes_cents=CENTS)
VISITS = st.builds(
    Visit,
    fee_cents=CENTS,
    days=st.integers(-(10**15), 10**15),
    announced=st.booleans(),
    by=TEXTS,
    on=st.dates(date(1850, 1, 1), date(2100, 1, 1)),
    share=SHARES,
    door=st.sampled_from(Door),
    lead=PERSONS,
    crew=st.lists(PERSONS, max_size=3).map(tuple),
    paid_cents=st.lists(CENTS, max_size=3).map(tuple),
    moved_to=st.none() | st.dates(date(1850, 1, 1), date(2100, 1, 1)),
    refund_cents=st.none() | CENTS,
)


class TestPlainForm:
    def test_writes_what_an_analyst_reads(self) -> None:
        assert plain_form(FILLED) == {
            **FACTS,
            "lead": {"name": "Ann", "owes_usd": "0.00"},
            "crew": [],
            "paid_usd": [],
            "moved_to": None,
            "refund_usd": None,
        }

    @given(VISITS)
    def test_is_read_back_to_the_same_form(self, visit: Visit) -> None:
        written = json.loads(json.dumps(plain_form(visit)))

        assert read_form(Visit, written, where="facts") == visit

    @given(VISITS)
    def test_holds_no_float(self, visit: Visit) -> None:
        json.loads(json.dumps(plain_form(visit)), parse_float=pytest.fail)

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (Fraction(0), "0"),
            (Fraction(100), "100"),
            (Fraction(17, 4), "4.25"),
            (Fraction(-1, 2), "-0.5"),
            (Fraction(1, 10**12), "0.000000000001"),
            (Fraction(1, 6), "1/6"),
            (Fraction(-7, 3), "-7/3"),
        ],
    )
    def test_writes_a_number_as_a_sheet_prints_it(self, value: Fraction, text: str) -> None:
        assert number_text(value) == text


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Whether JSON fits a schema: exactly the words of JSON Schema that forms use."""
    known = {"title", "description", "type", "additionalProperties", "required", "properties"}
    known |= {"anyOf", "items", "enum", "pattern", "format", "minLength"}
    assert schema.keys() <= known, "a word of the schema that this reader does not know"
    if "anyOf" in schema:
        return any(fits(one, value) for one in schema["anyOf"])
    if schema["type"] == "object":
        return (
            isinstance(value, dict)
            and set(schema["required"]) <= value.keys() <= schema["properties"].keys()
            and all(fits(schema["properties"][key], one) for key, one in value.items())
        )
    if schema["type"] == "array":
        return isinstance(value, list) and all(fits(schema["items"], one) for one in value)
    if schema["type"] == "string":
        return isinstance(value, str) and _text_fits(schema, value)
    return {
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "null": value is None,
    }[schema["type"]]


def _text_fits(schema: dict[str, Any], text: str) -> bool:
    day = schema.get("format") == "date"
    return (
        len(text) >= schema.get("minLength", 0)
        and text in schema.get("enum", [text])
        and re.search(schema.get("pattern", ""), text) is not None
        and (not day or re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None)
    )


BEYOND_THE_SCHEMA = {"  ", "x" * 2001, "2019-02-29", "30\n", 10**15 + 1}
"""Refused by the reader only: a schema's words do not reach so far, or differ between engines."""


class TestTheSchema:
    def test_says_what_each_fact_means_and_which_must_be_given(self) -> None:
        schema = schema_of(Visit)

        assert schema["description"] == "A visit to a home."
        assert schema["required"] == list(FACTS)
        assert schema["properties"]["fee_usd"]["description"] == "The fee."
        assert schema["properties"]["door"]["enum"] == ["front_door", "back_door"]
        assert schema["properties"]["crew"]["items"]["additionalProperties"] is False

    @given(VISITS)
    def test_takes_all_that_is_written(self, visit: Visit) -> None:
        assert fits(schema_of(Visit), plain_form(visit))

    def test_takes_facts_without_those_that_have_a_default(self) -> None:
        assert fits(schema_of(Visit), FACTS)

    @pytest.mark.parametrize("missing", list(FACTS))
    def test_misses_a_fact_where_the_reader_does(self, missing: str) -> None:
        facts = {key: value for key, value in FACTS.items() if key != missing}

        assert refusal(facts)
        assert not fits(schema_of(Visit), facts)

    @pytest.mark.parametrize(("key", "value", "words"), WRONG)
    def test_refuses_what_the_reader_refuses(self, key: str, value: Any, words: str) -> None:
        if isinstance(value, str | int) and value in BEYOND_THE_SCHEMA:
            return

        assert not fits(schema_of(Visit), {**FACTS, key: value}), words

    @given(st.text(alphabet="0123456789-./e ", max_size=16))
    def test_agrees_with_the_reader_on_every_number(self, text: str) -> None:
        for key in ("fee_usd", "share"):
            record = {**FACTS, key: text}
            try:
                read_form(Visit, record, where="facts")
                taken = True
            except FactsRefused:
                taken = False

            assert fits(schema_of(Visit), record) == taken

    @pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
    def test_of_a_registered_rule_means_something_to_an_analyst(self, rule: Any) -> None:
        for form in (rule.facts, rule.outcome):
            fits(schema_of(form), {})
            assert all(one.meaning.strip().endswith(".") for one in fields_of(form)), form


class TestAFormThatIsWronglyMade:
    def test_may_not_hide_cents_behind_another_name(self) -> None:
        @dataclass(frozen=True)
        class Hidden:
            fee: Cents = fact("The fee.")

        Hidden.__annotations__["fee"] = Cents
        with pytest.raises(InvariantBroken, match="an amount in cents says so in its name: fee"):
            fields_of(Hidden)

    def test_may_not_be_of_two_types(self) -> None:
        @dataclass(frozen=True)
        class Either:
            fee: int | str = fact("The fee.")

        Either.__annotations__["fee"] = int | str
        with pytest.raises(InvariantBroken, match="one type, or of one type or nothing"):
            schema_of(Either)

    def test_is_no_form_without_fields(self) -> None:
        with pytest.raises(InvariantBroken, match="int is a dataclass"):
            fields_of(int)
