"""An exchange, from an assertion to a token that a resource server verifies."""

import json

import pytest
from asserta import (
    JWT_BEARER, ApplicationMetadata, Exchanger, InvalidMember, KeyDocument, KeysNeeded, MemoryStore, NotFound, Organization,
    Refused,
)
from conftest import PUBLIC_URL
from joserfc import jwt
from joserfc.jwk import KeySet


def test_a_token_that_others_verify(exchanger, app, partner):
    """R60, R62, R64."""
    exchanger.trusted_issuers.register(partner.trusted())
    token = exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
    verified = jwt.decode(token.token, KeySet.import_key_set(json.loads(exchanger.keys.jwks())), ["ES256"])
    assert verified.header["typ"] == "at+jwt"
    assert verified.claims == token.claims
    assert token.claims["sub"] == "alice"
    assert token.claims["iss"] == PUBLIC_URL
    assert (token.token_type, token.expires_in, token.scope) == ("Bearer", 3600, "read write")


def test_once(exchanger, app, partner):
    """R45."""
    exchanger.trusted_issuers.register(partner.trusted())
    assertion = partner.assertion()
    exchanger.exchange(assertion, app["client_id"], app["client_secret"])
    with pytest.raises(Refused) as refused:
        exchanger.exchange(assertion, app["client_id"], app["client_secret"])
    assert (refused.value.code, refused.value.reason) == ("invalid_grant", "assertion-replayed")


def test_refusals_carry_code_and_reason(exchanger, app, partner):
    exchanger.trusted_issuers.register(partner.trusted())
    for assertion, secret, code, reason in [
        (partner.assertion(), "wrong", "invalid_client", "client-unauthenticated"),
        ("a.b", app["client_secret"], "invalid_grant", "assertion-malformed"),
        ("", app["client_secret"], "invalid_request", "assertion-missing"),
        (partner.assertion(exp=1), app["client_secret"], "invalid_grant", "assertion-expired"),
        (partner.assertion(iss="https://other.example"), app["client_secret"], "invalid_grant", "issuer-unknown"),
    ]:
        with pytest.raises(Refused) as refused:
            exchanger.exchange(assertion, app["client_id"], secret)
        assert (refused.value.code, refused.value.reason) == (code, reason)
    with pytest.raises(Refused) as refused:
        exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"], scope="admin")
    assert refused.value.reason == "scope-not-allowed"


def test_documents_come_back_as_they_went_in(exchanger, partner):
    full = partner.trusted(
        alias="us", enabled=False, algorithms=["ES256", "EdDSA"], clock_skew=0, max_lifetime=60,
        audience_mode="exactly-one", replay="allow", require_jti=True, typ="JWT", subjects=["a", "b*"],
        claims=[{"claim": "t", "equals": True}, {"claim": "n", "equals": 2**53 + 1},
                {"claim": "f", "one_of": ["x", 2.5, False]}, {"claim": "l", "contains": "y"},
                {"claim": "p", "present": False}],
        scopes=["read"], claim_mappings={"mail": "email"},
    )
    assert exchanger.trusted_issuers.register(full) == full
    found = exchanger.trusted_issuers.get("partner")
    assert found == full
    assert [type(c["equals"]) for c in found["claims"][:2]] == [bool, int]
    assert list(exchanger.trusted_issuers.list()) == [full]
    assert exchanger.trusted_issuers.page() == {"items": [full], "next": None}
    replaced = exchanger.trusted_issuers.replace(json.dumps(full | {"alias": "them"}))
    assert (replaced.created, replaced.document) == (False, full | {"alias": "them"})
    exchanger.trusted_issuers.remove("partner")
    assert list(exchanger.trusted_issuers.list()) == []


def test_a_key_that_is_not_used_is_named(exchanger, partner):
    """R53."""
    jwks = {"keys": [*partner.jwks["keys"], {"kty": "oct", "k": "AA"}]}
    registered = exchanger.trusted_issuers.register(partner.trusted(jwks=jwks))
    assert [skipped["key"] for skipped in registered["skipped_keys"]] == ["keys[1]"]
    assert "skipped_keys" not in exchanger.trusted_issuers.get("partner")


def test_an_application_is_replaced_and_keeps_its_secret(exchanger, app, partner):
    exchanger.trusted_issuers.register(partner.trusted())
    found = exchanger.applications.get(app["client_id"])
    assert "client_secret" not in found
    replaced = exchanger.applications.replace(found | {"audience": ["https://a.example", "https://b.example"]})
    assert (replaced.created, replaced.document["client_id"]) == (False, app["client_id"])
    exchange = lambda resource: exchanger.exchange(
        partner.assertion(), app["client_id"], app["client_secret"], resource=resource).claims["aud"]
    assert exchange("https://a.example") == "https://a.example"
    assert exchange(["https://a.example", "https://b.example"]) == ["https://a.example", "https://b.example"]
    with pytest.raises(Refused) as refused:
        exchange([f"https://{number}.example" for number in range(9)])
    assert refused.value.reason == "parameter-repeated"
    new = exchanger.applications.renew_secret(app["client_id"])
    assert new["client_secret"] != app["client_secret"]
    assert [each["client_id"] for each in exchanger.applications.list()] == [app["client_id"]]


def test_a_record_that_can_not_be_read_keeps_nothing_back(partner, caplog):
    """R74."""
    store = MemoryStore()
    exchanger = Exchanger(PUBLIC_URL, store)
    exchanger.trusted_issuers.register(partner.trusted())
    exchanger.trusted_issuers.register(partner.trusted(name="other", issuer="https://other.example"))
    store.set("registry", "trusted-issuer/default/other", "{}")
    assert [issuer["name"] for issuer in exchanger.trusted_issuers.list()] == ["partner"]
    assert "trusted-issuers other: its record has no version" in caplog.text
    assert [each["name"] for each in exchanger.trusted_issuers.page()["unreadable"]] == ["other"]


def test_organizations_are_apart(exchanger, partner):
    for name in ("acme", "other"):
        assert exchanger.organizations.replace(Organization(name=name)).created
    metadata = ApplicationMetadata(grant_types=[JWT_BEARER], audience=["https://api.example"])
    app = exchanger.applications.register(metadata, organization="acme")
    exchanger.trusted_issuers.register(partner.trusted(), organization="acme")
    urls = exchanger.organizations.urls("acme")
    assertion = partner.assertion(aud=urls.token_endpoint)
    token = exchanger.exchange(assertion, app["client_id"], app["client_secret"], organization="acme")
    assert (token.claims["iss"], token.claims["aud"]) == (urls.issuer, "https://api.example")
    with pytest.raises(Refused):
        exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"], organization="other")


def test_what_is_stated_in_the_metadata(exchanger):
    """R67."""
    stated = {"scopes_supported": ["read"], "service_documentation": "https://docs.example/clients"}
    replaced = exchanger.organizations.replace_metadata(stated)
    assert (replaced.created, replaced.document) == (True, stated)
    assert exchanger.organizations.get_metadata() == stated
    with pytest.raises(InvalidMember) as invalid:
        exchanger.organizations.replace_metadata({"issuer": "https://evil.example"})
    assert invalid.value.field == "issuer"
    exchanger.organizations.remove_metadata()
    with pytest.raises(NotFound):
        exchanger.organizations.get_metadata()


def test_keys_are_handed_over_where_none_are_fetched(partner):
    """R51, R56."""
    exchanger = Exchanger(PUBLIC_URL, fetch=None)
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    exchanger.trusted_issuers.register(partner.trusted(jwks_uri="https://partner.example/jwks"))
    assertion = partner.assertion()
    with pytest.raises(KeysNeeded) as caught:
        exchanger.exchange(assertion, app["client_id"], app["client_secret"])
    needed = caught.value
    assert (needed.organization, needed.trusted_issuer, needed.kind) == ("default", "partner", "jwks")
    assert needed.uri == "https://partner.example/jwks"
    exchanger.report_keys_unavailable(needed, "it answered 503\ninstead of 200")
    with pytest.raises(Refused) as refused:
        exchanger.exchange(assertion, app["client_id"], app["client_secret"])
    assert (refused.value.reason, refused.value.cause) == ("keys-unavailable", "it answered 503 instead of 200")
    [step] = [check for check in exchanger.explain(assertion)["checks"] if check["check"] == "keys available"]
    assert step["saw"] == "the issuer's JWKS endpoint: it answered 503 instead of 200"
    assert exchanger.supply_keys(needed, KeyDocument(json.dumps(partner.jwks), 60)) == 1
    assert exchanger.exchange(assertion, app["client_id"], app["client_secret"])

    exchanger.trusted_issuers.replace(partner.trusted(jwks_uri="https://partner.example/new"))
    with pytest.raises(InvalidMember) as invalid:
        exchanger.supply_keys(needed, KeyDocument(json.dumps(partner.jwks)))
    assert invalid.value.field == "uri"


def test_explain_consumes_nothing(exchanger, app, partner):
    exchanger.trusted_issuers.register(partner.trusted())
    assertion = partner.assertion()
    assert exchanger.explain(assertion, app["client_id"])["accepted"]
    assert exchanger.exchange(assertion, app["client_id"], app["client_secret"])
    explanation = exchanger.explain(assertion)
    assert [check["reason"] for check in explanation["checks"] if not check["passed"]] == ["assertion-replayed"]


def test_apply_is_idempotent(exchanger):
    document = {"organizations": [{"name": "acme", "applications": [
        {"client_id": "a", "client_secret": "x" * 32, "grant_types": [JWT_BEARER]}]}]}
    outcomes = lambda report: [item["outcome"] for item in report["items"]]
    assert outcomes(exchanger.apply(document, dry_run=True)) == ["created"] * 2
    assert outcomes(exchanger.apply(document)) == ["created"] * 2
    assert outcomes(exchanger.apply(json.dumps(document))) == ["unchanged"] * 2
    document["organizations"][0]["applications"][0]["scope"] = "read"
    changed = exchanger.apply(document)["items"][1]
    assert changed == {"kind": "application", "organization": "acme", "name": "a", "outcome": "replaced", "changed": ["scope"]}


def test_every_algorithm_of_our_own(partner):
    for algorithm in ("ES256", "EdDSA", "RS256"):
        exchanger = Exchanger(PUBLIC_URL, access_token_algorithm=algorithm)
        assert [key["alg"] for key in exchanger.keys.list()] == [algorithm]
