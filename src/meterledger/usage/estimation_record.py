"""An estimate as it is kept: the ladder's answer with meter, stretch, cause and the rung's clause.

Lives here      turning the decision of a ladder into the fact that the system of record keeps.
Lives elsewhere the ladders (``estimation_register``, ``estimation_daily_use``), the stores.
Read first      facts/estimates.py.
"""

from __future__ import annotations

from datetime import datetime

from meterledger.facts.estimates import Estimate, EstimateCause, Method
from meterledger.kernel.decision import Decision
from meterledger.usage.estimation_daily_use import DailyUseEstimate
from meterledger.usage.estimation_facts import EstimationFactsContradict
from meterledger.usage.estimation_register import LadderEstimate


def estimate_record(
    decision: Decision[LadderEstimate] | Decision[DailyUseEstimate],
    *,
    meter: str,
    start: int,
    until: int,
    cause: EstimateCause,
    made_at: datetime,
) -> Estimate:
    """The estimate of a ladder, to be kept with all that explains it.

    ``start`` and ``until`` are UTC epoch seconds, half open; ``meter`` is the pseudonym.

    :raises EstimationFactsContradict: if no step gave one: a person's estimate has its own record
    """
    found = decision.outcome
    if found.energy_wh is None or found.rung is None:
        raise EstimationFactsContradict(
            "No step of the ladder gave an estimate",
            why="; ".join(found.failed),
            do="Leave the period to a person, or wait for a reading",
        )
    return Estimate(
        meter=meter,
        start=start,
        until=until,
        energy_wh=found.energy_wh,
        method=Method[found.method.upper()],
        cause=cause,
        provision=found.rung,
        # A ladder stops where it succeeds: the last reason is the rung's.
        citation=decision.reasons[-1].citation.text,
        made_at=made_at,
        inputs=(*_named(found.inputs), *(("failed", one) for one in found.failed)),
        former_occupant=isinstance(found, LadderEstimate) and found.former_occupant,
    )


def _named(inputs: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """``what it is: its figure`` as a name and its text."""
    parts = (one.partition(": ") for one in inputs)
    return tuple((name, text) for name, _, text in parts)
