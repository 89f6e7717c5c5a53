"""Hand what remains of deposits to refunds: asked for here, approved by a person, paid from there.

Lives here      which remainders are not asked for yet.
Lives elsewhere what remains (``deposit_back``), the refund itself (``refund_credit``).
Read first      GRR VI.C.4; docs/operating/deposits.md, "Giving it back".

A remainder is asked for while no refund from 235 of its account is on its way; what nobody can be
named for stays on the list, with the sentence why. What a person has refused is asked for anew once
something has changed: the day, the amount, an entry of the account, or a payee who was verified.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from meterledger.facts.settlements import Act, SettlementCase, SettlementKind
from meterledger.kernel.refusal import Refusal
from meterledger.ledger import DEPOSITS
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_back import RemainderDue, deposit_remainders_due
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.settlements import MoneyDesk, entries_known


@dataclass(slots=True)
class HandedOut:
    """What came of it: remainders due = asked for + on their way + not to be asked for."""

    due: int = 0
    asked: list[str] = field(default_factory=list)
    """Names of the refunds that were asked for."""
    on_their_way: int = 0
    refused: list[tuple[RemainderDue, str]] = field(default_factory=list)


def hand_out_remainders(*, on: date, desk: Desk, refunds: MoneyDesk) -> HandedOut:
    """Ask for the refund of every remainder that goes back by itself, or that was asked for."""
    made = HandedOut()
    accounts = desk.store.deposit_accounts(with_closed=True)
    by_account: dict[str, list[RemainderDue]] = {}
    for one in deposit_remainders_due(accounts, at=on, desk=desk):
        if one.automatic:
            by_account.setdefault(one.account_id, []).append(one)
    for account_id, due in by_account.items():
        made.due += 1
        if _is_on_its_way(account_id, refunds):
            made.on_their_way += 1
            continue
        cents = sum(one.cents for one in due)
        no = _refusal_that_stands(account_id, cents, refunds)
        if no is not None:
            made.refused.append((due[0], _sentence_of(no)))
            continue
        try:
            settled = ask_refund(
                account_id,
                cents,
                by=desk.by,
                reason=f"what remains of deposit {due[0].deposit_id}",
                desk=refunds,
                source=DEPOSITS,
                of_deposits=[one.deposit_id for one in due],
            )
        except Refusal as refusal:
            made.refused.append((due[0], refusal.of_one_case().sentence))
        else:
            made.asked.append(settled.case.settlement_id)
    return made


def _is_on_its_way(account_id: str, refunds: MoneyDesk) -> bool:
    """Whether a refund from the account's deposits was asked for and waits for its approval."""
    return any(
        one.kind is SettlementKind.REFUND and one.source == DEPOSITS and one.awaits_approval
        for one in refunds.store.settlements(account_id=account_id, open_only=True)
    )


def _refusal_that_stands(account_id: str, cents: int, refunds: MoneyDesk) -> SettlementCase | None:
    """The refund of just this that a person refused, on this day or later, with nothing since."""
    for one in refunds.store.settlements(account_id=account_id, kind=SettlementKind.REFUND):
        is_this = one.source == DEPOSITS and one.cents == cents and one.last.act is Act.REFUSED
        if (
            is_this
            and one.last.on >= refunds.on
            and not _has_changed(account_id, one.last.learned_at, refunds)
        ):
            return one
    return None


def _has_changed(account_id: str, since: datetime, refunds: MoneyDesk) -> bool:
    """Whether money of the account has moved since, or somebody was verified for it."""
    moments = [one.learned_at for one in entries_known(account_id, refunds)]
    moments += [one.learned_at for one in refunds.store.payees_of_account(account_id)]
    return any(one > since for one in moments)


def _sentence_of(no: SettlementCase) -> str:
    return (
        f"{no.last.by} refused {no.settlement_id} on {no.last.on}: {no.last.reason}. It is asked "
        "for again on a later day, or once something of the account changes; a person may ask at "
        "once on the deposit's page."
    )
