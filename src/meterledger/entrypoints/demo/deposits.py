"""Deposits of the town and what follows: asked, paid in parts, given back; a balance that moves.

Lives here      to whom it happens on which day, calling the journeys; done once, told every time.
Lives elsewhere every decision (``usecases``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from meterledger.entrypoints.demo.chronicle import ActTold
from meterledger.entrypoints.demo.scene import Scene, who
from meterledger.facts.deposits import ITEM, Deposit, DepositAct, DepositKind
from meterledger.facts.extensions import ExtensionAct
from meterledger.facts.settlements import Act, SettlementCase, SettlementKind
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import read_form
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_ask import ask_deposit, send_notice
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_run import BY, run_deposits
from meterledger.usecases.extension_contracts import ContractAsked, ContractGiven, open_contract
from meterledger.usecases.extension_records import Moment
from meterledger.usecases.extension_run import run_extensions
from meterledger.usecases.refund_credit import clear_refund, send_refund
from meterledger.usecases.take_payment import take_payment
from meterledger.usecases.transfer_balance import transfer_balance

AGENT, SECOND = "Ida Novotny", "Ben Ortiz"

NEW_HOME, ASKED_ON = "GB-1", date(2025, 10, 28)
PARTS_ON = (date(2025, 10, 30), date(2025, 11, 14))
ENDED_ON, REFUND_ASKED_ON = date(2025, 12, 21), date(2025, 12, 22)
APPROVED_ON, SENT_ON, CLEARED_ON = date(2025, 12, 23), date(2025, 12, 29), date(2026, 1, 5)
"""Somebody new leaves a deposit, moves out, and gets back what is left of it."""

LATE_HOME, IN_WINTER_ON = "S-11", date(2026, 1, 16)
NOTICE_ON, LATE_ASKED_ON = date(2026, 4, 2), date(2026, 4, 14)
"""Somebody is always late; in winter nobody may be asked for a deposit."""

MOVED_FROM, MOVED_TO = "IL-15", "S-01"
LAST_BILL, MOVED_ON = date(2026, 2, 11), date(2026, 3, 9)
"""A final bill stays unpaid, and its customer has another account."""

LINE_HOME, LINE, LINE_REQUESTED = "NR-1", "SF-1991", date(2018, 6, 1)
LINE_ON = date(2025, 9, 3)
LINE_RUNS_ON = (date(2025, 10, 2), date(2026, 1, 2), date(2026, 4, 2))
"""A facility with a monthly charge, whose contract is as old as the pages that we hold."""

APPLICANT: dict[str, Any] = {
    "score": {"last_served_on": None, "eaer_score": 640},
    "identity": {
        "asked_for": False,
        "document_shown": False,
        "social_security_number_correct": False,
    },
    "estimated_annual_bill_usd": "1500.00",
}


def ask_initial(scene: Scene) -> list[ActTold]:
    """A deposit before service begins."""
    stay = scene.stay(NEW_HOME)
    if not _deposits(scene, stay.account_id):
        ask_deposit(
            stay.account_id,
            DepositKind.INITIAL,
            on=scene.day,
            told=APPLICANT,
            cents=None,
            reason="a score below the limit, and nobody to vouch",
            desk=scene.deposits(AGENT),
        )
    (deposit,) = _deposits(scene, stay.account_id)
    return [
        scene.told(
            "deposit",
            f"{who(stay)} is asked for a deposit of {usd_display(deposit.asked_cents)}, "
            "one-sixth of an estimated year.",
        )
    ]


def pay_initial(scene: Scene) -> list[ActTold]:
    """It is paid in two parts."""
    stay = scene.stay(NEW_HOME)
    (deposit,) = _deposits(scene, stay.account_id)
    first = deposit.asked_cents * 3 // 5
    number = PARTS_ON.index(scene.day)
    cents = (first, deposit.asked_cents - first)[number]
    take_payment(
        account_id=stay.account_id,
        cents=cents,
        payment_key=f"deposit-{stay.account_id}-{number + 1}",
        received_day=scene.day,
        learned_at=scene.at,
        view=scene.view,
        store=scene.store,
        earmarked_to=[f"{ITEM}{deposit.deposit_id}"],
        asked_deposits=scene.asked,
        by=AGENT,
    )
    return [
        scene.told(
            "deposit",
            f"{who(stay)} pays part {number + 1} of 2, {usd_display(cents)}: held for the "
            "customer, and no revenue.",
        )
    ]


def ask_back(scene: Scene) -> list[ActTold]:
    """The final bill took what it needed of deposit and interest; the rest is asked back."""
    stay = scene.stay(NEW_HOME)
    run_deposits(on=scene.day, desk=scene.deposits(BY))
    hand_out_remainders(on=scene.day, desk=scene.deposits(BY), refunds=scene.settlements)
    (deposit,) = _deposits(scene, stay.account_id)
    interest = sum(
        step.cents
        for step in deposit.steps
        if step.act in (DepositAct.INTEREST_ADDED, DepositAct.INTEREST_CREDITED)
    )
    applied = sum(step.cents for step in deposit.steps if step.act is DepositAct.APPLIED)
    case = _refund(scene)
    rest = usd_display(case.cents) if case else "nothing"
    return [
        scene.told(
            "deposit",
            f"{who(stay)} has moved out: {usd_display(interest)} of interest is added, "
            f"{usd_display(applied)} pays the final bill, and {rest} is to go back.",
        )
    ]


def approve(scene: Scene) -> list[ActTold]:
    """Who asks does not approve; somebody else does."""
    case = _refund(scene)
    if case is None:
        return []
    if case.awaits_approval:
        approve_settlement(
            case.settlement_id, by=SECOND, reason="the remainder is due", desk=scene.settlements
        )
    return [
        scene.told(
            "decided",
            f"{SECOND} approves the refund of {usd_display(case.cents)} to {_payee(case)}: "
            f"asked for by {case.asked.by}, so another person agrees.",
        ),
    ]


def send(scene: Scene) -> list[ActTold]:
    """A check leaves."""
    case = _refund(scene)
    if case is None:
        return []
    if Act.SENT not in {step.act for step in case.steps}:
        send_refund(case.settlement_id, by=SECOND, reference="check 20417", desk=scene.settlements)
    return [scene.told("refund", f"Check 20417 of {usd_display(case.cents)} leaves.")]


def clear(scene: Scene) -> list[ActTold]:
    """The bank has paid it."""
    case = _refund(scene)
    if case is None:
        return []
    if Act.CLEARED not in {step.act for step in case.steps}:
        clear_refund(case.settlement_id, by=SECOND, reference="check 20417", desk=scene.settlements)
    return [scene.told("refund", "The bank has paid check 20417.")]


def ask_in_winter(scene: Scene) -> list[ActTold]:
    """A deposit is thought of, and the season forbids it."""
    stay = scene.stay(LATE_HOME)
    try:
        _notice(scene)
    except Refusal as refusal:
        return [scene.told("REFUSED", refusal.of_one_case().sentence)]
    raise AssertionError(f"{who(stay)} is asked in winter")


def notice(scene: Scene) -> list[ActTold]:
    """A continued deposit begins with a written notice."""
    stay = scene.stay(LATE_HOME)
    if not _deposits(scene, stay.account_id):
        _notice(scene)
    return [scene.told("deposit", f"{who(stay)}, late five times, is told of a deposit by mail.")]


def _notice(scene: Scene) -> None:
    send_notice(
        scene.stay(LATE_HOME).account_id,
        on=scene.day,
        told={},
        sent_by="mail",
        reason="bills paid late",
        desk=scene.deposits(AGENT),
    )


def ask_continued(scene: Scene) -> list[ActTold]:
    """It is asked for, when the season is over."""
    stay = scene.stay(LATE_HOME)
    (deposit,) = _deposits(scene, stay.account_id)
    if deposit.asked is None:
        ask_deposit(
            stay.account_id,
            DepositKind.CONTINUED,
            on=scene.day,
            told={},
            cents=None,
            reason="bills paid late",
            desk=scene.deposits(AGENT),
        )
        (deposit,) = _deposits(scene, stay.account_id)
    asked = deposit.asked
    due = asked.parts[0].due_day if asked else None
    return [
        scene.told(
            "deposit",
            f"{who(stay)} is asked for {usd_display(deposit.asked_cents)} to keep service, due on "
            f"{due}.",
        )
    ]


def move_balance(scene: Scene) -> list[ActTold]:
    """What a final bill left unpaid moves to the customer's other account, with its age."""
    left, goes_on = scene.stay(MOVED_FROM), scene.stay(MOVED_TO)
    settled = transfer_balance(
        left.account_id,
        goes_on.account_id,
        by=AGENT,
        reason="the final bill is unpaid, and the customer is served elsewhere",
        desk=scene.settlements,
    )
    return [
        scene.told(
            "decided",
            f"{AGENT} moves {usd_display(settled.cents)} of {left.account_id}, which ended, "
            f"to account {goes_on.account_id} of the same customer; it keeps its age.",
        )
    ]


def take_over_facility(scene: Scene) -> list[ActTold]:
    """A special facility of before 1992 comes over with its contract and its monthly charge."""
    given = read_form(
        ContractGiven,
        {
            "facility": {
                "facility": "SF-1991-07",
                "installed_on": "1991-06-01",
                "installed_cost_usd": "1600.00",
                "option": None,
                "same_customer": True,
                "charges_from": "2025-09-01",
                "frozen_monthly_usd": "12.00",
            }
        },
        where="the town's facility",
    )
    stay = scene.stay(LINE_HOME)
    asked = ContractAsked(LINE, stay.account_id, LINE_REQUESTED, AGENT, given)
    open_contract(asked, store=scene.store, book=scene.utility.book, now=scene.at)
    return [
        scene.told(
            "contract",
            f"{who(stay)} has a transformer of its own since 1991: contract {LINE} is taken over.",
        )
    ]


def charge_facility(scene: Scene) -> list[ActTold]:
    """Its months are charged: apart from bills, paid last, and no late charge is made on them."""
    moment = Moment.at(scene.at, scene.utility.book)
    run = run_extensions(scene.day, store=scene.store, moment=moment)
    ensure(not run.waiting, f"{LINE} does not wait")
    charged = scene.store.extension(LINE).of(ExtensionAct.CHARGED)
    months = [one for one in charged if one.on <= scene.day]
    return [
        scene.told(
            "contract",
            f"{LINE}: {len(months)} months are charged by now, "
            f"{usd_display(sum(one.cents for one in months))}: a special charge, paid last.",
        )
    ]


def _refund(scene: Scene) -> SettlementCase | None:
    account = scene.stay(NEW_HOME).account_id
    found = scene.store.settlements(account_id=account, kind=SettlementKind.REFUND)
    return found[-1] if found else None


def _payee(case: SettlementCase) -> str:
    return case.payee.name if case.payee else "nobody"


def _deposits(scene: Scene, account_id: str) -> tuple[Deposit, ...]:
    return tuple(scene.store.deposits_of_accounts([account_id]).get(account_id, ()))
