"""Poison numbers in a proof file, signed as if they were right: the program says so in a sentence.

A signature tells who signed, and not that what was signed can be reckoned with. So every kind of
number that an amount needs gets poisons, and is signed again: the bill does not hold, or the file
cannot be read, and never a traceback, an endless sentence, or a bill that holds by another number.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.journeys.proofs import HEADER, RELEASE
from tests.poison.fields import TYPED, _bad_sentence
from tests.poison.numbers import SHARE, Poison, poison_numbers

import meterledger_verify as verifier
from meterledger.stores.gateways.bill_signing import BillSigner
from meterledger.usecases.prove_bill import prove_bill, signed_bytes

Path_ = tuple[str | int, ...]
WINDOW = (date(2025, 9, 24), date(2025, 11, 15))
"""Its first bill is of some weeks over the end of summer: a file of every part, and small."""
_NUMBER = re.compile(r"-?[0-9]+(?:[./][0-9]+)?|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}:[0-9]{2}")

TOLD = {one.replace(".", "/") for one in HEADER | RELEASE}
"""Names and days that the utility tells and no amount needs: its signature alone holds them."""


@pytest.fixture
def proof(town: Any, tmp_path: Path) -> tuple[dict[str, Any], BillSigner]:
    signer = BillSigner(tmp_path / "signer")
    town.start(
        1, schedule="1M-evening-morning", tax_place="university_city", from_day=WINDOW[0], cycle=15
    )
    town.read("M1", WINDOW)
    bill = town.bill(1, on=WINDOW[1]).issued[0]
    made = prove_bill(bill_id=bill.bill_id, store=town.store, lake=town.lake, book=town.book)
    return made, signer


def numbers(part: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Every number of a file, written as one or as a text."""
    if isinstance(part, dict):
        for name, one in part.items():
            yield from numbers(one, (*path, name))
    elif isinstance(part, list):
        for number, one in enumerate(part):
            yield from numbers(one, (*path, number))
    elif type(part) is int or (isinstance(part, str) and _NUMBER.fullmatch(part)):
        yield path, part


def kinds(proof: dict[str, Any]) -> dict[str, tuple[Path_, Any]]:
    """One number of each kind: places of lists are alike."""
    found: dict[str, tuple[Path_, Any]] = {}
    for path, value in numbers(proof):
        found.setdefault(
            "/".join("*" if isinstance(one, int) else one for one in path), (path, value)
        )
    return found


def around(proof: dict[str, Any], path: Path_) -> tuple[str, str]:
    """What stands in the file before a number, and after it."""
    mark = "A-PLACE-OF-ITS-OWN"
    changed = copy.deepcopy(proof)
    part: Any = changed
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = mark
    before, after = json.dumps(changed).split(f'"{mark}"')
    return before, after


def told(place: tuple[str, str], signer: BillSigner, folder: Path, raw: str) -> Path:
    """The file with that text in that place, signed where it can be."""
    text = raw.join(place)
    try:
        read = json.loads(text)
        signature = signer.sign(signed_bytes(read))
    except (ValueError, TypeError, RecursionError):  # not to be signed: NaN, no JSON at all
        signature = signer.sign(b"anything")
    at = folder / "poison.proof.json"
    end = json.dumps(signature)
    at.write_bytes((text[:-1] + f', "signature": {end}' + "}").encode("utf-8", "surrogatepass"))
    return at


def quick_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """What ``signature_holds`` answers, by a library: the program's own takes most of the time,
    and here every file is signed well (tests/journeys/test_prove_bill.py holds it to account).
    """
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def complaint(at: Path, capsys: pytest.CaptureFixture[str], *, is_right: bool) -> str:
    """What is wrong with what the program says; nothing if all is well."""
    try:
        status = verifier.main([str(at)])
    except BaseException as failed:
        return f"{type(failed).__name__}: {failed!s:.200}"
    said = capsys.readouterr().err.removesuffix("\n")
    if status == 0:
        return "" if is_right else "holds"
    return "" if status in (1, 2) and not _bad_sentence(said) else f"status {status}: {said:.300}"


def same_number(poison: Poison, value: Any, raw: str) -> bool:
    """Whether a text says the very number that stood there, in a form people write."""
    if raw in (json.dumps(value), f"{value}"):
        return True
    plain = poison.means is not None and poison.forms <= TYPED | {SHARE}
    return plain and "/" not in str(value) and ":" not in str(value) and poison.text == str(value)


@pytest.mark.parametrize(
    "step", [500, pytest.param(1, marks=[pytest.mark.soak, pytest.mark.timeout(0)])]
)
def test_no_poison_holds_and_each_is_told(
    step: int,
    proof: tuple[dict[str, Any], BillSigner],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, signer = proof
    monkeypatch.setattr(verifier, "signature_holds", quick_signature)
    found = {name: one for name, one in kinds(made).items() if name not in TOLD}
    assert len(found) > 30
    wrong = []
    for number, (name, (path, value)) in enumerate(found.items()):
        there = around(made, path)
        for place, poison in enumerate(poison_numbers()):
            if (place + number) % step:
                continue
            for raw in (poison.text, json.dumps(poison.text)):
                at = told(there, signer, tmp_path, raw)
                said = complaint(at, capsys, is_right=same_number(poison, value, raw))
                if said:
                    wrong.append(f"{name}, {raw[:40]!a}: {said}")
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.parametrize("poison", ["12.50\u2060", "12\ud800.50", "9" * 3_000])
@pytest.mark.parametrize("name", ["bill/to", "bill/lines/*/usd"])
def test_a_sentence_shows_no_hidden_sign_and_has_an_end(
    name: str,
    poison: str,
    proof: tuple[dict[str, Any], BillSigner],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made, signer = proof
    path, _ = kinds(made)[name]
    at = told(around(made, path), signer, tmp_path, json.dumps(poison))
    assert complaint(at, capsys, is_right=False) == ""
