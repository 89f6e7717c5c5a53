"""The doors of the web through which money moves, each with a town of eight cases behind it.

Lives here      those of payments, of the bank and of refunds; the table of all.
Lives elsewhere what a door is (``web_door``), bills and deposits (``web_doors_of_bills``,
                ``web_doors_of_deposits``), who sends them and kills the server
                (``test_web_survives_anything``), that none is left out
                (``test_every_web_door_is_listed``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.faults import web_doors_of_bills, web_doors_of_deposits, web_doors_of_relief
from tests.faults.commands import SECRET
from tests.faults.web_door import A_BILL, CASES, WORDS, Door, Request, form
from tests.journeys.card_place import PAID, Place
from tests.journeys.desk_of_payments import NOW, TODAY, desk_of, pay, view
from tests.journeys.settling_town import FINDERS
from tests.journeys.test_combined_payments import STATEMENT
from tests.journeys.test_payment_files import file_of
from tests.journeys.test_reconcile_bank import statement
from tests.stores.combined_paper import keep_combinations
from tests.stores.extension_town import the_book as whole_book
from tests.stores.paper_town import account_id, bill_of, start_of

from meterledger.facts.card_refunds import CardRefund
from meterledger.facts.checkouts import Answer, Checkout, Said
from meterledger.facts.money import Tender
from meterledger.stores.gateways.processor import SIGNATURE, answer_body, signature_of
from meterledger.stores.gateways.processor_fake import Bad, BadProcessor
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.bank_by_hand import undo_match
from meterledger.usecases.checkouts import CheckoutDesk, start_checkout
from meterledger.usecases.payment_files import take_payment_file
from meterledger.usecases.reconcile_bank import (
    decide_adjustment,
    match_bank,
    propose_adjustment,
    take_bank_file,
)
from meterledger.usecases.refund_credit import ask_refund, send_refund
from meterledger.usecases.settle_payment import ask_to_send_back, reverse_payment
from meterledger.usecases.settlements import MoneyDesk

LINES = statement(*((f"{number}.77", "WIRE") for number in CASES))


def owing(store: Any) -> None:
    """Eight accounts that owe a bill each."""
    store.start_services([start_of(number) for number in CASES])
    store.record_bills([bill_of(number) for number in CASES])


def paid(store: Any) -> None:
    """And have paid it."""
    owing(store)
    for number in CASES:
        pay(store, A_BILL, f"R-{number}", number=number)


def waiting(store: Any) -> None:
    """Money of a file whose accounts nobody knows."""
    owing(store)
    file = file_of([(f"7{number}", 50_00 + number) for number in CASES])
    take_payment_file(file, sha256="a" * 64, name="box", by="Ana", desk=desk_of(store))


def waiting_combined(store: Any) -> None:
    """Which is for a combined statement of two of the accounts."""
    waiting(store)
    keep_combinations(store)


def asked_back(store: Any) -> None:
    """Which Ana would send back."""
    waiting(store)
    for number in CASES:
        ask_to_send_back(line(number), by="Ana", reason="nobody's", desk=desk_of(store))


def line(number: int) -> str:
    """The number-th payment of the file."""
    return f"lockbox:7:{number + 3}"


def begun(store: Any) -> None:
    """Checkouts whose customers were sent to pay."""
    owing(store)
    processor = BadProcessor(SECRET)
    desk = CheckoutDesk(store, processor, view(), NOW)
    for number in CASES:
        start_checkout(
            key(number),
            account_id=account_id(number),
            cents=A_BILL,
            tender=Tender.CARD,
            desk=desk,
        )


def key(number: int) -> str:
    return f"pay-{number:04}"


def told_by_the_processor(number: int) -> Request:
    """Its answer: the customer has paid."""
    return answer(Answer(key(number), Said.PAID, A_BILL, 2, f"pay-{key(number)}"))


def answer(said: Answer) -> Request:
    """An answer that the processor sends by itself."""
    body = answer_body(said)
    signed = signature_of(body, SECRET)
    return Request("/api/processor", body, {"Content-Type": "application/json", SIGNATURE: signed})


class Cards(BadProcessor):
    """The processor, at which all eight have begun to pay; its references tell no order."""

    def __init__(self, cents: int) -> None:
        super().__init__(SECRET)
        for number in CASES:
            name = key(number)
            self.start(Checkout(name, account_id(number), cents, Tender.CARD, NOW, self.name))
            self.pay(name, cents)

    def refund(self, refund: CardRefund) -> Answer:
        super().refund(refund)
        of, said = self._given[refund.refund_id]
        self._given[refund.refund_id] = (of, replace(said, reference=f"to {refund.checkout_id}"))
        return self._given[refund.refund_id][1]


def to_cards(store: Any) -> None:
    """Refunds to the cards that paid too much, approved."""
    owing(store)
    for number in CASES:
        Place(store, account_id(number), key(number)).approved()


def sent_to_cards(store: Any) -> None:
    """Of whose sending the processor has not said what came."""
    owing(store)
    for number in CASES:
        place = Place(store, account_id(number), key(number))
        name = place.approved()
        place.processor.next_bad = [Bad.SILENT_AFTER_ACTING]
        place.send(name)


def to_card(number: int) -> str:
    return f"refund:{account_id(number)}-{TODAY:%Y%m%d}-2000"


def odd_lines(store: Any) -> None:
    """Lines of the bank that nobody expected."""
    owing(store)
    take_bank_file(LINES, today=TODAY, store=store)
    match_bank(on=TODAY, learned_at=NOW, view=view(), store=store)


def proposed(store: Any) -> None:
    """Which Ana would book."""
    odd_lines(store)
    for number in CASES:
        propose_adjustment(
            line_id=bank_line(number),
            ledger_account="419",
            by="Ana",
            reason="a wire",
            learned_at=NOW,
            store=store,
        )


def adjusted(store: Any) -> None:
    """And did, with Zoe."""
    proposed(store)
    for number in CASES:
        told = {"by": "Zoe", "reason": "so it is", "learned_at": NOW, "store": store}
        decide_adjustment(line_id=bank_line(number), approve=True, **told)


def returned(store: Any) -> None:
    """Payments that were taken back, and of which no statement tells."""
    paid(store)
    for number in CASES:
        desk = desk_of(store, minutes=5)
        reverse_payment(f"R-{number}", on=TODAY, by="Ana", reason="returned", desk=desk)


def matched(store: Any) -> None:
    """Which are payments that were taken."""
    owing(store)
    for number in CASES:
        pay(store, number * 1_00 + 77, f"W-{number}", number=number)
    take_bank_file(LINES, today=TODAY, store=store)
    match_bank(on=TODAY, learned_at=NOW, view=view(), store=store)


def unmatched(store: Any) -> None:
    """Which were told apart by mistake."""
    matched(store)
    for number in CASES:
        undo_match(
            match_id=f"match:{bank_line(number)}",
            by="Ana",
            reason="not theirs",
            learned_at=NOW,
            today=TODAY,
            store=store,
        )


def bank_line(number: int) -> str:
    return str(LINES.statements[0].lines[number - 1].line_id)


def credits(store: Any) -> None:
    """Accounts that paid more than they owe."""
    store.start_services([start_of(number) for number in CASES])
    for number in CASES:
        pay(store, 60_00, f"R-{number}", number=number)


def money(store: Any) -> MoneyDesk:
    return MoneyDesk(store, whole_book(), TODAY, NOW)


def refunds_asked(store: Any) -> None:
    """Credits of which Ana asked for a part."""
    credits(store)
    for number in CASES:
        ask_refund(account_id(number), 20_00, desk=money(store), **FINDERS)


def refunds_approved(store: Any) -> None:
    """And Zoe agreed."""
    refunds_asked(store)
    for number in CASES:
        approve_settlement(refund(number), by="Zoe", reason="it is there", desk=money(store))


def refunds_sent(store: Any) -> None:
    """And their checks have left."""
    refunds_approved(store)
    for number in CASES:
        send_refund(refund(number), by="Cleo", reference=f"C-{number}", desk=money(store))


def refund(number: int) -> str:
    return f"refund:{account_id(number)}-{TODAY:%Y%m%d}-2000"


def decide(town: Any, act: str, **typed: str) -> Door:
    """The door of a decision about a refund."""
    return Door(
        town, lambda n: form(f"/settlements/{quote(refund(n))}/", act=act, **WORDS, **typed)
    )


def of_line(town: Any, act: str, **typed: str) -> Door:
    """The door of what is said of a line of the bank."""
    return Door(
        town,
        lambda n: form(f"/finance/bank/lines/{quote(bank_line(n))}/", act=act, **WORDS, **typed),
    )


def of_match(number: int, **typed: str) -> Request:
    return form(f"/finance/bank/matches/{quote(f'match:{bank_line(number)}')}/", **WORDS, **typed)


def of_payment(number: int, act: str, **typed: str) -> Request:
    return form(f"/payments/{quote(line(number))}/", act=act, **WORDS, **typed)


def of_checkout(number: int, act: str, **typed: str) -> Request:
    return form(f"/payments/unknown/{key(number)}/", act=act, **WORDS, **typed)


ASKED_OUTSIDE = frozenset({"card_refund_step", "checkout_step", "record"})
"""How an answer was heard: at once, or when somebody asked after the first was lost."""
DOORS = {
    "take money at the desk": Door(
        owing,
        lambda n: form(
            "/payments/take/", account=account_id(n), usd="165.19", key=f"T-{n}", tender="cash"
        ),
    ),
    "assign a payment": Door(waiting, lambda n: of_payment(n, "assign", account=account_id(n))),
    "assign a payment to a combined statement": Door(
        waiting_combined, lambda n: of_payment(n, "assign", statement=STATEMENT)
    ),
    "reverse a payment": Door(
        paid, lambda n: form(f"/payments/R-{n}/", act="reverse", on=str(TODAY), **WORDS)
    ),
    "ask to send back": Door(waiting, lambda n: of_payment(n, "ask")),
    "agree to send back": Door(asked_back, lambda n: of_payment(n, "agree")),
    "answer of the processor": Door(begun, told_by_the_processor),
    "answer of a card refund": Door(
        sent_to_cards, lambda n: answer(Answer(to_card(n), Said.PAID, 20_00, 2, f"back-{n}"))
    ),
    "ask the processor": Door(
        begun,
        lambda n: of_checkout(n, "ask"),
        processor=lambda: Cards(A_BILL),
        told_again=ASKED_OUTSIDE,
    ),
    "settle a checkout": Door(begun, lambda n: of_checkout(n, "paid", usd="165.19")),
    "a checkout brought nothing": Door(begun, lambda n: of_checkout(n, "refused")),
    "explain a line of the bank": of_line(odd_lines, "explain"),
    "propose to book a line": of_line(odd_lines, "propose", ledger_account="419"),
    "approve a line": of_line(proposed, "approve"),
    "turn a line down": of_line(proposed, "reject"),
    "undo a match": Door(matched, of_match),
    "undo an adjustment": Door(adjusted, lambda n: of_match(n, approver="Zoe")),
    "match a line by hand": Door(
        unmatched,
        lambda n: form(
            f"/finance/bank/lines/{quote(bank_line(n))}/",
            act="match",
            piece=f"payment:W-{n}#1",
            **WORDS,
        ),
    ),
    "match two of ours": Door(
        returned,
        lambda n: form(
            f"/finance/bank/expected/{quote(f'payment:R-{n}#1')}/",
            piece=f"reversal:payment:R-{n}#1",
            **WORDS,
        ),
    ),
    "ask for a refund": Door(
        credits,
        lambda n: form("/settlements/ask/", account=account_id(n), usd="60.00", **WORDS),
    ),
    "approve a refund": decide(refunds_asked, "approve"),
    "refuse a refund": decide(refunds_asked, "refuse"),
    "send a refund": decide(refunds_approved, "send", reference="C-1"),
    "stop a refund": decide(refunds_sent, "stop"),
    "a refund came back": decide(refunds_sent, "came back"),
    "take a refund back": decide(refunds_approved, "undo"),
    "refund to a card": Door(
        to_cards,
        lambda n: form(f"/settlements/{quote(to_card(n))}/", act="to card", **WORDS),
        processor=lambda: Cards(PAID),
        told_again=ASKED_OUTSIDE,
    ),
    **web_doors_of_deposits.DOORS,
    **web_doors_of_bills.DOORS,
    **web_doors_of_relief.DOORS,
}
