"""What a bill must show, whom it names for questions, and when an electronic bill counts as one.

Lives here      the two rules, the contact route of the book, and its messages.
Lives elsewhere gathering what is shown (``usecases/make_documents``), readings or periods
                (``bill_readings``), the paper itself (``entrypoints/documents``).
Read first      20 CSR 4240-13.015 and 13.020 in ``psc_rules``.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from meterledger.facts.statements import ContactRoute
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.book import NoSuchValue
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

CONTENTS = "psc.13_020.bill_contents"
MARK = "psc.13_020.estimated_bill_mark"
FIELDS = "psc_13_020_bill_contents_fields"
ELECTRONIC = "psc.13_015.electronic_bill"
ESTIMATED_MARK = "estimated mark"
FUEL_LINE = "fuel adjustment line"
STATION = "bill_weather_station"
MESSAGES = "bill_messages"
DEGREE_DAY_BASE = "degree_day_base_f"
CONTACT_VALUES = frozenset(
    {
        "bill_utility_phone",
        "bill_utility_address",
        "bill_payment_address",
        "bill_commission_name",
        "bill_commission_phone",
        "bill_commission_address",
        STATION,
        DEGREE_DAY_BASE,
        MESSAGES,
    }
)
"""Values that a bill is printed and explained with; no rule decides by them."""


@dataclass(frozen=True, slots=True)
class ContentsFacts:
    """A bill that is about to be printed."""

    shown: tuple[str, ...] = fact("What it shows, by the names of the book's list.")
    estimated: bool = fact("Whether some of its usage is estimated.")
    fuel_adjustment_charged: bool = fact("Whether a fuel adjustment is charged.")


@dataclass(frozen=True, slots=True)
class Contents:
    """Whether it may go out."""

    complete: bool = fact("Whether it shows all that it must.")
    missing: tuple[str, ...] = fact("What it does not show and must.")


def decide_bill_contents(facts: ContentsFacts, terms: Terms) -> Decision[Contents]:
    """Whether a bill shows what it must (20 CSR 4240-13.020)."""
    fields = terms.listing(FIELDS)
    needed = [
        name
        for name in fields.value
        if (name != ESTIMATED_MARK or facts.estimated)
        and (name != FUEL_LINE or facts.fuel_adjustment_charged)
    ]
    missing = tuple(name for name in needed if name not in facts.shown)
    found = "it shows all that a bill must" if not missing else f"it lacks: {', '.join(missing)}"
    reasons = [Reason(found, fields.citation)]
    if facts.estimated:
        mark = terms.clause(MARK)
        reasons.append(Reason("an estimated bill says so on its face", mark.citation))
    return Decision(Contents(not missing, missing), tuple(reasons))


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """How a customer's bill may go out."""

    agreed: bool = fact("Whether customer and utility agreed on electronic bills.")
    address_known: bool = fact("Whether an address for electronic mail is known.")
    came_back: bool = fact("Whether this bill was sent electronically and came back.")


@dataclass(frozen=True, slots=True)
class BillChannel:
    """How it goes out."""

    channel: str = fact("electronic or print.")


def decide_bill_channel(facts: ChannelFacts, terms: Terms) -> Decision[BillChannel]:
    """How a bill goes out: an electronic one counts where both agreed (20 CSR 4240-13.015)."""
    clause = terms.clause(ELECTRONIC)
    if not facts.agreed:
        return _channel("print", "no agreement on electronic bills", clause.citation)
    if facts.came_back:
        return _channel(
            "print", "the electronic bill came back, so nothing was delivered", clause.citation
        )
    if not facts.address_known:
        return _channel("print", "no address for electronic mail is known", clause.citation)
    return _channel("electronic", "customer and utility agreed on it", clause.citation)


def _channel(channel: str, found: str, citation: Citation) -> Decision[BillChannel]:
    return Decision(BillChannel(channel), (Reason(found, citation),))


def contact_route(terms: Terms) -> ContactRoute | None:
    """Whom a bill of the day names for questions and complaints; None where the book names no one.

    A number that nobody may call is worse than none: all of it is there, or nothing.
    """
    try:
        return ContactRoute(
            utility_phone=terms.text("bill_utility_phone").value,
            utility_address=terms.listing("bill_utility_address").value,
            payment_address=terms.listing("bill_payment_address").value,
            commission_name=terms.text("bill_commission_name").value,
            commission_phone=terms.text("bill_commission_phone").value,
            commission_address=terms.listing("bill_commission_address").value,
        )
    except NoRuleInForce:
        return None


def bill_messages(terms: Terms) -> tuple[str, ...]:
    """What the utility tells on every bill of the day; empty where the book has no messages."""
    try:
        return terms.listing(MESSAGES).value
    except (NoRuleInForce, NoSuchValue):
        return ()


def degree_day_base_f(terms: Terms) -> Fraction | None:
    """The outside temperature from which degree days count; None where the book names none."""
    try:
        return terms.number(DEGREE_DAY_BASE).value
    except NoRuleInForce:
        return None


def weather_station(terms: Terms) -> str:
    """The station whose temperatures a bill of the day compares; empty where none is named."""
    try:
        return terms.text(STATION).value
    except NoRuleInForce:
        return ""


RULES = (
    Rule(
        id="billing.bill_contents",
        title="What a bill must show",
        room="billing",
        kind="procedure",
        chapter="psc_rules",
        provisions=(CONTENTS, MARK),
        governing_day="the day of the bill",
        facts=ContentsFacts,
        outcome=Contents,
        values=(FIELDS,),
        decide=decide_bill_contents,
    ),
    Rule(
        id="billing.bill_channel",
        title="An electronic bill, or paper",
        room="billing",
        kind="procedure",
        chapter="psc_rules",
        provisions=(ELECTRONIC,),
        governing_day="the day of the bill",
        facts=ChannelFacts,
        outcome=BillChannel,
        values=(),
        decide=decide_bill_channel,
    ),
)
