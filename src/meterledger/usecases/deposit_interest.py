"""Interest on deposits: credited yearly to a home's account, added where a deposit goes back.

Lives here      which days are due, the rule asked for each part that was received, the steps; what
                a mistaken effort kept from a year.
Lives elsewhere the rule and its rates (``arrears.deposit_interest``), entries (``ledger``).
Read first      GRR VI.C.3.

A year of interest is counted from the first day on which money was held, or from the day after the
last credit. Each part that was received bears interest from its own day; each is rounded once. What
moved here and whose payment came back bears none before it is paid again (``deposit_moved``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from meterledger.facts.deposits import REST, DepositAct, DepositStep
from meterledger.facts.money import Entry
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.kernel.months import years_after
from meterledger.ledger import entry_for_deposit_step
from meterledger.usecases.deposit_ask import Desk
from meterledger.usecases.deposit_money import DepositMoney
from meterledger.usecases.deposit_moved import Received
from meterledger.usecases.deposit_record import Ruled, ask, read_decision, record_of

INTEREST = "deposits.interest"
A_DAY = timedelta(days=1)


def credited_through(money: DepositMoney) -> date | None:
    """The last day that a yearly credit has covered; None before the first."""
    found = _credits(money)
    return found[-1].until if found else None


def _credits(money: DepositMoney) -> list[DepositStep]:
    """Yearly credits as they were first made, undone or not, and what moved in with one: a year
    that was credited once is not due again.
    """
    acts = (DepositAct.INTEREST_CREDITED, DepositAct.MOVED_IN)
    return [one for one in money.deposit.of(*acts) if not one.is_again and not one.is_rest]


def next_credit_day(money: DepositMoney) -> date | None:
    """The day on which the next yearly credit is due; None where none will be."""
    first = money.first_received
    if first is None or not money.deposit.is_residential or money.held_cents <= 0:
        return None
    covered = credited_through(money)
    since = first if covered is None or covered < first else covered + A_DAY
    return years_after(since, 1) - A_DAY


def yearly_credits(
    money: DepositMoney, *, on: date, desk: Desk
) -> tuple[tuple[DepositStep, ...], tuple[Entry, ...]]:
    """The yearly credits that are due by the evening of ``on``, each on its own day.

    :raises PrimeRateMissing: if the book does not hold the prime rate of a year
    """
    steps: list[DepositStep] = []
    entries: list[Entry] = []
    due = next_credit_day(money)
    while due is not None and due <= on:
        rulings = _rulings(money, "yearly_credit", due, desk)
        step = DepositStep(
            deposit_id=money.deposit.deposit_id,
            key=f"interest.{due}",
            act=DepositAct.INTEREST_CREDITED,
            on=due,
            by=desk.by,
            reason="a year of interest is due",
            learned_at=desk.now,
            cents=_sum(rulings),
            until=due,
            record=record_of(rulings, view=desk.view, known_at=desk.now),
        )
        steps.append(step)
        entry = entry_for_deposit_step(step, money.deposit.account_id)
        entries += [entry] if entry else []
        grown = replace(money.deposit, steps=(*money.deposit.steps, step))
        money = replace(money, deposit=grown)
        due = next_credit_day(money)
    return tuple(steps), tuple(entries)


def withheld_by(
    effort: DepositStep, money: DepositMoney, *, reason: str, desk: Desk
) -> tuple[tuple[DepositStep, ...], tuple[Entry, ...]]:
    """What an effort that was none kept from the years that were credited while it stood.

    ``money`` is the deposit's without that effort. Each part bears interest from the day after the
    last one that bore it in that year; each year has an entry of its own, on the year's day.

    :raises PrimeRateMissing: if the book does not hold the prime rate of a year
    """
    steps: list[DepositStep] = []
    entries: list[Entry] = []
    for year in money.deposit.of(DepositAct.INTEREST_CREDITED):
        if year.is_again or year.is_rest or not _stood(effort, year, money):
            continue
        rulings = _rest_of(year, money, desk)
        number = sum(1 for one in money.deposit.steps if one.key.startswith(f"{year.key}{REST}"))
        step = DepositStep(
            deposit_id=money.deposit.deposit_id,
            key=f"{year.key}{REST}{number + 1}",
            act=DepositAct.INTEREST_CREDITED,
            on=year.on,
            by=desk.by,
            reason=reason,
            learned_at=desk.now,
            cents=_sum(rulings),
            until=year.until,
            record=record_of(rulings, view=desk.view, known_at=desk.now),
        )
        if step.cents:
            steps.append(step)
            entry = entry_for_deposit_step(step, money.deposit.account_id)
            entries += [entry] if entry else []
    return tuple(steps), tuple(entries)


def _stood(effort: DepositStep, year: DepositStep, money: DepositMoney) -> bool:
    """Whether a year was credited while an effort stood: after it was kept, and up to a day after
    it.
    """
    keys = [one.key for one in money.deposit.steps]
    return effort.on <= year.on and keys.index(effort.key) < keys.index(year.key)


def _rest_of(year: DepositStep, money: DepositMoney, desk: Desk) -> list[Ruled]:
    """What each part bears of a year beyond what was credited of it, in that year or since."""
    place = money.deposit.steps.index(year)
    until_then = tuple(
        one
        for number, one in enumerate(money.deposit.steps)
        if number < place or one.act is DepositAct.EFFORT_BACK
    )
    then = replace(money, deposit=replace(money.deposit, steps=until_then))
    known = [year, *(one for one in money.deposit.steps if one.key.startswith(f"{year.key}{REST}"))]
    bore = {
        (ruling["facts"]["deposit_usd"], ruling["facts"]["received_on"]): through
        for step in known
        for ruling in (read_decision(step) or {"rulings": ()})["rulings"]
        if (through := ruling["outcome"]["through"])
    }
    found = []
    for ruled in _rulings(then, "yearly_credit", year.on, desk, known_at=year.learned_at):
        through = bore.get((ruled.facts["deposit_usd"], ruled.facts["received_on"]))
        if through:
            facts = {**ruled.facts, "credited_through": through}
            ruled = ask(INTEREST, facts, on=year.on, view=desk.view)
        found += [ruled] if ruled.outcome.interest_cents else []
    return found


def last_interest(
    money: DepositMoney, occasion: str, *, on: date, desk: Desk, key: str
) -> tuple[DepositStep | None, Entry | None]:
    """The interest that goes with a deposit that is ``applied`` or ``returned`` on a day.

    No step where none is due; a non-residential one bears none before six months.
    """
    rulings = _rulings(money, occasion, on, desk)
    cents = _sum(rulings)
    if not rulings:
        return None, None
    step = DepositStep(
        deposit_id=money.deposit.deposit_id,
        key=f"interest.{key}",
        act=DepositAct.INTEREST_ADDED,
        on=on,
        by=desk.by,
        reason=f"the deposit is {occasion}",
        learned_at=desk.now,
        cents=cents,
        until=max((one.outcome.through for one in rulings if one.outcome.through), default=on),
        record=record_of(rulings, view=desk.view, known_at=desk.now),
    )
    return step, entry_for_deposit_step(step, money.deposit.account_id)


def accrued(money: DepositMoney, *, on: date, desk: Desk) -> tuple[int, tuple[Ruled, ...]]:
    """What interest would be due if the deposit were returned on a day; nothing is written."""
    if money.held_cents <= 0 or money.deposit.is_closed:
        return 0, ()
    rulings = _rulings(money, "returned", on, desk)
    return _sum(rulings), tuple(rulings)


def _sum(rulings: list[Ruled]) -> int:
    return sum(int(one.outcome.interest_cents) for one in rulings)


def _covered(part: Received, money: DepositMoney) -> date | None:
    """The last day for which this part bore interest: no credit was of what we did not know yet."""
    credits_ = [
        one
        for one in _credits(money)
        if (part.learned_at is None or part.learned_at <= one.learned_at)
    ]
    return credits_[-1].until if credits_ else None


def _rulings(
    money: DepositMoney, occasion: str, on: date, desk: Desk, *, known_at: datetime | None = None
) -> list[Ruled]:
    """What each part bears by a day; of those alone that were known at an instant, where told."""
    stopped = min((one.on for one in money.deposit.efforts), default=None)
    rulings = []
    for part in money.earning:
        if part.cents <= 0 or part.on > on:
            continue
        if known_at is not None and part.learned_at is not None and part.learned_at > known_at:
            continue
        ensure(part.on <= on, "money bears interest once it is here")
        covered = _covered(part, money)
        through = covered if covered is not None and covered >= part.on else None
        if stopped is not None and stopped < part.on:
            continue
        facts: dict[str, Any] = {
            "customer": "residential" if money.deposit.is_residential else "non_residential",
            "deposit_usd": usd_text(part.cents),
            "received_on": part.on.isoformat(),
            "occasion": occasion,
            "prime_rates": [],
            "credited_through": through.isoformat() if through else None,
            "return_effort_on": stopped.isoformat() if stopped and stopped <= on else None,
        }
        rulings.append(ask(INTEREST, facts, on=on, view=desk.view))
    return rulings
