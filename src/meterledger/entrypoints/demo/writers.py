"""Meter data written as head-ends and portals write it: Green Button XML, CMEP, CSV.

Lives here      bytes of files for the town and for tests. Times UTC, energy in whole watt-hours.
Lives elsewhere reading them (``stores/gateways``), which is written by the formats and not by us.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

from meterledger.kernel.local_days import local_day_of

Value = tuple[int, int]
"""Start of the interval (UTC epoch seconds) and its energy in watt-hours."""

CMEP_TRIPLES_PER_RECORD = 48


class CmepMeasure(NamedTuple):
    """Commodity, unit and decimals of CMEP values given as whole numbers."""

    commodity: str
    unit: str
    decimals: int


ENERGY_KWH = CmepMeasure("E", "KWH", 3)
GAS_CCF = CmepMeasure("G", "CCF", 2)

_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
 <id>{feed_id}</id>
 <title>Town of Millbrook, Download My Data</title>
 <updated>{made_at}</updated>
 <link rel="self" href="{root}/Batch"/>
"""

_ENTRY = """ <entry>
  <id>{entry_id}</id>
  <link rel="self" href="{href}"/>
  <link rel="up" href="{up}"/>
{related}  <title>{title}</title>
  <content>
{content}
  </content>
  <published>{made_at}</published>
  <updated>{made_at}</updated>
 </entry>
"""

_READING_TYPE = """   <ReadingType xmlns="http://naesb.org/espi">
    <accumulationBehaviour>4</accumulationBehaviour>
    <commodity>1</commodity>
    <dataQualifier>12</dataQualifier>
    <flowDirection>1</flowDirection>
    <intervalLength>{seconds}</intervalLength>
    <kind>12</kind>
    <powerOfTenMultiplier>0</powerOfTenMultiplier>
    <uom>72</uom>
   </ReadingType>"""

_LOCAL_TIME = """   <LocalTimeParameters xmlns="http://naesb.org/espi">
    <dstEndRule>B40E2000</dstEndRule>
    <dstOffset>3600</dstOffset>
    <dstStartRule>360E2000</dstStartRule>
    <tzOffset>-21600</tzOffset>
   </LocalTimeParameters>"""

_USAGE_POINT = """   <UsagePoint xmlns="http://naesb.org/espi">
    <ServiceCategory><kind>0</kind></ServiceCategory>
   </UsagePoint>"""


def green_button(
    meter_id: str,
    values: Sequence[Value],
    *,
    interval_seconds: int,
    made_at: datetime,
    zone_name: str,
) -> bytes:
    """One meter's intervals as Download My Data: a block for each local day."""
    made = made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    root = "/DataCustodian/espi/1_1/resource"
    point = f"{root}/UsagePoint/{meter_id}"
    reading = f"{point}/MeterReading/1"
    kind = f"{root}/ReadingType/1"
    clock = f"{root}/LocalTimeParameters/1"

    def entry(href: str, up: str, title: str, content: str, *related: str) -> str:
        links = "".join(f'  <link rel="related" href="{one}"/>\n' for one in related)
        return _ENTRY.format(
            entry_id=f"urn:uuid:{_named(made + href)}",
            href=href,
            up=up,
            related=links,
            title=title,
            content=content,
            made_at=made,
        )

    parts = [_FEED.format(feed_id=f"urn:uuid:{_named(made + point)}", made_at=made, root=root)]
    parts.append(
        entry(
            point,
            f"{root}/UsagePoint",
            f"Meter {meter_id}",
            _USAGE_POINT,
            f"{point}/MeterReading",
            clock,
        )
    )
    parts.append(
        entry(clock, f"{root}/LocalTimeParameters", "Central time of North America", _LOCAL_TIME)
    )
    parts.append(
        entry(
            reading,
            f"{point}/MeterReading",
            "Electricity delivered",
            '   <MeterReading xmlns="http://naesb.org/espi"/>',
            f"{reading}/IntervalBlock",
            kind,
        )
    )
    parts.append(
        entry(
            kind,
            f"{root}/ReadingType",
            "Energy delivered (Wh)",
            _READING_TYPE.format(seconds=interval_seconds),
        )
    )
    by_day = groupby(values, key=lambda one: local_day_of(_instant(one[0]), zone_name))
    for number, (day, of_day) in enumerate(by_day, 1):
        parts.append(
            entry(
                f"{reading}/IntervalBlock/{number}",
                f"{reading}/IntervalBlock",
                f"{day}",
                _block(list(of_day), interval_seconds),
            )
        )
    parts.append("</feed>\n")
    return "".join(parts).encode("utf-8")


def _block(values: list[Value], seconds: int) -> str:
    readings = "\n".join(
        f"    <IntervalReading><timePeriod><duration>{seconds}</duration><start>{start}</start>"
        f"</timePeriod><value>{wh}</value></IntervalReading>"
        for start, wh in values
    )
    length = values[-1][0] + seconds - values[0][0]
    return (
        '   <IntervalBlock xmlns="http://naesb.org/espi">\n'
        f"    <interval><duration>{length}</duration><start>{values[0][0]}</start></interval>\n"
        f"{readings}\n   </IntervalBlock>"
    )


def cmep(
    meters: Iterable[tuple[str, Sequence[Value]]],
    *,
    interval_seconds: int,
    made_at: datetime,
    purpose: str = "OK",
    measure: CmepMeasure = ENERGY_KWH,
) -> bytes:
    """Many meters' intervals as CMEP, a record's first stamped with its end: Wh as kWh.

    Values of a meter must follow each other; a gap begins another record.
    """
    made = made_at.strftime("%Y%m%d%H%M")
    length = f"{interval_seconds // 86_400:04d}{interval_seconds // 3_600 % 24:02d}"
    length += f"{interval_seconds // 60 % 60:02d}"
    lines: list[str] = []
    for meter_id, values in meters:
        for chunk in _unbroken(values, interval_seconds, CMEP_TRIPLES_PER_RECORD):
            first_end = _instant(chunk[0][0] + interval_seconds).strftime("%Y%m%d%H%M")
            quantities = [_decimal(value, measure.decimals) for _, value in chunk]
            triples = f"{first_end},,{quantities[0]}"
            triples += "".join(f",,,{one}" for one in quantities[1:])  # stamps follow by themselves
            lines.append(
                f"MEPMD01,19970819,MILLBROOK,,METERLEDGER,,{made},{meter_id},{purpose},"
                f"{measure.commodity},{measure.unit},1.0,{length},{len(chunk)},{triples}"
            )
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def plain_csv(meters: Iterable[tuple[str, int, Sequence[Value]]]) -> bytes:
    """Many meters' intervals as a plain table: meter, interval length in seconds, values in Wh."""
    lines = ["meter,start,interval_seconds,value,unit,quality"]
    for meter_id, seconds, values in meters:
        for start, wh in values:
            at = _instant(start).strftime("%Y-%m-%dT%H:%M:%SZ")
            lines.append(f"{meter_id},{at},{seconds},{wh},Wh,valid")
    return ("\n".join(lines) + "\n").encode("ascii")


def _unbroken(values: Sequence[Value], seconds: int, most: int) -> Iterable[list[Value]]:
    chunk: list[Value] = []
    for value in values:
        if chunk and (len(chunk) == most or value[0] != chunk[-1][0] + seconds):
            yield chunk
            chunk = []
        chunk.append(value)
    if chunk:
        yield chunk


def _decimal(whole: int, decimals: int) -> str:
    return f"{whole // 10**decimals}.{whole % 10**decimals:0{decimals}d}"


def _instant(epoch_seconds: int) -> datetime:
    return datetime.fromtimestamp(epoch_seconds, UTC)


def _named(text: str) -> uuid.UUID:
    """The same identifier for the same thing, so that a file made twice has the same bytes."""
    return uuid.uuid5(uuid.NAMESPACE_URL, text)
