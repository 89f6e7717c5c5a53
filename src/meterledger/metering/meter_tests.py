"""Meter tests: what counts as one, and when a test that the customer asks for again is charged.

Lives here      the kinds of evidence of a meter's accuracy; the twelve months and the two percent.
Lives elsewhere the adjustment of a bill after an inaccurate meter (GRR V.G, ``billing``), what the
                fee is: its sheet is not held (M-01).
Read first      GRR IV.D.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.metering.account_meters import CHAPTER, ROOM
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

COMMISSION_RULES = "meters.testing.commission_rules"
REPEATED = "meters.testing.repeat_test_charge"
WINDOW_MONTHS = "meters_testing_repeat_test_charge_window_months"
THRESHOLD_PERCENT = "meters_testing_repeat_test_charge_error_threshold_percent"
COMPARISON = "meters_testing_repeat_test_charge_comparison"
FEE_SOURCE = "meters_testing_repeat_test_charge_fee_source"


class TestFactsContradict(Refusal):
    """The facts given about a meter test cannot all be true."""

    __test__ = False  # its name begins as pytest's own do


class Evidence(Enum):
    """What says something of a meter's accuracy."""

    TEST_IN_SHOP = "test in the shop"
    TEST_ON_SITE = "test on site"
    DIAGNOSTIC_FLAG = "diagnostic flag"
    COMPARISON_OF_INTERVALS = "intervals against the register"


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """Something that speaks of a meter's accuracy."""

    evidence: Evidence = fact("Where it comes from.")


@dataclass(frozen=True, slots=True)
class CountsAsTest:
    """Whether it is a test of the meter, as the commission's rules mean one."""

    is_a_test: bool = fact("Whether it is a test result.")
    calls_for_a_test: bool = fact("Whether it is a reason to test the meter.")


def decide_is_a_test(facts: EvidenceFacts, terms: Terms) -> Decision[CountsAsTest]:
    """What a meter says of itself is a reason to test it, and never a test (GRR IV.D)."""
    clause = terms.clause(COMMISSION_RULES)
    tested = facts.evidence in (Evidence.TEST_IN_SHOP, Evidence.TEST_ON_SITE)
    found = (
        f"a {facts.evidence.value} measures the meter's error as the commission's rules ask"
        if tested
        else f"a finding of the kind '{facts.evidence.value}' measures no error: it calls for a "
        "test as the commission's rules ask"
    )
    return Decision(CountsAsTest(tested, not tested), (Reason(found, clause.citation),))


@dataclass(frozen=True, slots=True)
class RepeatedTestFacts:
    """A test of a meter that the customer asked for, with its result."""

    last_test: date | None = fact(
        "The last test of the same meter before the request, whoever asked for it; null if none."
    )
    average_error_percent: Fraction = fact(
        "The average error found, in percent; fast is above zero, slow below."
    )


@dataclass(frozen=True, slots=True)
class RepeatedTestCharge:
    """Whether the test is charged."""

    charged: bool = fact("Whether the standard fee of the meter's type is billed.")
    amount_from: str | None = fact("Where the amount stands; null if nothing is charged.")


def decide_repeated_test(facts: RepeatedTestFacts, terms: Terms) -> Decision[RepeatedTestCharge]:
    """Whether a test asked for on the day that counts is charged (GRR IV.D).

    The window is counted back from the request: a test on the very day twelve months before is
    within it. The error counts by its size, fast or slow alike.

    :raises TestFactsContradict: if the last test lies after the request
    """
    if facts.last_test is not None and facts.last_test > terms.day:
        raise TestFactsContradict(
            f"The last test was on {facts.last_test}, after the request of {terms.day}",
            where="facts.last_test",
            do="Give the last test before the request",
        )
    months, most = terms.whole(WINDOW_MONTHS), terms.number(THRESHOLD_PERCENT)
    if facts.last_test is None or months_after(facts.last_test, months.value) < terms.day:
        before = "never" if facts.last_test is None else f"last on {facts.last_test}"
        found = f"the meter was tested {before}, not within {months.value} months of the request"
        return Decision(RepeatedTestCharge(False, None), (Reason(found, months.citation),))
    within = Reason(
        f"tested on {facts.last_test}, within {months.value} months of the request",
        months.citation,
    )
    error = abs(facts.average_error_percent)
    if error > most.value:
        found = f"an average error of more than {most.value} percent was found: no fee"
        return Decision(RepeatedTestCharge(False, None), (within, Reason(found, most.citation)))
    compared, source = terms.text(COMPARISON), terms.text(FEE_SOURCE)
    reasons = (
        within,
        Reason(f"the average error is not above {most.value} percent", compared.citation),
        Reason(f"the amount stands elsewhere: {source.value}", source.citation),
    )
    return Decision(RepeatedTestCharge(True, source.value), reasons)


IS_A_TEST = Rule(
    id="meters.is_a_test",
    title="What counts as a test of a meter",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(COMMISSION_RULES,),
    governing_day="the day of the finding",
    facts=EvidenceFacts,
    outcome=CountsAsTest,
    values=(),
    decide=decide_is_a_test,
)

REPEATED_TEST_CHARGE = Rule(
    id="meters.repeated_test_charge",
    title="Charge for a meter test that the customer asks for again",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(REPEATED,),
    governing_day="the day of the request",
    facts=RepeatedTestFacts,
    outcome=RepeatedTestCharge,
    values=(WINDOW_MONTHS, THRESHOLD_PERCENT, COMPARISON, FEE_SOURCE),
    decide=decide_repeated_test,
)

RULES = (IS_A_TEST, REPEATED_TEST_CHARGE)
