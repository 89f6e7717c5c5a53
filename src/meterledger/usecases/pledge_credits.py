"""What of an account's credit an agency gave: it goes back to the agency, not to the customer.

Lives here      the credit that pledges left, by payment, and to whom a refund of a credit goes.
Lives elsewhere pledges (``pledges``), asking for a refund (``refund_credit``).
Read first      docs/operating/settlements.md, "To whom money goes".

A pledge pays what it was given for. Where that is corrected, or a bill is cancelled, its money is
free again: it is the agency's, unless the agency's own terms leave it to the customer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from meterledger.facts.money import Payment, Tender
from meterledger.facts.pledges import REST, PledgeAct
from meterledger.facts.settlements import (
    Act,
    Means,
    Payee,
    SettlementCase,
    SettlementKind,
)
from meterledger.kernel.money import usd_display
from meterledger.ledger import movement_of, receivable_of_movements
from meterledger.usecases.settlements import (
    CannotSettle,
    MoneyDesk,
    credit_cents,
    entries_known,
)

MEANS_OF_TENDER = {
    Tender.CASH: Means.CHECK,
    Tender.CHECK: Means.CHECK,
    Tender.MONEY_ORDER: Means.CHECK,
    Tender.ACH: Means.ACH,
    Tender.CARD: Means.CARD,
    Tender.WALLET: Means.CARD,
    Tender.PLEDGE: Means.CHECK,
}
REFUND = "refund:"
NOTHING_POSTED = frozenset({Act.ASKED, Act.REFUSED, Act.REVERSED})


@dataclass(frozen=True, slots=True)
class PledgeCredit:
    """What one payment of an agency left on the account as credit."""

    payment_key: str
    agency: str
    """Its name; "" where no pledge is behind the payment."""
    cents: int
    asked_cents: int
    """What of it is asked for already, and not approved yet."""

    @property
    def free_cents(self) -> int:
        """What may still be asked for."""
        return max(0, self.cents - self.asked_cents)


def pledge_credits(account_id: str, desk: MoneyDesk) -> tuple[PledgeCredit, ...]:
    """What pledges left of the account's credit, the oldest first, as known at the desk's instant.

    A refund that went to an agency, by its payment or as a verified payee, took it off that
    agency's part, and any other off the rest.
    """
    kept = [one for one in payments_kept(account_id, desk) if one.tender is Tender.PLEDGE]
    if not kept:
        return ()
    free = _free_credits(account_id, desk)
    refunds = _refunds(account_id, desk)
    agencies = _agencies(account_id, desk)
    gone, waiting = _to_verified(refunds)
    left, found = max(0, credit_cents(account_id, desk)), []
    for payment in kept:
        key = payment.payment_key
        agency = agencies.get(key) or agencies.get(key.removesuffix(REST), "")
        mine = [one for one in refunds if one.payee is not None and one.payee.payment_key == key]
        back = sum(one.cents for one in mine if one.last.act not in NOTHING_POSTED)
        there = max(0, free.get(f"payment:{key}", 0) - back)
        there -= _taken(gone, agency, there)
        cents = min(left, there)
        left -= cents
        asked = sum(one.cents for one in mine if one.awaits_approval)
        asked += _taken(waiting, agency, max(0, cents - asked))
        if cents:
            found.append(PledgeCredit(key, agency, cents, asked))
    return tuple(found)


def _refunds(account_id: str, desk: MoneyDesk) -> list[SettlementCase]:
    """Refunds of the account's credit that were asked for before the desk's instant."""
    return [
        one
        for one in desk.store.settlements(account_id=account_id, kind=SettlementKind.REFUND)
        if one.payee is not None and one.source == "142" and one.asked.learned_at < desk.now
    ]


def _to_verified(refunds: Sequence[SettlementCase]) -> tuple[Counter[str], Counter[str]]:
    """Cents that went, and that wait to go, to verified payees, by their names."""
    gone, waiting = Counter[str](), Counter[str]()
    for one in refunds:
        if one.payee is None or not one.payee.payee_id:
            continue
        if one.last.act not in NOTHING_POSTED:
            gone[one.payee.name] += one.cents
        elif one.awaits_approval:
            waiting[one.payee.name] += one.cents
    return gone, waiting


def _taken(pool: Counter[str], agency: str, most: int) -> int:
    """Take so much of what an agency had off its payment, up to ``most``."""
    part = min(pool[agency], most) if agency else 0
    pool[agency] -= part
    return part


def payments_kept(account_id: str, desk: MoneyDesk) -> list[Payment]:
    """Payments of the account that were not taken back, oldest first."""
    reversed_now = {one.reverses for one in desk.store.entries_of_account(account_id)}
    return [
        one
        for one in desk.store.payments_of_account(account_id)
        if f"payment:{one.payment_key}" not in reversed_now
    ]


def _free_credits(account_id: str, desk: MoneyDesk) -> dict[str, int]:
    """Credit by the entry it is of, as if nothing had been refunded: refunds know their own."""
    known = desk.store.account_money([account_id])
    given = known[account_id].applications if account_id in known else ()
    found = receivable_of_movements(
        account_id,
        [
            movement_of(one, account_id)
            for one in entries_known(account_id, desk)
            if not (one.reverses or one.entry_id).startswith(REFUND)
        ],
        [one for one in given if one.learned_at <= desk.now],
        due_days={},
        at=date.max,
    )
    return dict(found.free_credits)


def _agencies(account_id: str, desk: MoneyDesk) -> dict[str, str]:
    """Agencies by the key of the payment in which their money came."""
    return {
        step.payment_key: one.pledge.agency
        for one in desk.store.pledges(account_ids=[account_id])
        for step in one.steps
        if step.act is PledgeAct.RECEIVED
    }


def payee_of_credit(
    account_id: str,
    cents: int,
    desk: MoneyDesk,
    *,
    holders: str,
    payment_key: str = "",
    payee_id: str = "",
    agency_terms: str = "",
    approving: bool = False,
) -> Payee:
    """To whom so much of the account's credit goes: an agency's part back to the agency.

    ``agency_terms`` says where the agency leaves it to the customer: then it is as any credit.
    ``approving`` does not count what others ask for: who is approved first has it. That
    the credit is there at all is looked at by the store.

    :raises CannotSettle: if an agency's money would go to somebody else, or the customer's to an
        agency, or nobody is known to whom it may go
    """
    pledged = () if agency_terms else pledge_credits(account_id, desk)
    payee = payee_named(
        account_id, desk, holders=holders, payment_key=payment_key, payee_id=payee_id
    )
    own = credit_cents(account_id, desk) - sum(one.cents for one in pledged)
    free = own
    if pledged and not approving:  # what others ask for is taken off the part that it is of
        waits = sum(one.cents for one in _refunds(account_id, desk) if one.awaits_approval)
        free = own - max(0, waits - sum(one.asked_cents for one in pledged))
    agencys = [one for one in pledged if _is_of(one, payee)]
    if agencys or (payment_key and not agency_terms and _is_pledge(account_id, payment_key, desk)):
        there = sum(one.cents if approving else one.free_cents for one in agencys)
        if payee is not None and cents <= there:
            return payee
    elif payee is not None and (cents <= free or (approving and not pledged)):
        return payee
    elif not (payment_key or payee_id) and own <= 0:
        single = [one for one in pledged if one.free_cents >= cents]
        if len(single) == 1:
            return payee_of_pledge(account_id, single[0])
    if payee is None and not pledged:
        raise nobody_known(account_id, payment_key)
    raise _mixed(account_id, cents, free, pledged)


def _is_pledge(account_id: str, payment_key: str, desk: MoneyDesk) -> bool:
    kept = payments_kept(account_id, desk)
    return any(one.payment_key == payment_key and one.tender is Tender.PLEDGE for one in kept)


def _is_of(one: PledgeCredit, payee: Payee | None) -> bool:
    if payee is None:
        return False
    return payee.payment_key == one.payment_key or (
        bool(payee.payee_id) and bool(one.agency) and payee.name == one.agency
    )


def payee_of_pledge(account_id: str, one: PledgeCredit) -> Payee:
    """The agency, by the payment in which its money came.

    :raises CannotSettle: if no pledge says whose money it was
    """
    if not one.agency:
        raise CannotSettle(
            f"Payment {one.payment_key} was an agency's, and no pledge says which",
            where=f"account {account_id}",
            why="What an agency gave goes back to it, or to a verified payee",
            do="Verify the agency with `meterledger refund payee`, and name it",
        )
    return Payee(one.agency, Means.CHECK, payment_key=one.payment_key)


def payee_named(
    account_id: str, desk: MoneyDesk, *, holders: str, payment_key: str = "", payee_id: str = ""
) -> Payee | None:
    """The verified payee, or where a payment came from; without either the newest payment that the
    customer made himself, and None where there is none.

    :raises CannotSettle: if both are named, the payee is another account's, or the payment was not
        kept
    """
    where = f"account {account_id}"
    if payment_key and payee_id:
        raise CannotSettle(
            "A refund goes to one", where=where, do="Give a payment or a payee, not both"
        )
    if payee_id:
        known = desk.store.payee(payee_id)
        if known.account_id != account_id:
            raise CannotSettle(
                f"Payee {payee_id} is verified for another account",
                where=where,
                do="Verify the payee for this account, or name another",
            )
        return Payee(known.name, known.means, payee_id=payee_id)
    payments = payments_kept(account_id, desk)
    if payment_key:
        payments = [one for one in payments if one.payment_key == payment_key]
        if not payments:
            raise nobody_known(account_id, payment_key)
        if payments[-1].tender is Tender.PLEDGE:
            agency = _agencies(account_id, desk).get(payment_key.removesuffix(REST), "")
            return payee_of_pledge(account_id, PledgeCredit(payment_key, agency, 0, 0))
    else:
        payments = [one for one in payments if one.tender is not Tender.PLEDGE]
    if not payments:
        return None
    newest = payments[-1]
    return Payee(holders, MEANS_OF_TENDER[newest.tender], payment_key=newest.payment_key)


def nobody_known(account_id: str, payment_key: str) -> CannotSettle:
    """The refusal where no payment that was kept says to whom money may go."""
    what = f"Payment {payment_key[:64]} is not" if payment_key else "No payment is"
    return CannotSettle(
        f"{what} one of the account's that was kept, so nobody is known to whom money may go",
        where=f"account {account_id}",
        why="Money goes back to where it came from, or to a verified payee",
        do="Verify a payee with `meterledger refund payee`, and name it",
    )


def _mixed(account_id: str, cents: int, own: int, pledged: Sequence[PledgeCredit]) -> CannotSettle:
    parts = [
        f"{usd_display(one.free_cents)} is of {one.agency or 'an agency'} (--payment "
        f"{one.payment_key})"
        for one in pledged
    ]
    return CannotSettle(
        f"{usd_display(cents)} cannot go to one: {usd_display(max(0, own))} is the customer's, "
        + ", ".join(parts),
        where=f"account {account_id}",
        why="What an agency gave goes back to it, unless its terms leave it to the customer",
        do="Ask for each by itself, or give the agency's terms with --agency-terms",
    )
