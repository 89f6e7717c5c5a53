"""A similar customer, chosen by a documented rule: the sheet does not say who is similar.

Lives here      who may be compared, and the order of those who may.
Lives elsewhere what is taken from them (``estimation_register``, ``estimation_daily_use``).
Read first      readings/c_est_day_definitions.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from meterledger.rulebook.forms import fact
from meterledger.usage.estimation_facts import PastPeriod

CRITERIA = "estimation_similar_customer_criteria"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What customers are compared by."""

    rate_class: str = fact("The rate class.")
    heating: str = fact("How the dwelling or building is heated.")
    feeder: str = fact("The feeder that serves it.")
    postal_code: str = fact("Its postal code.")
    yearly_wh: int = fact("Yearly use in watt-hours: own, or as expected of a new customer.")


@dataclass(frozen=True, slots=True)
class Candidate:
    """Another customer, by a key that says nothing to anybody."""

    key: str = fact("A pseudonym. Of two equally near ones the lower key comes first.")
    likeness: Likeness = fact("What it is compared by.")
    history: tuple[PastPeriod, ...] = fact("Its billing periods.")


@dataclass(frozen=True, slots=True)
class SimilarSearch:
    """The customer whose use is estimated, and those that may be similar."""

    customer: Likeness = fact("What the customer is compared by.")
    candidates: tuple[Candidate, ...] = fact("Customers that may be similar.")


def similar_customers(search: SimilarSearch | None) -> Iterator[Candidate]:
    """The similar customers, the nearest yearly use first.

    Similar are those of the same rate class and heating on the same feeder or in the same postal
    code. The caller takes the first that has the history a step needs.
    """
    if search is None:
        return
    ours = search.customer
    yield from sorted(
        (
            one
            for one in search.candidates
            if (one.likeness.rate_class, one.likeness.heating) == (ours.rate_class, ours.heating)
            and (one.likeness.feeder == ours.feeder or one.likeness.postal_code == ours.postal_code)
        ),
        key=lambda one: (abs(one.likeness.yearly_wh - ours.yearly_wh), one.key),
    )
