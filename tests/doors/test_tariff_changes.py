"""``meterledger tariff diff`` and ``try``: what changed, and what a proposal would change."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from meterledger.entrypoints import wiring
from meterledger.entrypoints.cli import tariff_changes

Ask = Callable[..., Result]

ENTRY = """\
changes:
  - value: late_charge_rate_percent
    entry:
      effective_from: 2027-01-01
      effective_until: null
      value: "1"
      standing: second_hand
      learned_on: 2026-12-01
      cite: {instrument: "MO P.S.C. Schedule No. 6", sheet: "Sheet 136", revision: "1",
             paragraph: "GRR V.J", effective: 2018-04-12, order: null}
"""
STORY = """\
stories:
  - story: From 2027 two hundred dollars unpaid cost two.
    rule: late.charge
    today: 2027-01-01
    given: {unpaid_usd: "200.00"}
    then: {late_charge_usd: "2.00"}
"""


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run ``tariff`` with these words, on 25 November 2026."""
    monkeypatch.delenv("METERLEDGER_TARIFFS", raising=False)
    moment = datetime.fromisoformat("2026-11-25T12:00:00+00:00")
    monkeypatch.setattr(wiring, "now_utc", lambda: moment)
    app = typer.Typer(pretty_exceptions_enable=False)
    tariff_changes.register_on(app)
    return lambda *words: CliRunner().invoke(app, list(words))


def answer_of(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


class TestDiffOfRevisions:
    def test_shows_what_the_fourth_revision_of_sheet_138_changed(self, ask: Ask) -> None:
        found = answer_of(ask("diff", "138", "3rd", "4", "--json"))

        assert [(one["kind"], one["provision"]) for one in found["provisions"]] == [
            ("changed", "due.preferred.eligible_customers")
        ]
        assert "{+Small General Service" in found["provisions"][0]["marked"]
        assert [(one["kind"], one["name"]) for one in found["values"]] == [
            ("changed", "due_preferred_eligible_customers_classes"),
            ("changed", "due_preferred_eligible_customers_excluded"),
        ]
        assert found["rules"] == ["due.preferred.eligible"]
        assert "grr_v_late_payment/scenarios/due_date_choice.yaml" in found["stories"]

    def test_takes_the_sheet_as_the_page_prints_it(self, ask: Ask) -> None:
        assert "Unchanged:" in ask("diff", "Sheet", "138", "3", "4").stdout

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("138", "9", "4"), "Name one that is held: Original, 1, 2, 3, 4"),
            (("13x", "1", "2"), "Name one that is held, like Sheet "),
            (("138", "3"), "Two revisions of a sheet or two days are compared"),
        ],
    )
    def test_refuses_what_it_cannot_compare(
        self, ask: Ask, words: tuple[str, ...], said: str
    ) -> None:
        refused = ask("diff", *words)

        assert refused.exit_code == 2
        assert said in refused.stderr


class TestDiffOfDays:
    def test_shows_that_a_text_lives_on_only_as_carried_forward(self, ask: Ask) -> None:
        found = answer_of(
            ask(
                *("diff", "--from", "2022-02-27", "--to", "2022-02-28"),
                *("grr_v_late_payment", "--json"),
            )
        )

        rate = next(one for one in found["values"] if one["name"] == "late_charge_rate_percent")
        assert rate["kind"] == "standing"
        assert (rate["old"]["standing"], rate["new"]["standing"]) == ("filed", "carried_forward")

    def test_refuses_days_in_the_wrong_order_and_a_chapter_that_is_none(self, ask: Ask) -> None:
        backwards = ask("diff", "--from", "2022-03-01", "--to", "2022-02-01")
        nowhere = ask("diff", "--from", "2022-02-01", "--to", "2022-03-01", "grr_x")

        assert "Let --from name the earlier day" in backwards.stderr
        assert "The book has no chapter 'grr_x'" in nowhere.stderr


class TestTry:
    def test_a_sound_proposal_is_taken_and_its_story_holds(self, ask: Ask, tmp_path: Path) -> None:
        file = tmp_path / "proposal.yaml"
        file.write_text(ENTRY + STORY, encoding="utf-8")

        found = answer_of(ask("try", str(file), "--json"))

        assert found["ok"]
        assert found["own_stories"] == {"run": 1, "failures": []}
        assert found["stories"] == []

    def test_a_story_that_does_not_hold_is_told_and_exits_with_2(
        self, ask: Ask, tmp_path: Path
    ) -> None:
        file = tmp_path / "proposal.yaml"
        file.write_text(ENTRY + STORY.replace('"2.00"', '"3.00"'), encoding="utf-8")

        told = ask("try", str(file))

        assert told.exit_code == 2
        assert "expected  late_charge_usd: 3.00" in told.stdout

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('"1"\n', "1.0\n", "line 6: 1.0 is a float"),
            ("second_hand", "heard", "line 7: 'heard' is not a standing"),
            ('"Sheet 136"', '"Sheet 1"', "line 4: 'Sheet 1' of"),
            ("value: late_charge_rate_percent", "value: late_rate", "no value called 'late_rate'"),
            ("    entry:", "    content:", "Write value and entry, file and content"),
        ],
    )
    def test_a_broken_proposal_is_refused_at_its_own_line(
        self, ask: Ask, tmp_path: Path, old: str, new: str, said: str
    ) -> None:
        file = tmp_path / "proposal.yaml"
        file.write_text(ENTRY.replace(old, new), encoding="utf-8")

        refused = ask("try", str(file))

        assert refused.exit_code == 2
        assert said in refused.stderr

    def test_a_changed_price_names_the_stories_that_fail(self, ask: Ask, tmp_path: Path) -> None:
        file = tmp_path / "proposal.yaml"
        file.write_text(
            ENTRY.replace("late_charge_rate_percent", "anytime_summer_usd_per_kwh")
            .replace("2027-01-01", "2025-07-01")
            .replace('"1"\n', '"0.2"\n')
            .replace('"Sheet 136", revision: "1"', '"Sheet 54", revision: null'),
            encoding="utf-8",
        )

        found = answer_of(ask("try", str(file), "--json"))

        assert {one["kind"] for one in found["stories"]} == {"fails"}
        assert any("total_usd" in one["differences"][0] for one in found["stories"])
