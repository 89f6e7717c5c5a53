"""Doors of the web at which deposits are asked for, told of, moved and given back.

Lives here      towns and requests. Lives elsewhere what a door is (``web_door``), who sends them
                and kills the server (``test_web_survives_anything``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from tests.faults.commands import LATER
from tests.faults.web_door import A_BILL, CASES, WORDS, Door, Request, form
from tests.journeys.deposit_town import APPLICANT
from tests.journeys.desk_of_payments import NOW, TODAY, view
from tests.stores.extension_town import the_book
from tests.stores.paper_town import ANALYST, account_id, bill_of, start_of

from meterledger.facts.deposits import DepositKind, deposit_id_of
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.deposit_acts import dispute_deposit
from meterledger.usecases.deposit_ask import Desk, Wanted, ask_deposit
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.deposit_preview import preview_deposit
from meterledger.usecases.deposit_run import run_deposits
from meterledger.usecases.take_payment import take_payment

SPRING = date(2025, 4, 10)
OCTOBER = date(2026, 10, 20)
GIVEN_BACK = date(2025, 5, 1)
ASKED = 200_00
OTHER = 20
"""What the number of a customer's other account is higher by."""
GOOD_MONTHS = range(3, 20)
NO_GUARANTEE = {
    "f.guarantee_offered": "false",
    "f.guarantor_credit_satisfactory": "false",
    "f.company_accepts_guarantee": "false",
}


def desk(store: Any, by: str = "Ana") -> Desk:
    return Desk(store, the_book().as_known(TODAY), by, NOW)


def shops(store: Any) -> None:
    """Businesses with a bill of this autumn: one of them may be asked for a deposit in winter."""
    for number in CASES:
        start = start_of(number)
        agreement = replace(start.agreement, schedule="2M-single-phase")
        store.start_service(replace(start, agreement=agreement))
    store.record_bills([bill_of(number, 20) for number in CASES])


def wanted(number: int) -> Wanted:
    told = {name.removeprefix("f."): False for name in NO_GUARANTEE}
    day = date.fromisoformat(LATER[:10])
    return Wanted(account_id(number), DepositKind.NON_RESIDENTIAL, day, told)


@cache
def seen(number: int) -> str:
    """What the page of the decision shows of a shop, looked at in a town like that one."""
    twin = MemoryStore()
    with twin.viewing(ANALYST, ["all"]):
        shops(twin)
        one = wanted(number)
        at = datetime.fromisoformat(LATER)
        return preview_deposit(one, Desk(twin, the_book().as_known(one.on), "Ben", at)).seen


def of_shops(store: Any) -> None:
    """And was."""
    shops(store)
    for number in CASES:
        one = wanted(number)
        told: dict[str, Any] = {"on": TODAY, "told": one.told, "cents": None, "reason": "two bills"}
        ask_deposit(one.account_id, one.kind, **told, desk=desk(store))


def asked(store: Any, on: date = SPRING) -> None:
    """Homes that were asked for a deposit before winter."""
    store.start_services([start_of(number) for number in CASES])
    for number in CASES:
        ask_deposit(
            account_id(number),
            DepositKind.INITIAL,
            on=on,
            told={**APPLICANT, "estimated_annual_bill_usd": "1200.00"},
            cents=None,
            reason="a low score",
            desk=desk(store),
        )


def asked_in_october(store: Any) -> None:
    """And have not paid when it comes."""
    asked(store, OCTOBER)


def paid(store: Any) -> None:
    """Homes that paid it."""
    asked(store)
    for number in CASES:
        pay(store, number, f"D-{number}", ASKED, SPRING)


def pay(store: Any, number: int, key: str, cents: int, on: date) -> None:
    take_payment(
        account_id=account_id(number),
        cents=cents,
        payment_key=key,
        received_day=on,
        learned_at=NOW,
        view=view(),
        store=store,
        asked_deposits=deposits_asked_on(on, store),
    )


def disputed(store: Any) -> None:
    """And say that something is in dispute."""
    paid(store)
    for number in CASES:
        dispute_deposit(
            deposit_id(number), about="another_matter", on=TODAY, reason="so", desk=desk(store)
        )


def with_others(store: Any) -> None:
    """And have another account each."""
    paid(store)
    for number in CASES:
        other = start_of(number + OTHER)
        same = replace(other.holders[0], person_id=f"person-{number}")
        store.start_service(replace(other, persons=(), holders=(same,)))


def good(store: Any) -> None:
    """And every bill of more than a year after it in time."""
    paid(store)
    for number in CASES:
        for month in GOOD_MONTHS:
            made = bill_of(number, month)
            store.record_bills([made])
            paid_on = made[0].issued_day + timedelta(days=5)
            pay(store, number, f"B-{number}-{month}", A_BILL, paid_on)


def ended(store: Any, owed_cents: int = 0) -> None:
    """They paid it, and their service ended: all of it is theirs."""
    paid(store)
    for number in CASES:
        store.stop_service(f"AG-{number}-20250101", GIVEN_BACK, NOW)
    store.record_bills([bill_of(n, 3, cents=owed_cents, known_at=NOW) for n in CASES])
    run_deposits(on=GIVEN_BACK, desk=desk(store, "meterledger"))


def ended_with_little(store: Any) -> None:
    """Or a few dollars that go back to who asks for them."""
    ended(store, ASKED - 1_00)


def deposit_id(number: int) -> str:
    return str(deposit_id_of(account_id(number), DepositKind.INITIAL, SPRING))


def deposit(number: int, on: date = SPRING) -> str:
    """The page of a home's deposit."""
    return f"/deposits/{deposit_id_of(account_id(number), DepositKind.INITIAL, on)}/"


def tell(town: Any, act: str, **typed: str) -> Door:
    """The door of what is told of a home's deposit on its page."""
    return Door(town, lambda n: form(deposit(n), act=act, **WORDS, **typed))


def review(number: int) -> Request:
    name = deposit_id_of(account_id(number), DepositKind.NON_RESIDENTIAL, TODAY)
    return form(f"/deposits/{name}/", act="satisfactory", **WORDS)


def agree(number: int) -> Request:
    """A Cold Weather agreement of yesterday."""
    return form(deposit(number, OCTOBER), act="agreement", made_on=str(TODAY), **WORDS)


def ask(number: int) -> Request:
    typed = {"kind": "non-residential", "seen": seen(number), **NO_GUARANTEE, **WORDS}
    return form("/deposits/ask/", act="ask", account=account_id(number), **typed)


DOORS = {
    "ask for a deposit": Door(shops, ask),
    "guarantee a deposit": tell(asked, "guarantee", guarantor="May", in_writing="yes"),
    "a Cold Weather agreement": Door(asked_in_october, agree),
    "dispute a deposit": tell(paid, "dispute", about="another_matter"),
    "end a dispute": tell(disputed, "settle"),
    "review a business's credit": Door(of_shops, review),
    "give a deposit back": tell(good, "back"),
    "move a deposit": Door(
        with_others,
        lambda n: form(
            deposit(n), act="move", to_account=account_id(n + OTHER), approver="Zoe", **WORDS
        ),
    ),
    "ask for a deposit's refund": tell(ended, "refund"),
    "the customer asks for a remainder": tell(ended_with_little, "request"),
    "effort for a deposit": tell(ended, "effort", how="check mailed"),
}
