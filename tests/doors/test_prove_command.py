"""``meterledger prove`` writes a file, and ``meterledger-verify`` says what it found in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.journeys.register_town import NEXT, RegisterTown, months
from tests.journeys.town import VIEWER
from typer.testing import CliRunner

import meterledger_verify as verifier
from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli.main import build_app
from meterledger.usecases.ports import Viewer

JUNE, JULY = months(date(2025, 6, 1), 2)


@pytest.fixture
def bill_and_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[str, Callable[..., Any]]:
    """A bill of a register, and the command line over the town that made it."""
    town = RegisterTown()
    with town.store.viewing(VIEWER, []):
        town.meter(1, came=JUNE)
        town.reads("M1", (JUNE, 4_321), (JULY, 4_621))
        (bill,) = town.bill_month(1, JUNE).issued

    @contextmanager
    def open_system(*, viewer: Viewer, subjects: Sequence[str]) -> Iterator[wiring.System]:
        with town.store.viewing(viewer, subjects):
            yield wiring.System(town.store, town.lake, town.book, NEXT, tmp_path)  # type: ignore[arg-type]

    monkeypatch.setattr(wiring, "open_system", open_system)
    return bill.bill_id, lambda *words: CliRunner().invoke(build_app(), list(words))


def test_the_file_of_a_register_holds_and_says_how_much_stands_in_it(
    bill_and_run: tuple[str, Callable[..., Any]], tmp_path: Path, capsys: Any
) -> None:
    bill, run = bill_and_run
    path = tmp_path / "bill.json"

    answer = run("prove", bill, "--out", str(path), "--json")

    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert (told["bill"], told["readings"]) == (bill, 2)
    assert verifier.main([str(path), "--key", told["public_key"]]) == 0
    said = capsys.readouterr().out
    assert f"Bill {bill}, 2025-06-01 until 2025-07-01: ${told['total_usd']} holds." in said
    assert "the key you gave" in said


def test_a_changed_read_is_found_by_the_signature_and_by_the_sums(
    bill_and_run: tuple[str, Callable[..., Any]], tmp_path: Path, capsys: Any
) -> None:
    bill, run = bill_and_run
    path = tmp_path / "bill.json"
    assert run("prove", bill, "--out", str(path)).exit_code == 0
    proof = json.loads(path.read_text(encoding="utf-8"))
    proof["values"]["given:register_1_closes"][0][2] = "4622"
    path.write_text(json.dumps(proof), encoding="utf-8")

    assert verifier.main([str(path)]) == 1

    assert "does not hold: The signature is not that of this key" in capsys.readouterr().err
    with pytest.raises(verifier.Disproved, match="Line 3 says 300, not 301"):
        verifier.Reckoning(proof).hold()


def test_a_file_that_does_not_hold_is_not_given_out(
    bill_and_run: tuple[str, Callable[..., Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill, run = bill_and_run
    monkeypatch.setattr(verifier, "signature_holds", lambda *_: False)
    answer = run("prove", bill, "--out", str(tmp_path / "bill.json"))
    assert answer.exit_code == 2
    assert "The file that was made does not hold" in answer.output
    assert not (tmp_path / "bill.json").exists()
