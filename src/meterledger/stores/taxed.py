"""What both stores promise about taxes, in the same words.

Lives here      what may not hold twice on a day, cutting back what was true before, the refusals,
                and adding up tax lines of records.
Lives elsewhere keeping rows (``memory``, ``postgres``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, NoReturn

from meterledger.facts.places import TaxPlace
from meterledger.facts.taxes import (
    SalesTaxPlace,
    TaxExemption,
    TaxOfLine,
    TaxTotal,
    taxes_of_lines,
)
from meterledger.kernel.money import cents_from_text
from meterledger.kernel.span import Validity
from meterledger.stores.believed import Believed, contents
from meterledger.usecases.ports import Conflict

NOT_TOLD_APART = TaxOfLine("other", "not told apart")
"""A tax line whose tax nobody can tell from its words; there is none of ours."""


def believed_sales_tax_places() -> Believed[SalesTaxPlace]:
    """In which sales-tax jurisdiction a premise lies: one a day."""
    return Believed(
        lambda one: f"the sales-tax jurisdiction of premise {one.premise_id}",
        telling=lambda one: f"{one.jurisdiction}, {one.days}",
    )


def believed_exemptions() -> Believed[TaxExemption]:
    """What exempts an account or an agreement from a tax: one certificate a day."""
    return Believed(
        lambda one: f"the {one.tax.value} exemption of {covered(one)}",
        telling=lambda one: f"certificate {one.certificate}, {one.days}",
    )


def covered(exemption: TaxExemption) -> str:
    """What a certificate is for, in words."""
    if exemption.agreement_id:
        return f"agreement {exemption.agreement_id}"
    return f"account {exemption.account_id}"


def in_order(exemptions: Iterable[TaxExemption]) -> list[TaxExemption]:
    """Certificates by agreement, tax and first day."""
    return sorted(exemptions, key=lambda one: (one.agreement_id, one.tax.value, one.days.from_day))


def cut_back(known: Sequence[Any], place: TaxPlace | SalesTaxPlace) -> tuple[Any, Any]:
    """What was true before the new place and ends with it, and what is left of that.

    (None, None) where nothing has to end: nothing is known there then, or the same is.

    :raises Conflict: if something begins on the new place's first day or later
    """
    first = place.days.from_day
    for one in known:
        if contents(one)[1] == contents(place)[1] and first in one.days:
            return None, None
        if one.days.from_day >= first:
            raise Conflict(
                f"Premise {place.premise_id} is taxed otherwise from {one.days.from_day} on",
                where=f"premise {place.premise_id}",
                why="What begins later would be overwritten, and nothing was changed",
                do="Give a day after that one",
            )
    for one in known:
        if first in one.days:
            return one, replace(one, days=Validity(one.days.from_day, first))
    return None, None


def ended_exemption(exemption: TaxExemption, until_day: date, moment: datetime) -> TaxExemption:
    """The certificate with its end.

    :raises Conflict: if it would hold on no day, or on more days than it does
    """
    days = exemption.days
    where = f"certificate {exemption.certificate}"
    if until_day <= days.from_day:
        raise Conflict(
            f"It begins on {days.from_day} and cannot end on {until_day}",
            where=where,
            do="Give the first day on which it does not hold, after its first day",
        )
    if days.until_day is not None and days.until_day <= until_day:
        raise Conflict(
            f"It ends on {days.until_day} already, and {until_day} is no earlier",
            where=where,
            do="Record a new certificate for the days after it",
        )
    return replace(exemption, days=Validity(days.from_day, until_day), learned_at=moment)


def carried_ended(
    carried: Iterable[TaxExemption], until_day: date, moment: datetime
) -> list[tuple[TaxExemption, TaxExemption | None]]:
    """Those that carry a certificate on, each with its end; None where it would hold on no day."""
    return [
        (
            one,
            ended_exemption(one, until_day, moment) if one.days.from_day < until_day else None,
        )
        for one in carried
        if one.days.until_day is None or until_day < one.days.until_day
    ]


def refuse_not_believed(exemption: TaxExemption) -> NoReturn:
    """Somebody changed the certificate meanwhile.

    :raises Conflict: always
    """
    raise Conflict(
        "It is not known as you gave it: it was changed meanwhile, or never recorded",
        where=f"certificate {exemption.certificate}",
        do=f"Look with `meterledger tax list {exemption.account_id}`",
    )


def refuse_stale_place(place: TaxPlace | SalesTaxPlace) -> NoReturn:
    """Somebody changed where the premise is taxed meanwhile.

    :raises Conflict: always
    """
    raise Conflict(
        "Where it is taxed was changed by somebody else meanwhile",
        where=f"premise {place.premise_id}",
        why="Nothing of this call was kept",
        do="Look at its account with `meterledger service show`, and do it again if it is right",
    )


def totals_of(records: Iterable[tuple[int, dict[str, Any]]]) -> list[TaxTotal]:
    """Tax lines of bills' records, added up by tax; each record counts once, or is taken off."""
    sums: dict[TaxOfLine, list[int]] = {}
    for sign, record in records:
        counted: set[TaxOfLine] = set()
        lines = [line for line in record["lines"] if line["group"] == "tax"]
        taxes = taxes_of_lines([(one["code"], one["inputs"]) for one in lines], record["tax_place"])
        for line, tax in zip(lines, taxes, strict=True):
            told, where = line["inputs"], record["bill"]
            of = tax or NOT_TOLD_APART
            taxed = told.get("taxable_usd", told.get("charges_usd", "0"))
            kept = sums.setdefault(of, [0, 0, 0, 0])
            kept[0] += sign * cents_from_text(taxed, where=where)
            kept[1] += sign * cents_from_text(told.get("exempt_usd", "0"), where=where)
            kept[2] += sign * cents_from_text(line["usd"], where=where)
            kept[3] += 0 if of in counted else sign
            counted.add(of)
    return [TaxTotal(of, *kept) for of, kept in sorted(sums.items())]
