"""Days whose readings came late, checked before a bill is trued up with them.

A night checks its own day. What comes for an earlier day was seen by no check when it is billed,
unless the day was validated again: a day at sixty times its use is no reason to bill it.

Lives here      which days of a bill are other ones than it pinned, and what holds them now.
Lives elsewhere the checks of a day (``look_at_day``), writing them down (``validate_usage``).
Read first      docs/operating/corrections.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

import numpy as np

from meterledger.facts.estimates import EstimateCause
from meterledger.facts.findings import Weight
from meterledger.facts.places import BillableService
from meterledger.facts.usage import DayValues
from meterledger.facts.usage_log import VALUES, FindingOnFile, UsageRun
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.refusal import Refusal
from meterledger.usage import ValidationTerms
from meterledger.usecases.bill_estimates import GAP
from meterledger.usecases.joined_services import meters_on_bill
from meterledger.usecases.look_at_day import NightTerms, UsageLake, UsageStore, look_at_day
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.validate_usage import validate_usage

Values = dict[tuple[str, date], tuple[int, DayValues, int]]


@dataclass(frozen=True, slots=True)
class DoubtedDay:
    """A late day that a check holds, and that nobody has decided: its meters and a sentence."""

    day: date
    meter_ids: tuple[str, ...]
    sentence: str


def doubted_late_days(
    stored: StoredBill, service: BillableService, store: UsageStore, now: Now
) -> list[DoubtedDay]:
    """Days of the bill that are other ones since it was made, and that a check holds now.

    Nothing is written. What a person has accepted, with the same values, is no doubt.

    :raises NoRuleInForce: if the validation file has no threshold on a day
    """
    numbers = {
        pseudonym(one.meter_id, now.view.name): one.meter_id
        for one in meters_on_bill(service, stored.days)
    }
    found: list[DoubtedDay] = []
    for day, meters in sorted(_changed_days(stored, sorted(numbers), now).items()):
        ids = [numbers[one] for one in meters]
        told = _held(day, ids, store, now)
        if told:
            found.append(DoubtedDay(day, tuple(ids), "; ".join(told)))
    return found


def write_down(doubted: Sequence[DoubtedDay], store: UsageStore, now: Now) -> None:
    """Put what is found on file, so that it waits in the review queue for a person."""
    for one in doubted:
        validate_usage(
            day=one.day,
            known_at=now.known_at,
            store=store,
            lake=cast(UsageLake, now.lake),
            view=now.view,
            meter_ids=one.meter_ids,
        )


def _changed_days(stored: StoredBill, meters: Sequence[str], now: Now) -> dict[date, list[str]]:
    """Days, with the meters (pseudonyms) whose values are others than the bill pinned."""
    try:
        before = _values(stored, meters, stored.lake_sequence, now)
        after = _values(stored, meters, now.sequence, now)
    except Refusal as refusal:
        if refusal.is_passing:
            raise
        return {day: list(meters) for day in stored.days.days()}
    changed: dict[date, list[str]] = {}
    for (meter, day), value in after.items():
        if not _same(before.get((meter, day)), value):
            changed.setdefault(day, []).append(meter)
    return changed


def _values(stored: StoredBill, meters: Sequence[str], sequence: int, now: Now) -> Values:
    found: Values = {}
    for batch in now.lake.usage(meters, stored.days, at_sequence=sequence):
        for row, meter in enumerate(batch.meters):
            for values in batch.days:
                found[meter, values.day] = (batch.interval_seconds, values, row)
    return found


def _same(before: tuple[int, DayValues, int] | None, after: tuple[int, DayValues, int]) -> bool:
    if before is None or before[0] != after[0]:
        return False
    (_, was, row), (_, now, other) = before, after
    return bool(
        np.array_equal(was.energy_wh[row], now.energy_wh[other])
        and np.array_equal(was.missing[row], now.missing[other])
    )


def _held(day: date, meter_ids: Sequence[str], store: UsageStore, now: Now) -> list[str]:
    """What the checks of the day hold now, in sentences."""
    places = {
        pseudonym(one.meter_id, now.view.name): one
        for one in store.meters_on_day(day, now.known_at, meter_ids)
        if one.meter_id is not None
    }
    run = UsageRun(f"look:{day}", day, now.sequence, 1, now.known_at)
    terms = NightTerms(
        run,
        now.view,
        now.known_at,
        EstimateCause.REMOTE_DEVICE_FAILED,
        (),
        ValidationTerms.of(now.view, day),
    )
    work = look_at_day(places, terms, store, cast(UsageLake, now.lake), now.sequence)
    on_file = store.findings_of_day(day, list(places))
    return [
        finding.sentence
        for meter, finding in work.findings
        if finding.weight is Weight.HOLD
        and finding.code != GAP
        and not any(_decides(one, meter, finding.code, work.values.get(meter)) for one in on_file)
    ]


def _decides(one: FindingOnFile, meter: str, code: str, values: str | None) -> bool:
    """Whether a person has decided this very finding, of the same values."""
    logged = one.logged
    return (
        one.review is not None
        and one.cleared_at is None
        and not one.holds
        and (logged.meter, logged.finding.code) == (meter, code)
        and logged.finding.evidence.get(VALUES) == values
    )
