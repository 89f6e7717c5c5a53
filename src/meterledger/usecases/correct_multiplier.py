"""The multiplier of a meter was recorded wrongly: the right one holds for all of its stay.

Lives here      what is believed instead, and the record of why; which issued bills it changes, and
                what they would come to, before anything is kept.
Lives elsewhere a multiplier that changes with a visit (``change_meters``), billing again what it
                changes (``change_then_rebill``).
Read first      docs/operating/meters.md; docs/operating/corrections.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from meterledger.facts.meters import MeterWork, WorkKind
from meterledger.facts.places import BillableService, MeterInstallation
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.change_then_rebill import by_agreement
from meterledger.usecases.meter_checks import SHOW, MeterStore, MeterWorkRefused, Visit, check_visit
from meterledger.usecases.meter_ports import MeterChange
from meterledger.usecases.ports import Conflict
from meterledger.usecases.rebill import NothingToCorrect, RebillRun, RebillStore, rebill
from meterledger.usecases.rebill_states import Now
from meterledger.usecases.touched_bills import IssuedAt, touched_bills


class MultiplierStore(MeterStore, IssuedAt, Protocol):
    """What this journey needs of the store."""


@dataclass(frozen=True, slots=True)
class MultiplierRight:
    """The stay of the meter as it was believed, as it is now, and the record of it.

    ``bills`` are live bills of days that it changes, oldest first.
    """

    was: MeterInstallation
    right: MeterInstallation
    work: MeterWork
    bills: tuple[str, ...]

    @property
    def kept(self) -> str:
        """What is kept of it, in words without a period."""
        return (
            f"Meter {self.right.meter_id} at {self.right.service_point_id} has the multiplier "
            f"{self.right.multiplier} since {self.right.days.from_day}, and not "
            f"{self.was.multiplier}"
        )


def correct_multiplier(
    meter_id: str,
    multiplier: int,
    *,
    reason: str,
    learned_at: datetime,
    store: MultiplierStore,
    with_bills: bool = False,
    dry_run: bool = False,
) -> MultiplierRight:
    """Believe another multiplier of the meter from its first day where it is, or was last.

    What was believed stays on record, and bills that rest on it replay as they were. Where its
    bills are made anew ``with_bills``, one that was put right before is answered and not refused:
    whoever was cut off between the two asks the same again, and its bills are made.

    :raises MeterWorkRefused: if the meter was never installed, or has that multiplier already
    :raises NotFound: if there is no such meter
    :raises Conflict: if somebody changed its stay meanwhile
    """
    known = store.meter_file(meter_id)
    stays = known.installations
    if not stays:
        raise MeterWorkRefused(
            "It was never installed anywhere", where=f"meter {meter_id[:80]}", do=SHOW
        )
    stay = _last_stay(stays)
    point = stay.service_point_id
    check_visit(Visit(point, learned_at, reason, multiplier=multiplier), None, learned_at, meter_id)
    touched = tuple(touched_bills([point], stay.days.from_day, store))
    if stay.multiplier == multiplier:
        # The record may have come between the two halves of one reading: then another one has it.
        done = _put_right_before(stay, known.work) if with_bills else None
        if with_bills and done is None:
            done = _put_right_before(stay, store.meter_file(meter_id).work)
        if done is not None:
            return MultiplierRight(*done, touched)
        raise MeterWorkRefused(
            f"Its multiplier is {multiplier} already",
            where=f"meter {meter_id} at service point {point}",
            do=SHOW,
        )
    work = MeterWork(
        work_id=f"{WorkKind.MULTIPLIER.value}:{point}:{meter_id}:{stay.multiplier}:{multiplier}:"
        f"{learned_at:%Y%m%dT%H%M%SZ}",
        kind=WorkKind.MULTIPLIER,
        service_point_id=point,
        removed_meter=None,
        installed_meter=meter_id,
        at=learned_at,  # when it was put right: no visit moves a meter or reads a register by it
        reason=reason,
        closing=(),
        opening=(),
        learned_at=learned_at,
    )
    right = replace(stay, multiplier=multiplier, learned_at=learned_at)
    change = MeterChange("multiplier put right", meter_id, learned_at, (stay,), (right,), (), work)
    if not dry_run:
        try:
            store.change_meters(change)
        except Conflict:
            if _last_stay(store.meter_file(meter_id).installations).multiplier != multiplier:
                raise
            return correct_multiplier(  # somebody has done the very same: so it is told
                meter_id,
                multiplier,
                reason=reason,
                learned_at=learned_at,
                store=store,
                with_bills=with_bills,
            )
    return MultiplierRight(stay, right, work, touched)


def _last_stay(stays: Iterable[MeterInstallation]) -> MeterInstallation:
    return max(stays, key=lambda one: (one.days.from_day, one.began_second))


def _put_right_before(
    stay: MeterInstallation, works: Iterable[MeterWork]
) -> tuple[MeterInstallation, MeterInstallation, MeterWork] | None:
    """The stay as it was believed, as it is, and the newest record of putting it right."""
    prefix = f"{WorkKind.MULTIPLIER.value}:{stay.service_point_id}:{stay.meter_id}:"
    mine = [one for one in works if one.work_id.startswith(prefix)]
    if not mine:
        return None
    newest = max(mine, key=lambda one: one.learned_at)
    was, became, _ = newest.work_id.removeprefix(prefix).split(":")
    if int(became) != stay.multiplier:
        return None
    return replace(stay, multiplier=int(was)), stay, newest


def bills_as_if(
    change: MultiplierRight, *, now: Now, store: RebillStore
) -> tuple[list[RebillRun], list[tuple[str, str]]]:
    """What its bills would come to, of each agreement; and those that could not be made, with why.

    Of a change that is only looked at. Nothing is kept of it.
    """
    as_if: Any = _AsIf(store, change)
    runs: list[RebillRun] = []
    refused: list[tuple[str, str]] = []
    for names in by_agreement(change.bills, store):
        try:
            run = rebill(
                names,
                author="nobody yet",
                reason="a look",
                on=now.on,
                known_at=now.known_at,
                store=as_if,
                lake=now.lake,
                book=now.book,
                dry_run=True,
            )
        except NothingToCorrect:
            run = RebillRun(unchanged=names)
        except Refusal as refusal:
            refused.append((names[0], refusal.of_one_case().sentence))
            continue
        runs.append(run)
    return runs, refused


class _AsIf:
    """A store that answers as if the multiplier had been put right; all else is the store's."""

    def __init__(self, store: RebillStore, change: MultiplierRight) -> None:
        self._store: Any = store
        self._change = change

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, joined; as known at the change or later with the right multiplier."""
        found: BillableService = self._store.service_of_agreement(agreement_id, known_at)
        if known_at < self._change.right.learned_at:
            return found
        return self._righted(found)

    def _righted(self, service: BillableService) -> BillableService:
        return replace(
            service,
            installations=tuple(self._stays(service.installations)),
            joined=tuple(
                replace(one, service=self._righted(one.service)) for one in service.joined
            ),
        )

    def _stays(self, found: Iterable[MeterInstallation]) -> Iterable[MeterInstallation]:
        return (self._change.right if one == self._change.was else one for one in found)

    def __getattr__(self, name: str) -> Any:
        """Whatever else is asked."""
        return getattr(self._store, name)
