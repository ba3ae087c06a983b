"""What every vault must do; a test class inherits it and gives it a vault."""

from uuid import uuid4

import pytest

from adapters.vault.errors import VaultError
from engine.secret import Secret


def shown(values):
    return {name: value.reveal() for name, value in values.items()}


class VaultSuite:
    """A subclass gives the fixture `vault`: an empty one, closed afterwards."""

    @pytest.mark.parametrize(
        "text", ["s3cret", "", " blanks ", "${HOME} {{x}} _type_", "ünï 🔑", "a\x00b", "half \ud800", "x" * 100_000]
    )
    def test_a_secret_comes_back_exactly_as_it_was(self, vault, text):
        account = uuid4()
        assert isinstance(vault.put("prod", account, 1, {"password": Secret(text), "n": Secret("2")}), str)
        kept = vault.get("prod", account, 1)
        assert all(isinstance(value, Secret) for value in kept.values())
        assert shown(kept) == {"password": text, "n": "2"}

    def test_a_credential_may_have_no_secret_part(self, vault):
        account = uuid4()
        vault.put("prod", account, 1, {})
        assert vault.get("prod", account, 1) == {}

    def test_versions_stand_beside_each_other(self, vault):
        account = uuid4()
        vault.put("prod", account, 1, {"p": Secret("one")})
        vault.put("prod", account, 2, {"p": Secret("two")})
        assert shown(vault.get("prod", account, 1)) == {"p": "one"}
        assert shown(vault.get("prod", account, 2)) == {"p": "two"}

    def test_a_version_that_was_never_recorded_may_be_put_again(self, vault):
        account = uuid4()
        vault.put("prod", account, 1, {"p": Secret("one")})
        vault.put("prod", account, 1, {"p": Secret("again")})
        assert shown(vault.get("prod", account, 1)) == {"p": "again"}

    def test_what_was_never_kept_is_refused(self, vault):
        account = uuid4()
        with pytest.raises(VaultError):
            vault.get("prod", account, 1)
        vault.put("prod", account, 1, {"p": Secret("s3cret")})
        for place in (("prod", account, 2), ("dev", account, 1), ("prod", uuid4(), 1)):
            with pytest.raises(VaultError) as refused:
                vault.get(*place)
            assert "s3cret" not in str(refused.value)

    def test_an_account_stays_in_its_sandbox(self, vault):
        account = uuid4()
        vault.put("prod", account, 1, {"p": Secret("one")})
        with pytest.raises(VaultError):
            vault.put("dev", account, 2, {"p": Secret("two")})
        assert shown(vault.get("prod", account, 1)) == {"p": "one"}

    def test_deleting_forgets_every_version(self, vault):
        account, other = uuid4(), uuid4()
        for version in (1, 2):
            vault.put("prod", account, version, {"p": Secret("x")})
        vault.put("prod", other, 1, {"p": Secret("y")})
        vault.delete(account)
        vault.delete(account)
        for version in (1, 2):
            with pytest.raises(VaultError):
                vault.get("prod", account, version)
        assert vault.accounts() == [other]

    def test_it_lists_the_accounts_it_holds(self, vault):
        accounts = sorted(uuid4() for _ in range(3))
        for account in accounts:
            vault.put("prod", account, 1, {})
        assert vault.accounts() == accounts
        assert vault.check() == []

    def test_a_fingerprint_tells_equal_secrets_of_one_purpose(self, vault):
        mark = vault.fingerprint(Secret("s3cret"), "sftp/password")
        assert mark == vault.fingerprint(Secret("s3cret"), "sftp/password")
        assert mark.startswith("fp1:")
        assert len(mark) == 36
        others = [("s3cret", "sftp/key"), ("S3cret", "sftp/password"), ("ds3cret", "sftp/passwor"), ("\ud800", "x")]
        assert len({mark, *(vault.fingerprint(Secret(text), purpose) for text, purpose in others)}) == 5

    def test_a_closed_vault_can_be_closed_again(self, vault):
        vault.close()
        vault.close()
