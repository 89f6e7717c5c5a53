"""Ask for a deposit: the notice before it, the asking itself, a guarantee instead.

Lives here      what is written when a deposit begins; who may be asked, and with which words it is
                refused.
Lives elsewhere whether and how much (``deposit_decide``), being paid (payments), giving it back
                (``deposit_back``), the season (``deposit_winter``).
Read first      GRR VI.A; docs/operating/deposits.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from meterledger.facts.deposits import (
    Deposit,
    DepositAct,
    DepositKind,
    DepositStep,
    Part,
    deposit_id_of,
)
from meterledger.facts.held import HeldCase
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.months import months_after
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.usecases.at_once import looks_once_more
from meterledger.usecases.billing_option_ports import OptionsAsked
from meterledger.usecases.days_asked import due_of_bills
from meterledger.usecases.deposit_decide import (
    Asking,
    Considered,
    DecideStore,
    beside_of,
    consider_deposit,
)
from meterledger.usecases.deposit_money import deposit_money
from meterledger.usecases.deposit_ports import DepositLog, DepositWork
from meterledger.usecases.deposit_record import Ruled, ask, record_of

NOTICE = "deposits.notice"
INSTALMENTS = "deposits.instalments"


class DepositRefused(Refusal):
    """A deposit cannot be asked for, guaranteed or given back as things stand."""


class AskStore(DepositLog, DecideStore, OptionsAsked, Protocol):
    """What these journeys need of the store."""

    def held_cases(
        self, *, account_id: str | None = None, with_ended: bool = False
    ) -> list[HeldCase]:
        """Open cases of bills that did not leave, the oldest first."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where deposits are decided: the store, the book as known now, who decides, and when (UTC)."""

    store: AskStore
    view: BookView
    by: str
    now: datetime

    def named(self, reason: str, where: str) -> tuple[str, str]:
        """Who and why, each in one line.

        :raises DepositRefused: if one of them is missing
        """
        who, why = " ".join(self.by.split()), " ".join(reason.split())
        if not who or not why:
            raise DepositRefused(
                "Who decides, and why, is missing",
                where=where,
                why="Both are kept with the deposit, for years",
                do="Give a name and a reason",
            )
        return who[:200], why[:2000]


@dataclass(frozen=True, slots=True)
class Asked:
    """A deposit after a step; ``newly`` is False where it was taken before."""

    deposit: Deposit
    considered: Considered | None
    newly: bool


def send_notice(
    account_id: str,
    *,
    on: date,
    told: Mapping[str, Any],
    sent_by: str,
    reason: str,
    desk: Desk,
) -> Asked:
    """Write down that the notice of a continued deposit was sent, on its day, and in which way.

    It is sent where a ground is met and nothing spares the customer. What it says is set from the
    record of this step, so that it can be printed again.

    :raises DepositRefused: if no deposit may be assessed, or a deposit waits already
    """
    who, why = desk.named(reason, f"account {account_id}")
    deposit_id = deposit_id_of(account_id, DepositKind.CONTINUED, on)
    others = _others_cents(account_id, deposit_id, desk)
    asking = Asking(account_id, DepositKind.CONTINUED, on, desk.now, told, others_cents=others)
    considered = consider_deposit(asking, store=desk.store, view=desk.view)
    _refuse_unless(considered)
    _refuse_second(account_id, deposit_id, desk)
    _refuse_full(considered)
    step = DepositStep(
        deposit_id=deposit_id,
        key="noticed",
        act=DepositAct.NOTICED,
        on=on,
        by=who,
        reason=why,
        learned_at=desk.now,
        cents=int(considered.most_cents),
        note=sent_by,
        record=record_of(
            considered.rulings,
            view=desk.view,
            known_at=desk.now,
            own=considered.own,
            told=told,
        ),
    )
    return _begin(account_id, DepositKind.CONTINUED, deposit_id, step, considered, desk)


def ask_deposit(
    account_id: str,
    kind: DepositKind,
    *,
    on: date,
    told: Mapping[str, Any],
    cents: int | None,
    reason: str,
    desk: Desk,
    earlier_accounts: Sequence[str] = (),
    notice: Mapping[str, Any] | None = None,
) -> Asked:
    """Ask for a deposit: as much as told, or the most that may be asked.

    A continued one needs the notice first: ours, or what ``notice`` tells of disconnection notices
    (``sent_on`` and ``written``). ``told`` may say ``for_diversion``, ``can_pay_at_once`` and
    ``likely_not_to_pay`` for instalments.

    :raises DepositRefused: if none may be asked for, the notice did not come before, or it is more
        than the most
    """
    who, why = desk.named(reason, f"account {account_id}")
    wanted = Wanted(account_id, kind, on, told, cents, tuple(earlier_accounts), notice)
    considered = consider_wanted(wanted, desk)
    made = prepare(wanted, considered, desk)
    step = DepositStep(
        deposit_id=made.deposit_id,
        key="asked",
        act=DepositAct.ASKED,
        on=on,
        by=who,
        reason=why,
        learned_at=desk.now,
        cents=made.cents,
        until=made.parts[-1].due_day,
        parts=made.parts,
        record=record_of(
            made.rulings, view=desk.view, known_at=desk.now, own=considered.own, told=told
        ),
    )
    return _begin(account_id, kind, made.deposit_id, step, considered, desk)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A deposit that somebody would ask for: as much as told, or the most."""

    account_id: str
    kind: DepositKind
    on: date
    told: Mapping[str, Any]
    cents: int | None = None
    earlier_accounts: tuple[str, ...] = ()
    notice: Mapping[str, Any] | None = None
    """What is told of disconnection notices; None takes our own notice."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What would be asked for, in which parts, by which rulings."""

    deposit_id: str
    cents: int
    parts: tuple[Part, ...]
    rulings: tuple[Ruled, ...]


def consider_wanted(wanted: Wanted, desk: Desk) -> Considered:
    """Whether it may be asked for, and the most; nothing is written.

    :raises Refusal: where what is told is not enough, or contradicts our books
    """
    deposit_id = _id_of(wanted, desk)
    others = _others_cents(wanted.account_id, deposit_id, desk)
    asking = Asking(
        *(wanted.account_id, wanted.kind, wanted.on, desk.now, wanted.told),
        wanted.earlier_accounts,
        others,
    )
    return consider_deposit(asking, store=desk.store, view=desk.view)


def prepare(wanted: Wanted, considered: Considered, desk: Desk) -> Prepared:
    """What asking would write; nothing is written.

    :raises DepositRefused: if none may be asked for, the notice did not come before, or it is more
        than the most
    """
    deposit_id = _id_of(wanted, desk)
    _refuse_unless(considered)
    _refuse_second(wanted.account_id, deposit_id, desk)
    _refuse_full(considered)
    rulings = [*considered.rulings]
    if wanted.kind is DepositKind.CONTINUED:
        rulings.append(
            _notice_came_first(_own_notice(wanted, desk), wanted.notice, wanted.on, desk)
        )
    amount = int(considered.most_cents) if wanted.cents is None else wanted.cents
    _refuse_too_much(amount, considered)
    beside = beside_of(wanted.told)
    pay = {name: getattr(beside, name) for name in _OF_INSTALMENTS}
    parts, ruled = _parts(wanted, amount, pay, desk)
    return Prepared(deposit_id, amount, parts, (*rulings, *ruled))


def _own_notice(wanted: Wanted, desk: Desk) -> Deposit | None:
    if wanted.notice is not None:
        return None
    return _noticed(wanted.account_id, wanted.kind, wanted.on, desk)


def _id_of(wanted: Wanted, desk: Desk) -> str:
    known = _own_notice(wanted, desk)
    return known.deposit_id if known else deposit_id_of(wanted.account_id, wanted.kind, wanted.on)


@looks_once_more
def guarantee_deposit(
    deposit_id: str,
    *,
    guarantor: str,
    on: date,
    reason: str,
    desk: Desk,
    in_writing: bool,
    accepted: bool = True,
) -> Asked:
    """Take a written guarantee in place of what is unpaid of a deposit.

    :raises DepositRefused: if it is not in writing, nothing is unpaid, or the guarantor of a
        business is not accepted
    """
    who, why = desk.named(reason, f"deposit {deposit_id}")
    name = " ".join(guarantor.split())
    deposit = desk.store.deposit(deposit_id)
    money = deposit_money(deposit.account_id, [deposit], desk.store, known_at=desk.now)[deposit_id]
    given = deposit.guarantee
    if given is not None and (given.note, given.on) == (name[:200], on):
        return Asked(deposit, None, newly=False)
    if not name or not in_writing:
        raise DepositRefused(
            "A guarantee is given in writing, by a party with a name",
            where=f"deposit {deposit_id}",
            do="Give the guarantor's name and say that the guarantee is written",
        )
    if deposit.is_closed or not money.unpaid_cents:
        raise DepositRefused(
            "Nothing of this deposit is unpaid, so nothing can be guaranteed",
            where=f"deposit {deposit_id}",
            do=f"Look at it with `meterledger deposit show {deposit_id}`",
        )
    rulings: list[Ruled] = []
    if deposit.kind is DepositKind.NON_RESIDENTIAL:
        facts = {
            "customer": "non_residential",
            "guarantee_offered": True,
            "guarantor_credit_satisfactory": accepted,
            "company_accepts_guarantee": accepted,
        }
        ruled = ask("deposits.nonresidential", facts, on=on, view=desk.view)
        if not ruled.outcome.guarantee_takes_its_place:
            raise _in_words("The guarantee does not take the deposit's place", deposit_id, ruled)
        rulings.append(ruled)
    step = DepositStep(
        deposit_id=deposit_id,
        key="guaranteed",
        act=DepositAct.GUARANTEED,
        on=on,
        by=who,
        reason=why,
        learned_at=desk.now,
        cents=money.unpaid_cents,
        note=name[:200],
        record=record_of(rulings, view=desk.view, known_at=desk.now) if rulings else b"",
    )
    return add_steps(deposit, (step,), desk)


def add_steps(deposit: Deposit, steps: tuple[DepositStep, ...], desk: Desk) -> Asked:
    """Add steps that move no money to a deposit."""
    newly = desk.store.record_deposits(
        [
            DepositWork(
                deposit.deposit_id, deposit.account_id, deposit.kind, len(deposit.steps), steps
            )
        ]
    )
    return Asked(desk.store.deposit(deposit.deposit_id), None, newly)


_OF_INSTALMENTS = ("for_diversion", "can_pay_at_once", "likely_not_to_pay")


def _refuse_unless(considered: Considered) -> None:
    if not considered.may_be_asked:
        raise _in_words(
            "No deposit may be asked for",
            considered.asking.account_id,
            considered.eligibility,
            noun="account",
        )


def _in_words(what: str, name: str, ruled: Ruled, noun: str = "deposit") -> DepositRefused:
    reasons = "; ".join(f"{one.finding} ({one.citation.text})" for one in ruled.reasons)
    return DepositRefused(
        what,
        where=f"{noun} {name}, {ruled.ruling.day}",
        why=reasons,
        do="Leave it, or tell what is not told yet",
    )


def _refuse_second(account_id: str, deposit_id: str, desk: Desk) -> None:
    """One deposit of an account is asked for at a time: another would hide which one is paid."""
    for one in desk.store.deposits_of_accounts([account_id]).get(account_id, ()):
        if one.deposit_id == deposit_id or one.is_closed or one.asked is None:
            continue
        money = deposit_money(account_id, [one], desk.store, known_at=desk.now)[one.deposit_id]
        if money.unpaid_cents:
            raise DepositRefused(
                f"Deposit {one.deposit_id} is asked for already, and "
                f"{usd_display(money.unpaid_cents)} of it is unpaid",
                where=f"account {account_id}",
                do="Wait until it is paid, guaranteed or cancelled",
            )


def _others_cents(account_id: str, deposit_id: str, desk: Desk) -> int:
    """What the account's other deposits stand for: a limit is one of all of them together."""
    every = desk.store.deposits_of_accounts([account_id]).get(account_id, ())
    if all(one.deposit_id == deposit_id for one in every):
        return 0
    found = deposit_money(account_id, every, desk.store, known_at=desk.now)
    return sum(one.secured_cents for name, one in found.items() if name != deposit_id)


def _refuse_full(considered: Considered) -> None:
    """Nothing is left of the limit: other deposits of the account have taken it."""
    if considered.most_cents > 0 or considered.limit is None:
        return
    others = considered.asking.others_cents
    if not others:
        raise _in_words(
            "The most that may be asked is nothing",
            considered.asking.account_id,
            considered.limit,
            noun="account",
        )
    raise DepositRefused(
        f"Deposits of {usd_display(others)} are held or asked for, and no more may be",
        where=f"account {considered.asking.account_id}",
        why="; ".join(f"{one.finding} ({one.citation.text})" for one in considered.limit.reasons),
        do="Leave it: several deposits are together no more than one may be. Look at them with "
        f"`meterledger deposit list --account {considered.asking.account_id}`",
    )


def _noticed(account_id: str, kind: DepositKind, on: date, desk: Desk) -> Deposit | None:
    """The deposit of which a notice was sent, and that was not asked for before ``on``."""
    if kind is not DepositKind.CONTINUED:
        return None
    every = desk.store.deposits_of_accounts([account_id]).get(account_id, ())
    found = [
        one
        for one in every
        if one.kind is kind
        and one.of(DepositAct.NOTICED)
        and not one.is_closed
        and (one.asked is None or one.asked.on == on)
    ]
    return found[-1] if found else None


def _notice_came_first(
    known: Deposit | None, told: Mapping[str, Any] | None, on: date, desk: Desk
) -> Ruled:
    sent = known.of(DepositAct.NOTICED)[-1] if known else None
    facts: dict[str, Any] = {
        "explained_in": "own_notice" if sent else "nowhere",
        "sent_on": sent.on.isoformat() if sent else None,
        "written": sent is not None,
    }
    if told is not None:
        facts = {"explained_in": "disconnection_notices", **told}
    ruled = ask(NOTICE, facts, on=on, view=desk.view)
    if not ruled.outcome.may_be_asked_for:
        raise DepositRefused(
            "The deposit cannot be asked for before its notice",
            where=f"{on}",
            why="; ".join(f"{one.finding} ({one.citation.text})" for one in ruled.reasons),
            do="Send the notice with `meterledger deposit notice`, and ask on a later day",
        )
    return ruled


def _refuse_too_much(cents: int, considered: Considered) -> None:
    if 0 < cents <= considered.most_cents:
        return
    limit = considered.limit
    why = (
        "; ".join(f"{one.finding} ({one.citation.text})" for one in limit.reasons) if limit else ""
    )
    raise DepositRefused(
        f"A deposit of {usd_display(cents)} cannot be asked for",
        where=f"account {considered.asking.account_id}",
        why=why,
        do=f"Ask for an amount above zero, at most {usd_text(considered.most_cents)}",
    )


def _parts(
    wanted: Wanted, cents: int, pay: Mapping[str, bool], desk: Desk
) -> tuple[tuple[Part, ...], list[Ruled]]:
    """By when it is to be paid: like a bill of the day, or in instalments, a month apart.

    :raises NoRuleInForce: if the book is silent on due days, or has no holidays for the year
    """
    on, amounts, rulings = wanted.on, [cents], []
    if wanted.kind is not DepositKind.NON_RESIDENTIAL:
        facts = {"deposit_usd": usd_text(cents), **pay}
        ruled = ask(INSTALMENTS, facts, on=on, view=desk.view)
        rulings.append(ruled)
        if ruled.outcome.instalment_right:
            amounts = [one for one in ruled.outcome.instalments_cents if one]
    days = [months_after(on, number) for number in range(len(amounts))]
    due = due_of_bills(wanted.account_id, days, known_at=desk.now, view=desk.view, store=desk.store)
    return tuple(Part(*one) for one in zip(days, due, amounts, strict=True)), rulings


def _begin(
    account_id: str,
    kind: DepositKind,
    deposit_id: str,
    step: DepositStep,
    considered: Considered,
    desk: Desk,
) -> Asked:
    every = desk.store.deposits_of_accounts([account_id]).get(account_id, ())
    seen = next((len(one.steps) for one in every if one.deposit_id == deposit_id), 0)
    beside = frozenset(one.deposit_id for one in every) - {deposit_id}
    newly = desk.store.record_deposits(
        [DepositWork(deposit_id, account_id, kind, seen, (step,), beside=beside)]
    )
    return Asked(desk.store.deposit(deposit_id), considered, newly)
