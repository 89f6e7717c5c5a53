"""``meterledger ingest``: read meter files and store what they hold.

Lives here      the words of the answer.
Lives elsewhere its JSON (``entrypoints/intake``), reading files (``stores/gateways``), keeping,
                admitting and storing (``usecases.take_file``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say
from meterledger.entrypoints.clock import now_utc
from meterledger.kernel.written_counts import many

if TYPE_CHECKING:
    from meterledger.entrypoints.wiring import System

DOOR = "command line"
BAR_FROM_BYTES = 20 * 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("ingest")(ingest)


def ingest(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Meter files, plain or gzip: Green Button, CMEP, IEC 61968-9, MultiSpeak, NEM12, "
            "register exports, CSV, Parquet."
        ),
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
    from meterledger.entrypoints.intake import answer_of, read_answer, refused_answer, take
    from meterledger.kernel.refusal import Refusal
    from meterledger.stores.gateways import raw_bytes, read_file
    from meterledger.usecases.receive_readings import preview_readings
    from meterledger.usecases.take_file import Delivery, refuse_unreadable

    if system is None:
        try:
            read = read_file(path, received_at=now_utc(), **given)
        except Refusal as refusal:
            return refused_answer(str(path), _sha256(path), refusal.sentence)
        return read_answer(str(path), read, preview_readings(read))
    try:
        data = raw_bytes(path)
    except Refusal as refusal:
        refuse_unreadable(
            path.name, refusal, door=DOOR, source="", store=system.store, learned_at=system.now
        )
        return refused_answer(str(path), None, refusal.sentence)
    delivery = Delivery(
        name=path.name,
        data=data,
        door=DOOR,
        meter=given["meter"],
        zone=given["zone"],
        unit=given["unit"],
    )
    return answer_of(str(path), take(delivery, system))


def _sha256(path: Path) -> str | None:
    from meterledger.kernel.canonical import sha256_hex
    from meterledger.kernel.refusal import Refusal
    from meterledger.stores.gateways import raw_bytes

    try:
        return sha256_hex(raw_bytes(path))
    except Refusal:
        return None


def _quantity(one: dict[str, Any]) -> str:
    """Use of intervals; of a register how far it ran, or where it stands if it was read once."""
    if "difference" not in one:
        return f"{one['sum']} {one['unit']}"
    if one["readings"] == 1:
        return f"at {one['last']} {one['unit']}"
    return f"+{one['difference']} {one['unit']}".replace("+-", "-")


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
                    many(one["readings"], "reading"),
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
