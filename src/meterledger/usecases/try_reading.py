"""Try to read a meter now, and write the effort down, whatever comes of it.

The sheet asks that every effort to obtain an actual reading stays on record beside the reason of an
estimate (estimation.records.reasons_and_efforts).

Lives here      one row for each time that a head-end was asked.
Lives elsewhere asking (``read_on_demand``), what is shown with a held day (``review_usage``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from meterledger.facts.usage_log import ReadingEffort
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.read_on_demand import HeadEnd, NoHeadEnd, ReadNow, read_on_demand
from meterledger.usecases.take_file import Intake

KIND = "on_demand_read"


class EffortLog(Protocol):
    """What is asked of the store."""

    def record_effort(self, effort: ReadingEffort) -> None:
        """Write down an effort to obtain a reading."""


def try_reading(
    meter_id: str,
    *,
    head_end: HeadEnd | None,
    intake: Intake,
    log: EffortLog,
    view: BookView,
    by: str,
    asked_at: datetime,
) -> ReadNow:
    """Read a meter now, as ``read_on_demand`` does, and remember that somebody tried.

    Nothing is written down where nobody could be asked: no head-end, or a meter that is nowhere.

    :raises Refusal: as ``read_on_demand``
    """

    def remember(outcome: str) -> None:
        if intake.store.meter_installations([meter_id]):
            day = local_day_of(asked_at, view.time_zone)
            meter = pseudonym(meter_id, view.name)
            log.record_effort(ReadingEffort(meter, meter_id, day, KIND, outcome, by, asked_at))

    try:
        done = read_on_demand(meter_id, head_end=head_end, intake=intake, asked_at=asked_at)
    except NoHeadEnd:
        raise
    except Refusal as refusal:
        remember(refusal.what)
        raise
    count = sum(len(one.readings) for one in done.channels)
    noun = "reading" if count == 1 else "readings"
    remember(f"{count} {noun}, {done.taken.status}")
    return done
