"""Variances from the commission's rules that the sheets name: which case lets us differ from what.

Lives here      asking, for one thing that we do, whether a case allows it and from which rules.
Lives elsewhere the things themselves: the order of partial payments (``ledger``), lengths after a
                chosen due date and bills without register readings (``billing``); waivers and
                variances listed for named places (``listed_variances``).
Read first      GRR V.A, V.D, V.M (V.N) and V.O, where the cases are named; conflict C-RULE-NUMBERS.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms


class Differing(Enum):
    """What we do differently from the commission's general rules."""

    ORDER_OF_PARTIAL_PAYMENTS = "order of partial payments"
    LENGTH_AFTER_CHOSEN_DUE_DATE = "length of a bill after a chosen due date"
    ADVANCED_METER_READINGS = "reading and estimating advanced meters"
    NO_READINGS_FOR_WIDER_GROUP = "no register readings for those who may choose time periods"


_CASES = {
    Differing.ORDER_OF_PARTIAL_PAYMENTS: ("variances.rules.EO-98-263",),
    Differing.LENGTH_AFTER_CHOSEN_DUE_DATE: (
        "variances.rules.EE-2019-0385",
        "variances.rules.EE-2019-0385.sheet_130",
    ),
    Differing.ADVANCED_METER_READINGS: ("variances.rules.EE-2019-0382",),
    Differing.NO_READINGS_FOR_WIDER_GROUP: ("variances.rules.EE-2021-0103",),
}


def _values(provision: str) -> tuple[str, str]:
    name = provision.lower().replace(".", "_").replace("-", "_")
    return f"{name}_case", f"{name}_rules"


@dataclass(frozen=True, slots=True)
class VarianceFacts:
    """One thing that we do differently."""

    differing: Differing = fact("What it is.")


@dataclass(frozen=True, slots=True)
class Variance:
    """Whether a case allows it."""

    allowed: bool = fact("Whether a case named in a sheet in force allows it.")
    case: str | None = fact("The case; null if none does.")
    rules: tuple[str, ...] = fact("The commission's rules it lets us differ from; [] if none.")


def decide_variance(facts: VarianceFacts, terms: Terms) -> Decision[Variance]:
    """Whether a case named in the sheets of the day lets us differ, and from which rules.

    :raises NoRuleInForce: where no sheet of the day names a case for it
    """
    first, *others = _CASES[facts.differing]
    case_name, rules_name = _values(first)
    case, rules = terms.text(case_name), terms.listing(rules_name)
    reasons = [Reason(f"case {case.value} is named for it", case.citation)]
    reasons.append(Reason(f"it differs from {', '.join(rules.value)}", rules.citation))
    for provision in others:
        again, its_rules = (_values(provision)[0], _values(provision)[1])
        try:
            named, listed = terms.text(again), terms.listing(its_rules)
        except NoRuleInForce:
            continue
        reasons.append(
            Reason(f"named a second time, for {len(listed.value)} rules", named.citation)
        )
    return Decision(Variance(True, case.value, rules.value), tuple(reasons))


_ALL = tuple(provision for group in _CASES.values() for provision in group)

RULES = (
    Rule(
        id="variances.rules",
        title="Variances from the commission's rules",
        room="billing",
        kind="procedure",
        chapter="restrictions_and_variances",
        provisions=_ALL,
        governing_day="the day on which it is done",
        facts=VarianceFacts,
        outcome=Variance,
        values=tuple(name for provision in _ALL for name in _values(provision)),
        decide=decide_variance,
    ),
)
