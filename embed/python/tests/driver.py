"""Carries out on this package what the scenario runner asks for, in lines of JSON (host-tests/README.md).

    python driver.py [--host-signatures]
"""

import json
import re
import sys

import asserta
from asserta import ApplicationMetadata, ClaimCondition, Exchanger, TrustedIssuer

host = None  # the exchanger
now = 0  # what its clock shows


def start(**settings):
    global host
    host = Exchanger(clock=lambda: now, host_signatures="--host-signatures" in sys.argv, **settings)


def exchange(**request):
    token = host.exchange(**request)
    return {"access_token": token.token, "token_type": "Bearer", "expires_in": token.expires_in, "scope": token.scope}


def explain(**question):
    explanation = host.explain(**question)
    checks = [{"check": one.name, "passed": one.failed is None, "reason": one.failed, "saw": one.saw} for one in explanation.checks]
    return {"accepted": explanation.accepted, "checks": checks}


def issuer(document):
    conditions = [ClaimCondition(**condition) for condition in document.get("claims", [])]
    return TrustedIssuer(**document | {"claims": conditions})


def application(document):
    return ApplicationMetadata(**document)


def secret(made):
    return {"client_id": made.client_id, "client_secret": made.client_secret}


OPERATIONS = {
    "start": start,
    "apply": lambda document: host.apply(json.dumps(document)),
    "replace_organization": lambda organization: host.organizations.replace(asserta.Organization(name=organization)),
    "register_issuer": lambda document, **where: host.trusted_issuers.register(issuer(document), **where),
    "replace_issuer": lambda document, **where: host.trusted_issuers.replace(issuer(document), **where),
    "remove_issuer": lambda **which: host.trusted_issuers.remove(**which),
    "register_application": lambda document, **where: secret(host.applications.register(application(document), **where)),
    "replace_application": lambda document, **which: host.applications.replace(metadata=application(document), **which),
    "remove_application": lambda **which: host.applications.remove(**which),
    "renew_secret": lambda **which: secret(host.applications.renew_secret(**which)),
    "rotate_keys": lambda **where: {"items": host.keys.rotate(**where)},
    "jwks": lambda **where: json.loads(host.keys.jwks(**where)),
    "exchange": exchange,
    "explain": explain,
}


def outcome(do, **members):
    try:
        return {"ok": OPERATIONS[do](**members)}
    except asserta.Refused as refused:
        return {"refused": {"error": refused.code, "reason": refused.reason, "error_description": refused.sentence}}
    except asserta.InvalidMember as invalid:
        return {"rejected": {"problem": "invalid", "field": invalid.member}}
    except TypeError as unknown:  # a record without the member, or with one that it has not: its name is in quotes
        return {"rejected": {"problem": "invalid", "field": re.search("'([a-z_]+)'", str(unknown))[1]}}
    except asserta.RegistryError as error:
        return {"rejected": {"problem": re.sub("(?<=[a-z])([A-Z])", r"-\1", type(error).__name__).lower()}}


print(json.dumps({"protocol": 1}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    identifier, now = request.pop("id"), request.pop("at")
    print(json.dumps({"id": identifier, **outcome(**request)}, default=vars), flush=True)
