"""``meterledger prove``: a signed file from which anybody computes a bill again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meterledger.entrypoints.cli.answer import BadArgument, JsonFlag, refusing, say
from meterledger.kernel.money import usd_shown
from meterledger.kernel.written_counts import many


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("prove")(prove)


def prove(
    bill: Annotated[
        str | None, typer.Argument(help="Bill number; without one, the public key is shown.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where to write the file (BILL.proof.json unless given).")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a signed file that proves a bill: its readings, its parameters, their clauses.

    Whoever has it runs `python3 meterledger_verify.py FILE`, one file without any package, and
    computes the bill again. The bill is replayed first: what does not give the same bytes is not
    proved.
    """
    with refusing():
        import json

        from meterledger.entrypoints.wiring import default_data_folder, open_system
        from meterledger.stores.gateways.bill_signing import BillSigner
        from meterledger.usecases.ports import Viewer
        from meterledger.usecases.proof_readings import reading_count
        from meterledger.usecases.prove_bill import prove_bill, signed_bytes

        if bill is None:
            key = BillSigner(default_data_folder()).public_key
            say({"public_key": key}, as_json=as_json, words=lambda: print(key))
            return
        viewer = Viewer("command line", "prove a bill")
        with open_system(viewer=viewer, subjects=[bill]) as system:
            proof = prove_bill(bill_id=bill, store=system.store, lake=system.lake, book=system.book)
            proof["signature"] = BillSigner(system.data_folder).sign(signed_bytes(proof))
        path = out or Path(f"{bill}.proof.json")
        text = json.dumps(proof, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
        _hold(bill, text, proof["signature"]["public_key"])
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise BadArgument(
                f"The file cannot be written: {problem.strerror}",
                where=str(path),
                do="Name another with --out",
            ) from problem
        answer = {
            "bill": bill,
            "file": str(path),
            "total_usd": proof["bill"]["total_usd"],
            "readings": reading_count(proof),
            "public_key": proof["signature"]["public_key"],
        }

        def words() -> None:
            print(
                f"{bill}, {usd_shown(answer['total_usd'])}, with "
                f"{many(answer['readings'], 'reading')}: {path}"
            )
            print("Check it anywhere: python3 meterledger_verify.py " + str(path))
            print(f"Signed with the key {answer['public_key']}")

        say(answer, as_json=as_json, words=words)


def _hold(bill: str, text: str, public_key: str) -> None:
    """Check the file as whoever gets it will: one that does not hold is not given out.

    :raises CannotProve: if the program that checks says no
    """
    import meterledger_verify
    from meterledger.usecases.proof_readings import CannotProve

    try:
        meterledger_verify.verify(meterledger_verify.read_proof(text.encode()), public_key)
    except (meterledger_verify.Disproved, meterledger_verify.Unreadable) as problem:
        raise CannotProve(
            "The file that was made does not hold",
            where=bill,
            why=str(problem),
            do="Report it with the bill's number: the bill itself replays to its bytes",
        ) from problem
