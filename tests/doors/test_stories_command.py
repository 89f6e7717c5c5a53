"""``meterledger stories`` answers in the shape that stays, and fails when a story does."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from meterledger.entrypoints.cli.main import build_app

BOTH = """
- story: The customer charge of July is nine dollars.
  given:
    {schedule: 1M-anytime, from: 2025-07-01, to: 2025-08-01, kwh: "0", without: [riders, taxes]}
  then: {total_usd: "9.19"}
- story: The customer charge of July is eight dollars.
  given:
    {schedule: 1M-anytime, from: 2025-07-01, to: 2025-08-01, kwh: "0", without: [riders, taxes]}
  then: {total_usd: "8.19"}
"""


class TestStories:
    """One story holds and one does not."""

    def test_counts_both_and_shows_what_was_expected_got_and_cited(self, tmp_path: Path) -> None:
        file = tmp_path / "both.yaml"
        file.write_text(BOTH, encoding="utf-8")

        answer = CliRunner().invoke(build_app(), ["stories", str(file), "--json"])

        assert answer.exit_code == 2
        told = json.loads(answer.stdout)
        assert (told["passed"], told["failed"]) == (1, 1)
        (failure,) = told["failures"]
        assert failure["story"] == "The customer charge of July is eight dollars."
        assert (failure["expected"], failure["got"]) == ("8.19", "9.19")
        assert failure["citation"]["text"].startswith("Sheet 54")

    def test_of_the_book_all_hold(self) -> None:
        answer = CliRunner().invoke(build_app(), ["stories", "--json"])

        assert answer.exit_code == 0, answer.output
        assert json.loads(answer.stdout)["failed"] == 0
