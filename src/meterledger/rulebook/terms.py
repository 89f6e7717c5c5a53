"""Terms: what a rule may ask of the book on the day that counts, and a memory of what it asked.

Lives here      typed questions on one day, limits over values, the memory behind a decision's
                standing, reading keys, values and provisions.
Lives elsewhere choosing values by day (``series``), the book (``book``), the rules (rooms).
Read first      docs/glossary.md: "terms", "limit", "reading".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import Cents, shown, whole_from_text
from meterledger.kernel.standing import Standing
from meterledger.kernel.written_days import MonthDay, month_day_from_text
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.provisions import NEW_PARAGRAPHS, AfterLastText, Clause
from meterledger.rulebook.series import DatedValue

if TYPE_CHECKING:
    from meterledger.rulebook.book import BookView
    from meterledger.rulebook.rules import Rule

Value = TypeVar("Value")


@dataclass(slots=True)
class Memory:
    """What a rule asked of the book while it decided, in the order of asking."""

    values: dict[str, None] = field(default_factory=dict)
    provisions: dict[tuple[str, str], None] = field(default_factory=dict)
    """Provision and block of each clause in force, asked for itself or through a value."""
    carried: dict[tuple[str, str], None] = field(default_factory=dict)
    """The same for clauses that are carried forward past their last text."""
    readings: dict[str, str] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)


class Terms:
    """The book on one day, for one rule. Every answer is remembered."""

    def __init__(
        self, view: BookView, day: date, *, rule: Rule | None = None, memory: Memory | None = None
    ) -> None:
        """``rule`` limits the questions to what the rule declares; without one all are allowed."""
        self.day = day
        self._view = view
        self._rule = rule
        self.memory = memory if memory is not None else Memory()

    def on(self, day: date) -> Terms:
        """The same book on another day, sharing the memory: for rules over several dates."""
        return Terms(self._view, day, rule=self._rule, memory=self.memory)

    def number(self, name: str) -> DatedValue[Fraction]:
        """An exact number, lowered to the limit over it where one applies."""
        return self._value(name, "number")

    def whole(self, name: str) -> DatedValue[int]:
        """A number that is a whole count: days, months, a score."""
        found = self.number(name)
        if found.value.denominator != 1:
            raise self._not_whole(name, found, "a whole number")
        return _with(found, int(found.value))

    def cents(self, name: str) -> DatedValue[Cents]:
        """An amount of US dollars, as whole cents."""
        found = self.number(name)
        cents = found.value * 100
        if cents.denominator != 1:
            raise self._not_whole(name, found, "dollars and whole cents")
        return _with(found, Cents(int(cents)))

    def counts(self, name: str) -> DatedValue[tuple[int, ...]]:
        """A list of whole numbers from 0 to 9999, as a sheet counts months or periods."""
        found = self.listing(name)
        numbers = [whole_from_text(one) for one in found.value]
        for number, word in zip(numbers, found.value, strict=True):
            if number is None or str(number) != word or not 0 <= number <= 9999:
                raise self._no_such(name, word, "a whole number in digits, like 4")
        return _with(found, tuple(one for one in numbers if one is not None))

    def month_day(self, name: str) -> DatedValue[MonthDay]:
        """A day of every year."""
        found = self.text(name)
        day = month_day_from_text(found.value)
        if day is None:
            raise self._no_such(name, found.value, "a month and a day, like 06-30")
        return _with(found, day)

    def price(self, name: str) -> DatedValue[int]:
        """A price in whole millionths of a US dollar."""
        return self._value(name, "price")

    def flag(self, name: str) -> DatedValue[bool]:
        """A yes or no of the sheet."""
        return self._value(name, "flag")

    def text(self, name: str) -> DatedValue[str]:
        """A word or a phrase of ours for what the sheet says."""
        return self._value(name, "text")

    def listing(self, name: str) -> DatedValue[tuple[str, ...]]:
        """A list of words."""
        return self._value(name, "list")

    def day_of(self, name: str) -> DatedValue[date]:
        """A day that the sheet names."""
        return self._value(name, "day")

    def holidays(self, name: str) -> DatedValue[frozenset[date]]:
        """The holidays of a calendar for the year of this day."""
        return self._value(name, "holidays")

    def holds(self, name: str) -> bool:
        """Whether the book has a value of that name on this day. Looking rests on nothing.

        For what a sheet that is not held would say: a rule names it, and the book may lack it.
        """
        self._allowed(name, "values")
        if name not in self._view.names():
            return False
        return self._view.series(name).covering(self.day) is not None

    def clause(self, provision: str) -> Clause:
        """A provision's version in force, to cite for an "if" that has no number.

        :raises ReviewNeeded: after the last text that is held, where a person must decide
        :raises NoRuleInForce: before the first, or after the rule has left the tariff
        """
        self._allowed(provision, "provisions")
        found = self._view.clause(provision, self.day)
        self._remember(found.standing, found.provision, found.block)
        return found

    def ended(self, provision: str) -> Clause | None:
        """The last clause of a provision that has left the tariff by this day; None while it holds.

        Only where the book says that it left: a text that is merely not held is never "ended".
        """
        self._allowed(provision, "provisions")
        record = self._view.provision(provision)
        last = record.versions[-1]
        until = last.days.until_day
        if record.after_last_text is not AfterLastText.ENDED or until is None or self.day < until:
            return None
        clause = self._view.clause_of(record, last, Standing.FILED)
        self._remember(clause.standing, clause.provision, clause.block)
        return clause

    def not_yet(self, provision: str) -> Clause | None:
        """The first clause of a provision that came new after this day; else None.

        Only where the book says that it was new: before the first text that is merely held,
        another may have stood.
        """
        self._allowed(provision, "provisions")
        record = self._view.provision(provision)
        first = record.versions[0]
        if first.change not in NEW_PARAGRAPHS or self.day >= first.days.from_day:
            return None
        clause = self._view.clause_of(record, first, Standing.FILED)
        self._remember(clause.standing, clause.provision, clause.block)
        return clause

    def printed_later(self, provision: str) -> date | None:
        """The first day that the page in force prints, where that is after this day; else None.

        Such a page is in force since the day of its stamp.

        :raises NoRuleInForce: where no page states the provision on this day
        """
        self._allowed(provision, "provisions")
        page = self._view.clause(provision, self.day).block
        printed = self._view.pages.blocks[page].effective
        return printed if printed is not None and printed > self.day else None

    def past_of(self, name: str) -> tuple[DatedValue[Any], ...]:
        """Every entry of a value, oldest first, to see whether it is the one asked about.

        Looking at them rests on none of them: a decision asks for the value of its day.
        """
        self._allowed(name, "values")
        return self._view.series(name).values

    def reading(self, key: str) -> str:
        """The option chosen where the texts conflict. The decision will cite the key.

        :raises NoSuchReading: if the book has no such reading, or no choice was known yet
        """
        self._allowed(key, "readings")
        self._remember_reading(key)
        return self.memory.readings[key]

    def options_of(self, key: str) -> tuple[str, ...]:
        """The options of a reading, to see whether they differ for the facts at hand.

        Looking at them rests on none of them: the decision does not cite the key for it.

        :raises NoSuchReading: if the book has no such reading
        """
        self._allowed(key, "readings")
        return tuple(self._view.reading(key).options)

    def _value(self, name: str, kind: str) -> DatedValue[Any]:
        self._allowed(name, "values")
        series = self._view.of_kind(name, kind)
        found = series.on(self.day)
        self._remember_value(name, found)
        if series.reading_key:
            self.memory.readings[series.reading_key] = str(found.value)
        for cap in self._view.limits_over(name):
            found = self._lowered(found, cap)
        return found

    def _lowered(self, found: DatedValue[Any], cap: str) -> DatedValue[Any]:
        """The lower of a value and a limit over it, citing both; as it is before the limit starts.

        The reading that sets the limit's first day is cited only where another option of it would
        give another answer on this day.
        """
        limit = self._view.series(cap).covering(self.day)
        if limit is None:
            lowest = self._view.limit_under_another_reading(cap, self.day)
            if lowest is not None and lowest < found.value:
                self._remember_reading(self._view.starts_of(cap))
            return found
        self._remember_value(cap, limit)
        both = (*found.limited_by, limit.citation)
        if limit.value >= found.value:
            return replace(found, limited_by=both)
        if self._view.limit_may_start_later(cap, self.day):
            self._remember_reading(self._view.starts_of(cap))
        return replace(found, value=limit.value, limited_by=both)

    def _remember_reading(self, key: str) -> None:
        self.memory.readings[key] = self._view.reading_option(key)

    def _remember_value(self, name: str, found: DatedValue[Any]) -> None:
        self.memory.values[name] = None
        provision = self._view.provision_of(name)
        block = self._view.block_of(found.citation) if provision else ""
        self._remember(found.standing, provision, block)

    def _remember(self, standing: Standing, provision: str, block: str) -> None:
        self.memory.standings.append(standing)
        if standing is Standing.CARRIED_FORWARD and provision:
            key = self._view.carried_forward_by(provision, self.day)
            if key:
                self._remember_reading(key)
        if provision:
            carried = standing is Standing.CARRIED_FORWARD
            where = self.memory.carried if carried else self.memory.provisions
            where[provision, block] = None

    def _allowed(self, name: str, what: str) -> None:
        if self._rule is not None:
            declared: tuple[str, ...] = getattr(self._rule, what)
            ensure(name in declared, f"{self._rule.id} declares '{name}' among its {what}")

    def _no_such(self, name: str, word: str, wanted: str) -> TariffFileBroken:
        return TariffFileBroken(
            f"'{name}' has {shown(word)} on {self.day}, and {wanted} is needed",
            where=self._view.file_of(name),
            do="Correct the value",
        )

    def _not_whole(self, name: str, found: DatedValue[Any], wanted: str) -> TariffFileBroken:
        return TariffFileBroken(
            f"'{name}' is {found.value} on {self.day}, and {wanted} is needed",
            where=self._view.file_of(name),
            do="Correct the value",
        )


def _with(found: DatedValue[Any], value: Value) -> DatedValue[Value]:
    return DatedValue(
        value,
        found.days,
        found.standing,
        found.citation,
        found.learned_on,
        found.note,
        found.limited_by,
        found.source,
        found.confidence,
        found.dates_inferred,
        found.gap,
    )
