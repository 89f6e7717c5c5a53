"""A change that makes issued bills wrong, and those bills made anew with it: one act of a person.

Lives here      looking first, asking who decides, keeping the change, correcting its bills; saying
                what is kept where the bills then wait.
Lives elsewhere the changes (``change_rate``, ``small_general_periods``, ``correct_multiplier``),
                the correction and its gate (``rebill``), the queue (``find_corrections``).
Read first      docs/operating/corrections.md.

The change stands by itself: it is true whatever becomes of the bills. A correction that is refused
is no reason to forget it, so the refusal says that it is kept, and where the bills wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from meterledger.kernel.refusal import Refusal
from meterledger.usecases.rebill import NothingToCorrect, RebillRun, RebillStore, rebill
from meterledger.usecases.rebill_gate import FoundByTheGate
from meterledger.usecases.rebill_states import Now


class Change(Protocol):
    """What a change came to."""

    @property
    def bills(self) -> Sequence[str]:
        """Live bills that are made anew with it."""


Made = TypeVar("Made", bound=Change)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who decides that bills are made anew, why, who else agrees, and which findings were seen."""

    author: str = ""
    reason: str = ""
    approved_by: str = ""
    seen: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether there is a name and a reason."""
        return bool(self.author.strip() and self.reason.strip())


class NobodyDecides(Refusal):
    """Issued bills would be made anew, and nobody says who decides it and why."""


class BillsWait(Refusal):
    """The change is kept; some of its ``bills`` were not made anew and wait for a person."""

    bills: tuple[str, ...]

    def __init__(
        self, kept: str, runs: Sequence[RebillRun], refused: Sequence[tuple[list[str], Refusal]]
    ) -> None:
        """``refused`` are bills of one agreement each, with what was said of them."""
        waiting = [name for names, _ in refused for name in names]
        self.bills = tuple(waiting)
        one = len(waiting) == 1
        done = [made.cancelled.bill_id for run in runs for made in run.corrected]
        told = f"; made anew {'is' if len(done) == 1 else 'are'} {', '.join(done)}" if done else ""
        ways = " and ".join(f"`{_way(names, refusal)}`" for names, refusal in refused)
        super().__init__(
            f"{kept}: this is kept{told}. Bill{'' if one else 's'} {', '.join(waiting)} "
            f"{'waits' if one else 'wait'} in the queue of corrections",
            why=" ".join(refusal.sentence for _, refusal in refused),
            do=f"From there {'it is' if one else 'they are'} made anew with {ways}, or left with "
            "`meterledger rebill leave`; the queue is `meterledger rebill list`, and the page "
            "Corrections",
        )
        self.is_passing = any(refusal.is_passing for _, refusal in refused)
        self.stops_everything = any(refusal.stops_everything for _, refusal in refused)


def change_then_rebill(
    asking: Callable[[bool], Made],
    *,
    kept: Callable[[Made], str],
    anew: Callable[[Made], str],
    signed: Signed,
    now: Now,
    store: RebillStore,
    dry_run: bool = False,
) -> tuple[Made, list[RebillRun]]:
    """Look at a change, keep it, and make its bills anew, those of each agreement together.

    ``asking`` makes the change, or with True only says what would become of it. ``kept`` says in
    words what is kept, ``anew`` that bills are made anew; neither ends with a period.

    :raises NobodyDecides: before anything is kept, if bills are made anew and nobody signs
    :raises BillsWait: if the change is kept, and bills of it could not be made anew
    """
    made = asking(True)
    if dry_run:
        return made, []
    if made.bills and not signed.is_complete:
        raise NobodyDecides(
            f"{anew(made)}: nobody is named who decides",
            where="--by",
            do="Give a name and a reason (`--by`, `--reason`), or look first (`--dry-run`)",
        )
    made = asking(False)
    runs: list[RebillRun] = []
    refused: list[tuple[list[str], Refusal]] = []
    for names in by_agreement(made.bills, store):
        try:
            runs.append(_anew(names, signed, now, store))
        except Refusal as refusal:
            refused.append((names, refusal))
            if refusal.stops_everything:
                break
    if refused:
        raise BillsWait(kept(made), runs, refused)
    return made, runs


def by_agreement(bills: Iterable[str], store: RebillStore) -> list[list[str]]:
    """Bills of each agreement: they are one correction, for its limits are counted over them."""
    found: dict[str, list[str]] = {}
    for name in bills:
        found.setdefault(store.bill(name).agreement_id, []).append(name)
    return list(found.values())


def _anew(names: Sequence[str], signed: Signed, now: Now, store: RebillStore) -> RebillRun:
    try:
        return rebill(
            names,
            author=signed.author,
            reason=signed.reason,
            approved_by=signed.approved_by,
            seen=signed.seen,
            on=now.on,
            known_at=now.known_at,
            store=store,
            lake=now.lake,
            book=now.book,
        )
    except NothingToCorrect:
        return RebillRun(unchanged=list(names))


def _way(names: Sequence[str], refusal: Refusal) -> str:
    seen = refusal.codes if isinstance(refusal, FoundByTheGate) else ()
    words = ["meterledger rebill", *names, "--by NAME --reason WHY"]
    return " ".join([*words, *(f"--seen {code}" for code in seen)])
