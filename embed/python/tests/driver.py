"""Carries out on this package what the scenario runner asks for, in lines of JSON (host-tests/README.md).

    python driver.py [--host-signatures]
"""

import json
import re
import sys

import asserta

host = None  # the exchanger
now = 0  # what its clock shows


def start(**settings):
    global host
    host = asserta.Exchanger(clock=lambda: now, host_signatures="--host-signatures" in sys.argv, **settings)


def exchange(token_exchange=None, **request):
    if token_exchange is None:
        token = host.exchange(**request)
    else:
        token = host.exchange_token(request.pop("assertion"), **request, **given(token_exchange))
    return {
        "access_token": token.token, "token_type": token.token_type, "expires_in": token.expires_in,
        "scope": token.scope, "issued_token_type": token.issued_token_type, "dpop_nonce": token.dpop_nonce,
    }


def explain(token_exchange=None, **question):
    if token_exchange is None:
        return host.explain(**question)
    return host.explain_token(question.pop("assertion"), **question, **given(token_exchange))


def given(members):
    return {name: value for name, value in members.items() if value is not None}


OPERATIONS = {
    "start": start,
    "apply": lambda document: host.apply(document),
    "replace_organization": lambda organization: host.organizations.replace({"name": organization}),
    "register_issuer": lambda document, **where: host.trusted_issuers.register(document, **where),
    "replace_issuer": lambda document, **where: host.trusted_issuers.replace(document, **where),
    "remove_issuer": lambda **which: host.trusted_issuers.remove(**which),
    "register_application": lambda document, **where: host.applications.register(document, **where),
    "replace_application": lambda document, client_id, **where: host.applications.replace(
        document | {"client_id": client_id}, **where),
    "remove_application": lambda **which: host.applications.remove(**which),
    "renew_secret": lambda **which: host.applications.renew_secret(**which),
    "rotate_keys": lambda **where: {"items": host.keys.rotate(**where)},
    "introspect": lambda **question: host.introspect(**question),
    "revoke": lambda **question: host.revoke(**question),
    "revoke_all": lambda document, **where: host.revocations.add(document, **where),
    "jwks": lambda **where: json.loads(host.keys.jwks(**where)),
    "exchange": exchange,
    "explain": explain,
    "explain_client": lambda **question: host.explain_client(**question),
}


def outcome(do, **members):
    try:
        return {"ok": OPERATIONS[do](**members)}
    except asserta.Refused as refused:
        return {"refused": {
            "error": refused.code, "reason": refused.reason, "error_description": refused.sentence,
            "dpop_nonce": refused.dpop_nonce,
        }}
    except asserta.RegistryError as error:
        problem = re.sub("(?<=[a-z])([A-Z])", r"-\1", type(error).__name__).lower().removesuffix("-member")
        return {"rejected": {"problem": problem, "field": getattr(error, "field", None)}}


print(json.dumps({"protocol": 1}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    identifier, now = request.pop("id"), request.pop("at")
    print(json.dumps({"id": identifier, **outcome(**request)}, default=vars), flush=True)
