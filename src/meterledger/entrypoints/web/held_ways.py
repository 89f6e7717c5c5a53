"""What a held bill's days hold, and the pages on which its cause is corrected.

Lives here      the days of the window one by one; links to meters, days, service and book.
Lives elsewhere the page of the case (``held_pages``), each correction (its own page).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from django.urls import reverse

from meterledger.entrypoints.web.words import span_words
from meterledger.entrypoints.wiring import System
from meterledger.facts.held import HeldCase
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.readings import Quality
from meterledger.facts.usage import DayValues
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.written_counts import many
from meterledger.usecases.own_time import OwnTime
from meterledger.usecases.ports import MetersRefused, NotFound
from meterledger.usecases.settle_held import kind_of_case
from meterledger.usecases.usage_days import one_day

OF_SERVICE = ("gate.window_length", "usage.periods_needed", "usage.interval_too_long")
"""Codes that a fact of the agreement makes: its first day, its cycle or its rate option."""
STOPPED = "gate.run_stopped"
ESTIMATES = (Quality.ESTIMATED.value, Quality.SUBSTITUTED.value)


@dataclass(frozen=True, slots=True)
class CorrectAt:
    """Where what holds a bill is corrected."""

    address: str
    words: str


@dataclass(frozen=True, slots=True)
class HeldDay:
    """One local day of a meter in the window: what is known of it, and whether it waits.

    ``energy_wh`` is as it is billed, times the meter's multiplier. Of a day inside which the meter
    came or left only its own intervals count.
    """

    meter_id: str
    day: date
    energy_wh: int
    interval_count: int
    missing: int
    estimated: int
    in_review: bool

    @property
    def waits(self) -> bool:
        """Whether the bill waits for this day."""
        return self.in_review or self.missing > 0

    @property
    def words(self) -> list[str]:
        """What is to be known of the day."""
        of = f"of {many(self.interval_count, 'interval')}"
        return [
            *(["waits for review"] if self.in_review else []),
            *([f"{self.missing} {of} missing"] if self.missing else []),
            *([f"{self.estimated} {of} estimated"] if self.estimated else []),
        ]


def meters_of_case(case: HeldCase, system: System) -> list[str]:
    """The meters that were there on a day of the window, or ever where its days are not known."""
    return list(dict.fromkeys(one.meter_id for one in _stays_of_case(case, system)))


def _stays_of_case(case: HeldCase, system: System) -> list[MeterInstallation]:
    """The stays of meters that touch a day of the window, or all where its days are not known."""
    service = service_of_case(case, system)
    if service is None:
        return []
    return [
        each
        for one in (service, *(joined.service for joined in service.joined))
        for each in one.installations
        if case.days is None or each.touches(case.days)
    ]


def service_of_case(case: HeldCase, system: System) -> BillableService | None:
    """The agreement of a case as known now; None where it is taken back."""
    try:
        return system.store.service_of_agreement(case.agreement_id, system.now)
    except NotFound:
        return None


def days_of_case(case: HeldCase, meters: list[str], system: System) -> list[HeldDay]:
    """Every day of the window, of each meter that sends intervals; none where it sends none."""
    stays = _stays_of_case(case, system)
    return [
        day
        for meter_id in meters
        for day in _days_of_meter(
            case, meter_id, [one for one in stays if one.meter_id == meter_id], system
        )
    ]


def _days_of_meter(
    case: HeldCase, meter_id: str, stays: list[MeterInstallation], system: System
) -> Iterator[HeldDay]:
    if case.days is None:
        return
    meter, sequence = pseudonym(meter_id, system.view.name), system.store.lake_sequence()
    try:
        batches = system.lake.usage([meter], case.days, at_sequence=sequence)
    except MetersRefused:
        return
    reviewed = {
        one.logged.day
        for one in system.store.findings_of_meter(meter_id, case.days)
        if one.holds
    }  # fmt: skip
    days = [one for batch in batches for one in batch.days]
    if case.seen.code != "usage.gap" and all(one.missing.all() for one in days):
        return  # read on its register
    for one in days:
        there = [each for each in stays if each.touches(one_day(one.day))]
        if there:
            width = one.missing.shape[1]
            own = list(OwnTime.of(there, one.day, zone=system.view.time_zone, count=width).slots)
            yield HeldDay(
                meter_id,
                one.day,
                int(one.energy_wh[0, own].sum()) * there[-1].multiplier,
                len(own),
                int(one.missing[0, own].sum()),
                _estimated(one, own),
                one.day in reviewed,
            )


def _estimated(day: DayValues, own: list[int]) -> int:
    return 0 if day.quality is None else int(np.isin(day.quality[0, own], ESTIMATES).sum())


def correct_at(
    case: HeldCase, meters: list[str], days: list[HeldDay], system: System
) -> list[CorrectAt]:
    """The pages on which the cause is corrected, the likeliest first."""
    kind, code = kind_of_case(case), case.seen.code
    found: list[CorrectAt] = []
    if code == STOPPED:
        found.append(CorrectAt(reverse("held-runs"), "The run that was stopped"))
    if code == "usage.held":
        found.append(CorrectAt(reverse("usage-queue"), "Review queue of held days"))
    if code == "gate.overlap" and case.days is not None:
        for bill in system.store.bills_of_account(case.account_id):
            if bill.cancelled_by is None and bill.days.overlap(case.days) is not None:
                at = reverse("bill", args=[bill.bill_id])
                found.append(
                    CorrectAt(at, f"The bill for {span_words(bill.days)}, which has days of it")
                )
    if case.is_open and any(one.missing for one in days):
        at = reverse("held-estimate", args=[case.case_id])
        found.append(CorrectAt(at, "Estimate the intervals that are missing"))
    if kind.correct_at == "meter":
        for meter in meters:
            at = reverse("multiplier", args=[meter])
            found.append(CorrectAt(at, f"Multiplier of meter {meter}"))
    if kind.correct_at in ("usage", "meter"):
        on: date = case.days.last_day if case.days else system.today
        for meter in meters:
            waiting = [one.day for one in days if one.meter_id == meter and one.waits]
            at = f"{reverse('usage-meter', args=[meter])}?on={min(waiting, default=on)}"
            found.append(CorrectAt(at, f"Meter {meter}: its days and set-up"))
    if code in OF_SERVICE and service_of_case(case, system) is not None:
        at = reverse("correct-service", args=[case.agreement_id])
        found.append(CorrectAt(at, "Rate option, first day and cycle: put right what is wrong"))
    if kind.correct_at == "book":
        found.append(CorrectAt(reverse("book"), "Tariff book"))
    account = reverse("account", args=[case.account_id])
    return [*found, CorrectAt(account, f"Account {case.account_id} and its bills")]
