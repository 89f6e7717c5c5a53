"""Entries balance for any bill, credits and zeros included, and are named after their cause."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterledger.facts.bills import Bill, BilledUsage, BillKind, BillPins
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import InvariantBroken
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing
from meterledger.ledger import (
    CHART,
    account_name,
    control_of,
    control_sums,
    entry_for_bill,
    entry_for_payment,
)
from meterledger.rulebook.schedule import SERVICE_CLASSES

JULY = DaySpan(date(2025, 7, 1), date(2025, 8, 1))
CLAUSE = Citation("Schedule 6", "Sheet 54", None, "Anytime, energy", date(2025, 6, 1))
LEARNED = datetime(2025, 8, 1, 12, tzinfo=UTC)
AMOUNTS = st.integers(-(10**9), 10**9)


def bill(*, charges: list[int], taxes: list[int]) -> Bill:
    lines = tuple(
        ChargeLine(
            "code", "Label", group, JULY, "1", "kWh", "", cents, Standing.FILED, (CLAUSE,), ""
        )
        for group, amounts in ((ChargeGroup.BASE, charges), (ChargeGroup.TAX, taxes))
        for cents in amounts
    )
    return Bill(
        bill_id="B-1",
        account_id="1234567897",
        agreement_id="A1",
        service_point_id="SP1",
        schedule="1M-anytime",
        kind=BillKind.REGULAR,
        days=JULY,
        issued_day=date(2025, 8, 1),
        due_day=date(2025, 8, 22),
        usage=BilledUsage("m", 900, 0, 0, (), ""),
        lines=lines,
        tax_place="none",
        pins=BillPins(LEARNED, 0, "", "1", ""),
    )


def sums(entry: Entry) -> dict[str, int]:
    return {leg.ledger_account: leg.cents for leg in entry.legs}


class TestTheEntryOfABill:
    def test_moves_the_receivable_against_revenue_and_tax(self) -> None:
        entry = entry_for_bill(bill(charges=[100_00, -1_36], taxes=[9_75]), learned_at=LEARNED)

        assert entry is not None
        assert sums(entry) == {"142": 108_39, "440": -98_64, "241": -9_75}
        assert entry.legs[0].customer_account_id == "1234567897"
        assert entry.entry_id == "bill:B-1"
        assert entry.effective_day == date(2025, 8, 1)

    def test_of_a_credit_bill_turns_every_side(self) -> None:
        entry = entry_for_bill(bill(charges=[-20_00], taxes=[-1_98]), learned_at=LEARNED)

        assert entry is not None
        assert sums(entry) == {"142": -21_98, "440": 20_00, "241": 1_98}

    def test_of_a_zero_bill_is_none(self) -> None:
        assert entry_for_bill(bill(charges=[5, -5], taxes=[]), learned_at=LEARNED) is None

    def test_of_a_zero_total_with_tax_still_moves_what_it_moves(self) -> None:
        entry = entry_for_bill(bill(charges=[-5], taxes=[5]), learned_at=LEARNED)

        assert entry is not None
        assert sums(entry) == {"440": 5, "241": -5}

    @given(st.lists(AMOUNTS, min_size=1, max_size=9), st.lists(AMOUNTS, max_size=2))
    def test_balances_whatever_the_lines(self, charges: list[int], taxes: list[int]) -> None:
        made = bill(charges=charges, taxes=taxes)
        entry = entry_for_bill(made, learned_at=LEARNED)

        if entry is None:
            assert sum(charges) == sum(taxes) == 0
            return
        moved = sums(entry)
        assert sum(moved.values()) == 0
        assert moved.get("142", 0) == made.total_cents
        assert control_sums(moved).get("241", 0) == -sum(taxes)
        assert {control_of(one) for one in moved} <= set(CHART)


def line_of(code: str, series: str, cents: int) -> ChargeLine:
    inputs = (("rate_series", series), ("charges_usd", "100.00"))
    return ChargeLine(
        *(code, "Label", ChargeGroup.TAX, JULY, "100.00", "USD", "", cents, Standing.FILED),
        *((CLAUSE,), "", inputs),
    )


class TestTaxesOfABill:
    TAXES = (
        line_of("municipal_gross_receipts_tax", "municipal_gross_receipts_university_city", 9_75),
        line_of("state_sales_tax", "sales_tax_state_mo", 4_23),
        line_of("local_sales_tax", "sales_tax_local_creve_coeur", 4_76),
    )

    def made(self, *taxes: ChargeLine, service_class: str = "small_general") -> Bill:
        plain = bill(charges=[100_00], taxes=[])
        return replace(plain, lines=(*plain.lines, *taxes), service_class=service_class)

    def test_are_each_posted_to_the_sub_account_of_who_levies_it(self) -> None:
        entry = entry_for_bill(self.made(*self.TAXES), learned_at=LEARNED)

        assert entry is not None
        assert sums(entry) == {
            "142": 118_74,
            "442": -100_00,
            "241.gross_receipts.university_city": -9_75,
            "241.state_sales.mo": -4_23,
            "241.local_sales.creve_coeur": -4_76,
        }
        assert control_sums(sums(entry)) == {"142": 118_74, "241": -18_74, "442": -100_00}

    def test_of_one_jurisdiction_on_two_lines_are_one_leg(self) -> None:
        entry = entry_for_bill(self.made(self.TAXES[1], self.TAXES[1]), learned_at=LEARNED)

        assert entry is not None
        assert sums(entry)["241.state_sales.mo"] == -8_46

    def test_of_nothing_move_nothing(self) -> None:
        exempt = replace(self.TAXES[1], cents=0)

        entry = entry_for_bill(self.made(exempt), learned_at=LEARNED)

        assert entry is not None
        assert sums(entry) == {"142": 100_00, "442": -100_00}

    @pytest.mark.parametrize("service_class", SERVICE_CLASSES)
    def test_stand_beside_revenue_of_the_class_of_service(self, service_class: str) -> None:
        entry = entry_for_bill(self.made(service_class=service_class), learned_at=LEARNED)

        assert entry is not None
        account = {"residential": "440", "lighting": "444"}.get(service_class, "442")
        assert sums(entry) == {"142": 100_00, account: -100_00}
        assert account in CHART

    @pytest.mark.parametrize(
        ("number", "name"),
        [
            ("241", "Tax collections payable"),
            ("241.state_sales.mo", "Tax collections payable: state sales, mo"),
            ("442", "Commercial and industrial sales"),
            ("999", "Other account"),
        ],
    )
    def test_are_named_by_account(self, number: str, name: str) -> None:
        assert account_name(number) == name


class TestTheEntryOfAPayment:
    PAYMENT = Payment(
        "R-1",
        "1234567897",
        50_00,
        Tender.CASH,
        date(2025, 8, 20),
        datetime(2025, 8, 20, tzinfo=UTC),
    )

    def test_moves_cash_against_the_receivable(self) -> None:
        entry = entry_for_payment(self.PAYMENT)

        assert sums(entry) == {"131": 50_00, "142": -50_00}
        assert entry.legs[1].customer_account_id == "1234567897"
        assert entry.entry_id == "payment:R-1"
        assert entry.effective_day == date(2025, 8, 20)
        assert entry.cause == "cash payment R-1"

    @pytest.mark.parametrize("cents", [0, -1])
    def test_is_of_a_positive_amount(self, cents: int) -> None:
        with pytest.raises(InvariantBroken, match="of a positive amount"):
            Payment("R-1", "A", cents, Tender.CASH, date(2025, 8, 20), LEARNED)


class TestAnEntry:
    @pytest.mark.parametrize(
        ("legs", "promise"),
        [
            ((Leg("131", 5), Leg("142", -4)), "balances"),
            ((Leg("131", 0), Leg("142", 0)), "has no empty leg"),
            ((), "moves value between accounts"),
            ((Leg("131", 5),), "moves value between accounts"),
        ],
    )
    def test_cannot_be_made_wrong(self, legs: tuple[Leg, ...], promise: str) -> None:
        with pytest.raises(InvariantBroken, match=f"entry E {promise}"):
            Entry("E", date(2025, 8, 1), LEARNED, legs, "test")
