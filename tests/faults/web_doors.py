"""The doors of the web through which money moves, each with a town of eight cases behind it.

Lives here      towns and requests. Lives elsewhere who sends them, and the killing of the server
                (``test_web_survives_anything``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from tests.faults.commands import LATER, SECRET
from tests.journeys.deposit_town import APPLICANT
from tests.journeys.desk_of_payments import NOW, TODAY, desk_of, pay, view
from tests.journeys.settling_town import FINDERS
from tests.journeys.test_payment_files import file_of
from tests.journeys.test_reconcile_bank import statement
from tests.stores.extension_town import the_book as whole_book
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.facts.deposits import DepositKind, deposit_id_of
from meterledger.facts.money import Tender
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.bank_by_hand import undo_match
from meterledger.usecases.checkouts import CheckoutDesk, start_checkout
from meterledger.usecases.deposit_ask import Desk, Wanted, ask_deposit
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.deposit_preview import preview_deposit
from meterledger.usecases.deposit_run import run_deposits
from meterledger.usecases.payment_files import take_payment_file
from meterledger.usecases.reconcile_bank import (
    match_bank,
    propose_adjustment,
    take_bank_file,
)
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settle_payment import ask_to_send_back
from meterledger.usecases.settlements import MoneyDesk
from meterledger.usecases.take_payment import take_payment

CASES = range(1, 9)
A_BILL = 165_19
WORDS = {"author": "Ben", "reason": "it is right"}
LINES = statement(*((f"{number}.77", "WIRE") for number in CASES))


@dataclass(frozen=True)
class Request:
    """What is posted to an address."""

    address: str
    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Door:
    """``town`` makes the cases, and ``ask`` is the request of one, of 1 to 8."""

    town: Callable[[Any], None]
    ask: Callable[[int], Request]


def form(address: str, **typed: str) -> Request:
    """A form of our own page."""
    return Request(
        address,
        urlencode(typed).encode(),
        {
            "Content-Type": "application/x-www-form-urlencoded",
            "Sec-Fetch-Site": "same-origin",
        },
    )


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
    from meterledger.facts.checkouts import Answer, Said
    from meterledger.stores.gateways.processor import SIGNATURE, answer_body, signature_of

    body = answer_body(Answer(key(number), Said.PAID, A_BILL, 2, f"pay-{key(number)}"))
    return Request(
        "/api/processor",
        body,
        {"Content-Type": "application/json", SIGNATURE: signature_of(body, SECRET)},
    )


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


def refunds_asked(store: Any) -> None:
    """Credits of which Ana asked for a part."""
    store.start_services([start_of(number) for number in CASES])
    for number in CASES:
        pay(store, 60_00, f"R-{number}", number=number)
        ask_refund(
            account_id(number), 20_00, desk=MoneyDesk(store, whole_book(), TODAY, NOW), **FINDERS
        )


def refund(number: int) -> str:
    return f"refund:{account_id(number)}-{TODAY:%Y%m%d}-2000"


SPRING = date(2025, 4, 10)
GIVEN_BACK = date(2025, 5, 1)
NO_GUARANTEE = {
    "f.guarantee_offered": "false",
    "f.guarantor_credit_satisfactory": "false",
    "f.company_accepts_guarantee": "false",
}


def shops(store: Any) -> None:
    """Businesses with a bill of this autumn: one of them may be asked for a deposit in winter."""
    for number in CASES:
        start = start_of(number)
        agreement = replace(start.agreement, schedule="2M-single-phase")
        store.start_service(replace(start, agreement=agreement))
    store.record_bills([bill_of(number, 20) for number in CASES])


@cache
def seen(number: int) -> str:
    """What the page of the decision shows of a shop, looked at in a town like that one."""
    twin = MemoryStore()
    with twin.viewing(ANALYST, ["all"]):
        shops(twin)
        told = {name.removeprefix("f."): False for name in NO_GUARANTEE}
        day = date.fromisoformat(LATER[:10])
        wanted = Wanted(account_id(number), DepositKind.NON_RESIDENTIAL, day, told)
        desk = Desk(twin, whole_book().as_known(day), "Ben", datetime.fromisoformat(LATER))
        return preview_deposit(wanted, desk).seen


def deposits_asked(store: Any) -> None:
    """Homes that were asked for a deposit before winter."""
    store.start_services([start_of(number) for number in CASES])
    for number in CASES:
        ask_deposit(
            account_id(number),
            DepositKind.INITIAL,
            on=SPRING,
            told={**APPLICANT, "estimated_annual_bill_usd": "1200.00"},
            cents=None,
            reason="a low score",
            desk=Desk(store, whole_book().as_known(TODAY), "Ana", NOW),
        )


def deposits_ended(store: Any) -> None:
    """They paid it, and their service ended: all of it is theirs."""
    deposits_asked(store)
    desk = Desk(store, whole_book().as_known(TODAY), "meterledger", NOW)
    for number in CASES:
        take_payment(
            account_id=account_id(number),
            cents=200_00,
            payment_key=f"D-{number}",
            received_day=SPRING,
            learned_at=NOW,
            view=view(),
            store=store,
            asked_deposits=deposits_asked_on(SPRING, store),
        )
        store.stop_service(f"AG-{number}-20250101", GIVEN_BACK, NOW)
    store.record_bills([bill_of(number, 3, cents=0, known_at=NOW) for number in CASES])
    run_deposits(on=GIVEN_BACK, desk=desk)


def deposit(number: int) -> str:
    """The page of a home's deposit."""
    return f"/deposits/{deposit_id_of(account_id(number), DepositKind.INITIAL, SPRING)}/"


DOORS = {
    "assign a payment": Door(
        waiting,
        lambda n: form(
            f"/payments/{quote(line(n))}/", act="assign", account=account_id(n), **WORDS
        ),
    ),
    "reverse a payment": Door(
        paid, lambda n: form(f"/payments/R-{n}/", act="reverse", on=str(TODAY), **WORDS)
    ),
    "ask to send back": Door(
        waiting, lambda n: form(f"/payments/{quote(line(n))}/", act="ask", **WORDS)
    ),
    "agree to send back": Door(
        asked_back, lambda n: form(f"/payments/{quote(line(n))}/", act="agree", **WORDS)
    ),
    "answer of the processor": Door(begun, told_by_the_processor),
    "settle a checkout": Door(
        begun,
        lambda n: form(f"/payments/unknown/{key(n)}/", act="paid", usd="165.19", **WORDS),
    ),
    "explain a line of the bank": Door(
        odd_lines,
        lambda n: form(f"/finance/bank/lines/{quote(bank_line(n))}/", act="explain", **WORDS),
    ),
    "propose to book a line": Door(
        odd_lines,
        lambda n: form(
            f"/finance/bank/lines/{quote(bank_line(n))}/",
            act="propose",
            ledger_account="419",
            **WORDS,
        ),
    ),
    "approve a line": Door(
        proposed,
        lambda n: form(f"/finance/bank/lines/{quote(bank_line(n))}/", act="approve", **WORDS),
    ),
    "undo a match": Door(
        matched,
        lambda n: form(f"/finance/bank/matches/{quote(f'match:{bank_line(n)}')}/", **WORDS),
    ),
    "match a line by hand": Door(
        unmatched,
        lambda n: form(
            f"/finance/bank/lines/{quote(bank_line(n))}/",
            act="match",
            piece=f"payment:W-{n}#1",
            **WORDS,
        ),
    ),
    "ask for a deposit": Door(
        shops,
        lambda n: form(
            "/deposits/ask/",
            account=account_id(n),
            kind="non-residential",
            act="ask",
            seen=seen(n),
            **NO_GUARANTEE,
            **WORDS,
        ),
    ),
    "guarantee a deposit": Door(
        deposits_asked,
        lambda n: form(deposit(n), act="guarantee", guarantor="May", in_writing="yes", **WORDS),
    ),
    "ask for a deposit's refund": Door(
        deposits_ended, lambda n: form(deposit(n), act="refund", **WORDS)
    ),
    "approve a refund": Door(
        refunds_asked, lambda n: form(f"/settlements/{quote(refund(n))}/", act="approve", **WORDS)
    ),
    "refuse a refund": Door(
        refunds_asked, lambda n: form(f"/settlements/{quote(refund(n))}/", act="refuse", **WORDS)
    ),
}
