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
from tests.poison.fields import SHARES, NumericField
from tests.poison.money_files import asking
from typer.testing import CliRunner

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.answer import Dollars, NumberOption, WholeNumber
from meterledger.entrypoints.cli.main import build_app

NUMBERS_IN_TEXT: dict[tuple[str, str], dict[str, Any]] = {
    ("rate", "--kwh"): {"high": 10**30, "places": 3},
    ("rate", "--kw"): {"high": 10**30, "places": 3},
    ("late-charge government", "--percent"): {"high": 100, "places": 6},
    ("tax exempt", "--share"): {"high": 1, "places": 12, "forms": SHARES},
    ("tax exempt", "--average-kwh"): {"high": 10**12, "places": 12, "forms": SHARES},
    ("extension connect", "--units"): {"high": 10**12, "places": 12, "forms": SHARES},
    ("review edit", "--set"): {},
    ("review estimate", "--intervals"): {},
    ("meter configure", "--register"): {},
}
"""Options that hold a number in a text, and what is right in them."""

WAYS = {"--set": "0={}", "--register": "kWh:delivered:kWh:{}"}
"""How a number stands in an option that holds more."""


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
        elif isinstance(one.type, Dollars):
            yield NumericField(
                f"{command} {option}",
                _typed(one),
                low=Fraction(one.type.least, 100),
                high=10**11,
                places=2,
            )


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
        return CliRunner().invoke(build_app(), words)
