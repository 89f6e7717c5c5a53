"""How long the readings behind a bill are kept, and when they may be deleted.

Lives here      the day before which nothing may be deleted.
Lives elsewhere deleting (``stores/lake``, the vault of raw files), which bill relied on what.
Read first      GRR V.D, meter readings; conflict C-RETENTION-60.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.months import months_after, years_after
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

RETENTION = "meters.readings.retention_five_years"
LEAST_YEARS = "meters_readings_retention_five_years_retention_years_min"
MONTHS = "retention.meter_data_months"


class BillAhead(Refusal):
    """The bill that relied on the data lies after the day that counts."""


@dataclass(frozen=True, slots=True)
class RetentionFacts:
    """Readings, estimates and their inputs that a bill relied on."""

    last_relied_on: date = fact("The day of the last bill or rebill that relied on the data.")
    open_case: bool = fact("Whether a dispute or a case of tampering about them is open.")


@dataclass(frozen=True, slots=True)
class Retention:
    """Whether the data may go, and when."""

    may_be_deleted: bool = fact("Whether the data may be deleted on the day that counts.")
    kept_until: date | None = fact(
        "The first day on which it may be; null while an open case keeps it."
    )


def decide_retention(facts: RetentionFacts, terms: Terms) -> Decision[Retention]:
    """Whether data that a bill relied on may be deleted (GRR V.D).

    The clock starts with the last bill or rebill that relied on the data. Up to the sheet's own
    years nothing is read into it; beyond them the reading says how long, and whether a case keeps
    the data for as long as it is open.

    :raises BillAhead: if that bill lies after the day that counts
    """
    if facts.last_relied_on > terms.day:
        raise BillAhead(
            f"The last bill is of {facts.last_relied_on}, after the day that counts, {terms.day}",
            where="facts.last_relied_on",
            do="Correct the day, or decide on a later one",
        )
    years = terms.whole(LEAST_YEARS)
    least = years_after(facts.last_relied_on, years.value)
    longest = max(int(option) for option in terms.options_of(MONTHS))
    relied = Reason(
        f"a bill of {facts.last_relied_on} relied on the data; kept for {years.value} years at "
        f"least, to {least}",
        years.citation,
    )
    if terms.day >= months_after(facts.last_relied_on, longest) and not facts.open_case:
        return Decision(Retention(True, months_after(facts.last_relied_on, longest)), (relied,))
    months = int(terms.reading(MONTHS))
    until = months_after(facts.last_relied_on, months)
    citation = terms.clause(RETENTION).citation
    if months > 12 * years.value:
        found = f"kept for {months} months, so that an adjustment of sixty periods finds its data"
        read = Reason(f"{found}: to {until}", citation)
        if facts.open_case:
            case = Reason("an open dispute or case of tampering keeps it", citation)
            return Decision(Retention(False, None), (relied, read, case))
        return Decision(Retention(terms.day >= until, until), (relied, read))
    return Decision(Retention(terms.day >= until, until), (relied,))


RULES = (
    Rule(
        id="meters.retention",
        title="How long readings behind a bill are kept",
        room="usage",
        kind="data_retention",
        chapter="grr_iv_meters",
        provisions=(RETENTION,),
        governing_day="the day on which the data would be deleted",
        facts=RetentionFacts,
        outcome=Retention,
        values=(LEAST_YEARS,),
        readings=(MONTHS,),
        decide=decide_retention,
    ),
)
