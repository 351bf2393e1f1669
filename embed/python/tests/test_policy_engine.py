"""A policy engine in the same process: assertion in, decision out.

Cedar decides on what the access token says: who the third party vouches for, and which scopes were granted.
"""

import cedarpy
import pytest
from asserta import Exchanger, Refused

POLICY = """
permit (principal, action == Action::"approve", resource)
when {
  context.scope.contains("orders:approve") &&
  context.department == "purchasing" &&
  resource.amount <= 1000
};
"""


def decide(exchanger: Exchanger, app, assertion: str, amount: int) -> bool:
    """Whether the bearer of the assertion may approve an order of this amount."""
    try:
        claims = exchanger.exchange(assertion, app["client_id"], app["client_secret"]).claims
    except Refused:
        return False
    order = {"uid": {"type": "Order", "id": "1"}, "attrs": {"amount": amount}, "parents": []}
    context = {"scope": claims["scope"].split(" "), "department": claims.get("department", "")}
    request = {"principal": f'User::"{claims["sub"]}"', "action": 'Action::"approve"',
               "resource": 'Order::"1"', "context": context}
    return cedarpy.is_authorized(request, POLICY, [order]).allowed


@pytest.fixture
def purchasing(exchanger, partner):
    from asserta import JWT_BEARER, ApplicationMetadata

    exchanger.trusted_issuers.register(
        partner.trusted(scopes=["orders:approve"], claim_mappings={"dept": "department"}))
    metadata = ApplicationMetadata(grant_types=[JWT_BEARER], scope="orders:read orders:approve")
    return exchanger.applications.register(metadata)


def test_assertion_in_decision_out(exchanger, purchasing, partner):
    decision = lambda amount, **claims: decide(exchanger, purchasing, partner.assertion(**claims), amount)
    assert decision(500, dept="purchasing") is True
    assert decision(5000, dept="purchasing") is False
    assert decision(500, dept="sales") is False
    assert decision(500) is False
    assert decision(500, dept="purchasing", exp=1) is False


def test_the_same_assertion_decides_once(exchanger, purchasing, partner):
    assertion = partner.assertion(dept="purchasing")
    assert [decide(exchanger, purchasing, assertion, 1) for _ in range(2)] == [True, False]
