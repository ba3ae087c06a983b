"""Names: of sandboxes, which are part of paths, and of accounts, which people read."""

import pytest

from engine.errors import Invalid
from workflows.names import checked_name
from workflows.permissions import Caller


@pytest.mark.parametrize("name", ["prod", "a", "eu-1", "x" * 63])
def test_a_caller_works_in_a_sandbox_with_a_plain_name(name):
    assert Caller("ann", name).sandbox == name


@pytest.mark.parametrize("name", ["", "../prod", "a/b", "Prod", "-a", "prod\n", "x" * 64, "pröd", "a\x00"])
def test_nobody_works_in_a_sandbox_whose_name_could_be_a_path(name):
    with pytest.raises(Invalid) as refused:
        Caller("ann", name)
    assert [pointer for pointer, _ in refused.value.errors] == ["/sandbox"]


@pytest.mark.parametrize(
    ("sent", "kept"), [(None, None), ("Drop box", "Drop box"), ("  Drop box ", "Drop box"), ("Cafe\u0301", "Café")]
)
def test_an_account_keeps_its_name_as_a_connection_would(sent, kept):
    assert checked_name(sent, "/name") == kept


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "a\x00b", "a\nb", "a\u202eb", "x" * 256, "\ud800"])
def test_a_name_that_misleads_is_refused_at_its_field(name):
    with pytest.raises(Invalid) as refused:
        checked_name(name, "/account_name")
    assert {pointer for pointer, _ in refused.value.errors} == {"/account_name"}
