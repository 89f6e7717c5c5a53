"""Work out what an agreement takes off bills that are about to be recorded, each with its record.

Lives here      which agreement adjusts a bill, its lines, its record and its entry.
Lives elsewhere the amounts (``billing.bill_relief``), agreeing (``relief``), keeping it with the
                bill, in one transaction (``stores``).
Read first      GRR V.H.4; docs/operating/relief.md.

A bill's own bytes say nothing of it: what is taken off is an event of its own, posted beside the
bill, shown on its statement, taken back with it, and worked out anew for the bill in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from meterledger.billing import StoredLine, WorkedOut, work_out_relief
from meterledger.facts.bills import Bill, read_record
from meterledger.facts.entry_names import relief_name
from meterledger.facts.money import Entry
from meterledger.facts.relief import BillRelief, ReliefAgreement
from meterledger.facts.taxes import TaxOfLine
from meterledger.kernel.canonical import canonical_bytes, sha256_hex
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.ledger import entry_for_relief, reverse_entry
from meterledger.rulebook.book import BookView
from meterledger.usecases.decide import Ruling
from meterledger.usecases.relief import ruling_of_month, term_json
from meterledger.usecases.relief_ports import ReliefReads


def relieved(bills: Sequence[Bill], *, store: ReliefReads, view: BookView) -> list[Bill]:
    """The bills, those of agreed months with what is taken off them.

    ``view`` is the book as known when they were made.
    """
    known = store.reliefs_at(sorted({one.service_point_id for one in bills})) if bills else []
    if not known:
        return list(bills)
    return [_relieved(one, known, view) for one in bills]


def put_back(
    bill_id: str, entries: Mapping[str, Entry], *, on: date, learned_at: datetime
) -> Entry | None:
    """What takes back what was taken off a bill that is cancelled; None where nothing was."""
    taken_off = entries.get(relief_name(bill_id))
    if taken_off is None:
        return None
    cause = f"cancels bill {bill_id}"
    return reverse_entry(taken_off, on=on, learned_at=learned_at, cause=cause)


def _relieved(bill: Bill, known: Sequence[ReliefAgreement], view: BookView) -> Bill:
    for one in known:
        then = one.as_known(bill.pins.known_at)
        if (
            then is not None
            and then.account_id == bill.account_id
            and then.adjusts(bill.service_point_id, bill.days.from_day)
        ):
            told = relief_of_bill(
                then,
                bill.record(),
                bill_id=bill.bill_id,
                service_class=bill.service_class,
                issued_day=bill.issued_day,
                known_at=bill.pins.known_at,
                view=view,
            )
            return replace(bill, relief=told)
    return bill


def relief_of_bill(
    agreement: ReliefAgreement,
    bill_record: bytes,
    *,
    bill_id: str,
    service_class: str,
    issued_day: date,
    known_at: datetime,
    view: BookView,
) -> BillRelief:
    """What an agreement takes off a bill of one of its months, from the bill's record.

    The rule is asked again with the rate option that the bill is on: service that has become
    residential since is not adjusted.
    """
    record = read_record(bill_record)
    first = date.fromisoformat(record["from"])
    month = next(one for one in agreement.live_months if one.from_day == first)
    agreed = agreement.approved
    ruling = ruling_of_month(
        agreement, month, agreed.on if agreed else None, record["schedule"], view
    )
    granted = ruling.decision.outcome.may_be_adjusted
    terms = agreement.terms if granted else ()
    worked = work_out_relief(lines_of(record), terms, tax_place=record["tax_place"])
    entry = _entry(agreement, worked, ruling, record, service_class, issued_day, known_at)
    return BillRelief(
        bill_id=bill_id,
        relief_id=agreement.relief_id,
        account_id=agreement.account_id,
        charge_cents=worked.charge_cents,
        tax_cents=worked.tax_cents,
        entry=entry,
        record=_record(agreement, worked, ruling, record, bill_record, known_at, view),
        learned_at=known_at,
    )


def lines_of(record: dict[str, Any]) -> list[StoredLine]:
    """The lines of a bill's record, as it was read."""
    return [
        StoredLine(
            code=one["code"],
            label=one["label"],
            group=one["group"],
            cents=cents_from_text(one["usd"], where=record["bill"]),
            price_usd=one["price_usd"],
            inputs=tuple(one["inputs"].items()),
            citations=tuple(Citation.from_json(each) for each in one["citations"]),
        )
        for one in record["lines"]
    ]


def _entry(
    agreement: ReliefAgreement,
    worked: WorkedOut,
    ruling: Ruling,
    record: dict[str, Any],
    service_class: str,
    issued_day: date,
    known_at: datetime,
) -> Entry | None:
    taxes: dict[TaxOfLine | None, int] = {}
    for one in worked.off:
        if one.line.is_tax:
            taxes[one.tax] = taxes.get(one.tax, 0) + one.off_cents
    clause = ruling.decision.reasons[0].citation
    return entry_for_relief(
        bill_id=record["bill"],
        account_id=agreement.account_id,
        service_class=service_class,
        charge_cents=worked.charge_cents,
        taxes=taxes,
        on=issued_day,
        learned_at=known_at,
        cause=(
            f"charges of bill {record['bill']} adjusted as agreed on "
            f"{agreement.approved.on if agreement.approved else ''}, for {agreement.cause} "
            f"({clause.text})"
        ),
    )


def _record(
    agreement: ReliefAgreement,
    worked: WorkedOut,
    ruling: Ruling,
    record: dict[str, Any],
    bill_record: bytes,
    known_at: datetime,
    view: BookView,
) -> bytes:
    told = {
        "bill": record["bill"],
        "bill_sha256": sha256_hex(bill_record),
        "relief": agreement.relief_id,
        "account": agreement.account_id,
        "cause": agreement.cause,
        "less": [term_json(one) for one in agreement.terms],
        "lines": [
            {
                "place": one.place,
                "code": one.line.code,
                "label": one.line.label,
                "group": one.line.group,
                "billed_usd": usd_text(one.line.cents),
                "off_usd": usd_text(one.off_cents),
                "arithmetic": one.arithmetic,
                "tax": None
                if one.tax is None
                else {
                    "tax": one.tax.tax,
                    "jurisdiction": one.tax.jurisdiction,
                    "taxable_off_usd": usd_text(one.base_off_cents - one.exempt_off_cents),
                    "exempt_off_usd": usd_text(one.exempt_off_cents),
                },
                "citations": [each.as_json() for each in one.line.citations],
            }
            for one in worked.off
        ],
        "charges_usd": usd_text(worked.charge_cents),
        "taxes_usd": usd_text(worked.tax_cents),
        "off_usd": usd_text(worked.charge_cents + worked.tax_cents),
        "ruling": ruling.as_json(),
        "pins": {
            "known_at": known_at.isoformat().replace("+00:00", "Z"),
            "book_sha256": view.sha256,
        },
    }
    return canonical_bytes(told)
