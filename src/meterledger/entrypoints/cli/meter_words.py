"""Words of ``meterledger meter``: instants, readings and registers as they are typed and shown.

Lives here      reading options, and telling a meter's file as JSON and for a person.
Lives elsewhere the commands (``meter``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from itertools import pairwise
from typing import Any, TypeVar

from meterledger.entrypoints.cli.answer import BadArgument
from meterledger.facts.meters import MeterConfiguration, MeterWork, Register, RegisterRead
from meterledger.facts.readings import Flow
from meterledger.kernel.money import shown
from meterledger.kernel.written_days import instant_from_text
from meterledger.usecases.meter_ports import MeterFile

Choice = TypeVar("Choice", bound=Enum)
LONGEST_NAME = 64


def instant_from(text: str, *, option: str) -> datetime:
    """Read an instant that says its offset from UTC, to the second.

    :raises BadArgument: naming the option and how an instant is written
    """
    told = instant_from_text(text)
    if told is None:
        raise BadArgument(
            f"{shown(text)} is not an instant with its offset from UTC",
            where=option,
            do="Write it like 2025-07-10T15:07:00Z or 2025-07-10T10:07:00-05:00",
        )
    return told


def choice_from(kind: type[Choice], text: str, *, option: str) -> Choice:
    """One of the words of a list. :raises BadArgument: naming them"""
    for one in kind:
        if one.value == text:
            return one
    words = ", ".join(str(one.value) for one in kind)
    raise BadArgument(f"'{text[:40]}' is not one of {words}", where=option, do="Give one of them")


def pairs_from(texts: Sequence[str], *, option: str) -> list[tuple[str, str]]:
    """Words like ``kWh=04321``. :raises BadArgument: naming the one that is none"""
    found = []
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip() or not value.strip() or len(name) > LONGEST_NAME:
            raise BadArgument(
                f"'{text[:60]}' does not name something and its value",
                where=option,
                do="Write it like kWh=04321",
            )
        found.append((name.strip(), value.strip()))
    return found


def reads_from(texts: Sequence[str], *, option: str) -> tuple[RegisterRead, ...]:
    """What registers showed, like ``kWh=04321``."""
    return tuple(RegisterRead(name, value) for name, value in pairs_from(texts, option=option))


def register_from(text: str) -> Register:
    """A register, like ``kWh:delivered:kWh:5`` or ``kWh:delivered:kWh:5.1x80``.

    :raises BadArgument: saying how one is written
    """
    found = re.fullmatch(
        r"([^:]{1,64}):([a-z]+):([^:]{1,16}):([0-9]{1,2})(?:\.([0-6]))?(?:x([0-9]{1,6}))?", text
    )
    digits = int(found[4]) if found else 0
    if found is None or not 1 <= digits <= 12 or found[6] == "0":
        raise BadArgument(
            f"'{text[:60]}' is not a register",
            where="--register",
            do="Write name:flow:unit:figures, then .decimals and xMULTIPLIER where there are some, "
            "like kWh:delivered:kWh:5 or kWh:delivered:kWh:5.1x80",
        )
    flow = choice_from(Flow, found[2], option="--register")
    return Register(found[1], flow, found[3], digits, int(found[5] or 0), int(found[6] or 1))


def hours_from(texts: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Stretches of a day, like ``18:00-24:00``, in minutes, in order.

    :raises BadArgument: if one is none, or two overlap
    """
    found = []
    for text in texts:
        told = re.fullmatch(r"([0-9]{2}):([0-5][0-9])-([0-9]{2}):([0-5][0-9])", text)
        begin, until = (
            (int(told[1]) * 60 + int(told[2]), int(told[3]) * 60 + int(told[4])) if told else (0, 0)
        )
        if not 0 <= begin < until <= 1440:
            raise BadArgument(f"'{text[:40]}' is not a stretch of a day", where="--hours",
                              do="Write it like 18:00-24:00")  # fmt: skip
        found.append((begin, until))
    found.sort()
    for (_, until), (begin, _) in pairwise(found):
        if begin <= until:
            raise BadArgument("Two stretches of the day touch or overlap", where="--hours",
                              do="Write them as one")  # fmt: skip
    return tuple(found)


def work_json(work: MeterWork) -> dict[str, Any]:
    """A visit as it is answered."""
    return {
        "work": work.work_id,
        "kind": work.kind.value,
        "service_point": work.service_point_id,
        "removed": work.removed_meter,
        "installed": work.installed_meter,
        "at": utc(work.at),
        "reason": work.reason,
        "corrects": work.corrects,
        "closing": {one.register: one.value for one in work.closing},
        "opening": {one.register: one.value for one in work.opening},
    }


def configuration_json(one: MeterConfiguration) -> dict[str, Any]:
    """A configuration as it is answered."""
    return {**one.as_json(), "fingerprint": one.fingerprint, "days": str(one.days)}


def file_json(file: MeterFile, zone_name: str) -> dict[str, Any]:
    """All that is known of a meter."""
    return {
        "meter": file.meter_id,
        "kind": file.meter.kind.value if file.meter else None,
        "maker": file.meter.maker if file.meter else None,
        "model": file.meter.model if file.meter else None,
        "serial": file.meter.serial if file.meter else None,
        "configurations": [configuration_json(one) for one in file.configurations],
        "installations": [
            {
                "service_point": one.service_point_id,
                "multiplier": one.multiplier,
                "from": utc(datetime.fromtimestamp(one.stretch(zone_name)[0], UTC)),
                "to": None
                if (until := one.stretch(zone_name)[1]) is None
                else utc(datetime.fromtimestamp(until, UTC)),
            }
            for one in file.installations
        ],
        "premise_links": [
            {
                "service_point": one.service_point_id,
                "known_by": one.source.value,
                "confidence": one.confidence,
                "evidence": one.evidence,
                "days": str(one.days),
            }
            for one in file.links
        ],
        "work": [work_json(one) for one in file.work],
    }


def print_file(answer: dict[str, Any]) -> None:
    """The same for a person."""
    device = " ".join(
        str(answer[name]) for name in ("maker", "model", "serial") if answer.get(name)
    )
    kind = answer["kind"] or "nobody has said how it is read"
    print(f"Meter {answer['meter']}: {kind}{f', {device}' if device else ''}")
    for one in answer["configurations"]:
        registers = ", ".join(each["name"] for each in one["registers"]) or "no register"
        print(f"  set up {one['days']}: billed on {one['billed_on']}, {registers}")
        print(f"    fingerprint {one['fingerprint']}")
    for one in answer["installations"]:
        until = one["to"] or "now"
        print(
            f"  at service point {one['service_point']} from {one['from']} until {until}, "
            f"multiplier {one['multiplier']}"
        )
    for one in answer["premise_links"]:
        print(
            f"  there by {one['known_by']} ({one['confidence']} of 100), {one['days']}: "
            f"{one['evidence']}"
        )
    for one in answer["work"]:
        print(f"  {one['at']} {one['kind']}: {one['reason']}")


def utc(instant: datetime) -> str:
    """An instant as every answer has it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
