"""Every destination of the catalog, held against what is known of destinations: families, sign-ins, names, limits."""

import time
from collections import Counter

import pytest

from adapters.catalog.advice import CATEGORIES as SHELVES
from adapters.catalog.advice import advice
from adapters.catalog.loader import BUILT_IN, load_catalog
from engine.errors import Invalid

CATALOG = load_catalog()
SPECS = CATALOG.all()
WAYS = [(spec, variant) for spec in SPECS for variant in spec.variants]
CATEGORIES = {
    "adobe": 4,
    "advertising": 43,
    "analytics": 20,
    "cloud-storage": 8,
    "crm": 4,
    "data-management": 2,
    "data-partners": 4,
    "email-marketing": 16,
    "marketing-automation": 1,
    "mobile-engagement": 5,
    "personalization": 14,
    "social": 6,
    "streaming": 1,
    "survey": 5,
    "voice": 4,
    "warehouses": 4,
}
TYPES = {
    "streaming-segment": 48,
    "streaming-profile": 4,
    "file-based": 24,
    "dataset-export": 1,
    "edge-personalization": 4,
    "data-share": 4,
    "extension": 54,
    "not-stated": 2,
}
# The matrix of data kinds by family: only files and shares carry datasets, only files carry prospects.
KINDS = {
    "streaming-segment": {"people", "accounts"},
    "streaming-profile": {"people", "accounts"},
    "file-based": {"people", "accounts", "prospects", "datasets"},
    "dataset-export": {"datasets"},
    "edge-personalization": {"people"},
    "data-share": {"people", "datasets"},
    "extension": set(),
    "not-stated": {"people"},
}
ALERTS = {
    "streaming-segment": {"streaming", "none"},
    "streaming-profile": {"streaming"},
    "file-based": {"file-based"},
    "dataset-export": {"file-based"},
    "edge-personalization": {"streaming"},
    "data-share": {"streaming", "file-based", "none"},
    "extension": {"none"},
    "not-stated": {"none"},
}
AUTH_TYPES = {
    *("api-key", "aws-access-key", "azure-connection-string", "azure-sas", "azure-service-principal", "basic"),
    *("bearer", "gcs-hmac", "none", "oauth2-authorization-code", "oauth2-client-credentials", "oauth2-password"),
    *("s3-access-key", "s3-assumed-role", "sftp-password", "sftp-ssh-key"),
}
# Named like secrets, and none: ids of keys, public keys, and the addresses of token servers.
PUBLIC = {"access_key", "access_key_id", "access_token_url", "encryption_key", "host_key", "sas_key_name", "token_url"}
TELLING = {"password", "secret", "key", "token", "sas"}


def test_every_destination_is_there_once():
    assert len(SPECS) == 141
    assert CATALOG.problems == ()
    assert sorted(spec.id for spec in SPECS) == sorted(file.stem for file in BUILT_IN.glob("*.yaml"))
    assert Counter(spec.category for spec in SPECS) == CATEGORIES
    assert Counter(spec.type for spec in SPECS) == TYPES


def test_nothing_that_is_built_in_needs_advice():
    assert [fault for spec in SPECS for fault in advice(spec)] == []
    assert set(CATEGORIES) <= set(SHELVES)


def test_no_two_destinations_have_one_name_or_are_described_alike():
    assert [name for name, count in Counter(spec.name for spec in SPECS).items() if count > 1] == []
    assert [text for text, count in Counter(spec.description for spec in SPECS).items() if count > 1] == []
    unnamed = {spec.description.replace(spec.name.removesuffix(" extension"), "") for spec in SPECS}
    assert len(unnamed) == len(SPECS), "a description is another one with the name exchanged"


def test_a_card_explains_itself_in_a_sentence():
    assert [spec.id for spec in SPECS if not 20 <= len(spec.description) <= 140] == []
    assert [spec.id for spec in SPECS if not spec.description[0].isupper()] == []
    for spec in SPECS:
        ways = [text for way in spec.variants for text in (way.reason, way.help)]
        for text in (spec.description, spec.notes, spec.availability, spec.not_connectable, *ways):
            assert not text or text.endswith("."), (spec.id, text)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
def test_data_kinds_and_alerts_are_those_of_the_family(spec):
    assert set(spec.data_kinds) <= KINDS[spec.type]
    assert bool(spec.data_kinds) == (spec.type != "extension")
    assert spec.alerts in ALERTS[spec.type]
    assert (spec.file_format is not None) == (spec.type == "file-based") or spec.type == "dataset-export"
    if spec.file_format is not None:
        assert bool(spec.file_format.dataset_file_types) == ("datasets" in spec.data_kinds)
        assert "csv" not in spec.file_format.dataset_file_types


def test_an_extension_is_a_card_without_a_connection():
    extensions = [spec for spec in SPECS if spec.type == "extension"]
    for spec in extensions:
        assert spec.supports == ("events",)
        assert (spec.variants, spec.parameters, spec.connector) == ((), (), None)
        with pytest.raises(Invalid, match="cannot be connected"):
            spec.variant(None)
    assert [spec.id for spec in SPECS if "events" in spec.supports] == [spec.id for spec in extensions]


def test_every_way_to_sign_in_is_a_known_one_and_says_why_nothing_is_asked():
    for spec, way in WAYS:
        name = f"{spec.id}, {way.id}"
        assert way.type in AUTH_TYPES, name
        assert (way.kind == "credential") == bool(way.fields), name
        assert (way.kind in ("none", "provisioned", "allow_listed")) == bool(way.reason), name
        assert (way.kind == "redirect") == (way.type == "oauth2-authorization-code"), name
        assert sum(field.host for field in way.fields) <= 1, name


def test_what_is_named_like_a_secret_is_secret():
    open_ones = {
        field.name
        for spec in SPECS
        for variant in spec.variants
        for field in variant.fields
        if TELLING & set(field.name.split("_")) and not field.secret
    }
    assert open_ones <= PUBLIC
    asked_openly = [field for spec in SPECS for field in (*spec.parameters, *spec.per_audience_fields)]
    assert [field.name for field in asked_openly if field.secret] == []


def test_the_catalog_is_read_in_half_a_second(tmp_path):
    elsewhere = tmp_path / "data"
    elsewhere.symlink_to(BUILT_IN)
    began = time.process_time()
    catalog = load_catalog(built_in=elsewhere)
    assert time.process_time() - began < 0.5
    assert catalog.all() == SPECS
    assert catalog.all()[0] is not SPECS[0], "it was read, and not remembered"


def test_limits_and_rules_of_single_destinations_are_kept():
    get = CATALOG.get
    assert get("custom-personalization").advised_per_sandbox == 10
    assert get("experience-cloud-audiences").one_per == "organisation"
    assert {spec.id: spec.variants[0].token_lifetime_days for spec in SPECS if spec.variants}["facebook"] == 60
    assert [way.id for way in get("azure-event-hubs").variants] == ["standard", "shared-access-signature"]
    assert [way.type for way in get("azure-event-hubs").variants] == ["azure-sas", "azure-sas"]
    assert get("salesforce-account-engagement-v2").schedule.fixed
    fields = {(spec.id, field.name): field for spec in SPECS for field in spec.parameters}
    assert fields["custom-personalization", "integration_alias"].unique == "organisation"
    assert fields["snowflake-batch", "snowflake_region"].immutable
    assert fields["mailchimp-interest-categories", "interest_category"].options.depends_on == (
        "data_center",
        "audience_name",
    )
    assert fields["adobe-campaign", "container"].when[0].variant == ("azure-connection-string",)
