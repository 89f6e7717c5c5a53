"""The multiplier of a meter was recorded wrongly: the right one holds for all of its stay.

Lives here      what is believed instead, and the record of who found it wrong and why.
Lives elsewhere a multiplier that changes with a visit (``change_meters``), billing again what it
                changes (``rebill``).
Read first      docs/operating/meters.md; docs/operating/corrections.md.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from meterledger.facts.meters import MeterWork, WorkKind
from meterledger.facts.places import MeterInstallation
from meterledger.usecases.meter_checks import SHOW, MeterStore, MeterWorkRefused, Visit, check_visit
from meterledger.usecases.meter_ports import MeterChange


def correct_multiplier(
    meter_id: str, multiplier: int, *, reason: str, learned_at: datetime, store: MeterStore
) -> tuple[MeterInstallation, MeterWork]:
    """Believe another multiplier of the meter from its first day where it is, or was last.

    What was believed stays on record, and bills that rest on it replay as they were. Answers the
    stay as it was believed, and the record.

    :raises MeterWorkRefused: if the meter was never installed, or has that multiplier already
    :raises NotFound: if there is no such meter
    :raises Conflict: if somebody changed its stay meanwhile
    """
    stays = store.meter_file(meter_id).installations
    if not stays:
        raise MeterWorkRefused(
            "It was never installed anywhere", where=f"meter {meter_id[:80]}", do=SHOW
        )
    stay = max(stays, key=lambda one: (one.days.from_day, one.began_second))
    point = stay.service_point_id
    check_visit(Visit(point, learned_at, reason, multiplier=multiplier), None, learned_at, meter_id)
    if stay.multiplier == multiplier:
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
    store.change_meters(
        MeterChange("multiplier put right", meter_id, learned_at, (stay,), (right,), (), work)
    )
    return stay, work
