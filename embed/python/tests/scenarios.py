"""Carries out the scenarios that all hosts share (host-tests/scenarios/README.md), and prints a line for each.

    python scenarios.py [--host-signatures] target/scenarios.json [topic/name …]
"""

import json
import re
import sys
from pathlib import Path

from asserta import (
    AssertaError, ApplicationMetadata, ClaimCondition, Exchanger, FetchFailed, InvalidMember, IssuerTaken, KeyDocument,
    NameTaken, NotFound, Organization, OrganizationUnknown, Refused, StoreUnavailable, TrustedIssuer,
)
from joserfc import jwt
from joserfc.jwk import KeySet

STATUSES = {NameTaken: 409, IssuerTaken: 409, NotFound: 404, OrganizationUnknown: 404, InvalidMember: 400, StoreUnavailable: 503}
# Members that only HTTP has, because a call hands its values over by name and type.
HTTP_FORMS = {
    "post": "credentials in the request body exist only over HTTP",
    "none": "a call without credentials can't be written",
}


# From this step on a scenario goes another way where the caller supplies the keys.
STOPS = {
    "jwks-endpoint/unreadable-documents":
        (17, "a stale document is fetched before the exchange here, and not after the answer"),
}


class Stopped(Exception):
    """The rest of the scenario goes another way."""


class Skipped(Exception):
    """The scenario says something that only HTTP can say."""


class Run:
    """One scenario on a fresh exchanger."""

    def __init__(self, scenario, host_signatures):
        self.scenario = scenario
        self.now = scenario["steps"][0]["at"]
        self.answers = {name: list(end["answers"]) for name, end in scenario["key_endpoints"].items()}
        self.names = {end["url"]: name for name, end in scenario["key_endpoints"].items()}
        self.fetches = dict.fromkeys(self.answers, 0)
        self.known = {}
        self.applications = {}
        settings = scenario["settings"]
        self.exchanger = Exchanger(
            settings["public_url"],
            access_token_algorithm=settings.get("access_token_algorithm", "ES256"),
            dev=settings.get("dev", True),
            fetch=self.fetch,
            clock=lambda: self.now,
            host_signatures=host_signatures,
        )
        if "trust" in settings:
            self.exchanger.apply(json.dumps(settings["trust"]))

    def fetch(self, uri):
        """What the scenario's JWKS endpoint answers, in turn."""
        name = self.names[uri]
        self.fetches[name] += 1
        answers = self.answers[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer["status"] != 200 or len(answer["body"].encode()) > 64 * 1024 or answer["delay_ms"] >= 5000:
            raise FetchFailed("not an answer within the limits")
        header = {name.lower(): value for name, value in answer["headers"].items()}.get("cache-control", "")
        max_age = re.search(r"max-age=(\d+)", header)
        age = 0 if "no-store" in header or "no-cache" in header else int(max_age[1]) if max_age else None
        return KeyDocument(answer["body"], age)

    def run(self):
        stop, reason = STOPS.get(f"{self.scenario['topic']}/{self.scenario['name']}", (None, None))
        for step in self.scenario["steps"]:
            if stop is not None and step.get("number") == stop:
                raise Stopped(f"until step {stop}: {reason}")
            self.now = step["at"]
            [action] = step.keys() - {"number", "at", "label", "expect"}
            try:
                getattr(self, action)(step[action], step)
            except AssertionError as error:
                raise AssertionError(f"step {step.get('number', 'before')}: {action}: {error}") from None
            for name, expected in step["expect"].get("fetches", {}).items():
                assert self.fetches[name] == expected, f"{self.fetches[name]} fetches of {name}, expected {expected}"

    def filled(self, value):
        return re.sub(r"\$\{([^}]*)\}", lambda found: self.known[found[1]], value)

    # Registrations.

    def registration(self, step, act):
        """A registration, and that it comes out as expected. Returns what it made."""
        expect = step["expect"]
        try:
            made = act()
        except TypeError as error:
            # A record has no member of that name; in JSON it is refused by its name.
            assert expect["status"] == 400 and re.split(r"[.\[]", expect["field"])[0] in str(error), error
        except AssertaError as error:
            status = STATUSES.get(type(error))
            assert status == expect["status"], f"{error!r}, expected {expect}"
            if "field" in expect and isinstance(error, InvalidMember):
                assert error.member == expect["field"], f"{error.member}, expected {expect['field']}"
        else:
            assert expect["status"] < 300, f"it was taken, expected {expect}"
            return made

    def register_organization(self, name, step):
        self.registration(step, lambda: self.exchanger.organizations.replace(Organization(name=name)))

    def issuer(self, record):
        record = dict(record)
        if "claims" in record:
            record["claims"] = [ClaimCondition(**condition) for condition in record["claims"]]
        return TrustedIssuer(**record)

    def register_issuer(self, given, step):
        issuers = self.exchanger.trusted_issuers
        self.registration(step, lambda: issuers.register(self.issuer(given["record"]), organization=given["organization"]))

    def replace_issuer(self, given, step):
        issuers = self.exchanger.trusted_issuers
        self.registration(step, lambda: issuers.replace(self.issuer(given["record"]), organization=given["organization"]))

    def remove_issuer(self, given, step):
        issuers = self.exchanger.trusted_issuers
        self.registration(step, lambda: issuers.remove(given["name"], organization=given["organization"]))

    def remember(self, name, new):
        if new is not None:
            if f"client_secret:{name}" in self.known:
                self.known[f"previous_client_secret:{name}"] = self.known[f"client_secret:{name}"]
            self.known |= {f"client_id:{name}": new.client_id, f"client_secret:{name}": new.client_secret}

    def register_application(self, given, step):
        applications, organization = self.exchanger.applications, given["organization"]
        act = lambda: applications.register(ApplicationMetadata(**given["record"]), organization=organization)
        self.remember(given["name"], self.registration(step, act))

    def replace_application(self, given, step):
        client_id = self.known[f"client_id:{given['name']}"]
        act = lambda: self.exchanger.applications.replace(
            client_id, ApplicationMetadata(**given["record"]), organization=given["organization"])
        self.registration(step, act)

    def remove_application(self, given, step):
        client_id = self.known[f"client_id:{given['name']}"]
        self.registration(step, lambda: self.exchanger.applications.remove(client_id, organization=given["organization"]))

    def renew_secret(self, given, step):
        client_id = self.known[f"client_id:{given['name']}"]
        act = lambda: self.exchanger.applications.renew_secret(client_id, organization=given["organization"])
        self.remember(given["name"], self.registration(step, act))

    def rotate_keys(self, given, step):
        self.registration(step, lambda: self.exchanger.keys.rotate(organization=given["organization"]))

    def key_endpoint(self, given, step):
        self.answers[given["name"]] = list(given["answers"])

    def advance(self, given, step):
        pass  # `at` has moved on

    def http(self, given, step):
        path = re.fullmatch(r"(?:/t/([^/]+))?/oauth2/jwks", given["path"])
        if given["method"] != "GET" or not path:
            raise Skipped("a step is an HTTP request")
        jwks = json.loads(self.exchanger.keys.jwks(organization=path[1] or "default"))
        assert self.matches(step["expect"].get("body", {}), jwks), jwks

    def matches(self, expected, found):
        """Whether everything is there that the scenario names."""
        if expected == "${any}":
            return True
        if isinstance(expected, dict):
            return all(name in found and self.matches(value, found[name]) for name, value in expected.items())
        if isinstance(expected, list):
            return len(expected) == len(found) and all(map(self.matches, expected, found))
        return (self.filled(expected) if isinstance(expected, str) else expected) == found

    # Exchanges.

    def exchange(self, given, step):
        if given["credentials"] in HTTP_FORMS:
            raise Skipped(HTTP_FORMS[given["credentials"]])
        outcomes = [self.one_exchange(given, assertion) for assertion in given["assertions"]]
        expect = step["expect"]
        for outcome in outcomes:
            if "error" in expect:
                assert isinstance(outcome, Refused), f"granted, expected {expect}"
                assert outcome.code == expect["error"], f"{outcome!r} ({outcome.reason}), expected {expect}"
                assert outcome.reason == expect.get("reason", outcome.reason), f"{outcome.reason}, expected {expect}"
            else:
                assert not isinstance(outcome, Exception), f"{outcome!r}, expected a token"
                self.check_token(given["organization"], outcome, step)

    def one_exchange(self, given, assertion):
        try:
            return self.exchanger.exchange(
                self.filled(assertion), self.filled(given["client_id"]), self.filled(given["client_secret"]),
                organization=given["organization"], scope=given.get("scope"), resource=given.get("resource"),
            )
        except Refused as refused:
            return refused

    def check_token(self, organization, token, step):
        expect = step["expect"]
        jwks = KeySet.import_key_set(json.loads(self.exchanger.keys.jwks(organization=organization)))
        verified = jwt.decode(token.token, jwks, ["ES256", "EdDSA", "RS256"])
        assert verified.header["typ"] == "at+jwt"
        claims = verified.claims
        assert claims["iss"] == self.exchanger.organizations.urls(organization).issuer
        assert claims["exp"] - claims["iat"] == token.expires_in
        for name, expected in expect.get("token", {}).items():
            assert self.matches(expected, claims[name]), (name, claims)
        for name in expect.get("token_without", []):
            assert name not in claims, (name, claims)
        body = {"access_token": token.token, "token_type": "Bearer", "expires_in": token.expires_in, "scope": token.scope}
        for name, expected in expect.get("body", {}).items():
            assert self.matches(expected, body[name]), (name, body)
        for name in expect.get("without", []):
            assert body.get(name) is None, (name, body)
        if "label" in step:
            self.known[f"access_token:{step['label']}"] = token.token


def main(path, *only, host_signatures=False):
    """Runs the scenarios, and says how each went: `ok`, `skipped: …` or `FAILED: …`."""
    failed = 0
    for scenario in json.loads(Path(path).read_text())["scenarios"]:
        identity = f"{scenario['topic']}/{scenario['name']}"
        if only and identity not in only:
            continue
        outcome = "ok"
        try:
            if "http_only" in scenario:
                raise Skipped(scenario["http_only"])
            Run(scenario, host_signatures).run()
        except Skipped as reason:
            outcome = f"skipped: {reason}"
        except Stopped as reason:
            outcome = f"ok {reason}"
        except Exception as error:
            outcome = f"FAILED: {type(error).__name__}: {error}"
            failed += 1
        print(f"{identity}\t{outcome}")
    return failed


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--host-signatures"]
    sys.exit(1 if main(*arguments, host_signatures="--host-signatures" in sys.argv) else 0)
