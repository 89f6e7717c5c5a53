"""Received files: byte for byte, encrypted, whole or not at all; in files and in dictionaries."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meterledger.kernel.canonical import sha256_hex
from meterledger.stores.memory import MemoryVault
from meterledger.stores.vault import (
    FileVault,
    KeyFileUnusable,
    NotInVault,
    VaultDamaged,
    WrongKey,
)
from meterledger.stores.vault.sealing import CHUNK_BYTES, TAG_BYTES
from meterledger.usecases.intake_ports import Vault

NAMES = b"Josephine Abernathy,2210 Old Jamestown Road,M-1,2026-03-09T05:00:00Z,250\n"
THREE_CHUNKS = NAMES * (2 * CHUNK_BYTES // len(NAMES) + 50)
SEALED_CHUNK = CHUNK_BYTES + TAG_BYTES


def file_vault(folder: Path) -> FileVault:
    return FileVault(folder / "vault", folder / "vault-keys.json")


@pytest.fixture(params=["memory", "files"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Vault:
    return MemoryVault() if request.param == "memory" else file_vault(tmp_path)


def body_of(vault: Vault, sha256: str) -> bytes:
    if isinstance(vault, MemoryVault):
        return vault.sealed[sha256][1]
    assert isinstance(vault, FileVault)
    return body_path(vault, sha256).read_bytes()


def put_body(vault: Vault, sha256: str, body: bytes) -> None:
    if isinstance(vault, MemoryVault):
        vault.sealed[sha256] = (vault.sealed[sha256][0], body)
    elif isinstance(vault, FileVault):
        body_path(vault, sha256).write_bytes(body)


def body_path(vault: FileVault, sha256: str) -> Path:
    (path,) = (vault.folder / sha256[:2]).glob(f"{sha256}.*.sealed")
    return path


def key_path(vault: FileVault, sha256: str) -> Path:
    return vault.folder / sha256[:2] / f"{sha256}.key"


class TestKeeping:
    @pytest.mark.parametrize(
        "size",
        [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES],
        ids=["empty", "one byte", "under a chunk", "a chunk", "over a chunk", "two chunks"],
    )
    def test_gives_back_the_same_bytes(self, vault: Vault, size: int) -> None:
        data = os.urandom(size)

        kept = vault.keep(data)

        assert (kept.sha256, kept.size_bytes, kept.is_new) == (sha256_hex(data), size, True)
        assert vault.read(kept.sha256) == data
        assert vault.hashes() == [kept.sha256]

    def test_twice_is_one_copy(self, vault: Vault) -> None:
        first = vault.keep(NAMES)
        again = vault.keep(NAMES)

        assert (first.is_new, again.is_new) == (True, False)
        assert vault.hashes() == [first.sha256]
        assert vault.read(first.sha256) == NAMES

    def test_by_many_at_once_is_one_copy(self, vault: Vault) -> None:
        with ThreadPoolExecutor(8) as pool:
            kept = list(pool.map(lambda _: vault.keep(THREE_CHUNKS), range(16)))

        assert sum(one.is_new for one in kept) == 1
        assert vault.read(kept[0].sha256) == THREE_CHUNKS
        if isinstance(vault, FileVault):
            shelf = vault.folder / kept[0].sha256[:2]
            assert sorted(path.suffix for path in shelf.iterdir()) == [".key", ".sealed"]

    def test_can_be_asked_without_opening(self, vault: Vault) -> None:
        kept = vault.keep(NAMES)

        assert vault.kept("f" * 64) is None
        assert vault.kept("../../etc/passwd") is None
        found = vault.kept(kept.sha256)
        assert found is not None
        assert found.size_bytes == len(NAMES)

    def test_what_is_not_there_is_refused_in_words(self, vault: Vault) -> None:
        with pytest.raises(NotInVault) as refusal:
            vault.read("f" * 64)
        assert refusal.value.sentence == (
            f"The vault holds no file {'f' * 64}. List files with `meterledger intake report`; "
            "give the whole hash, 64 digits."
        )

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
    @given(st.binary(max_size=3 * CHUNK_BYTES))
    def test_holds_for_any_bytes(self, vault: Vault, data: bytes) -> None:
        assert vault.read(vault.keep(data).sha256) == data


class TestTampering:
    """Whatever is changed on disk: nothing is given out, and the sentence says what to do."""

    def refused(self, vault: Vault, sha256: str) -> str:
        with pytest.raises(VaultDamaged) as refusal:
            vault.read(sha256)
        count, broken = vault.verify()
        assert (count, broken) == (1, [refusal.value.sentence])
        return refusal.value.sentence

    def test_with_any_byte_is_noticed(self, vault: Vault) -> None:
        sha256 = vault.keep(NAMES).sha256
        sound = body_of(vault, sha256)
        for place in range(len(sound)):
            put_body(vault, sha256, sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
            with pytest.raises(VaultDamaged, match="chunk 1 of 1"):
                vault.read(sha256)

    def test_with_any_byte_of_the_key_record_is_noticed(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        sha256 = vault.keep(NAMES).sha256
        sound = key_path(vault, sha256).read_bytes()
        for place in range(len(sound)):
            changed = sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :]
            key_path(vault, sha256).write_bytes(changed)
            with pytest.raises((VaultDamaged, WrongKey)):
                vault.read(sha256)

    @pytest.mark.parametrize("order", [(1, 0, 2), (0, 2, 1), (0, 0, 2), (0, 2), (0, 1), (1, 2)])
    def test_with_the_order_or_number_of_chunks_is_noticed(
        self, vault: Vault, order: tuple[int, ...]
    ) -> None:
        sha256 = vault.keep(THREE_CHUNKS).sha256
        body = body_of(vault, sha256)
        chunks = [body[at : at + SEALED_CHUNK] for at in range(0, len(body), SEALED_CHUNK)]
        assert len(chunks) == 3
        put_body(vault, sha256, b"".join(chunks[number] for number in order))
        assert "chunk" in self.refused(vault, sha256)

    @pytest.mark.parametrize("left", [0, 1, TAG_BYTES, SEALED_CHUNK, SEALED_CHUNK + 5, -1])
    def test_by_cutting_off_is_noticed(self, vault: Vault, left: int) -> None:
        sha256 = vault.keep(THREE_CHUNKS).sha256
        put_body(vault, sha256, body_of(vault, sha256)[:left])
        assert "ask the sender for the file again" in self.refused(vault, sha256)

    def test_by_putting_another_files_bytes_in_its_place_is_noticed(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        one, two = vault.keep(b"one").sha256, vault.keep(b"two").sha256
        body_path(vault, one).write_bytes(body_path(vault, two).read_bytes())
        with pytest.raises(VaultDamaged, match=f"kept file {one[:16]}"):
            vault.read(one)

    def test_by_taking_the_body_away_is_noticed(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        sha256 = vault.keep(NAMES).sha256
        body_path(vault, sha256).unlink()
        assert "its sealed bytes are gone" in self.refused(vault, sha256)


class TestOnDisk:
    def test_no_name_and_no_address_is_in_plain(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        sha256 = vault.keep(THREE_CHUNKS).sha256
        vault.rotate()
        assert vault.read(sha256) == THREE_CHUNKS
        everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert len(everything) > len(THREE_CHUNKS)
        for planted in (b"Josephine", b"Jamestown", b"M-1,2026"):
            assert planted not in everything

    def test_only_its_owner_may_look(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        vault.keep(NAMES)
        for path in [*vault.folder.rglob("*"), tmp_path / "vault-keys.json", vault.folder]:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


class TestTheKeyFile:
    def test_of_another_vault_opens_nothing_and_says_so(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        sha256 = vault.keep(NAMES).sha256
        other = FileVault(tmp_path / "other", tmp_path / "other-keys.json")
        other.keep(b"something")

        with pytest.raises(WrongKey) as refusal:
            FileVault(vault.folder, tmp_path / "other-keys.json").read(sha256)

        assert "which the key file does not hold" in refusal.value.sentence
        assert "METERLEDGER_VAULT_KEY_FILE" in refusal.value.sentence

    def test_that_is_gone_is_never_made_anew_over_kept_files(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        sha256 = vault.keep(NAMES).sha256
        (tmp_path / "vault-keys.json").unlink()

        with pytest.raises(KeyFileUnusable, match="holds files and its key file is gone"):
            vault.keep(b"something new")
        with pytest.raises(KeyFileUnusable, match="Put it back from its backup"):
            vault.read(sha256)
        assert not (tmp_path / "vault-keys.json").exists()

    def test_that_others_may_read_is_refused(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        vault.keep(NAMES)
        (tmp_path / "vault-keys.json").chmod(0o640)
        with pytest.raises(KeyFileUnusable, match="Others on this machine may read"):
            vault.keep(b"something new")

    @pytest.mark.parametrize("text", ["", "{}", '{"keys": []}', '{"keys": ["00ff"]}', "[1]"])
    def test_without_usable_keys_is_refused(self, tmp_path: Path, text: str) -> None:
        path = tmp_path / "vault-keys.json"
        path.write_text(text)
        path.chmod(0o600)
        with pytest.raises(KeyFileUnusable, match="holds no keys that can be used"):
            file_vault(tmp_path).keep(NAMES)

    def test_is_made_once_by_many_at_once(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(8) as pool:
            vaults = [file_vault(tmp_path) for _ in range(8)]
            kept = list(pool.map(lambda n: vaults[n].keep(b"%d" % n), range(8)))
        assert [vaults[0].read(one.sha256) for one in kept] == [b"%d" % n for n in range(8)]


class TestRotating:
    def test_wraps_every_file_anew_and_drops_the_old_key(self, vault: Vault) -> None:
        files = [b"file %d" % number for number in range(5)]
        hashes = [vault.keep(one).sha256 for one in files]
        bodies = [body_of(vault, sha256) for sha256 in hashes]

        assert vault.rotate() == 5

        assert [vault.read(sha256) for sha256 in hashes] == files
        assert [body_of(vault, sha256) for sha256 in hashes] == bodies  # only keys are wrapped

    def test_makes_the_old_key_file_useless(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        sha256 = vault.keep(NAMES).sha256
        shutil.copy(tmp_path / "vault-keys.json", tmp_path / "stolen.json")
        vault.rotate()

        assert len(json.loads((tmp_path / "vault-keys.json").read_text())["keys"]) == 1
        with pytest.raises(WrongKey):
            FileVault(vault.folder, tmp_path / "stolen.json").read(sha256)

    def test_while_files_are_kept_and_read_loses_none(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        hashes = [vault.keep(b"before %d" % number).sha256 for number in range(20)]
        with ThreadPoolExecutor(4) as pool:
            rotating = [pool.submit(vault.rotate) for _ in range(2)]
            kept = list(pool.map(lambda n: vault.keep(b"while %d" % n).sha256, range(40)))
            assert all(pool.map(vault.read, hashes))
            for one in rotating:
                one.result()
        assert vault.verify() == (60, [])
        assert set(vault.hashes()) == {*hashes, *kept}

    def test_sweeps_away_what_killed_processes_left(self, tmp_path: Path) -> None:
        vault = file_vault(tmp_path)
        sha256 = vault.keep(NAMES).sha256
        shelf = vault.folder / sha256[:2]
        (shelf / ".part-abc").write_bytes(b"half")
        (shelf / f"{sha256}.{'0' * 16}.sealed").write_bytes(b"no key names it")
        vault.rotate()
        assert sorted(path.suffix for path in shelf.iterdir()) == [".key", ".sealed"]
        assert vault.read(sha256) == NAMES


class TestForgetting:
    def test_removes_every_byte_once(self, vault: Vault) -> None:
        kept = vault.keep(NAMES)
        other = vault.keep(b"other")

        assert vault.forget(kept.sha256)
        assert not vault.forget(kept.sha256)

        with pytest.raises(NotInVault):
            vault.read(kept.sha256)
        assert vault.hashes() == [other.sha256]
        if isinstance(vault, FileVault):
            assert not list(vault.folder.glob(f"*/{kept.sha256}*"))

    def test_lets_the_same_file_be_kept_again(self, vault: Vault) -> None:
        sha256 = vault.keep(NAMES).sha256
        vault.forget(sha256)
        assert vault.keep(NAMES).is_new
        assert vault.read(sha256) == NAMES


KEEP = """
import sys
from pathlib import Path
from meterledger.stores.vault import FileVault
folder = Path(sys.argv[1])
vault = FileVault(folder / "vault", folder / "vault-keys.json")
for number in range(1000):
    print(vault.keep(bytes([number % 256]) * 200_000 + b"%d" % number).sha256, flush=True)
    if number % 7 == 6:
        vault.rotate()
"""


class TestAKill:
    @pytest.mark.parametrize("lines", [1, 6, 8, 15])
    def test_at_any_instant_leaves_no_half_file(self, tmp_path: Path, lines: int) -> None:
        with subprocess.Popen(
            [sys.executable, "-c", KEEP, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as running:
            assert running.stdout is not None
            told = [running.stdout.readline().strip() for _ in range(lines)]
            running.send_signal(signal.SIGKILL)
            told += running.stdout.read().split()

        vault = file_vault(tmp_path)
        assert {one for one in told if len(one) == 64} <= set(vault.hashes())
        count, broken = vault.verify()
        assert broken == []
        assert count >= lines
        vault.rotate()  # what the kill left does not stand in the way
        assert vault.verify() == (count, [])
