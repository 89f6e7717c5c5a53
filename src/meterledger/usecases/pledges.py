"""Pledges of agencies: promised, received, applied to what they were given for and nothing else.

Lives here      the journeys.
Lives elsewhere how a pledge stands (``facts/pledges``), postings (``channel_money``), what pending
                pledges mean for fees and cuts (``arrears``).
Read first      docs/operating/payment_channels.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.billing import PLEDGE_DAYS
from meterledger.facts.bank import Expectation
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, Receipt
from meterledger.facts.pledges import (
    REST,
    Pledge,
    PledgeAct,
    PledgeOnFile,
    PledgeState,
    PledgeStep,
)
from meterledger.facts.receivables import AccountMoney, OpenItem
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import CENTS_MAX, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import receivable_of_movements
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.channel_money import MoneyStore, Postings
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.no_card_numbers import refuse_card_numbers
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.post_payments import again_if_moved, again_if_taken
from meterledger.usecases.take_payment import AskedDeposits, no_deposits

AGENCY = "131.agency"


class PledgeRefused(Refusal):
    """A pledge cannot be promised, received or withdrawn as asked."""


class PledgeStore(MoneyStore, Protocol):
    """What these journeys need of the store."""

    def pledge(self, pledge_id: str) -> PledgeOnFile:
        """A pledge with its steps. :raises NotFound:"""

    def pledges(self, *, account_ids: Collection[str] | None = None) -> list[PledgeOnFile]:
        """Pledges, the oldest first."""

    def keep_channel(self, change: ChannelChange) -> None:
        """Keep all of a change in one transaction."""


@dataclass(frozen=True, slots=True)
class PledgeDesk:
    """Where these journeys work."""

    store: PledgeStore
    view: BookView
    now: datetime
    asked_deposits: AskedDeposits = no_deposits

    @property
    def today(self) -> date:
        """The utility's local day."""
        return local_day_of(self.now, self.view.time_zone)


def promise_pledge(
    pledge_id: str,
    *,
    account_id: str,
    agency: str,
    cents: int,
    for_items: Sequence[str],
    by: str,
    desk: PledgeDesk,
    promised_day: date | None = None,
    expires_day: date | None = None,
) -> PledgeOnFile:
    """Keep an agency's promise. ``for_items`` are open items; empty means all that is open now.

    The same promise again changes nothing.

    :raises PledgeRefused: if amount, names or days are none, an item is not open, or more is
        promised than is open of the items
    :raises NotFound: if there is no such account
    :raises Conflict: if the id was used with other contents
    """
    where = f"pledge {pledge_id[:48]}"
    _refuse_words(pledge_id, agency, by, where)
    promised = promised_day or desk.today
    if promised > desk.today:
        raise PledgeRefused(f"{promised} is not here yet", where=where, do="Give its day")
    days = Terms(desk.view, promised).whole(PLEDGE_DAYS).value
    expires = expires_day or promised + timedelta(days=days)
    if expires <= promised:
        raise PledgeRefused(
            f"It would end on {expires}, before it lasts a day", where=where, do="Give a later day"
        )
    who = (by.strip(), desk.now)

    def made(for_items: Sequence[str]) -> Pledge:
        told = (pledge_id, account_id, agency.strip(), cents, tuple(for_items))
        return Pledge(*told, promised, expires, *who)

    def promise() -> PledgeOnFile:
        known = _known(pledge_id, desk)
        items = _items(account_id, desk)
        if known is None:
            pledge = made(_for_items(for_items, items, cents, where))
            change = ChannelChange("pledge promised", account_id, desk.now, pledges=(pledge,))
            desk.store.keep_channel(change)
            return PledgeOnFile(pledge)
        told = made(for_items or known.pledge.for_items)
        if replace(told, learned_at=known.pledge.learned_at) != known.pledge:
            raise Conflict(
                f"Pledge {pledge_id} is known with other contents",
                where="pledges",
                do="Use another id for another promise, or withdraw this one",
            )
        return known

    return again_if_taken(promise)


def _refuse_words(pledge_id: str, agency: str, by: str, where: str) -> None:
    refuse_card_numbers([pledge_id, agency, by], where=where)
    plain = pledge_id.isascii() and pledge_id.isprintable() and 0 < len(pledge_id.strip()) <= 48
    if not plain or pledge_id != pledge_id.strip():
        raise PledgeRefused(
            f"'{pledge_id[:60]}' is not the id of a pledge",
            do="Give the agency's own number, up to 48 plain characters",
        )
    if not agency.strip() or not by.strip():
        raise PledgeRefused(
            "A pledge has an agency, and somebody who took it down",
            where=where,
            do="Give --agency and --by",
        )


def _known(pledge_id: str, desk: PledgeDesk) -> PledgeOnFile | None:
    try:
        return desk.store.pledge(pledge_id)
    except NotFound:
        return None


def _items(account_id: str, desk: PledgeDesk) -> tuple[OpenItem, ...]:
    found = desk.store.account_money([account_id])
    if account_id not in found:
        raise NotFound.of("account", account_id)
    return _open(found[account_id], desk.today)


def _open(money: AccountMoney, at: date) -> tuple[OpenItem, ...]:
    return receivable_of_movements(
        money.account_id, money.movements, money.applications, due_days={}, at=at
    ).items


def _for_items(
    asked: Sequence[str], items: Sequence[OpenItem], cents: int, where: str
) -> tuple[str, ...]:
    is_open = {one.item_id: one.open_cents for one in items if one.open_cents}
    named = tuple(asked) or tuple(is_open)
    for one in named:
        if one not in is_open:
            raise PledgeRefused(
                f"{one[:60]} is not open",
                where=where,
                why=f"Open are {', '.join(is_open) or 'no items'}",
                do="Name what the pledge is for with --for",
            )
    together = sum(is_open[one] for one in named)
    if not 0 < cents <= min(together, CENTS_MAX):
        raise PledgeRefused(
            f"{usd_display(cents)} is not promised for what has {usd_display(together)} open",
            where=where,
            do="Give an amount above zero, at most what is open of the items",
        )
    return named


def receive_pledge(
    pledge_id: str,
    *,
    cents: int,
    payment_key: str,
    on: date,
    by: str,
    desk: PledgeDesk,
    reference: str = "",
) -> PledgeOnFile:
    """Money of a pledge has come: it pays the items that the pledge names, and nothing else.

    What they no longer need is not spent on other debt: it waits in 253.unapplied for a person.
    Money of an expired pledge is taken all the same. The same key again changes nothing. What came
    back is pending again while the pledge lasts, and comes again under another key.

    :raises PledgeRefused: if the amount or the day is none, or money of that key came back
    :raises Conflict: if the key was used with other contents
    """
    where = f"pledge {pledge_id[:48]}"
    refuse_card_numbers([payment_key, by, reference], where=where)
    on_file = desk.store.pledge(pledge_id)
    pledge = on_file.pledge
    if not 0 < cents <= CENTS_MAX or not by.strip():
        raise PledgeRefused(
            f"{usd_display(cents)} cannot be received",
            where=where,
            do="Give an amount above zero, and who took it with --by",
        )
    if not pledge.promised_day <= on <= desk.today:
        raise PledgeRefused(
            f"It is said to be received on {on}; the pledge is of {pledge.promised_day}, and today "
            f"is {desk.today}",
            where=where,
            do="Give the day the money came",
        )

    def receive() -> PledgeOnFile:
        return _receive(pledge_id, cents, payment_key, on, by.strip(), reference, desk)

    return again_if_moved(lambda: again_if_taken(receive))


def _receive(
    pledge_id: str, cents: int, key: str, on: date, by: str, reference: str, desk: PledgeDesk
) -> PledgeOnFile:
    on_file = desk.store.pledge(pledge_id)
    pledge = on_file.pledge
    _refuse_returned(on_file, key)
    for step in on_file.steps:
        if step.payment_key == key and step.act is PledgeAct.RECEIVED:
            if (step.cents, step.on) != (cents, on):
                raise Conflict(
                    f"Key {key} is used already, for {usd_display(step.cents)} of {step.on}",
                    where=f"pledge {pledge_id}",
                    do="Use the key of this payment, or correct the amount or day",
                )
            return on_file
    is_open = {one.item_id: one.open_cents for one in _items(pledge.account_id, desk)}
    needed = min(cents, sum(is_open.get(one, 0) for one in pledge.for_items))
    postings = Postings(
        desk.store,
        desk.view,
        now=desk.now,
        today=desk.today,
        asked_deposits=desk.asked_deposits,
    )
    why = f"pledge {pledge_id} of {pledge.agency}"
    receipt = Receipt(
        *(key, pledge.account_id, cents, Tender.PLEDGE, Channel.AGENCY, on, desk.now),
        reference=reference or pledge_id,
    )
    if needed == cents:
        postings.post(receipt, pledge.account_id, why=why, earmarked_to=pledge.for_items)
    elif needed == 0:
        postings.leave_unapplied(receipt, why=f"{why}: nothing of what it is for is open")
    else:
        first = replace(receipt, cents=needed)
        rest = replace(receipt, payment_key=f"{key}{REST}", cents=cents - needed)
        postings.post(first, pledge.account_id, why=why, earmarked_to=pledge.for_items)
        postings.leave_unapplied(rest, why=f"{why}: more than what it is for needs")
    step = PledgeStep(
        *(pledge_id, len(on_file.steps) + 1, PledgeAct.RECEIVED, on, cents, by, why, desk.now),
        payment_key=key,
    )
    line = Expectation(
        f"agency:{key}", AGENCY, on, cents, f"pledge {pledge_id}", reference or pledge_id
    )
    desk.store.keep_channel(
        ChannelChange(
            "pledge received",
            pledge.account_id,
            desk.now,
            receipts=tuple(postings.new),
            pledge_steps=(step,),
            expectations=(line,),
        )
    )
    return replace(on_file, steps=(*on_file.steps, step))


def _refuse_returned(on_file: PledgeOnFile, key: str) -> None:
    for one in on_file.returns:
        if one.payment_key in (key, f"{key}{REST}"):
            raise PledgeRefused(
                f"Payment {one.payment_key} came back on {one.on}",
                where=f"pledge {on_file.pledge.pledge_id}",
                why="A key posts once, for ever",
                do="Take money that comes again under a key of its own",
            )


def withdraw_pledge(pledge_id: str, *, by: str, reason: str, desk: PledgeDesk) -> PledgeOnFile:
    """The agency takes its promise back; what has come of it stays.

    :raises PledgeRefused: if it is not pending, or name or reason lack
    """
    on_file = desk.store.pledge(pledge_id)
    refuse_card_numbers([by, reason], where=f"pledge {pledge_id}")
    state = on_file.state_on(desk.today)
    if state is not PledgeState.PENDING:
        raise PledgeRefused(
            f"It is {state.value}", where=f"pledge {pledge_id}", do="Nothing is to be done"
        )
    if not by.strip() or not reason.strip():
        raise PledgeRefused(
            "A person decides with a name and a reason",
            where=f"pledge {pledge_id}",
            do="Give --by and --reason",
        )
    step = PledgeStep(
        *(pledge_id, len(on_file.steps) + 1, PledgeAct.WITHDRAWN, desk.today, 0),
        *(by.strip(), reason.strip(), desk.now),
    )
    change = ChannelChange(
        "pledge withdrawn", on_file.pledge.account_id, desk.now, pledge_steps=(step,)
    )
    desk.store.keep_channel(change)
    return replace(on_file, steps=(*on_file.steps, step))
