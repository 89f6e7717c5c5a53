"""One night of extensions: refunds, tests of bills and months of facilities that are due.

Lives here      going through the contracts in order, and counting what became of each.
Lives elsewhere each step (``extension_refunds``, ``_guarantees``, ``_facilities``).
Read first      docs/operating/extensions.md.

A contract that is refused waits with its sentence, and the others go on. Each step is kept by
itself, so that a night that was cut off is run again, and does what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from meterledger.facts.extensions import ExtensionAct, ExtensionEvent, ExtensionOnFile
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.extension_facilities import (
    FacilityStore,
    charge_month,
    due_months,
    services_of,
    unused_months,
    without_months,
)
from meterledger.usecases.extension_guarantees import (
    GuaranteeStore,
    bills_of_extension,
    record_test,
    untested_bills,
)
from meterledger.usecases.extension_ports import ExtensionMoved, ExtensionWork
from meterledger.usecases.extension_records import Moment, again
from meterledger.usecases.extension_refunds import due_refunds, refund_on


class ExtensionRunStore(GuaranteeStore, FacilityStore, Protocol):
    """What a night needs of the store."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contract that could not go on, and why."""

    contract_id: str
    sentence: str


@dataclass(slots=True)
class ExtensionRun:
    """What a night came to: contracts = moved + nothing due + waiting."""

    on: date
    contracts: int = 0
    moved: int = 0
    nothing_due: int = 0
    waiting: list[Waiting] = field(default_factory=list)
    events: list[ExtensionEvent] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Counts and sums, every amount a string."""
        refunds = self._of(ExtensionAct.REFUNDED)
        tests = self._of(ExtensionAct.TESTED)
        deficiency = sum(one.data["deficiency_cents"] for one in tests)
        credit = sum(one.data["credit_cents"] for one in tests)
        return {
            "on": self.on.isoformat(),
            "contracts": self.contracts,
            "moved": self.moved,
            "nothing_due": self.nothing_due,
            "waiting": [
                {"contract": one.contract_id, "sentence": one.sentence} for one in self.waiting
            ],
            "refund_dates": len(refunds),
            "refunded_usd": _sum(refunds),
            "kept_usd": _sum(self._of(ExtensionAct.FORFEITED)),
            "bills_tested": len(tests),
            "deficiency_usd": usd_text(deficiency),
            "credited_usd": usd_text(credit),
            "facility_months": len(self._of(ExtensionAct.CHARGED)),
            "facility_usd": _sum(self._of(ExtensionAct.CHARGED)),
            "facility_taken_back_usd": _sum(self._of(ExtensionAct.TAKEN_BACK)),
        }

    def _of(self, act: ExtensionAct) -> list[ExtensionEvent]:
        return [one for one in self.events if one.act is act]


def _sum(events: Sequence[ExtensionEvent]) -> str:
    return usd_text(sum(one.cents for one in events))


PARTS = ("refund", "guarantee", "facility")


def run_extensions(
    on: date,
    *,
    store: ExtensionRunStore,
    moment: Moment,
    contract_id: str | None = None,
    parts: Sequence[str] = PARTS,
) -> ExtensionRun:
    """Do what is due on a day, of one contract or of all. Run again, it adds nothing.

    :raises NotFound: if nobody knows the contract
    """
    run = ExtensionRun(on)
    chosen = [store.extension(contract_id)] if contract_id else store.extensions()
    for on_file in chosen:
        run.contracts += 1
        name = on_file.contract.contract_id
        done: list[ExtensionEvent] = []
        try:
            _one(on_file, on, store, moment, parts, done)
        except Refusal as refusal:
            run.waiting.append(Waiting(name, refusal.of_one_case().sentence))
        else:
            run.moved += bool(done)
            run.nothing_due += not done
        run.events += done
    return run


def _one(
    on_file: ExtensionOnFile,
    on: date,
    store: ExtensionRunStore,
    moment: Moment,
    parts: Sequence[str],
    done: list[ExtensionEvent],
) -> None:
    """One contract; where another night moves it meanwhile, as it is then."""

    def go(now: ExtensionOnFile) -> None:
        for part in parts:
            now = _STEPS[part](now, on, store, moment, done)

    try:
        go(on_file)
    except ExtensionMoved:
        again(lambda: go(store.extension(on_file.contract.contract_id)))


def _with(on_file: ExtensionOnFile, *events: ExtensionEvent) -> ExtensionOnFile:
    return replace(on_file, events=(*on_file.events, *events))


def _refunds(
    on_file: ExtensionOnFile,
    on: date,
    store: ExtensionRunStore,
    moment: Moment,
    done: list[ExtensionEvent],
) -> ExtensionOnFile:
    for day in due_refunds(on_file, on, moment):
        made = refund_on(on_file, day, today=on, store=store, moment=moment)
        done += made
        on_file = _with(on_file, *made)
    return on_file


def _guarantee(
    on_file: ExtensionOnFile,
    on: date,
    store: ExtensionRunStore,
    moment: Moment,
    done: list[ExtensionEvent],
) -> ExtensionOnFile:
    if on_file.contract.guarantee is None:
        return on_file
    bills = bills_of_extension(on_file, store, moment)
    while waiting := untested_bills(on_file, bills, on):
        made = record_test(on_file, waiting[0], bills, store=store, moment=moment)
        done.append(made)
        on_file = _with(on_file, made)
    return on_file


def _facility(
    on_file: ExtensionOnFile,
    on: date,
    store: ExtensionRunStore,
    moment: Moment,
    done: list[ExtensionEvent],
) -> ExtensionOnFile:
    if on_file.contract.facility is None:
        return on_file
    services = services_of(on_file, store, moment)
    unused = unused_months(on_file, services)
    if unused:
        why = f"the customer's service ended before {unused[0].on}"
        events, reversals = without_months(
            *(on_file, unused), by="meterledger", reason=why, store=store, moment=moment
        )
        store.record_extension(ExtensionWork(events, reversals))
        done += events
        on_file = _with(on_file, *events)
    while months := due_months(on_file, on, services):
        made = charge_month(on_file, months[0], store=store, moment=moment)
        done.append(made)
        on_file = _with(on_file, made)
    return on_file


_STEPS = {"refund": _refunds, "guarantee": _guarantee, "facility": _facility}
