"""Token exchange (R90 to R93): another issuer's token in, an access token out."""

import pytest
from asserta import ACCESS_TOKEN, ID_TOKEN, TOKEN_EXCHANGE, InvalidMember, Refused
from conftest import Partner


@pytest.fixture
def exchanging(exchanger, partner):
    exchanger.trusted_issuers.register(partner.trusted(token_exchange={}))
    return exchanger.applications.register(
        {"grant_types": [TOKEN_EXCHANGE], "scope": "read write", "audience": ["orders", "https://api.example"]}
    )


def test_a_token_for_the_client(exchanger, partner, exchanging):
    client = exchanging["client_id"], exchanging["client_secret"]
    subject = partner.assertion(aud=client[0])
    token = exchanger.exchange_token(
        subject, *client, subject_token_type=ID_TOKEN, audience="orders", resource="https://api.example", scope="read"
    )
    assert token.issued_token_type == ACCESS_TOKEN
    assert (token.claims["sub"], token.claims["scope"]) == ("alice", "read")
    assert token.claims["aud"] == ["https://api.example", "orders"]
    assert "act" not in token.claims
    assert exchanger.exchange_token(subject, *client), "it is not used up"


def test_who_acts(exchanger, partner, exchanging):
    client = exchanging["client_id"], exchanging["client_secret"]
    other = Partner(issuer="https://other.example")
    exchanger.trusted_issuers.register(other.trusted(name="other", token_exchange={}))
    subject, actor = partner.assertion(aud=client[0]), other.assertion(sub="service")
    token = exchanger.exchange_token(subject, *client, actor_token=actor)
    assert token.claims["act"] == {"sub": "service", "iss": "https://other.example"}
    assert exchanger.explain_token(subject, client[0], actor_token=actor)["accepted"]
    with pytest.raises(Refused) as caught:
        exchanger.exchange_token(subject, *client, actor_token=other.assertion(exp=1))
    assert (caught.value.code, caught.value.reason) == ("invalid_request", "actor-token-refused")
    assert "expired" in caught.value.cause


def test_refusals(exchanger, partner, exchanging):
    client = exchanging["client_id"], exchanging["client_secret"]
    for subject, more, reason in [
        (partner.assertion(), {}, "consent-missing"),
        (partner.assertion(aud=client[0]), {"subject_token_type": ACCESS_TOKEN}, "token-type-unsupported"),
        (partner.assertion(aud=client[0]), {"audience": "billing"}, "resource-unknown"),
        ("a.b", {}, "assertion-malformed"),
    ]:
        with pytest.raises(Refused) as caught:
            exchanger.exchange_token(subject, *client, **more)
        assert caught.value.reason == reason
    told = exchanger.explain_token(partner.assertion(), client[0])
    assert [check["reason"] for check in told["checks"] if not check["passed"]] == ["consent-missing"]
    with pytest.raises(Refused) as caught:
        exchanger.exchange_token(partner.assertion(aud=client[0]))
    assert caught.value.code == "invalid_client"
    with pytest.raises(InvalidMember) as invalid:
        exchanger.exchange_token(None, *client)
    assert invalid.value.field == "subject_token"


def test_what_is_wanted_is_an_access_token(exchanger, partner, exchanging):
    """RFC 8693 section 2.1: ``requested_token_type``."""
    client = exchanging["client_id"], exchanging["client_secret"]
    subject = partner.assertion(aud=client[0])
    assert exchanger.exchange_token(subject, *client, requested_token_type=ACCESS_TOKEN)
    assert exchanger.explain_token(subject, client[0], requested_token_type=ACCESS_TOKEN)["accepted"]
    with pytest.raises(Refused) as caught:
        exchanger.exchange_token(subject, *client, requested_token_type=ID_TOKEN)
    assert (caught.value.code, caught.value.reason) == ("invalid_request", "token-type-unsupported")
    assert not exchanger.explain_token(subject, client[0], requested_token_type=ID_TOKEN)["accepted"]
    with pytest.raises(InvalidMember) as invalid:
        exchanger.exchange_token(subject, *client, requested_token_type=5)
    assert invalid.value.field == "requested_token_type"
