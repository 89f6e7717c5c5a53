"""Sales tax and exemptions, by the real book: each tax a line, with its base and certificate."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.rooms.rulebook_on import the_book

from meterledger.billing import UnknownSalesTaxPlace, sales_tax_terms
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.taxes import ExemptionKind, TaxExemption, TaxKind, TaxSubject, tax_of_line
from meterledger.kernel.citation import Citation
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan, Validity
from meterledger.kernel.standing import Standing
from meterledger.rulebook.schedule import SERVICE_CLASSES
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.calculate import Calculator

JANUARY = DaySpan(date(2026, 1, 1), date(2026, 2, 1))
CLAUSE = Citation("Schedule 6", "Sheet 55", None, "energy", date(2025, 6, 1))
LEARNED = datetime(2025, 1, 1, tzinfo=UTC)
SHOP = TaxSubject("P-1", "MO", "creve_coeur", "AG-1")
CERTIFICATE = TaxExemption(
    *("A-1", "", TaxKind.SALES, ExemptionKind.CHARITABLE, "12-345", Fraction(1)),
    *(Validity(date(2025, 1, 1)), LEARNED),
)


class BookOfAClass:
    """The real book, in which every schedule is of one class."""

    def __init__(self, service_class: str) -> None:
        self._class, self._book = service_class, the_book()

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        return getattr(self._book, name)

    def service_class(self, schedule: str, day: date):  # type: ignore[no-untyped-def]
        return replace(self._book.service_class("1M-anytime", day), value=self._class)


def charges(*cents: int) -> list[ChargeLine]:
    return [
        ChargeLine(
            *("c", "C", ChargeGroup.BASE, JANUARY, "1", "kWh", "", one, Standing.FILED),
            *((CLAUSE,), ""),
        )
        for one in cents
    ]


def taxes(
    subject: TaxSubject,
    *cents: int,
    place: str = "university_city",
    service_class: str = "small_general",
    window: DaySpan = JANUARY,
) -> dict[str, ChargeLine]:
    calculator = Calculator(BookOfAClass(service_class))  # type: ignore[arg-type]
    lines = calculator.with_tax(
        charges(*cents), window, place, schedule="2M-anything", subject=subject
    )
    return {one.code: one for one in lines if one.group is ChargeGroup.TAX}


def holding(*certificates: TaxExemption, place: str | None = "creve_coeur") -> TaxSubject:
    return replace(SHOP, exemptions=certificates, sales_place=place)


class TestSalesTax:
    def test_is_a_line_of_the_state_and_one_of_the_place_beside_gross_receipts(self) -> None:
        found = taxes(SHOP, 9_000_00, 1_000_00)

        assert {code: line.cents for code, line in found.items()} == {
            "municipal_gross_receipts_tax": 989_01,
            "state_sales_tax": 422_50,
            "local_sales_tax": 476_30,
        }
        state = found["state_sales_tax"]
        assert state.label == "State sales tax"
        assert found["local_sales_tax"].label == "Creve Coeur sales tax"
        assert state.arithmetic == "$10000.00 x 0.04225 = $422.50"
        assert dict(state.inputs) == {
            "rate_series": "sales_tax_state_mo",
            "rate": "0.04225",
            "charges_usd": "10000.00",
        }
        assert state.standing is Standing.ASSUMED  # the day that counts is our reading
        assert "taxes.sales_tax_base" in state.reading_keys

    @pytest.mark.parametrize("service_class", SERVICE_CLASSES)
    def test_is_asked_on_every_class_but_residential(self, service_class: str) -> None:
        found = taxes(SHOP, 100_00, service_class=service_class)

        assert ("state_sales_tax" in found) == (service_class != "residential")

    def test_where_only_the_state_taxes_is_one_line(self) -> None:
        found = taxes(holding(place="none"), 100_00, place="none")

        assert {code: line.cents for code, line in found.items()} == {"state_sales_tax": 4_23}

    def test_of_a_premise_that_nobody_placed_is_refused(self) -> None:
        with pytest.raises(UnknownSalesTaxPlace) as refused:
            taxes(holding(place=None), 100_00)

        assert "No sales-tax jurisdiction is known for premise P-1" in refused.value.sentence
        assert "meterledger tax place" in refused.value.sentence

    def test_of_a_residence_that_nobody_placed_is_nothing_to_ask(self) -> None:
        found = taxes(holding(place=None), 100_00, service_class="residential")

        assert set(found) == {"municipal_gross_receipts_tax"}

    def test_before_a_place_has_a_rate_is_refused(self) -> None:
        december = DaySpan(date(2024, 12, 1), date(2024, 12, 31))

        with pytest.raises(NoRuleInForce, match="'sales_tax_local_creve_coeur' is in force on"):
            taxes(SHOP, 100_00, window=december)

    def test_is_not_in_a_book_known_before_it_had_any(self) -> None:
        before = the_book()._book.as_known(date(2026, 11, 28))

        assert sales_tax_terms(schedule="any", subject=SHOP, window=JANUARY, view=before) == ()

    @given(st.integers(-(10**9), 10**9))
    def test_is_the_rate_of_the_charges_rounded_once(self, base: int) -> None:
        found = taxes(SHOP, base - 5, 5, place="none")

        for code, rate in (("state_sales_tax", "0.04225"), ("local_sales_tax", "0.04763")):
            cents = found[code].cents if code in found else 0
            assert cents == to_whole_half_up(base * Fraction(rate))


class TestACertificate:
    def test_that_exempts_all_leaves_a_line_of_nothing_that_says_why(self) -> None:
        found = taxes(holding(CERTIFICATE), 100_00)

        state = found["state_sales_tax"]
        assert state.cents == 0
        assert dict(state.inputs) | {"rate": ""} == {
            "rate_series": "sales_tax_state_mo",
            "rate": "",
            "charges_usd": "100.00",
            "exempt_share": "1",
            "exempt_usd": "100.00",
            "taxable_usd": "0.00",
            "exemption": "charitable",
            "certificate": "12-345",
            "certificate_share": "1",
            "certificate_days": "2025-01-01 until further notice",
            "exempt_because": "charitable: 1 of the use is exempt",
        }
        assert any(one.sheet == "Section 144.030 RSMo" for one in state.citations)
        assert "taxes.exemption_governing_day" in state.reading_keys
        assert found["municipal_gross_receipts_tax"].cents == 9_89

    def test_of_manufacturing_exempts_its_share_from_the_state_alone(self) -> None:
        part = replace(CERTIFICATE, kind=ExemptionKind.MANUFACTURING, share=Fraction(3, 5))

        found = taxes(holding(part), 1_000_00)

        assert found["state_sales_tax"].cents == 16_90
        assert found["state_sales_tax"].arithmetic == "$1000.00 x (1 - 0.6) x 0.04225 = $16.90"
        local = found["local_sales_tax"]
        assert local.cents == 47_63
        assert dict(local.inputs)["exempt_because"] == (
            "energy used in manufacturing is not exempt from local sales tax"
        )
        assert "taxes.manufacturing_local" in local.reading_keys

    @pytest.mark.parametrize(
        ("days", "exempt"),
        [
            (Validity(date(2026, 1, 31)), True),  # begins on the last day of service
            (Validity(date(2026, 2, 1)), False),
            (Validity(date(2025, 1, 1), date(2026, 2, 1)), True),  # holds on it for the last time
            (Validity(date(2025, 1, 1), date(2026, 1, 31)), False),  # has expired
            (Validity(date(2026, 1, 1), date(2026, 1, 2)), False),  # held on the first day only
        ],
    )
    def test_exempts_by_the_last_day_of_service(self, days: Validity, exempt: bool) -> None:
        found = taxes(holding(replace(CERTIFICATE, days=days)), 100_00)

        assert (found["state_sales_tax"].cents == 0) == exempt
        assert ("certificate" in dict(found["state_sales_tax"].inputs)) == exempt

    def test_of_the_agreement_goes_before_one_of_the_account(self) -> None:
        own = replace(CERTIFICATE, agreement_id="AG-1", share=Fraction(1, 2), certificate="OWN")

        for order in ((own, CERTIFICATE), (CERTIFICATE, own)):
            found = taxes(holding(*order), 100_00)
            assert dict(found["state_sales_tax"].inputs)["certificate"] == "OWN"

    def test_of_another_agreement_is_none(self) -> None:
        other = replace(CERTIFICATE, agreement_id="AG-2")

        assert taxes(holding(other), 100_00)["state_sales_tax"].cents == 4_23

    def test_of_sales_tax_says_nothing_of_gross_receipts(self) -> None:
        found = taxes(holding(CERTIFICATE), 100_00, place="bel_ridge")

        assert found["municipal_gross_receipts_tax"].cents == 2_04
        assert "certificate" not in dict(found["municipal_gross_receipts_tax"].inputs)

    @pytest.mark.parametrize(("place", "cents"), [("bel_ridge", 0), ("university_city", 9_89)])
    def test_of_government_exempts_from_gross_receipts_where_the_city_says_so(
        self, place: str, cents: int
    ) -> None:
        of_government = replace(
            CERTIFICATE, tax=TaxKind.GROSS_RECEIPTS, kind=ExemptionKind.GOVERNMENT
        )

        line = taxes(holding(of_government), 100_00, place=place)["municipal_gross_receipts_tax"]

        assert line.cents == cents
        assert dict(line.inputs)["certificate"] == "12-345"

    @given(base=st.integers(0, 10**9), sixths=st.integers(1, 6))
    def test_what_is_exempt_and_what_is_taxed_are_the_charges(self, base: int, sixths: int) -> None:
        part = replace(CERTIFICATE, share=Fraction(sixths, 6))

        line = taxes(holding(part), base, place="none")["state_sales_tax"]

        told = dict(line.inputs)
        exempt, taxable = (Fraction(told[one]) for one in ("exempt_usd", "taxable_usd"))
        assert exempt + taxable == Fraction(base, 100)
        left = 1 - Fraction(sixths, 6)
        assert line.cents == to_whole_half_up(base * left * Fraction("0.04225"))


class TestACityInAbatement:
    @pytest.mark.parametrize(("service_class", "cents"), [("residential", 0), ("lighting", 5_26)])
    def test_taxes_all_but_residences(self, service_class: str, cents: int) -> None:
        found = taxes(SHOP, 100_00, place="city_in_abatement", service_class=service_class)

        line = found.get("municipal_gross_receipts_tax")
        assert (line.cents if line else 0) == cents


class TestTheTaxOfALine:
    def test_is_named_with_who_levies_it(self) -> None:
        found = taxes(SHOP, 100_00)

        assert {
            (one.tax, one.jurisdiction)
            for line in found.values()
            if (one := tax_of_line(line.code, dict(line.inputs)))
        } == {
            ("gross_receipts", "university_city"),
            ("state_sales", "mo"),
            ("local_sales", "creve_coeur"),
        }

    def test_of_a_line_that_is_no_tax_is_none(self) -> None:
        assert tax_of_line("energy_summer", {"rate_series": "sales_tax_state_mo"}) is None
