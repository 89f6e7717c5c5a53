"""``meterledger replay``: compute a bill again and say whether the bytes are the same."""

from __future__ import annotations

from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, day_from, refusing, say


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("replay")(replay)


def replay(
    bill: Annotated[str, typer.Argument(help="Bill number.")],
    as_known: Annotated[
        str | None,
        typer.Option(help="As known at the end of this day (UTC), not as known when issued."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Compute a bill again from readings and tariff book, as known when it was issued."""
    with refusing():
        from datetime import UTC, datetime, time

        from meterledger.entrypoints.cli.words import print_lines
        from meterledger.entrypoints.wiring import open_system
        from meterledger.kernel.money import usd_text
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.replay_bill import replay_bill

        moment = None
        if as_known:
            day = day_from(as_known, option="--as-known")
            moment = datetime.combine(day, time(23, 59, 59), tzinfo=UTC)
        with open_system(viewer=Viewer("command line", "replay a bill"), subjects=[bill]) as system:
            again = replay_bill(
                bill_id=bill,
                store=system.store,
                lake=system.lake,
                book=system.book,
                as_known=moment,
            )
        answer = {
            "bill": bill,
            "same_bytes": again.same_bytes,
            "as_known_at": again.as_known_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "record_sha256": again.bill.record_sha256,
            "differences": list(again.differences),
            "read_as": again.read_as or None,
            "total_usd": usd_text(again.bill.total_cents),
            "lines": [line.as_json() for line in again.bill.lines],
        }

        def words() -> None:
            verdict = verdict_on(again.same_bytes, again.differences)
            print(f"{bill}, as known at {answer['as_known_at']}: {verdict}.")
            if again.read_as:
                print(f"It was made as rules were read before: {again.read_as}.")
            print(f"SHA-256 of the record: {answer['record_sha256']}")
            for difference in again.differences:
                print(f"  {difference}")
            record = again.bill.as_json()
            print_lines(record["lines"], record["total_usd"], record["standing"])

        say(answer, as_json=as_json, words=words)


def verdict_on(same_bytes: bool, differences: tuple[str, ...]) -> str:
    """How a replay compares with what was issued, in words.

    Asked as known at another moment, the pins always differ; that alone should alarm nobody.
    """
    if same_bytes:
        return "the same bytes"
    if all(one.startswith("pins.") for one in differences):
        return "the same lines and total; only the pins differ"
    return "other bytes than were issued"
