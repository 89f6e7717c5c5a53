"""What people do with a deposit that exists: winter, disputes, reviews, requests, moves.

Lives here      one function for each; each adds one step, once.
Lives elsewhere asking (``deposit_ask``), giving back (``deposit_back``), the nights
                (``deposit_run``).
Read first      docs/operating/deposits.md.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from meterledger.facts.deposits import (
    CLOSING,
    Deposit,
    DepositAct,
    DepositKind,
    DepositStep,
    Part,
)
from meterledger.facts.deposits import deposit_id_of as id_of
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.people import same_person
from meterledger.ledger import entry_for_deposit_step
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.deposit_ask import Asked, DepositRefused, Desk, add_steps
from meterledger.usecases.deposit_back import consider_return
from meterledger.usecases.deposit_interest import credited_through, withheld_by
from meterledger.usecases.deposit_money import DepositMoney, deposit_money
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.deposit_record import Ruled, ask, record_of

EARLIER = "deposits.earlier"
OPINIONS = ("satisfactory", "not_satisfactory")
ABOUT = ("disconnection_for_nonpayment", "unauthorized_interference", "another_matter")


def cold_weather_agreement(
    deposit_id: str, *, made_on: date, on: date, kept: bool, reason: str, desk: Desk
) -> Asked:
    """Tell that the customer made a Cold Weather agreement: what is unpaid is decided anew.

    :raises DepositRefused: if nothing is unpaid, or the agreement cancels nothing
    """
    money = open_money(deposit_id, desk)
    if not money.deposit.is_residential or not money.unpaid_cents:
        raise DepositRefused(
            "Nothing of this deposit is unpaid, so an agreement cancels nothing",
            where=f"deposit {deposit_id}",
            do=f"Look at it with `meterledger deposit show {deposit_id}`",
        )
    ruled = earlier_deposit(money, on=on, desk=desk, agreement=(made_on, kept))
    cancelled = int(ruled.outcome.cancelled_cents)
    if not cancelled:
        raise DepositRefused(
            "The agreement cancels nothing of this deposit",
            where=f"deposit {deposit_id}",
            why="; ".join(f"{one.finding} ({one.citation.text})" for one in ruled.reasons),
            do="Leave it as it is",
        )
    step = _step(
        money.deposit,
        f"cold_weather.{made_on}",
        DepositAct.CANCELLED,
        on,
        reason,
        desk,
        cents=cancelled,
        note=f"Cold Weather agreement of {made_on}",
        record=record_of([ruled], view=desk.view, known_at=desk.now),
    )
    return add_steps(money.deposit, (step,), desk)


def earlier_deposit(
    money: DepositMoney, *, on: date, desk: Desk, agreement: tuple[date, bool] | None = None
) -> Ruled:
    """Whether what is unpaid of a residential deposit is billed on a day (GRR VI.A.2.c)."""
    asked = money.deposit.asked
    made_on, kept = agreement if agreement else (None, False)
    facts = {
        "assessed_on": (asked.on if asked else on).isoformat(),
        "unpaid_usd": usd_text(money.unpaid_cents),
        "agreement": "none" if made_on is None else "kept" if kept else "broken",
        "agreed_on": made_on.isoformat() if made_on else None,
    }
    return ask(EARLIER, facts, on=on, view=desk.view)


def dispute_deposit(deposit_id: str, *, about: str, on: date, reason: str, desk: Desk) -> Asked:
    """Tell that something is in dispute for which the deposit may wait (GRR VI.C.2)."""
    if about not in ABOUT:
        raise DepositRefused(
            f"'{about[:60]}' is nothing that a dispute is about",
            where=f"deposit {deposit_id}",
            do=f"Say one of {', '.join(ABOUT)}",
        )
    deposit = _open(deposit_id, desk)
    if deposit.dispute is not None and deposit.dispute.on != on:
        raise DepositRefused(
            f"A dispute of {deposit.dispute.on} is open",
            where=f"deposit {deposit_id}",
            do="Settle it first",
        )
    step = _step(deposit, f"disputed.{on}", DepositAct.DISPUTED, on, reason, desk, note=about)
    return add_steps(deposit, (step,), desk)


def settle_dispute(deposit_id: str, *, on: date, reason: str, desk: Desk) -> Asked:
    """Tell that the dispute is over."""
    deposit = _open(deposit_id, desk)
    known = deposit.last(DepositAct.SETTLED)
    if deposit.dispute is None and (known is None or known.on != on):
        raise DepositRefused(
            "No dispute is open",
            where=f"deposit {deposit_id}",
            do=f"Look at it with `meterledger deposit show {deposit_id}`",
        )
    step = _step(deposit, f"settled.{on}", DepositAct.SETTLED, on, reason, desk)
    return add_steps(deposit, (step,), desk)


def review_credit(deposit_id: str, *, opinion: str, on: date, reason: str, desk: Desk) -> Asked:
    """Write down the company's opinion of a business's credit, three years after (GRR VI.C.2)."""
    deposit = _open(deposit_id, desk)
    if deposit.kind is not DepositKind.NON_RESIDENTIAL or opinion not in OPINIONS:
        raise DepositRefused(
            "Only the credit of a non-residential customer is reviewed, as satisfactory or not",
            where=f"deposit {deposit_id}",
            do=f"Say one of {', '.join(OPINIONS)}; a home's deposit goes back after good months",
        )
    step = _step(deposit, f"reviewed.{on}", DepositAct.REVIEWED, on, reason, desk, note=opinion)
    return add_steps(deposit, (step,), desk)


def request_remainder(deposit_id: str, *, on: date, reason: str, desk: Desk) -> Asked:
    """Tell that the customer asked for a remainder that does not go back by itself."""
    deposit = desk.store.deposit(deposit_id)
    step = deposit.last(DepositAct.GIVEN_BACK)
    if step is None or not step.cents:
        raise DepositRefused(
            "Nothing of this deposit remains to be asked for",
            where=f"deposit {deposit_id}",
            do=f"Look at it with `meterledger deposit show {deposit_id}`",
        )
    made = _step(deposit, "requested", DepositAct.REQUESTED, on, reason, desk)
    return add_steps(deposit, (made,), desk)


def record_effort(deposit_id: str, *, how: str, on: date, reason: str, desk: Desk) -> Asked:
    """Keep the record of an effort to return a deposit: from it on nothing bears interest.

    :raises DepositRefused: if it says nothing, is of a day to come, or the deposit was not to go
        back on its day (GRR VI.C.2, VI.C.3)
    :raises WaitsForPayment: while nobody can say whether it was
    """
    deposit = desk.store.deposit(deposit_id)
    if not " ".join(how.split()):
        raise DepositRefused(
            "An effort without its way is no record",
            where=f"deposit {deposit_id}",
            do="Say what was done: a check mailed, a letter, a call",
        )
    key = f"effort.{on}.{len(deposit.of(DepositAct.EFFORT)) + 1}"
    same = [one for one in deposit.efforts if one.on == on and one.note == how]
    if same:
        return Asked(deposit, None, newly=False)
    _refuse_effort(deposit, on, desk)
    step = _step(deposit, key, DepositAct.EFFORT, on, reason, desk, note=how)
    return add_steps(deposit, (step,), desk)


def take_effort_back(deposit_id: str, *, on: date | None = None, reason: str, desk: Desk) -> Asked:
    """Say, as another person, that an effort was none: interest runs again as if it never was.

    ``on`` is the day of the effort, where several stand. What it had kept from a year of interest
    that was credited meanwhile is credited with it.

    :raises DepositRefused: if none or several stand, or the deposit ended with it
    :raises Conflict: if who kept it takes it back
    :raises PrimeRateMissing: if the book does not hold the prime rate of such a year
    """
    deposit = desk.store.deposit(deposit_id)
    who, why = desk.named(reason, f"deposit {deposit_id}")
    found = [one for one in deposit.efforts if on in (None, one.on)]
    told = [one for one in deposit.of(DepositAct.EFFORT_BACK) if on in (None, one.on)]
    if not found and told and (told[-1].by, told[-1].reason) == (who, why):
        return Asked(deposit, None, newly=False)
    if len(found) != 1:
        days = ", ".join(str(one.on) for one in found)
        raise DepositRefused(
            f"Several efforts stand: of {days}" if found else "No effort to return it stands",
            where=f"deposit {deposit_id}",
            do="Name the day of one with --on"
            if len({one.on for one in found}) > 1
            else f"Look at it with `meterledger deposit show {deposit_id}`",
        )
    effort, ended = found[0], deposit.last(*CLOSING)
    if ended is not None and effort.on <= ended.on:
        raise DepositRefused(
            f"The deposit ended on {ended.on}, and its interest with this effort",
            where=f"deposit {deposit_id}",
            why="What was given back is not decided anew",
            do="Give the interest that it cost with `meterledger credit`",
        )
    key = f"{effort.key}.taken_back"
    step = _step(deposit, key, DepositAct.EFFORT_BACK, effort.on, reason, desk, note=effort.key)
    every = desk.store.deposits_of_accounts([deposit.account_id])[deposit.account_id]
    money = deposit_money(deposit.account_id, every, desk.store, known_at=desk.now)[deposit_id]
    without = replace(money, deposit=replace(deposit, steps=(*deposit.steps, step)))
    said = f"the effort of {effort.on} was none: {why}"[:2000]
    steps, entries = withheld_by(effort, without, reason=said, desk=replace(desk, by=who))
    work = DepositWork(
        *(deposit_id, deposit.account_id, deposit.kind, len(deposit.steps)),
        (step, *steps),
        entries,
    )
    newly = desk.store.record_deposits([work])
    return Asked(desk.store.deposit(deposit_id), None, newly)


def _refuse_effort(deposit: Deposit, on: date, desk: Desk) -> None:
    """An effort ends interest, so it is one only once the customer is entitled to the deposit."""
    if on > local_day_of(desk.now, desk.view.time_zone):
        raise DepositRefused(
            f"An effort of {on} is not made yet",
            where=f"deposit {deposit.deposit_id}",
            do="Give the day on which it was made",
        )
    ended = deposit.last(DepositAct.GIVEN_BACK)
    if ended is not None and ended.cents and ended.on <= on:
        return
    every = desk.store.deposits_of_accounts([deposit.account_id])[deposit.account_id]
    then = deposit_money(deposit.account_id, every, desk.store, at=on, known_at=desk.now)
    money = then[deposit.deposit_id]
    if money.held_cents > 0 and consider_return(money, on=on, desk=desk).action == "refund":
        return
    raise DepositRefused(
        f"This deposit was not to go back on {on}, so nothing was done to return it",
        where=f"deposit {deposit.deposit_id}",
        why="Interest ends with an effort to return what the customer is entitled to (GRR VI.C.3)",
        do=f"Look at it with `meterledger deposit show {deposit.deposit_id}`, and keep an effort "
        "of a day from which it is to go back",
    )


def reason_of_move(reason: str, approved_by: str) -> str:
    """The reason of a move as its steps keep it: with the other person, who agreed."""
    return f"{' '.join(reason.split())}; approved by {' '.join(approved_by.split())}"


@looks_once_more
def move_deposit(
    deposit_id: str, to_account_id: str, *, on: date, reason: str, approved_by: str, desk: Desk
) -> Asked:
    """Move a held deposit to another account of the same customer, with the days it came in.

    Two people do it: who decides, and another who agrees.

    :raises DepositRefused: if the accounts are not of the same people, something of it is unpaid,
        or one person would decide and agree
    :raises NotFound: if there is no such account
    """
    who, why = desk.named(reason, f"deposit {deposit_id}")
    if same_person(approved_by, "") or same_person(who, approved_by):
        raise DepositRefused(
            "Moving a deposit needs two different people",
            where=f"deposit {deposit_id}",
            why="What is held for one account is held for another after it",
            do="Let another person agree, and give that name",
        )
    _, why = desk.named(reason_of_move(why, approved_by), f"deposit {deposit_id}")
    other = " ".join(approved_by.split())
    deposit = desk.store.deposit(deposit_id)
    desk.store.account(to_account_id)
    new_id = id_of(to_account_id, deposit.kind, on, ordinal=deposit_id)
    gone = deposit.last(DepositAct.MOVED_OUT)
    if gone is not None and gone.note == new_id and gone.on == on:
        return Asked(desk.store.deposit(new_id), None, newly=False)
    money = open_money(deposit_id, desk)
    _refuse_move(money, to_account_id, on, desk)
    key = f"moved.{on}"
    out = DepositStep(
        *(deposit_id, key, DepositAct.MOVED_OUT, on, who, why, desk.now),
        cents=money.held_cents,
        note=new_id,
        approved_by=other,
    )
    come = DepositStep(
        *(new_id, "moved_in", DepositAct.MOVED_IN, on, who, why, desk.now),
        cents=money.held_cents,
        until=credited_through(money),
        note=deposit_id,
        parts=tuple(Part(one.on, one.on, one.cents) for one in money.received),
        approved_by=other,
    )
    entry = entry_for_deposit_step(out, deposit.account_id, to_account_id=to_account_id)
    desk.store.record_deposits(
        [
            DepositWork(
                *(deposit_id, deposit.account_id, deposit.kind, len(deposit.steps), (out,)),
                (entry,) if entry else (),
            ),
            DepositWork(new_id, to_account_id, deposit.kind, 0, (come,)),
        ]
    )
    return Asked(desk.store.deposit(new_id), None, newly=True)


def _refuse_move(money: DepositMoney, to_account_id: str, on: date, desk: Desk) -> None:
    deposit = money.deposit
    same = desk.store.accounts_of_same_people(deposit.account_id, desk.now, on)
    if to_account_id not in same:
        raise DepositRefused(
            f"Account {to_account_id} is not another account of the same customer",
            where=f"deposit {deposit.deposit_id}",
            do="Move a deposit only between accounts for which the same people are responsible",
        )
    whole = sum(one.cents for one in money.received)
    if money.held_cents <= 0 or money.held_cents != whole:
        raise DepositRefused(
            f"{usd_display(max(0, money.held_cents))} of this deposit is held",
            where=f"deposit {deposit.deposit_id}",
            do="Move a deposit that was paid and of which nothing was applied",
        )
    if money.unpaid_cents:
        raise DepositRefused(
            f"{usd_display(money.unpaid_cents)} of this deposit is unpaid",
            where=f"deposit {deposit.deposit_id}",
            do="Move it once it is paid, guaranteed or cancelled",
        )


def open_money(deposit_id: str, desk: Desk) -> DepositMoney:
    """A deposit that has not ended, with its money. :raises DepositRefused: if it has"""
    deposit = _open(deposit_id, desk)
    every = desk.store.deposits_of_accounts([deposit.account_id])[deposit.account_id]
    return deposit_money(deposit.account_id, every, desk.store, known_at=desk.now)[deposit_id]


def _open(deposit_id: str, desk: Desk) -> Deposit:
    deposit = desk.store.deposit(deposit_id)
    if deposit.is_closed:
        raise DepositRefused(
            f"This deposit has ended: {deposit.state}",
            where=f"deposit {deposit_id}",
            do=f"Look at it with `meterledger deposit show {deposit_id}`",
        )
    return deposit


def _step(
    deposit: Deposit,
    key: str,
    act: DepositAct,
    on: date,
    reason: str,
    desk: Desk,
    **more: Any,
) -> DepositStep:
    who, why = desk.named(reason, f"deposit {deposit.deposit_id}")
    return DepositStep(deposit.deposit_id, key, act, on, who, why, desk.now, **more)
