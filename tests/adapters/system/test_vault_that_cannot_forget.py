"""An account is deleted when that is recorded; a vault that cannot forget its secret just then is emptied later."""

from tests.suites.story import ANN, installation, open_account


def test_what_was_recorded_is_answered_as_done_and_the_next_start_empties_the_vault(tmp_path):
    home, aside = tmp_path / "home", tmp_path / "aside"
    with installation(home) as system:
        account = system.wait(open_account(system))
        (kept,) = (home / "vault").glob("*.json")
        kept.rename(aside)
        kept.mkdir()  # what stands there now cannot be removed as a file
        outcome = system.wait(system.submit("account", "delete", {}, ANN, target=account))
        assert outcome.shown["state"] == "deleted"
        kept.rmdir()
        aside.rename(kept)
    with installation(home):
        assert not list((home / "vault").glob("*.json"))
