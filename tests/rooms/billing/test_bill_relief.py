"""What an agreement takes off a bill: whole cents of its lines, and each tax on what is left."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.billing import StoredLine, WorkedOut, work_out_relief
from meterledger.facts.relief import ReliefTerm, percent_text
from meterledger.facts.taxes import (
    GROSS_RECEIPTS_CODE,
    LOCAL_SALES_CODE,
    STATE_SALES_CODE,
    TaxOfLine,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.money import usd_text
from meterledger.kernel.rounding import to_whole_half_up

CLAUSE = Citation("MO PSC 6", "Sheet 56", "9", "Demand charge", date(2025, 6, 1))
HALF = ReliefTerm("demand", share=Fraction(1, 2))


def charge(cents: int, code: str = "demand") -> StoredLine:
    return StoredLine(code, code.title(), "base", cents, "1.00", (), (CLAUSE,))


def tax(code: str, base: int, share: str, series: str = "x", *, exempt: str = "0") -> StoredLine:
    """A tax line as a bill has it."""
    left = base * (1 - Fraction(exempt))
    inputs = [("rate_series", series), ("charges_usd", usd_text(base))]
    if exempt != "0":
        inputs += [("exempt_share", exempt), ("taxable_usd", usd_text(to_whole_half_up(left)))]
    cents = to_whole_half_up(left * Fraction(share))
    return StoredLine(code, code.title(), "tax", cents, share, tuple(inputs), (CLAUSE,))


def off(*lines: StoredLine, terms: tuple[ReliefTerm, ...] = (HALF,), place: str = "x") -> WorkedOut:
    return work_out_relief(lines, terms, tax_place=place)


class TestCharges:
    @pytest.mark.parametrize(
        ("cents", "less"), [(100, 50), (101, 51), (99, 50), (1, 1), (10**9 + 1, 5 * 10**8 + 1)]
    )
    def test_a_share_is_rounded_once_half_up(self, cents: int, less: int) -> None:
        found = off(charge(cents))
        assert (found.charge_cents, found.tax_cents) == (less, 0)
        assert found.off[0].arithmetic == f"${usd_text(cents)} x 50% = ${usd_text(less)}"

    def test_each_line_of_a_charge_is_rounded_by_itself(self) -> None:
        assert [one.off_cents for one in off(charge(101), charge(33)).off] == [51, 17]

    def test_an_amount_is_spent_on_the_lines_in_their_order(self) -> None:
        terms = (ReliefTerm("demand", cents=120),)
        found = off(charge(100), charge(50), charge(70), terms=terms)
        assert [(one.place, one.off_cents) for one in found.off] == [(0, 100), (1, 20)]
        assert found.off[1].arithmetic == "$0.20 of the $0.20 that is agreed, of a charge of $0.50"

    @pytest.mark.parametrize(("cents", "less"), [(99, 99), (100, 100), (101, 100)])
    def test_an_amount_takes_off_no_more_than_there_is(self, cents: int, less: int) -> None:
        assert off(charge(cents), terms=(ReliefTerm("demand", cents=100),)).charge_cents == less

    def test_the_whole_of_a_charge_can_be_taken_off(self) -> None:
        assert (
            off(charge(777), terms=(ReliefTerm("demand", share=Fraction(1)),)).charge_cents == 777
        )

    def test_other_charges_and_credits_stay(self) -> None:
        assert off(charge(300, "energy"), charge(-100), charge(40)).charge_cents == 20

    @pytest.mark.parametrize(("credit", "less"), [(-99, 50), (-100, 0), (-101, 0)])
    def test_of_a_bill_that_charges_nothing_nothing_is_taken_off(
        self, credit: int, less: int
    ) -> None:
        assert off(charge(100), charge(credit, "credit")).charge_cents == less


class TestTaxes:
    def test_gross_receipts_tax_is_asked_on_what_is_left(self) -> None:
        line = tax(GROSS_RECEIPTS_CODE, 10_000, "1/19", "municipal_gross_receipts_ladue")
        found = off(charge(6_000), charge(4_000, "energy"), line)
        assert (found.charge_cents, found.tax_cents) == (3_000, 526 - 368)
        last = found.off[-1]
        assert last.tax == TaxOfLine("gross_receipts", "ladue")
        assert (last.base_off_cents, last.exempt_off_cents) == (3_000, 0)
        assert last.arithmetic == (
            "($100.00 - $30.00) x 1/19 = $3.68, which is $1.58 less than $5.26"
        )

    def test_sales_tax_on_charges_alone_does_not_follow_the_other_tax(self) -> None:
        found = off(
            charge(10_000),
            tax(GROSS_RECEIPTS_CODE, 10_000, "1/19", "municipal_gross_receipts_ladue"),
            tax(STATE_SALES_CODE, 10_000, "0.04", "sales_tax_state_mo"),
            tax(LOCAL_SALES_CODE, 10_000, "0.02", "sales_tax_local_ladue"),
        )
        assert [one.off_cents for one in found.off] == [5_000, 263, 200, 100]

    def test_sales_tax_that_is_asked_on_the_other_tax_follows_it(self) -> None:
        receipts = tax(GROSS_RECEIPTS_CODE, 10_000, "1/19", "municipal_gross_receipts_ladue")
        sales = tax(STATE_SALES_CODE, 10_000 + receipts.cents, "0.04", "sales_tax_state_mo")
        found = off(charge(10_000), sales, receipts)
        assert [one.place for one in found.off] == [0, 1, 2]
        assert found.off[1].base_off_cents == 5_000 + 263
        assert found.off[1].off_cents == 421 - to_whole_half_up(Fraction(10_526 - 5_263) / 25)

    def test_a_certificate_exempts_as_much_of_what_is_left(self) -> None:
        line = tax(STATE_SALES_CODE, 10_000, "0.04", "sales_tax_state_mo", exempt="0.25")
        found = off(charge(10_000), line)
        last = found.off[-1]
        assert (last.off_cents, last.base_off_cents, last.exempt_off_cents) == (150, 5_000, 1_250)
        assert " x (1 - 0.25) x 0.04 = " in last.arithmetic

    def test_a_line_that_says_no_base_stays(self) -> None:
        left = StoredLine(STATE_SALES_CODE, "State", "tax", 55, "", (), (CLAUSE,))
        assert off(charge(100), left).tax_cents == 0

    def test_where_no_charge_is_less_no_tax_is(self) -> None:
        line = tax(STATE_SALES_CODE, 100, "0.04", "sales_tax_state_mo")
        assert off(charge(100, "energy"), line).off == ()

    def test_a_tax_that_is_not_what_its_line_says_stops_everything(self) -> None:
        line = tax(STATE_SALES_CODE, 10_000, "0.04", "sales_tax_state_mo")
        wrong = StoredLine(*(line.code, line.label, line.group, 399, *(
            line.price_usd, line.inputs, line.citations)))  # fmt: skip
        with pytest.raises(InvariantBroken, match="of a bill is what its line says"):
            off(charge(10_000), wrong)


@given(
    st.lists(st.integers(1, 10**7), min_size=1, max_size=5),
    st.integers(1, 10**6),
    st.integers(1, 30),
)
def test_what_is_left_is_never_below_zero_and_its_tax_is_that_of_a_bill_of_it(
    cents: list[int], millionths: int, rate: int
) -> None:
    share = f"{rate}/100"
    line = tax(STATE_SALES_CODE, sum(cents), share, "sales_tax_state_mo")
    terms = (ReliefTerm("demand", share=Fraction(millionths, 10**6)),)
    found = off(*map(charge, cents), line, terms=terms)
    left = sum(cents) - found.charge_cents
    assert 0 <= left <= sum(cents)
    assert line.cents - found.tax_cents == to_whole_half_up(left * Fraction(rate, 100))


class TestTerms:
    @pytest.mark.parametrize(
        ("share", "shown"),
        [
            ("1/2", "50%"),
            ("1", "100%"),
            ("1/8", "12.5%"),
            ("1/3", "100/3%"),
            ("1/1000000", "0.0001%"),
        ],
    )
    def test_shares_are_shown_as_people_write_them(self, share: str, shown: str) -> None:
        assert percent_text(Fraction(share)) == shown

    @pytest.mark.parametrize(
        "told",
        [
            {},
            {"share": Fraction(1, 2), "cents": 5},
            {"share": Fraction(0)},
            {"share": Fraction(101, 100)},
            {"cents": 0},
        ],
    )
    def test_a_term_takes_off_a_share_or_an_amount(self, told: dict[str, object]) -> None:
        with pytest.raises(InvariantBroken):
            ReliefTerm("demand", **told)  # type: ignore[arg-type]
