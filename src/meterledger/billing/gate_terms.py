"""The gate's thresholds as they stood on the day of rendition, each with its clause.

Lives here      reading ``tariffs/.../billing_gate`` by the book's terms; what to say of no gate.
Lives elsewhere the checks (``gate_use``, ``gate_amounts``, ``gate_length``, ``gate_run``).
Read first      tariffs/union_electric_mo6/billing_gate/README.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from meterledger.billing.bill_contents import (
    DEGREE_DAY_BASE,
    STATION,
    degree_day_base_f,
    weather_station,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms

SHORTEST, LONGEST = "regular_period_days_min", "regular_period_days_max"
PREVIOUS_WITHIN = "gate_previous_within_days"
WHOLE = (
    "gate_band_least_percent",
    "gate_band_most_percent",
    "gate_band_previous_least_percent",
    "gate_band_previous_most_percent",
    "gate_band_floor_wh_per_day",
    "gate_season_shift_days",
    PREVIOUS_WITHIN,
    "gate_weather_most_factor_percent",
    "gate_jump_tolerance_percent",
    "gate_jump_floor_wh_per_day",
    "gate_zero_floor_wh_per_day",
    "gate_estimated_most_percent",
    "gate_price_floor_wh",
    "gate_price_least_cents_per_kwh",
    "gate_price_most_cents_per_kwh",
    "gate_run_windows_min",
    "gate_run_held_most_percent",
    "gate_run_estimated_most_percent",
    "gate_run_zero_most_percent",
    "gate_run_median_least_percent",
    "gate_run_median_most_percent",
    "gate_clock_tolerance_seconds",
    SHORTEST,
    LONGEST,
)
LEAST_USD, JUMP_FACTORS = "gate_least_usd", "gate_jump_factors"
MOST, CEILING = "gate_most_usd_", "gate_ceiling_usd_"
SURELY_THERE = "gate_run_windows_min"


class UnusableFactor(Refusal):
    """A factor of a jump is no whole number above one."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A whole threshold (cents, watt-hours, percent, days) with its name and clause."""

    name: str
    value: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class GateTerms:
    """All thresholds of one day of rendition; those by class of service are asked on demand."""

    day: date
    whole: dict[str, Threshold]
    least_cents: Threshold
    jump_factors: tuple[int, ...]
    jump_citation: Citation
    station: str
    """Whose temperatures tell the weather; empty where the book names none."""
    base_tenths_f: int | None
    """From which outside temperature degree days count, in tenths of a degree Fahrenheit."""
    _terms: Terms = field(repr=False, compare=False)
    _classes: dict[str, tuple[Threshold, Threshold]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __getitem__(self, name: str) -> Threshold:
        """A whole threshold by its name in the book."""
        return self.whole[name]

    def amounts_of(self, service_class: str) -> tuple[Threshold, Threshold]:
        """Above which cents a bill of the class is held, and above which it needs two people.

        :raises NoRuleInForce: if the book does not say
        """
        if service_class not in self._classes:
            self._classes[service_class] = (
                _cents(self._terms, MOST + service_class),
                _cents(self._terms, CEILING + service_class),
            )
        return self._classes[service_class]


def gate_terms(view: BookView, day: date) -> GateTerms | None:
    """The gate on a day; None where the book, as known, holds no gate at all.

    :raises NoRuleInForce: if a threshold has no value on the day
    :raises UnusableFactor: if a factor of a jump is none
    """
    if SURELY_THERE not in view.names() or not view.number(SURELY_THERE).values:
        return None
    terms = Terms(view, day)
    factors = terms.counts(JUMP_FACTORS)
    if min(factors.value, default=2) < 2:
        raise UnusableFactor(
            f"'{min(factors.value)}' is no factor of a jump",
            where=view.file_of(JUMP_FACTORS),
            do="Write whole numbers above 1",
        )
    known = view.names()
    station = weather_station(terms) if STATION in known else ""
    base = degree_day_base_f(terms) if DEGREE_DAY_BASE in known else None
    return GateTerms(
        day=day,
        whole={name: _whole(terms, name) for name in WHOLE},
        least_cents=_cents(terms, LEAST_USD),
        jump_factors=tuple(sorted(factors.value)),
        jump_citation=factors.citation,
        station=station,
        base_tenths_f=None if base is None else to_whole_half_up(base * 10),
        _terms=terms,
    )


def gate_values(known: Iterable[str]) -> frozenset[str]:
    """Those of the names that the gate asks for, in any class of service."""
    asked = {*WHOLE, LEAST_USD, JUMP_FACTORS}
    return frozenset(one for one in known if one in asked or one.startswith((MOST, CEILING)))


def _whole(terms: Terms, name: str) -> Threshold:
    found = terms.whole(name)
    return Threshold(name, found.value, found.citation)


def _cents(terms: Terms, name: str) -> Threshold:
    found = terms.cents(name)
    return Threshold(name, int(found.value), found.citation)
