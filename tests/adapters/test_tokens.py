"""The file of the administrator's token."""

import stat
import threading

import pytest

from adapters.tokens import TokenUnusable, admin_token


def test_the_token_is_made_once_and_closed_to_others(tmp_path):
    path = tmp_path / "home" / "admin.token"
    token = admin_token(path)
    assert len(token) >= 43
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert admin_token(path) == token
    assert [file.name for file in path.parent.iterdir()] == ["admin.token"]


def test_of_several_that_begin_at_once_all_get_the_same_token(tmp_path):
    path, found = tmp_path / "admin.token", []
    threads = [threading.Thread(target=lambda: found.append(admin_token(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({token.reveal() for token in found}) == 1


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"short", b"with a blank in the middle", b"\xff" * 40, b"line\nand another line"]
)
def test_a_file_that_holds_no_token_is_refused(tmp_path, content):
    path = tmp_path / "admin.token"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(TokenUnusable, match="holds no token") as refused:
        admin_token(path)
    assert "remove it" in refused.value.fix


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o666])
def test_a_file_that_others_may_read_is_refused_and_left_as_it_is(tmp_path, mode):
    path = tmp_path / "admin.token"
    admin_token(path)
    path.chmod(mode)
    with pytest.raises(TokenUnusable, match="open to other users") as refused:
        admin_token(path)
    assert f"chmod 600 {path}" in refused.value.fix
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_home_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(TokenUnusable, match="cannot be made or read") as refused:
        admin_token(tmp_path / "file" / "admin.token")
    assert "writable" in refused.value.fix
