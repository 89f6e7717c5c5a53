"""How long a rate is kept once it is chosen: its own term of use, or the general one.

Lives here      finding the dated value of a rate and its class, and saying which one counted.
Lives elsewhere what a term does to a request (``billing.rate_term``), asking (``change_rate``).
Read first      GRR V.H.1 and V.H.2; docs/operating/rate_options.md.

A rate that follows the first one runs for no less than the term of use that its own sheet states
(GRR V.H.2). The sheet of the day on which the rate began counts: a later revision of it binds who
chooses the rate after it. Where no such sheet is held, the term that the general rules give a
chosen rate counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.billing import GENERAL_TERM_MONTHS
from meterledger.kernel.decision import Reason
from meterledger.rulebook.book import BookView
from meterledger.rulebook.schedule import SERVICE_CLASSES
from meterledger.rulebook.series import DatedValue, NoRuleInForce
from meterledger.rulebook.terms import Terms

TERM_OF_USE = "_term_of_use_months"
"""How the name of the value ends: of a rate option (``2m_single_phase…``), or else of its class."""


@dataclass(frozen=True, slots=True)
class TermOfUse:
    """The least term of a rate that began on a day."""

    schedule: str
    months: int
    reason: Reason


def term_of_use(schedule: str, day: date, view: BookView) -> TermOfUse | None:
    """The term of a rate that began, or begins, on a day; None where the book has none at all."""
    own = _own(schedule, day, view)
    if own is not None:
        found = f"the term of use of {schedule} is {own.value} months, as of {day}"
        return TermOfUse(schedule, own.value, Reason(found, own.citation))
    if GENERAL_TERM_MONTHS not in view.names():
        return None
    try:
        general = Terms(view, day).whole(GENERAL_TERM_MONTHS)
    except NoRuleInForce:
        return None
    found = (
        f"no sheet that is held says the term of use of {schedule}: the general one of "
        f"{general.value} months counts"
    )
    return TermOfUse(schedule, general.value, Reason(found, general.citation))


def names_of_terms(view: BookView) -> set[str]:
    """Every value of the book that says the term of some rate of it."""
    codes = [one.lower().replace("-", "_") for one in view.schedule_codes()]
    named = {f"{one}{TERM_OF_USE}" for one in (*codes, *SERVICE_CLASSES)}
    return named & set(view.names())


def _own(schedule: str, day: date, view: BookView) -> DatedValue[int] | None:
    try:
        service_class = view.service_class(schedule, day).value
    except NoRuleInForce:
        return None
    code = schedule.lower().replace("-", "_")
    for name in (f"{code}{TERM_OF_USE}", f"{service_class}{TERM_OF_USE}"):
        if name in view.names() and view.number(name).covering(day) is not None:
            return Terms(view, day).whole(name)
    return None
