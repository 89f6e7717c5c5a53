"""Which format a file is, by its content alone, and one call that reads any of them.

Lives here      telling formats apart.
Lives elsewhere reading each (the modules beside this file).
"""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from meterledger.facts.readings import ReadingFile
from meterledger.stores.gateways import iec61968, multispeak
from meterledger.stores.gateways.cmep import RECORD_START, is_bulk, read_cmep
from meterledger.stores.gateways.csv_profile import read_csv
from meterledger.stores.gateways.csv_words import HEADER
from meterledger.stores.gateways.flat_exports import export_of, read_export
from meterledger.stores.gateways.green_button import read_green_button
from meterledger.stores.gateways.instants import Believable
from meterledger.stores.gateways.made_at import made_at
from meterledger.stores.gateways.nem12 import read_nem
from meterledger.stores.gateways.opening import (
    OpenedFile,
    open_bytes,
    opened,
    refuse_binary,
    without_bom,
)
from meterledger.stores.gateways.refusals import FormatUnknown, MeterNotNamed
from meterledger.stores.gateways.table import Options, known_header
from meterledger.stores.gateways.xml_parts import root_of

_HEAD_BYTES = 8 * 1024
_PARQUET = b"PAR1"
_XML_BOMS = (b"\xff\xfe<\x00", b"\xfe\xff\x00<")


def read_file(
    path: Path,
    *,
    received_at: datetime,
    meter: str | None = None,
    zone: str | None = None,
    unit: str | None = None,
) -> ReadingFile:
    """Read a file of readings, plain or gzip: Green Button XML, CMEP, IEC 61968-9, MultiSpeak,
    NEM12, NEM13, flat exports of registers, CSV or Parquet.

    ``received_at`` is the instant (UTC) the file came: no reading ends more than a day after it.
    ``meter`` names the meter of a file of one meter; ``zone`` and ``unit`` say what a table does
    not. Nothing is stored.

    :raises FileRefused: saying what is wrong, where, why, and what to do
    """
    return _read(open_bytes(path), received_at, Options(meter=meter, unit=unit, zone=zone))


def read_bytes(
    name: str,
    data: bytes,
    *,
    received_at: datetime,
    meter: str | None = None,
    zone: str | None = None,
    unit: str | None = None,
) -> ReadingFile:
    """The same for bytes that are in memory already (an upload)."""
    return _read(opened(name, data), received_at, Options(meter=meter, unit=unit, zone=zone))


def read_blocks(
    name: str,
    data: bytes,
    *,
    received_at: datetime,
    meter: str | None = None,
    zone: str | None = None,
    unit: str | None = None,
) -> ReadingFile:
    """The same; the plain records of a large CMEP file stay in blocks (a ``BlockFile``)."""
    file = opened(name, data)
    is_cmep = RECORD_START.match(file.data[:_HEAD_BYTES].lstrip()) is not None
    if not is_cmep or not is_bulk(file, meter=meter):
        return _read(file, received_at, Options(meter=meter, unit=unit, zone=zone))
    from meterledger.stores.gateways.cmep_bulk import read_cmep_bulk

    believable = Believable.when_received(received_at)
    read = read_cmep_bulk(file, believable=believable).in_blocks()
    return replace(read, made_at=made_at(read, file.data, received_at=received_at))


def _read(file: OpenedFile, received_at: datetime, options: Options) -> ReadingFile:
    read = _read_any(file, received_at, options)
    return replace(read, made_at=made_at(read, file.data, received_at=received_at))


def _read_any(file: OpenedFile, received_at: datetime, options: Options) -> ReadingFile:
    if options.meter is not None and not _names_a_meter(options.meter):
        raise MeterNotNamed(
            f"'{options.meter[:40]}' is not a meter's number",
            where="--meter",
            do="Use up to 64 letters, digits and signs, without control characters",
        )
    believable = Believable.when_received(received_at)
    refuse_binary(file.name, file.data)
    if file.data.startswith(_PARQUET):
        # Imported here: reading text files needs no Arrow, and Arrow takes its time to load.
        from meterledger.stores.gateways.parquet_profile import read_parquet

        return read_parquet(file, believable=believable, options=options)
    if file.data.startswith(_XML_BOMS):
        return _read_xml(file, believable, options)
    head = without_bom(file.name, file.data)[:_HEAD_BYTES].lstrip()
    if head.startswith(b"<"):
        plain = replace(file, data=file.data.lstrip())
        return _read_xml(plain, believable, options)
    if RECORD_START.match(head):
        return read_cmep(file, believable=believable, meter=options.meter)
    return _read_table(file, head, believable, options)


def _read_xml(file: OpenedFile, believable: Believable, options: Options) -> ReadingFile:
    """By the namespace of the message, in a SOAP envelope or not; prefixes mean nothing."""
    namespace, _ = root_of(file.data)
    if iec61968.NAMESPACE.match(namespace):
        return iec61968.read_iec61968(file, believable=believable, options=options)
    if multispeak.NAMESPACE.match(namespace):
        return multispeak.read_multispeak(file, believable=believable, options=options)
    return read_green_button(file, believable=believable, meter=options.meter)


def _read_table(
    file: OpenedFile, head: bytes, believable: Believable, options: Options
) -> ReadingFile:
    first_line = head.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip()
    cells = _cells(first_line)
    if (cells[:1] == ["100"] and len(cells) > 1) or (
        cells[:1] in (["200"], ["250"], ["300"]) and len(cells) > 5
    ):
        return read_nem(file, believable=believable, options=options)
    export = export_of(cells)
    if export is not None:
        return read_export(file, export, believable=believable, options=options)
    for delimiter in ",;\t":
        if known_header(_cells(first_line, delimiter)):
            return read_csv(file, believable=believable, options=options)
    said = "".join(mark if mark.isprintable() else "?" for mark in first_line[:60])
    raise FormatUnknown(
        f"This is neither Green Button XML, nor CMEP, nor a table of readings; it begins '{said}'",
        where=f"{file.name}, line 1",
        why=f"A table begins with the header {HEADER}",
        do="Ask the sender in which format it is, or rename its columns",
    )


def _cells(first_line: str, delimiter: str = ",") -> list[str]:
    """The words of a first line, if it is a line of a table at all."""
    try:
        return next(iter(csv.reader([first_line], delimiter=delimiter)), [])
    except csv.Error:
        return []


def _names_a_meter(text: str) -> bool:
    return 1 <= len(text) <= 64 and text.isprintable() and text == text.strip()
