"""The tariff book on two clocks: what was in force on a day, as the book was known on a day.

Lives here      views of the book as known on a day, typed answers, and the hash a bill pins.
Lives elsewhere reading files (``loading``), the words of silence (``series``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any

from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.citation import Citation
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.blocks import Pages
from meterledger.rulebook.parsing import Entry, ParsedSeries
from meterledger.rulebook.parsing_schedules import ScheduleBody
from meterledger.rulebook.provisions import Clause, Provision, ProvisionVersion, ReviewNeeded
from meterledger.rulebook.readings import CARRY_FORWARD, Changes, NoSuchReading, ReadingRecord
from meterledger.rulebook.schedule import Schedule, Seasons, TimeOfUse
from meterledger.rulebook.series import DatedValue, Series, Unlearned
from meterledger.rulebook.service_class import class_naming


class NoSuchValue(Refusal):
    """The book has no series of that name, or it is of another kind."""


@dataclass(frozen=True, slots=True)
class Texts:
    """What the book says beside its values. A small book may hold none of it."""

    pages: Pages = field(default_factory=Pages)
    provisions: dict[str, Provision] = field(default_factory=dict)
    readings: dict[str, ReadingRecord] = field(default_factory=dict)


class TariffBook:
    """Everything that was ever entered. Immutable; ask it through ``as_known``."""

    def __init__(
        self,
        *,
        name: str,
        utility: str,
        time_zone: str,
        states: tuple[str, ...],
        parsed: dict[str, ParsedSeries],
        texts: Texts | None = None,
    ) -> None:
        """``parsed`` and ``texts`` are what ``loading.load_book`` read and checked.

        ``states`` are the two letters of each state in which the utility serves.
        """
        self.name = name
        self.utility = utility
        self.time_zone = time_zone
        self.states = states
        self.parsed = parsed
        self.texts = texts if texts is not None else Texts()
        learned = [entry.dated.learned_on for one in parsed.values() for entry in one.entries]
        self.first_learned_on = min(learned, default=date.max)
        self._views: dict[date, BookView] = {}
        self._carriers: dict[str, ReadingRecord] | None = None
        self.limits: dict[str, tuple[str, ...]] = {}
        for one in parsed.values():
            if one.limits:
                self.limits[one.limits] = (*self.limits.get(one.limits, ()), one.name)

    def carriers(self) -> dict[str, ReadingRecord]:
        """The reading that carries each provision past its last text, where one does.

        A reading carries the provisions it names, and those that miss the same text.
        """
        if self._carriers is None:
            self._carriers = {}
            provisions = self.texts.provisions
            for _, reading in sorted(self.texts.readings.items()):
                if CARRY_FORWARD not in reading.options:
                    continue
                named = [provisions[one] for one in reading.provisions if one in provisions]
                gaps = {one.gap for one in named if one.gap}
                for record in provisions.values():
                    if record in named or record.gap in gaps:
                        self._carriers.setdefault(record.id, reading)
        return self._carriers

    def as_known(self, day: date) -> BookView:
        """The book as it was known at the end of ``day``: entries learned later are not seen."""
        if day not in self._views:
            self._views[day] = BookView(self, day)
        return self._views[day]


class BookView:
    """The book as known on one day. Series, schedules and calendars by name."""

    def __init__(
        self, book: TariffBook, known_on: date, readings: Mapping[str, str] | None = None
    ) -> None:
        """Choose, for every series, the entries known on ``known_on``.

        ``readings`` asks what would be if other options were chosen; such a view has no hash.
        """
        self._book = book
        self._readings = dict(readings or {})
        self.name = book.name
        self.utility = book.utility
        self.time_zone = book.time_zone
        self.states = book.states
        self.known_on = known_on
        self._parsed = book.parsed
        self._series: dict[str, Series[Any]] = {}
        self._classes: list[Series[Any]] | None = None
        self._sha256: str | None = None

    @property
    def sha256(self) -> str:
        """The hash of every entry known on that day; later entries do not change it."""
        if self._readings:
            raise NoSuchValue(
                "A book with other readings than the chosen ones has no hash",
                why=f"It was asked with {', '.join(sorted(self._readings))}",
                do="Nothing can be issued with it; choose the reading in the book first",
            )
        if self._sha256 is None:
            known = {
                name: {
                    "kind": parsed.kind,
                    "meaning": parsed.meaning,
                    "unit": parsed.unit,
                    "values": [entry.record for entry in _known(parsed, self.known_on)],
                }
                for name, parsed in sorted(self._parsed.items())
                if _known(parsed, self.known_on)
            }
            record = {"name": self.name, "time_zone": self.time_zone, "series": known}
            chosen = {
                key: reading.chosen(self.known_on)
                for key, reading in sorted(self._book.texts.readings.items())
                if reading.choices[0].learned_on <= self.known_on
            }
            if chosen:  # a book without readings keeps the hash its bills pinned
                record["readings"] = chosen
            self._sha256 = sha256_hex(canonical_bytes(record))
        return self._sha256

    def names(self) -> list[str]:
        """All series names, in order."""
        return sorted(self._parsed)

    def kind_of(self, name: str) -> str:
        """The kind of a series: price, number, text, seasons, time_of_use, holidays, schedule."""
        return self._find(name).kind

    def file_of(self, name: str) -> str:
        """The file a series stands in, relative to the book's folder."""
        return self._find(name).file

    def last_checked_on(self, name: str) -> date:
        """The day on which somebody last looked whether the series is still right."""
        return self._find(name).last_checked_on

    def source_of(self, name: str, dated: DatedValue[Any]) -> str:
        """Where a value of a series was read, as its file says; empty where it says nothing.

        :raises NoSuchValue: naming the nearest names
        """
        for entry in _known(self._find(name), self.known_on):
            same = entry.dated.learned_on == dated.learned_on
            if same and dated.days.from_day in entry.dated.days:
                return str(entry.record.get("source", ""))
        return ""

    def series(self, name: str) -> Series[Any]:
        """A series of any kind.

        :raises NoSuchValue: naming the nearest names
        """
        if name not in self._series:
            self._series[name] = self._build(self._find(name))
        return self._series[name]

    def with_readings(self, readings: Mapping[str, str]) -> BookView:
        """The same book if other options of some readings were chosen: for "what if" only.

        :raises NoSuchReading: if there is no such reading, or it has no such option
        """
        for key, option in readings.items():
            self.reading(key).must_have(option)
        return BookView(self._book, self.known_on, {**self._readings, **readings})

    def reading(self, key: str) -> ReadingRecord:
        """A conflict with its options and choices.

        :raises NoSuchReading: naming the nearest keys
        """
        readings = self._book.texts.readings
        if key not in readings:
            near = _like_it("Keys", key, tuple(sorted(readings)))
            raise NoSuchReading(f"The book has no reading '{key[:60]}'", do=near)
        return readings[key]

    def readings(self) -> list[ReadingRecord]:
        """Every conflict of the book of which a choice was known on this view's day, by key."""
        return [
            record
            for _, record in sorted(self._book.texts.readings.items())
            if record.choices[0].learned_on <= self.known_on
        ]

    def reading_option(self, key: str) -> str:
        """The option in use: the one asked for, or the one chosen as known on this view's day.

        :raises NoSuchReading: if there is no such reading or no choice was known yet
        """
        record = self.reading(key)
        return self._readings.get(key) or record.chosen(self.known_on)

    @property
    def pages(self) -> Pages:
        """Instruments, printed pages and gaps."""
        return self._book.texts.pages

    def provisions(self) -> list[Provision]:
        """Every provision, by id."""
        return [one for _, one in sorted(self._book.texts.provisions.items())]

    def provision(self, provision: str) -> Provision:
        """A provision with all its versions.

        :raises NoSuchValue: naming the nearest ids
        """
        provisions = self._book.texts.provisions
        if provision not in provisions:
            raise NoSuchValue(
                f"The book has no provision '{provision[:60]}'",
                do=_like_it("Ids", provision, tuple(sorted(provisions))),
            )
        return provisions[provision]

    def clause(self, provision: str, day: date) -> Clause:
        """The version of a provision that holds on a day, to cite.

        :raises ReviewNeeded: after the last text that is held, where a person must decide
        :raises NoRuleInForce: before the first, or after the rule has left the tariff
        """
        record = self.provision(provision)
        version, standing = record.version_on(day)
        if standing is Standing.CARRIED_FORWARD:
            self.carried_forward_by(provision, day)
        return self.clause_of(record, version, standing)

    def clause_of(self, record: Provision, version: ProvisionVersion, standing: Standing) -> Clause:
        """A version of a provision with the page it stands on."""
        block = self.pages.blocks[version.block]
        standing = weakest((standing, block.standing))
        return Clause(
            record.id, version.block, block.citation(version.paragraph), standing, version
        )

    def carried_forward_by(self, provision: str, day: date) -> str:
        """The key of the reading that carries a provision past its last text; "" where none does.

        :raises ReviewNeeded: if the reading's option is not to carry it forward
        """
        reading = self._book.carriers().get(provision)
        if reading is None:
            return ""
        if self.reading_option(reading.key) != CARRY_FORWARD:
            record = self.provision(provision)
            raise ReviewNeeded(
                f"'{provision}' ({record.title}) has no text in force on {day}",
                why=f"{record.text_gap} The reading '{reading.key}' does not carry it forward",
                do="Leave the case in the review queue and find the text",
            )
        return reading.key

    def provision_of(self, name: str) -> str:
        """The provision that states a value, or nothing."""
        return self._find(name).provision

    def block_of(self, citation: Citation) -> str:
        """The printed page that a citation names, or nothing if it is not held."""
        block = self.pages.block_cited(citation)
        return block.block if block is not None else ""

    def limits_over(self, name: str) -> tuple[str, ...]:
        """The names of the values that cap this one."""
        return self._book.limits.get(name, ())

    def starts_of(self, cap: str) -> str:
        """The key of the reading that sets a cap's first day, or nothing."""
        return self._find(cap).starts

    def limit_under_another_reading(self, cap: str, day: date) -> Any:
        """The cap that would be in force if its reading chose an earlier first day, or None."""
        starts = self.starts_of(cap)
        first = self.series(cap).values[0]
        if not starts or day >= first.days.from_day:
            return None
        earlier = any(date.fromisoformat(one) <= day for one in self.reading(starts).options)
        return first.value if earlier else None

    def limit_may_start_later(self, cap: str, day: date) -> bool:
        """Whether another option of its reading would start the cap only after the day."""
        starts = self.starts_of(cap)
        return bool(starts) and any(
            date.fromisoformat(one) > day for one in self.reading(starts).options
        )

    def price(self, name: str) -> Series[int]:
        """A price in whole millionths of a US dollar."""
        return self.of_kind(name, "price")

    def number(self, name: str) -> Series[Fraction]:
        """An exact number: a count, a share, kWh, days."""
        return self.of_kind(name, "number")

    def text(self, name: str) -> Series[str]:
        """A word, such as a chosen reading."""
        return self.of_kind(name, "text")

    def seasons(self, name: str) -> Series[Seasons]:
        """A season calendar."""
        return self.of_kind(name, "seasons")

    def time_of_use(self, name: str) -> Series[TimeOfUse]:
        """Windows of the day by season."""
        return self.of_kind(name, "time_of_use")

    def holidays(self, name: str) -> Series[frozenset[date]]:
        """Explicit holidays; each entry covers the days it is in force."""
        return self.of_kind(name, "holidays")

    def schedule_codes(self) -> list[str]:
        """The codes of all schedules that are known by now, in order."""
        codes = sorted(name for name, one in self._parsed.items() if one.kind == "schedule")
        return [code for code in codes if self.series(code).values]

    def schedule_series(self, code: str) -> Series[Schedule]:
        """A schedule over time.

        :raises NoSuchValue: naming the schedules there are
        """
        if code not in self._parsed or self._parsed[code].kind != "schedule":
            known = ", ".join(self.schedule_codes())
            raise NoSuchValue(f"There is no schedule '{code[:60]}'", do=f"Name one of {known}")
        return self.of_kind(code, "schedule")

    def schedule(self, code: str, day: date) -> Schedule:
        """The schedule in force on a day.

        :raises NoSuchValue: if there is no such schedule
        :raises NoRuleInForce: if it is not in force on the day
        """
        return self.schedule_series(code).on(day).value

    def service_class(self, schedule_code: str, day: date) -> DatedValue[str]:
        """The class of a schedule, one of ``schedule.SERVICE_CLASSES``, with its clause.

        :raises NoSuchValue: if there is no such schedule
        :raises NoRuleInForce: if no class of the book, as known, names it on that day
        """
        self.schedule_series(schedule_code)
        if self._classes is None:
            kinds = {name: self.kind_of(name) for name in self.names()}
            self._classes = [self.series(one) for one in kinds if kinds[one] == "service_class"]
        return class_naming(self._classes, schedule_code, day, self.known_on)

    def _find(self, name: str) -> ParsedSeries:
        if name not in self._parsed:
            raise NoSuchValue(
                f"The book has no value called '{name[:60]}'",
                do=_like_it("Names", name, tuple(self.names())),
            )
        return self._parsed[name]

    def of_kind(self, name: str, kind: str) -> Series[Any]:
        """A series that is of the kind asked for.

        :raises NoSuchValue: if there is none of that name, or it is of another kind
        """
        found = self._find(name)
        if found.kind != kind:
            raise NoSuchValue(
                f"'{name}' is a {found.kind}, and a {kind} is needed",
                where=found.file,
                do="Name a value of that kind",
            )
        return self.series(name)

    def _build(self, parsed: ParsedSeries) -> Series[Any]:
        values = [_value(parsed, dated) for dated in _in_force(parsed, self.known_on)]
        if parsed.starts and values:
            values[0] = _starting(values[0], date.fromisoformat(self.reading_option(parsed.starts)))
        if parsed.reading_key in self._readings:
            values = [replace(dated, value=self._read_otherwise(parsed, dated)) for dated in values]
        return Series(
            parsed.name,
            parsed.meaning,
            parsed.unit,
            parsed.file,
            tuple(values),
            parsed.reading_key,
            parsed.provision,
            parsed.limits,
            self._unlearned(parsed) if parsed.entries and not values else None,
            parsed.gap,
        )

    def _unlearned(self, parsed: ParsedSeries) -> Unlearned:
        return Unlearned(
            known_on=self.known_on,
            first_on=min(entry.dated.learned_on for entry in parsed.entries),
            book_first_on=self._book.first_learned_on,
        )

    def _read_otherwise(self, parsed: ParsedSeries, dated: DatedValue[Any]) -> Any:
        """The option asked for, as the value of the series that carries the reading."""
        record = self.reading(parsed.reading_key)
        if record.changes is not Changes.VALUE or record.value != parsed.name:
            return dated.value
        option = self._readings[parsed.reading_key]
        return Fraction(option) if parsed.kind == "number" else option


def _starting(dated: DatedValue[Any], day: date) -> DatedValue[Any]:
    """A limit's first value from the day that the chosen reading sets."""
    return replace(dated, days=Validity(day, dated.days.until_day))


def _known(parsed: ParsedSeries, known_on: date) -> list[Entry]:
    return [entry for entry in parsed.entries if entry.dated.learned_on <= known_on]


def _in_force(parsed: ParsedSeries, known_on: date) -> list[DatedValue[Any]]:
    """Entries known on the day, each cut back by what was learned later, in order of days.

    A correction takes the days it states from what it corrects. Any other entry learned later is
    the further notice until which an earlier one held, and ends that one for good.
    """
    found: list[DatedValue[Any]] = []
    for entry in sorted(_known(parsed, known_on), key=lambda one: one.dated.learned_on):
        days = entry.dated.days
        cut = days if entry.corrects else Validity(days.from_day)
        kept = [part for earlier in found for part in _outside(earlier, cut, entry)]
        found = [*kept, entry.dated]
    return sorted(found, key=lambda dated: dated.days.from_day)


def _outside(earlier: DatedValue[Any], cut: Validity, later: Entry) -> list[DatedValue[Any]]:
    """What remains of an earlier value on days outside ``cut``, if the later entry touches it."""
    days = earlier.days
    if not days.overlaps(later.dated.days):
        return [earlier]
    parts: list[Validity] = []
    if days.from_day < cut.from_day:
        parts.append(Validity(days.from_day, cut.from_day))
    if cut.until_day is not None and (days.until_day is None or cut.until_day < days.until_day):
        parts.append(Validity(cut.until_day, days.until_day))
    return [replace(earlier, days=part) for part in parts]


def _value(parsed: ParsedSeries, dated: DatedValue[Any]) -> DatedValue[Any]:
    if not isinstance(dated.value, ScheduleBody):
        return dated
    body = dated.value
    schedule = Schedule(
        code=parsed.name,
        name=body.name,
        sheet=body.sheet,
        charges=body.charges,
        seasons=body.seasons,
        windows=body.windows,
        block_limit=body.block_limit,
        demand_window=body.demand_window,
        demands=body.demands,
        billing_demands=body.billing_demands,
        block_sets=body.block_sets,
        days=dated.days,
        citation=dated.citation,
        standing=dated.standing,
    )
    return replace(dated, value=schedule)


@lru_cache(maxsize=256)
def _like_it(what: str, name: str, names: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    near = ", ".join(get_close_matches(name, names, n=5, cutoff=0.3) or names[:5])
    return f"{what} like it: {near}" if near else "It has none: add it, or use a book that has it"
