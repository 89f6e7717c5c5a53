"""Paid in time or late: the delinquent date that counts, and the grace of a mailed payment.

Lives here      the delinquent date of a bill, the grace for mail in business days.
Lives elsewhere the due date itself (``billing``), the charge on what is late (``late_payment``),
                counting business days (``rulebook.business_days``).
Read first      GRR V.J (V.K to 2018-04-12).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.arrears.late_facts import (
    CHAPTER,
    ROOM,
    LateFactsContradict,
    because,
)
from meterledger.kernel.decision import Decision, Reason
from meterledger.rulebook.business_days import HOLIDAYS, business_day_after, weekday_after
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

DEFAULT_DATE = "late.delinquent_date.default"
MAIL_GRACE = "late.payment.mail_grace"
GRACE_DAYS = "late_payment_mail_grace_business_days"
GRACE_CHANNEL = "late_payment_mail_grace_channel"


@dataclass(frozen=True, slots=True)
class DelinquentDateFacts:
    """The dates that a bill shows."""

    due_date: date = fact("The due date printed on the bill.")
    delinquent_date: date | None = fact(
        "The delinquent date printed on the bill; null if it shows none.", default=None
    )


@dataclass(frozen=True, slots=True)
class DelinquentDate:
    """The date after which an unpaid part draws a late charge."""

    delinquent_date_used: date = fact("The delinquent date for late charges.")


def decide_delinquent_date(facts: DelinquentDateFacts, terms: Terms) -> Decision[DelinquentDate]:
    """Find the delinquent date that counts: the printed one, else the due date.

    :raises LateFactsContradict: if the bill would be delinquent before it is due
    """
    clause = terms.clause(DEFAULT_DATE)
    printed = facts.delinquent_date
    if printed is None:
        found = f"the bill shows no delinquent date, so its due date stands in: {facts.due_date}"
        return Decision(DelinquentDate(facts.due_date), (because(found, clause),))
    if printed < facts.due_date:
        raise LateFactsContradict(
            f"The bill is delinquent on {printed}, before it is due on {facts.due_date}",
            where="facts.delinquent_date",
            do="Correct the two dates; a bill is due first",
        )
    found = f"the delinquent date printed on the bill counts: {printed}"
    return Decision(DelinquentDate(printed), (because(found, clause),))


class Channel(Enum):
    """How a payment came in."""

    MAIL = "mail"
    ONLINE = "online"
    PHONE = "phone"
    IN_PERSON = "in person"
    BANK_TRANSFER = "bank transfer"
    AGENCY = "pay agency"


@dataclass(frozen=True, slots=True)
class TimelyFacts:
    """A payment that came in, and the date after which it is late."""

    delinquent_date: date = fact("The delinquent date that counts for the bill paid.")
    channel: Channel = fact("How the payment came in.")
    received: date = fact("The day on which the payment was received.")


@dataclass(frozen=True, slots=True)
class Timely:
    """Whether the payment counts as made in time."""

    timely: bool = fact("Whether the payment counts as made on or before the delinquent date.")


def decide_timely(facts: TimelyFacts, terms: Terms) -> Decision[Timely]:
    """Decide whether a payment is in time; the text in force on the delinquent date governs.

    The holidays are asked for only where they could make a difference: they only lengthen a grace.

    :raises NoRuleInForce: if holidays are needed of a year that the book does not know
    """
    terms = terms.on(facts.delinquent_date)
    days, channel = terms.whole(GRACE_DAYS), terms.text(GRACE_CHANNEL)
    if facts.received <= facts.delinquent_date:
        found = (
            f"received on {facts.received}, not after the delinquent date, {facts.delinquent_date}"
        )
        return Decision(Timely(True), (because(found, days.citation),))
    after = f"received on {facts.received}, after the delinquent date, {facts.delinquent_date}"
    if facts.channel.value not in channel.value.split():
        found = f"{after}; {_grace(days.value, channel.value)}, and this came {_by(facts.channel)}"
        return Decision(Timely(False), (because(found, channel.citation),))
    least = weekday_after(facts.delinquent_date, days.value)
    if facts.received <= least:
        found = f"{after}, by mail and by the business day that ends the grace of {days.value}"
        return Decision(Timely(True), (because(found, days.citation),))
    last, why = _grace_end(facts.delinquent_date, terms)
    timely = facts.received <= last
    found = f"{after}; mail is in time {'up to and including' if timely else 'only up to'} {last}"
    return Decision(Timely(timely), (because(found, days.citation), *why))


@dataclass(frozen=True, slots=True)
class GraceFacts:
    """A bill whose delinquent date comes or has come."""

    delinquent_date: date = fact("The delinquent date that counts for the bill.")


@dataclass(frozen=True, slots=True)
class Grace:
    """The last day of the grace for mail."""

    last_day_by_mail: date = fact("The last day on which a mailed payment still counts as in time.")


def decide_grace(facts: GraceFacts, terms: Terms) -> Decision[Grace]:
    """Find the day after which no payment, mailed or not, can count as in time.

    :raises NoRuleInForce: if holidays are needed of a year that the book does not know
    """
    last, why = _grace_end(facts.delinquent_date, terms.on(facts.delinquent_date))
    return Decision(Grace(last), why)


def _grace_end(delinquent_date: date, terms: Terms) -> tuple[date, tuple[Reason, ...]]:
    days, channel = terms.whole(GRACE_DAYS), terms.text(GRACE_CHANNEL)
    end = business_day_after(delinquent_date, days.value, terms)
    count = because(
        f"{_grace(days.value, channel.value)}: after {delinquent_date} it ends on {end.day}",
        days.citation,
    )
    if not end.holidays:
        return end.day, (count,)
    passed = ", ".join(str(one) for one in end.holidays)
    return end.day, (count, because(f"no business day: {passed}, a holiday", end.calendar))


def _grace(days: int, channel: str) -> str:
    return f"the grace of {days} business days is for {channel}"


def _by(channel: Channel) -> str:
    alone = (Channel.ONLINE, Channel.IN_PERSON)
    return channel.value if channel in alone else f"by {channel.value}"


DELINQUENT_DATE = Rule(
    id="late.delinquent_date",
    title="The delinquent date that counts for late charges",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(DEFAULT_DATE,),
    governing_day="the day the bill was rendered (bill date)",
    facts=DelinquentDateFacts,
    outcome=DelinquentDate,
    values=(),
    decide=decide_delinquent_date,
)

TIMELY = Rule(
    id="late.timely",
    title="Whether a payment counts as made in time",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(MAIL_GRACE,),
    governing_day="the delinquent date",
    facts=TimelyFacts,
    outcome=Timely,
    values=(GRACE_DAYS, GRACE_CHANNEL, HOLIDAYS),
    decide=decide_timely,
)

GRACE = Rule(
    id="late.grace",
    title="The last day on which a mailed payment is in time",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(MAIL_GRACE,),
    governing_day="the delinquent date",
    facts=GraceFacts,
    outcome=Grace,
    values=(GRACE_DAYS, GRACE_CHANNEL, HOLIDAYS),
    decide=decide_grace,
)

RULES = (DELINQUENT_DATE, TIMELY, GRACE)
