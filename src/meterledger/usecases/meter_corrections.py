"""Which recorded exchange is meant by a correction, and whether the right instant can be.

Lives here      finding the two stays and the visit; the name of a correction; which meter came
                after one that is told of late.
Lives elsewhere what a correction changes (``change_meters``).
"""

from __future__ import annotations

from datetime import datetime

from meterledger.facts.meters import MeterWork, WorkKind
from meterledger.facts.places import MeterInstallation
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.local_days import local_day_of
from meterledger.usecases.meter_checks import SHOW, MeterStore, MeterWorkRefused, Visit


def exchanged_at(
    store: MeterStore, point: str, wrong_at: datetime, right_at: datetime, zone_name: str
) -> tuple[MeterInstallation, MeterInstallation]:
    """The meter that left and the one that came; the right instant lies within their stays.

    :raises MeterWorkRefused: if no exchange is recorded at the wrong instant, or the right one
        lies before the first meter came or after the second left
    """
    there = store.installations_at([point]).get(point, [])
    wrong, right = int(wrong_at.timestamp()), int(right_at.timestamp())
    left = [one for one in there if one.stretch(zone_name)[1] == wrong]
    came = [one for one in there if one.stretch(zone_name)[0] == wrong]
    if not left or not came:
        raise MeterWorkRefused(
            f"No exchange is recorded at {wrong_at:%Y-%m-%dT%H:%M:%SZ}",
            where=f"service point {point[:80]}",
            do=SHOW,
        )
    day = local_day_of(right_at, zone_name)
    until = came[0].stretch(zone_name)[1]
    last = came[0].days.until_day
    inside = left[0].stretch(zone_name)[0] < right and (until is None or right < until)
    if not inside or day <= left[0].days.from_day or (last is not None and last <= day):
        raise MeterWorkRefused(
            f"The exchange cannot have been at {right_at:%Y-%m-%dT%H:%M:%SZ}",
            where=f"service point {point}",
            why=f"Meter {left[0].meter_id} came on {left[0].days.from_day} and meter "
            f"{came[0].meter_id} is there until {last or 'further notice'}; each visit has a "
            "local day of its own",
            do="Give an instant between",
        )
    return left[0], came[0]


def exchange_work(store: MeterStore, meter_id: str, point: str, at: datetime) -> MeterWork:
    """The recorded visit that brought the meter.

    :raises MeterWorkRefused: if there is none: two stays may touch without one
    """
    for one in store.meter_file(meter_id).work:
        if one.kind is WorkKind.EXCHANGE and one.service_point_id == point and one.at == at:
            return one
    raise MeterWorkRefused(
        f"No visit is recorded at {at:%Y-%m-%dT%H:%M:%SZ}",
        where=f"service point {point}",
        why="Only an exchange that was recorded with `meter exchange` is corrected here",
        do=SHOW,
    )


def first_after(
    visit: Visit, before: str, store: MeterStore, zone_name: str
) -> MeterInstallation | None:
    """The known meter that came after a meter which is told of late; None where none came.

    :raises MeterWorkRefused: if one came and is not the one that is named, or on the same local day
    """
    point, at = visit.service_point_id, int(visit.at.timestamp())
    there = store.installations_at([point]).get(point, [])
    later = [one for one in there if one.stretch(zone_name)[0] > at]
    first = min(later, key=lambda one: one.stretch(zone_name)[0], default=None)
    came = f"{visit.at:%Y-%m-%dT%H:%M:%SZ}"
    if first is None:
        if before or visit.closing:
            raise MeterWorkRefused(
                f"No meter came after {came}, so this one has not left",
                where=f"service point {point[:80]}",
                do="Leave --before and --closing out",
            )
        return None
    if first.meter_id != before:
        raise MeterWorkRefused(
            f"Meter {first.meter_id} came after it, on {first.days.from_day}",
            where=f"service point {point[:80]}, {came}",
            why="A meter that is told of late was there until the next one came",
            do=f"Name that one with --before {first.meter_id}, and give what its registers showed "
            "then with --closing where it was billed on them",
        )
    if local_day_of(visit.at, zone_name) >= first.days.from_day:
        raise MeterWorkRefused(
            f"Meter {before} came on that day itself",
            where=f"service point {point}, {came}",
            why="Only one exchange of a local day is kept at a service point",
            do="Give an earlier day on which it came, or leave it out",
        )
    return first


def correction_known(store: MeterStore, visit: Visit, wrong_at: datetime) -> MeterWork | None:
    """The record that says the same already, so that correcting twice is correcting once."""
    name = correction_id(visit, wrong_at)
    for place in store.installations_at([visit.service_point_id]).get(visit.service_point_id, []):
        for one in store.meter_file(place.meter_id).work:
            if one.work_id == name:
                return one
    return None


def correction_id(visit: Visit, wrong_at: datetime) -> str:
    """Built from when the exchange was said to be, when it was, and what is said of it now."""
    told = {
        "reason": visit.reason,
        "closing": [[one.register, one.value] for one in sorted(visit.closing)],
        "opening": [[one.register, one.value] for one in sorted(visit.opening)],
    }
    digest = sha256_hex(canonical_bytes(told))[:8]
    return (
        f"exchange:{visit.service_point_id}:{visit.at:%Y%m%dT%H%M%SZ}:"
        f"was:{wrong_at:%Y%m%dT%H%M%SZ}:{digest}"
    )
