"""``meterledger rules`` and ``decide`` answer in the shapes that stay, and refuse in a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from meterledger.entrypoints.cli.main import build_app

FACTS = {"unpaid_usd": "200.00", "deposit_arrears_usd": "50.00"}


def ask(*words: str) -> Any:
    return CliRunner().invoke(build_app(), list(words))


def facts_file(folder: Path, text: str) -> str:
    file = folder / "facts.json"
    file.write_text(text, encoding="utf-8")
    return str(file)


class TestRules:
    def test_are_listed_with_the_schema_of_their_facts_and_outcome(self) -> None:
        answer = json.loads(ask("rules", "--json").stdout)

        by_id = {one["id"]: one for one in answer["rules"]}
        late = by_id["late.charge"]
        assert late["room"] == "arrears"
        assert "late.charge.rate" in late["provisions"]
        assert late["facts"]["properties"]["unpaid_usd"]["type"] == "string"
        assert late["facts"]["required"] == ["unpaid_usd"]
        assert "late_charge_usd" in late["outcome"]["properties"]
        assert all(one["governing_day"] for one in answer["rules"])

    def test_one_is_shown_with_what_its_facts_mean(self) -> None:
        shown = ask("rules", "late.charge").stdout

        assert "The day that counts:" in shown
        assert "unpaid_usd (dollars in quotes)" in shown

    def test_unknown_is_refused_with_those_like_it(self) -> None:
        refused = ask("rules", "late.charges")

        assert refused.exit_code == 2
        assert "There is no rule 'late.charges'" in refused.output
        assert "late.charge" in refused.output


class TestDecide:
    @pytest.mark.parametrize(
        ("day", "revision", "standing"),
        [
            ("2018-04-11", "Original", "filed"),
            ("2018-04-12", "1", "filed"),
            ("2022-02-27", "1", "filed"),
            ("2022-02-28", "1", "carried_forward"),
        ],
    )
    def test_answers_by_the_revision_of_the_day(
        self, day: str, revision: str, standing: str, tmp_path: Path
    ) -> None:
        file = facts_file(tmp_path, json.dumps(FACTS))

        told = json.loads(
            ask("decide", "late.charge", "--on", day, "--facts", file, "--json").stdout
        )

        assert told["outcome"]["late_charge_usd"] == "2.25"
        assert (told["rule"], told["on"], told["standing"]) == ("late.charge", day, standing)
        assert {one["citation"]["revision"] for one in told["reasons"]} == {revision}
        carried = ["late.rate_after_2022_02_28"] if standing == "carried_forward" else []
        assert told["reading_keys"] == carried

    def test_supposes_another_reading(self, tmp_path: Path) -> None:
        file = facts_file(tmp_path, json.dumps({"already_billed": False}))
        words = ("decide", "opt_out.setup_charge", "--on", "2026-01-15", "--facts", file, "--json")

        chosen = json.loads(ask(*words).stdout)
        other = json.loads(ask(*words, "--reading", "opt_out.cap_start_date=2025-08-28").stdout)
        wrong = ask(*words, "--reading", "opt_out.cap_start_date=2024-01-01")

        assert chosen["outcome"]["setup_charge_usd"] == "150.00"
        assert other["outcome"]["setup_charge_usd"] == "125.00"
        assert chosen["reading_keys"] == other["reading_keys"] == ["opt_out.cap_start_date"]
        assert wrong.exit_code == 2
        assert "has no option '2024-01-01'" in wrong.output

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("{}", "The fact 'unpaid_usd' is missing"),
            (
                '{"unpaid_usd": 200.5}',
                "'200.5' is a number that cannot be held exactly",
            ),
            ('{"unpaid_usd": "two"}', "'two' stands where an amount of dollars is expected"),
            ('{"unpaid": "1.00"}', "'unpaid' is no fact known here"),
            ('{"unpaid_usd": "1.00", "unpaid_usd": "2.00"}', "The key 'unpaid_usd' stands twice"),
            ("[1]", "A list of 1 stands where a group of facts is expected"),
            ("{", "It is not JSON"),
        ],
    )
    def test_refuses_facts_it_cannot_use(self, text: str, says: str, tmp_path: Path) -> None:
        file = facts_file(tmp_path, text)

        refused = ask("decide", "late.charge", "--on", "2019-03-20", "--facts", file)

        assert refused.exit_code == 2
        assert says in refused.output

    def test_refuses_before_the_first_text(self, tmp_path: Path) -> None:
        file = facts_file(tmp_path, json.dumps(FACTS))

        refused = ask("decide", "late.charge", "--on", "2013-06-29", "--facts", file)

        assert refused.exit_code == 2
        assert "is in force on 2013-06-29" in refused.output


class TestTheBookIsRead:
    def test_coverage_names_every_provision_and_its_versions(self) -> None:
        answer = json.loads(ask("tariff", "coverage", "--json").stdout)

        rate = answer["provisions"]["late.charge.rate"]
        assert rate["state"] == "carried"
        assert rate["versions"] == {"136-0": "carried", "136-1": "carried"}
        assert "late.charge" in rate["rules"]
        assert rate["stories"]

    def test_coverage_is_drawn_as_one_page(self, tmp_path: Path) -> None:
        file = tmp_path / "coverage.html"

        done = ask("tariff", "coverage", "--html", str(file))

        assert done.exit_code == 0
        assert "late.charge.rate" in file.read_text(encoding="utf-8")

    def test_conflicts_show_what_was_chosen_instead_of_what(self) -> None:
        answer = json.loads(ask("tariff", "conflicts", "C-OPTOUT-FEES", "--json").stdout)

        (one,) = answer["conflicts"]
        assert one["chosen"] == "2026-07-01"
        assert [each["option"] for each in one["options"]] == ["2026-07-01", "2025-08-28"]
        assert one["rules"] == ["opt_out.monthly_charge", "opt_out.setup_charge"]

    @pytest.mark.parametrize(
        ("day", "value", "limited"), [("2026-06-30", "150", 0), ("2026-07-01", "125", 2)]
    )
    def test_a_limited_value_is_the_lower_and_cites_both(
        self, day: str, value: str, limited: int
    ) -> None:
        name = "opt_out_tariff_setup_charge_one_time_usd"

        told = json.loads(ask("tariff", "value", name, "--on", day, "--json").stdout)

        assert told["value"] == value
        assert len({one["text"] for one in told["limited_by"]}) == min(limited, 1)

    def test_a_sheet_is_shown_as_it_stood(self) -> None:
        told = json.loads(ask("tariff", "show", "138", "--on", "2019-03-01", "--json").stdout)

        assert told["sheet"] == "Sheet 138"
        assert {one["page"] for one in told["paragraphs"]} == {"138-2"}
        assert any(one["provision"] == "partial.special_charges_last" for one in told["paragraphs"])
