"""Stories: what is asked, where an answer differs, and files that are not in the form."""

from __future__ import annotations

from typing import Any

import pytest

from meterledger.rulebook.errors import TariffFileBroken
from meterledger.usecases.stories import run_story
from meterledger.usecases.story_files import Story, read_stories

JULY = 'schedule: 1M-anytime, from: 2025-07-01, to: 2025-08-01, kwh: "1000"'
BASE = f"{{{JULY}, without: [riders, taxes]}}"
FAC = '{value: fac_usd_per_kwh, day: 2023-02-01, kwh: "1000"}'


def stories(text: str) -> list[Story]:
    return read_stories(text.encode(), "scenarios/a.yaml")


def story(given: str, then: str) -> Story:
    (one,) = stories(f"- story: A sentence.\n  given: {given}\n  then: {then}\n")
    return one


@pytest.fixture
def failures(first_book: Any) -> Any:
    def ask(given: str, then: str) -> list[tuple[str, str, str]]:
        found = run_story(story(given, then), first_book)
        return [(one.what, one.expected, one.got) for one in found]

    return ask


class TestAStoryThatHolds:
    @pytest.mark.parametrize(
        ("given", "then"),
        [
            (BASE, '{total_usd: "165.19"}'),
            (BASE, '{quantities: {energy_summer: "1000"}, standing: second_hand}'),
            (FAC, '{usd: "6.27", value: "0.00627"}'),
            ("{value: winter_block_kwh_per_month, day: 2025-06-01}", '{value: "750"}'),
            ("{value: fac_usd_per_kwh, day: 2027-01-01}", "{refused: is in force on 2027-01-01}"),
            ("{value: no_such_value, day: 2027-01-01}", "{refused: [has no value, no_such_value]}"),
        ],
    )
    def test_has_no_failure(self, given: str, then: str, failures: Any) -> None:
        assert failures(given, then) == []


class TestADifference:
    def test_of_the_total_names_both(self, failures: Any) -> None:
        assert failures(BASE, '{total_usd: "165.20"}') == [("total_usd", "165.20", "165.19")]

    def test_of_lines_is_told_line_by_line_and_in_both_directions(self, failures: Any) -> None:
        then = '{lines: {customer_charge: "9.01", energy_summer: "156.00", FAC: "3.95"}}'

        assert failures(BASE, then) == [
            ("customer_charge", "9.01", "9.00"),
            ("FAC", "3.95", "nothing"),
            ("low_income_charge", "nothing", "0.19"),
        ]

    def test_of_a_line_in_parts_names_every_part(self, failures: Any) -> None:
        given = (
            '{schedule: 1M-anytime, from: 2025-09-16, to: 2025-10-16, kwh: "600", '
            "without: [base, taxes]}"
        )

        assert failures(given, '{lines: {FAC: "2.28", EEIC: "2.05", RESRAM: "0.71"}}') == [
            ("FAC", "2.28", "1.19; 1.09")
        ]
        assert failures(given, '{quantities: {FAC: ["300", "299"]}}') == [
            ("quantity of FAC", "300; 299", "300; 300")
        ]

    def test_of_an_amount_a_value_a_standing_or_a_clause_is_told(self, failures: Any) -> None:
        assert failures(FAC, '{usd: "6.28"}') == [("usd", "6.28", "6.27")]
        assert failures(
            '{value: customer_charge_usd_per_month, day: 2025-06-01, kwh: "1"}', '{usd: "9.00"}'
        ) == [("usd", "9.00", "no amount by energy, for the unit is USD per month")]
        assert failures(FAC, '{value: "0.0063"}') == [("value", "0.0063", "0.00627")]
        assert failures(FAC, "{standing: filed}") == [("standing", "filed", "second_hand")]
        assert failures(FAC, '{cites: "Rider FAC, rev. 1"}') == [
            (
                "cites",
                "Rider FAC, rev. 1",
                "Rider FAC, in force 2023-02-01, Fuel adjustment clause, residential rate",
            )
        ]

    def test_between_a_refusal_and_an_answer_is_told_either_way(self, failures: Any) -> None:
        assert failures(BASE, "{refused: never}") == [("refused", "never", "a total of 165.19")]
        assert failures(FAC, "{refused: never}") == [("refused", "never", "0.00627")]
        ((what, expected, got),) = failures(
            "{value: fac_usd_per_kwh, day: 2027-01-01}", "{standing: assumed}"
        )
        assert (what, expected) == ("answer", "an answer")
        assert got.startswith("refused: No value of 'fac_usd_per_kwh' is in force on 2027-01-01.")

    def test_of_an_amount_of_no_energy_that_can_be_used_is_refused(self, failures: Any) -> None:
        for kwh in ("-1", "1000000000.001"):
            ((what, _, got),) = failures(FAC.replace('"1000"', f'"{kwh}"'), '{usd: "0.00"}')
            assert what == "answer"
            assert "is not an amount of energy used in a billing window" in got

    def test_of_the_words_of_a_refusal_names_the_words_that_are_missing(
        self, failures: Any
    ) -> None:
        given = "{value: fac_usd_per_kwh, day: 2027-01-01}"

        ((what, expected, _),) = failures(given, "{refused: [No value of, on a Tuesday]}")

        assert (what, expected) == ("refused", "on a Tuesday")

    def test_reads_as_story_facts_expected_got_and_clause(self, first_book: Any) -> None:
        (failure,) = run_story(story(FAC, '{usd: "6.28"}'), first_book)

        assert str(failure) == (
            "scenarios/a.yaml, line 1: A sentence.\n"
            "  given     value: fac_usd_per_kwh, day: 2023-02-01, kwh: 1000\n"
            "  expected  usd: 6.28\n"
            "  got       6.27\n"
            "  clause    Rider FAC, in force 2023-02-01, Fuel adjustment clause, residential rate"
        )


class TestAStoryFileNotInTheForm:
    @pytest.mark.parametrize(
        ("given", "then", "words"),
        [
            (BASE, "{}", "expects nothing, so it cannot fail"),
            (BASE, "{sum: 1}", "'sum' is not a key known here"),
            (BASE, '{usd: "1.00"}', "'usd' is not a key known here"),
            (BASE, '{refused: never, total_usd: "1.00"}', "expects a refusal and an answer"),
            (BASE, '{total_usd: "1.001"}', "'1.001' is not an amount of dollars"),
            (BASE, "{total_usd: 165.19}", "165.19 is a float"),
            (BASE, "{standing: sure}", "'sure' is not a standing"),
            (BASE, '{lines: ["9.00"]}', "Lines are given by code"),
            (FAC, "{lines: {}}", "'lines' is not a key known here"),
            ("{}", '{total_usd: "1.00"}', "The key 'from' is missing"),
            ("1000 kWh", '{total_usd: "1.00"}', "where keys are expected"),
            (f"{{{JULY}, without: [fees]}}", "{refused: never}", "'fees' is not a part of a bill"),
            (BASE.replace('"1000"', '"a lot"'), "{refused: never}", "'a lot' is not an amount"),
            (BASE.replace('"1000"', '"0.0001"'), "{refused: never}", "whole watt-hours"),
            (BASE.replace("2025-08-01", "2025-07-01"), "{refused: never}", "holds no day"),
        ],
    )
    def test_is_refused_with_its_line_and_the_word(self, given: str, then: str, words: str) -> None:
        with pytest.raises(TariffFileBroken) as refused:
            story(given, then)

        assert words in str(refused.value)
        assert str(refused.value).startswith("scenarios/a.yaml, line ")

    def test_an_amount_per_kwh_of_no_kwh_is_refused(self) -> None:
        with pytest.raises(TariffFileBroken, match="no kwh"):
            story("{value: fac_usd_per_kwh, day: 2023-02-01}", '{usd: "6.27"}')

    def test_two_stories_of_one_sentence_are_refused(self) -> None:
        one = f"- story: Same.\n  given: {FAC}\n  then: {{standing: assumed}}\n"

        with pytest.raises(TariffFileBroken, match=r"line 4: Two stories say 'Same\.'"):
            stories(one + one)
