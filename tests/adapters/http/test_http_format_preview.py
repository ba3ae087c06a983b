"""Previews through the API: the bytes of the writer, the problems of the validation, and nothing recorded."""

import base64
import gzip
import json
from hashlib import sha256

import pytest

from engine.errors import Forbidden
from tests.suites.api import PARAMETERS, STEPS
from workflows.permissions import Caller


@pytest.fixture
def draft(api):
    answer = api.begin()
    return answer.json()["connection"]["id"]


def preview(api, connection, **body):
    return api.post(f"/v1/connections/{connection}/format/preview", body)


def pointers(answer):
    assert answer.status_code == 422
    return {error["pointer"] for error in answer.json()["errors"]}


def test_a_preview_shows_the_bytes_of_the_file(api, draft):
    found = preview(api, draft, data_kind="people", file_format={"delimiter": ";", "null_value": ""}).json()
    assert found["sample"].startswith("id;name;remark;list;birth_date;last_seen;active;score\n1;ann;")
    assert sha256(found["sample"].encode()).hexdigest() == found["digest"]
    assert len(found["sample"].encode()) == found["bytes"] == found["files"][0]["bytes"]
    assert found["file_name"].startswith("Data Landing Zone_00000000-0000-7000-8000-000000000000_2")
    assert found["file_name"].endswith(".csv")
    assert (found["values"]["delimiter"], found["values"]["compression"]) == (";", "none")
    assert "nobody can tell them apart" in found["warnings"][0]["message"]
    assert found["warnings"][0]["pointer"] == "/file_format/null_value"


def test_a_preview_records_nothing_and_asks_for_no_version(api, draft):
    before = api.get(f"/v1/connections/{draft}").json()["version"]
    assert preview(api, draft, data_kind="people").status_code == 200
    assert preview(api, draft, data_kind="people", file_format={"delimiter": "?"}).status_code == 422
    assert api.get(f"/v1/connections/{draft}").json()["version"] == before


def test_a_preview_finds_what_the_validation_finds(api, draft):
    file_format = {"delimiter": "x", "file_name": "a/b", "encoding": "UTF-7", "compresion": "gzip", "file_type": "csv"}
    shown = preview(api, draft, data_kind="people", file_format=file_format)
    judged = api.post(f"/v1/connections/{draft}/parameters/validate", {**PARAMETERS, "file_format": file_format}).json()
    assert shown.json()["errors"] == judged["errors"]
    assert len(judged["errors"]) == 6


def test_the_warnings_of_a_format_are_told_by_the_validation_too(api, draft):
    file_format = {"file_name": "%DESTINATION_NAME%_%SEGMENT_ID%"}
    judged = api.post(f"/v1/connections/{draft}/parameters/validate", {**PARAMETERS, "file_format": file_format}).json()
    assert judged["valid"]
    assert [warning["pointer"] for warning in judged["warnings"]] == ["/file_format/file_name"]
    assert judged["warnings"] == preview(api, draft, data_kind="people", file_format=file_format).json()["warnings"]


def test_the_data_kind_must_be_known_and_decides_what_can_be_chosen(api, draft):
    assert pointers(preview(api, draft)) == {"/data_kind"}
    assert pointers(preview(api, draft, data_kind="cats")) == {"/data_kind"}
    assert pointers(preview(api, draft, data_kind=["people"])) == {"/data_kind"}
    assert pointers(preview(api, draft, data_kind="datasets", file_format={"file_type": "csv"})) == {
        "/file_format/file_type"
    }
    found = preview(
        api, draft, data_kind="datasets", file_format={"file_type": "json", "include_manifest": True}
    ).json()
    assert found["content_type"] == "application/gzip"
    assert found["file_name"].endswith(".json.gz")
    content = base64.b64decode(found["sample"])
    assert json.loads(gzip.decompress(content).splitlines()[0])["interests"] == ["sailing", "tea"]
    listed = json.loads(found["manifest"]["sample"])["exportResults"]
    assert [(one["name"], one["size"]) for one in listed] == [(found["file_name"], len(content))]
    again = preview(api, draft, data_kind="datasets", file_format={"file_type": "json"}).json()["file_name"]
    assert again != found["file_name"]


def test_parquet_is_shown_as_its_bytes(api, draft):
    found = preview(api, draft, data_kind="accounts", file_format={"file_type": "parquet"}).json()
    assert (found["encoding"], found["content_type"]) == ("base64", "application/vnd.apache.parquet")
    assert base64.b64decode(found["sample"])[:4] == b"PAR1"


def test_what_the_connection_has_already_is_what_is_shown(api):
    answer = api.begin()
    for trigger, body in STEPS[:2]:
        if trigger == "set_parameters":
            body = {**body, "file_format": {"delimiter": "|"}}
        answer = api.step(answer, trigger, body)
    connection = answer.json()["connection"]["id"]
    assert preview(api, connection).json()["sample"].startswith("id|name|")
    assert preview(api, connection, file_format={}).json()["sample"].startswith("id,name,")
    assert preview(api, connection, file_format=None).json()["sample"].startswith("id,name,")
    assert preview(api, connection, data_kind="datasets").json()["file_name"].endswith(".parquet")
    named = {"file_name": "%DESTINATION_NAME%_%SEGMENT_ID%_%DESTINATION_INSTANCE_NAME%_%SANDBOX_NAME%"}
    assert preview(api, connection, file_format=named).json()["file_name"].endswith("_Nightly_prod.csv")


def test_a_destination_without_files_has_nothing_to_show(api):
    connection = api.begin("http-api").json()["connection"]["id"]
    assert pointers(preview(api, connection)) == {"/file_format"}


@pytest.mark.parametrize("body", [{"format": {}}, {"file_format": {}, "fields": {}}, {"x" * 500: 1}])
def test_what_a_preview_does_not_take_is_named(api, draft, body):
    answer = preview(api, draft, **{"data_kind": "people", **body})
    assert answer.status_code == 422
    assert "known: data_kind, file_format" in answer.json()["errors"][0]["message"]
    assert len(answer.text) < 1_500


@pytest.mark.parametrize("value", [[], "csv", 5, True])
def test_a_format_that_is_no_object_is_refused(api, draft, value):
    assert pointers(preview(api, draft, data_kind="people", file_format=value)) == {"/file_format"}


def test_a_preview_takes_the_permission_to_connect(system, draft):
    reader = Caller("ann", permissions=frozenset({"view-destinations"}))
    with pytest.raises(Forbidden, match="manage-destinations"):
        system.wait(system.previews.preview(reader, draft, {"data_kind": "people"}))


def test_another_sandbox_has_no_such_connection(api, draft):
    answer = api.post(f"/v1/connections/{draft}/format/preview", {}, headers={"x-sandbox": "other"})
    assert answer.status_code == 404
    assert api.post("/v1/connections/nonsense/format/preview", {}).status_code == 404
