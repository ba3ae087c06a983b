import json
import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from base64 import b64decode, b64encode
from uuid import UUID, uuid4

import pytest

from adapters.vault import files
from adapters.vault.envelope import key_id
from adapters.vault.errors import VaultError, VaultSealed
from adapters.vault.file import FileVault
from adapters.vault.keyfile import read_key
from engine.secret import Secret
from tests.suites.rights import a_reachable_folder, nobody
from tests.suites.vault import VaultSuite, shown

ACCOUNT = UUID("0198c0de-0000-7000-8000-000000000001")
OTHER = UUID("0198c0de-0000-7000-8000-000000000002")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def vault(home):
    vault = a_vault(home)
    yield vault
    vault.close()


def a_vault(home):
    return FileVault(home / "vault", home / "master.key")


def file_of(home, account=ACCOUNT):
    return home / "vault" / f"{account}.json"


def edit(home, account=ACCOUNT, **changes):
    path = file_of(home, account)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


class TestFileVault(VaultSuite):
    """The vault in a folder."""


def test_secrets_are_there_after_a_restart(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("one")})
    mark = vault.fingerprint(Secret("one"), "p")
    again = a_vault(home)
    assert shown(again.get("prod", ACCOUNT, 1)) == {"p": "one"}
    assert again.fingerprint(Secret("one"), "p") == mark
    again.put("prod", ACCOUNT, 2, {"p": Secret("two")})
    assert shown(again.get("prod", ACCOUNT, 1)) == {"p": "one"}


def test_no_file_shows_a_secret_or_its_name(home, vault):
    vault.put("prod", ACCOUNT, 1, {"passphrase": Secret("s3cret-text")})
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"s3cret" not in content
            assert b"passphrase" not in content
            assert b64encode(b"s3cret-text")[:8] not in content


def test_equal_secrets_are_stored_differently(home, vault):
    for account in (ACCOUNT, OTHER):
        vault.put("prod", account, 1, {"p": Secret("same")})
    one, other = (json.loads(file_of(home, account).read_text()) for account in (ACCOUNT, OTHER))
    assert one["versions"]["1"] != other["versions"]["1"]
    assert one["data_key"] != other["data_key"]


def test_files_belong_to_their_owner_alone(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("x")})
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.rglob("*") if path.is_file()} == {0o600}
    assert stat.S_IMODE((home / "vault").stat().st_mode) == 0o700
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def test_a_key_and_a_folder_that_were_open_to_others_are_closed(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("x")})
    (home / "master.key").chmod(0o644)
    (home / "vault").chmod(0o755)
    again = a_vault(home)
    again.put("prod", ACCOUNT, 2, {"p": Secret("x")})
    assert stat.S_IMODE((home / "master.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "vault").stat().st_mode) == 0o700


def test_a_key_that_cannot_be_closed_to_others_is_refused():
    with a_reachable_folder() as folder:
        FileVault(folder / "vault", folder / "master.key")
        (folder / "master.key").chmod(0o644)
        if os.geteuid() == 0:
            with nobody(), pytest.raises(VaultSealed, match="closed to others"):
                FileVault(folder / "vault", folder / "master.key").fingerprint(Secret("x"), "p")
        (folder / "master.key").chmod(0o600)
        assert FileVault(folder / "vault", folder / "master.key").sealed == ""


def test_the_key_is_made_at_the_first_start(home):
    a_vault(home)
    header, name, encoded = (home / "master.key").read_text().split()
    assert header == "interlock-master-key-1"
    assert len(b64decode(encoded)) == 32
    assert name == key_id(b64decode(encoded))


def test_starts_at_the_same_moment_make_one_key(home):
    together, keys = threading.Barrier(8), []

    def start():
        together.wait()
        a_vault(home)
        keys.append(read_key(home / "master.key"))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [path.name for path in home.iterdir()] == ["master.key"]


def test_processes_that_start_at_the_same_moment_make_one_key(home):
    program = (
        "import sys; from pathlib import Path\n"
        "from adapters.vault.file import FileVault\n"
        "from engine.secret import Secret\n"
        "home = Path(sys.argv[1])\n"
        "print(FileVault(home / 'vault', home / 'master.key').fingerprint(Secret('x'), 'p'))\n"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, home], stdout=subprocess.PIPE) for _ in range(3)]
    assert len({process.communicate()[0] for process in started}) == 1
    assert [process.returncode for process in started] == [0, 0, 0]


def test_a_missing_key_seals_the_vault_and_no_new_one_is_made(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("one")})
    key = (home / "master.key").read_bytes()
    (home / "master.key").unlink()
    sealed = a_vault(home)
    for use in (
        lambda: sealed.get("prod", ACCOUNT, 1),
        lambda: sealed.put("prod", OTHER, 1, {"p": Secret("x")}),
        lambda: sealed.fingerprint(Secret("x"), "p"),
    ):
        with pytest.raises(VaultSealed, match="missing") as refused:
            use()
        assert refused.value.code == "vault-sealed"
        assert refused.value.retryable
        assert "back" in refused.value.fix
    assert not (home / "master.key").exists()
    assert sealed.accounts() == [ACCOUNT]
    assert "missing" in sealed.sealed
    assert len(sealed.check()) == 1
    (home / "master.key").write_bytes(key)
    (home / "master.key").chmod(0o600)
    assert shown(sealed.get("prod", ACCOUNT, 1)) == {"p": "one"}, "it opens as soon as the key is back"


def test_a_sealed_vault_still_forgets(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("one")})
    (home / "master.key").unlink()
    sealed = a_vault(home)
    sealed.delete(ACCOUNT)
    assert sealed.accounts() == []
    assert sealed.sealed == "", "nothing is held under the old key any more, so a new one may be made"


def test_a_wrong_key_seals_the_vault_and_is_named(home, vault, tmp_path):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("one")})
    right = json.loads(file_of(home).read_text())["key"]
    a_vault(tmp_path / "elsewhere")
    shutil.copy(tmp_path / "elsewhere" / "master.key", home / "master.key")
    sealed = a_vault(home)
    with pytest.raises(VaultSealed, match=right) as refused:
        sealed.put("prod", OTHER, 1, {"p": Secret("x")})
    assert right in refused.value.fix
    assert sealed.accounts() == [ACCOUNT]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:40],
        lambda content: content[:-4],
        lambda content: content.replace(b"key-1", b"key-2"),
        lambda content: content[:50] + bytes([content[50] ^ 1]) + content[51:],
        lambda content: bytes(5000),
        lambda content: "interlock-master-key-1 ümläut x".encode(),
    ],
)
def test_a_damaged_key_seals_the_vault_and_is_not_replaced(home, vault, spoil):
    path = home / "master.key"
    spoilt = spoil(path.read_bytes())
    path.write_bytes(spoilt)
    with pytest.raises(VaultSealed, match="damaged"):
        a_vault(home).fingerprint(Secret("x"), "p")
    assert path.read_bytes() == spoilt


def test_a_folder_in_the_place_of_the_key_seals_the_vault(home):
    (home / "master.key").mkdir(parents=True)
    with pytest.raises(VaultSealed, match="cannot be read"):
        a_vault(home).fingerprint(Secret("x"), "p")


def test_a_folder_that_cannot_be_written_seals_the_vault():
    with a_reachable_folder() as folder:
        folder.chmod(0o555)
        with nobody():
            with pytest.raises(VaultSealed, match="cannot be made"):
                FileVault(folder / "vault", folder / "master.key").put("prod", ACCOUNT, 1, {})
            vault = FileVault(folder / "vault", folder.parent / f"{folder.name}.key")
            try:
                with pytest.raises(VaultSealed, match="cannot be written"):
                    vault.put("prod", ACCOUNT, 1, {})
            finally:
                vault.key_path.unlink()


def test_a_folder_that_cannot_be_read_is_not_taken_for_an_empty_one():
    with a_reachable_folder() as folder:
        (folder / "vault").mkdir(mode=0o700)
        (folder / "vault").chmod(0o000)
        folder.chmod(0o777)
        with nobody(), pytest.raises(VaultSealed, match="cannot be read"):
            FileVault(folder / "vault", folder / "master.key").fingerprint(Secret("x"), "p")
        assert not (folder / "master.key").exists()


def swap_files(home):
    mine, theirs = file_of(home), file_of(home, OTHER)
    content = mine.read_bytes()
    mine.write_bytes(theirs.read_bytes())
    theirs.write_bytes(content)


def swap_ciphertexts(home):
    theirs = json.loads(file_of(home, OTHER).read_text())
    edit(home, versions=theirs["versions"])


def swap_ciphertexts_with_their_keys(home):
    theirs = json.loads(file_of(home, OTHER).read_text())
    edit(home, versions=theirs["versions"], data_key=theirs["data_key"])


def swap_versions(home):
    versions = json.loads(file_of(home).read_text())["versions"]
    edit(home, versions={"1": versions["2"], "2": versions["1"]})


@pytest.mark.parametrize("swap", [swap_files, swap_ciphertexts, swap_ciphertexts_with_their_keys, swap_versions])
def test_what_was_moved_from_elsewhere_is_refused(home, vault, swap):
    for version in (1, 2):
        vault.put("prod", ACCOUNT, version, {"p": Secret(f"mine {version}")})
        vault.put("prod", OTHER, version, {"p": Secret(f"theirs {version}")})
    swap(home)
    with pytest.raises(VaultError, match="belongs to something else"):
        vault.get("prod", ACCOUNT, 1)
    assert vault.check() != []


def test_an_account_cannot_be_moved_to_another_sandbox(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("one")})
    edit(home, sandbox="dev")
    with pytest.raises(VaultError):
        vault.get("dev", ACCOUNT, 1)


def test_every_flipped_bit_is_found_or_harmless(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("s3cret")})
    path = file_of(home)
    content = path.read_bytes()
    refused = []
    for place in range(0, len(content), 3):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 7]) + content[place + 1 :])
        try:
            assert shown(vault.get("prod", ACCOUNT, 1)) == {"p": "s3cret"}, place
        except VaultError as error:
            refused.append(str(error))
    assert len(refused) > len(content) / 5
    assert not any("s3cret" in told for told in refused)


def test_a_truncated_file_is_refused_and_not_written_over(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("s3cret")})
    path = file_of(home)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(VaultError):
            vault.get("prod", ACCOUNT, 1)
        with pytest.raises(VaultError):
            vault.put("prod", ACCOUNT, 2, {"p": Secret("two")})
        assert path.read_bytes() == content[:length]
    assert len(vault.check()) == 1
    vault.delete(ACCOUNT)
    assert vault.check() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"versions": []},
        {"versions": {"one": "x"}},
        {"versions": {"1": 5}},
        {"data_key": None},
        {"data_key": "é"},
        {"versions": {"1": "AAAA"}},
    ],
)
def test_a_file_that_makes_no_sense_is_refused(home, vault, changes):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("s3cret")})
    edit(home, **changes)
    with pytest.raises(VaultError):
        vault.get("prod", ACCOUNT, 1)
    assert len(vault.check()) == 1


def test_a_put_that_was_killed_half_way_changes_nothing_and_is_swept_up(home, vault):
    vault.put("prod", ACCOUNT, 1, {"p": Secret("one")})
    old, young = (home / "vault" / f".{ACCOUNT}.json.{n}.unfinished" for n in ("1", "2"))
    key = home / ".master.key.3.unfinished"
    for path in (old, young, key):
        path.write_bytes(b'{"half')
    for path in (old, key):
        os.utime(path, (time.time() - 7200,) * 2)
    again = a_vault(home)
    assert shown(again.get("prod", ACCOUNT, 1)) == {"p": "one"}
    assert again.accounts() == [ACCOUNT]
    assert [path.exists() for path in (old, young, key)] == [False, True, False], "the young one may still be written"


def test_a_failed_write_leaves_the_old_content_and_no_rest(tmp_path):
    path = tmp_path / "kept" / "file"
    path.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        files.replace(path, b"new")
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_many_threads_keep_versions_of_one_account(home, vault):
    threads = [
        threading.Thread(target=vault.put, args=("prod", ACCOUNT, version, {"p": Secret(str(version))}))
        for version in range(1, 17)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for version in range(1, 17):
        assert shown(vault.get("prod", ACCOUNT, version)) == {"p": str(version)}


def test_what_is_no_account_in_the_folder_is_left_alone(home, vault):
    vault.put("prod", ACCOUNT, 1, {})
    (home / "vault" / "notes.json").write_text("{}")
    (home / "vault" / f"{uuid4()}.txt").write_text("x")
    assert vault.accounts() == [ACCOUNT]
    assert vault.check() == []
