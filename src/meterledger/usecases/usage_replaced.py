"""Usage replaced since billed: bills whose pinned intervals are others now, to the watt-hour.

A late reading takes the place of an estimate on its own period, a correction that of a reading, and
an edit that of both; a visit that was recorded wrongly is corrected, and two crossed meters are put
right. The bill stays as it was issued; what has changed under it is listed here, for whoever bills
it again.

Lives here      comparing what a bill pinned with what is known now, window by window.
Lives elsewhere the usage of a window (``window_usage``), billing again (a journey of its own).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Protocol

import numpy as np

from meterledger.facts.bills import read_record
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.facts.usage import UsageBatch
from meterledger.kernel.ids import pseudonym
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.book import BookView
from meterledger.usage import describe_tiled, describe_usage
from meterledger.usecases.calculate_bills import (
    BilledReadings,
    calculate_bills,
    due_bill,
    window_of,
)
from meterledger.usecases.joined_services import measured_as, meters_on_bill
from meterledger.usecases.ports import Lake, StoredBill
from meterledger.usecases.window_usage import usage_of_window

Progress = Callable[[int], None]


class BilledStore(BilledReadings, Protocol):
    """What this report needs of the store."""

    def account_ids(self) -> list[str]:
        """All account ids, in order."""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Bills of the account, oldest first."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """The agreement, joined, as known then."""

    def lake_sequence(self) -> int:
        """The newest published commit sequence."""


@dataclass(frozen=True, slots=True)
class ReplacedUsage:
    """A bill whose usage is another one now.

    ``now_wh`` is None where the usage of the window can no longer be given, and ``why`` says so.
    ``estimated_wh`` is how much of what was billed was estimated.
    """

    bill_id: str
    account_id: str
    meter_id: str
    days: DaySpan
    billed_sequence: int
    now_sequence: int
    billed_wh: int
    now_wh: int | None
    estimated_wh: int
    changed_days: tuple[date, ...]
    why: str = ""

    @property
    def difference_wh(self) -> int | None:
        """What is known now less what was billed."""
        return None if self.now_wh is None else self.now_wh - self.billed_wh

    def as_json(self) -> dict[str, Any]:
        """As commands answer it; energy is a string."""
        difference = self.difference_wh
        return {
            "bill": self.bill_id,
            "account": self.account_id,
            "meter": self.meter_id,
            "from": self.days.from_day.isoformat(),
            "to": self.days.until_day.isoformat(),
            "billed_sequence": self.billed_sequence,
            "now_sequence": self.now_sequence,
            "billed_wh": str(self.billed_wh),
            "now_wh": None if self.now_wh is None else str(self.now_wh),
            "difference_wh": None if difference is None else str(difference),
            "estimated_wh": str(self.estimated_wh),
            "changed_days": [day.isoformat() for day in self.changed_days],
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class _Billed:
    bill: StoredBill
    usage: dict[str, Any]
    installed: MeterInstallation
    service: BillableService
    moved: datetime | None
    """As known when other meters measured the window, or at other times of it; else None."""


def usage_replaced(
    *,
    store: BilledStore,
    lake: Lake,
    view: BookView,
    accounts: Iterable[str] | None = None,
    issued: DaySpan | None = None,
    known_at: datetime | None = None,
    progress: Progress | None = None,
) -> tuple[int, list[ReplacedUsage]]:
    """How many bills were looked at, and those whose usage has changed since they were made.

    ``accounts`` and ``issued`` (the days of issue) choose bills; all of them are looked at without.
    Energy is what a bill counts: multipliers applied, whole watt-hours of the window. Meters are
    where they were as known at ``known_at``, or when the bill was made where none is given.
    """
    now = store.lake_sequence()
    chosen: list[_Billed] = []
    looked_at = 0
    for account in store.account_ids() if accounts is None else accounts:
        for bill in store.bills_of_account(account):
            if issued is not None and bill.issued_day not in issued:
                continue
            looked_at += 1
            if bill.lake_sequence < now or known_at is not None:
                chosen += _billed(bill, store, view, known_at or bill.known_at)
        if progress is not None:
            progress(1)
    chosen = [one for one in chosen if one.moved is not None or one.bill.lake_sequence < now]
    chosen.sort(key=_window_key)
    found: list[ReplacedUsage] = []
    for one in [each for each in chosen if _by_itself(each)]:
        found += _of_several(one, now, store, lake, view)
    whole = [each for each in chosen if not _by_itself(each)]
    for _, group in groupby(whole, key=_window_key):
        found += _changed(list(group), now, store, lake, view)
    return looked_at, sorted(found, key=lambda one: (one.account_id, one.days.from_day))


def _by_itself(one: _Billed) -> bool:
    """Whether several meters measured the window, or a register did, or others than were billed."""
    several = one.usage.get("meters") or one.usage.get("points")
    return bool(one.moved or several or one.usage.get("registers"))


def _of_several(
    one: _Billed, now: int, store: BilledStore, lake: Lake, view: BookView
) -> list[ReplacedUsage]:
    """A window of several meters is put together as the bill's own calculation does it."""
    bill = one.bill
    window = window_of(one.service, bill.days, view)
    made, held = calculate_bills(
        [due_bill(one.service, window, view)],
        on=bill.issued_day,
        known_at=one.moved or bill.known_at,
        sequence=now,
        lake=lake,
        kept=store,
        view=view,
    )
    if not made:
        return [_replaced(one, now, None, None, " ".join(each.sentence for each in held))]
    usage = made[0].usage
    if usage.sha256 == one.usage["sha256"]:
        return []
    return [_replaced(one, now, usage.energy_wh, list(usage.daily_wh) or None, "")]


def _window_key(one: _Billed) -> tuple[date, date]:
    return one.bill.days.from_day, one.bill.days.until_day


def _billed(
    bill: StoredBill, store: BilledStore, view: BookView, known_at: datetime
) -> list[_Billed]:
    usage: dict[str, Any] = read_record(bill.record)["usage"]
    service = store.service_of_agreement(bill.agreement_id, bill.known_at)
    now = service
    if known_at != bill.known_at:
        known = store.service_of_agreement(bill.agreement_id, known_at)
        now = measured_as(service, known)
    moved = _stays(now, bill.days) != _stays(service, bill.days)
    return [
        _Billed(bill, usage, one, now, known_at if moved else None)
        for one in service.installations
        if pseudonym(one.meter_id, view.name) == usage["meter"]
        and one.days.within(bill.days) is not None
    ][:1]


def _stays(service: BillableService, days: DaySpan) -> list[tuple[str, int, DaySpan, int, int]]:
    """Which meter measured which part of the days, by what multiplier; the rest is cut off."""
    found = []
    for one in meters_on_bill(service, days):
        part = one.days.within(days)
        if part is not None:
            began = one.began_second if one.days.from_day == part.from_day else 0
            ended = one.ended_second if one.days.until_day == part.until_day else 0
            found.append((one.meter_id, one.multiplier, part, began, ended))
    return found


def _changed(
    group: Sequence[_Billed], now: int, store: BilledStore, lake: Lake, view: BookView
) -> list[ReplacedUsage]:
    """Bills of one window: what they pinned was billed, what is known now may be another thing."""
    days = group[0].bill.days
    meters = {one.usage["meter"]: one.installed for one in group}
    known = usage_of_window(
        meters, days, zone=view.time_zone, at_sequence=now, lake=lake, kept=store
    )
    daily = {
        meter: values
        for whole in known.whole
        for meter, values in _daily(whole.usage, whole.complete).items()
    }
    found: list[ReplacedUsage] = []
    for one in group:
        meter = one.usage["meter"]
        sentence = ""
        now_wh: int | None = None
        now_daily: list[int] | None = None
        same = False
        if meter in daily:
            now_daily, digest = daily[meter]
            now_wh, same = sum(now_daily), digest == one.usage["sha256"]
        elif meter in known.tiled:
            described = describe_tiled(known.tiled[meter])
            now_wh, same = described.energy_wh, described.sha256 == one.usage["sha256"]
            now_daily = list(described.daily_wh) or None
        elif meter in known.gaps:
            sentence = known.gaps[meter].sentence
        elif meter in known.refused:
            sentence = known.refused[meter].sentence
        if same:
            continue
        found.append(_replaced(one, now, now_wh, now_daily, sentence))
    return found


def _replaced(
    one: _Billed, now: int, now_wh: int | None, now_daily: list[int] | None, why: str
) -> ReplacedUsage:
    billed_daily = one.usage["daily_wh"]
    changed: tuple[date, ...] = ()
    if now_daily is not None and len(now_daily) == len(billed_daily):
        changed = tuple(
            day
            for day, before, after in zip(
                one.bill.days.days(), billed_daily, now_daily, strict=True
            )
            if before != after
        )
    return ReplacedUsage(
        bill_id=one.bill.bill_id,
        account_id=one.bill.account_id,
        meter_id=_named(one),
        days=one.bill.days,
        billed_sequence=one.bill.lake_sequence,
        now_sequence=now,
        billed_wh=one.usage["energy_wh"],
        now_wh=now_wh,
        estimated_wh=one.usage.get("estimated", {}).get("energy_wh", 0),
        changed_days=changed,
        why=why,
    )


def _named(one: _Billed) -> str:
    """The meter, or of several points on one bill every one."""
    if not one.usage.get("points"):
        return one.installed.meter_id
    return " and ".join(each.meter_id for each in meters_on_bill(one.service, one.bill.days))


def _daily(usage: UsageBatch, complete: Sequence[int]) -> dict[str, tuple[list[int], str]]:
    rows = np.asarray(complete, dtype=np.int64)
    if not len(rows):
        return {}
    described = describe_usage(usage)
    return {
        usage.meters[row]: (list(described[row].daily_wh), described[row].sha256)
        for row in rows.tolist()
    }
