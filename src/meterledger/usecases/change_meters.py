"""Install, exchange and remove meters; put a crossed pair right.

Lives here      which installations and premise links end and begin with a visit, to the second.
Lives elsewhere keeping them so that nothing overlaps (``stores``), what a visit must say
                (``meter_checks``), the first meter of a new service (``start_service``), billing
                over an exchange (``window_usage``).
Read first      facts/meters.py; docs/operating/meters.md.

Every journey changes all of its records in one transaction or nothing, and doing it twice does it
once: a visit is named by what it was, where and when.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from meterledger.facts.meters import MeterWork, PremiseLink, WorkKind
from meterledger.facts.places import MeterInstallation
from meterledger.kernel.local_days import day_start_utc, local_day_of
from meterledger.kernel.span import Validity
from meterledger.usecases.meter_checks import (
    SHOW,
    Linked,
    MeterStore,
    MeterWorkRefused,
    Visit,
    check_reads,
    check_visit,
)
from meterledger.usecases.meter_corrections import (
    correction_id,
    correction_known,
    exchange_work,
    exchanged_at,
    first_after,
)
from meterledger.usecases.meter_ports import MeterChange, MeterFact
from meterledger.usecases.ports import NotFound


def exchange_meter(
    visit: Visit,
    new_meter: str,
    linked: Linked,
    *,
    learned_at: datetime,
    zone_name: str,
    store: MeterStore,
) -> MeterWork:
    """One meter leaves and another takes its place, at one instant and in one transaction.

    :raises MeterWorkRefused: naming what is missing or cannot be
    :raises Conflict: if the new meter is elsewhere then, or somebody changed something meanwhile
    """
    check_visit(visit, linked, learned_at, new_meter)
    work_id = _work_id(WorkKind.EXCHANGE, visit.service_point_id, visit.at)
    known = _recorded(store, new_meter, work_id)
    old = None if known is not None else _measuring(store, visit, zone_name)
    if old is not None and old.meter_id == new_meter:
        raise MeterWorkRefused(
            f"Meter {new_meter} is there already",
            where=f"service point {visit.service_point_id}",
            do="Give the number of the meter that was put in its place",
        )
    removed = old.meter_id if old is not None else known.removed_meter if known else None
    work = MeterWork(
        work_id=work_id,
        kind=WorkKind.EXCHANGE,
        service_point_id=visit.service_point_id,
        removed_meter=removed,
        installed_meter=new_meter,
        at=visit.at,
        reason=visit.reason,
        closing=tuple(sorted(visit.closing)),
        opening=tuple(sorted(visit.opening)),
        learned_at=learned_at,
    )
    check_reads(store, removed, "closing", work.closing, visit.at, zone_name)
    check_reads(store, new_meter, "opening", work.opening, visit.at, zone_name)
    day, second = _local(visit.at, zone_name)
    ended: list[MeterFact] = []
    begun: list[MeterFact] = []
    if old is not None:
        _end(old, day, second, learned_at, store, ended, begun)
        multiplier = old.multiplier if visit.multiplier is None else visit.multiplier
        begun += _installed(visit, new_meter, multiplier, day, second, linked, learned_at)
    store.change_meters(
        MeterChange("meter exchanged", visit.service_point_id, learned_at, tuple(ended),
                    tuple(begun), (), work)
    )  # fmt: skip
    return work


def remove_meter(
    meter_id: str, visit: Visit, *, learned_at: datetime, zone_name: str, store: MeterStore
) -> MeterWork:
    """A meter leaves its service point, and none takes its place.

    :raises MeterWorkRefused: if it does not measure there then, or a reading is missing
    """
    check_visit(visit, None, learned_at, meter_id)
    work_id = _work_id(WorkKind.REMOVE, visit.service_point_id, visit.at)
    known = _recorded(store, meter_id, work_id)
    ended: list[MeterFact] = []
    begun: list[MeterFact] = []
    if known is None:
        old = _measuring(store, visit, zone_name)
        if old.meter_id != meter_id:
            raise MeterWorkRefused(
                f"Meter {meter_id} is not there; meter {old.meter_id} is",
                where=f"service point {visit.service_point_id}",
                do=SHOW,
            )
        _end(old, *_local(visit.at, zone_name), learned_at, store, ended, begun)
    closing = tuple(sorted(visit.closing))
    check_reads(store, meter_id, "closing", closing, visit.at, zone_name)
    work = MeterWork(
        work_id, WorkKind.REMOVE, visit.service_point_id, meter_id, None, visit.at, visit.reason,
        closing, (), learned_at,
    )  # fmt: skip
    store.change_meters(
        MeterChange("meter removed", visit.service_point_id, learned_at, tuple(ended),
                    tuple(begun), (), work)
    )  # fmt: skip
    return work


def install_meter(
    meter_id: str,
    visit: Visit,
    linked: Linked,
    *,
    learned_at: datetime,
    zone_name: str,
    store: MeterStore,
    before: str = "",
) -> MeterWork:
    """A meter comes to a service point that has none.

    It counts for the whole of its first day, unless it or another meter measured earlier that day.
    ``before`` names the known meter that took its place: it was there until that one came, and both
    visits are told at once. Bills of those days stand, and may be other ones now.

    :raises MeterWorkRefused: naming what cannot be
    :raises Conflict: if another meter is there, or this one is elsewhere, at some instant after
    """
    check_visit(visit, linked, learned_at, meter_id)
    work_id = _work_id(WorkKind.INSTALL, visit.service_point_id, visit.at)
    known = _recorded(store, meter_id, work_id)
    opening = tuple(sorted(visit.opening))
    check_reads(store, meter_id, "opening", opening, visit.at, zone_name)
    after = None
    if known is None or before or visit.closing:
        after = first_after(visit, before, store, zone_name)
    left = None
    if after is not None:
        gone_at = datetime.fromtimestamp(after.stretch(zone_name)[0], UTC)
        closing = tuple(sorted(visit.closing))
        check_reads(store, meter_id, "closing", closing, gone_at, zone_name)
        left = MeterWork(
            _work_id(WorkKind.REMOVE, visit.service_point_id, gone_at), WorkKind.REMOVE,
            visit.service_point_id, meter_id, None, gone_at, visit.reason, closing, (), learned_at,
        )  # fmt: skip
    begun: list[MeterFact] = []
    if known is None:
        day, second = _local(visit.at, zone_name)
        there = store.installations_at([visit.service_point_id])
        earlier = [*there.get(visit.service_point_id, ()), *_places_of(store, meter_id)]
        busy = any(one.days.until_day == day and one.ended_second for one in earlier)
        multiplier = 1 if visit.multiplier is None else visit.multiplier
        since = second if busy else 0
        begun += _installed(visit, meter_id, multiplier, day, since, linked, learned_at, after)
    work = MeterWork(
        work_id, WorkKind.INSTALL, visit.service_point_id, None, meter_id, visit.at, visit.reason,
        (), opening, learned_at,
    )  # fmt: skip
    store.change_meters(
        MeterChange("meter installed", visit.service_point_id, learned_at, (), tuple(begun), (),
                    work, left)
    )  # fmt: skip
    return work


def correct_exchange(
    wrong_at: datetime,
    visit: Visit,
    *,
    learned_at: datetime,
    zone_name: str,
    store: MeterStore,
) -> MeterWork:
    """An exchange was recorded with a wrong instant or wrong readings: the visit as it really was.

    ``visit`` has the right instant; readings that it does not give stay as they were recorded. What
    was recorded stays on record, and this one speaks from here on.

    :raises MeterWorkRefused: if no exchange is recorded then, or the right instant cannot be
    :raises Conflict: if the meter that left is elsewhere by then, or somebody else corrected it
    """
    check_visit(visit, None, learned_at)
    point = visit.service_point_id
    done = correction_known(store, visit, wrong_at)
    if done is not None:
        return done
    left, came = exchanged_at(store, point, wrong_at, visit.at, zone_name)
    work = exchange_work(store, came.meter_id, point, wrong_at)
    right = replace(
        work,
        work_id=correction_id(visit, wrong_at),
        at=visit.at,
        reason=visit.reason,
        closing=tuple(sorted(visit.closing)) or work.closing,
        opening=tuple(sorted(visit.opening)) or work.opening,
        learned_at=learned_at,
        corrects=work.work_id,
    )
    check_reads(store, left.meter_id, "closing", right.closing, visit.at, zone_name)
    check_reads(store, came.meter_id, "opening", right.opening, visit.at, zone_name)
    ended: list[MeterFact] = []
    begun: list[MeterFact] = []
    if visit.at != wrong_at:
        day, second = _local(visit.at, zone_name)
        _move(left, came, day, second, learned_at, store, ended, begun)
    store.change_meters(
        MeterChange("exchange corrected", point, learned_at, tuple(ended), tuple(begun), (), right)
    )
    return right


def _move(
    left: MeterInstallation,
    came: MeterInstallation,
    day: date,
    second: int,
    learned_at: datetime,
    store: MeterStore,
    ended: list[MeterFact],
    begun: list[MeterFact],
) -> None:
    """End one stay and begin the other at another instant, with their premise links."""
    before, after = Validity(left.days.from_day, day), Validity(day, came.days.until_day)
    ended += [left, came]
    begun += [
        replace(left, days=before, ended_second=second, learned_at=learned_at),
        replace(came, days=after, began_second=second, learned_at=learned_at),
    ]
    if day == came.days.from_day:
        return
    for place, days in ((left, before), (came, after)):
        for link in store.meter_file(place.meter_id).links:
            if link.service_point_id == place.service_point_id and link.days == place.days:
                ended.append(link)
                begun.append(replace(link, days=days, learned_at=learned_at))


def uncross_meters(
    one_meter: str,
    other_meter: str,
    *,
    from_day: date,
    reason: str,
    linked: Linked,
    learned_at: datetime,
    zone_name: str,
    store: MeterStore,
) -> MeterWork:
    """Two meters were taken for each other: from a day on each belongs to the other's place.

    Multipliers stay at their service points, for the transformers do.

    :raises MeterWorkRefused: if one of them is not installed, or came after that day
    """
    pair = [_open_place(store, meter) for meter in (one_meter, other_meter)]
    visit = Visit(pair[0].service_point_id, day_start_utc(from_day, zone_name), reason)
    check_visit(visit, linked, learned_at, one_meter, other_meter)
    points = ":".join(sorted(one.service_point_id for one in pair))
    work_id = _work_id(WorkKind.UNCROSS, points, visit.at)
    known = _recorded(store, one_meter, work_id)
    if known is not None:
        return known
    if one_meter == other_meter:
        raise MeterWorkRefused("A meter is not crossed with itself", where=f"meter {one_meter}",
                               do="Name the two meters")  # fmt: skip
    ended: list[MeterFact] = []
    begun: list[MeterFact] = []
    for place, meter in zip(pair, (other_meter, one_meter), strict=True):
        if from_day < place.days.from_day:
            raise MeterWorkRefused(
                f"Meter {place.meter_id} came on {place.days.from_day}, after {from_day}",
                where=f"service point {place.service_point_id}",
                do="Give a day on which both were installed",
            )
        since = place.began_second if place.days.from_day == from_day else 0
        _end(place, from_day, 0, learned_at, store, ended, begun)
        at = replace(visit, service_point_id=place.service_point_id)
        begun += _installed(at, meter, place.multiplier, from_day, since, linked, learned_at)
    work = MeterWork(
        work_id, WorkKind.UNCROSS, pair[0].service_point_id, one_meter, other_meter, visit.at,
        reason, (), (), learned_at,
    )  # fmt: skip
    store.change_meters(
        MeterChange("meters uncrossed", pair[0].service_point_id, learned_at, tuple(ended),
                    tuple(begun), (), work)
    )  # fmt: skip
    return work


def _work_id(kind: WorkKind, place: str, at: datetime) -> str:
    return f"{kind.value}:{place}:{at:%Y%m%dT%H%M%SZ}"


def _local(at: datetime, zone_name: str) -> tuple[date, int]:
    """The local day of an instant, and its second in that day."""
    day = local_day_of(at, zone_name)
    return day, (at - day_start_utc(day, zone_name)) // timedelta(seconds=1)


def _recorded(store: MeterStore, meter_id: str, work_id: str) -> MeterWork | None:
    try:
        work = store.meter_file(meter_id).work
    except NotFound:
        return None
    return next((one for one in work if one.work_id == work_id), None)


def _places_of(store: MeterStore, meter_id: str) -> list[MeterInstallation]:
    try:
        return list(store.meter_file(meter_id).installations)
    except NotFound:
        return []


def _open_place(store: MeterStore, meter_id: str) -> MeterInstallation:
    """Where a meter is now."""
    found = [one for one in _places_of(store, meter_id) if one.days.until_day is None]
    if not found:
        raise MeterWorkRefused(
            "It is not installed anywhere now", where=f"meter {meter_id[:80]}", do=SHOW
        )
    return found[0]


def _measuring(store: MeterStore, visit: Visit, zone_name: str) -> MeterInstallation:
    """The meter that measures the service point at the instant, and still does."""
    point, at = visit.service_point_id, int(visit.at.timestamp())
    there = store.installations_at([point]).get(point, [])
    for one in there:
        begin, until = one.stretch(zone_name)
        if begin <= at and (until is None or at < until):
            if until is not None:
                raise MeterWorkRefused(
                    f"Meter {one.meter_id} measured there {one.days}, and something came after it",
                    where=f"service point {point}, {visit.at:%Y-%m-%dT%H:%M:%SZ}",
                    do="Give the instant of the last visit; what is recorded wrongly is corrected "
                    "by a person with both visits before them",
                )
            return one
    raise MeterWorkRefused(
        f"No meter measures service point {point[:80]} at {visit.at:%Y-%m-%dT%H:%M:%SZ}",
        do="Install one with `meterledger meter install`, or give the instant as it was",
    )


def _end(
    place: MeterInstallation,
    day: date,
    second: int,
    learned_at: datetime,
    store: MeterStore,
    ended: list[MeterFact],
    begun: list[MeterFact],
) -> None:
    """End an installation and its premise link at an instant.

    What would hold no day at all is not believed any longer, and nothing stands in its place.
    """
    if day == place.days.from_day and second > place.began_second:
        raise MeterWorkRefused(
            f"Meter {place.meter_id} came to service point {place.service_point_id} on that day "
            "itself",
            why="Only one exchange of a local day is kept at a service point",
            do="Record the last meter of the day, and hold its bill for a person",
        )
    ended.append(place)
    if place.days.from_day < day:
        days = Validity(place.days.from_day, day)
        begun.append(replace(place, days=days, ended_second=second, learned_at=learned_at))
    for link in store.meter_file(place.meter_id).links:
        if link.service_point_id == place.service_point_id and link.days.until_day is None:
            ended.append(link)
            if link.days.from_day < day:
                days = Validity(link.days.from_day, day)
                begun.append(replace(link, days=days, learned_at=learned_at))


def _installed(
    visit: Visit,
    meter_id: str,
    multiplier: int,
    day: date,
    second: int,
    linked: Linked,
    learned_at: datetime,
    after: MeterInstallation | None = None,
) -> list[MeterFact]:
    days, point, ended = Validity(day), visit.service_point_id, 0
    if after is not None:
        days, ended = Validity(day, after.days.from_day), after.began_second
    return [
        MeterInstallation(
            *(point, meter_id, multiplier, days, learned_at),
            began_second=second,
            ended_second=ended,
        ),
        PremiseLink(
            meter_id, point, linked.source, linked.confidence, linked.evidence, days, learned_at
        ),
    ]
