"""A bill that we send late: no late charge on it, time to pay, and a limit to how late it may be.

Lives here      from when a bill counts as delayed by us, and what follows.
Lives elsewhere late charges (``arrears``), limits of corrections (``correction_limits``), leaving
                out what is too old (``back_billing``).
Read first      20 CSR 4240-13.020 (one bill for every billing period); GRR V.G.1.b.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_counts import many
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

EACH_PERIOD = "psc.13_020.bill_each_period"
NO_LIMIT = "psc.13_025.diversion_no_limit"
LONGEST = "regular_period_days_max"
LOOKBACK = "psc_13_025_undercharge_lookback_max"


class IssuedBeforeItsEnd(Refusal):
    """A bill was issued before the service that it is for had ended."""


@dataclass(frozen=True, slots=True)
class DelayFacts:
    """A bill of a residential customer that is issued, and when its service ended."""

    service_until: date = fact("The day until which (out) its service period runs.")
    customer_prevented: bool = fact(
        "Whether the customer kept us from reading or billing, or used service without right.",
        default=False,
    )


@dataclass(frozen=True, slots=True)
class Delay:
    """What follows from how late it is."""

    delayed_by_us: bool = fact("Whether we are late with it.")
    months_late: int = fact("Whole months between the end of service and the bill.")
    late_charge_allowed: bool = fact("Whether a late charge may be put on what it charges.")
    months_to_pay: int = fact("Over how many months it may be paid at least; 1 is at once.")
    charged: bool = fact("Whether it is charged at all, or lies beyond the limit.")


def decide_our_delay(facts: DelayFacts, terms: Terms) -> Decision[Delay]:
    """What follows from the day on which a bill is issued, ``terms.day``.

    A bill is late where another billing period, at its longest, has gone by since its own ended.

    :raises IssuedBeforeItsEnd: if service ends after the day of issue
    """
    days = (terms.day - facts.service_until).days
    if days < 0:
        raise IssuedBeforeItsEnd(
            f"Service until {facts.service_until} had not ended on {terms.day}",
            where="facts.service_until",
            do="Give the day on which the bill was issued, and the end of its service",
        )
    months = whole_months(facts.service_until, terms.day)
    longest = terms.whole(LONGEST)
    clause = terms.clause(EACH_PERIOD)
    if days <= longest.value:
        found = f"issued {days} days after its service: not later than {longest.value}"
        return Decision(Delay(False, months, True, 1, True), (Reason(found, longest.citation),))
    late = Reason(
        f"issued {days} days after its service, and a billing period has at most {longest.value}",
        longest.citation,
    )
    one_bill = Reason("every billing period has its bill, and this one had none", clause.citation)
    if facts.customer_prevented:
        free = terms.clause(NO_LIMIT)
        found = "the customer kept us from billing: it is no delay of ours, and has no limit"
        reasons = (late, Reason(found, free.citation))
        return Decision(Delay(False, months, True, 1, True), reasons)
    most = terms.whole(LOOKBACK)
    charged = months < most.value
    within = "within" if charged else "beyond"
    late_by = many(months, "month")
    limit = Reason(f"{late_by} late: {within} {most.value} billing periods", most.citation)
    to_pay = months if terms.day == _after(facts.service_until, months) else months + 1
    outcome = Delay(True, months, False, to_pay, charged)
    no_charge = Reason("no late charge on what we delayed", clause.citation)
    pay = Reason(f"{to_pay} months to pay it: as long as the delay", clause.citation)
    return Decision(outcome, (late, one_bill, no_charge, pay, limit))


def may_late_charge_cover(
    *, service_until: date, issued_day: date, corrects: bool, view: BookView
) -> Decision[bool]:
    """Whether a late charge may be put on what a residential bill charges.

    Not on a bill that we delayed, and not on what a corrected bill adds for a period that was
    billed wrongly: it is late by us.
    """
    terms = Terms(view, issued_day)
    if corrects:
        clause = terms.clause(EACH_PERIOD)
        found = "the bill corrects one that we issued wrongly: what it adds is late by us"
        return Decision(False, (Reason(found, clause.citation),))
    decision = decide_our_delay(DelayFacts(service_until), terms)
    reasons = tuple(replace(one, finding=_as_charges_say(one.finding)) for one in decision.reasons)
    return Decision(decision.outcome.late_charge_allowed, reasons, decision.reading_keys)


def _as_charges_say(found: str) -> str:
    """Records of late charges are computed again to the byte, and always said ``1 months``."""
    return found.replace("1 month late: ", "1 months late: ") if found[:2] == "1 " else found


def whole_months(since: date, until: date) -> int:
    """Whole calendar months from one day to another: 31 January to 28 February is one."""
    months = (until.year - since.year) * 12 + until.month - since.month
    return months if _after(since, months) <= until else months - 1


def _after(day: date, months: int) -> date:
    """The same day so many months later, or the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


RULES = (
    Rule(
        id="billing.our_delay",
        title="A bill that we send late",
        room="billing",
        kind="procedure",
        chapter="psc_rules",
        provisions=(EACH_PERIOD, NO_LIMIT),
        governing_day="the day on which the bill is issued",
        facts=DelayFacts,
        outcome=Delay,
        values=(LONGEST, LOOKBACK),
        decide=decide_our_delay,
    ),
)
