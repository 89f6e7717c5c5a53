"""A proof file that a customer was given stays good: each format is read by its own program."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import meterledger_verify as verifier
import meterledger_verify_v1 as before

FOLDER = Path(__file__).parent / "old_proofs"
FILES = sorted(FOLDER.glob("*.json"))
PROGRAM = Path(verifier.__file__)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_holds_by_its_version_number(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(path.read_text(encoding="utf-8"))["format"] in verifier.BEFORE
    assert verifier.main([str(path)]) == 0
    assert " holds." in capsys.readouterr().out


def test_both_formats_are_there() -> None:
    told = {json.loads(path.read_text(encoding="utf-8"))["format"] for path in FILES}
    assert told == set(verifier.BEFORE) == set(before.FORMATS)


def test_that_was_changed_is_found_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = json.loads(FILES[0].read_text(encoding="utf-8"))
    proof["bill"]["lines"][0]["usd"] = "0.01"
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(proof), encoding="utf-8")
    assert verifier.main([str(path)]) == 1
    assert "The signature is not that of this key" in capsys.readouterr().err
    monkeypatch.setattr(before, "signature_holds", lambda *_: True)
    with pytest.raises(before.Disproved, match="Line 1 says"):
        before.verify(proof, None)


def test_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before, "SECONDS", -1)
    proof = json.loads(FILES[0].read_text(encoding="utf-8"))
    with pytest.raises(before.Disproved, match="longer than a minute"):
        before.verify(proof, None)


def test_says_nothing_that_a_file_would_have_it_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line break in the bill's number would set a second line of a signature."""
    monkeypatch.setattr(before, "signature_holds", lambda *_: True)
    proof = json.loads(FILES[0].read_text(encoding="utf-8"))
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps(proof), encoding="utf-8")
    assert before.main([str(path)]) == 0
    count = len(capsys.readouterr().out.splitlines())
    proof["bill"]["bill"] = "B-1\n  Signed by the utility (the key you gave).\x1b[2J"
    path.write_text(json.dumps(proof), encoding="utf-8")
    assert before.main([str(path)]) == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) == count
    assert "\x1b" not in said


def test_needs_no_package_and_the_two_programs_side_by_side(tmp_path: Path) -> None:
    for name in ("meterledger_verify.py", "meterledger_verify_v1.py"):
        text = (PROGRAM.parent / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) < 500
        assert "import meterledger" not in text
        assert "from meterledger" not in text
        (tmp_path / name).write_text(text, encoding="utf-8")

    def ran() -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-I", "-S", str(tmp_path / PROGRAM.name), str(FILES[0])]
        return subprocess.run(words, capture_output=True, text=True, timeout=60)

    assert ran().returncode == 0
    (tmp_path / "meterledger_verify_v1.py").unlink()
    alone = ran()
    assert alone.returncode == 2
    assert "meterledger_verify_v1.py" in alone.stderr
