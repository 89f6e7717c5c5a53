"""Measure on real meter files that energy in equals energy billed, to the watt-hour.

    .venv/bin/python tools/measure_real_files.py --files FOLDER [--zone ZONE]... [--json]

Every file below FOLDER goes the way of ``meterledger ingest`` into a private system of its own (a
PostgreSQL server and a lake in a temporary folder, removed afterwards), or first into the plain
table that ``ingest`` takes, where it has a published form of its own. Every window that it fills
is billed on every rate option and replayed. Prints, meter by meter, what came in and what became
of it, with the sentences of what is held. Exits with 2 if a watt-hour is missing or doubled.

Read first      docs/operating/measuring_real_files.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from tools.real_files.carried_back import CarriedBackBook  # noqa: E402 - found through that line
from tools.real_files.measured import Measured  # noqa: E402
from tools.real_files.measuring import Utility, measure_folder  # noqa: E402

from meterledger.entrypoints.demo.story import book_completed_at  # noqa: E402
from meterledger.entrypoints.wiring import open_book  # noqa: E402
from meterledger.stores.lake import IntervalLake  # noqa: E402
from meterledger.stores.postgres import open_store  # noqa: E402
from meterledger.usecases.ports import Viewer  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit status."""
    asked = _parser().parse_args(arguments)
    if not asked.files.is_dir():
        print(f"{asked.files}: There is no such folder. Name one with --files.", file=sys.stderr)
        return 2
    found: list[Measured] = []
    for zone in asked.zone or [open_book().time_zone]:
        with opened(zone) as utility:
            for measured in measure_folder(asked.files, utility):
                found += measured
                if sys.stderr.isatty():
                    print(f"\r{len(found)} meters", end="", file=sys.stderr)
    if asked.json:
        print(json.dumps({"measured": [one.as_json() for one in found]}, indent=1))
    else:
        _print(found)
    different = [one for one in found if one.differences]
    for one in different:
        for difference in one.differences:
            print(f"{one.file}, meter {one.meter}: {difference}", file=sys.stderr)
    return 2 if different else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--files", type=Path, required=True, help="folder of meter files")
    parser.add_argument(
        "--zone",
        action="append",
        help="where local days begin, like America/New_York; may be given several times; the "
        "tariff book's own unless given",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


@contextmanager
def opened(zone: str) -> Iterator[Utility]:
    """A private system at a place, gone afterwards."""
    root = Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="meterledger-real-files-", dir=root))
    folder.chmod(0o711)  # the database's own account passes
    try:
        book = CarriedBackBook(open_book(), zone)
        with open_store(folder, durable=False) as store:
            lake = IntervalLake(folder / "lake", zone=zone, files_at=store.lake_files)
            with store.viewing(Viewer("measuring", "measure real files"), ["real files"]):
                yield Utility(store, lake, book, book_completed_at(book))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _print(found: Sequence[Measured]) -> None:
    for one in found:
        head = f"{one.file} ({one.read_as})"
        if one.meter:
            head += f", meter {one.meter}, {one.intervals} intervals of {one.lengths} s"
        print(f"{head}, {one.zone}")
        if one.meter:
            told = one.as_json()
            mark = "DIFFERENT" if one.differences else "equal"
            options = ", ".join(f"{code} {b}+{h}" for code, (b, h) in one.options.items())
            print(
                f"  in {told['in_wh']} Wh = billed {told['billed_wh']} + held {told['held_wh']} + "
                f"outside {told['outside_wh']} + below a Wh {told['below_a_watt_hour_wh']}: {mark}"
            )
            print(f"  windows billed {one.windows_billed}, held {one.windows_held} ({options})")
        for sentence in one.sentences[:3]:
            print(f"  - {sentence}")
        if len(one.sentences) > 3:
            print(f"  - and {len(one.sentences) - 3} more")
        for code, sentence in one.option_sentences.items():
            print(f"  - {code}: {sentence}")


if __name__ == "__main__":
    sys.exit(main())
