"""``meterledger ingest``: read meter files and store what they hold.

Lives here      the words and the JSON of the answer.
Lives elsewhere reading files (``stores/gateways``), admitting and storing
                (``usecases.receive_readings``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say
from meterledger.entrypoints.clock import now_utc

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System
    from meterledger.facts.readings import ChannelReadings, ReadingFile
    from meterledger.usecases.receive_readings import Received

BAR_FROM_BYTES = 20 * 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("ingest")(ingest)


def ingest(
    files: Annotated[
        list[Path],
        typer.Argument(help="Meter files: Green Button XML, CMEP, CSV or Parquet, plain or gzip."),
    ],
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Read and report only; stores nothing, needs no database."),
    ] = False,
    meter: Annotated[
        str | None,
        typer.Option(help="The meter's number, where a file is of one meter and does not say."),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(help="Where local times of a table are, like America/Chicago."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(help="Unit of a table without a unit column, like kWh. Never guessed."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Read meter files and store their readings.

    A broken file is refused whole. A line that cannot be used is set aside with its bytes and the
    rest is stored; if more than one line in five is unusable, the file is refused. The same file
    twice changes nothing. Exits with 2 if any file was refused; the others are stored.
    """
    with refusing():
        given = {"meter": meter, "zone": zone, "unit": unit}
        with _opened(dry_run) as system, _bar(files) as advance:
            entries: list[dict[str, Any]] = []
            for path in files:
                entries.append(_one_file(path, given, system))
                advance(1)
        say({"files": entries}, as_json=as_json, words=lambda: _print(entries))
        refused = [entry for entry in entries if entry["status"] == "refused"]
        sys.stdout.flush()
        for entry in refused:
            print(entry["refusal"], file=sys.stderr)
        if refused:
            raise typer.Exit(2)


@contextmanager
def _opened(dry_run: bool) -> Iterator[System | None]:
    if dry_run:
        yield None
        return
    from meterledger.entrypoints.wiring import open_system

    with open_system() as system:
        yield system


@contextmanager
def _bar(files: list[Path]) -> Iterator[Any]:
    from meterledger.entrypoints.progress import progress_bar

    large = sum(path.stat().st_size for path in files if path.is_file()) > BAR_FROM_BYTES
    if len(files) < 3 and not large:
        yield lambda steps: None
        return
    with progress_bar("Reading files", total=len(files)) as advance:
        yield advance


def _one_file(path: Path, given: dict[str, str | None], system: System | None) -> dict[str, Any]:
    from meterledger.kernel.refusal import Refusal
    from meterledger.stores.gateways import read_file
    from meterledger.usecases.receive_readings import preview_readings

    received_at = now_utc() if system is None else system.now
    try:
        read = read_file(path, received_at=received_at, **given)
        received = preview_readings(read) if system is None else _store(read, system)
    except Refusal as refusal:
        return {
            "file": str(path),
            "sha256": _sha256(path),
            "status": "refused",
            "refusal": refusal.sentence,
            "quarantined": 0,
            "channels": [],
        }
    return {
        "file": str(path),
        "sha256": read.sha256,
        "format": read.format,
        "status": received.status,
        "refusal": None,
        "quarantined": len(received.quarantined),
        "channels": [_channel(one) for one in received.channels],
        "set_aside": [
            {"line": one.line, "reason": one.reason} for one in received.quarantined[:100]
        ],
        "findings": [
            {"code": one.code, "weight": one.weight.value, "sentence": one.sentence}
            for one in received.findings
        ],
        "notes": list(read.notes),
    }


def _store(read: ReadingFile, system: System) -> Received:
    from meterledger.usecases.ports import Viewer
    from meterledger.usecases.receive_readings import receive_readings

    meters = sorted({one.channel.meter_id for one in read.channels})
    with system.store.viewing(Viewer("command line", "receive readings"), meters):
        return receive_readings(
            file=read,
            store=system.store,
            lake=system.lake,
            utility=system.view.name,
            zone_name=system.view.time_zone,
            learned_at=system.now,
        )


def _sha256(path: Path) -> str | None:
    from meterledger.kernel.canonical import sha256_hex
    from meterledger.stores.gateways import MAX_FILE_BYTES

    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError):
        return None
    return sha256_hex(data) if len(data) <= MAX_FILE_BYTES else None


def _channel(one: ChannelReadings) -> dict[str, Any]:
    """The channel of the answer. ``sum`` of a register has no meaning; ``difference`` has."""
    from decimal import Decimal

    from meterledger.facts.readings import ChannelKind

    channel = one.channel
    last = one.readings[-1]
    answer: dict[str, Any] = {
        "meter": channel.meter_id,
        "commodity": channel.commodity.value,
        "unit": channel.unit,
        "kind": channel.kind.value,
        "direction": channel.flow.value,
        "interval_seconds": channel.interval_seconds,
        "readings": one.present_count,
        "missing": len(one.readings) - one.present_count,
        "from": _instant(one.readings[0].start),
        "to": _instant(last.start + last.seconds),
        "sum": format(one.total, "f"),
    }
    told = [reading.value for reading in one.readings if reading.value is not None]
    if channel.kind is ChannelKind.REGISTER and told:
        for name, whole in (
            ("first", told[0]),
            ("last", told[-1]),
            ("difference", told[-1] - told[0]),
        ):
            answer[name] = format(Decimal(whole).scaleb(channel.scale), "f")
    return answer


def _quantity(one: dict[str, Any]) -> str:
    """Use of intervals; of a register how far it ran, or where it stands if it was read once."""
    if "difference" not in one:
        return f"{one['sum']} {one['unit']}"
    if one["readings"] == 1:
        return f"at {one['last']} {one['unit']}"
    return f"+{one['difference']} {one['unit']}".replace("+-", "-")


def _instant(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _print(entries: list[dict[str, Any]]) -> None:
    from meterledger.entrypoints.cli.words import print_table

    for entry in entries:
        if entry["status"] == "refused":
            continue
        aside = f", {entry['quarantined']} set aside" if entry["quarantined"] else ""
        print(f"{entry['file']}: {entry['status']}{aside}")
        print_table(
            [
                (
                    f"  meter {one['meter']}",
                    f"{one['commodity']} {one['kind']}, {one['direction']}",
                    f"{one['readings']} readings",
                    f"{one['missing']} missing" if one["missing"] else "",
                    _quantity(one),
                    f"{one['from']} to {one['to']}",
                )
                for one in entry["channels"]
            ],
            right=frozenset({2, 4}),
        )
        for one in entry["set_aside"][:5]:
            print(f"  set aside, line {one['line']}: {one['reason']}")
        if entry["quarantined"] > 5:
            print(f"  ... and {entry['quarantined'] - 5} more; --json lists up to a hundred")
        for one in entry["findings"]:
            print(f"  noticed: {one['sentence']}")
        for note in entry["notes"]:
            print(f"  note: {note}.")
