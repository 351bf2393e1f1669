"""An exchange, from an assertion to a token that a resource server verifies."""

import dataclasses
import json

import pytest
from asserta import (
    JWT_BEARER, ApplicationMetadata, ClaimCondition, Exchanger, KeyDocument, KeysNeeded, Organization, Refused,
)
from conftest import PUBLIC_URL
from joserfc import jwt
from joserfc.jwk import KeySet


def test_a_token_that_others_verify(exchanger, app, partner):
    """R60, R62, R64."""
    exchanger.trusted_issuers.register(partner.trusted())
    token = exchanger.exchange(partner.assertion(), app.client_id, app.client_secret)
    verified = jwt.decode(token.token, KeySet.import_key_set(json.loads(exchanger.keys.jwks())), ["ES256"])
    assert verified.header["typ"] == "at+jwt"
    assert verified.claims == token.claims
    assert token.claims["sub"] == "alice"
    assert token.claims["iss"] == PUBLIC_URL
    assert (token.expires_in, token.scope) == (3600, "read write")


def test_once(exchanger, app, partner):
    """R45."""
    exchanger.trusted_issuers.register(partner.trusted())
    assertion = partner.assertion()
    exchanger.exchange(assertion, app.client_id, app.client_secret)
    with pytest.raises(Refused) as refused:
        exchanger.exchange(assertion, app.client_id, app.client_secret)
    assert (refused.value.code, refused.value.reason) == ("invalid_grant", "assertion-replayed")


def test_refusals_carry_code_and_reason(exchanger, app, partner):
    exchanger.trusted_issuers.register(partner.trusted())
    for assertion, secret, code, reason in [
        (partner.assertion(), "wrong", "invalid_client", "client-unauthenticated"),
        ("a.b", app.client_secret, "invalid_grant", "assertion-malformed"),
        ("", app.client_secret, "invalid_request", "assertion-missing"),
        (partner.assertion(exp=1), app.client_secret, "invalid_grant", "assertion-expired"),
        (partner.assertion(iss="https://other.example"), app.client_secret, "invalid_grant", "issuer-unknown"),
    ]:
        with pytest.raises(Refused) as refused:
            exchanger.exchange(assertion, app.client_id, secret)
        assert (refused.value.code, refused.value.reason) == (code, reason)
    with pytest.raises(Refused) as refused:
        exchanger.exchange(partner.assertion(), app.client_id, app.client_secret, scope="admin")
    assert refused.value.reason == "scope-not-allowed"


def test_records_come_back_as_they_went_in(exchanger, partner):
    full = partner.trusted(
        alias="us", enabled=False, algorithms=["ES256", "EdDSA"], clock_skew=0, max_lifetime=60,
        audience_mode="exactly-one", replay="allow", require_jti=True, typ="JWT", subjects=["a", "b*"],
        claims=[ClaimCondition(claim="t", equals=True), ClaimCondition(claim="n", equals=1),
                ClaimCondition(claim="f", one_of=["x", 2.5, False]), ClaimCondition(claim="l", contains="y"),
                ClaimCondition(claim="p", present=False)],
        scopes=["read"], claim_mappings={"mail": "email"},
    )
    exchanger.trusted_issuers.register(full)
    found = exchanger.trusted_issuers.get("partner")
    assert found == full
    assert [type(c.equals) for c in found.claims[:2]] == [bool, int]
    assert list(exchanger.trusted_issuers.list()) == [full]
    assert exchanger.trusted_issuers.replace(dataclasses.replace(full, alias=None)) is False
    exchanger.trusted_issuers.remove("partner")
    assert list(exchanger.trusted_issuers.list()) == []


def test_organizations_are_apart(exchanger, partner):
    for name in ("acme", "other"):
        assert exchanger.organizations.replace(Organization(name=name))
    metadata = ApplicationMetadata(grant_types=[JWT_BEARER], audience=["https://api.example"])
    app = exchanger.applications.register(metadata, organization="acme")
    exchanger.trusted_issuers.register(partner.trusted(), organization="acme")
    urls = exchanger.organizations.urls("acme")
    assertion = partner.assertion(aud=urls.token_endpoint)
    token = exchanger.exchange(assertion, app.client_id, app.client_secret, organization="acme")
    assert (token.claims["iss"], token.claims["aud"]) == (urls.issuer, "https://api.example")
    with pytest.raises(Refused):
        exchanger.exchange(partner.assertion(), app.client_id, app.client_secret, organization="other")


def test_keys_are_handed_over_where_none_are_fetched(partner):
    exchanger = Exchanger(PUBLIC_URL, fetch=None)
    app = exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))
    exchanger.trusted_issuers.register(partner.trusted(jwks_uri="https://partner.example/jwks"))
    assertion = partner.assertion()
    with pytest.raises(KeysNeeded) as needed:
        exchanger.exchange(assertion, app.client_id, app.client_secret)
    assert needed.value.uri == "https://partner.example/jwks"
    assert exchanger.trusted_issuers.supply_keys("partner", KeyDocument(json.dumps(partner.jwks), 60)) == 1
    assert exchanger.exchange(assertion, app.client_id, app.client_secret)


def test_explain_consumes_nothing(exchanger, app, partner):
    exchanger.trusted_issuers.register(partner.trusted())
    assertion = partner.assertion()
    assert exchanger.explain(assertion, app.client_id).accepted
    assert exchanger.exchange(assertion, app.client_id, app.client_secret)
    explanation = exchanger.explain(assertion)
    assert [check.failed for check in explanation.checks if check.failed] == ["assertion-replayed"]


def test_apply_is_idempotent(exchanger):
    document = json.dumps({"organizations": [{"name": "acme", "applications": [
        {"client_id": "a", "client_secret": "x" * 32, "grant_types": [JWT_BEARER]}]}]})
    assert exchanger.apply(document).created == 2
    assert exchanger.apply(document).unchanged == 2


def test_every_algorithm_of_our_own(partner):
    for algorithm in ("ES256", "EdDSA", "RS256"):
        exchanger = Exchanger(PUBLIC_URL, access_token_algorithm=algorithm)
        assert [key.algorithm for key in exchanger.keys.list()] == [algorithm]
