"""An impact as an answer, as words, as a page with pictures and as a table of accounts.

Lives here      what is told, in which order.
Lives elsewhere the prices (``usecases/impact``), the groups (``usecases/impact_tables``), the frame
                of the page (``report_page``).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

from meterledger.entrypoints.report_page import bars, paragraph, report_page, table
from meterledger.facts.impact import Impact
from meterledger.kernel.money import usd_display, usd_shown, usd_text
from meterledger.usecases.impact_tables import (
    NOT_KNOWN,
    GroupImpact,
    by_decile,
    by_option,
    by_place,
    by_programme,
    deciles,
    for_part_of_the_time,
    spread,
    whole,
)

LARGEST = 20
NOT_TOLD = (
    "Who takes part in an income programme is not known: nobody said. Name them with "
    "--participants FILE.csv."
)
RULE = (
    "An account counts once, with all its bills, in the programme in which it took part on most of "
    "their days, for part of the time too; of two alike, in the later one. Who took part on none "
    "of them counts as none."
)


def impact_answer(impact: Impact, *, proposal: str) -> dict[str, Any]:
    """The shape of ``impact --json``."""
    every = whole(impact)
    return {
        "proposal": proposal,
        "since": impact.since.isoformat(),
        "until": impact.until.isoformat(),
        "first_change": impact.first_change.isoformat() if impact.first_change else None,
        "accounts": len(impact.accounts),
        "bills": int(impact.bills.sum()) + len(impact.not_priced),
        "billed_usd": usd_text(impact.billed_cents),
        "not_priced": {
            "bills": len(impact.not_priced),
            "usd": usd_text(sum(one.issued_cents for one in impact.not_priced)),
            "first": [
                {"bill": one.bill_id, "account": one.account_id, "why": one.why}
                for one in impact.not_priced[:LARGEST]
            ],
        },
        "not_reproduced": {
            "bills": impact.not_reproduced,
            "usd": usd_text(impact.not_reproduced_cents),
        },
        "before_usd": usd_text(every.before_cents),
        "after_usd": usd_text(every.after_cents),
        "change_usd": usd_text(every.change_cents),
        "more": every.more,
        "less": every.less,
        "by_option": _groups(by_option(impact)),
        "by_decile": _groups(by_decile(impact)),
        "by_programme": _programmes(impact),
        "programmes": NOT_TOLD if impact.programs is None else RULE,
        "by_place": _groups(by_place(impact)),
        "spread": [{"change": name, "accounts": count} for name, count in spread(impact)],
        "largest": [_account(impact, row) for row in _largest(impact)],
        "sums": {
            "kept": impact.sums_kept,
            "made": impact.sums_made,
            "bills_from_intervals": impact.from_intervals,
            "bills_one_by_one": impact.one_by_one,
        },
    }


def _groups(groups: Iterable[GroupImpact]) -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "accounts": one.accounts,
            "energy_wh": str(one.energy_wh),
            "issued_usd": usd_text(one.issued_cents),
            "before_usd": usd_text(one.before_cents),
            "after_usd": usd_text(one.after_cents),
            "change_usd": usd_text(one.change_cents),
            "change_percent": _percent(one.change_cents, one.before_cents),
            "middle_change_usd": usd_text(one.middle_cents),
            "more": one.more,
            "less": one.less,
        }
        for one in groups
    ]


def _programmes(impact: Impact) -> list[dict[str, Any]]:
    """The groups; where it is known, how many accounts of each were in it for part of the time."""
    groups = _groups(by_programme(impact))
    if impact.programs is None:
        return groups
    part = for_part_of_the_time(impact)
    return [one | {"part_of_the_time": part[one["name"]]} for one in groups]


def _percent(change: int, before: int) -> str:
    """A share with two decimals, rounded half away from zero; a word where there is no base."""
    if before <= 0:
        return NOT_KNOWN
    size = (abs(change) * 20_000 + before) // (2 * before)
    return f"{'-' if change < 0 and size else ''}{size // 100}.{size % 100:02d}"


def _largest(impact: Impact) -> list[int]:
    change = impact.change_cents.tolist()
    rows = [row for row, cents in enumerate(change) if cents]
    return sorted(rows, key=lambda row: (-abs(change[row]), impact.accounts[row]))[:LARGEST]


def _account(impact: Impact, row: int) -> dict[str, Any]:
    before, after = int(impact.before_cents[row]), int(impact.after_cents[row])
    return {
        "account": impact.accounts[row],
        "option": impact.schedules[row],
        "place": impact.places[row],
        "energy_wh": str(int(impact.energy_wh[row])),
        "issued_usd": usd_text(int(impact.issued_cents[row])),
        "before_usd": usd_text(before),
        "after_usd": usd_text(after),
        "change_usd": usd_text(after - before),
        "change_percent": _percent(after - before, before),
    }


def accounts_csv(impact: Impact) -> str:
    """A row for each account. It is personal data: keep it where the bills are kept."""
    found = StringIO()
    tenth = deciles(impact).tolist()
    names = ["account", "option", "place", "energy_wh", "issued_usd", "before_usd", "after_usd"]
    names += ["change_usd", "change_percent", "decile", "programme", "programme_days", "bills"]
    writer = csv.DictWriter(found, names, lineterminator="\n")
    writer.writeheader()
    for row in range(len(impact.accounts)):
        more = {"decile": tenth[row], "bills": int(impact.bills[row])}
        writer.writerow(_account(impact, row) | _program_of(impact, row) | more)
    return found.getvalue()


def _program_of(impact: Impact, row: int) -> dict[str, Any]:
    if impact.programs is None or impact.program_days is None:
        return {"programme": NOT_KNOWN, "programme_days": NOT_KNOWN}
    days = int(impact.program_days[row])
    return {"programme": impact.programs[row], "programme_days": days}


def impact_page(impact: Impact, answer: dict[str, Any]) -> str:
    """The impact as a page in one file."""
    parts = [paragraph(one) for one in _sentences(impact, answer)]
    parts.append(
        table(
            "From what was billed to what would be",
            ("", "USD"),
            [
                ("billed, as issued", usd_display(impact.billed_cents)),
                (
                    _many_that(len(impact.not_priced), "is not priced", "are not priced"),
                    usd_display(-sum(one.issued_cents for one in impact.not_priced)),
                ),
                (
                    _many_that(impact.not_reproduced, "comes out otherwise", "come out otherwise")
                    + " now, as known now",
                    usd_display(impact.not_reproduced_cents),
                ),
                ("before the change", usd_display(int(impact.before_cents.sum()))),
                ("the change", usd_display(int(impact.change_cents.sum()))),
                ("after the change", usd_display(int(impact.after_cents.sum()))),
            ],
        )
    )
    parts.append(
        bars(
            "Accounts by the change of their bills over the whole time",
            [(name, count, f"{count:,}") for name, count in spread(impact)],
        )
    )
    for heading, groups, note in (
        ("By rate option", by_option(impact), ""),
        ("By use a day: tenths of the accounts, from least to most", by_decile(impact), ""),
        ("By income programme", by_programme(impact), _programme_note(impact)),
        ("By place", by_place(impact), ""),
    ):
        parts.append(_group_table(heading, groups))
        if note:
            parts.append(paragraph(note))
        if len(groups) > 1:
            rows = [(one.name, one.change_cents, usd_display(one.change_cents)) for one in groups]
            parts.append(bars(f"{heading}: change in dollars", rows))
    return report_page(f"Impact of {answer['proposal']}", parts)


def _programme_note(impact: Impact) -> str:
    if impact.programs is None:
        return NOT_TOLD
    part = for_part_of_the_time(impact)
    told = [f"{count:,} of {name}" for name, count in part.items() if count]
    return RULE + (f" For part of the time: {', '.join(sorted(told))}." if told else "")


def _group_table(heading: str, groups: list[GroupImpact]) -> str:
    rows = [
        (
            one.name,
            f"{one.accounts:,}",
            usd_display(one.issued_cents),
            usd_display(one.before_cents),
            usd_display(one.after_cents),
            usd_display(one.change_cents),
            _percent(one.change_cents, one.before_cents),
            usd_display(one.middle_cents),
            f"{one.more:,}",
            f"{one.less:,}",
        )
        for one in groups
    ]
    columns = ("", "Accounts", "Issued", "Before", "After", "Change", "Percent", "Middle account")
    return table(heading, (*columns, "Pay more", "Pay less"), rows)


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _many_that(count: int, one: str, more: str) -> str:
    return f"{_many(count, 'bill')} that {one if count == 1 else more}"


def _sentences(impact: Impact, answer: dict[str, Any]) -> list[str]:
    told = [
        f"{_many(len(impact.accounts), 'account')}, {_many(answer['bills'], 'bill')} rendered "
        f"{impact.since} "
        f"until {impact.until}, {usd_display(impact.billed_cents)} billed."
    ]
    if not answer["bills"]:
        told.append(
            "No bill was rendered on these days. Name days on which bills were, with --until and "
            "--months, or another cycle."
        )
        return told
    if impact.first_change is None:
        told.append(
            "Nothing changes: on no service day of these bills does the proposal say something "
            "else. To see dollars of a revision that begins later, try it with its days moved "
            "into the days above."
        )
        return told
    told.append(
        f"The first service day that is priced otherwise is {impact.first_change}. Together the "
        f"bills change by {usd_display(int(impact.change_cents.sum()))} "
        f"({_percent(int(impact.change_cents.sum()), int(impact.before_cents.sum()))} percent): "
        f"{_many(answer['more'], 'account')} pay{'s' if answer['more'] == 1 else ''} more, "
        f"{answer['less']:,} less."
    )
    if impact.not_priced:
        count, first = len(impact.not_priced), impact.not_priced[0]
        what = "is not priced and counts" if count == 1 else "are not priced and count"
        told.append(
            f"{_many(count, 'bill')} {what} in no account{'' if count == 1 else '; the first'}: "
            f"{first.bill_id}. {first.why}"
        )
    return told


def impact_words(impact: Impact, answer: dict[str, Any]) -> str:
    """The impact in the words of the command line."""
    lines = _sentences(impact, answer)
    tables = [("by_option", "By rate option"), ("by_decile", "By tenths of use a day")]
    if impact.programs is not None:
        tables.append(("by_programme", "By income programme"))
    for key, heading in tables:
        lines.append(f"{heading}:")
        wide = max([22, *(len(one["name"]) for one in answer[key])])
        lines += [
            f"  {one['name']:<{wide}} {one['accounts']:>9} "
            f"{'account ' if one['accounts'] == 1 else 'accounts'} "
            f"{usd_shown(one['change_usd']):>15} ({one['change_percent']} percent)"
            for one in answer[key]
        ]
    lines.append(_programme_note(impact))
    return "\n".join(lines)
