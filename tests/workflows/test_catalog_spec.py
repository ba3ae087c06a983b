"""What a spec says about itself: data kinds, alerts, variants, digest."""

import pytest

from engine.errors import Invalid, NotFound
from tests.suites.specs import CATALOG, HTTP, S3, SFTP, ZONE
from workflows.catalog import FILE_ALERTS, find_spec

ASKING = ("credential", "redirect")


@pytest.mark.parametrize("spec", [S3, SFTP, ZONE], ids=lambda spec: spec.id)
def test_cloud_storage_carries_audiences_of_every_kind_and_datasets(spec):
    assert spec.data_kinds == ("people", "accounts", "prospects", "datasets")
    assert spec.offered_alerts == FILE_ALERTS


def test_an_endpoint_carries_people_and_has_one_alert():
    assert HTTP.data_kinds == ("people",)
    assert HTTP.offered_alerts == ("skip-rate",)
    assert HTTP.file_format is None


def test_a_host_is_among_the_parameters_where_the_credential_does_not_name_it():
    assert {spec.id: spec.host_field and spec.host_field.name for spec in (S3, ZONE, HTTP, SFTP)} == {
        "amazon-s3": None,
        "data-landing-zone": None,
        "http-api": "http_endpoint",
        "sftp": None,
    }


def test_the_only_variant_need_not_be_named():
    assert ZONE.variant(None).id == ZONE.variant("none").id == "none"
    with pytest.raises(
        Invalid, match="choose how to sign in: none, bearer, oauth2-password, oauth2-client-credentials"
    ):
        HTTP.variant(None)
    with pytest.raises(Invalid, match="did you mean bearer"):
        HTTP.variant("baerer")


def test_a_default_way_in_is_meant_when_nobody_says_which():
    assert [variant.id for variant in S3.variants] == ["s3-access-key", "s3-assumed-role"]
    assert S3.variant(None).id == "s3-access-key"
    assert SFTP.variant(None).id == "sftp-password"


def test_a_destination_without_a_way_in_says_why():
    with pytest.raises(Invalid, match="Marketo Engage cannot be connected: How to sign in"):
        CATALOG.get("marketo-engage").variant(None)


def test_a_destination_that_asks_nothing_says_why():
    assert ZONE.variant(None).kind == "provisioned"
    assert HTTP.variant("none").kind == "none"
    assert all(v.reason for spec in CATALOG.all() for v in spec.variants if v.kind not in ASKING)


def test_the_digest_changes_with_the_content():
    assert S3.digest == S3.model_copy().digest
    assert S3.model_copy(update={"version": 2}).digest != S3.digest


@pytest.mark.parametrize("name", ["", "x" * 10_000, "a\x00b", "amazon-ѕ3", "Amazon-S3", "amazon-s3 ", "..%2f..%2fetc"])
def test_an_unknown_destination_is_not_found(name):
    with pytest.raises(NotFound):
        find_spec(CATALOG.all(), name)


def test_a_look_alike_is_told_the_real_name():
    with pytest.raises(NotFound, match="did you mean amazon-s3"):
        find_spec(CATALOG.all(), "amazon-ѕ3")
