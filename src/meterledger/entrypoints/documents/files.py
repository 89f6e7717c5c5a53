"""What a run leaves in a folder: a print file with its index, totals, a list, and an outbox.

Lives here      writing. The same run writes the same bytes again.
Lives elsewhere the rows and the totals (``usecases/print_file``), binding (``binding``).

An electronic message tells that a bill is there and links to it. It says no amount, no usage and
no address of a home: mail is read by others than the one it is for.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from meterledger.entrypoints.documents.binding import bind
from meterledger.entrypoints.web.words import day_words
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.usecases.make_documents import DocumentRun, DocumentVault, Outgoing, papers
from meterledger.usecases.print_file import (
    INDEX_COLUMNS,
    control_totals,
    index_rows,
    print_parts,
)

ASIDE_COLUMNS = ("bill", "account", "usd", "reason")
SENDER = "bills@meterledger.invalid"
"""Whom messages are from, until the mail system that takes the outbox puts its own."""


class NotWritable(Refusal):
    """The folder of a run cannot be written."""


def write_run(run: DocumentRun, folder: Path, *, vault: DocumentVault, portal: str) -> list[str]:
    """Write all files of the run; their names, in order.

    :raises NotWritable: if the folder cannot be made or written
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _write(run, folder, vault, portal)
    except OSError as problem:
        raise NotWritable(
            f"The documents of {run.run_id} cannot be written: {problem.strerror}",
            where=str(folder),
            why="They are kept; only their copies for the mail house are not there",
            do="Name another folder with --out, and run it again",
        ) from problem


def _write(run: DocumentRun, folder: Path, vault: DocumentVault, portal: str) -> list[str]:
    names = []
    rows: list[dict[str, str]] = []
    for part in print_parts(run):
        path = folder / part.name
        with path.with_suffix(".part").open("wb") as file:
            bind(papers(vault, part.going), file)
        path.with_suffix(".part").replace(path)
        rows += index_rows(part)
        names.append(part.name)
    _write_csv(folder / "index.csv", INDEX_COLUMNS, rows)
    aside = [
        {
            "bill": one.bill_id,
            "account": one.account_id,
            "usd": usd_text(cents),
            "reason": one.reason,
        }
        for one, cents in run.set_aside
    ]
    _write_csv(folder / "set_aside.csv", ASIDE_COLUMNS, aside)
    totals = json.dumps(control_totals(run), ensure_ascii=False, indent=1) + "\n"
    (folder / "totals.json").write_text(totals, encoding="utf-8")
    names += ["index.csv", "set_aside.csv", "totals.json"]
    for one in run.electronic:
        name = f"outbox/{one.document.sha256[:32]}.eml"
        (folder / "outbox").mkdir(exist_ok=True)
        (folder / name).write_bytes(message(one, portal))
        names.append(name)
    return names


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def message(one: Outgoing, portal: str) -> bytes:
    """The message of one electronic bill, the same bytes for the same document."""
    document = one.document
    mail = EmailMessage(policy=SMTP)
    mail["From"] = SENDER
    mail["To"] = document.address
    mail["Subject"] = "Your electricity bill is here"
    mail["Date"] = format_datetime(document.made_at)
    mail["Message-ID"] = f"<{document.sha256[:32]}@meterledger.invalid>"
    mail["Content-Language"] = "en"
    asked = (
        f"Your combined statement {one.combination} asks for it."
        if one.combination
        else f"It is due on {day_words(one.due_day)}."
    )
    greeting = f"Dear {one.holder},\n\n" if one.holder else ""
    mail.set_content(
        f"{greeting}"
        f"your electricity bill of {one.utility} is here. {asked}\n"
        "\n"
        f"Read it here: {portal.rstrip('/')}/bills/{document.bill_id}/\n"
        "\n"
        "For your safety this message shows no amount and no use. If you did not ask for bills by "
        "electronic mail, tell us, and we send paper.\n",
        cte="quoted-printable",
    )
    return mail.as_bytes()
