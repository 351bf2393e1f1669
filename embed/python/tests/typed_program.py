"""A program with types, as a user of the package writes it: test_types.py has it checked."""

from functools import partial

from asserta import JWT_BEARER, Exchanger, KeyDocument, Refused, SqliteStore, Store, fetch_keys
from asserta.guard import Answer, ASGIGuard, Guard, Passed, WSGIGuard
from asserta.http import Endpoint
from fastapi import FastAPI
from flask import Flask
from starlette.applications import Starlette
from starlette.middleware import Middleware


def guards(api: FastAPI, site: Flask) -> None:
    api.add_middleware(ASGIGuard, issuer="https://as.example", audience="https://api.example", scopes=["orders.read"])
    Starlette(middleware=[Middleware(ASGIGuard, issuer="https://as.example", audience="https://api.example")])
    api.mount("/orders", ASGIGuard(api, issuer="https://as.example", audience="https://api.example", introspect=("a", "b")))
    guarded = WSGIGuard(site.wsgi_app, issuer="https://as.example", audience="https://api.example", allow_private=True)
    site.wsgi_app = guarded  # type: ignore[method-assign]


def wrong(api: FastAPI) -> None:
    # Each of these is an error, and an ignored one that is none is one, too.
    api.add_middleware(ASGIGuard, issuer="https://as.example")  # type: ignore[call-arg]
    ASGIGuard(api, issuer="https://as.example", audience="https://api.example", audiences="x")  # type: ignore[call-arg]
    Guard("https://as.example", "https://api.example", introspect="ab")  # type: ignore[arg-type]


def fetch(uri: str) -> KeyDocument:
    return KeyDocument("{}", 600)


def decides() -> str:
    outcome = Guard("https://as.example", "https://api.example", fetch=fetch).check("GET", "/", ["Bearer a"])
    match outcome:
        case Passed():
            return outcome.subject + "".join(outcome.scopes)
        case Answer():
            return outcome.reason


def exchanges(assertion: str) -> str | None:
    store: Store = SqliteStore("asserta.db")
    exchanger = Exchanger("https://tokens.example.com", store, fetch=partial(fetch_keys, allow_private=True))
    app = exchanger.applications.register({"grant_types": [JWT_BEARER]})
    try:
        return exchanger.exchange(assertion, app["client_id"], app["client_secret"]).token
    except Refused as refused:
        return refused.cause


def serves() -> FastAPI:
    endpoint = Endpoint(settings={"public_url": "https://tokens.example.com"})
    app = FastAPI(lifespan=endpoint.lifespan)
    app.mount("/auth", endpoint)
    return app
