"""Proof files of somebody who means harm, signed with a key of their own: each comes to an end.

The program that checks proofs is run by whoever is handed a file. So a file may cost neither hours
nor the machine's memory, and what the program says is its own: no word of a file looks like one.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import meterledger_verify as verifier
from meterledger.stores.gateways.bill_signing import BillSigner
from meterledger.usecases.prove_bill import prove_bill, signed_bytes

WINDOW = (date(2025, 9, 24), date(2025, 11, 15))


@pytest.fixture
def proof(town: Any, tmp_path: Path) -> tuple[dict[str, Any], BillSigner]:
    town.start(1, schedule="1M-evening-morning", from_day=WINDOW[0], cycle=15)
    town.read("M1", WINDOW)
    bill = town.bill(1, on=WINDOW[1]).issued[0]
    made = prove_bill(bill_id=bill.bill_id, store=town.store, lake=town.lake, book=town.book)
    return made, BillSigner(tmp_path / "signer")


Run = Callable[[Callable[[dict[str, Any]], None]], tuple[int, str]]


@pytest.fixture
def run(
    proof: tuple[dict[str, Any], BillSigner], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Change the file, sign it, run the program: how it ends and all that it says."""

    def do(change: Callable[[dict[str, Any]], None]) -> tuple[int, str]:
        made, signer = copy.deepcopy(proof[0]), proof[1]
        change(made)
        made["signature"] = signer.sign(signed_bytes(made))
        path = tmp_path / "hostile.json"
        path.write_text(json.dumps(made), encoding="utf-8")
        status = verifier.main([str(path)])
        said = capsys.readouterr()
        return status, said.out + said.err

    return do


def first(made: dict[str, Any]) -> dict[str, Any]:
    """The first charge, the customer's for a month."""
    charge: dict[str, Any] = made["charges"][0]
    return charge


def a_value(made: dict[str, Any], text: str) -> dict[str, str]:
    """A value of the whole bill."""
    made["values"]["more"] = [[made["bill"]["from"], made["bill"]["to"], text, "a clause"]]
    return {"value": "more"}


def as_it_was(made: dict[str, Any]) -> None:
    """No change."""


class TestWhatWouldTakeForEver:
    def test_a_file_as_it_was_made_holds(self, run: Run) -> None:
        assert run(as_it_was)[0] == 0

    def test_values_of_very_many_days(self, run: Run) -> None:
        def change(made: dict[str, Any]) -> None:
            each = [["2000-01-01", "2010-12-01", "1", "a clause"]]
            made["values"] |= {f"value {number}": each for number in range(300)}

        status, said = run(change)
        assert status == 1
        assert "has no day or too many" in said

    def test_more_readings_than_a_bill_has(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(verifier, "MANY", 2_000)
        status, said = run(as_it_was)
        assert (status, "There are more readings than a bill has." in said) == (2, True)

    def test_a_product_of_very_many(self, run: Run) -> None:
        def change(made: dict[str, Any]) -> None:
            first(made)["quantity"] = {"product": ["1"] * 1_001}

        status, said = run(change)
        assert status == 2
        assert "has no attribute 'of_product'" in said

    @pytest.mark.parametrize(("factors", "status"), [(14, 1), (16, 2)])
    def test_numbers_that_grow(self, factors: int, status: int, run: Run) -> None:
        """A factor of twenty digits has some 67 bits, over another as long."""

        def change(made: dict[str, Any]) -> None:
            factor = a_value(made, "99999999999999999999/99999999999999999998")
            first(made)["quantity"] = {"product": [factor] * factors}

        ended, said = run(change)
        assert ended == status
        assert ("It has no end." in said) == (status == 2)

    def test_what_takes_longer_than_a_minute(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verifier, "SECONDS", -1)
        status, said = run(as_it_was)
        assert (status, "It has no end." in said) == (2, True)

    def test_hours_that_lie_outside_of_the_day(self, run: Run) -> None:
        def change(made: dict[str, Any]) -> None:
            hours = [
                part
                for parts in made["values"].values()
                for part in parts
                if isinstance(part[2], dict) and "by_season" in part[2]
            ]
            assert hours
            for part in hours:
                for season in part[2]["by_season"].values():
                    for kind in season:
                        season[kind] = [[0, 10**12, "on_peak"], [10**12, 1_440, "off_peak"]]

        status, said = run(change)
        assert status == 1
        assert "does not fill" in said

    def test_a_file_is_read_as_far_as_a_proof_may_go(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "long.json"
        path.write_bytes(b" " * 1_000)
        monkeypatch.setattr(verifier, "MOST_BYTES", 999)
        assert verifier.main([str(path)]) == 2
        assert "A proof has at most 999 bytes." in capsys.readouterr().err


class TestWhatTheProgramSays:
    def test_is_not_what_a_file_would_have_it_say(self, run: Run) -> None:
        """A line break in the bill's number would set a second line of a signature."""
        key = "d7" * 32

        def change(made: dict[str, Any]) -> None:
            made["bill"]["bill"] = f"B-1 holds.\n  Signed by {key} (the key you gave).\x1b[2J"

        status, said = run(change)
        assert status == 0
        assert len(said.splitlines()) == 2
        assert "\x1b" not in said
        assert said.splitlines()[1].endswith("(the key in the file).")
        assert key not in said.splitlines()[1]

    def test_a_bill_without_its_number_is_told(self, run: Run) -> None:
        status, said = run(lambda made: made["bill"].pop("bill"))
        assert status == 2
        assert "cannot be read: 'bill'" in said


class TestTheSignatureItself:
    @pytest.mark.parametrize(
        "change",
        [
            {"note": "checked by the commission"},
            {"public_key": "00" * 32},
            {"scheme": "Ed448"},
        ],
    )
    def test_stands_alone_and_as_it_was_made(
        self,
        change: dict[str, str],
        proof: tuple[dict[str, Any], BillSigner],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        made, signer = proof
        made["signature"] = signer.sign(signed_bytes(made))
        assert verifier.verify(made, signer.public_key) == signer.public_key
        made["signature"] |= change
        with pytest.raises(verifier.Disproved, match="not that of this key"):
            verifier.verify(made, signer.public_key)

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e2", "1.0"])
    def test_a_number_that_is_none_is_no_json(self, number: str) -> None:
        text = f'{{"format": "{verifier.FORMAT}", "release": {number}}}'
        with pytest.raises(verifier.Unreadable, match="is no JSON that is read here"):
            verifier.read_proof(text.encode())
