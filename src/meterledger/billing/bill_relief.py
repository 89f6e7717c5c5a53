"""What an agreement takes off one bill: whole cents of its stored lines, and the taxes on them.

Lives here      the amount off each line that the agreement names, and each tax asked anew on what
                is left of the charges; each with its arithmetic.
Lives elsewhere whether charges may be adjusted at all (``rate_relief``), its entry (``ledger``).
Read first      GRR V.H.4; docs/operating/relief.md.

The item adjusts the charges themselves, so a tax on charges is asked on what is left of them: what
the utility does not charge it does not receive, and the customer does not pay it for the service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterledger.facts.charges import ChargeGroup
from meterledger.facts.relief import ReliefTerm, percent_text
from meterledger.facts.taxes import GROSS_RECEIPTS_CODE, TaxOfLine, taxes_of_lines
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import cents_from_text, usd_text
from meterledger.kernel.rounding import to_whole_half_up

CHARGES, EXEMPT_SHARE = "charges_usd", "exempt_share"


@dataclass(frozen=True, slots=True)
class StoredLine:
    """One line of a bill's record, as far as it is needed here."""

    code: str
    label: str
    group: str
    cents: int
    price_usd: str
    inputs: tuple[tuple[str, str], ...]
    citations: tuple[Citation, ...]

    def input(self, name: str) -> str:
        """A figure behind the line; empty where it has none of that name."""
        return dict(self.inputs).get(name, "")

    @property
    def is_tax(self) -> bool:
        """Whether it is a tax on the others."""
        return self.group == ChargeGroup.TAX.value


@dataclass(frozen=True, slots=True)
class OffLine:
    """What is taken off one line; ``tax`` says whose tax it is, None where it is a charge.

    ``place`` is the line's own on the bill, from 0. Of a tax, ``base_off_cents`` is what its base
    is less, ``exempt_off_cents`` the part of it that a certificate exempts.
    """

    place: int
    line: StoredLine
    off_cents: int
    arithmetic: str
    tax: TaxOfLine | None = None
    base_off_cents: int = 0
    exempt_off_cents: int = 0


@dataclass(frozen=True, slots=True)
class WorkedOut:
    """All that is taken off a bill, line by line in the bill's order."""

    off: tuple[OffLine, ...]

    @property
    def charge_cents(self) -> int:
        """Off the charges."""
        return sum(one.off_cents for one in self.off if not one.line.is_tax)

    @property
    def tax_cents(self) -> int:
        """Off the taxes."""
        return sum(one.off_cents for one in self.off if one.line.is_tax)


def work_out_relief(
    lines: Sequence[StoredLine], terms: Sequence[ReliefTerm], *, tax_place: str
) -> WorkedOut:
    """What the terms take off the lines of a bill.

    Each line is rounded once, half up. An amount is spent on the lines of its code in their order
    and takes off no more than they come to. Credits are left as they are, and so is a bill that
    charges nothing in all. A tax whose line says its
    base is worked out on what is left; one that says none is no tax of these charges.

    :raises InvariantBroken: if a tax of the bill is not what its own line says
    """
    if sum(line.cents for line in lines) <= 0:
        return WorkedOut(())
    found = _off_charges(lines, terms)
    less = sum(one.off_cents for one in found)
    if less:
        found += _off_taxes(lines, less, tax_place)
    return WorkedOut(tuple(sorted(found, key=lambda one: one.place)))


def _off_charges(lines: Sequence[StoredLine], terms: Sequence[ReliefTerm]) -> list[OffLine]:
    by_code = {one.code: one for one in terms}
    left = {one.code: one.cents for one in terms if one.cents is not None}
    found: list[OffLine] = []
    for place, line in enumerate(lines):
        term = by_code.get(line.code)
        if term is None or line.is_tax or line.cents <= 0:
            continue
        if term.share is not None:
            off = to_whole_half_up(line.cents * term.share)
            shown = f"${usd_text(line.cents)} x {percent_text(term.share)} = ${usd_text(off)}"
        else:
            off = min(left[line.code], line.cents)
            shown = (
                f"${usd_text(off)} of the ${usd_text(left[line.code])} that is agreed, of a charge "
                f"of ${usd_text(line.cents)}"
            )
            left[line.code] -= off
        if off:
            found.append(OffLine(place, line, off, shown))
    return found


def _off_taxes(lines: Sequence[StoredLine], less: int, tax_place: str) -> list[OffLine]:
    taxed = [(place, line) for place, line in enumerate(lines) if line.is_tax]
    whose = taxes_of_lines([(line.code, dict(line.inputs)) for _, line in taxed], tax_place)
    charges = sum(line.cents for line in lines if not line.is_tax)
    found: list[OffLine] = []
    # The gross-receipts tax comes first: another tax may be asked on it, too.
    order = sorted(
        zip(taxed, whose, strict=True), key=lambda one: one[0][1].code != GROSS_RECEIPTS_CODE
    )
    receipts_less = 0
    for (place, line), of in order:
        told = line.input(CHARGES)
        if not told:
            continue
        base = cents_from_text(told, where=line.code)
        lower = less + (receipts_less if base != charges else 0)
        share = Fraction(line.price_usd)
        taxable = 1 - Fraction(line.input(EXEMPT_SHARE) or "0")
        was, now = (to_whole_half_up(one * taxable * share) for one in (base, base - lower))
        ensure(was == line.cents, f"the {line.code} of a bill is what its line says")
        off = was - now
        spared, left = (to_whole_half_up(one * (1 - taxable)) for one in (base, base - lower))
        if line.code == GROSS_RECEIPTS_CODE:
            receipts_less += off
        if off or lower:
            times = f" x (1 - {line.input(EXEMPT_SHARE)})" if taxable != 1 else ""
            shown = (
                f"(${usd_text(base)} - ${usd_text(lower)}){times} x {line.price_usd} = "
                f"${usd_text(now)}, which is ${usd_text(off)} less than ${usd_text(was)}"
            )
            found.append(OffLine(place, line, off, shown, of, lower, spared - left))
    return found
