"""What is decided of credits, refunds, write-offs, returned payments and unclaimed money.

Both sides of each boundary, on the real book; the one amount it lacks is refused.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.rooms.rulebook_on import terms_on

from meterledger.kernel.money import Cents
from meterledger.ledger import (
    AbandonedFacts,
    CreditFacts,
    GoodwillFacts,
    ProvisionFacts,
    RecoveryFacts,
    RefundWay,
    ReturnFacts,
    StaleFacts,
    WriteOffFacts,
    decide_abandoned,
    decide_goodwill,
    decide_provision,
    decide_recovery,
    decide_refund,
    decide_returned_charge,
    decide_stale,
    decide_write_off,
)
from meterledger.ledger.refunds import RefundContradicts
from meterledger.ledger.returned_payment import ChargeNotHeld

DAY = date(2025, 10, 1)


class TestACreditOfAnAccountThatEnded:
    @pytest.mark.parametrize(
        ("cents", "way"),
        [
            (99, RefundWay.ON_REQUEST),
            (100, RefundWay.BACK),  # exactly one dollar is read with what is above
            (101, RefundWay.BACK),
        ],
    )
    def test_goes_back_by_itself_from_one_dollar_on(self, cents: int, way: RefundWay) -> None:
        facts = CreditFacts(Cents(cents), in_service=False)

        decision = decide_refund(facts, terms_on(DAY))

        assert (decision.outcome.way, decision.outcome.amount_cents) == (way, cents)

    def test_of_exactly_one_dollar_waits_where_the_other_reading_is_chosen(self) -> None:
        terms = terms_on(DAY, readings={"money.one_dollar_exact": "on_request_only"})

        ways = [
            decide_refund(CreditFacts(Cents(cents), in_service=False), terms).outcome.way
            for cents in (100, 101)
        ]

        assert ways == [RefundWay.ON_REQUEST, RefundWay.BACK]

    def test_has_twenty_one_days_to_go_back(self) -> None:
        decision = decide_refund(CreditFacts(Cents(5_00), in_service=False), terms_on(DAY))

        assert decision.outcome.by_day == date(2025, 10, 22)
        assert decision.reasons[0].finding == (
            "$5.00 is above $1.00: it goes back without being asked for"
        )
        assert decision.reasons[0].citation.paragraph == "GRR VI.C.4"

    def test_waits_for_the_final_bill(self) -> None:
        facts = CreditFacts(
            Cents(50_00), in_service=False, live_account=True, final_bill_to_come=True
        )

        decision = decide_refund(facts, terms_on(DAY))

        assert (decision.outcome.way, decision.outcome.amount_cents) == (RefundWay.STAYS, 0)
        assert "pays the final bill, which is not issued yet" in decision.reasons[0].finding

    def test_moves_to_the_account_that_goes_on(self) -> None:
        facts = CreditFacts(Cents(50), in_service=False, live_account=True)

        assert decide_refund(facts, terms_on(DAY)).outcome.way is RefundWay.MOVES


class TestACreditThatIsAskedFor:
    def test_goes_back_even_below_the_floor(self) -> None:
        decision = decide_refund(CreditFacts(Cents(50), Cents(50)), terms_on(DAY))

        assert (decision.outcome.way, decision.outcome.amount_cents) == (RefundWay.BACK, 50)

    def test_is_no_more_than_there_is(self) -> None:
        with pytest.raises(RefundContradicts, match=r"\$5\.01 is asked for, .* credit is \$5\.00"):
            decide_refund(CreditFacts(Cents(5_00), Cents(5_01)), terms_on(DAY))

    def test_is_nothing_where_money_is_owed(self) -> None:
        with pytest.raises(RefundContradicts, match=r"Ask for at most \$0\.00"):
            decide_refund(CreditFacts(Cents(-5_00), Cents(1)), terms_on(DAY))

    def test_stays_where_nobody_asks_and_service_goes_on(self) -> None:
        decision = decide_refund(CreditFacts(Cents(5_00)), terms_on(DAY))

        assert decision.outcome.way is RefundWay.STAYS
        assert "pays the next bill" in decision.reasons[0].finding


class TestGoodwill:
    @pytest.mark.parametrize(("cents", "may"), [(250_00, True), (250_01, False), (0, False)])
    def test_is_limited(self, cents: int, may: bool) -> None:
        decision = decide_goodwill(GoodwillFacts(Cents(cents)), terms_on(DAY))

        assert decision.outcome.may_be_given is may


def owed(**changed: object) -> WriteOffFacts:
    told = {"balance_cents": Cents(80_00), "in_service": False, "final_due": date(2025, 7, 3),
            "last_paid": None}  # fmt: skip
    return WriteOffFacts(**{**told, **changed})  # type: ignore[arg-type]


class TestAWriteOff:
    @pytest.mark.parametrize(("waited", "may"), [(89, False), (90, True)])
    def test_waits_ninety_days_after_the_last_bill_was_due(self, waited: int, may: bool) -> None:
        terms = terms_on(date(2025, 7, 3) + timedelta(days=waited))

        decision = decide_write_off(owed(), terms)

        assert decision.outcome.may_be_written_off is may
        assert decision.outcome.from_day == date(2025, 10, 1)

    def test_waits_again_after_a_payment(self) -> None:
        decision = decide_write_off(owed(last_paid=date(2025, 7, 4)), terms_on(DAY))

        assert not decision.outcome.may_be_written_off
        assert decision.reasons[0].finding == (
            "89 days have passed since it was last paid on, of 90"
        )

    @pytest.mark.parametrize(("cents", "two"), [(100_00, False), (100_01, True)])
    def test_above_the_ceiling_needs_two_people(self, cents: int, two: bool) -> None:
        decision = decide_write_off(owed(balance_cents=Cents(cents)), terms_on(DAY))

        assert decision.outcome.needs_two is two

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"balance_cents": Cents(0)}, "nothing is owed"),
            ({"in_service": True}, "takes service"),
            ({"disputed": True}, "in dispute"),
            ({"under_agreement": True}, "under an agreement"),
            ({"with_agency": True}, "with an agency"),
            ({"final_due": None}, "no bill of it is known"),
        ],
    )
    def test_is_not_made(self, changed: dict[str, object], words: str) -> None:
        decision = decide_write_off(owed(**changed), terms_on(DAY))

        assert not decision.outcome.may_be_written_off
        assert words in decision.reasons[0].finding

    def test_tells_everything_that_is_against_it(self) -> None:
        decision = decide_write_off(owed(disputed=True, in_service=True), terms_on(DAY))

        assert len(decision.reasons) == 2


def test_a_provision_is_a_share_of_revenue_and_never_below_zero() -> None:
    shares = [
        decide_provision(ProvisionFacts(Cents(cents)), terms_on(DAY)).outcome.amount_cents
        for cents in (1_000_00, 83, 84, -1_000_00)
    ]

    assert shares == [6_00, 0, 1, 0]  # 0.60 percent: of 84 cents it is half a cent and more


@pytest.mark.parametrize(
    ("paid", "written_off", "cents"), [(30, 50, 30), (50, 50, 50), (60, 50, 50), (60, 0, 0)]
)
def test_a_recovery_is_no_more_than_what_was_written_off(
    paid: int, written_off: int, cents: int
) -> None:
    decision = decide_recovery(RecoveryFacts(Cents(paid), Cents(written_off)), terms_on(DAY))

    assert decision.outcome.amount_cents == cents


class TestTheChargeForAReturnedPayment:
    def test_is_not_made_where_the_error_is_ours(self) -> None:
        facts = ReturnFacts(our_error=True)

        decision = decide_returned_charge(facts, terms_on(DAY), amount_is_held=False)

        assert decision.outcome.amount_cents == 0
        assert "this return is an error of ours" in decision.reasons[0].finding

    def test_is_not_made_where_the_law_forbids_it(self) -> None:
        facts = ReturnFacts(our_error=False, forbidden_by="a court has stayed collection")

        decision = decide_returned_charge(facts, terms_on(DAY), amount_is_held=False)

        assert decision.reasons[0].finding == "no charge: a court has stayed collection"

    def test_is_refused_where_its_amount_is_not_held(self) -> None:
        with pytest.raises(ChargeNotHeld, match=r"Sheet 63, gap M-01: The charge for a returned"):
            decide_returned_charge(ReturnFacts(False), terms_on(DAY), amount_is_held=False)


class TestUnclaimedMoney:
    @pytest.mark.parametrize(("days", "stale"), [(180, False), (181, True)])
    def test_is_a_refund_that_waited_too_long(self, days: int, stale: bool) -> None:
        facts = StaleFacts(DAY - timedelta(days=days))

        assert decide_stale(facts, terms_on(DAY)).outcome.is_stale is stale

    @pytest.mark.parametrize(
        ("since", "cutoff"),
        [
            (date(2020, 6, 30), date(2025, 6, 30)),
            (date(2020, 7, 1), date(2026, 6, 30)),
            (date(2020, 2, 29), date(2025, 6, 30)),
        ],
    )
    def test_stands_in_the_report_of_the_year_in_which_it_is_abandoned(
        self, since: date, cutoff: date
    ) -> None:
        decision = decide_abandoned(AbandonedFacts(since, Cents(10_00), False), terms_on(DAY))

        assert decision.outcome.cutoff == cutoff
        assert decision.outcome.due is (cutoff < DAY)

    @pytest.mark.parametrize(
        ("cents", "noticed", "named", "needs"),
        [(49_99, False, False, False), (50_00, False, True, True), (50_00, True, True, False)],
    )
    def test_from_fifty_dollars_on_names_an_owner_who_was_written_to(
        self, cents: int, noticed: bool, named: bool, needs: bool
    ) -> None:
        facts = AbandonedFacts(date(2019, 1, 1), Cents(cents), noticed)

        outcome = decide_abandoned(facts, terms_on(DAY)).outcome

        assert (outcome.named, outcome.needs_notice) == (named, needs)
