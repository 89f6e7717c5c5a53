"""The real book for tests of rules: its terms on a day, and a rule decided on given facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from meterledger.entrypoints.wiring import open_book
from meterledger.rulebook.book import BookView
from meterledger.rulebook.loading import default_book_folder
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usecases.decide import Ruling, decide_filled


@lru_cache(maxsize=1)
def the_book() -> BookView:
    """The whole book with all that was ever entered, loaded once for all tests."""
    return open_book(default_book_folder()).as_known(date.max)


def terms_on(
    day: date, *, rule: Rule | None = None, readings: Mapping[str, str] | None = None
) -> Terms:
    """What a rule may ask on a day; with ``readings``, if other options were chosen."""
    view = the_book().with_readings(readings) if readings else the_book()
    return Terms(view, day, rule=rule)


def ruling_on(
    rule: Rule, facts: Any, day: date, *, readings: Mapping[str, str] | None = None
) -> Ruling:
    """The rule decided on facts in its form, with standing and reading keys."""
    view = the_book().with_readings(readings) if readings else the_book()
    return decide_filled(rule=rule, facts=facts, day=day, view=view)
