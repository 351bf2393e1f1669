"""Clients that authenticate by key (R27, R28), in place of a secret."""

import json
import time

import pytest
from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, InvalidMember, KeyDocument, KeysNeeded, Refused
from conftest import PUBLIC_URL, Partner
from joserfc import jwt


def by_key(**members) -> dict:
    return ApplicationMetadata(grant_types=[JWT_BEARER], token_endpoint_auth_method="private_key_jwt", **members)


def refused(exchanger, *arguments, **more) -> str:
    with pytest.raises(Refused) as caught:
        exchanger.exchange(*arguments, **more)
    return caught.value.reason


def test_a_key_in_place_of_a_secret(exchanger, partner):
    """R27."""
    client = Partner()
    exchanger.trusted_issuers.register(partner.trusted())
    app = exchanger.applications.register(by_key(jwks=client.jwks))
    assert "client_secret" not in app
    client_id = app["client_id"]

    def signed(**claims):
        return client.assertion(iss=client_id, sub=client_id, **claims)

    once = signed()
    assert exchanger.explain_client(once)["accepted"]
    token = exchanger.exchange(partner.assertion(), client_assertion=once)
    assert token.claims["client_id"] == client_id
    assert exchanger.exchange(partner.assertion(), client_id, client_assertion=signed())
    assert refused(exchanger, partner.assertion(), client_assertion=once) == "client-assertion-refused"
    assert not exchanger.explain_client(once)["accepted"]
    elsewhere = signed(aud="https://other.example")
    with pytest.raises(Refused) as caught:
        exchanger.exchange(partner.assertion(), client_assertion=elsewhere)
    assert (caught.value.code, caught.value.reason) == ("invalid_client", "client-assertion-refused")
    assert "not meant" in caught.value.cause
    with pytest.raises(InvalidMember) as invalid:
        exchanger.exchange(partner.assertion(), client_id, "secret", client_assertion=signed())
    assert invalid.value.field == "client_assertion"


def test_whose_keys_are_needed(partner):
    """R27, R51."""
    client, exchanger = Partner(), Exchanger(PUBLIC_URL, fetch=None)
    exchanger.trusted_issuers.register(partner.trusted())
    client_id = exchanger.applications.register(by_key(jwks_uri="https://app.example/jwks"))["client_id"]
    signed, assertion = client.assertion(iss=client_id, sub=client_id), partner.assertion()
    with pytest.raises(KeysNeeded) as caught:
        exchanger.exchange(assertion, client_assertion=signed)
    needed = caught.value
    assert (needed.trusted_issuer, needed.client_id, needed.uri) == (None, client_id, "https://app.example/jwks")
    assert exchanger.supply_keys(needed, KeyDocument(json.dumps(client.jwks))) == 1
    assert exchanger.exchange(assertion, client_assertion=signed)


def test_a_trusted_issuer_vouches_for_the_client(exchanger, partner):
    """R28."""
    exchanger.trusted_issuers.register(partner.trusted())
    members = {"client_assertion_issuer": "partner", "client_assertion_subject": "pod"}
    client_id = exchanger.applications.register(by_key(**members))["client_id"]
    assert exchanger.exchange(partner.assertion(), client_id, client_assertion=partner.assertion(sub="pod"))
    for client, subject in [(client_id, "other"), (None, "pod")]:
        reason = refused(exchanger, partner.assertion(), client, client_assertion=partner.assertion(sub=subject))
        assert reason == "client-assertion-refused"


def test_a_jwt_svid_in_place_of_a_secret(exchanger, partner):
    """R28: without iss and jti, and again until it expires."""
    domain, workload = Partner(), "spiffe://prod.example.org/orders"
    exchanger.trusted_issuers.register(partner.trusted())
    spire = domain.trusted(name="spire", issuer="https://oidc.example.org", trust_domain="prod.example.org")
    exchanger.trusted_issuers.register(spire)
    members = {"client_assertion_issuer": "spire", "client_assertion_subject": workload}
    client_id = exchanger.applications.register(by_key(**members))["client_id"]
    claims = {"sub": workload, "aud": [PUBLIC_URL], "exp": int(time.time()) + 300}
    svid = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, domain.key)
    by_svid = {"client_assertion": svid, "client_assertion_type": "jwt-spiffe"}
    assert exchanger.explain_client(svid, client_id, client_assertion_type="jwt-spiffe")["accepted"]
    assert not exchanger.explain_client(svid, client_id)["accepted"]
    tokens = [exchanger.exchange(partner.assertion(), client_id, **by_svid) for _ in range(2)]
    assert exchanger.introspect(tokens[0].token, client_id, **by_svid)["active"]
    assert refused(exchanger, partner.assertion(), **by_svid) == "client-assertion-refused"
    assert refused(exchanger, partner.assertion(), client_id, client_assertion=svid) == "client-assertion-refused"
    with pytest.raises(InvalidMember) as invalid:
        exchanger.exchange(partner.assertion(), client_id, client_assertion=svid, client_assertion_type="spiffe")
    assert invalid.value.field == "client_assertion_type"
