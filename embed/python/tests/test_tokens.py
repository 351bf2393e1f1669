"""What becomes of a token after it was issued: introspection and revocation."""

import pytest
from asserta import Exchanger, InvalidMember, MemoryStore, Refused
from conftest import PUBLIC_URL


def test_a_token_is_looked_up_and_revoked(exchanger, app, partner):
    """R110, R111."""
    exchanger.trusted_issuers.register(partner.trusted())
    credentials = app["client_id"], app["client_secret"]
    token = exchanger.exchange(partner.assertion(), *credentials).token
    told = exchanger.introspect(token, *credentials)
    assert (told["active"], told["sub"], told["client_id"], told["token_type"]) == (
        True, "alice", app["client_id"], "Bearer",
    )
    other = exchanger.applications.register({})
    others = other["client_id"], other["client_secret"]
    assert exchanger.introspect(token, *others) == {"active": False}
    with pytest.raises(Refused) as refused:
        exchanger.revoke(token, *others)
    assert (refused.value.code, refused.value.reason) == ("unauthorized_client", "token-of-other-client")
    for wrong in [(app["client_id"], "wrong"), ()]:
        with pytest.raises(Refused) as refused:
            exchanger.introspect(token, *wrong)
        assert refused.value.code == "invalid_client"
    exchanger.revoke(token, *credentials)
    exchanger.revoke("unknown", *credentials)
    assert exchanger.introspect(token, *credentials) == {"active": False}


def test_revoked_in_every_instance(partner):
    """R111, R112."""
    store = MemoryStore()
    one, other = Exchanger(PUBLIC_URL, store), Exchanger(PUBLIC_URL, store)
    one.trusted_issuers.register(partner.trusted())
    app = one.applications.register({"grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"]})
    credentials = app["client_id"], app["client_secret"]
    tokens = [one.exchange(partner.assertion(), *credentials).token for _ in range(2)]
    assert all(other.introspect(token, *credentials)["active"] for token in tokens)
    one.revoke(tokens[0], *credentials)
    assert [other.introspect(token, *credentials)["active"] for token in tokens] == [False, True]
    made = one.revocations.add({"client_id": app["client_id"]})
    assert made["expires_at"] == made["issued_before"] + 86_400
    assert [other.introspect(token, *credentials)["active"] for token in tokens] == [False, False]
    assert list(other.revocations.list()) == [made]
    with pytest.raises(InvalidMember) as invalid:
        one.revocations.add({"trusted_issuer": "nobody"})
    assert invalid.value.field == "trusted_issuer"
