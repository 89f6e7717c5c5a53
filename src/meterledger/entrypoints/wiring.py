"""Which store answers which port: the only file that knows everything.

Lives here      opening the system of record, the lake and the tariff book for one command.
Lives elsewhere what is done with them (``usecases``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from meterledger.entrypoints.clock import now_utc
from meterledger.entrypoints.memory import nothing_to_collect
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import shown, whole_from_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView, TariffBook
from meterledger.rulebook.loading import default_book_folder, load_book
from meterledger.usecases.intake_ports import Vault
from meterledger.usecases.ports import Lake, Store, Viewer

if TYPE_CHECKING:
    from meterledger.stores.vault import FileVault
    from meterledger.stores.vault.bank_numbers import SealedBankNumbers
    from meterledger.usecases.channel_ports import Processor
    from meterledger.usecases.read_on_demand import HeadEnd


class BookUnknown(Refusal):
    """No tariff book has that name."""


@dataclass(frozen=True)
class System:
    """One opened system: the store, the lake, the book, and the instant of opening (UTC)."""

    store: Store
    lake: Lake
    tariff_book: TariffBook
    now: datetime
    data_folder: Path

    @property
    def book(self) -> TariffBook:
        """The tariff book on both clocks."""
        return self.tariff_book

    @property
    def vault(self) -> Vault:
        """The received files, byte for byte, encrypted."""
        return open_vault(self.data_folder)

    @property
    def documents(self) -> FileVault:
        """What was issued to customers, in packs, encrypted."""
        return open_document_vault(self.data_folder)

    @property
    def view(self) -> BookView:
        """The tariff book as known now."""
        return self.tariff_book.as_known(self.now.date())

    @property
    def today(self) -> date:
        """The utility's local day now: a day of business is a day there, not in UTC."""
        return local_day_of(self.now, self.view.time_zone)

    @property
    def report_day(self) -> date:
        """The local day that reports open on: the newest of which values are kept.

        Yesterday at the latest, since today is not over; and where nothing is kept.
        """
        from meterledger.stores.lake import newest_day

        yesterday = self.today - timedelta(days=1)
        newest = newest_day(self.store.lake_files(self.store.lake_sequence()))
        return yesterday if newest is None else min(newest, yesterday)


def default_data_folder() -> Path:
    """Where a machine keeps its data unless told otherwise (``METERLEDGER_DATA``).

    The private database runs as an unprivileged account, so root's data lies outside root's home.
    """
    told = os.environ.get("METERLEDGER_DATA")
    if told:
        return Path(told)
    if os.geteuid() == 0:
        return Path("/var/lib/meterledger")
    share = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    return Path(share) / "meterledger"


def open_vault(data_folder: Path) -> FileVault:
    """The vault of a data folder; its keys lie beside it or where ``METERLEDGER_VAULT_KEY_FILE``
    says.
    """
    from meterledger.stores.vault import FileVault

    told = os.environ.get("METERLEDGER_VAULT_KEY_FILE")
    return FileVault(data_folder / "vault", Path(told) if told else data_folder / "vault-keys.json")


def open_document_vault(data_folder: Path) -> FileVault:
    """The vault of issued documents, whose keys are apart from those of received files
    (``METERLEDGER_DOCUMENT_KEY_FILE``): rotating the ones leaves the others as they are.
    """
    from meterledger.stores.vault import FileVault

    told = os.environ.get("METERLEDGER_DOCUMENT_KEY_FILE")
    keys = Path(told) if told else data_folder / "document-keys.json"
    return FileVault(data_folder / "documents", keys)


def open_bank_numbers(data_folder: Path) -> SealedBankNumbers:
    """Seals and opens bank account numbers with keys of their own
    (``METERLEDGER_BANK_KEY_FILE``), made at the first use.
    """
    from meterledger.stores.vault.bank_numbers import SealedBankNumbers
    from meterledger.stores.vault.keys import KeyFile

    told = os.environ.get("METERLEDGER_BANK_KEY_FILE")
    keys = KeyFile(Path(told) if told else data_folder / "bank-keys.json")
    return SealedBankNumbers(keys.read() if keys.exists() else keys.create())


def open_processor() -> Processor | None:
    """The processor of cards and wallets (``METERLEDGER_PROCESSOR``); None if none is named.

    ``METERLEDGER_PROCESSOR_SECRET_FILE`` names the file of the secret that signs its answers.

    :raises ProcessorNotNamed: if the address or the secret cannot be used
    """
    from meterledger.stores.gateways.opening import raw_bytes
    from meterledger.stores.gateways.processor import HttpProcessor

    address = os.environ.get("METERLEDGER_PROCESSOR")
    if not address:
        return None
    told = os.environ.get("METERLEDGER_PROCESSOR_SECRET_FILE")
    return HttpProcessor(address, raw_bytes(Path(told)).strip() if told else b"")


def open_head_end() -> HeadEnd | None:
    """The head-end that meters are read through now (``METERLEDGER_HEAD_END``); None if none is
    named. ``METERLEDGER_HEAD_END_SECONDS`` is how long one question may take.

    :raises HeadEndNotNamed: if the address or the seconds cannot be used
    """
    from meterledger.stores.gateways.head_end import HeadEndNotNamed, HttpHeadEnd

    address = os.environ.get("METERLEDGER_HEAD_END")
    if not address:
        return None
    told = os.environ.get("METERLEDGER_HEAD_END_SECONDS", "30")
    seconds = whole_from_text(told)
    if seconds is None:
        raise HeadEndNotNamed(
            f"{shown(told)} is not a whole number of seconds",
            where="METERLEDGER_HEAD_END_SECONDS",
            do="Write it in digits alone, like 30",
        )
    return HttpHeadEnd(address, seconds=seconds)


def book_folder() -> Path:
    """The tariff book's folder (``METERLEDGER_TARIFFS``), the first book unless told otherwise."""
    told = os.environ.get("METERLEDGER_TARIFFS")
    return Path(told) if told else default_book_folder()


def book_named(name: str | None) -> Path | None:
    """The folder of another book: beside the first one, or any folder; None asks for the usual.

    :raises BookUnknown: if there is no such book
    """
    if name is None:
        return None
    beside = default_book_folder().parent
    for folder in (beside / name, Path(name)):
        if (folder / "utility.yaml").is_file():
            return folder
    known = sorted(one.parent.name for one in beside.glob("*/utility.yaml"))
    raise BookUnknown(
        f"There is no book '{name[:60]}'",
        where="--book",
        do=f"Name one of {', '.join(known)}, or a folder that holds a utility.yaml",
    )


@lru_cache(maxsize=4)
def open_book(folder: Path | None = None) -> TariffBook:
    """The tariff book, read and checked once."""
    with nothing_to_collect():
        return load_book(folder or book_folder())


@contextmanager
def open_system(
    data_folder: Path | None = None,
    *,
    viewer: Viewer | None = None,
    subjects: Sequence[str] = (),
    now: datetime | None = None,
) -> Iterator[System]:
    """Open store, lake and book; the private database starts if it must and stops if it may.

    With ``viewer``, reads of personal and usage data are allowed inside, and logged.
    """
    from meterledger.stores.lake import IntervalLake
    from meterledger.stores.postgres import open_store

    folder = data_folder or default_data_folder()
    book = open_book()
    moment = now or now_utc()
    zone_name = book.as_known(moment.date()).time_zone
    with open_store(folder) as store:
        lake = IntervalLake(
            folder / "lake",
            zone=zone_name,
            files_at=store.lake_files,
            superseded_at=store.superseded_lake_files,
            erased=store.erased_lake_files,
            newest=store.lake_sequence,
        )
        system = System(store, lake, book, moment, folder)
        published = store.lake_sequence()
        if viewer is None:
            yield system
        else:
            with store.viewing(viewer, subjects):
                yield system
        newest = store.lake_sequence()
        if newest != published:
            lake.sync_delta(newest)  # for other engines; bills never read the Delta log


def known_on(as_known: date | None) -> date:
    """The day as known on which the book is asked; today unless told otherwise."""
    return as_known or now_utc().date()
