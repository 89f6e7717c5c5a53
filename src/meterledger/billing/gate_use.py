"""Checks of a bill's energy: band by season and own history, jump by a factor, zero, estimates.

Lives here      one pure function for each; energy a day is compared, exactly, never rounded.
Lives elsewhere thresholds (``gate_terms``), amounts and lines (``gate_amounts``).

A bill is held by the band only where it is off from *everything* that is known of the account: of
the same season a year before, and of the bill before it. A register's bill that trues up an
estimate is compared with what that billed, over all days since the last actual read. Where the
temperatures of both are known, more degree days widen the band by their ratio; where they are not,
the band goes by history alone, is wide enough for a real heat wave, and says what it went by.
"""

from __future__ import annotations

from fractions import Fraction

from meterledger.billing.gate_facts import BillFacts, Use, finding
from meterledger.billing.gate_terms import PREVIOUS_WITHIN, GateTerms
from meterledger.facts.held import GateFinding, PastBill
from meterledger.kernel.written_counts import many

BAND, JUMP, ZERO, ESTIMATED = "gate.band", "gate.jump", "gate.zero", "gate.estimated"


def check_band(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """Energy a day against the same season of last year and against the bill before.

    Off from one and not from the other is no finding: a customer may have changed for good.
    """
    last_year = facts.same_season(terms["gate_season_shift_days"].value)
    previous = facts.previous(terms[PREVIOUS_WITHIN].value)
    found = []
    for past, name, least, most in (
        (last_year, "same season last year", "gate_band_least", "gate_band_most"),
        (previous, "bill before", "gate_band_previous_least", "gate_band_previous_most"),
    ):
        if past is None:
            continue
        limit = _beyond(facts, past, terms, f"{least}_percent", f"{most}_percent")
        if limit is None:
            return None
        found.append((past, name, limit))
    if not found:
        return None
    past, name, limit = found[0]
    now, usual = _told(facts), Use.of(past).per_day
    if past.energy_wh == 0:
        sentence = f"{now} where the {name} had {usual}"
    else:
        side = "below" if "_least_" in limit else "beyond"
        sentence = (
            f"{now} is {_percent(facts, past)} percent of the {name} ({usual}), "
            f"{side} {terms[limit].value} percent"
        )
    evidence = [(f"{one_name}: bill", one.bill_id) for one, one_name, _ in found]
    evidence += [(f"{one_name}: energy", Use.of(one).per_day) for one, one_name, _ in found]
    weather = ("weather", _weather_words(facts, past))
    return finding(BAND, sentence, terms[limit], (*evidence, weather))


def check_jump(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """Off by a factor that a unit or a multiplier would make, either way."""
    tolerance = terms["gate_jump_tolerance_percent"]
    floor = terms["gate_jump_floor_wh_per_day"].value
    compared = (
        facts.same_season(terms["gate_season_shift_days"].value),
        facts.previous(terms[PREVIOUS_WITHIN].value),
    )
    known = [one for one in compared if one is not None]
    if not known:
        return None
    for factor in terms.jump_factors:
        if all(
            _is_factor(facts.use, Use.of(past), factor, tolerance.value, floor) for past in known
        ):
            past = known[0]
            sentence = (
                f"{_told(facts)} against {Use.of(past).per_day} on bill "
                f"{past.bill_id} looks like a factor of {factor}: a unit, a multiplier or a "
                "decimal place"
            )
            return finding(JUMP, sentence, tolerance, [("factor", factor)])
    return None


def check_zero(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """No energy where the bill before had some."""
    floor = terms["gate_zero_floor_wh_per_day"]
    past = facts.previous(terms[PREVIOUS_WITHIN].value)
    if facts.bill.energy_wh != 0 or past is None or facts.bill.trues_up:
        return None
    if past.energy_wh < floor.value * past.days.day_count:
        return None
    sentence = (
        f"No energy was used in {many(facts.days.day_count, 'day')}, and bill {past.bill_id} "
        f"before had {Use.of(past).per_day}"
    )
    return finding(ZERO, sentence, floor, [("bill before", past.bill_id)])


def check_estimated(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """More estimated energy than a bill of intervals should rest on.

    Where the sheet's cap of three in a row counts the period, the sheet allows it; a register has
    no share at all.
    """
    bill = facts.bill
    limit = terms["gate_estimated_most_percent"]
    if not bill.interval_count or not bill.estimated_intervals or bill.counts_toward_cap:
        return None
    energy = bill.estimated_wh * 100 > limit.value * bill.energy_wh
    intervals = bill.estimated_intervals * 100 > limit.value * bill.interval_count
    if not (energy or intervals):
        return None
    sentence = (
        f"{bill.estimated_intervals} of {bill.interval_count} intervals and "
        f"{bill.estimated_wh:,} of {bill.energy_wh:,} Wh are estimated, more than "
        f"{limit.value} percent"
    )
    return finding(ESTIMATED, sentence, limit)


def _beyond(
    facts: BillFacts, past: PastBill, terms: GateTerms, least: str, most: str
) -> str | None:
    """Which of the two bounds the energy a day lies beyond; None inside, or off by little."""
    use = facts.use
    now = use.energy_wh * past.days.day_count
    was = past.energy_wh * use.days
    floor = terms["gate_band_floor_wh_per_day"].value
    if abs(now - was) <= floor * past.days.day_count * use.days:
        return None
    more, less = now * 100 > was * terms[most].value, now * 100 < was * terms[least].value
    if not (more or less):
        return None
    warmer = _degree_ratio(facts, past)
    if warmer is not None:  # asked of the few alone: the weather only ever widens the band
        cap = Fraction(terms["gate_weather_most_factor_percent"].value, 100)
        more = more and now * 100 > was * terms[most].value * min(max(warmer, Fraction(1)), cap)
        less = less and now * 100 < was * terms[least].value * max(
            min(warmer, Fraction(1)), 1 / cap
        )
    if not (more or less):
        return None
    return most if more else least


def _degree_ratio(facts: BillFacts, past: PastBill) -> Fraction | None:
    """Degree days a day of the bill over those of another; None where the weather is not known."""
    if facts.degrees is None:
        return None
    now, was = facts.degrees.of(facts.days), facts.degrees.of(past.days)
    if now is None or was is None or was == 0:
        return None
    return Fraction(now * past.days.day_count, was * facts.days.day_count)


def _weather_words(facts: BillFacts, past: PastBill) -> str:
    ratio = _degree_ratio(facts, past)
    if ratio is None:
        return "not known: compared with history alone"
    return f"{int(ratio * 100)} percent of the degree days a day of then"


def _is_factor(one: Use, other: Use, factor: int, tolerance: int, floor: int) -> bool:
    now, was = one.energy_wh * other.days, other.energy_wh * one.days
    more, less = max(now, was), min(now, was)
    if more < floor * other.days * one.days:
        return False
    return abs(more - factor * less) * 100 <= tolerance * factor * less


def _told(facts: BillFacts) -> str:
    """The use a day, and over which days where they are not the bill's own."""
    since = " since the register was last read" if facts.bill.trues_up else ""
    return f"{facts.use.per_day}{since}"


def _percent(facts: BillFacts, past: PastBill) -> int:
    now = Fraction(facts.use.energy_wh, facts.use.days)
    was = Fraction(past.energy_wh, past.days.day_count)
    return int(now / was * 100)
