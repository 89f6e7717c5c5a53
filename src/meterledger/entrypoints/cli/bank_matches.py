"""``meterledger bank matches``, ``unmatch``, ``match`` by hand: what is one money, what is not.

Lives here      three commands of the bank.
Lives elsewhere the others (``bank``), what may be done (``usecases/bank_by_hand``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, WholeNumber, day_from, refusing, say
from meterledger.entrypoints.cli.bank_spoken import ByOption, ReasonOption, speaking
from meterledger.kernel.money import usd_display, usd_text
from meterledger.kernel.refusal import Refusal

if TYPE_CHECKING:
    from meterledger.facts.bank import BankMatch


class NotByHand(Refusal):
    """Options of the rules and of a person do not go together."""


def match_pieces(pieces: Sequence[str], *, by: str, reason: str, on: str, as_json: bool) -> None:
    """Match the named pieces by hand, once, and say so."""
    from meterledger.usecases.bank_by_hand import match_by_hand

    if on or not pieces:
        raise NotByHand(
            "--on is of the rules, and a match by hand names its pieces",
            where="bank match",
            do="Give pieces with --by and --reason, or neither of them for the rules",
        )
    purpose = "matching the bank's lines by hand"
    with speaking("match", purpose, pieces, by=by, reason=reason) as (word, _):
        made = match_by_hand(pieces, **word)
    told = {**_match_json(made), "status": "matched"}
    words = f"{made.match_id} is matched by hand by {made.by}: {_sides(made)}."
    say(told, as_json=as_json, words=lambda: print(words))


def matches(
    on: Annotated[str, typer.Option(help="Only of lines that the bank booked on this day.")] = "",
    most: Annotated[
        int, typer.Option(click_type=WholeNumber(1, 5000), help="At most so many.")
    ] = 100,
    as_json: JsonFlag = False,
) -> None:
    """List matches that stand, the newest first."""
    with refusing():
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        asked = day_from(on, option="--on") if on else None
        viewer = Viewer("bank matches", "matches of the bank's lines")
        with open_system(viewer=viewer, subjects=["bank"]) as system:
            found = system.store.bank_matches(booked_on=asked, limit=most)
        told = [_match_json(one) for one in found]

        def words() -> None:
            for one in found:
                cents = usd_display(one.cancels_cents or sum(line.cents for line in one.lines))
                cents += " each way" if one.cancels_cents else ""
                ours = ", ".join(each.cause for each in one.expectations[:3])
                more = f" and {len(one.expectations) - 3} more" if one.expectations[3:] else ""
                said = f" by {one.by} ({one.reason})" if one.by else ""
                print(f"{one.match_id}  {cents:>12}  {one.rule.value}{said}: {ours}{more}")
            if not found:
                print("Nothing is matched.")

        say({"matches": told}, as_json=as_json, words=words)


def unmatch(
    match_id: Annotated[str, typer.Argument(metavar="MATCH", help="As `bank matches` shows it.")],
    by: ByOption,
    reason: ReasonOption,
    approved_by: Annotated[
        str, typer.Option(help="A second person, where an adjustment was posted.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Undo a match: both sides are open again. A posted adjustment is reversed, by two people."""
    with refusing():
        from meterledger.usecases.bank_by_hand import undo_match

        purpose = "undoing a match of the bank's lines"
        with speaking("unmatch", purpose, [match_id], by=by, reason=reason) as (word, system):
            undone = undo_match(
                match_id=match_id, approved_by=approved_by, today=system.today, **word
            )
        told = {
            "match": match_id,
            "status": "undone",
            "by": undone.by,
            "approved_by": undone.approved_by,
            "lines": [one.line_id for one in undone.match.lines],
            "expectations": [one.expectation_id for one in undone.match.expectations],
        }
        pieces = ", ".join(told["lines"] or told["expectations"])
        say(
            told,
            as_json=as_json,
            words=lambda: print(
                f"{match_id} is undone: {pieces} open again, and no rule will join them to the "
                "same money."
            ),
        )


def _sides(one: BankMatch) -> str:
    """What is on each side, and how much money it is."""
    if one.cancels_cents:
        count, whose = len(one.lines or one.expectations), "the bank" if one.lines else "ours"
        return f"{count} of {whose} cancel each other, {usd_display(one.cancels_cents)} each way"
    cents = usd_display(sum(line.cents for line in one.lines))
    return f"{len(one.lines)} of the bank and {len(one.expectations)} of ours, {cents}"


def _match_json(one: BankMatch) -> dict[str, Any]:
    said = {"by": one.by, "reason": one.reason} if one.by else {}
    return {
        "match": one.match_id,
        "rule": one.rule.value,
        **said,
        "usd": usd_text(sum(line.cents for line in one.lines)),
        "cancels_usd": usd_text(one.cancels_cents),
        "lines": [line.line_id for line in one.lines],
        "expectations": [each.expectation_id for each in one.expectations],
    }
