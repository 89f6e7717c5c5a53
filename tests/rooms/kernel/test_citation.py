"""Citations, standings and decisions: what an answer stands on, and how well it is known."""

from __future__ import annotations

from datetime import date

import pytest

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.standing import Standing, weakest

SHEET_54 = Citation(
    "MO P.S.C. Schedule No. 6", "Sheet 54", "9", "Anytime, energy", date(2025, 6, 1), "ER-2024-0319"
)


class TestACitation:
    def test_has_a_short_form_for_a_line(self) -> None:
        assert str(SHEET_54) == "Sheet 54, rev. 9, Anytime, energy"

    def test_says_since_when_if_its_revision_is_unknown(self) -> None:
        unknown = Citation("X", "Sheet 54", None, "Anytime, energy", date(2025, 6, 1))

        assert unknown.text == "Sheet 54, in force 2025-06-01, Anytime, energy"

    def test_is_read_back_from_its_record(self) -> None:
        unknown = Citation("X", "Sheet 54", None, "p. 1", date(2025, 6, 1))

        assert Citation.from_json(SHEET_54.as_json()) == SHEET_54
        assert Citation.from_json(unknown.as_json()) == unknown
        assert set(SHEET_54.as_json()) == {
            "instrument", "sheet", "revision", "paragraph", "effective", "order", "text",
        }  # fmt: skip

    @pytest.mark.parametrize("field", ["instrument", "sheet", "paragraph"])
    @pytest.mark.parametrize("blank", ["", "  "])
    def test_names_its_clause(self, field: str, blank: str) -> None:
        words = {"instrument": "X", "sheet": "Sheet 54", "paragraph": "p. 1", field: blank}

        with pytest.raises(InvariantBroken, match=f"a citation names its {field}"):
            Citation(revision=None, effective=date(2025, 6, 1), **words)

    def test_of_a_broken_record_is_not_made_up(self) -> None:
        record = SHEET_54.as_json()
        with pytest.raises(KeyError, match="order"):
            Citation.from_json({key: value for key, value in record.items() if key != "order"})
        with pytest.raises(InvariantBroken, match="has its sheet"):
            Citation.from_json({**record, "sheet": None})


class TestStanding:
    def test_the_weakest_wins_in_any_order(self) -> None:
        strongest_first = [
            Standing.FILED,
            Standing.CARRIED_FORWARD,
            Standing.SECOND_HAND,
            Standing.ASSUMED,
        ]
        for number, standing in enumerate(strongest_first):
            upto = strongest_first[: number + 1]
            assert weakest(upto) is standing
            assert weakest(reversed(upto)) is standing

    def test_of_nothing_is_filed(self) -> None:
        assert weakest([]) is Standing.FILED

    @pytest.mark.parametrize("standing", list(Standing))
    def test_tells_a_reader_what_it_means(self, standing: Standing) -> None:
        assert len(standing.sentence.split()) > 4


class TestADecision:
    def test_carries_a_reason_for_a_no_and_a_zero_too(self) -> None:
        with pytest.raises(InvariantBroken, match="at least one cited reason"):
            Decision(0, ())

        assert Decision(0, (Reason("grace", SHEET_54),)).reasons[0].citation is SHEET_54
