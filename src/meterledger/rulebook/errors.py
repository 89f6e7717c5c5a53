"""The one refusal for a tariff file that cannot be used: file, line, what is wrong, what to do."""

from __future__ import annotations

from meterledger.kernel.refusal import Refusal


class TariffFileBroken(Refusal):
    """A file of the tariff book cannot be used. The whole book is refused, never a part of it."""


def broken(what: str, *, file: str, line: int, do: str) -> TariffFileBroken:
    """The refusal for line ``line`` (from 1) of ``file``."""
    return TariffFileBroken(what, where=f"{file}, line {line}", do=do)
