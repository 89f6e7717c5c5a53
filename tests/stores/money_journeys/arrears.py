"""Late charges and deposits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests.journeys.deposit_town import APPLICANT, NOW, Home, home_of
from tests.journeys.late_town import CORRECTED, ISSUED, PaperAccount
from tests.journeys.late_town import NOW as LATE_NOW
from tests.journeys.town import Town
from tests.stores.extension_town import the_book as whole_book
from tests.stores.late_paper import government_of
from tests.stores.money_journeys.journey import journey
from tests.stores.paper_town import account_id, bill_of, start_of

from meterledger.facts.deposits import DepositAct, DepositKind
from meterledger.ledger import DEPOSITS
from meterledger.usecases.deposit_acts import (
    cold_weather_agreement,
    dispute_deposit,
    move_deposit,
    record_effort,
    request_remainder,
    review_credit,
    settle_dispute,
    take_effort_back,
)
from meterledger.usecases.deposit_ask import (
    DepositRefused,
    Desk,
    ask_deposit,
    guarantee_deposit,
    send_notice,
)
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_run import do_now, run_deposits
from meterledger.usecases.late_charges import (
    charge_late,
    correct_late_charges,
    reverse_late_charge,
    tell_government_account,
)
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settlements import MoneyDesk

AN_HOUR = timedelta(hours=1)
ONE = account_id(1)

# --------------------------------------------------------------------------------- late charges


def late(store: Any) -> PaperAccount:
    """A bill that was not paid."""
    paper = PaperAccount(whole_book(), store)
    paper.bill(0)
    return paper


def charged(store: Any) -> None:
    """And bears a late charge."""
    late(store).run(ISSUED[1])


def corrected(store: Any) -> None:
    """And was corrected after it."""
    paper = late(store)
    paper.run(ISSUED[1])
    paper.correct(0, 6_000, ISSUED[1] + timedelta(days=3))


@journey("late charge run", late)
def _(store: Any, _: Any) -> Any:
    run = charge_late([ONE], on=ISSUED[1], known_at=LATE_NOW, store=store, book=whole_book())
    return sorted(one.late_charge_id for one in store.late_charges_of_account(ONE)), bool(run)


@journey("reverse a late charge", charged)
def _(store: Any, _: Any) -> Any:
    (charge,) = store.late_charges_of_account(ONE)
    return reverse_late_charge(
        charge.late_charge_id,
        by="Ana",
        approved_by="Ben",
        reason="a first time",
        on=ISSUED[1],
        learned_at=LATE_NOW + AN_HOUR,
        store=store,
    )[0]


@journey("correct late charges", corrected)
def _(store: Any, _: Any) -> Any:
    on = ISSUED[1] + timedelta(days=3)
    correct_late_charges(on=on, known_at=CORRECTED + AN_HOUR, store=store, book=whole_book())
    return sorted(one.late_charge_id for one in store.late_charges_of_account(ONE))


@journey("tell a government account", late)
def _(store: Any, _: Any) -> Any:
    return tell_government_account(government_of(), store=store)


# ------------------------------------------------------------------------------------- deposits

JULY = date(2025, 7, 1)
OCTOBER = date(2025, 10, 20)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
CUT = {"tampered_or_diverted": True, "on_payment_plan": True}
LAST = NOW + timedelta(hours=12)
NO_GUARANTEE = {
    "guarantee_offered": False,
    "guarantor_credit_satisfactory": False,
    "company_accepts_guarantee": False,
}


def home(store: Any) -> Home:
    return home_of(Town(store, book=whole_book()))


def desk(store: Any, by: str = "Ana") -> Desk:
    return Desk(store, whole_book().as_known(LAST.date()), by, LAST)


def the_one(store: Any) -> str:
    found = store.deposits_of_accounts([Town(store, book=whole_book()).account_id(1)])
    ((one,),) = found.values()
    return str(one.deposit_id)


def at_home(store: Any) -> None:
    """A home with readings."""
    home(store)


def asked(store: Any, on: date = JULY) -> Home:
    """Of which 200 dollars were asked."""
    made = home(store)
    made.ask(on, told=TOLD)
    return made


def asked_in_october(store: Any) -> None:
    """Of which they were asked before winter."""
    asked(store, OCTOBER)


def paid(store: Any) -> Home:
    """And paid."""
    made = asked(store)
    made.pay(200_00, JULY + timedelta(days=4))
    return made


def a_year(store: Any) -> Home:
    """And a year of good months after it."""
    made = paid(store)
    made.live(date(2025, 8, 1), 12)
    return made


def disputed(store: Any) -> None:
    """But something is in dispute."""
    made = paid(store)
    dispute_deposit(the_one(store), about="another_matter", on=JULY, reason="so", desk=made.desk())


def of_a_business(store: Any) -> None:
    """A deposit was asked of a business."""
    start = start_of(1)
    agreement = replace(start.agreement, schedule="2M-single-phase")
    store.start_service(replace(start, agreement=agreement))
    store.record_bills([bill_of(1, 8)])
    ask_deposit(
        *(ONE, DepositKind.NON_RESIDENTIAL),
        on=OCTOBER,
        told=NO_GUARANTEE,
        cents=None,
        reason="a bill of a month",
        desk=Desk(store, whole_book().as_known(LAST.date()), "Ana", NOW),
    )


def final(store: Any) -> Home:
    """And service ended, with a final bill."""
    made = paid(store)
    made.live(date(2025, 8, 1), 1)
    agreement = store.services_of_account(made.account, made.now)[0].agreement
    store.stop_service(agreement.agreement_id, date(2025, 8, 11), made.now)
    made.bill(date(2025, 8, 14))
    return made


def remainder(store: Any) -> None:
    """What remains of it waits to go back."""
    final(store).night(date(2025, 8, 14))


def late_home(store: Any) -> Home:
    """A home with a bill, whose meter was tampered with."""
    made = home(store)
    made.live(date(2025, 8, 1), 2)
    return made


def with_other(store: Any) -> None:
    """A deposit is paid, and the customer has another account."""
    made = paid(store)
    made.town.start(2, people=(("P1", "Person 1"),))


@journey("notice of a deposit", late_home)
def _(store: Any, _: Any) -> Any:
    return send_notice(
        Town(store, book=whole_book()).account_id(1),
        on=date(2025, 9, 20),
        told=CUT,
        sent_by="mail",
        reason="late",
        desk=desk(store),
    ).deposit


@journey("ask a deposit", at_home)
def _(store: Any, _: Any) -> Any:
    return ask_deposit(
        Town(store, book=whole_book()).account_id(1),
        DepositKind.INITIAL,
        on=JULY,
        told=TOLD,
        cents=None,
        reason="the rules allow it",
        desk=desk(store),
    ).deposit


@journey("guarantee a deposit", asked)
def _(store: Any, _: Any) -> Any:
    return guarantee_deposit(
        the_one(store),
        guarantor="Aunt May",
        on=JULY,
        reason="offered",
        desk=desk(store),
        in_writing=True,
    ).deposit


@journey("pay a deposit", asked)
def _(store: Any, _: Any) -> Any:
    made = Home(Town(store, book=whole_book()), now=LAST)
    return made.pay(200_00, JULY + timedelta(days=4))


@journey("agree in winter", asked_in_october)
def _(store: Any, _: Any) -> Any:
    on = date(2025, 11, 15)
    return cold_weather_agreement(
        the_one(store), made_on=on, on=on, kept=True, reason="agreed", desk=desk(store)
    ).deposit


@journey("dispute a deposit", paid)
def _(store: Any, _: Any) -> Any:
    return dispute_deposit(
        the_one(store), about="another_matter", on=JULY, reason="told", desk=desk(store)
    ).deposit


@journey("settle a dispute", disputed)
def _(store: Any, _: Any) -> Any:
    return settle_dispute(the_one(store), on=JULY, reason="seen", desk=desk(store)).deposit


@journey("review a credit", of_a_business)
def _(store: Any, _: Any) -> Any:
    ((one,),) = store.deposits_of_accounts([ONE]).values()
    on = date(2026, 10, 20)
    opinion = {"opinion": "satisfactory", "on": on, "reason": "paid in time"}
    return review_credit(one.deposit_id, **opinion, desk=desk(store)).deposit


@journey("give a deposit back", a_year)
def _(store: Any, _: Any) -> Any:
    on = date(2026, 7, 23)
    try:
        do_now(the_one(store), on=on, reason="a good year", desk=desk(store, "Ben"))
    except DepositRefused as refusal:
        return refusal.what  # it went back before, and the page says so
    return "given back"


@journey("move a deposit", with_other)
def _(store: Any, _: Any) -> Any:
    to = Town(store, book=whole_book()).account_id(2)
    name = next(
        iter(store.deposits_of_accounts([Home(Town(store, book=whole_book())).account]).values())
    )[0]
    return move_deposit(
        name.deposit_id,
        to,
        on=date(2025, 9, 1),
        reason="moved",
        approved_by="Zoe",
        desk=desk(store),
    ).deposit


@journey("effort for a deposit", remainder)
def _(store: Any, _: Any) -> Any:
    return record_effort(
        the_one(store), how="check mailed", on=date(2026, 4, 1), reason="due", desk=desk(store)
    ).deposit


def an_effort(store: Any) -> None:
    """Somebody kept an effort to return what remains."""
    remainder(store)
    told: dict[str, Any] = {"how": "check mailed", "on": date(2026, 4, 1), "reason": "due"}
    record_effort(the_one(store), **told, desk=desk(store))


@journey("take an effort back", an_effort)
def _(store: Any, _: Any) -> Any:
    return take_effort_back(the_one(store), reason="no check left", desk=desk(store, "Ben")).deposit


@journey("request a remainder", remainder)
def _(store: Any, _: Any) -> Any:
    on = date(2025, 9, 1)
    return request_remainder(the_one(store), on=on, reason="asked", desk=desk(store)).deposit


@journey("ask a deposit's refund", remainder)
def _(store: Any, _: Any) -> Any:
    name = the_one(store)
    deposit = store.deposit(name)
    back = deposit.last(DepositAct.GIVEN_BACK)
    return ask_refund(
        deposit.account_id,
        back.cents,
        by="Ana",
        reason="service ended",
        source=DEPOSITS,
        of_deposits=[name],
        desk=MoneyDesk(store, whole_book(), NOW.date(), LAST),
    ).case


@journey("deposit run: interest", a_year)
def _(store: Any, _: Any) -> Any:
    run_deposits(on=date(2026, 7, 4), desk=desk(store, "meterledger"))
    return store.deposit(the_one(store))


@journey("deposit run: given back", a_year)
def _(store: Any, _: Any) -> Any:
    run_deposits(on=date(2026, 7, 23), desk=desk(store, "meterledger"))
    return store.deposit(the_one(store))


@journey("deposit run: applied", final)
def _(store: Any, _: Any) -> Any:
    run_deposits(on=date(2025, 8, 14), desk=desk(store, "meterledger"))
    return store.deposit(the_one(store))


@journey("deposit run: missed", asked)
def _(store: Any, _: Any) -> Any:
    run_deposits(on=date(2025, 7, 23), desk=desk(store, "meterledger"))
    return store.deposit(the_one(store))


@journey("hand out a remainder", remainder)
def _(store: Any, _: Any) -> Any:
    on = date(2025, 8, 14)
    refunds = MoneyDesk(store, whole_book(), NOW.date(), LAST)
    hand_out_remainders(on=on, desk=desk(store, "meterledger"), refunds=refunds)
    return store.settlements()
