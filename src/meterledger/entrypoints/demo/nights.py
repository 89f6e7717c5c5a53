"""One night of the town: a lost hour is estimated, a day sent twice is held and then decided.

Lives here      calling the journeys of usage for the story; doing nothing that was done before.
Lives elsewhere which readings are wrong (``deliveries``), when (``story``), the journeys.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.entrypoints.demo.town import Home, Route, Town
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import TariffBook
from meterledger.usecases.intake_ports import Vault
from meterledger.usecases.ports import Lake, Store
from meterledger.usecases.review_usage import day_to_review, edit_day
from meterledger.usecases.validate_usage import validate_usage

NIGHT_CYCLE = 1
READER = "Jo Park, meter operations"
REASON = "The head end sent the day before twice; these are the values of the meter's own memory"


class Utility(Protocol):
    """Where the town lives."""

    @property
    def store(self) -> Store:
        """The system of record."""

    @property
    def lake(self) -> Lake:
        """The intervals."""

    @property
    def vault(self) -> Vault:
        """The received files."""

    @property
    def book(self) -> TariffBook:
        """The tariff book."""


def live_night(town: Town, utility: Utility, day: date, at: datetime) -> str:
    """Validate the day of the cycle's homes that are read by CMEP; what happened, in words."""
    meters = [
        home.meter_id
        for home in town.homes
        if home.cycle == NIGHT_CYCLE and home.route is Route.CMEP
    ]
    lived = utility.store.newest_usage_run(day)
    if lived is not None and len(lived[1]) == lived[0].batch_count:
        counts = lived[1][0].counts
        for one in lived[1][1:]:
            counts += one.counts
    else:
        counts = validate_usage(
            day=day,
            known_at=at,
            store=utility.store,
            lake=utility.lake,
            view=utility.book.as_known(at.date()),
            meter_ids=meters,
        ).counts
    return (
        f"{day} of cycle {NIGHT_CYCLE}: {counts.meter_days} meter-days = {counts.complete} "
        f"complete + {counts.estimated} estimated + {counts.held} held, "
        f"{counts.estimated_intervals} "
        "intervals estimated from the same day a week before"
    )


def decide(town: Town, utility: Utility, home: Home, day: date, at: datetime) -> str:
    """Put what the meter remembers in place of the day that was sent twice."""
    edits = utility.store.edits_of_meter(home.meter_id)
    if not edits:
        view = utility.book.as_known(at.date())
        item = day_to_review(home.meter_id, day, store=utility.store, lake=utility.lake, view=view)
        measured = town.values(home, DaySpan(day, day + timedelta(days=1)))
        edit_day(
            item,
            {slot: wh for slot, (_, wh) in enumerate(measured)},
            author=READER,
            reason=REASON,
            at=at,
            store=utility.store,
            lake=utility.lake,
            zone=view.time_zone,
        )
        edits = utility.store.edits_of_meter(home.meter_id)
    one = edits[0]
    return (
        f"{home.name}, {day}, held because it was sent twice: {one.author} puts "
        f"{one.after_wh:,} Wh in place of {one.before_wh:,} Wh, as a new version"
    )
