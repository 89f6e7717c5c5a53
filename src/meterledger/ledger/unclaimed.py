"""Money of a customer that nobody takes: stale refunds, and when they are the State's to keep.

Lives here      from when a refund is stale, when it is presumed abandoned, in which report it
                stands and whether by the owner's name.
Lives elsewhere the entries (``settlement_entries``), the report's file (``usecases/unclaimed``).
Read first      docs/operating/settlements.md; RSMo 447.517 and 447.539.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.rulebook.forms import fact
from meterledger.rulebook.terms import Terms

STALE_DAYS = "refund_stale_days"
DORMANT_MONTHS = "unclaimed_dormant_months"
CUTOFF, NAMED = "unclaimed_cutoff_day", "unclaimed_named_usd"


@dataclass(frozen=True, slots=True)
class StaleFacts:
    """A refund that is not paid."""

    moved_on: date = fact("The day of its last step: approved, sent, stopped, returned.")


@dataclass(frozen=True, slots=True)
class Stale:
    """Whether it waits too long."""

    is_stale: bool = fact("Whether it counts as unclaimed.")


def decide_stale(facts: StaleFacts, terms: Terms) -> Decision[Stale]:
    """Whether a refund has waited so long that it counts as unclaimed.

    :raises NoRuleInForce: if the book is silent on the day
    """
    days = terms.whole(STALE_DAYS)
    waited = (terms.day - facts.moved_on).days
    how = "more than" if waited > days.value else "not more than"
    found = f"it has waited {waited} days, {how} {days.value}"
    return Decision(Stale(waited > days.value), (Reason(found, days.citation),))


@dataclass(frozen=True, slots=True)
class AbandonedFacts:
    """Unclaimed money."""

    payable_since: date = fact("The day from which the owner could have had it.")
    amount_cents: Cents = fact("How much it is.")
    noticed: bool = fact("Whether its owner was written to about it.")


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Whether it is handed over."""

    due: bool = fact("Whether it stands in a report that is open now.")
    cutoff: date = fact("The last day of the year that its report is of.")
    named: bool = fact("Whether the report names its owner; smaller sums are added up.")
    needs_notice: bool = fact("Whether the owner has to be written to first.")


def decide_abandoned(facts: AbandonedFacts, terms: Terms) -> Decision[Abandoned]:
    """Whether unclaimed money is presumed abandoned, and in which report it stands.

    :raises TariffFileBroken: if the book's cut-off is no day of a year
    :raises NoRuleInForce: if the book is silent on the day
    """
    months, cutoff, named = terms.whole(DORMANT_MONTHS), terms.month_day(CUTOFF), terms.cents(NAMED)
    abandoned_on = _months_later(facts.payable_since, months.value)
    ends = cutoff.value.of_year(abandoned_on.year)
    if ends < abandoned_on:
        ends = cutoff.value.of_year(abandoned_on.year + 1)
    due, by_name = terms.day > ends, facts.amount_cents >= named.value
    found = (
        f"payable since {facts.payable_since}, presumed abandoned after {months.value} months on "
        f"{abandoned_on}, reported for the year to {ends}"
    )
    reasons = [Reason(found, months.citation)]
    amount, limit = usd_display(facts.amount_cents), usd_display(named.value)
    if by_name:
        told = "was" if facts.noticed else "has to be"
        reasons.append(
            Reason(
                f"{amount} is not below {limit}: named, and its owner {told} written to",
                named.citation,
            )
        )
    else:
        reasons.append(
            Reason(f"{amount} is below {limit}: added up without a name", named.citation)
        )
    return Decision(Abandoned(due, ends, by_name, by_name and not facts.noticed), tuple(reasons))


def _months_later(day: date, months: int) -> date:
    place = day.year * 12 + day.month - 1 + months
    year, month = divmod(place, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
