"""The gate before a bill leaves: pass or hold, with every reason; and what autopay may collect.

Lives here      all checks of one bill, in their order.
Lives elsewhere each check (``gate_length``, ``gate_use``, ``gate_amounts``), the run as a whole
                (``gate_run``), what becomes of a held bill (``usecases/settle_held``).
Read first      docs/operating/held_bills.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from meterledger.billing.gate_amounts import (
    AMOUNT,
    CEILING,
    PRICE,
    check_amount,
    check_ceiling,
    check_lines,
    check_price,
)
from meterledger.billing.gate_facts import BillFacts, GateBill
from meterledger.billing.gate_length import check_length, check_overlap
from meterledger.billing.gate_terms import SHORTEST, GateTerms
from meterledger.billing.gate_use import (
    BAND,
    JUMP,
    check_band,
    check_estimated,
    check_jump,
    check_zero,
)
from meterledger.facts.held import GateFinding, GateOutcome
from meterledger.kernel.decision import Decision, Reason

CHECKS = (
    check_length,
    check_jump,
    check_zero,  # before the band, as the jump is: whose queue it is in goes by the first finding
    check_band,
    check_estimated,
    check_lines,
    check_price,
    check_amount,
    check_ceiling,
)
SHIELDS_AUTOPAY = frozenset({BAND, JUMP, PRICE, AMOUNT, CEILING})
"""Findings with which a bill is never collected by itself, even where a person has let it out."""


def gate_findings(
    facts: BillFacts, terms: GateTerms, beside: Sequence[GateBill] = ()
) -> list[GateFinding]:
    """What the checks notice, in their order; empty for a bill that may leave.

    :raises NoRuleInForce: if the book is silent on the class of service
    """
    found = [one for check in CHECKS if (one := check(facts, terms)) is not None]
    overlap = check_overlap(facts, terms, beside)
    return [overlap, *found] if overlap is not None else found


def decide_gate(
    facts: BillFacts, terms: GateTerms, beside: Sequence[GateBill] = ()
) -> Decision[GateOutcome]:
    """Whether a bill leaves, and why.

    :raises NoRuleInForce: if the book is silent on the class of service
    """
    found = gate_findings(facts, terms, beside)
    if found:
        return Decision(GateOutcome.HOLD, tuple(one.reason for one in found))
    passed = Reason("every check of the gate was passed", terms[SHORTEST].citation)
    return Decision(GateOutcome.PASS, (passed,))


def shields_autopay(findings: Iterable[GateFinding]) -> list[GateFinding]:
    """Those for which a bill is not collected by itself."""
    return [one for one in findings if one.code in SHIELDS_AUTOPAY]


def decide_collection(
    findings: Iterable[GateFinding], terms: GateTerms, *, was_held: Sequence[GateFinding] = ()
) -> Decision[bool]:
    """Whether a bill may be collected automatically: the same band shields the customer's bank.

    ``findings`` are what the gate says of the bill now, ``was_held`` what held it before a person
    let it out: who pays by card or debit is asked first then.
    """
    shielded = shields_autopay((*findings, *was_held))
    if shielded:
        return Decision(False, tuple(one.reason for one in dict.fromkeys(shielded)))
    passed = Reason("the bill lies within the gate's band", terms[SHORTEST].citation)
    return Decision(True, (passed,))
