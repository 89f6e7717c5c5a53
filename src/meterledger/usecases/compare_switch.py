"""What a switch to another option would mean, beside what the options would have cost.

Lives here      finding the service of the day, and asking the rule.
Lives elsewhere the rule (``billing.rate_term``, asked by ``change_rate``), the comparison
                (``compare_schedules``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from meterledger.facts.places import BillableService
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.change_rate import (
    EvasionReads,
    ask_for_rate,
    first_of_rate,
    interrupted,
    was_given_back,
)
from meterledger.usecases.decide import Ruling


class NoServiceThen(Refusal):
    """The account had no service on all of these days."""


def switch_asked(
    service: BillableService,
    services: Sequence[BillableService],
    asked: date,
    known_at: datetime,
    view: BookView,
    store: EvasionReads,
) -> tuple[Ruling | None, str]:
    """What a switch asked for on the day would mean; the days compared may lie long before it."""
    point = service.agreement.service_point_id
    there = [
        one
        for one in services
        if one.agreement.service_point_id == point and asked in one.agreement.days
    ]
    if not there:
        gone = NoServiceThen(
            f"Account {service.account.account_id} has no service at {point} on {asked}",
            do="Ask for the option when service begins again",
        )
        return None, gone.sentence
    service = there[0]
    try:
        first = first_of_rate(service, services, view, asked)
    except NoRuleInForce as refusal:  # the book names no class of the option on that day
        return None, refusal.sentence
    back = was_given_back(first, store)
    try:
        how: Any = {"asked": asked, "before": services, "view": view, "given_back": back}
        how["one_with"] = interrupted(service, services, known_at, view, store)
        return ask_for_rate(service, **how), ""
    except Refusal as refusal:  # what a switch would mean is beside the question
        refusal.of_one_case()
        return None, refusal.sentence
