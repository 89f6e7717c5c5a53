"""Five hundred poison numbers on every numeric field of every file, form and command.

Each is refused in one sentence, or it is in truth a right number there and is read as that very
number. Every field gets a share of the poisons here, every poison meets every kind of field;
``--soak`` gives every poison to every field.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import click
import pyarrow as pa
import pytest
from tests.poison import (
    ach,
    book,
    commands,
    events,
    facts,
    money_files,
    pages,
    parquet,
    readings,
    settings,
    texts,
)
from tests.poison.commands import NUMBERS_IN_TEXT, THROUGH_THE_COMMAND, parameters
from tests.poison.fields import NumericField, complaint, plain
from tests.poison.numbers import COUNT, poison_numbers
from tests.tidy.house import ROOT

from meterledger.entrypoints.cli.answer import ENERGY, NumberOption, WholeNumber
from meterledger.kernel.exact_json import read_exact_json
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import read_value
from meterledger.rulebook.parsing import VALUE_PARSERS
from meterledger.rulebook.yaml_nodes import read_nodes
from meterledger.stores.gateways import FormatUnknown
from meterledger.stores.gateways.exact import BLANKS, read_exact

AREAS = {
    "readings": readings.fields,
    "Parquet": parquet.fields,
    "events and times": events.fields,
    "files of money": money_files.fields,
    "ACH": ach.fields,
    "books": book.fields,
    "facts": facts.fields,
    "commands": commands.fields,
    "texts of commands": texts.fields,
    "pages": pages.fields,
    "settings": settings.fields,
}
EACH = 25
"""How many poisons a field gets in the ordinary run: more are no more kinds."""
FEWER = {"books": 2, "readings": 10, "events and times": 10}
"""Where asking reads a whole document."""


def complaints(fields: list[NumericField], *, step: int) -> Iterator[str]:
    for number, field in enumerate(fields):
        for place, poison in enumerate(poison_numbers()):
            if (place + number) % step:
                continue
            wrong = complaint(field, poison)
            if wrong:
                yield f"{field.name}, {poison.text[:40]!a} ({poison.why}): {wrong}"


DOORS = ("entrypoints/cli", "entrypoints/web", "stores/gateways", "rulebook")
OF_OUR_OWN_RECORDS = frozenset(
    {
        ("entrypoints/web/chart.py", "fromisoformat"),
        ("entrypoints/web/late_charge_pages.py", "fromisoformat"),
        ("entrypoints/web/statement_words.py", "fromisoformat"),
        ("entrypoints/web/two_bills.py", "fromisoformat"),
        ("entrypoints/web/words.py", "fromisoformat"),
        ("stores/gateways/made_at.py", "fromisoformat"),  # only which of two files is the newer
        ("stores/gateways/made_at.py", "strptime"),
        ("rulebook/book.py", "fromisoformat"),  # options that ``resolving`` found to be days
    }
)
"""Modules of doors that read what we wrote ourselves, and how."""


def direct_readings() -> Iterator[tuple[str, str]]:
    """(module, call) of every door that reads a text with Python's own lenient readers."""
    source = ROOT / "src/meterledger"
    lenient = {"fromisoformat", "strptime", "isdecimal", "isnumeric"}
    for path in (one for door in DOORS for one in sorted((source / door).rglob("*.py"))):
        text = path.read_text("utf-8")
        if not any(one in text for one in (*lenient, "float(", "Decimal(")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                given = bool(node.args) and not isinstance(node.args[0], ast.Constant)
                if name in lenient or (name in ("float", "Decimal") and given):
                    yield str(path.relative_to(source)), name


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


def _node(text: str) -> object:
    return VALUE_PARSERS["number"](read_nodes(f"{text}\n".encode(), "value.yaml"))


KINDS: dict[str, Callable[[str], object]] = {
    "an amount of dollars": lambda text: cents_from_text(text, where="here"),
    "a whole number of an option or a form": lambda text: WholeNumber(0, 10**6).read(text, "--n"),
    "a decimal number of an option": lambda text: ENERGY.read(text, "--kwh"),
    "a fact, in quotes": lambda text: read_value(Fraction, text, where="fact"),
    "a whole number of JSON, without quotes": lambda text: read_exact_json(
        text.encode(), where="facts.json", do="Write a number"
    ),
    "a number of a tariff book, in quotes": lambda text: _node(f'"{text}"'),
    "a whole number of a tariff book, without quotes": lambda text: parse_minutes(text),
    "a value of a reading": lambda text: read_exact(text.strip(BLANKS)),
}


def parse_minutes(text: str) -> object:
    """A whole number as a schedule has it."""
    node = read_nodes(f"minutes: {text}\n".encode(), "value.yaml").value["minutes"]
    return node.value if node.kind == "integer" else None


def rows_of_the_reference() -> list[list[str]]:
    """The rows of docs/reference/numbers.md, head and line first."""
    text = (ROOT / "docs/reference/numbers.md").read_text("utf-8")
    lines = [one for one in text.splitlines() if one.startswith("|")]
    return [[cell.strip() for cell in one.split("|")[1:-1]] for one in lines]


class TestTheTableOfTheReference:
    """docs/reference/numbers.md says what is taken, kind by kind."""

    def test_names_every_kind(self) -> None:
        assert [row[0] for row in rows_of_the_reference()[2:]] == list(KINDS)

    @pytest.mark.parametrize("kind", KINDS)
    def test_says_what_is_taken(self, kind: str) -> None:
        (told,) = (row[1:] for row in rows_of_the_reference() if row[0] == kind)
        found = []
        for text in ("-0", "+5", "007", "5.", " 5 ", "1e2"):
            try:
                found.append("refused" if KINDS[kind](text) is None else "taken")
            except Refusal:
                found.append("refused")
        assert found == told


class TestEveryField:
    @pytest.mark.parametrize("area", AREAS)
    def test_refuses_its_share_in_a_sentence(self, area: str) -> None:
        fields = list(AREAS[area]())
        step = min(COUNT // FEWER.get(area, EACH), len(fields))  # every poison meets the area
        assert not list(complaints(fields, step=step))

    @pytest.mark.soak
    @pytest.mark.timeout(0)
    @pytest.mark.parametrize("area", AREAS)
    def test_refuses_all_of_them(self, area: str) -> None:
        assert not list(complaints(list(AREAS[area]()), step=1))


class TestParquetTypes:
    """A number of a typed column is read exactly, or its row is set aside."""

    @pytest.mark.parametrize(("name", "kind", "cases"), parquet.TYPED)
    def test_are_read_exactly(self, name: str, kind: Any, cases: dict[Any, object]) -> None:
        assert parquet.read_typed(kind, list(cases)) == list(cases.values())

    @pytest.mark.parametrize("cells", parquet.NO_NUMBERS, ids=lambda cells: str(cells.type))
    def test_other_types_are_refused(self, cells: Any) -> None:
        with pytest.raises(FormatUnknown, match=r"The column 'value' is of type .* may be a whole"):
            parquet.read_column("value", cells)

    def test_a_length_is_no_fraction(self) -> None:
        with pytest.raises(FormatUnknown, match="'interval_seconds' may be a whole number or text"):
            parquet.read_column("interval_seconds", pa.array([900.0]))


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

    def test_options_that_are_texts_are_registered(self) -> None:
        named = {
            one.opts[0] if isinstance(one, click.Option) else str(one.name)
            for _, one in parameters()
            if isinstance(one.type, click.types.StringParamType)
        }
        assert not named - texts.registered(), "which of the lists of tests/poison/texts?"
        assert not texts.registered() - named, "what no command has any more"

    def test_doors_read_days_and_numbers_by_the_house_s_own_readers(self) -> None:
        """Python's own take 2025-W27-1, year 1, NaN, 1_0 and digits of every alphabet."""
        assert not set(direct_readings()) - OF_OUR_OWN_RECORDS

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
        taken = pages.taken()
        assert len(taken) > 40
        assert not taken - known, "what is taken from a query, a form, a header, an address"
        assert not known - taken - {name for _, name in named}, "what no page takes any more"

    def test_variables_of_the_environment_are_registered(self) -> None:
        assert settings.variables() == settings.NUMERIC | settings.NOT_NUMBERS.keys()

    def test_numbers_of_every_nacha_record_are_asked(self) -> None:
        asked = {one for _, records in ach.FILES.values() for one in records if one}
        assert ach.layouts().keys() == asked

    def test_numbers_of_every_kind_of_value_are_asked(self) -> None:
        of_kinds = {what.removeprefix("value of kind ") for what, _ in book.places()}
        without = {"flag", "list", "program", "seasons", "service_class", "text"}
        assert set(VALUE_PARSERS) - without <= of_kinds

    def test_facts_of_every_rule_are_walked(self) -> None:
        assert len(facts.facts_once()) > 150
