"""Five hundred poison numbers on every numeric field of every file, form and command.

Each is refused in one sentence, or it is in truth a right number there and is read as that very
number. Every field gets a share of the poisons here, every poison meets every kind of field;
``--soak`` gives every poison to every field.
"""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from tests.poison import commands, facts, money_files, pages, readings
from tests.poison.commands import NUMBERS_IN_TEXT, THROUGH_THE_COMMAND, parameters
from tests.poison.fields import NumericField, complaint, plain
from tests.poison.numbers import COUNT, poison_numbers

from meterledger.entrypoints.cli.answer import NumberOption

AREAS = {
    "readings": readings.fields,
    "files of money": money_files.fields,
    "facts": facts.fields,
    "commands": commands.fields,
    "pages": pages.fields,
}
EACH = 25
"""How many poisons a field gets at least in the ordinary run."""


def complaints(fields: list[NumericField], *, step: int) -> Iterator[str]:
    for number, field in enumerate(fields):
        for place, poison in enumerate(poison_numbers()):
            if (place + number) % step:
                continue
            wrong = complaint(field, poison)
            if wrong:
                yield f"{field.name}, {poison.text[:40]!a} ({poison.why}): {wrong}"


class TestTheList:
    def test_holds_five_hundred_each_once_each_with_its_reason(self) -> None:
        texts = [one.text for one in poison_numbers()]
        assert len(texts) == len(set(texts)) == COUNT == 500
        assert all(one.why for one in poison_numbers())

    def test_holds_what_the_issue_names(self) -> None:
        texts = {one.text for one in poison_numbers()}
        assert {"NaN", "1e400", "1_000", "-0", "9" * 10_000, "\u0665", ""} <= texts

    def test_says_what_a_lenient_reader_would_read(self) -> None:
        by_text = {one.text: one for one in poison_numbers()}
        assert [plain(by_text[one]) for one in ("+12.50", "007", ".5", "5.", "1e2", "-.5")] == [
            *("12.5", "7", "0.5", "5", "100", "-0.5"),
        ]
        assert by_text["1_000"].means is None


class TestEveryField:
    @pytest.mark.parametrize("area", AREAS)
    def test_refuses_its_share_in_a_sentence(self, area: str) -> None:
        fields = list(AREAS[area]())
        step = min(COUNT // EACH, len(fields))  # every poison meets every kind of field
        assert not list(complaints(fields, step=step))

    @pytest.mark.soak
    @pytest.mark.timeout(0)
    @pytest.mark.parametrize("area", AREAS)
    def test_refuses_all_of_them(self, area: str) -> None:
        assert not list(complaints(list(AREAS[area]()), step=1))


class TestTheTestItself:
    """A field that bends a number is found."""

    @pytest.mark.parametrize("bent", ["1_000", " 5", "\u0665", "+5", "-0"])
    def test_finds_python_s_own_reading(self, bent: str) -> None:
        field = NumericField("int", int, low=0, high=10**15, forms=frozenset())
        poison = next(one for one in poison_numbers() if one.text == bent)
        assert "taken as" in complaint(field, poison)

    def test_finds_a_number_that_became_another(self) -> None:
        field = NumericField("ten", lambda text: 10 if text == "007" else int(text), high=10**9)
        poison = next(one for one in poison_numbers() if one.text == "007")
        assert complaint(field, poison) == "read as 10, and 7 as 7"


class TestNoFieldIsForgotten:
    def test_options_that_count_are_of_our_own_types(self) -> None:
        """Python's reading of a whole number takes 1_000 and digits of every alphabet."""
        bare = [
            f"{command} {one.name}"
            for command, one in parameters()
            if isinstance(one.type, (click.types.IntParamType, click.types.FloatParamType))
        ]
        assert not bare

    def test_options_named_like_a_number_are_registered(self) -> None:
        words = (
            "usd",
            "kwh",
            "kw",
            "percent",
            "share",
            "units",
            "count",
            "months",
            "days",
            "cents",
        )
        unknown = [
            f"{command} {one.opts[0]}"
            for command, one in parameters()
            if isinstance(one, click.Option)
            and set(one.opts[0].lstrip("-").split("-")) & set(words)
            and not isinstance(one.type, NumberOption)
            and (command, one.opts[0]) not in {*NUMBERS_IN_TEXT, *THROUGH_THE_COMMAND}
        ]
        assert not unknown

    def test_inputs_of_the_pages_are_registered(self) -> None:
        named = set(pages.inputs())
        assert len(named) > 30
        known = pages.NUMERIC.keys() | pages.NOT_NUMBERS.keys()
        assert not [one for one in named if one[1] not in known]

    def test_facts_of_every_rule_are_walked(self) -> None:
        assert len(facts.facts_once()) > 150
