"""``meterledger verify``: every invariant, over everything stored."""

from __future__ import annotations

import typer

from meterledger.entrypoints.cli.answer import JsonFlag, refusing, say


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("verify")(verify)


def verify(as_json: JsonFlag = False) -> None:
    """Check what must always hold, over everything stored; exit 2 if anything is broken."""
    with refusing():
        from meterledger.entrypoints.verification import verify_system
        from meterledger.entrypoints.wiring import open_system
        from meterledger.usecases.ports import Viewer

        with open_system(
            viewer=Viewer("command line", "verify invariants"), subjects=["all accounts"]
        ) as system:
            results = verify_system(system)
        broken = [one for one in results if one["broken"]]
        answer = {"ok": not broken, "invariants": results}

        def words() -> None:
            for one in results:
                mark = "BROKEN" if one["broken"] else "holds "
                print(f"{mark}  {one['name']} ({one['checked']} checked)")
                for sentence in one["broken"][:10]:
                    print(f"        {sentence}")
            held = len(results) - len(broken)
            print(f"{held} of {len(results)} hold over everything stored.")

        say(answer, as_json=as_json, words=words)
        if broken:
            raise typer.Exit(2)
