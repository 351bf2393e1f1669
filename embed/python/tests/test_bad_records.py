"""Whatever a host hands over, it gets a typed error and nothing is stored."""

import pytest
from asserta import (
    AssertaError, ApplicationMetadata, ClaimCondition, Exchanger, InvalidMember, NotFound, Organization,
    OrganizationUnknown, Taken,
)


@pytest.mark.parametrize(("members", "field"), [
    ({"name": ""}, "name"),
    ({"name": "a\0b"}, "name"),
    ({"name": "\ud800"}, "document"),
    ({"name": 1}, "name"),
    ({"issuer": ""}, "issuer"),
    ({"issuer": "x" * 1025}, "issuer"),
    ({"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "certificate"),
    ({"certificate": "\0"}, "certificate"),
    ({"certificate": ""}, "certificate"),
    ({"jwks": "{"}, "jwks"),
    ({"jwks": {"keys": []}}, "jwks.keys"),
    ({"jwks": {"keys": {1, 2}}}, "document"),
    ({"issuer": float("nan")}, "document"),
    ({"clock_skewness": 60}, "clock_skewness"),
    ({"jwks_uri": "http://partner.example/jwks"}, "jwks_uri"),
    ({"jwks_uri": "https://u:p@partner.example/jwks"}, "jwks_uri"),
    ({"jwks": {"keys": []}, "certificate": "x"}, "jwks_uri"),
    ({"clock_skew": 601}, "clock_skew"),
    ({"clock_skew": 2**32}, "clock_skew"),
    ({"clock_skew": -1}, "clock_skew"),
    ({"clock_skew": True}, "clock_skew"),
    ({"max_lifetime": 0}, "max_lifetime"),
    ({"enabled": "no"}, "enabled"),
    ({"algorithms": ["none"]}, "algorithms[0]"),
    ({"algorithms": []}, "algorithms"),
    ({"replay": "twice"}, "replay"),
    ({"subjects": "alice"}, "subjects"),
    ({"subjects": [1]}, "subjects[0]"),
    ({"subjects": ["\udc00"]}, "document"),
    ({"scopes": ["a b"]}, "scopes[0]"),
    ({"claims": [ClaimCondition(claim="c")]}, "claims[0]"),
    ({"claims": [ClaimCondition(claim="c", equals=[])]}, "claims[0].equals"),
    ({"claims": [ClaimCondition(claim="", equals="x")]}, "claims[0].claim"),
    ({"claim_mappings": {"from": "sub"}}, "claim_mappings.from"),
    ({"claim_mappings": {"my_claim": "aud"}}, "claim_mappings.my_claim"),
])
def test_trusted_issuers(exchanger, partner, members, field):
    with pytest.raises(InvalidMember) as invalid:
        exchanger.trusted_issuers.register(partner.trusted(**members))
    assert invalid.value.field == field
    assert list(exchanger.trusted_issuers.list()) == []


def test_conflicts_and_what_is_not_there(exchanger, partner):
    exchanger.trusted_issuers.register(partner.trusted())
    with pytest.raises(Taken) as taken:
        exchanger.trusted_issuers.register(partner.trusted(issuer="https://other.example"))
    assert taken.value.field == "name"
    with pytest.raises(Taken) as taken:
        exchanger.trusted_issuers.register(partner.trusted(name="other"))
    assert taken.value.field == "issuer"
    for organization in ("nobody", "", "No\0body", "x" * 64):
        with pytest.raises(OrganizationUnknown):
            exchanger.trusted_issuers.register(partner.trusted(), organization=organization)
    with pytest.raises(NotFound):
        exchanger.trusted_issuers.get("nobody")
    with pytest.raises(NotFound):
        exchanger.applications.remove("\0")


def test_organizations_applications_settings_and_documents(exchanger):
    with pytest.raises(InvalidMember):
        exchanger.organizations.replace(Organization(name="Not Good"))
    with pytest.raises(InvalidMember) as invalid:
        exchanger.applications.register(ApplicationMetadata(grant_types=["password"]))
    assert invalid.value.field == "grant_types[0]"
    with pytest.raises(InvalidMember):
        exchanger.applications.register(ApplicationMetadata(access_token_lifetime=1))
    with pytest.raises(InvalidMember) as invalid:
        Exchanger("nowhere")
    assert invalid.value.field == "public_url"
    with pytest.raises(InvalidMember) as invalid:
        Exchanger("https://a.example", access_token_algorithm="HS256")
    assert invalid.value.field == "access_token_algorithm"
    circular = {}
    circular["organizations"] = [circular]
    for document in ("", "[]", '{"organizations": 1}', {"other": []}, "\ud800", "[" * 100_000, None, b"{}", circular):
        with pytest.raises(InvalidMember):
            exchanger.apply(document)


def test_assertions(exchanger, app):
    for assertion in ("\ud800", "\0", "a" * 100_000, "é.é.é", "." * 16_000, None, b"bytes"):
        with pytest.raises(AssertaError):
            exchanger.exchange(assertion, app["client_id"], app["client_secret"])
