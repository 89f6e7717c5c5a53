"""Balances moved, credits given back, debts written off, money nobody claims."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.journeys import settling_town as paper
from tests.journeys.settling_town import FINDERS, ONE, OTHER, SAME, Settling, begin, owes
from tests.journeys.test_refunds_of_pledges import Case
from tests.stores.extension_town import the_book as whole_book
from tests.stores.money_journeys.journey import journey

from meterledger.facts.ach import BankAccountKind
from meterledger.facts.ach_orders import BankAccount
from meterledger.facts.money import Tender
from meterledger.facts.settlements import Means
from meterledger.ledger import SpecialKind
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.refund_credit import (
    ask_refund,
    clear_refund,
    give_credit,
    return_refund,
    send_refund,
    send_refunds,
    settle_final_credit,
    stop_refund,
    verify_payee,
)
from meterledger.usecases.refunds_by_ach import mark_refunds_in_files, order_refunds
from meterledger.usecases.returned_payment import settle_returned_payment
from meterledger.usecases.settlements import MoneyDesk, refuse_settlement, reverse_settlement
from meterledger.usecases.special_charges import ask_special_charge
from meterledger.usecases.transfer_balance import transfer_balance
from meterledger.usecases.unclaimed import (
    claim,
    hand_over,
    note_letter,
    report_unclaimed,
    set_stale_apart,
)
from meterledger.usecases.write_off import (
    provide,
    record_recoveries,
    record_recovery,
    take_recoveries_back,
    write_off,
)

LAST = datetime(2026, 12, 1, 13, tzinfo=UTC)
JULY = date(2025, 7, 1)
STALE = date(2026, 2, 1)
OVER = date(2031, 7, 1)


def desk(store: Any, on: date = JULY) -> MoneyDesk:
    """The desk of the act itself, after all that its town did."""
    return MoneyDesk(store, whole_book(), on, LAST)


def town(store: Any) -> Settling:
    made = Settling(store, whole_book())
    begin(store)
    return made


def owing(store: Any) -> None:
    """Account 1 has ended and owes two bills."""
    town(store)
    owes(store)


def small(store: Any) -> None:
    """It owes 80 dollars."""
    town(store)
    owes(store, months=1, cents=80_00)


def moved(store: Any) -> None:
    """What it owed was moved."""
    made = town(store)
    owes(store)
    transfer_balance(ONE, SAME, desk=made.desk(), **FINDERS)


def credit(store: Any) -> None:
    """It has a credit of 60 dollars, paid by check."""
    town(store).pay(ONE, 60_00, "K-1")
    paper.billed_to_the_end(store)


def ended_credit(store: Any) -> None:
    """And its customer has no other account."""
    credit(store)
    store.stop_service("AG-3-20250101", paper.ENDS, LAST - timedelta(minutes=1))


def pledged(store: Any) -> None:
    """Both accounts of a customer ended, and what a pledge paid for was corrected."""
    made = Case(whole_book())
    made.store = store
    made.begin()
    made.correct()


def asked(store: Any) -> None:
    """20 dollars of a credit of 60 were asked for."""
    made = town(store)
    made.pay(ONE, 60_00, "K-1")
    ask_refund(ONE, 20_00, desk=made.desk(), **FINDERS)


def approved(store: Any) -> None:
    """And approved."""
    made = town(store)
    made.pay(ONE, 60_00, "K-1")
    made.refund()


def sent(store: Any) -> None:
    """And sent."""
    approved(store)
    send_refund(the_one(store), by="Cleo", reference="C-1", desk=before_last(store))


def stale(store: Any) -> None:
    """And lay for so long that it is set apart."""
    sent(store)
    set_stale_apart(by="a run", desk=before_last(store, STALE))


def written_to(store: Any) -> None:
    """And its owner was written to."""
    stale(store)
    note_letter(the_one(store), by="Dana", reference="L-1", desk=before_last(store, STALE))


def written_off(store: Any) -> None:
    """80 dollars were written off, and 30 paid after it."""
    small(store)
    made = Settling(store, whole_book(), seconds=100)
    write_off(ONE, desk=made.desk(), **FINDERS)
    made.pay(ONE, 30_00, "K-1")
    made.pay(ONE, 40_00, "K-2")


def recovered(store: Any) -> None:
    """The 30 dollars are a recovery, and came back."""
    written_off(store)
    made = Settling(store, whole_book(), seconds=200)
    record_recovery("K-1", ONE, by="payments", desk=made.desk())
    made.bring_back("K-1")


def by_bank(store: Any) -> None:
    """A refund of an ACH payment, approved, of an account whose bank account is known."""
    made = town(store)
    made.pay(ONE, 60_00, "K-1", Tender.ACH)
    kept = BankAccount(
        *("BA-1", ONE, "Ana Rivera", "081000210", BankAccountKind.CHECKING),
        *("6789", "p" * 32, b"sealed", paper.AT),
    )
    store.keep_channel(ChannelChange("bank kept", ONE, paper.AT, bank_accounts=(kept,)))
    made.refund()


def in_a_file(store: Any) -> None:
    """And it left in a file."""
    from meterledger.usecases.ach_out import AchOutDesk, make_ach_file

    by_bank(store)
    at = before_last(store, LAST.date())
    order_refunds(desk=at, store=store)
    make_ach_file(desk=AchOutDesk(store, at.view, at.now))


def before_last(store: Any, on: date = JULY) -> MoneyDesk:
    return MoneyDesk(store, whole_book(), on, LAST - timedelta(minutes=5))


def the_one(store: Any) -> str:
    """The only settlement's name."""
    (case,) = store.settlements()
    return str(case.settlement_id)


@journey("move a balance", owing)
def _(store: Any, _: Any) -> Any:
    return transfer_balance(ONE, SAME, desk=desk(store), **FINDERS).case


@journey("reverse a settlement", moved)
def _(store: Any, _: Any) -> Any:
    name = store.settlements()[0].settlement_id
    return reverse_settlement(name, desk=desk(store), **FINDERS).case


@journey("ask a refund", credit)
def _(store: Any, _: Any) -> Any:
    return ask_refund(ONE, 20_00, desk=desk(store), **FINDERS).case


@journey("approve a refund", asked)
def _(store: Any, _: Any) -> Any:
    return approve_settlement(the_one(store), desk=desk(store), **OTHER).case


@journey("refuse a refund", asked)
def _(store: Any, _: Any) -> Any:
    return refuse_settlement(the_one(store), desk=desk(store), **OTHER).case


@journey("send a refund", approved)
def _(store: Any, _: Any) -> Any:
    return send_refund(the_one(store), by="Cleo", reference="C-1", desk=desk(store)).case


@journey("send refunds", approved)
def _(store: Any, _: Any) -> Any:
    return send_refunds([(the_one(store), "F-1")], by="Cleo", desk=desk(store))


@journey("clear a refund", sent)
def _(store: Any, _: Any) -> Any:
    return clear_refund(the_one(store), by="bank", reference="line 7", desk=desk(store)).case


@journey("stop a refund", sent)
def _(store: Any, _: Any) -> Any:
    return stop_refund(the_one(store), by="Cleo", reason="lost", desk=desk(store)).case


@journey("a refund comes back", sent)
def _(store: Any, _: Any) -> Any:
    return return_refund(the_one(store), by="bank", reason="R03", desk=desk(store)).case


@journey("settle a final credit", ended_credit)
def _(store: Any, _: Any) -> Any:
    return settle_final_credit(ONE, by="final credits", desk=desk(store)).case


@journey("move a final credit", credit)
def _(store: Any, _: Any) -> Any:
    return settle_final_credit(ONE, by="final credits", desk=desk(store)).way


@journey("verify a payee", credit)
def _(store: Any, _: Any) -> Any:
    return verify_payee(
        "estate",
        account_id=ONE,
        name="Estate of Ana Rivera",
        means=Means.CHECK,
        details="1 Elm Street",
        by="Ana",
        evidence="letters of the court were seen",
        desk=desk(store),
    )


@journey("give a credit", owing)
def _(store: Any, _: Any) -> Any:
    return give_credit(ONE, 5_00, desk=desk(store), **FINDERS).case


@journey("special charge", owing)
def _(store: Any, _: Any) -> Any:
    asked = (ONE, 5_00, SpecialKind.NON_UTILITY, "Repair of a water heater")
    return ask_special_charge(*asked, desk=desk(store), **FINDERS).case


@journey("write off", small)
def _(store: Any, _: Any) -> Any:
    return write_off(ONE, desk=desk(store), **FINDERS).case


@journey("final credit of a pledge", pledged)
def _(store: Any, _: Any) -> Any:
    return settle_final_credit(ONE, by="a run", desk=desk(store, LAST.date()))


@journey("recovery", written_off)
def _(store: Any, _: Any) -> Any:
    return record_recovery("K-1", ONE, by="payments", desk=desk(store)).case


@journey("recoveries", written_off)
def _(store: Any, _: Any) -> Any:
    return record_recoveries(by="a run", desk=desk(store))


@journey("recoveries taken back", recovered)
def _(store: Any, _: Any) -> Any:
    return take_recoveries_back(by="a run", desk=desk(store))


@journey("provision", owing)
def _(store: Any, _: Any) -> Any:
    return provide(date(2025, 1, 1), desk=desk(store), **FINDERS).case


@journey("returned payment", recovered)
def _(store: Any, _: Any) -> Any:
    return settle_returned_payment("K-1", ONE, desk=desk(store), our_error=True, **FINDERS)


@journey("set stale apart", sent)
def _(store: Any, _: Any) -> Any:
    return set_stale_apart(by="a run", desk=desk(store, STALE))


@journey("note a letter", stale)
def _(store: Any, _: Any) -> Any:
    return note_letter(the_one(store), by="Dana", reference="L-1", desk=desk(store, STALE)).case


@journey("claim", stale)
def _(store: Any, _: Any) -> Any:
    return claim(the_one(store), by="Dana", reason="called", desk=desk(store, STALE)).case


@journey("hand over", written_to)
def _(store: Any, _: Any) -> Any:
    at = desk(store, OVER)
    return hand_over(report_unclaimed(at), by="Ben", reason="filed", reference="W-1", desk=at)


@journey("order refunds", by_bank)
def _(store: Any, _: Any) -> Any:
    return order_refunds(desk=desk(store, LAST.date()), store=store)


@journey("mark refunds in files", in_a_file)
def _(store: Any, _: Any) -> Any:
    return mark_refunds_in_files(by="ach", desk=desk(store, LAST.date()), store=store)
