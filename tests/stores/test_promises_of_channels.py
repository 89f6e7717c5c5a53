"""What stores promise of payment channels: whole changes, each name once, steps in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import errors
from tests.rooms.rulebook_on import the_book
from tests.stores.channels_of_paper import (
    DAY,
    SOON,
    bank_of,
    checkout_of,
    enrollment_of,
    everything,
    file_of,
    order_of,
    pledge_of,
    step_of,
)
from tests.stores.combined_paper import combination_of, combined_of, statement_of
from tests.stores.paper_town import ANALYST, LATER, account_id, bill_of, start_of
from tests.stores.test_promises_of_documents import back_of, document_of

from meterledger.facts.ach import AchReturn
from meterledger.facts.ach_orders import BankStop, DroppedOrder, ReturnAct, StopKind
from meterledger.facts.checkouts import CheckoutState
from meterledger.facts.documents import Channel, SetAside
from meterledger.facts.money import Tender
from meterledger.facts.payments import ReceiptState
from meterledger.facts.pledges import PledgeState
from meterledger.kernel.local_days import day_start_utc
from meterledger.kernel.span import Validity
from meterledger.stores.gateways.processor_fake import Bad, BadProcessor
from meterledger.usecases.ach_in import AchInDesk, take_ach_credits
from meterledger.usecases.ach_out import AchOutDesk, make_ach_file
from meterledger.usecases.ach_out import file_of as file_of_rows
from meterledger.usecases.ach_returns import ReturnDesk, take_ach_returns
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.checkouts import (
    CheckoutDesk,
    answer_checkout,
    ask_checkouts,
    start_checkout,
)
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.pledges import PledgeDesk, promise_pledge, receive_pledge
from meterledger.usecases.ports import Conflict, NotFound, NotViewing
from meterledger.usecases.settle_payment import (
    PaymentDesk,
    ask_to_send_back,
    reverse_payment,
    send_back,
)

ONE, TWO = account_id(1), account_id(2)


def change(**what: Any) -> ChannelChange:
    return ChannelChange("a test", ONE, SOON, **what)


@pytest.fixture
def town(store: Any) -> Iterator[Any]:
    store.start_services([start_of(1), start_of(2)])
    with store.viewing(ANALYST, ["everything"]):
        yield store


def test_a_change_comes_back_as_it_was_kept(town: Any) -> None:
    told = everything()
    town.keep_channel(told)
    assert town.bank_accounts([ONE, TWO]) == list(told.bank_accounts)
    assert town.changed_bank_accounts() == [(told.bank_accounts[1], told.changes_told[0])]
    assert town.bank_stops([ONE]) == list(told.stops)
    assert town.enrollments(on=DAY) == town.enrollments(account_ids=[ONE]) == [enrollment_of()]
    assert town.enrollments(on=DAY - timedelta(days=1)) == town.enrollments(account_ids=[TWO]) == []
    assert town.ach_orders([order_of().order_id, "nobody's"]) == {order_of().order_id: order_of()}
    assert town.orders_to_send(DAY) == []
    assert town.ach_files() == [town.ach_file("20250303A")] == list(told.sent)
    assert town.sent_count() == 1
    assert town.sent_under(["081000210000001", "9"]) == {"081000210000001": told.sent[0].entries[0]}
    assert town.returned_entries() == town.returned_entries(file_sha256="a" * 64)
    again, asks = told.returned
    assert town.returned_entries(order_ids=[order_of().order_id]) == [again]
    assert town.returned_entry("x:1") == (again, None)
    assert town.returned_entry("x:2") == (asks, told.returns_done[0])
    assert town.returns_waiting() == []
    assert town.returns_done(DAY, DAY + timedelta(days=1)) == [(asks, told.returns_done[0])]
    assert town.returns_done(DAY - timedelta(days=1), DAY) == []
    assert town.returned_entries(order_ids=[]) == []
    assert town.autopay_questions() == []
    assert town.checkout("pay-0001").checkout == checkout_of()
    assert town.checkouts(account_ids=[ONE]) == town.checkouts(state=CheckoutState.UNKNOWN)
    assert town.checkouts(state=CheckoutState.UNKNOWN)[0].steps == told.checkout_steps
    assert town.pledge("P-1").pledge == pledge_of()
    assert town.pledges(account_ids=[ONE])[0].steps == told.pledge_steps
    assert town.expected_bank_lines(DAY, DAY + timedelta(days=1)) == list(told.expectations)
    assert town.expected_bank_lines(DAY - timedelta(days=9), DAY) == []
    pending = town.pending_money([ONE, TWO], DAY)
    assert {one.cause: one.cents for one in pending[ONE]} == {
        "checkout:pay-0001": 165_19,
        "pledge:P-1": 60_00,
    }
    assert TWO not in pending
    assert [one.cause for one in town.pending_money([ONE], DAY + timedelta(days=46))[ONE]] == [
        "checkout:pay-0001"
    ]


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"orders": (order_of(1, 3), replace(order_of(), cents=1))}, "an order autopay:B-1:"),
        ({"orders": (order_of(1, 3),), "checkouts": (checkout_of(),)}, "a checkout pay-0001"),
        ({"orders": (order_of(1, 3),), "pledges": (pledge_of(),)}, "a pledge P-1"),
        (
            {"orders": (order_of(1, 3),), "returns_done": everything().returns_done},
            "an end of returned entry x:2",
        ),
        (
            {"orders": (order_of(1, 3),), "expectations": everything().expectations},
            "an expectation ach:x",
        ),
        (
            {
                "orders": (order_of(1, 3),),
                "enrollments": (enrollment_of(1, DAY + timedelta(days=9)),),
            },
            "on autopay on one of the days already",
        ),
    ],
)
def test_a_name_is_used_once_and_nothing_else_of_the_change_stays(
    town: Any, what: dict[str, Any], says: str
) -> None:
    town.keep_channel(everything())
    with pytest.raises(Conflict, match=says):
        town.keep_channel(change(**what))
    assert town.ach_orders([order_of(1, 3).order_id]) == {}


@pytest.mark.parametrize(
    "what",
    [
        {"checkout_steps": (step_of(),)},
        {"pledge_steps": everything().pledge_steps},
        {"sent": (file_of(order_of(), name="20250303B", first=2),)},
        {"sent": (file_of(name="20250303A"),)},
        {"sent": (file_of(order_of(1, 2), name="20250303B", first=2),)},
        {"dropped": (DroppedOrder(order_of().order_id, DAY, "again", SOON),)},
    ],
)
def test_who_comes_second_is_told_that_somebody_was_first(town: Any, what: dict[str, Any]) -> None:
    town.keep_channel(everything())
    with pytest.raises(Moved):
        town.keep_channel(change(**what))
    assert len(town.ach_files()) == 1


@pytest.mark.parametrize(
    "what",
    [
        {"checkouts": (checkout_of(9),)},
        {"pledges": (pledge_of(9),)},
        {
            "bank_accounts": (bank_of(1),),
            "enrollments": (replace(enrollment_of(), account_id="9"),),
        },
    ],
)
def test_what_is_of_nobody_is_refused(town: Any, what: dict[str, Any]) -> None:
    with pytest.raises(NotFound, match="no account"):
        town.keep_channel(change(**what))
    assert town.bank_accounts([ONE]) == []


def test_what_nobody_knows_is_not_found(town: Any) -> None:
    for ask, name in (
        ("checkout", "pay-9"),
        ("pledge", "P-9"),
        ("ach_file", "20990101A"),
        ("returned_entry", "x:9"),
    ):
        with pytest.raises(NotFound, match=name):
            getattr(town, ask)(name)
    with pytest.raises(NotFound, match="not on autopay"):
        town.keep_channel(change(ended=(enrollment_of(),)))


def test_an_enrollment_ends_and_another_may_follow(town: Any) -> None:
    town.keep_channel(everything())
    end = DAY + timedelta(days=30)
    ended = replace(enrollment_of(), days=Validity(DAY, end), learned_at=SOON)
    after = replace(enrollment_of(1, end), learned_at=SOON)
    town.keep_channel(change(ended=(ended,), enrollments=(after,)))
    found = town.enrollments(account_ids=[ONE])
    assert [one.days for one in found] == [Validity(DAY, end), Validity(end)]
    assert town.enrollments(on=end) == [after]
    with pytest.raises(NotFound, match="not on autopay"):  # it ends then already: said once
        town.keep_channel(change(ended=(ended,)))


def test_no_checkout_is_begun_while_another_of_the_account_is_unknown(town: Any) -> None:
    town.keep_channel(everything())
    other = replace(checkout_of(), checkout_id="pay-0009")
    with pytest.raises(Conflict, match="Another checkout of it has no known outcome"):
        town.keep_channel(change(checkouts=(other,)))
    refused = step_of(1, step=2, state=CheckoutState.REFUSED)
    town.keep_channel(change(checkout_steps=(refused,)))
    town.keep_channel(change(checkouts=(other,)))


def test_bills_due_are_those_of_accounts_on_autopay_that_day(town: Any) -> None:
    town.record_bills([bill_of(1), bill_of(2), bill_of(1, 1)])
    bill = bill_of(1, 1)[0]
    town.keep_channel(everything())
    assert town.autopay_due(bill.due_day) == [(enrollment_of(), bill.bill_id)]
    assert town.autopay_due(bill.due_day + timedelta(days=1)) == []
    assert town.autopay_due(bill_of(1)[0].due_day) == []  # before the account was on autopay


def test_a_bill_of_a_combined_statement_is_due_for_autopay_on_the_companys_day(town: Any) -> None:
    """Not on its own, on which the customer was not asked for it (GRR V.B)."""
    town.record_bills([bill_of(1), bill_of(2), bill_of(1, 1)])
    town.keep_channel(everything())
    own = bill_of(1, 1)[0]
    line = replace(statement_of().bills[0], bill_id=own.bill_id, days=own.days)
    companys = own.due_day + timedelta(days=9)
    told = replace(statement_of(), issued_day=own.issued_day, due_day=companys, bills=(line,))
    town.begin_combination(combination_of(), [combined_of(1)])
    town.record_combined_statement(told)
    assert town.autopay_due(own.due_day) == []
    assert town.autopay_due(companys) == [(enrollment_of(), own.bill_id)]


def test_a_bill_that_went_out_late_is_due_for_autopay_later_and_one_that_came_back_not_yet(
    town: Any,
) -> None:
    town.record_bills([bill_of(1), bill_of(2), bill_of(1, 1)])
    town.keep_channel(everything())
    own = bill_of(1, 1)[0]
    later = own.due_day + timedelta(days=9)
    sent = document_of(1, bill_id=own.bill_id, channel=Channel.ELECTRONIC, address="ann@x")
    town.record_documents([sent])
    assert town.autopay_due(own.due_day) == [(enrollment_of(), own.bill_id)]
    town.record_came_back(replace(back_of(1), bill_id=own.bill_id))
    assert town.autopay_due(own.due_day) == []
    town.record_documents([replace(sent, channel=Channel.PRINT, due_day=later)])
    assert town.autopay_due(own.due_day) == []
    assert town.autopay_due(later) == [(enrollment_of(), own.bill_id)]


def test_a_bill_that_was_set_aside_is_not_due_for_autopay(town: Any) -> None:
    town.record_bills([bill_of(1), bill_of(1, 1)])
    town.keep_channel(everything())
    own = bill_of(1, 1)[0]
    aside = SetAside(own.bill_id, own.account_id, "a run", "a letter", SOON)
    town.record_documents([], [aside])
    assert town.autopay_due(own.due_day) == []
    town.record_documents([document_of(1, bill_id=own.bill_id)])
    assert town.autopay_due(own.due_day) == [(enrollment_of(), own.bill_id)]


def test_an_outcome_that_was_unknown_stays_unknown_as_it_was_known_then(town: Any) -> None:
    town.keep_channel(everything())
    posted = step_of(1, step=2, state=CheckoutState.POSTED, learned_at=SOON + timedelta(hours=1))
    town.keep_channel(change(checkout_steps=(posted,)))
    before = LATER - timedelta(seconds=1)
    asked = [ONE, TWO]
    assert town.unknown_payment_cents(asked, before) == {}
    assert town.unknown_payment_cents(asked, LATER) == {ONE: 165_19}
    assert town.unknown_payment_cents(asked, SOON) == {ONE: 165_19}
    assert town.unknown_payment_cents(asked, posted.learned_at) == {}


def test_a_question_is_open_until_it_is_answered(town: Any) -> None:
    told = everything()
    town.keep_channel(change(questions=told.questions))
    assert town.autopay_questions() == list(told.questions)
    assert town.autopay_answers(["B-2"]) == {}
    town.keep_channel(change(answered=told.answered))
    assert town.autopay_questions() == []
    assert town.autopay_answers(["B-2", "B-1"]) == {"B-2": told.answered[0]}


def test_a_bill_asks_again_after_it_was_answered_and_the_last_answer_holds(town: Any) -> None:
    told = everything()
    (first,), (left,) = told.questions, told.answered
    again = replace(first, number=2, cents=4)
    drawn = replace(left, number=2, is_drawn=True)
    town.keep_channel(change(questions=(first,), answered=(left,)))
    with pytest.raises(Conflict, match="B-2"):
        town.keep_channel(change(questions=(first,)))
    town.keep_channel(change(questions=(again,)))
    assert town.autopay_questions() == [again]
    assert town.autopay_answers(["B-2"]) == {"B-2": left}
    town.keep_channel(change(answered=(drawn,)))
    assert town.autopay_questions() == []
    assert town.autopay_answers(["B-2"]) == {"B-2": drawn}


def test_nothing_is_read_without_a_viewer(store: Any) -> None:
    for ask in (
        lambda: store.bank_accounts([ONE]),
        lambda: store.checkouts(),
        lambda: store.pledges(),
        lambda: store.pending_money([ONE], DAY),
        lambda: store.returned_entry("x:1"),
        lambda: store.returns_waiting(),
        lambda: store.returns_done(DAY, DAY),
        lambda: store.autopay_questions(),
        lambda: store.autopay_answers(["B-2"]),
    ):
        with pytest.raises(NotViewing):
            ask()


def test_a_checkout_is_posted_and_taken_back_with_its_steps(town: Any) -> None:
    """The whole way over the store: begun, silent, asked, paid twice, charged back."""
    town.record_bills([bill_of(1)])
    processor = BadProcessor()

    def desk(minutes: int) -> CheckoutDesk:
        return CheckoutDesk(town, processor, the_book(), SOON + timedelta(minutes=minutes))

    processor.next_bad = [Bad.SILENT_AFTER_ACTING]
    start_checkout("pay-0002", account_id=ONE, cents=165_19, tender=Tender.CARD, desk=desk(0))
    processor.pay("pay-0002", 165_19)
    assert len(ask_checkouts(desk=desk(11)).heard) == 1
    told = processor.callbacks[0]
    answer_checkout(told.body, told.signature, desk=desk(12))
    assert town.balance_cents(ONE) == 0
    assert [one.state for one in town.checkout("pay-0002").steps] == [
        CheckoutState.UNKNOWN,
        CheckoutState.POSTED,
    ]
    processor.charge_back("pay-0002")
    told = processor.callbacks[1]
    answer_checkout(told.body, told.signature, desk=desk(20))
    assert town.balance_cents(ONE) == 165_19
    assert town.receipt("checkout:pay-0002").state is ReceiptState.RETURNED
    assert sum(town.trial_balance().values()) == 0


def test_a_debit_goes_out_and_comes_back_and_pledges_pay_what_they_name(town: Any) -> None:
    """The other journeys over the store: file, return, credits in, a pledge with a rest."""
    bill, _ = bill_of(1)
    item = f"bill:{bill.bill_id}"
    town.record_bills([bill_of(1)])
    order = replace(order_of(), cause=item, order_id=f"autopay:{bill.bill_id}:1")
    town.keep_channel(
        change(bank_accounts=(bank_of(),), enrollments=(enrollment_of(),), orders=(order,))
    )
    noon = day_start_utc(DAY, the_book().time_zone) + timedelta(hours=12)
    file = make_ach_file(desk=AchOutDesk(town, the_book(), noon)).file
    assert file is not None
    assert town.balance_cents(ONE) == 0
    assert town.receipt(file.entries[0].payment_key).state is ReceiptState.POSTED

    class Plain:
        def unseal(self, sealed: bytes) -> str:
            return "123456789"

    sent = file_of_rows(file.file_id, store=town, numbers=Plain())  # type: ignore[arg-type]
    back = AchReturn("R10", file.entries[0].trace, "08100021")
    entry = replace(sent.entries[0], code=36, returned=back)
    batch = replace(sent.batches[0], service_class=200, entries=(entry,))
    returns = replace(sent, batches=(batch,))
    desk = ReturnDesk(town, the_book(), noon + timedelta(days=2))
    (one,), new = take_ach_returns(returns, name="back", sha256="b" * 64, desk=desk)
    assert (new, one.act) == (True, ReturnAct.NEVER)
    assert town.balance_cents(ONE) == 165_19
    assert take_ach_returns(returns, name="back", sha256="b" * 64, desk=desk)[1] is False
    assert town.bank_stops([ONE])[0].kind is StopKind.NEVER

    credit = replace(entry, code=22, returned=None, cents=5_00, identification=f"for {ONE}")
    stray = replace(credit, identification="", trace="081000210000002", cents=7_00)
    batch = replace(sent.batches[0], service_class=220, entries=(credit, stray))
    incoming = replace(sent, batches=(replace(batch, effective_day=DAY),))
    in_desk = AchInDesk(town, the_book(), noon)
    taken, _ = take_ach_credits(incoming, name="in", sha256="c" * 64, by="Ana", desk=in_desk)
    assert (taken.posted.cents, taken.unapplied.cents) == (5_00, 7_00)
    assert town.balance_cents(ONE) == 160_19

    later = DAY + timedelta(days=3)
    pledges = PledgeDesk(town, the_book(), noon + timedelta(days=3))
    given = {"account_id": ONE, "agency": "Heartland", "for_items": [item], "by": "Ana"}
    promise_pledge("P-9", cents=160_19, desk=pledges, **given)
    receive_pledge("P-9", cents=170_19, payment_key="k", on=later, by="Ana", desk=pledges)
    assert town.balance_cents(ONE) == 0
    assert town.trial_balance()["253.unapplied"] == -17_00
    back = PaymentDesk(town, the_book(), noon + timedelta(days=3))
    ask_to_send_back("k:rest", by="Ana", reason="not needed", desk=back)
    send_back("k:rest", by="Ben", reason="seen", desk=back)
    stray_key = next(one.receipt.payment_key for one in town.receipts(state=ReceiptState.UNAPPLIED))
    reverse_payment(stray_key, on=later, by="Ana", reason="recalled", desk=back)
    assert town.trial_balance()["253.unapplied"] == 0
    lines = town.expected_bank_lines(DAY - timedelta(days=9), DAY + timedelta(days=9))
    for account in ("131.ach", "131.agency"):
        expected = sum(line.cents for line in lines if line.ledger_account == account)
        assert expected == town.trial_balance()[account]

    assert town.pledge("P-9").returns == ()
    reverse_payment("k", on=later, by="bank", reason="no funds", desk=back)
    on_file = town.pledge("P-9")
    assert [(one.payment_key, one.cents, one.on, one.by) for one in on_file.returns] == [
        ("k", 160_19, later, "bank"),
        ("k:rest", 10_00, later, "Ben"),
    ]
    assert (on_file.received_cents, on_file.state_on(later)) == (0, PledgeState.PENDING)
    assert town.pledges(account_ids=[ONE])[-1] == on_file
    assert town.pending_money([ONE], later)[ONE][-1].cents == 160_19


@pytest.mark.postgres
class TestDatabase:
    """What no program can do, however careless."""

    @pytest.fixture
    def kept(self, postgres: Any) -> Any:
        postgres.start_services([start_of(1), start_of(2)])
        postgres.keep_channel(everything())
        return postgres

    def test_refuses_a_debit_that_was_not_authorized(self, kept: Any) -> None:
        never = BankStop(ONE, bank_of().fingerprint, StopKind.NEVER, "R10", DAY, SOON)
        kept.keep_channel(change(stops=(never,), orders=(order_of(1, 3),)))
        with pytest.raises(errors.CheckViolation, match="said it was not authorized"):
            kept.keep_channel(change(sent=(file_of(order_of(1, 3), name="20250303B", first=2),)))

    def test_refuses_a_second_order_for_one_attempt(self, kept: Any) -> None:
        twin = replace(order_of(), order_id="another name")
        with pytest.raises(Conflict, match="an order"):
            kept.keep_channel(change(orders=(twin,)))

    def test_refuses_to_post_a_checkout_twice(self, kept: Any) -> None:
        posted = CheckoutState.POSTED
        first = step_of(1, step=2, state=posted, payment_key="checkout:pay-0001")
        kept.keep_channel(change(checkout_steps=(first,)))
        with pytest.raises(Moved):
            kept.keep_channel(change(checkout_steps=(replace(first, number=3),)))

    @pytest.mark.parametrize(
        "number", ["4111111111111111", "x378282246310005.", "6011111111111117", "5555555555554444"]
    )
    def test_refuses_a_card_number(self, kept: Any, number: str) -> None:
        with pytest.raises(errors.CheckViolation, match="no_card_number_in_an_answer"):
            kept.keep_channel(change(checkout_steps=(step_of(1, step=2, sentence=number),)))

    def test_takes_other_numbers(self, kept: Any) -> None:
        kept.keep_channel(
            change(checkout_steps=(step_of(1, step=2, sentence="4111111111111112, 4000000016"),))
        )

    @pytest.mark.parametrize("table", ["checkout_step", "ach_order", "bank_account", "pledge"])
    @pytest.mark.parametrize("verb", ["DELETE FROM {}", "UPDATE {} SET learned_at = now()"])
    def test_lets_nobody_change_what_is_kept(
        self, kept: Any, application: Any, table: str, verb: str
    ) -> None:
        with pytest.raises(errors.InsufficientPrivilege):
            application.execute(verb.format(table))


def test_the_town_learns_in_order() -> None:
    assert LATER < SOON
