"""Who ends service and begins it again on another rate has changed the rate, and is asked the rule.

Lives here      refusing such a start of service while the term of the rate before runs.
Lives elsewhere the rule (``billing.rate_term``), service that counts as one (``change_rate``),
                starting service (``start_service``).
Read first      GRR V.H.6; docs/operating/rate_options.md.
"""

from __future__ import annotations

from datetime import date, datetime

from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.change_rate import EvasionReads, rate_before


class RateIsKept(Refusal):
    """The rate that the same people had at the place must be kept longer."""


def refuse_evasion(
    *,
    account_id: str,
    people: frozenset[str],
    service_point_id: str,
    schedule: str,
    from_day: date,
    known_at: datetime,
    view: BookView,
    store: EvasionReads,
) -> None:
    """Refuse service on another rate of people who had service there, while its term runs.

    On the same rate it may begin, and counts as one with the service before. A book that does not
    say of which class a rate is has no term of it.

    :raises RateIsKept: naming the rate, and until when
    """
    before = rate_before(people, service_point_id, from_day, known_at, view, store)
    if before is None or before.schedule == schedule:
        return
    outcome = before.ruling.decision.outcome
    until = outcome.may_be_asked_again_from or outcome.held_until
    raise RateIsKept(
        f"The same people had {before.schedule} at {service_point_id} until {before.ended}, and "
        f"it is kept until {until}",
        where=f"account {account_id}",
        why="; ".join(
            f"{one.finding} ({one.citation.text})" for one in before.ruling.decision.reasons
        ),
        do=f"Begin service on {before.schedule}; another rate is asked for with `meterledger "
        "service change`, as if service had not been ended",
    )
