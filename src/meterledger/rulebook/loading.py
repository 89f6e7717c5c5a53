"""The tariff book's folder into a book: every file read and checked, or the book refused.

Lives here      walking the folder, files that cannot be read, values that overlap in time.
Lives elsewhere one file's form (``parsing``), whether the names it uses exist (``names``),
                answering on a day (``book``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from meterledger.kernel.local_days import zone
from meterledger.rulebook.blocks import (
    BLOCKS_FILE,
    GAPS_FILE,
    INSTRUMENTS_FILE,
    Pages,
    parse_blocks,
    parse_gaps,
    parse_instruments,
)
from meterledger.rulebook.book import TariffBook, Texts
from meterledger.rulebook.errors import TariffFileBroken, broken
from meterledger.rulebook.names import check_names
from meterledger.rulebook.parsing import Entry, ParsedSeries, parse_series
from meterledger.rulebook.provisions import FILE as PROVISIONS_FILE
from meterledger.rulebook.provisions import Provision, parse_provisions
from meterledger.rulebook.readings import ReadingRecord, parse_reading
from meterledger.rulebook.resolving import check_texts
from meterledger.rulebook.yaml_nodes import Node, read_nodes

UTILITY_KEYS = frozenset({"name", "utility", "time_zone", "states"})
READINGS_FOLDER = "readings"
NOT_VALUES = frozenset({"coverage.yaml"})
"""Files of the book's folder that the book itself does not rest on."""


def default_book_folder() -> Path:
    """Where the first tariff book is: ``tariffs/`` of the checkout, or beside the package."""
    here = Path(__file__).resolve()
    for folder in (here.parents[3] / "tariffs", here.parents[1] / "tariffs"):
        if (folder / "union_electric_mo6").is_dir():
            return folder / "union_electric_mo6"
    return here.parents[3] / "tariffs" / "union_electric_mo6"


def load_book(folder: Path) -> TariffBook:
    """Read and check a whole book.

    :raises TariffFileBroken: naming file and line, what is wrong and what to do; the book is
        loaded whole or not at all
    """
    book, problems = read_book(folder)
    if book is None:
        raise problems[0]
    return book


def read_book(folder: Path) -> tuple[TariffBook | None, list[TariffFileBroken]]:
    """The book, or what is wrong with it: the first problem of every file that has one.

    :raises TariffFileBroken: if the folder holds no tariff book at all
    """
    if not (folder / "utility.yaml").is_file():
        raise TariffFileBroken(
            f"There is no tariff book in {folder}",
            why="A book has a utility.yaml with its name and time zone",
            do="Name a folder of tariffs/, or set METERLEDGER_TARIFFS to one",
        )
    reading = _Reading()
    for path in sorted(folder.rglob("*.y*ml")):
        relative = path.relative_to(folder)
        if relative.as_posix() in NOT_VALUES or "scenarios" in relative.parts:
            continue
        try:
            reading.one_file(path, relative)
        except TariffFileBroken as problem:
            reading.problems.append(problem)
    problems = reading.problems
    if not problems:  # a name that is missing because its file is broken is no second problem
        for series in reading.parsed.values():
            try:
                check_names(series, reading.parsed)
            except TariffFileBroken as problem:
                problems.append(problem)
        problems += check_texts(reading.parsed, reading.pages, reading.provisions, reading.readings)
    if problems:
        return None, problems
    texts = Texts(reading.pages, reading.provisions, reading.readings)
    return TariffBook(**reading.utility, parsed=reading.parsed, texts=texts), []


@dataclass(slots=True)
class _Reading:
    """What has been read of a book's folder so far."""

    problems: list[TariffFileBroken] = field(default_factory=list)
    utility: dict[str, Any] = field(default_factory=dict)
    parsed: dict[str, ParsedSeries] = field(default_factory=dict)
    pages: Pages = field(default_factory=Pages)
    provisions: dict[str, Provision] = field(default_factory=dict)
    readings: dict[str, ReadingRecord] = field(default_factory=dict)

    def one_file(self, path: Path, relative: Path) -> None:
        """Read a file as what its place in the folder says it is."""
        name = relative.as_posix()
        if name == "utility.yaml":
            self.utility = _utility(path)
        elif name == INSTRUMENTS_FILE:
            self.pages.instruments.update(parse_instruments(_nodes(path, name)))
        elif name == BLOCKS_FILE:
            self.pages.hold(*parse_blocks(_nodes(path, name)))
        elif name == GAPS_FILE:
            self.pages.gaps.update(parse_gaps(_nodes(path, name)))
        elif relative.parts[0] == READINGS_FOLDER:
            self._reading(parse_reading(_nodes(path, name)))
        elif relative.name == PROVISIONS_FILE:
            for provision in parse_provisions(_nodes(path, name), relative.parts[0]):
                self._provision(provision)
        else:
            series = _one_file(path, name, self.parsed)
            self.parsed[series.name] = series

    def _reading(self, reading: ReadingRecord) -> None:
        if reading.key in self.readings:
            raise broken(
                f"The reading '{reading.key}' stands already in {self.readings[reading.key].file}",
                file=reading.file,
                line=1,
                do="Give each conflict a key of its own",
            )
        self.readings[reading.key] = reading

    def _provision(self, provision: Provision) -> None:
        if provision.id in self.provisions:
            raise broken(
                f"The provision '{provision.id}' stands already in "
                f"{self.provisions[provision.id].file}",
                file=provision.file,
                line=provision.line,
                do="Keep one of the two",
            )
        self.provisions[provision.id] = provision


def _utility(path: Path) -> dict[str, Any]:
    keys = _nodes(path, path.name).mapping(required=UTILITY_KEYS, allowed=frozenset())
    zone_name = keys["time_zone"].text()
    try:
        zone(zone_name)
    except (KeyError, ValueError, OSError):  # unknown, no key at all, or a folder of keys
        raise keys["time_zone"].refuse(
            f"There is no time zone '{zone_name}'", "Name one like America/Chicago"
        ) from None
    states = tuple(_state(node) for node in keys["states"].items())
    words = {name: keys[name].text() for name in UTILITY_KEYS - {"states"}}
    return {**words, "states": states}


def _state(node: Node) -> str:
    state = node.text()
    if not re.fullmatch("[A-Z]{2}", state):
        raise node.refuse(
            f"'{state[:40]}' is not the code of a state", 'Write its two letters in quotes: "MO"'
        )
    return state


def _one_file(path: Path, relative: str, parsed: dict[str, ParsedSeries]) -> ParsedSeries:
    if path.suffix != ".yaml":
        raise broken(
            f"The file is named {path.name}", file=relative, line=1, do="Let its name end in .yaml"
        )
    if path.stem in parsed:
        raise broken(
            f"'{path.stem}' is defined already in {parsed[path.stem].file}",
            file=relative,
            line=1,
            do="Every value has one file; rename one of the two",
        )
    series = parse_series(path.stem, _nodes(path, relative))
    _check_overlaps(series)
    return series


def _nodes(path: Path, relative: str) -> Node:
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise broken(
            f"The file cannot be read: {problem.strerror}",
            file=relative,
            line=1,
            do="Make it a readable file, or take it out of the book",
        ) from None
    return read_nodes(data, relative)


def _check_overlaps(series: ParsedSeries) -> None:
    """Two entries for one day: the later learned corrects the earlier, or is its further notice."""
    ordered = sorted(series.entries, key=lambda entry: entry.dated.learned_on)
    for number, later in enumerate(ordered):
        over = [
            earlier for earlier in ordered[:number] if later.dated.days.overlaps(earlier.dated.days)
        ]
        for earlier in over:
            if later.dated.learned_on == earlier.dated.learned_on:
                raise _two_values(
                    series, earlier, later, "End the first where the second begins: effective_until"
                )
            if later.corrects is None and not _is_notice(later, earlier):
                raise _two_values(
                    series,
                    earlier,
                    later,
                    f"Leave the first as it stands, since old bills rest on it, and mark the one "
                    f"learned later with corrects: {earlier.dated.learned_on}",
                )
        learned = sorted({earlier.dated.learned_on for earlier in over})
        if later.corrects is not None and later.corrects not in learned:
            known = ", ".join(str(day) for day in learned) or "none: it overlaps no earlier value"
            raise broken(
                f"The value in force {later.dated.days} corrects what was learned on "
                f"{later.corrects}, and there is no such value for its days",
                file=series.file,
                line=later.line,
                do=f"State the learned_on of the value it corrects ({known})",
            )


def _is_notice(later: Entry, earlier: Entry) -> bool:
    """Whether the later entry is the further notice until which the earlier one was in force."""
    before, after = earlier.dated.days, later.dated.days
    return before.until_day is None and before.from_day < after.from_day


def _two_values(series: ParsedSeries, earlier: Entry, later: Entry, do: str) -> TariffFileBroken:
    return broken(
        f"'{series.name}' has two values for the same day: one in force {earlier.dated.days} and "
        f"one {later.dated.days}",
        file=series.file,
        line=max(earlier.line, later.line),
        do=do,
    )


__all__ = ["TariffFileBroken", "default_book_folder", "load_book", "read_book"]
