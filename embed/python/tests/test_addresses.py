"""R50, R55: which addresses a JWKS endpoint may have, by the table that all hosts share."""

import json
import socket
from pathlib import Path

import pytest
from asserta import FetchFailed, fetch_keys
from asserta._addresses import parse, reach

TABLE = json.loads((Path(__file__).parents[3] / "host-tests" / "addresses.json").read_text())


@pytest.fixture
def connections(monkeypatch):
    """The addresses that a connection was tried to; none comes about."""
    tried = []

    def refuse(address, **_):
        tried.append(address[0])
        raise ConnectionRefusedError("nobody is there")

    monkeypatch.setattr(socket, "create_connection", refuse)
    return tried


def test_each_address_is_where_the_table_says():
    found = [(text, reach(parse(text))) for text, _, _ in TABLE["addresses"]]
    assert found == [(text, expected) for text, expected, _ in TABLE["addresses"]]
    assert len(found) > 100


@pytest.mark.parametrize("allow_private", [False, True])
def test_a_name_leads_to_what_may_be_reached(monkeypatch, connections, allow_private):
    """A name with such an address, also where another one of its addresses is public."""
    allowed = {"public", "private"} if allow_private else {"public"}
    for text, expected, _ in TABLE["addresses"]:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("8.8.8.8", text)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, found=found, **__: found)
        connections.clear()
        with pytest.raises(FetchFailed) as failed:
            fetch_keys("https://partner.example/jwks", allow_private=allow_private)
        cause = "unreachable" if expected in allowed else "address-refused"
        assert (failed.value.cause, bool(connections)) == (cause, expected in allowed), text


@pytest.mark.parametrize("host", TABLE["hosts"]["refused"])
def test_no_spelling_of_a_host_leads_there(connections, host):
    for options in ({}, {"allow_private": False}):
        with pytest.raises(FetchFailed) as failed:
            fetch_keys(f"https://{host}/jwks", **options)
        assert failed.value.cause in ("address-refused", "bad-address", "name-unknown"), host
    assert connections == []


def test_an_address_with_a_zone_is_none(monkeypatch, connections):
    found = [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700::1111%eth0", 443, 0, 2))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(FetchFailed) as failed:
        fetch_keys("https://partner.example/jwks", allow_private=True)
    assert (failed.value.cause, connections) == ("address-refused", [])


def test_the_next_address_is_tried(monkeypatch):
    """A host without IPv6 reaches an endpoint that has both."""
    tried = []

    def connect(address, **_):
        tried.append(address[0])
        raise OSError("network is unreachable")

    found = [(0, 0, 6, "", (text, 443)) for text in ("2606:4700::1111", "1.1.1.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchFailed):
        fetch_keys("https://partner.example/jwks")
    assert tried == ["2606:4700::1111", "1.1.1.1"]
