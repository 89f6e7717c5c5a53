"""Letters about deposits: the notice before one is asked for, the certificate of what is held.

Lives here      what the letters say, as canonical bytes that their template sets.
Lives elsewhere setting them (``documents``), the reasons (the deposit's own records).
Read first      GRR VI.A.2.d; docs/operating/deposits.md, "Letters".

A letter is made from the deposit's record alone: the same deposit gives the same bytes. What other
customers of the place used, or what stands in a credit file, is not told in it beyond the finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from meterledger.billing import contact_route
from meterledger.entrypoints.documents.composing import compose
from meterledger.entrypoints.web.words import day_words
from meterledger.entrypoints.wiring import System
from meterledger.facts.deposits import Deposit, DepositAct, DepositStep
from meterledger.kernel.canonical import canonical_bytes
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.terms import Terms
from meterledger.usecases.deposit_money import DepositMoney
from meterledger.usecases.deposit_record import reasons_of

TEMPLATE = "deposit_1"


class NoLetter(Refusal):
    """There is nothing of which this letter could tell."""


def notice_letter(deposit: Deposit, system: System) -> bytes:
    """The notice that a deposit may be asked for, or was, as PDF.

    :raises NoLetter: if no notice was sent and nothing was asked for
    """
    step = deposit.last(DepositAct.NOTICED, DepositAct.ASKED)
    if step is None:
        raise NoLetter(
            "No notice was sent of this deposit, and nothing was asked for",
            where=f"deposit {deposit.deposit_id}",
            do="Write the notice down with `meterledger deposit notice`",
        )
    amount = usd_display(step.cents)
    if step.act is DepositAct.NOTICED:
        title = "We may ask you for a deposit"
        opening = [
            "Under the rules of your electric service we may ask for a cash deposit to keep your "
            f"service. It would be at most {amount}.",
            "This letter asks for nothing yet. If we ask, we will write to you again, and you may "
            "give a written guarantee of a responsible party in its place.",
        ]
    else:
        title = "We ask you for a deposit"
        opening = [f"Please pay a deposit of {amount}. It stays yours and bears interest."]
    sections = [
        {
            "title": "What you can do",
            "sentences": [
                "If you think that something here is wrong, call us: we will look at it, and you "
                "can tell us that you dispute it.",
                "If you cannot pay at once, or need help with your bill in winter, call us before "
                "the day it is due.",
            ],
        }
    ]
    return compose(
        _content(deposit, step, title, opening, _due_rows(step), sections, system),
        revision=TEMPLATE,
    )


def certificate_letter(money: DepositMoney, system: System) -> bytes:
    """The certificate of what we hold of a deposit, as PDF.

    :raises NoLetter: if nothing is held
    """
    deposit = money.deposit
    cents = money.held_cents - money.idle_cents
    if deposit.is_closed and cents > 0:
        raise NoLetter(
            "This deposit has ended: what is with us still goes back, and bears no interest",
            where=f"deposit {deposit.deposit_id}",
            do=f"Look at it with `meterledger deposit show {deposit.deposit_id}`",
        )
    if cents <= 0:
        raise NoLetter(
            "Nothing that was paid of this deposit is held",
            where=f"deposit {deposit.deposit_id}",
            do=f"Look at it with `meterledger deposit show {deposit.deposit_id}`",
        )
    rows = [[day_words(one.on), usd_display(one.cents)] for one in money.earning]
    if money.idle_cents:
        rows.append(["Came back, and is owed still", usd_display(money.idle_cents)])
    rows.append(["Held now", usd_display(cents)])
    opening = [
        f"We hold {usd_display(cents)} as a deposit on your account, received as "
        "follows. It bears interest from the day it was received.",
    ]
    step = deposit.steps[0]
    sections = [
        {
            "title": "When it goes back",
            "sentences": [
                "A home's deposit goes back after twelve months of bills paid in time one after "
                "another, or through the final bill. Keep this certificate."
            ]
            if deposit.is_residential
            else [
                "The credit of a business is reviewed after three years; the deposit goes back "
                "then if it is satisfactory, or through the final bill. Keep this certificate."
            ],
        }
    ]
    content = _content(
        deposit, step, "Certificate of deposit", opening, rows, sections, system, day=system.today,
        with_reasons=False,
    )  # fmt: skip
    return compose(content, revision=TEMPLATE)


def _due_rows(step: DepositStep) -> list[list[str]]:
    return [[f"Due by {day_words(one.due_day)}", usd_display(one.cents)] for one in step.parts]


def _content(
    deposit: Deposit,
    step: DepositStep,
    title: str,
    opening: Sequence[str],
    rows: Sequence[Sequence[str]],
    sections: Sequence[dict[str, Any]],
    system: System,
    *,
    day: date | None = None,
    with_reasons: bool = True,
) -> bytes:
    on = day or step.on
    services = system.store.services_of_account(deposit.account_id, system.now)
    premise = services[-1].premise if services else None
    return canonical_bytes(
        {
            "utility": system.view.utility,
            "number": deposit.deposit_id,
            "account": deposit.account_id,
            "day": day_words(on),
            "day_parts": [on.year, on.month, on.day],
            "title": title,
            "holders": list(dict.fromkeys(name for one in services for name in one.holders)),
            "address": [
                premise.address,
                f"{premise.city}, {premise.state} {premise.postal_code}",
            ]
            if premise
            else [],
            "opening": list(opening),
            "rows": [list(one) for one in rows],
            "reasons": [_told(one) for one in reasons_of(step)] if with_reasons else [],
            "sections": list(sections),
            "contact": _contact(on, system),
        }
    )


def _told(reason: Reason) -> dict[str, str]:
    finding = reason.finding
    return {"finding": finding[:1].upper() + finding[1:], "clause": reason.citation.text}


def _contact(on: date, system: System) -> list[str]:
    route = contact_route(Terms(system.view, on))
    if route is None:
        return []
    return [
        f"{system.view.utility}, {route.utility_phone}",
        *route.utility_address,
        f"{route.commission_name}, {route.commission_phone}",
    ]
