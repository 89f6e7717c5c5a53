"""The small book of ``tests/data/reading_book`` behind the pages, with one rule of its own.

The rule is made for these tests, so that pages about rules do not depend on what the rooms decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from meterledger.entrypoints.web import system
from meterledger.entrypoints.web.system import Library
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_cents_half_up
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.loading import load_book
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usecases.rule_registry import RULES

FOLDER = Path(__file__).parents[1] / "data" / "reading_book"


class Kind(Enum):
    RESIDENTIAL = "residential"
    GENERAL = "general_service"


@dataclass(frozen=True, slots=True)
class Payment:
    day: date = fact("The day it was received.")
    paid_cents: Cents = fact("What was paid.")


@dataclass(frozen=True, slots=True)
class Protection:
    reason: str = fact("What protects.")
    days: int = fact("For how many days.", default=30)


@dataclass(frozen=True, slots=True)
class LateFacts:
    unpaid_cents: Cents = fact("Unpaid after the delinquent date.")
    kind: Kind = fact("Whose account it is.")
    earlier_charges_cents: Cents = fact("Late charges that stand unpaid.", default=Cents(0))
    is_disputed: bool = fact("Whether a dispute is open.", default=False)
    share: Fraction | None = fact("The part that is looked at.", default=None)
    notes: tuple[str, ...] = fact("Anything noted.", default=())
    kinds: tuple[Kind, ...] = fact("Kinds seen before.", default=())
    payments: tuple[Payment, ...] = fact("What was paid since.", default=())
    protection: Protection | None = fact("What keeps the charge away.", default=None)


@dataclass(frozen=True, slots=True)
class LateCharge:
    late_charge_cents: Cents = fact("The late charge.")
    is_charged: bool = fact("Whether there is one.")


class NothingOwed(Refusal):
    """There is nothing to charge on."""


def decide_late_charge(facts: LateFacts, terms: Terms) -> Decision[LateCharge]:
    if facts.unpaid_cents < 0:
        raise NothingOwed("A credit draws no late charge", do="Give what is unpaid")
    rate = terms.number("late_charge_rate_percent")
    paid = sum(one.paid_cents for one in facts.payments)
    base = facts.unpaid_cents - paid
    if facts.earlier_charges_cents and terms.reading("late.compound") == "compound":
        base += facts.earlier_charges_cents
    cents = to_cents_half_up(Fraction(base, 100) * rate.value / 100)
    finding = f"{number_text(rate.value)} percent of what is unpaid"
    return Decision(LateCharge(Cents(cents), cents > 0), (Reason(finding, rate.citation),))


RULE = Rule(
    id="late.example",
    title="Late charge of the example.",
    room="arrears",
    kind="calculation",
    chapter="grr_v_late_payment",
    provisions=("late.charge.rate",),
    governing_day="the bill on which the charge is shown",
    facts=LateFacts,
    outcome=LateCharge,
    values=("late_charge_rate_percent",),
    readings=("late.compound",),
    decide=decide_late_charge,
)


@dataclass
class BookOnly:
    """A provider of the pages that has a book and no town."""

    book: TariffBook
    folder: Path = FOLDER
    now: datetime = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)

    def system(self) -> Any:
        raise AssertionError("these pages look at nobody")

    def library(self) -> Library:
        return Library(self.book, self.now, self.folder)


@contextmanager
def only_rule(rule: Rule) -> Iterator[None]:
    """The registry with one rule in place of those of the rooms."""
    kept = dict(RULES)
    RULES.clear()
    RULES[rule.id] = rule
    try:
        yield
    finally:
        RULES.clear()
        RULES.update(kept)


@lru_cache(maxsize=1)
def small_book() -> TariffBook:
    return load_book(FOLDER)


@contextmanager
def reading_book() -> Iterator[BookOnly]:
    """The small book and its rule, put behind the pages."""
    provider = BookOnly(small_book())
    with only_rule(RULE):
        before = system.provide(provider)
        try:
            yield provider
        finally:
            system.provide(before)
