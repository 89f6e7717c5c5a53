"""Numeric options and arguments of every command, found by walking the command line.

``NUMBERS_IN_TEXT`` registers those that are read from a text by the command; every other option is
of a type that reads numbers itself, or one of ``NOT_NUMBERS``. A new one has to be put somewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import lru_cache
from typing import Any
from unittest.mock import patch

import click
import typer
from click.testing import CliRunner
from tests.poison.fields import SHARES, TYPED, NumericField, Refused
from tests.poison.money_files import asking

from meterledger.entrypoints import relief_words, wiring
from meterledger.entrypoints.cli import meter_words, rate, review, tax
from meterledger.entrypoints.cli.answer import Decimals, Dollars, NumberOption, WholeNumber
from meterledger.entrypoints.cli.main import build_app
from meterledger.rulebook.forms import read_value

_SPACED = TYPED | {"blanks around"}
NUMBERS_IN_TEXT: dict[tuple[str, str], tuple[Callable[[str], object], dict[str, Any]]] = {
    ("rate", "--kw"): (
        lambda text: rate._given(None, [text]),
        {"high": 10**30, "places": 3},
    ),
    ("tax exempt", "--share"): (
        lambda text: tax._number(text, "--share"),
        {"low": -(10**12), "places": 12, "forms": SHARES},
    ),
    ("tax exempt", "--average-kwh"): (
        lambda text: tax._number(text, "--average-kwh"),
        {"low": -(10**12), "places": 12, "forms": SHARES},
    ),
    ("extension connect", "--units"): (
        lambda text: read_value(Fraction, text, where="--units"),
        {"low": -(10**12), "places": 12, "forms": SHARES},
    ),
    ("review edit", "--set"): (
        lambda text: review._pair(f"0={text}"),
        {"low": -(10**9) + 1, "high": 10**9 - 1, "forms": _SPACED, "digits": 9},
    ),
    ("review estimate", "--intervals"): (
        lambda text: review._slots(text),
        {
            "high": 9999,
            "forms": _SPACED,
            "digits": 4,
            "also": frozenset({"", "1,2,3", "12,50", "1,000"}),
        },
    ),
    ("service relief agree", "--less"): (
        lambda text: relief_words.term_from(f"energy={text}", where="--less"),
        {"low": Fraction(1, 100), "high": 10**11, "places": 2, "also": frozenset({"5%"})},
    ),
    ("service relief agree", "--less, a share"): (
        lambda text: relief_words.term_from(f"energy={text}%", where="--less"),
        {"low": Fraction(1, 10**6), "high": 100, "places": 6},
    ),
    ("meter configure", "--register"): (
        lambda text: meter_words.register_from(f"kWh:delivered:kWh:{text}"),
        {"low": 1, "high": 12, "digits": 2, "also": frozenset({"1.5", "12.5"})},
    ),
}
"""Options that hold a number in a text: how the command reads them, and what is right in them.
``late-charge government --percent`` is asked through its command."""
THROUGH_THE_COMMAND = frozenset({("late-charge government", "--percent")})


@lru_cache(maxsize=1)
def root() -> click.Command:
    """The command line."""
    return typer.main.get_command(build_app())


def parameters() -> Iterator[tuple[str, click.Parameter]]:
    """Every parameter of every command, with the words of the command."""

    def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[Any]:
        if isinstance(command, click.Group):
            for name, one in command.commands.items():
                yield from walk(one, (*words, name))
        else:
            for one in command.params:
                yield " ".join(words), one

    yield from walk(root(), ())


def fields() -> Iterator[NumericField]:
    """Every parameter that is a number."""
    for command, one in parameters():
        option = one.opts[0] if isinstance(one, click.Option) else ""
        if isinstance(one.type, WholeNumber):
            yield NumericField(
                f"{command} {option or one.name}",
                _typed(one),
                low=one.type.least,
                high=one.type.most,
                digits=18,
            )
        elif isinstance(one.type, Decimals):
            yield NumericField(
                f"{command} {option}",
                _typed(one),
                high=Fraction(one.type.most, 10**one.type.decimals),
                places=one.type.decimals,
            )
        elif isinstance(one.type, Dollars):
            yield NumericField(
                f"{command} {option}",
                _typed(one),
                low=Fraction(one.type.least, 100),
                high=10**11,
                places=2,
            )
    for (command, option), (read, right) in NUMBERS_IN_TEXT.items():
        yield NumericField(f"{command} {option}", asking(read), **right)
    yield NumericField("late-charge government --percent", _percent, high=100, places=6)


GOVERNMENT = ("late-charge", "government", "1000000018", "--holder", "municipality")


def _percent(text: str) -> object:
    words = [*GOVERNMENT, "--from", "2025-01-01", "--law", "a law", "--by", "Ana"]
    result = run([*words, f"--percent={text}"])
    if isinstance(result.exception, Opened):
        return "read"
    assert (result.exit_code, result.stdout) == (2, ""), result
    return Refused(result.stderr.removesuffix("\n"))


def _typed(one: click.Parameter) -> Callable[[str], object]:
    """The parameter's own reading, before anything is opened."""
    option = one.type
    assert isinstance(option, NumberOption)
    return asking(lambda text: option.read(text, one.opts[0]))


class Opened(Exception):
    """The command has read its words and opens the store."""


@contextmanager
def nothing_opens() -> Iterator[None]:
    """Whoever opens the system raises: a number that is refused is refused before."""

    def opened(**_: object) -> Any:
        raise Opened

    with patch.object(wiring, "open_system", opened):
        yield


def run(words: list[str]) -> Any:
    """Run a command in process, with nothing to open."""
    with nothing_opens():
        return CliRunner().invoke(root(), words)
