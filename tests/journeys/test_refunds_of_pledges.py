"""A pledge whose debt was corrected: its money goes back to the agency, and not to the customer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.paper_town import ANALYST, account_id, bill_of, rebill_of, start_of

from meterledger.facts.money import Tender
from meterledger.facts.settlements import Means, Payee
from meterledger.ledger import DEPOSITS, RefundWay
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.pledges import PledgeDesk, promise_pledge, receive_pledge
from meterledger.usecases.refund_credit import ask_refund, settle_final_credit, verify_payee
from meterledger.usecases.refund_payees import payee_of_refund
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment
from meterledger.usecases.settlements import CannotSettle, MoneyDesk
from meterledger.usecases.take_payment import How, take_payment

AT = datetime(2026, 12, 1, 12, tzinfo=UTC)
TODAY = AT.date()
ONE, SAME = account_id(1), account_id(3)
BILL = f"bill:{bill_of(1)[0].bill_id}"
FINDERS = {"by": "Ana", "reason": "asked by telephone"}
AGENCY = Payee("Heartland", Means.CHECK, payment_key="chk-1")


class Case:
    """Account 1 has ended: of its bill of 165.19 the customer paid 65.19 and an agency 100.00."""

    def __init__(self, book: Any) -> None:
        self.store, self.book, self.seconds = MemoryStore(), book, 0

    def desk(self) -> MoneyDesk:
        self.seconds += 1
        return MoneyDesk(self.store, self.book, TODAY, AT + timedelta(seconds=self.seconds))

    def begin(self, *, lives_on: bool = False) -> None:
        self.store.start_services([start_of(1)])
        third = start_of(3)
        same = replace(third.holders[0], person_id="person-1")
        self.store.start_service(replace(third, persons=(), holders=(same,)))
        for agreement in ("AG-1-20250101", *(() if lives_on else ("AG-3-20250101",))):
            self.store.stop_service(agreement, date(2025, 3, 2), AT)
        self.store.record_bills([bill_of(1), bill_of(1, 1, cents=0)])
        self.pay(65_19, "K-1")
        desk = PledgeDesk(self.store, self.book.as_known(TODAY), AT)
        promise_pledge(
            *("P-1",),
            account_id=ONE,
            agency="Heartland",
            cents=100_00,
            for_items=[BILL],
            by="Ana",
            desk=desk,
        )
        receive_pledge("P-1", cents=100_00, payment_key="chk-1", on=TODAY, by="Ana", desk=desk)

    def pay(self, cents: int, key: str, on: date = date(2025, 3, 10)) -> None:
        desk = self.desk()
        take_payment(
            account_id=ONE,
            cents=cents,
            payment_key=key,
            received_day=on,
            learned_at=desk.now,
            view=desk.view,
            store=self.store,
            how=How(Tender.CASH),
        )

    def bring_back(self, key: str) -> None:
        desk = self.desk()
        bank = PaymentDesk(self.store, desk.view, desk.now)
        reverse_payment(key, on=TODAY, by="bank", reason="no funds", desk=bank)

    def verify(self, payee: str, name: str) -> None:
        verify_payee(
            payee,
            account_id=ONE,
            name=name,
            means=Means.CHECK,
            details="1 Main Street",
            by="Ana",
            evidence="a letter",
            desk=self.desk(),
        )

    def correct(self, cents: int = 100_00) -> None:
        """The bill is corrected: what was paid beyond it is credit, the newest money's."""
        self.store.record_rebills([rebill_of(1, cents=cents)])

    def approve(self, settlement_id: str) -> None:
        approve_settlement(settlement_id, by="Ben", reason="looked at it", desk=self.desk())


@pytest.fixture
def case(first_book: Any) -> Iterator[Case]:
    made = Case(first_book)
    with made.store.viewing(ANALYST, ["all"]):
        made.begin()
        yield made


def test_goes_back_to_the_agency_where_nobody_is_named(case: Case) -> None:
    case.correct()

    asked = ask_refund(ONE, 65_19, desk=case.desk(), **FINDERS).case

    assert asked.payee == AGENCY
    case.approve(asked.settlement_id)
    assert case.store.balance_cents(ONE) == 0
    assert replay_settlement(asked, case.desk())


def test_of_the_customers_own_credit_goes_to_the_customer_though_a_pledge_is_newer(
    case: Case,
) -> None:
    case.pay(20_00, "own-2")  # all of the pledge is used: this is beyond the bill

    asked = ask_refund(ONE, 20_00, desk=case.desk(), **FINDERS).case

    assert asked.payee is not None
    assert (asked.payee.payment_key, asked.payee.name) == ("own-2", "Ana Rivera 1")


class TestOfBoth:
    @pytest.fixture
    def both(self, case: Case) -> Case:
        """65.19 of the credit is the agency's, 10.00 the customer's."""
        case.correct()
        case.pay(10_00, "own-2", TODAY)
        return case

    def test_each_gets_its_part_and_no_cent_more(self, both: Case) -> None:
        to_agency = {"payment_key": "chk-1", **FINDERS}

        with pytest.raises(CannotSettle, match=r"10.01 cannot go to one: \$10.00 is the customer"):
            ask_refund(ONE, 10_01, desk=both.desk(), **FINDERS)
        with pytest.raises(CannotSettle, match=r"\$65.19 is of Heartland \(--payment chk-1\)"):
            ask_refund(ONE, 65_20, desk=both.desk(), **to_agency)
        own = ask_refund(ONE, 10_00, desk=both.desk(), **FINDERS).case
        agencys = ask_refund(ONE, 65_19, desk=both.desk(), **to_agency).case

        assert own.payee is not None
        assert (own.payee.payment_key, agencys.payee) == ("own-2", AGENCY)
        for one in (own, agencys):
            both.approve(one.settlement_id)
        assert both.store.balance_cents(ONE) == 0

    def test_what_is_asked_for_already_is_not_asked_for_again(self, both: Case) -> None:
        to_agency = {"payment_key": "chk-1", **FINDERS}
        ask_refund(ONE, 60_00, desk=both.desk(), **to_agency)

        with pytest.raises(CannotSettle, match=r"\$5.19 is of Heartland"):
            ask_refund(ONE, 5_20, desk=both.desk(), **to_agency)
        assert ask_refund(ONE, 5_19, desk=both.desk(), **to_agency).is_new

    def test_the_agencys_terms_may_leave_it_to_the_customer(self, both: Case) -> None:
        asked = ask_refund(
            ONE, 75_19, agency_terms="aid of 2026, part 4", desk=both.desk(), **FINDERS
        ).case

        assert asked.payee is not None
        assert asked.payee.payment_key == "own-2"
        assert asked.asked.reason == ("asked by telephone; the agency's terms: aid of 2026, part 4")
        both.approve(asked.settlement_id)
        assert both.store.balance_cents(ONE) == 0
        assert replay_settlement(asked, both.desk())

    def test_a_verified_payee_gets_an_agencys_part_only_if_it_is_the_agency(
        self, both: Case
    ) -> None:
        for payee, name in (("V-1", "Person 1"), ("V-2", "Heartland")):
            both.verify(payee, name)

        with pytest.raises(CannotSettle, match="unless its terms leave it to the customer"):
            ask_refund(ONE, 65_19, payee_id="V-1", desk=both.desk(), **FINDERS)
        assert ask_refund(ONE, 65_19, payee_id="V-2", desk=both.desk(), **FINDERS).is_new
        assert ask_refund(ONE, 10_00, payee_id="V-1", desk=both.desk(), **FINDERS).is_new

    def test_two_people_who_ask_for_the_customers_part_do_not_get_the_agencys(
        self, both: Case
    ) -> None:
        ask_refund(ONE, 6_00, desk=both.desk(), **FINDERS)

        with pytest.raises(CannotSettle, match=r"cannot go to one: \$4.00 is the customer"):
            ask_refund(ONE, 4_01, desk=both.desk(), **FINDERS)
        assert ask_refund(ONE, 4_00, desk=both.desk(), **FINDERS).is_new

    def test_what_the_agency_had_as_a_verified_payee_is_its_part(self, both: Case) -> None:
        both.verify("V-2", "Heartland")
        asked = ask_refund(ONE, 60_00, payee_id="V-2", desk=both.desk(), **FINDERS).case
        with pytest.raises(CannotSettle, match=r"\$5.19 is of Heartland"):
            ask_refund(ONE, 5_20, payment_key="chk-1", desk=both.desk(), **FINDERS)
        both.approve(asked.settlement_id)

        rest = ask_refund(ONE, 5_19, payee_id="V-2", desk=both.desk(), **FINDERS).case
        both.approve(rest.settlement_id)
        own = ask_refund(ONE, 10_00, desk=both.desk(), **FINDERS).case

        assert own.payee is not None
        assert own.payee.payment_key == "own-2"


class TestIsDecidedAgainWhenItIsApproved:
    def test_where_the_customers_own_payment_came_back_since(self, case: Case) -> None:
        case.correct()
        case.pay(10_00, "own-2", TODAY)
        asked = ask_refund(ONE, 10_00, desk=case.desk(), **FINDERS).case
        case.bring_back("own-2")

        with pytest.raises(CannotSettle, match="cannot go to Ana Rivera 1 any more: payment own"):
            case.approve(asked.settlement_id)

        assert case.store.balance_cents(ONE) == -65_19
        assert case.store.settlement(asked.settlement_id).awaits_approval

    @pytest.mark.parametrize(("comes_back", "may_go"), [("own-2", False), ("own-3", True)])
    def test_by_what_is_left_for_a_verified_payee(
        self, case: Case, comes_back: str, may_go: bool
    ) -> None:
        case.correct()
        case.pay(10_00, "own-2", TODAY)
        case.verify("V-1", "Person 1")
        asked = ask_refund(ONE, 10_00, payee_id="V-1", desk=case.desk(), **FINDERS).case
        case.pay(1_00, "own-3", TODAY)
        case.bring_back(comes_back)

        if may_go:
            case.approve(asked.settlement_id)
        else:
            with pytest.raises(CannotSettle, match=r"\$1.00 is the customer's, \$65.19 is"):
                case.approve(asked.settlement_id)

        assert case.store.balance_cents(ONE) == (-65_19 if may_go else -66_19)

    def test_who_is_approved_first_has_it(self, case: Case) -> None:
        case.correct()
        case.pay(10_00, "own-2", TODAY)
        first = ask_refund(ONE, 6_00, desk=case.desk(), **FINDERS).case
        other = ask_refund(ONE, 4_00, desk=case.desk(), **FINDERS).case

        for one in (other, first):
            case.approve(one.settlement_id)

        assert case.store.balance_cents(ONE) == -65_19


class TestOfADeposit:
    """It came with a move, so that all the account itself ever had was an agency's."""

    @pytest.mark.parametrize(
        ("payment_key", "words"),
        [("", "nobody is known to whom money may go"), ("chk-1", "no pledge pays a deposit")],
    )
    def test_nothing_goes_to_an_agency(self, case: Case, payment_key: str, words: str) -> None:
        case.bring_back("K-1")
        case.correct(0)

        with pytest.raises(CannotSettle, match=words):
            payee_of_refund(ONE, 5_00, case.desk(), source=DEPOSITS, payment_key=payment_key)


class TestOfAnAccountThatEnded:
    def test_the_agencys_part_is_asked_for_first_and_then_the_customers(self, case: Case) -> None:
        case.correct()
        case.pay(10_00, "own-2", TODAY)

        first = settle_final_credit(ONE, by="final credits", desk=case.desk())
        waits = settle_final_credit(ONE, by="final credits", desk=case.desk())
        assert first.case is not None
        case.approve(first.case.settlement_id)
        then = settle_final_credit(ONE, by="final credits", desk=case.desk())

        assert (first.way, first.cents, first.case.payee) == (RefundWay.BACK, 65_19, AGENCY)
        assert first.words == "$65.19 of the credit is of the pledge of Heartland"
        assert (waits.case, waits.is_new) == (first.case, False)
        assert then.case is not None
        assert then.case.payee is not None
        assert (then.cents, then.case.payee.payment_key) == (10_00, "own-2")
        for one in (first.case, then.case):
            assert replay_settlement(one, case.desk())

    def test_nothing_of_a_pledge_moves_to_the_customers_live_account(self, first_book: Any) -> None:
        case = Case(first_book)
        with case.store.viewing(ANALYST, ["all"]):
            case.begin(lives_on=True)
            case.correct()
            case.pay(10_00, "own-2", TODAY)

            first = settle_final_credit(ONE, by="final credits", desk=case.desk())
            assert first.case is not None
            case.approve(first.case.settlement_id)
            then = settle_final_credit(ONE, by="final credits", desk=case.desk())

            assert (first.way, first.cents) == (RefundWay.BACK, 65_19)
            assert (then.way, then.cents) == (RefundWay.MOVES, 10_00)
            assert [case.store.balance_cents(one) for one in (ONE, SAME)] == [0, -10_00]


def test_of_an_agency_that_no_pledge_names_asks_for_its_name(case: Case) -> None:
    case.store._pledges.clear()
    case.correct()

    with pytest.raises(CannotSettle, match="Payment chk-1 was an agency's, and no pledge says"):
        ask_refund(ONE, 65_19, desk=case.desk(), **FINDERS)
