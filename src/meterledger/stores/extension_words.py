"""What both stores promise about contracts of extensions: what may be added, in the same words.

Lives here      the refusals, decided once for both.
Lives elsewhere keeping rows (``memory/extensions``, ``postgres/repository/extensions``).
                PostgreSQL's constraints are what cannot be raced; what is found here first is found
                in better words.
"""

from __future__ import annotations

from meterledger.facts.extensions import ExtensionAct, ExtensionEvent, ExtensionOnFile
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_display
from meterledger.usecases.extension_ports import ExtensionMoved, ExtensionWork
from meterledger.usecases.ports import Conflict, NotFound

ONCE_ANYWHERE = (ExtensionAct.TESTED, ExtensionAct.CHARGED)
"""Acts that are about something of which no other contract may do the same."""
UNDOABLE = (
    ExtensionAct.REFUNDED,
    ExtensionAct.FORFEITED,
    ExtensionAct.GIVEN_BACK,
    ExtensionAct.CHARGED,
)
"""Acts that may be taken back."""
CAUSES = ("ext-refund", "ext-forfeit", "ext-guarantee", "ext-credit", "special-facility")
"""Prefixes of entries that are named after an event."""
OVERDRAWN = "no_advance_is_overdrawn"
UNDOES = "what_stands_is_taken_back_once"
DEPOSITOR = "depositors_are_of_their_account"
ONCE = "a_bill_is_tested_and_a_month_charged_once"


def no_extension(contract_id: str) -> NotFound:
    """Nobody knows the contract."""
    return NotFound(
        f"There is no extension {contract_id[:80]}",
        do="List what there is with `meterledger extension list`",
    )


def of_other_contents(contract_id: str) -> Conflict:
    """The name is another contract's."""
    return Conflict(
        f"Extension {contract_id} is open with other contents",
        where=f"extension {contract_id}",
        why="A contract is opened once, and nothing was changed",
        do="Use another name, or look at it with `meterledger extension show`",
    )


def refuse_work(on_file: ExtensionOnFile, work: ExtensionWork) -> None:
    """Refuse events that do not follow, or take more than is held.

    :raises ExtensionMoved: if another event took the place
    :raises Conflict: if more would go than is held
    """
    contract_id = on_file.contract.contract_id
    ensure(bool(work.events), "something happened")
    ensure(
        all(one.contract_id == contract_id for one in work.events),
        "one call is about one contract",
    )
    keys = {one.key for one in on_file.events}
    held = on_file.held_cents
    for number, one in enumerate(work.events, start=on_file.next_number):
        if one.number != number or one.key in keys:
            raise ExtensionMoved.meanwhile(contract_id)
        if one.act is ExtensionAct.TAKEN_BACK:
            _refuse_undoing(on_file, one)
        keys.add(one.key)
        held += one.advance_cents
        if held < 0:
            raise overdrawn(contract_id, held)


def _refuse_undoing(on_file: ExtensionOnFile, event: ExtensionEvent) -> None:
    """Only what moved money and stands is taken back, with all that it moved."""
    step = on_file.event(event.data["event"])
    stands = step is not None and step.act in UNDOABLE and step in on_file.of(step.act)
    if (
        step is None
        or not stands
        or (step.cents, step.advance_cents)
        != (
            event.cents,
            -event.advance_cents,
        )
    ):
        raise not_standing(event.contract_id)


def not_standing(contract_id: str) -> Conflict:
    """What would be taken back does not stand, or moved something else."""
    return Conflict(
        "Nothing stands that could be taken back so",
        where=f"extension {contract_id}",
        why="What moved money is taken back once, with all of it",
        do="Look at `meterledger extension show`",
    )


def overdrawn(contract_id: str, held: int | None = None) -> Conflict:
    """More would go than is held."""
    lacks = f" by {usd_display(-held)}" if held is not None else ""
    return Conflict(
        f"More of the advance would go than is held{lacks}",
        where=f"extension {contract_id}",
        why="What was paid in is refunded, kept or held, and never more than that",
        do="Look at `meterledger extension show`",
    )


def done_elsewhere(act: ExtensionAct, about: str) -> Conflict:
    """A bill is tested against one guarantee, a facility's month is charged once."""
    noun = "Bill" if act is ExtensionAct.TESTED else "Month"
    return Conflict(
        f"{noun} {about} is {act.value} already, by another contract",
        where="extensions",
        why="A bill is held against one guarantee, and a month of a facility is charged once",
        do="Look at `meterledger extension list`, and leave it to that contract",
    )
