"""What a bill says of what an agreement takes off it, from what is kept of it.

Lives here      the sentences, and the noun of the statement.
Lives elsewhere working it out (``relieve_bills``), the statement (``make_statement``).
Read first      GRR V.H.4; docs/operating/relief.md.
"""

from __future__ import annotations

import json
from typing import Any

from meterledger.facts.relief import BillRelief
from meterledger.facts.statements import StatedRelief
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import usd_display, usd_shown


def relief_json(relief: BillRelief) -> dict[str, Any]:
    """What is taken off a bill, as commands answer it: its lines with arithmetic and clauses."""
    told: dict[str, Any] = json.loads(relief.record)
    return {
        "relief": relief.relief_id,
        "bill": relief.bill_id,
        "off_usd": told["off_usd"],
        "charges_usd": told["charges_usd"],
        "taxes_usd": told["taxes_usd"],
        "lines": told["lines"],
        "reasons": told["ruling"]["reasons"],
    }


def stated_relief(relief: BillRelief | None) -> StatedRelief | None:
    """What is taken off a bill, for its statement; None where nothing is."""
    if relief is None or not relief.cents:
        return None
    told: dict[str, Any] = json.loads(relief.record)
    clauses = [Citation.from_json(one["citation"]) for one in told["ruling"]["reasons"]]
    clause = clauses[0].text
    parts = "; ".join(
        f"{one['label']}: {usd_shown(one['off_usd'])} less ({one['arithmetic']})"
        for one in told["lines"]
        if one["off_usd"] != "0.00"
    )
    return StatedRelief(
        relief_id=relief.relief_id,
        cents=relief.cents,
        sentence=(
            f"As agreed with you for {told['cause']}, {usd_display(relief.cents)} are taken off "
            f"this bill ({clause}). {parts}."
        ),
        citations=tuple(dict.fromkeys(clauses)),
    )
