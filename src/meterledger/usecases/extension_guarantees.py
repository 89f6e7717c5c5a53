"""Bills held against a guarantee: deficiency, early end, excess that pays of later bills.

Lives here      which bills are due to be tested, their net revenue, one test with its entries.
Lives elsewhere the rule (``extensions``), the bills (``stores``), the night (``extension_run``).
Read first      GRR III.P; docs/operating/extensions.md.

Net revenue is what a bill's stored record charges without its tax lines, less what an agreement
takes off its charges (GRR V.H.4). A bill that was corrected is one bill: it is tested once, and
what the correction changed counts from the next test on.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from meterledger.extensions import GUARANTEE_BILL, GuaranteeBillFacts, GuaranteeState
from meterledger.facts.bills import read_record
from meterledger.facts.charges import ChargeGroup
from meterledger.facts.extensions import ExtensionAct, ExtensionOnFile, GuaranteeTerms
from meterledger.facts.extensions import ExtensionEvent as Event
from meterledger.facts.money import Entry
from meterledger.facts.relief import BillRelief
from meterledger.kernel.money import Cents, cents_from_text, usd_text
from meterledger.ledger import entry_for_deficiency, entry_for_excess_credit
from meterledger.usecases.extension_ports import ExtensionLog, ExtensionWork
from meterledger.usecases.extension_records import Asked, Moment, event_of, part_of
from meterledger.usecases.ports import StoredBill

KNOWS_RELIEF = "knows_relief"
"""A word of a test's record: revenue of its bills is without relief. Older tests lack it."""


class GuaranteeStore(ExtensionLog, Protocol):
    """What these journeys need of the store."""

    def issued_bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Every bill that the account was ever sent, oldest first."""

    def relief_of_bills(self, bill_ids: Collection[str]) -> Mapping[str, BillRelief]:
        """What agreements took off bills, by bill; others are left out."""


@dataclass(frozen=True, slots=True)
class ExtensionBill:
    """A live bill for permanent service from an extension. ``root`` is the first of its chain."""

    bill_id: str
    root: str
    issued_day: date
    net_revenue_cents: int
    is_tested: bool
    """Whether it is of the agreement whose bills are tested; others only bring revenue."""
    relief_cents: int = 0
    """What an agreement takes off its charges: its net revenue is without it."""

    def as_json(self) -> dict[str, str]:
        """As it stands in the record of a test."""
        told = {"bill": self.bill_id, "net_revenue_usd": usd_text(self.net_revenue_cents)}
        if self.relief_cents:
            told["relief_usd"] = usd_text(self.relief_cents)
        return told


def net_revenue_cents(record: bytes) -> int:
    """A bill's charges without tax lines, from its stored record."""
    return sum(
        cents_from_text(line["usd"], where="the bill's record")
        for line in read_record(record)["lines"]
        if line["group"] != ChargeGroup.TAX.value
    )


def bills_of_extension(
    on_file: ExtensionOnFile,
    store: GuaranteeStore,
    moment: Moment,
    *,
    knows_relief: bool = True,
) -> tuple[ExtensionBill, ...]:
    """The live bills of what the extension serves, as known then, by the days that they are of.

    ``knows_relief`` is False for tests made before relief was taken off what a bill brought.
    """
    served = {
        one.about: (one.data["account"], one.data["tested"], one.on)
        for one in on_file.of(ExtensionAct.SERVED)
    }
    found: list[tuple[date, ExtensionBill]] = []
    for account in sorted({account for account, _, _ in served.values()}):
        issued = [
            one for one in store.issued_bills_of_account(account) if one.known_at <= moment.known_at
        ]
        roots = _roots(issued)
        off = store.relief_of_bills([one.bill_id for one in issued]) if knows_relief else {}
        for bill in issued:
            _, tested, since = served.get(bill.agreement_id, ("", False, date.max))
            if bill.days.from_day < since or not bill.was_live(moment.known_at):
                continue
            relief = off.get(bill.bill_id)
            less = relief.charge_cents if relief else 0
            revenue = net_revenue_cents(bill.record) - less
            told = ExtensionBill(
                bill.bill_id, roots[bill.bill_id], bill.issued_day, revenue, tested, less
            )
            found.append((bill.days.from_day, told))
    return tuple(told for _, told in sorted(found, key=lambda one: (one[0], one[1].bill_id)))


def _roots(issued: Sequence[StoredBill]) -> Mapping[str, str]:
    corrects = {one.bill_id: one.corrects for one in issued}
    roots = {}
    for name in corrects:
        root = name
        while corrects.get(root):
            root = corrects[root] or root
        roots[name] = root
    return roots


def untested_bills(
    on_file: ExtensionOnFile, bills: Sequence[ExtensionBill], on: date
) -> tuple[ExtensionBill, ...]:
    """Bills issued up to a day that were not tested, in their order; none when it is over."""
    if on_file.guarantee_state == GuaranteeState.PERIOD_OVER.value:
        return ()
    done = {one.about for one in on_file.of(ExtensionAct.TESTED)}
    return tuple(
        one for one in bills if one.is_tested and one.issued_day <= on and one.root not in done
    )


def record_test(
    on_file: ExtensionOnFile,
    bill: ExtensionBill,
    bills: Sequence[ExtensionBill],
    *,
    store: ExtensionLog,
    moment: Moment,
) -> Event:
    """Hold one bill against the guarantee, and post what it lacks or what earlier excess pays."""
    event = tested(on_file, bill, bills, moment)
    store.record_extension(ExtensionWork((event,), entries_of_test(on_file, event)))
    return event


def tested(
    on_file: ExtensionOnFile,
    bill: ExtensionBill,
    bills: Sequence[ExtensionBill],
    moment: Moment,
) -> Event:
    """The event of one test, with its record."""
    terms = part_of(on_file.contract.guarantee, on_file.contract.contract_id)
    asked = Asked(moment)
    facts = _facts(on_file, terms, bill, bills)
    found = asked.ask(GUARANTEE_BILL, facts, day=on_file.contract.requested_day)
    up_to = _up_to(bill, bills)
    data: dict[str, Any] = {
        "bill": bill.bill_id,
        "bill_number": facts.bill_number,
        "state": found.state.value,
        "started_on": found.started_on.isoformat() if found.started_on else "",
        "net_revenue_usd": usd_text(bill.net_revenue_cents),
        "deficiency_cents": int(found.deficiency_cents),
        "credit_cents": int(found.credit_cents),
        "excess_usd": usd_text(found.excess_cents),
        "lapsed_usd": usd_text(found.lapsed_cents),
    }
    if any(one.relief_cents for one in up_to):
        data[KNOWS_RELIEF] = True
    return event_of(
        on_file,
        ExtensionAct.TESTED,
        about=bill.root,
        on=bill.issued_day,
        moment=moment,
        asked=asked,
        cents=found.deficiency_cents - found.credit_cents,
        data=data,
        rests_on=[one.as_json() for one in up_to],
    )


def _up_to(bill: ExtensionBill, bills: Sequence[ExtensionBill]) -> list[ExtensionBill]:
    return [one for one in bills if one.issued_day <= bill.issued_day]


def _facts(
    on_file: ExtensionOnFile,
    terms: GuaranteeTerms,
    bill: ExtensionBill,
    bills: Sequence[ExtensionBill],
) -> GuaranteeBillFacts:
    own = [one for one in bills if one.is_tested]
    number = own.index(bill) + 1
    before = [one for one in _up_to(bill, bills) if one != bill and one not in own[number:]]
    earlier = on_file.of(ExtensionAct.TESTED)
    started = next((one.data["started_on"] for one in earlier if one.data["started_on"]), "")
    return GuaranteeBillFacts(
        total_cost_cents=Cents(terms.guaranteed_cents),
        monthly_payment_cents=Cents(terms.monthly_cents),
        bill_number=number,
        bill_day=bill.issued_day,
        started_on=date.fromisoformat(started) if started else None,
        net_revenue_cents=Cents(bill.net_revenue_cents),
        revenue_before_cents=Cents(sum(one.net_revenue_cents for one in before)),
        deficiency_before_cents=Cents(sum(one.data["deficiency_cents"] for one in earlier)),
        credited_before_cents=Cents(sum(one.data["credit_cents"] for one in earlier)),
        state_before=GuaranteeState(on_file.guarantee_state),
    )


def entries_of_test(on_file: ExtensionOnFile, event: Event) -> tuple[Entry, ...]:
    """What a test charges, and what it credits."""
    contract = on_file.contract
    entries = []
    name = contract.contract_id
    for make, cents, cause in (
        (
            entry_for_deficiency,
            event.data["deficiency_cents"],
            f"deficiency of extension {name} on bill {event.data['bill']}",
        ),
        (
            entry_for_excess_credit,
            event.data["credit_cents"],
            f"excess deficiency of extension {name} pays of bill {event.data['bill']}",
        ),
    ):
        if cents:
            entries.append(
                make(
                    event.key,
                    contract.account_id,
                    cents,
                    on=event.on,
                    learned_at=event.learned_at,
                    cause=cause,
                )
            )
    return tuple(entries)


def decisions_of(record: bytes) -> list[dict[str, object]]:
    """The decisions that a record of a contract or event carries, for pages and commands."""
    told: dict[str, list[dict[str, object]]] = json.loads(record)
    return told["decisions"]
