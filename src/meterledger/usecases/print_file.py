"""What a mail house is told of a print file, and the totals that a run is checked by.

Lives here      the index and the totals, as plain rows and figures. Pure.
Lives elsewhere the run (``make_documents``), writing files (``entrypoints/documents``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.usecases.make_documents import DocumentRun, Outgoing

INDEX_COLUMNS = (
    *("file", "number", "bill", "account", "kind", "from_page", "to_page", "pages", "sheets"),
    *("postal_code", "asked_usd", "due", "sha256"),
)
MOST_BILLS = 2000
"""Bills in one file: what a printer takes well, some hundred megabytes. More go to a next file."""


@dataclass(frozen=True, slots=True)
class PrintPart:
    """One file of a run: its name and what is in it, by postal code."""

    name: str
    going: tuple[Outgoing, ...]


def print_parts(run: DocumentRun) -> tuple[PrintPart, ...]:
    """The printed documents cut into files; one where they fit, none where there are none."""
    count = -(-len(run.printed) // MOST_BILLS)
    return tuple(
        PrintPart(
            "bills.pdf" if count == 1 else f"bills-{number + 1:03d}.pdf",
            run.printed[number * MOST_BILLS : (number + 1) * MOST_BILLS],
        )
        for number in range(count)
    )


def index_rows(part: PrintPart) -> list[dict[str, str]]:
    """A row for each document of a file, in the order of its pages, counted from 1."""
    rows = []
    page = 1
    for number, one in enumerate(part.going, start=1):
        document = one.document
        last = page + document.page_count - 1
        rows.append(
            {
                "file": part.name,
                "number": str(number),
                "bill": document.bill_id,
                "account": document.account_id,
                "kind": document.kind.value,
                "from_page": str(page),
                "to_page": str(last),
                "pages": str(document.page_count),
                "sheets": str(document.sheet_count),
                "postal_code": one.postal_code,
                "asked_usd": usd_text(one.asked_cents),
                "due": "" if one.combination else one.due_day.isoformat(),
                "sha256": document.sha256,
            }
        )
        page = last + 1
    return rows


def control_totals(run: DocumentRun) -> dict[str, object]:
    """Bills = printed + electronic + set aside + not rendered, in count and cents of their charges:
    what is not rendered charges nothing.

    :raises InvariantBroken: if they are not
    """
    printed, electronic = _charges(run.printed), _charges(run.electronic)
    aside = sum(cents for _, cents in run.set_aside)
    ensure(printed + electronic + aside == run.cents, "the cents of a run's bills all go somewhere")
    return {
        "run": run.run_id,
        "bills": {"count": run.bills, "usd": usd_text(run.cents)},
        "printed": {"count": len(run.printed), "usd": usd_text(printed)}
        | {
            "pages": sum(one.document.page_count for one in run.printed),
            "sheets": sum(one.document.sheet_count for one in run.printed),
        },
        "electronic": {"count": len(run.electronic), "usd": usd_text(electronic)},
        "set_aside": {"count": len(run.set_aside), "usd": usd_text(aside)},
        "not_rendered": {"count": len(run.not_rendered), "usd": usd_text(0)},
    }


def _charges(going: Sequence[Outgoing]) -> int:
    return sum(one.charges_cents for one in going)
