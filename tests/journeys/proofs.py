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

AT_MOST = 3
"""Leaves of one kind that are changed: the first, the last and some between."""
DAY = re.compile(r"\d{4}-\d\d-\d\d$")
AMOUNT = re.compile(r"-?\d+\.\d\d$")


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
        return verifier._usd_text(verifier._cents(value) + 1)
    if re.match(r"\d+(\.\d+|/\d+)?$", value):
        return value + "1"
    return value + "?"


def with_changed(proof: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The file with one leaf changed and the total summed again."""
    made = copy.deepcopy(proof)
    part = _part(made, path[:-1])
    part[path[-1]] = changed(part[path[-1]])
    return made if path[:2] == ("bill", "total_usd") else summed(made)


def without(proof: dict[str, Any], path: tuple[Any, ...], number: int) -> dict[str, Any]:
    """The file without one part of a list, its total summed again."""
    made = copy.deepcopy(proof)
    del _part(made, path)[number]
    return summed(made)


def twice(proof: dict[str, Any], path: tuple[Any, ...], number: int) -> dict[str, Any]:
    """The file with one part of a list twice, its total summed again."""
    made = copy.deepcopy(proof)
    part = _part(made, path)
    part.insert(number, copy.deepcopy(part[number]))
    return summed(made)


def summed(proof: dict[str, Any]) -> dict[str, Any]:
    """The file with the total that its lines sum to."""
    total = sum(verifier._cents(line["usd"]) for line in proof["bill"]["lines"])
    proof["bill"]["total_usd"] = verifier._usd_text(total)
    return proof


def _part(proof: dict[str, Any], path: tuple[Any, ...]) -> Any:
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
        if path[:2] == ("parameters", "charges") and not _has_a_line(proof, path[2]):
            continue
        kind = kind_of(path)
        if not any(f"{kind}.".startswith(f"{one}.") for one in (*UNSEEN, *may_be)):
            by_kind[kind].append(path)
    assert by_kind
    found = set()
    for kind, paths in by_kind.items():
        step = max(1, len(paths) // (AT_MOST - 1))
        for path in {*paths[::step], paths[-1]}:
            data = json.dumps(with_changed(proof, path)).encode()
            try:
                verifier.verify(verifier.read_proof(data), None)
            except (verifier.Disproved, verifier.Unreadable):
                continue
            found.add(kind)
    return found


def _has_a_line(proof: dict[str, Any], charge: int) -> bool:
    """A charge for energy of which this bill has none could be any other."""
    code = proof["parameters"]["charges"][charge]["code"]
    return any(line["code"] == code for line in proof["bill"]["lines"])


def words(*parts: str) -> set[str]:
    """Leaves of a part of the file, by their names."""
    return {f"{parts[0]}.{name}" for name in parts[1:]}


HEADER = words("bill", "account", "agreement", "bill", "schedule", "issued", "due", "standing")
"""Who, when asked, until when: nothing of it makes an amount; the signature holds it."""
LINE_WORDS = words("bill.lines.*", "label", "standing", "citations.*")
"""Words about a line. That a line has a clause is checked; which, only the signature holds."""
CLAUSES = {"parameters.charges.*.citations.*", "parameters.proration.citations.*"}
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
NAMES = {"parameters.zone", "readings.meter"}
CALENDAR = {
    "parameters.utc_offsets",
    "parameters.seasons",
    "parameters.holidays",
    "parameters.periods",
    "parameters.windows",
    "parameters.demand_window",
    "parameters.block_limit_kwh",
    "parameters.proration",
    "parameters.charges.*.price.*.1",
}
"""What says nothing of this bill's days: other months' seasons, other days' hours, the day after
the last one, a block that nobody reached, a length that the period has not. Where it does say
something, changing it is found: the tests of ``test_prove_bill`` hold that.
"""
UNUSED = {f"parameters.charges.*.{name}" for name in ("block", "period")}
"""Of a charge that no period and no block divides, an empty word in another place."""
UNSEEN = HEADER | LINE_WORDS | CLAUSES | RELEASE | NAMES | CALENDAR | UNUSED
