"""Gross-receipts tax: on receipts that include the tax itself, by where the premise lies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterledger.billing import NO_TAX_PLACE, tax_place_on, tax_terms
from meterledger.billing import tax_line as priced_tax_line
from meterledger.billing.taxes import UnknownGrossUp, UnknownTaxPlace
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.places import TaxPlace
from meterledger.kernel.citation import Citation
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan, Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.series import NoRuleInForce

JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
CLAUSE = Citation("Schedule 6", "Sheet 54", None, "Anytime, energy", date(2025, 6, 1))
LEARNED = datetime(2025, 1, 1, tzinfo=UTC)


def tax_line(
    *, place: str, lines: list[ChargeLine], window: DaySpan, view: Any
) -> ChargeLine | None:
    """The terms of the window, and the line they make of a bill's lines."""
    return priced_tax_line(tax_terms(place=place, window=window, view=view), lines)


def charges(*cents: int) -> list[ChargeLine]:
    return [
        ChargeLine(
            "c", "C", ChargeGroup.BASE, JULY, "1", "kWh", "", one, Standing.FILED, (CLAUSE,), ""
        )
        for one in cents
    ]


class TestTheTaxLine:
    @pytest.mark.parametrize(
        ("base", "tax"),
        [
            (100_00, 9_89),  # 100 x 0.09 / 0.91 = 9.8901
            (165_19, 16_34),
            (91_00, 9_00),  # nine per cent of the hundred that is received
            (5, 0),  # 0.4945 of a cent
            (6, 1),  # 0.5934
            (-100_00, -9_89),  # a credit bill gives its tax back
            (-5, 0),
            (-6, -1),
        ],
    )
    def test_is_grossed_up_and_rounded_once(
        self, base: int, tax: int, billing_book: Callable[[], Any]
    ) -> None:
        line = tax_line(
            place="university_city",
            lines=charges(base - 7, 7),
            window=JULY,
            view=billing_book(),
        )

        assert (line.cents if line else 0) == tax

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(base=st.integers(-(10**9), 10**9), thousandths=st.integers(1, 500))
    def test_is_the_rate_of_everything_received_to_the_cent(
        self, base: int, thousandths: int, billing_book: Callable[[], Any]
    ) -> None:
        rate = Fraction(thousandths, 1000)
        book = billing_book().put("municipal_gross_receipts_anywhere", rate)

        line = tax_line(place="anywhere", lines=charges(base), window=JULY, view=book)

        tax = line.cents if line else 0
        assert tax == to_whole_half_up(Fraction(base) * rate / (1 - rate))
        assert abs(tax - rate * (base + tax)) <= Fraction(1, 2)

    def test_says_what_it_was_reckoned_from(self, billing_book: Callable[[], Any]) -> None:
        line = tax_line(
            place="university_city", lines=charges(165_19), window=JULY, view=billing_book()
        )

        assert line is not None
        assert line.label == "University City gross receipts tax"
        assert line.group is ChargeGroup.TAX
        assert line.arithmetic == "$165.19 x 9/91 = $16.34"
        assert dict(line.inputs)["rate"] == "0.09"
        assert dict(line.inputs)["gross_up"] == "0.09 / (1 - 0.09)"
        assert line.standing is Standing.ASSUMED, "the formula is not read in a sheet"
        assert {cite.sheet for cite in line.citations} == {
            "Sheet of municipal_gross_receipts_university_city",
            "Sheet of gross_receipts_gross_up",
            "Sheet of gross_receipts_governing_day",
        }

    def test_is_none_where_no_municipality_taxes(self, billing_book: Callable[[], Any]) -> None:
        assert (
            tax_line(place=NO_TAX_PLACE, lines=charges(1), window=JULY, view=billing_book()) is None
        )

    def test_follows_the_rate_of_the_last_day_of_service(
        self, billing_book: Callable[[], Any]
    ) -> None:
        last, after = date(2025, 7, 31), date(2025, 8, 1)
        for changes, tax in ((last, 100_00), (after, 9_89)):
            book = billing_book()
            book.put("municipal_gross_receipts_x", Fraction(9, 100), until_day=changes)
            book.put("municipal_gross_receipts_x", Fraction(1, 2), from_day=changes)

            line = tax_line(place="x", lines=charges(100_00), window=JULY, view=book)

            assert line is not None
            assert line.cents == tax

    def test_without_a_rate_on_that_day_is_refused(self, billing_book: Callable[[], Any]) -> None:
        book = billing_book()
        book.put("municipal_gross_receipts_x", Fraction(9, 100), until_day=date(2025, 7, 31))

        with pytest.raises(NoRuleInForce, match="'municipal_gross_receipts_x' is in force on"):
            tax_line(place="x", lines=charges(1), window=JULY, view=book)

    @pytest.mark.parametrize("name", ["gross_receipts_gross_up", "gross_receipts_governing_day"])
    def test_by_an_unknown_rule_is_refused(
        self, name: str, billing_book: Callable[[], Any]
    ) -> None:
        book = billing_book()
        del book.all[name]
        book.put(name, "some other way")

        with pytest.raises(UnknownGrossUp) as refused:
            tax_line(place="pagedale", lines=charges(1), window=JULY, view=book)

        assert "some other way" in str(refused.value)
        assert "state it as r/(1-r) on last_service_day" in str(refused.value)


class TestTheTaxPlace:
    MOVED = (
        TaxPlace("P1", "pagedale", Validity(date(2020, 1, 1), date(2025, 7, 31)), LEARNED),
        TaxPlace("P1", "university_city", Validity(date(2025, 7, 31)), LEARNED),
    )

    def test_is_that_of_the_last_day_of_service(self) -> None:
        """A line of a city is redrawn on the last day of July."""
        early = DaySpan(date(2025, 7, 1), date(2025, 7, 31))

        assert tax_place_on(self.MOVED, early, "P1") == "pagedale"
        assert tax_place_on(self.MOVED, JULY, "P1") == "university_city"

    def test_that_nobody_recorded_is_refused_and_never_none(self) -> None:
        with pytest.raises(UnknownTaxPlace) as refused:
            tax_place_on((), JULY, "P1")

        assert str(refused.value) == (
            "No tax place is known for premise P1 on 2025-07-31. Record the municipality the "
            "premise lies in, or 'none' if it lies in no taxing one."
        )
