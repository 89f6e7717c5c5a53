"""A shadow run as an answer, as words and as a page.

Lives here      what is told of a run, and how many of the largest differences.
Lives elsewhere the run (``usecases/shadow``), the frame of the page (``report_page``).
"""

from __future__ import annotations

from typing import Any

from meterledger.entrypoints.report_page import bars, paragraph, report_page, table
from meterledger.facts.shadow import ShadowBill, ShadowCause, ShadowHeld, ShadowRun
from meterledger.kernel.money import usd_display, usd_shown, usd_text
from meterledger.kernel.written_counts import many

LARGEST = 50
CAUSE_WORDS = {
    ShadowCause.UNEXPLAINED: "this program does not give what was issued",
    ShadowCause.LIMIT: "left as it was billed by the limits of adjustments",
    ShadowCause.CALCULATION: "a newer revision of the calculation",
    ShadowCause.METER: "the meter or its multiplier was told otherwise since",
    ShadowCause.TAX: "the place of tax or an exemption was told otherwise since",
    ShadowCause.OPTION: "the rate option or the service was told otherwise since",
    ShadowCause.READING: "readings that came after the bill",
    ShadowCause.BOOK: "the tariff book has other values now",
}


def shadow_answer(run: ShadowRun, *, book: str, cycles: list[int]) -> dict[str, Any]:
    """The shape of ``bill-cycle --shadow --json``."""
    ordered = sorted(run.different, key=lambda one: (-abs(one.difference_cents), one.bill_id))
    return {
        "since": run.since.isoformat(),
        "until": run.until.isoformat(),
        "cycles": cycles,
        "book": book,
        "bills": run.bills,
        "same": run.same,
        "different": len(run.different),
        "not_made": len(run.not_made),
        "unexplained": len(run.unexplained),
        "passes": not run.unexplained,
        "in_columns": run.in_columns,
        "sampled": run.sampled,
        "issued_usd": usd_text(run.issued_cents),
        "issued_not_made_usd": usd_text(sum(one.issued_cents for one in run.not_made)),
        "compared_usd": usd_text(run.compared_cents),
        "shadow_usd": usd_text(run.shadow_cents),
        "difference_usd": usd_text(run.shadow_cents - run.compared_cents),
        "causes": [
            {
                "cause": cause.value,
                "is": CAUSE_WORDS[cause],
                "bills": count,
                "usd": usd_text(cents),
            }
            for cause, (count, cents) in run.causes.items()
            if count
        ],
        "largest": [_bill(one) for one in ordered[:LARGEST]],
        "unexplained_bills": [_bill(one) for one in run.unexplained[:LARGEST]],
        "not_made_bills": [_bill(one) for one in run.not_made[:LARGEST]],
        "held": {"windows": len(run.held), "otherwise": len(run.held_otherwise)},
        "held_otherwise": [_held(one) for one in run.held_otherwise[:LARGEST]],
    }


def _held(one: ShadowHeld) -> dict[str, Any]:
    was, now = one.held_cents, one.shadow_cents
    return {
        "case": one.case_id,
        "account": one.account_id,
        "from": None if one.days is None else one.days.from_day.isoformat(),
        "to": None if one.days is None else one.days.until_day.isoformat(),
        "code": one.code,
        "held_usd": None if was is None else usd_text(was),
        "shadow_usd": None if now is None else usd_text(now),
        "why": one.why or None,
    }


def _bill(one: ShadowBill) -> dict[str, Any]:
    shadow = one.shadow_cents
    return {
        "bill": one.bill_id,
        "account": one.account_id,
        "schedule": one.schedule,
        "from": one.days.from_day.isoformat(),
        "to": one.days.until_day.isoformat(),
        "issued_usd": usd_text(one.issued_cents),
        "shadow_usd": None if shadow is None else usd_text(shadow),
        "difference_usd": None if shadow is None else usd_text(one.difference_cents),
        "parts": [
            {"cause": cause.value, "usd": usd_text(cents)} for cause, cents in one.parts.items()
        ],
        "why": one.why or None,
    }


def shadow_page(run: ShadowRun, answer: dict[str, Any]) -> str:
    """The run as a page in one file."""
    causes = [(cause, *found) for cause, found in run.causes.items() if found[0]]
    parts = [
        paragraph(_summary(run)),
        paragraph(verdict(answer)),
        table(
            "What makes up the difference",
            ("Cause", "Means", "Bills", "Sum"),
            [
                (
                    "as issued",
                    "bills that are made on both sides",
                    str(run.same + len(run.different)),
                    usd_display(run.compared_cents),
                ),
                *(
                    (cause.value, CAUSE_WORDS[cause], str(count), usd_display(cents))
                    for cause, count, cents in causes
                ),
                ("shadow", "as they would be made now", "", usd_display(run.shadow_cents)),
            ],
            words=2,
        ),
    ]
    if causes:
        parts.append(
            bars(
                "Difference by cause",
                [(cause.value, cents, usd_display(cents)) for cause, _, cents in causes],
            )
        )
    for heading, key in (
        ("The largest differences", "largest"),
        ("Not explained", "unexplained_bills"),
        ("Not made now", "not_made_bills"),
    ):
        if answer[key]:
            parts.append(_bill_table(heading, answer[key]))
    parts.append(paragraph(_held_told(answer)))
    if answer["held_otherwise"]:
        rows = [
            (one["case"], one["code"], one["why"] or "", *_both(one))
            for one in answer["held_otherwise"]
        ]
        columns = ("Case", "Held by", "", "As it was", "Now")
        parts.append(table("Held windows that come out otherwise", columns, rows, words=3))
    return report_page(f"Shadow of bills rendered {run.since} until {run.until}", parts)


def _bill_table(heading: str, bills: list[dict[str, Any]]) -> str:
    rows = [
        (
            one["bill"],
            ", ".join(f"{part['cause']} {part['usd']}" for part in one["parts"]),
            one["why"] or "",
            one["issued_usd"],
            one["shadow_usd"] or "none",
            one["difference_usd"] or "",
        )
        for one in bills
    ]
    return table(heading, ("Bill", "Causes", "", "Issued", "Now", "Difference"), rows, words=3)


def _both(one: dict[str, Any]) -> tuple[str, str]:
    return one["held_usd"] or "no bill", one["shadow_usd"] or "no bill"


def _held_told(answer: dict[str, Any]) -> str:
    """What is held on this side, in one sentence."""
    every, otherwise = answer["held"]["windows"], answer["held"]["otherwise"]
    if not every:
        return "No window is held."
    come = "comes" if otherwise == 1 else "come"
    held = f"{many(every, 'window')} {_are(every)} held"
    return f"{held}, {otherwise} of which {come} out otherwise now."


def verdict(answer: dict[str, Any]) -> str:
    """Whether a release passes, in one sentence."""
    if answer["passes"]:
        return "Every cent is explained."
    one = answer["unexplained"] == 1
    return (
        f"{many(answer['unexplained'], 'bill')} {_are(answer['unexplained'])} not explained: this "
        "program does not give what was issued. Do not release it; replay "
        f"{'it' if one else 'one of them'} to see the line."
    )


def _summary(run: ShadowRun) -> str:
    bill = "bill" if run.bills == 1 else "bills"
    differ = "differs" if len(run.different) == 1 else "differ"
    return (
        f"{run.bills:,} {bill}, {usd_display(run.issued_cents)} as issued. "
        f"{run.same:,} {_are(run.same)} the same now, {len(run.different):,} {differ} by "
        f"{usd_display(run.shadow_cents - run.compared_cents)} together, "
        f"{len(run.not_made):,} {_are(len(run.not_made))} not made now."
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def shadow_words(run: ShadowRun, answer: dict[str, Any]) -> str:
    """The run in the words of the command line."""
    lines = [_summary(run)]
    for one in answer["causes"]:
        usd = usd_shown(one["usd"])
        lines.append(f"  {one['cause']}: {usd} on {many(one['bills'], 'bill')}, {one['is']}")
    for one in answer["largest"][:10]:
        causes = ", ".join(f"{part['cause']} {part['usd']}" for part in one["parts"])
        lines.append(f"  {one['bill']}: {one['issued_usd']} -> {one['shadow_usd']} ({causes})")
    for one in answer["not_made_bills"][:10]:
        lines.append(f"  not made: {one['bill']}. {one['why']}")
    if run.held:
        lines.append(_held_told(answer))
    for one in answer["held_otherwise"][:10]:
        was, now = _both(one)
        lines.append(
            f"  {one['case']} ({one['code']}): {was} -> {now}. {one['why'] or ''}".rstrip()
        )
    lines.append(verdict(answer))
    return "\n".join(lines)
