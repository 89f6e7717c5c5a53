"""Electricity in the rent, and electricity sold on: what a customer may do with what is metered.

Lives here      when a unit needs a meter of its own, the six exceptions, resale and its old rights.
Lives elsewhere disconnection for unauthorised resale (``arrears``), variances granted for named
                buildings (``listed_variances``).
Read first      GRR V.K and V.L (V.L and V.M to 2018-04-12).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "restrictions_and_variances", "billing"
_RENT = "restrictions.rent_inclusion"
PROHIBITED = f"{_RENT}.prohibited"
OWN_METER = f"{_RENT}.separate_metering"
TRANSIENT = f"{_RENT}.exception_transient"
ALTERABLE = f"{_RENT}.exception_alterable_space"
ADJACENT = f"{_RENT}.exception_adjacent"
CENTRAL = f"{_RENT}.exception_central_systems"
RENEWABLE = f"{_RENT}.exception_renewables"
COMMERCIAL = f"{_RENT}.exception_commercial_central"
VARIANCE = f"{_RENT}.variance_application"
NURSING_HOME = f"{_RENT}.def_nursing_home"
CENTRAL_SYSTEM = f"{_RENT}.def_central_system"
BUILT_AFTER = "restrictions_rent_inclusion_separate_metering_constructed_after"
EXAMPLES = "restrictions_rent_inclusion_exception_transient_examples"
LEAST_SHARE = "restrictions_rent_inclusion_exception_transient_share_min_percent"
LICENSOR = "restrictions_rent_inclusion_def_nursing_home_licensor"
RESALE = "restrictions.resale.prohibited"
PRICE_CAP = "restrictions.resale.price_cap"
REBUILT = "restrictions.resale.ends_on_rebuild"
CHARGING = "restrictions.resale.ev_charging"
RESOLD_BEFORE = "restrictions_resale_prohibited_grandfather_before"
AT_MOST = "restrictions_resale_price_cap"
CHARGING_FROM = "restrictions_resale_ev_charging_from"
PARK, NURSING = "mobile home park", "nursing home"


class PremisesContradict(Refusal):
    """The facts given about a building or a resale cannot all be true."""


class Exceptions(Enum):
    """The items under which a unit needs no meter of its own, or only part of its use does not."""

    TRANSIENT_OCCUPANTS = "transient occupants"
    ALTERABLE_SPACE = "walls that change with the tenants"
    ADJACENT_BUILDINGS = "adjacent commercial buildings"
    CENTRAL_SYSTEMS = "the share that runs central systems"
    RENEWABLE_WITH_CENTRAL = "renewable energy together with central systems"
    COMMERCIAL_WITH_CENTRAL = "a commercial unit in a building with central systems"


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """A unit of a building whose occupant would pay for electricity in the rent."""

    constructed: date = fact("The day on which the building was constructed.")
    commercial: bool = fact("Whether the unit is commercial.")
    kind: str | None = fact(
        "What the building is, in the words of item 1 (hotel, nursing home, …); null if none of "
        "them.",
        default=None,
    )
    licensed: bool = fact("For a nursing home: whether it holds a licence.", default=False)
    permanent_share_percent: int | None = fact(
        "For a mobile home park: percent of its space set aside for travel trailers for good.",
        default=None,
    )
    walls_change_with_tenants: bool = fact(
        "Whether temporary walls in place of permanent ones divide the units.", default=False
    )
    adjacent_buildings: bool = fact("Whether they are adjacent buildings.", default=False)
    only_for_central_systems: bool = fact(
        "Whether the rent includes only what runs central heating, hot water or air.", default=False
    )
    central_piping: bool = fact(
        "Whether the building has central systems, or units joined to them by central piping.",
        default=False,
    )
    renewable_energy: bool = fact("Whether the premises use renewable energy.", default=False)


@dataclass(frozen=True, slots=True)
class Unit:
    """Whether the rent may include the electricity."""

    may_be_included: bool = fact("Whether the rent may include it.")
    needs_its_own_meter: bool = fact("Whether the unit must have a meter of its own.")
    exception: Exceptions | None = fact("Under which item; null if under none.")
    may_apply_for_a_variance: bool = fact("Whether the commission may be asked for one.")


def decide_unit(facts: UnitFacts, terms: Terms) -> Decision[Unit]:
    """Whether a unit's electricity may be in the rent (GRR V.K, V.L to 2018-04-12).

    :raises PremisesContradict: if a share of a park is not a percentage
    :raises ReviewNeeded: where the text after 2022-02-28 is left to a person
    """
    share = facts.permanent_share_percent
    if share is not None and not 0 <= share <= 100:
        raise PremisesContradict(
            f"{share} percent of a park cannot be",
            where="facts.permanent_share_percent",
            do="Give the share set aside for good, from 0 to 100",
        )
    for exception, reason in _exceptions(facts, terms):
        return Decision(Unit(True, False, exception, False), (reason,))
    after, clause = terms.day_of(BUILT_AFTER), terms.clause(PROHIBITED)
    variance = terms.clause(VARIANCE)
    forbidden = Reason(
        "electricity is not supplied as an unidentified part of the rent", clause.citation
    )
    ask = Reason("for good cause the commission may grant a variance", variance.citation)
    needs = facts.constructed > after.value
    found = (
        f"constructed on {facts.constructed}, {'' if needs else 'not '}after {after.value}: "
        f"{'its own meter for each unit' if needs else 'no meter of its own is asked for'}"
    )
    reasons = (forbidden, Reason(found, after.citation), ask)
    return Decision(Unit(False, needs, None, True), reasons)


def _exceptions(facts: UnitFacts, terms: Terms) -> Iterator[tuple[Exceptions, Reason]]:
    """The exceptions that the unit meets, in the order of the items."""
    if facts.kind is not None:
        reason = _transient(facts, terms)
        if reason is not None:
            yield Exceptions.TRANSIENT_OCCUPANTS, reason
    if facts.commercial and facts.walls_change_with_tenants:
        found = "temporary walls divide commercial units and change with their tenants"
        yield Exceptions.ALTERABLE_SPACE, Reason(found, terms.clause(ALTERABLE).citation)
    if facts.commercial and facts.adjacent_buildings:
        found = "they are adjacent commercial buildings"
        yield Exceptions.ADJACENT_BUILDINGS, Reason(found, terms.clause(ADJACENT).citation)
    if not facts.central_piping:
        return
    piped = terms.clause(CENTRAL_SYSTEM)
    if facts.only_for_central_systems:
        found = (
            "only what runs central systems is included; units on central piping count as such "
            f"({piped.citation.paragraph})"
        )
        yield Exceptions.CENTRAL_SYSTEMS, Reason(found, terms.clause(CENTRAL).citation)
    if facts.renewable_energy:
        found = "renewable energy is used together with central systems"
        yield Exceptions.RENEWABLE_WITH_CENTRAL, Reason(found, terms.clause(RENEWABLE).citation)
    if facts.commercial:
        found = "a commercial unit of a building with central systems"
        yield Exceptions.COMMERCIAL_WITH_CENTRAL, Reason(found, terms.clause(COMMERCIAL).citation)


def _transient(facts: UnitFacts, terms: Terms) -> Reason | None:
    kinds = terms.listing(EXAMPLES)
    named = {one.split(" (")[0] for one in kinds.value}
    if facts.kind not in named:
        return None
    if facts.kind == PARK:
        least = terms.number(LEAST_SHARE)
        share = facts.permanent_share_percent
        if share is None or share < least.value:
            return None
        found = f"a mobile home park with {share} percent for travel trailers for good"
        return Reason(f"{found}, not less than {least.value}", least.citation)
    if facts.kind == NURSING:
        licensor = terms.text(LICENSOR)
        if not facts.licensed:
            return None
        found = f"a nursing home with a licence of the {licensor.value}"
        return Reason(found, licensor.citation)
    return Reason(f"a {facts.kind} has transient occupants", kinds.citation)


@dataclass(frozen=True, slots=True)
class ResaleFacts:
    """Metered electricity that a customer passes on at a price of its own."""

    began: date = fact("The day on which the practice began.")
    vehicle_charging: bool = fact("Whether it is charging of electric vehicles.", default=False)
    rebuilt: bool = fact(
        "Whether the premises were remodeled, rebuilt or replaced since.", default=False
    )


@dataclass(frozen=True, slots=True)
class Resale:
    """Whether it is allowed."""

    allowed: bool = fact("Whether the tariff lets the customer do it.")
    price_at_most: str | None = fact("What the third party pays at most; null if not limited.")


def decide_resale(facts: ResaleFacts, terms: Terms) -> Decision[Resale]:
    """Whether metered electricity may be sold on (GRR V.L, V.M to 2018-04-12).

    :raises PremisesContradict: if the practice begins after the day that counts
    """
    if facts.began > terms.day:
        raise PremisesContradict(
            f"The practice began on {facts.began}, after the day that counts, {terms.day}",
            where="facts.began",
            do="Correct the day, or decide on a later one",
        )
    if facts.vehicle_charging:
        try:
            since = terms.day_of(CHARGING_FROM)
        except NoRuleInForce:
            pass
        else:
            found = f"charging electric vehicles is not forbidden, since {since.value}"
            return Decision(Resale(True, None), (Reason(found, since.citation),))
    before = terms.day_of(RESOLD_BEFORE)
    if facts.began >= before.value:
        found = f"begun on {facts.began}, and only what began before {before.value} may go on"
        return Decision(Resale(False, None), (Reason(found, before.citation),))
    old = Reason(f"begun on {facts.began}, before {before.value}", before.citation)
    if facts.rebuilt:
        found = "the premises were remodeled, rebuilt or replaced: the old right is over"
        clause = terms.clause(REBUILT)
        return Decision(Resale(False, None), (old, Reason(found, clause.citation)))
    most = terms.text(AT_MOST)
    found = f"the third party pays no more than the {most.value}"
    return Decision(Resale(True, most.value), (old, Reason(found, most.citation)))


RULES = (
    Rule(
        id="restrictions.rent_inclusion",
        title="Electricity in the rent",
        room=ROOM,
        kind="eligibility",
        chapter=CHAPTER,
        provisions=(
            PROHIBITED,
            OWN_METER,
            TRANSIENT,
            ALTERABLE,
            ADJACENT,
            CENTRAL,
            RENEWABLE,
            COMMERCIAL,
            VARIANCE,
            NURSING_HOME,
            CENTRAL_SYSTEM,
        ),
        governing_day="the day on which it is asked",
        facts=UnitFacts,
        outcome=Unit,
        values=(BUILT_AFTER, EXAMPLES, LEAST_SHARE, LICENSOR),
        decide=decide_unit,
    ),
    Rule(
        id="restrictions.resale",
        title="Electricity sold on",
        room=ROOM,
        kind="eligibility",
        chapter=CHAPTER,
        provisions=(RESALE, PRICE_CAP, REBUILT, CHARGING),
        governing_day="the day on which it is asked",
        facts=ResaleFacts,
        outcome=Resale,
        values=(RESOLD_BEFORE, AT_MOST, CHARGING_FROM),
        decide=decide_resale,
    ),
)
