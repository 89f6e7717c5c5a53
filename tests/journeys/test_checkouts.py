"""Checkouts over a processor that behaves badly: nothing lost, nothing twice, each one ends."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
)
from tests.journeys.channel_town import ACCOUNT, NOW, OWED, desk_of, town
from tests.stores.paper_town import account_id

from meterledger.facts.checkouts import SAYS_NOTHING, Answer, CheckoutState, HeardBy, Said
from meterledger.facts.money import Tender
from meterledger.facts.payments import ReceiptState
from meterledger.stores.gateways.processor import answer_body, read_answer, signature_of
from meterledger.stores.gateways.processor_fake import Bad, BadProcessor
from meterledger.usecases.channel_ports import CallbackRefused
from meterledger.usecases.checkouts import (
    CheckoutRefused,
    answer_checkout,
    ask_checkout,
    ask_checkouts,
    hear,
    settle_checkout,
    start_checkout,
)
from meterledger.usecases.no_card_numbers import CardNumberRefused, looks_like_a_card
from meterledger.usecases.payment_keys import payment_key_of
from meterledger.usecases.ports import Conflict, NotFound

KEY = "pay-0001"


@pytest.fixture
def place() -> Any:
    class Place:
        store = town()
        processor = BadProcessor()

        def desk(self, minutes: int = 0) -> Any:
            return desk_of(self.store, self.processor, minutes=minutes)

        def start(self, key: str = KEY, cents: int = OWED, minutes: int = 0) -> Any:
            return start_checkout(
                *(key,),
                account_id=ACCOUNT,
                cents=cents,
                tender=Tender.CARD,
                desk=self.desk(minutes),
            )

        def deliver(self, minutes: int = 1) -> Any:
            body = self.processor.callbacks[-1]
            return answer_checkout(body.body, body.signature, desk=self.desk(minutes))

        def balance(self) -> int:
            return self.store.balance_cents(ACCOUNT)

    return Place()


class TestCheckout:
    def test_sends_the_customer_to_the_processor_and_posts_when_it_says_paid(
        self, place: Any
    ) -> None:
        begun = place.start()
        assert begun.redirect == "https://pay.example/pay-0001"
        assert (begun.state, place.balance()) == (CheckoutState.UNKNOWN, OWED)
        place.processor.pay(KEY, OWED)
        assert place.deliver().state is CheckoutState.POSTED
        assert place.balance() == 0
        receipt = place.store.receipt("checkout:pay-0001")
        assert receipt.state is ReceiptState.POSTED
        assert receipt.receipt.received_day == date(2025, 6, 2)
        (line,) = place.store.expected_bank_lines(date(2025, 6, 1), date(2025, 7, 1))
        assert (line.ledger_account, line.cents, line.day) == ("131.card", OWED, date(2025, 6, 4))

    def test_is_begun_once_however_often_the_button_is_pressed(self, place: Any) -> None:
        assert place.start() == place.start(minutes=1) == place.start(minutes=2)
        assert place.processor.starts == 1

    def test_of_a_known_key_with_other_contents_is_refused(self, place: Any) -> None:
        place.start()
        with pytest.raises(Conflict, match=r"used already, for \$165\.19"):
            place.start(cents=1)

    def test_is_not_begun_while_another_is_unknown(self, place: Any) -> None:
        place.start()
        with pytest.raises(CheckoutRefused, match="may have been paid already: checkout pay-0001"):
            place.start("pay-0002")

    @pytest.mark.parametrize("key", ["", " ", "x" * 56, "päy-1", " pay-1", "pay\n1"])
    def test_needs_a_key(self, place: Any, key: str) -> None:
        with pytest.raises(CheckoutRefused, match="is not a key of a checkout") as refused:
            place.start(key)
        assert refused.value.do == "Give up to 55 plain characters, unique for ever"

    @pytest.mark.parametrize("key", ["C-1", "x" * 55])
    def test_has_the_rule_of_every_payment(self, place: Any, key: str) -> None:
        begun = place.start(key)
        assert begun.checkout.payment_key == f"checkout:{key}"
        assert payment_key_of(begun.checkout.payment_key) == begun.checkout.payment_key

    @pytest.mark.parametrize("cents", [0, -1, 10**13 + 1])
    def test_needs_an_amount(self, place: Any, cents: int) -> None:
        with pytest.raises(CheckoutRefused, match="cannot be paid"):
            place.start(cents=cents)

    def test_needs_an_account(self, place: Any) -> None:
        with pytest.raises(NotFound, match="no account"):
            start_checkout(
                *(KEY,),
                account_id=account_id(9),
                cents=1,
                tender=Tender.CARD,
                desk=place.desk(),
            )


DAY = 24 * 60


class TestTheDayOfAPayment:
    """Begun on June 2, at 10 in the morning."""

    def received(self, place: Any) -> date:
        return place.store.receipt("checkout:pay-0001").receipt.received_day

    def test_is_that_of_its_beginning_where_nobody_knows_better(self, place: Any) -> None:
        place.start()
        place.processor.next_bad = [Bad.SILENT]
        ask_checkout(KEY, desk=place.desk(5 * DAY))
        place.processor.pay(KEY, OWED)
        place.deliver(10 * DAY)
        assert self.received(place) == date(2025, 6, 2)

    def test_is_that_of_the_answer_where_it_was_open_on_a_later_day(self, place: Any) -> None:
        place.start()
        assert len(ask_checkout(KEY, desk=place.desk(60)).steps) == 1
        waits = ask_checkout(KEY, desk=place.desk(1 * DAY))
        assert waits.steps[-1].sentence == "the customer has not paid at the processor yet"
        assert len(ask_checkout(KEY, desk=place.desk(1 * DAY + 60)).steps) == 2
        place.processor.pay(KEY, OWED)
        place.deliver(10 * DAY)
        assert self.received(place) == date(2025, 6, 12)
        (line,) = place.store.expected_bank_lines(date(2025, 6, 1), date(2025, 7, 1))
        assert line.day > date(2025, 6, 12)

    def test_is_not_told_by_an_old_answer_that_comes_late(self, place: Any) -> None:
        place.start()
        opened = replace(place.processor.ask(KEY), redirect="")
        late = hear(opened, HeardBy.CALLBACK, desk=place.desk(3 * DAY))
        assert len(late.steps) == 1
        place.processor.pay(KEY, OWED)
        place.deliver(4 * DAY)
        assert self.received(place) == date(2025, 6, 2)

    @pytest.mark.parametrize(
        ("said", "counts"),
        [
            (date(2025, 6, 2), date(2025, 6, 2)),
            (date(2025, 6, 5), date(2025, 6, 5)),
            (date(2025, 5, 1), date(2025, 6, 2)),
            (date(2025, 7, 1), date(2025, 6, 12)),
        ],
    )
    def test_is_the_processors_own_between_beginning_and_answer(
        self, place: Any, said: date, counts: date
    ) -> None:
        place.start()
        ask_checkout(KEY, desk=place.desk(1 * DAY))
        place.processor.pay(KEY, OWED, said)
        place.deliver(10 * DAY)
        assert self.received(place) == counts

    def test_that_a_person_settles_is_that_of_the_processors_first_word(self, place: Any) -> None:
        place.start()
        ask_checkout(KEY, desk=place.desk(1 * DAY))
        place.processor.pay(KEY, OWED - 1)
        place.deliver(5 * DAY)
        settle_checkout(
            KEY, is_paid=True, cents=OWED - 1, by="Ana", reason="so it is", desk=place.desk(8 * DAY)
        )
        assert self.received(place) == date(2025, 6, 7)

    @pytest.mark.parametrize("day", ["2025-02-30", 20250602, True, "yesterday"])
    def test_is_a_day_or_nothing_of_the_answer_is_taken(self, place: Any, day: Any) -> None:
        body = json.dumps(
            {"checkout": KEY, "said": "paid", "cents": OWED, "sequence": 2, "paid_on": day}
        ).encode()
        secret = b"a secret of sixteen bytes"
        with pytest.raises(CallbackRefused, match="A value of it is not of its kind"):
            read_answer(body, signature_of(body, secret), secret)


class TestUnknownOutcome:
    def test_after_a_start_without_answer_is_asked_about_and_never_begun_again(
        self, place: Any
    ) -> None:
        place.processor.next_bad = [Bad.SILENT_AFTER_ACTING]
        assert place.start().state is CheckoutState.UNKNOWN
        place.processor.pay(KEY, OWED)  # the customer had the address all the same
        assert place.start(minutes=1).state is CheckoutState.POSTED
        assert place.processor.starts == 1
        assert place.balance() == 0

    def test_is_neither_paid_nor_missed(self, place: Any) -> None:
        place.start()
        assert place.balance() == OWED
        (pending,) = place.store.pending_money([ACCOUNT], NOW.date())[ACCOUNT]
        assert (pending.cause, pending.cents) == ("checkout:pay-0001", OWED)
        place.processor.pay(KEY, OWED)
        place.deliver()
        assert place.store.pending_money([ACCOUNT], NOW.date()) == {}

    @pytest.mark.parametrize(("minutes", "asked"), [(9, 0), (10, 1)])
    def test_is_asked_about_by_the_job_after_ten_minutes(
        self, place: Any, minutes: int, asked: int
    ) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        assert len(ask_checkouts(desk=place.desk(minutes)).heard) == asked

    def test_whose_answer_cannot_be_taken_is_told_and_the_others_are_asked_about(
        self, place: Any
    ) -> None:
        for number, key in ((1, "c-1"), (2, "c-2")):
            owing = account_id(number)
            start_checkout(
                key, account_id=owing, cents=100_00, tender=Tender.CARD, desk=place.desk()
            )
            place.processor.pay(key, 100_00)
        held = place.processor._held
        held["c-1"] = replace(held["c-1"], reference="4111111111111111")

        asked = ask_checkouts(desk=place.desk(60))

        assert [one.checkout.checkout_id for one in asked.heard] == ["c-2"]
        assert [one.checkout.checkout_id for one in asked.still_unknown] == ["c-1"]
        ((name, why),) = asked.refused
        assert name == "c-1"
        assert "card number" in why
        assert "4111" not in why

    @pytest.mark.parametrize(
        ("minutes", "state"), [(59, CheckoutState.UNKNOWN), (60, CheckoutState.REFUSED)]
    )
    def test_that_the_processor_never_heard_of_is_refused_after_an_hour(
        self, place: Any, minutes: int, state: CheckoutState
    ) -> None:
        place.processor.next_bad = [Bad.SILENT]
        place.start()
        assert ask_checkout(KEY, desk=place.desk(minutes)).state is state

    @pytest.mark.parametrize(("hours", "waiting"), [(23, 0), (24, 1)])
    def test_waits_for_a_person_after_a_day(self, place: Any, hours: int, waiting: int) -> None:
        place.start()
        place.processor.next_bad = [Bad.UNCLEAR]
        asked = ask_checkouts(desk=place.desk(hours * 60))
        assert len(asked.still_unknown) == 1
        assert len(asked.for_a_person) == waiting

    def test_is_ended_by_a_person_and_the_processor_s_word_still_counts(self, place: Any) -> None:
        place.start()
        refused = settle_checkout(
            *(KEY,),
            is_paid=False,
            cents=0,
            by="Ana",
            reason="the processor's page says so",
            desk=place.desk(1500),
        )
        assert (refused.state, refused.steps[-1].by) == (CheckoutState.REFUSED, "Ana")
        place.processor.pay(KEY, OWED)
        assert place.deliver(1501).state is CheckoutState.POSTED
        assert place.balance() == 0

    @pytest.mark.parametrize(("by", "reason"), [("", "why"), ("Ana", " ")])
    def test_is_ended_with_a_name_and_a_reason(self, place: Any, by: str, reason: str) -> None:
        place.start()
        with pytest.raises(CheckoutRefused, match="with a name and a reason"):
            settle_checkout(*(KEY,), is_paid=True, cents=1, by=by, reason=reason, desk=place.desk())

    def test_that_is_known_is_not_ended_by_a_person(self, place: Any) -> None:
        place.start()
        place.processor.refuse(KEY)
        place.deliver()
        with pytest.raises(CheckoutRefused, match="Its outcome is known: refused"):
            settle_checkout(
                *(KEY,), is_paid=True, cents=1, by="Ana", reason="so", desk=place.desk()
            )

    def test_that_two_people_end_at_once_is_ended_by_one(
        self, place: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Ben saw it unknown, and Ana was faster: his word is refused, and not kept beside hers."""
        place.start()
        seen, real = [place.store.checkout(KEY)], place.store.checkout
        paid = {"is_paid": True, "cents": OWED, "reason": "so", "desk": place.desk(1500)}
        ended = settle_checkout(KEY, by="Ana", **paid)
        monkeypatch.setattr(place.store, "checkout", lambda key: seen.pop() if seen else real(key))
        with pytest.raises(CheckoutRefused, match="Its outcome is known: posted"):
            settle_checkout(KEY, by="Ben", **paid)
        assert real(KEY) == ended
        assert place.balance() == 0


class TestAnswer:
    def test_that_comes_twice_posts_once(self, place: Any) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        first, second = place.deliver(), place.deliver(2)
        assert first == second
        assert place.balance() == 0

    def test_that_is_older_changes_nothing(self, place: Any) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        place.processor.charge_back(KEY)
        paid, back = place.processor.callbacks
        last = answer_checkout(back.body, back.signature, desk=place.desk(1))
        assert last.state is CheckoutState.REFUSED  # paid and charged back before we heard
        assert answer_checkout(paid.body, paid.signature, desk=place.desk(2)) == last
        assert place.balance() == OWED

    def test_of_another_amount_waits_for_a_person_who_posts_what_is_held(self, place: Any) -> None:
        place.start()
        place.processor.pay(KEY, 100_00)
        held = place.deliver()
        assert held.state is CheckoutState.UNKNOWN
        assert "holds $100.00 where $165.19 was asked" in held.steps[-1].sentence
        assert place.balance() == OWED
        settled = settle_checkout(
            *(KEY,), is_paid=True, cents=100_00, by="Ana", reason="as held", desk=place.desk(5)
        )
        assert settled.state is CheckoutState.POSTED
        assert place.balance() == OWED - 100_00

    def test_with_another_signature_is_refused_and_changes_nothing(self, place: Any) -> None:
        place.start()
        forged = place.processor.forge(KEY, OWED)
        with pytest.raises(CallbackRefused, match="signature is not the processor's"):
            answer_checkout(forged.body, forged.signature, desk=place.desk())
        assert place.store.checkout(KEY).state is CheckoutState.UNKNOWN

    def test_of_nobody_s_checkout_is_refused(self, place: Any) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        body = place.processor.callbacks[-1].body.replace(b"pay-0001", b"pay-0009")
        with pytest.raises(NotFound, match="no checkout pay-0009"):
            answer_checkout(
                body,
                signature_of(body, b"a secret of sixteen bytes"),
                desk=place.desk(),
            )

    def test_of_a_charge_back_takes_the_payment_back_exactly(self, place: Any) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        place.deliver()
        place.processor.charge_back(KEY)
        assert place.deliver(3000).state is CheckoutState.TAKEN_BACK
        assert place.balance() == OWED
        assert place.store.receipt("checkout:pay-0001").state is ReceiptState.RETURNED
        lines = place.store.expected_bank_lines(date(2025, 6, 1), date(2025, 7, 1))
        assert sum(one.cents for one in lines) == 0

    @pytest.mark.parametrize("said", [Said.CHARGED_BACK, Said.REFUSED, Said.PAID])
    def test_of_another_amount_than_is_posted_is_a_person_s(self, place: Any, said: Said) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        place.deliver()

        after = hear(Answer(KEY, said, 50_00, 99), HeardBy.CALLBACK, desk=place.desk(2))

        assert after.state is CheckoutState.UNKNOWN
        assert after.steps[-1].sentence == (
            f"the processor says {said.value} and holds $50.00 where $165.19 is posted: a person "
            "decides"
        )
        assert place.balance() == 0  # the payment stands, and is not pending beside it
        assert place.store.pending_money([ACCOUNT], NOW.date()) == {}
        with pytest.raises(CheckoutRefused, match=r"\$165\.19 of it is posted, and not \$50\.00"):
            self.say(place, is_paid=True, cents=50_00)
        assert self.say(place, is_paid=False, cents=0).state is CheckoutState.TAKEN_BACK
        assert place.balance() == OWED

    def say(self, place: Any, *, is_paid: bool, cents: int) -> Any:
        said = {"by": "Ana", "reason": "their page says so"}
        return settle_checkout(KEY, is_paid=is_paid, cents=cents, desk=place.desk(3), **said)

    def test_that_was_in_doubt_ends_with_the_amount_that_is_posted(self, place: Any) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        place.deliver()
        hear(Answer(KEY, Said.CHARGED_BACK, 50_00, 98), HeardBy.CALLBACK, desk=place.desk(2))

        again = hear(Answer(KEY, Said.PAID, OWED, 99), HeardBy.CALLBACK, desk=place.desk(3))
        assert (again.state, place.balance()) == (CheckoutState.POSTED, 0)

    def test_that_was_in_doubt_ends_with_nothing_held(self, place: Any) -> None:
        place.start()
        place.processor.pay(KEY, OWED)
        place.deliver()
        hear(Answer(KEY, Said.PAID, 50_00, 98), HeardBy.CALLBACK, desk=place.desk(2))

        gone = hear(Answer(KEY, Said.CHARGED_BACK, 0, 99), HeardBy.CALLBACK, desk=place.desk(3))
        assert (gone.state, place.balance()) == (CheckoutState.TAKEN_BACK, OWED)


class TestForm:
    SECRET = b"a secret of sixteen bytes"

    def read(self, body: bytes) -> Any:
        return read_answer(body, signature_of(body, self.SECRET), self.SECRET)

    @pytest.mark.parametrize(
        "cents", ["NaN", "1e400", "1.5", '"5"', "-1", "true", "null", "10000000000001", "[]"]
    )
    def test_of_an_answer_has_whole_cents(self, cents: str) -> None:
        body = f'{{"checkout":"pay-1","said":"paid","cents":{cents},"sequence":1}}'.encode()
        with pytest.raises(CallbackRefused, match=r"not of its kind|held exactly"):
            self.read(body)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"[]",
            b'{"checkout":"pay-1","said":"paid","cents":1,"sequence":1,"card":"x"}',
            b'{"checkout":"","said":"paid","cents":1,"sequence":1}',
            b'{"checkout":"pay-1","said":"no answer","cents":1,"sequence":1}',
            b'{"checkout":"pay-1","said":["paid"],"cents":1,"sequence":1}',
            b"[" * 20_000,
            b" " * 20_000,
        ],
    )
    def test_of_an_answer_is_the_one_that_is_known(self, body: bytes) -> None:
        with pytest.raises(CallbackRefused):
            self.read(body)

    @pytest.mark.parametrize("name", ["reference", "redirect", "checkout"])
    @pytest.mark.parametrize(
        "number",
        ["4111111111111111", "4111 1111 1111 1111", "378282246310005", "x5555-5555-5555-4444x"],
    )
    def test_of_an_answer_has_no_room_for_a_card(self, name: str, number: str) -> None:
        told = {"checkout": "pay-1", "said": "paid", "cents": 1, "sequence": 1, name: number}
        body = str(told).replace("'", '"').encode()
        with pytest.raises(CardNumberRefused) as refused:
            self.read(body)
        assert number not in refused.value.sentence

    def test_is_read_back_as_it_was_signed(self, place: Any) -> None:
        place.start()
        answer = place.store.checkout(KEY).steps[0].answer
        assert self.read(answer_body(answer)) == answer


@pytest.mark.parametrize(
    ("text", "is_card"),
    [
        ("4111111111111111", True),
        ("4111111111111112", False),  # the last digit is not the Luhn digit
        ("4000000016", False),  # an account of ours has ten digits
        ("ref 4111-1111-1111-1111.", True),
        ("411111111111", False),  # twelve digits
    ],
)
def test_a_card_number_is_told_from_other_numbers(text: str, is_card: bool) -> None:
    assert looks_like_a_card(text) is is_card


def test_no_key_may_look_like_a_card_number(place: Any) -> None:
    with pytest.raises(CardNumberRefused):
        place.start("4111111111111111")


class BadDays(RuleBasedStateMachine):
    """Any order of misbehavior: the ledger says what the processor holds, or that it is unknown."""

    keys: Bundle[str] = Bundle("keys")

    def __init__(self) -> None:
        super().__init__()
        self.store, self.processor = town(4), BadProcessor()
        self.minutes = self.number = 0
        self.delivered: list[Any] = []

    def desk(self) -> Any:
        self.minutes += 7
        return desk_of(self.store, self.processor, minutes=self.minutes)

    @rule(
        target=keys,
        account=st.integers(1, 4),
        cents=st.integers(1, 300_00),
        bad=st.none() | st.sampled_from(Bad),
    )
    def begin(self, account: int, cents: int, bad: Bad | None) -> Any:
        self.number += 1
        key = f"key-{self.number:04}"
        self.processor.next_bad = [bad] if bad else []
        try:
            start_checkout(
                *(key,),
                account_id=account_id(account),
                cents=cents,
                tender=Tender.WALLET,
                desk=self.desk(),
            )
        except CheckoutRefused:
            return multiple()
        return key

    @rule(key=keys, more=st.sampled_from([0, 0, 0, 1, -1]))
    def customer_pays(self, key: str, more: int) -> None:
        cents = self.store.checkout(key).checkout.cents + more
        if cents:
            self.processor.pay(key, cents)

    @rule(key=keys, what=st.sampled_from(["refuse", "expire", "charge_back"]))
    def it_ends_otherwise(self, key: str, what: str) -> None:
        getattr(self.processor, what)(key)

    @rule(data=st.data())
    def an_answer_arrives(self, data: st.DataObject) -> None:
        if self.processor.callbacks:  # any of them, in any order, as often as it likes
            one = data.draw(st.sampled_from(self.processor.callbacks))
            answer_checkout(one.body, one.signature, desk=self.desk())

    @rule(key=keys)
    def paid_charged_back_and_told_backwards(self, key: str) -> None:
        self.processor.pay(key, self.store.checkout(key).checkout.cents)
        self.processor.charge_back(key)
        for one in self.processor.callbacks[:-4:-1]:
            answer_checkout(one.body, one.signature, desk=self.desk())

    @rule(key=keys)
    def somebody_forges_an_answer(self, key: str) -> None:
        forged = self.processor.forge(key, 100)
        with pytest.raises(CallbackRefused):
            answer_checkout(forged.body, forged.signature, desk=self.desk())

    @rule(bad=st.lists(st.sampled_from(Bad), max_size=3))
    def the_job_asks(self, bad: list[Bad]) -> None:
        self.processor.next_bad = bad
        ask_checkouts(desk=self.desk())
        self.processor.next_bad = []

    @rule(key=keys)
    def the_button_is_pressed_again(self, key: str) -> None:
        checkout = self.store.checkout(key).checkout
        start_checkout(
            *(key,),
            account_id=checkout.account_id,
            cents=checkout.cents,
            tender=checkout.tender,
            desk=self.desk(),
        )

    @invariant()
    def what_is_posted_was_asked_for_once(self) -> None:
        posted = [
            one.receipt
            for one in self.store.receipts(limit=10_000)
            if one.state is ReceiptState.POSTED
        ]
        standing = [one for one in self.store.checkouts() if one.is_posted]
        assert sorted(one.payment_key for one in posted) == sorted(
            one.checkout.payment_key for one in standing
        )
        owed = sum(self.store.balance_cents(account_id(n)) for n in range(1, 5))
        assert owed == 4 * OWED - sum(one.cents for one in posted)
        assert sum(self.store.trial_balance().values()) == 0
        lines = self.store.expected_bank_lines(date(2025, 1, 1), date(2030, 1, 1))
        assert sum(one.cents for one in lines) == sum(one.cents for one in posted)

    @invariant()
    def the_newest_word_of_the_processor_counts(self) -> None:
        for one in self.store.checkouts():
            told = [step.answer for step in one.steps if step.answer.said not in SAYS_NOTHING]
            newest = max(told, key=lambda answer: answer.sequence, default=None)
            if one.is_posted:
                assert newest is not None
                assert newest.said is Said.PAID
                assert newest.cents == one.checkout.cents  # another amount waits for a person
            elif newest is not None and newest.said is Said.PAID:
                assert one.state is CheckoutState.UNKNOWN
                assert newest.cents != one.checkout.cents

    def teardown(self) -> None:
        """In the end everybody answers, and people decide what is left: each checkout has ended."""
        self.minutes += 60 * 30
        self.processor.next_bad = []
        for one in self.store.checkouts():
            ask_checkout(one.checkout.checkout_id, desk=self.desk())
        for one in self.store.checkouts(state=CheckoutState.UNKNOWN):
            held = self.processor.holds(one.checkout.checkout_id)
            settle_checkout(
                *(one.checkout.checkout_id,),
                is_paid=held > 0,
                cents=held,
                by="Ana",
                reason="as the processor shows",
                desk=self.desk(),
            )
        posted = [
            one.receipt.cents
            for one in self.store.receipts(limit=10_000)
            if one.state is ReceiptState.POSTED
        ]
        assert not self.store.checkouts(state=CheckoutState.UNKNOWN)
        assert self.processor.settled_cents() == sum(posted)
        self.what_is_posted_was_asked_for_once()


TestBadDays = BadDays.TestCase
TestBadDays.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_who_hears_an_answer_second_looks_again_and_posts_nothing(
    place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.start()
    place.processor.pay(KEY, OWED)
    stale = [place.store.checkout(KEY)]
    place.deliver()
    real = place.store.checkout
    monkeypatch.setattr(place.store, "checkout", lambda name: stale.pop() if stale else real(name))
    assert place.deliver().state is CheckoutState.POSTED
    assert stale == []
    assert len(real(KEY).steps) == 2
    assert place.balance() == 0
