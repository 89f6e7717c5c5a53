"""Proof files that were changed, one leaf at a time, by somebody who signs them again.

What is asked of every kind of bill: a change of any leaf that the bill follows from is found by
recomputing alone, even where the total was summed again and the file signed anew.
"""

from __future__ import annotations

import copy
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

import meterledger_verify as verifier

AT_MOST = 2
"""Leaves of one kind that are changed: the first and the last, or one between."""
DAY = re.compile(r"\d{4}-\d\d-\d\d$")
AMOUNT = re.compile(r"-?\d+\.\d\d$")


def usd(amount: int) -> str:
    """Cents as a file writes dollars."""
    return f"{'-' if amount < 0 else ''}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def cents(text: str) -> int:
    """Dollars of a file in cents."""
    return int(text.replace(".", ""))


def leaves(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the leaves of a file stand."""
    if isinstance(part, dict):
        for key in part:
            yield from leaves(part[key], (*path, key))
    elif isinstance(part, list):
        for number, each in enumerate(part):
            yield from leaves(each, (*path, number))
    else:
        yield path


def kind_of(path: tuple[Any, ...]) -> str:
    """A path without its numbers: leaves of one kind have one. Of a pair or a dated value, which
    stand in a list themselves, the place counts: ``price.*.2`` is a price, ``price.*.1`` a day.
    """
    found = []
    for before, one in zip((None, *path), path, strict=False):
        inside = isinstance(before, int) or not isinstance(one, int)
        found.append(str(one) if inside else "*")
    return ".".join(found)


def changed(value: Any) -> Any:
    """Another value of the same kind: a day, an amount, a number, a word."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if value is None:
        return "2025-01-01"
    if DAY.match(value):
        return (date.fromisoformat(value) + timedelta(1)).isoformat()
    if AMOUNT.match(value):
        return usd(cents(value) + 1)
    if re.match(r"-?\d+(\.\d+|/\d+)?$", value):
        return value + "1"
    return value + "?"


def _changed_words(line: dict[str, Any]) -> str:
    """A line's arithmetic with another last figure."""
    before, digit, after = re.split(r"(\d)(?=\D*$)", line["arithmetic"])
    return f"{before}{(int(digit) + 1) % 10}{after}"


def with_changed(proof: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The file with one leaf changed and the total summed again."""
    made = copy.deepcopy(proof)
    part = part_of(made, path[:-1])
    part[path[-1]] = _changed_words(part) if path[-1] == "arithmetic" else changed(part[path[-1]])
    return made if path[:2] == ("bill", "total_usd") else summed(made)


def without(proof: dict[str, Any], path: tuple[Any, ...], number: int) -> dict[str, Any]:
    """The file without one part of a list, its total summed again."""
    made = copy.deepcopy(proof)
    del part_of(made, path)[number]
    return summed(made)


def twice(proof: dict[str, Any], path: tuple[Any, ...], number: int) -> dict[str, Any]:
    """The file with one part of a list twice, its total summed again."""
    made = copy.deepcopy(proof)
    part = part_of(made, path)
    part.insert(number, copy.deepcopy(part[number]))
    return summed(made)


def summed(proof: dict[str, Any]) -> dict[str, Any]:
    """The file with the total that its lines sum to."""
    proof["bill"]["total_usd"] = usd(sum(cents(line["usd"]) for line in proof["bill"]["lines"]))
    return proof


def part_of(proof: dict[str, Any], path: tuple[Any, ...]) -> Any:
    """The part of a file at a path."""
    part: Any = proof
    for one in path:
        part = part[one]
    return part


def not_found_out(
    proof: dict[str, Any], monkeypatch: pytest.MonkeyPatch, may_be: Collection[str] = ()
) -> set[str]:
    """The kinds of leaves whose change recomputing alone does not find, whoever signed it.

    ``may_be`` are those that need not be found, beside those of every bill: they are not tried.
    """
    monkeypatch.setattr(verifier, "signature_holds", lambda *_: True)
    by_kind: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for path in leaves({key: proof[key] for key in proof if key != "signature"}):
        kind = kind_of(path)
        told = kind.startswith("values.given:") and kind.endswith(SOURCES)
        if not told and not any(f"{kind}.".startswith(f"{one}.") for one in (*UNSEEN, *may_be)):
            by_kind[kind].append(path)
    assert by_kind
    found = set()
    for kind, paths in by_kind.items():
        step = max(1, len(paths) // (AT_MOST - 1))
        for path in {*paths[::step], paths[-1]}:
            if holds(with_changed(proof, path)):
                found.add(kind)
    return found


def holds(proof: dict[str, Any]) -> bool:
    """Whether the program finds nothing wrong with a file."""
    try:
        verifier.verify(verifier.read_proof(json.dumps(proof).encode()), None)
    except (verifier.Disproved, verifier.Unreadable):
        return False
    return True


def words(*parts: str) -> set[str]:
    """Leaves of a part of the file, by their names."""
    return {f"{parts[0]}.{name}" for name in parts[1:]}


HEADER = words(
    "bill", "account", "agreement", "bill", "schedule", "issued", "due", "standing", "estimated"
)
"""Who, when asked, until when; how much was estimated, which the record tells, and no amount needs.
The signature holds it.
"""
LINE_WORDS = words("bill.lines.*", "label", "standing", "citations.*")
"""Words about a line. That it has the clauses of all values that it used is checked; whether others
belong there too only the signature says.
"""
RELEASE = words(
    "release",
    "known_at",
    "lake_sequence",
    "book_sha256",
    "calculation_revision",
    "time_zone_data",
    "record_sha256",
)
"""What the program that made the bill was; this one is another."""
NAMES = {"readings.delivered.*.meters.*.meter", "readings.received.*.meters.*.meter"}
LENGTH = {
    f"values.{name}.*.{part}"
    for name in ("regular_period_days_min", "regular_period_days_max")
    for part in (2, 3)
}
"""A length that the bill's days have not: it is found where they have it, and its clause stands on
no line then.
"""
CALENDAR = {"values.seasons.*.3", "utc_offsets.*.0"}
"""The clause of the seasons, where no charge of the bill has one; the instant at which clocks
change, by a second, while one rate holds: its own test changes it by more.
"""
UNSEEN = HEADER | LINE_WORDS | RELEASE | NAMES | LENGTH | CALENDAR
SOURCES = ".*.3"
"""Where a fact is known from that no sheet states: words, held by the signature."""
