"""Editing the parameters of a saved connection: what stays, what may change, what must not."""

import pytest

from tests.suites.specs import BODIES, S3, ZONE, accepted, refused, with_fields, with_format

PRESENT = accepted(
    S3,
    {
        "name": "Nightly",
        "description": "for ann",
        "data_kind": "accounts",
        "fields": {"bucket_name": "my-bucket", "folder_path": "out"},
        "file_format": {"delimiter": "|", "compression": "gzip"},
    },
)


def frozen(spec, name):
    fields = tuple(field.model_copy(update={"immutable": field.name == name}) for field in spec.parameters)
    return spec.model_copy(update={"parameters": fields})


def test_what_is_not_sent_stays_as_it_is():
    assert accepted(S3, {}, before=PRESENT) == PRESENT
    assert accepted(S3, {"name": "Weekly"}, before=PRESENT) == {**PRESENT, "name": "Weekly"}


def test_the_bucket_and_the_folder_can_be_changed():
    fields = {"bucket_name": "other-bucket", "folder_path": "elsewhere"}
    assert accepted(S3, {"fields": fields}, before=PRESENT) == {**PRESENT, "fields": fields}


def test_a_part_that_is_sent_replaces_all_that_it_had():
    assert set(refused(S3, {"fields": {"bucket_name": "other-bucket"}}, before=PRESENT)) == {"/fields/folder_path"}
    kept = accepted(S3, {"file_format": {"file_type": "json"}}, before=PRESENT)["file_format"]
    assert kept == {
        "file_type": "json",
        "compression": "none",
        "include_manifest": False,
        "export_arrays": False,
        "file_name": "%DESTINATION_NAME%_%SEGMENT_ID%_%DATETIME(YYYYMMdd_HHmmss)%",
    }


@pytest.mark.parametrize("kind", ["people", "datasets", "nonsense", None, 3])
def test_the_data_kind_is_fixed_after_saving(kind):
    found = refused(S3, {"data_kind": kind}, before=PRESENT)
    assert set(found) == {"/data_kind"}
    assert "is fixed" in found["/data_kind"]


def test_the_same_data_kind_may_be_sent_again():
    assert accepted(S3, {"data_kind": "accounts"}, before=PRESENT) == PRESENT


def test_an_immutable_field_must_stay():
    spec = frozen(S3, "bucket_name")
    found = refused(spec, {"fields": {"bucket_name": "other-bucket", "folder_path": "x"}}, before=PRESENT)
    assert set(found) == {"/fields/bucket_name"}
    assert "other" not in found["/fields/bucket_name"]
    kept = accepted(spec, {"fields": {"folder_path": "x"}}, before=PRESENT)["fields"]
    assert kept == {"bucket_name": "my-bucket", "folder_path": "x"}


def test_an_immutable_field_that_was_never_filled_in_may_be():
    spec = frozen(ZONE, "folder_path")
    before = {**accepted(ZONE, BODIES["data-landing-zone"]), "fields": {}}
    assert accepted(spec, with_fields(ZONE, folder_path="x"), before=before)["fields"] == {"folder_path": "x"}


def test_a_field_that_the_spec_no_longer_knows_is_left_behind():
    before = {**PRESENT, "fields": {**PRESENT["fields"], "gone": "x"}}
    assert accepted(S3, {"name": "Weekly"}, before=before)["fields"] == PRESENT["fields"]
    assert set(refused(S3, {"fields": before["fields"]}, before=before)) == {"/fields/gone"}


def test_a_format_is_judged_by_the_data_kind_that_stays():
    before = accepted(S3, with_format(S3, "datasets"))
    assert set(refused(S3, {"file_format": {"file_type": "csv"}}, before=before)) == {"/file_format/file_type"}


def test_an_unknown_field_is_named_here_too():
    assert set(refused(S3, {"destination": "sftp"}, before=PRESENT)) == {"/destination"}
