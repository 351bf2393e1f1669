"""Exceptions go to other processes, and are copied, as they are."""

import copy
import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import asserta
import pytest

ARGUMENTS = {
    asserta.Refused: ("invalid_grant", "assertion-expired", "A sentence.", 5, "a cause", "a nonce"),
    asserta.KeysNeeded: ("default", None, "metadata", "https://partner.example/keys", "orders"),
    asserta.InvalidMember: ("jwks_uri", "must be a URL"),
    asserta.Taken: ("name", "is taken"),
    asserta.BadSetting: ("public_url", "is missing"),
    asserta.FetchFailed: ("it answered 404 instead of 200", "status", 404),
}
EXCEPTIONS = [
    kind for _, kind in inspect.getmembers(asserta, inspect.isclass) if issubclass(kind, Exception)
]


@pytest.mark.parametrize("kind", EXCEPTIONS)
def test_they_are_copied_as_they_are(kind):
    assert len(EXCEPTIONS) > 10
    error = kind(*ARGUMENTS.get(kind, ("a sentence",)))
    error.add_note("a note")
    for copied in (
        *(pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
        copy.copy(error),
        copy.deepcopy(error),
    ):
        assert type(copied) is kind
        assert (str(copied), copied.args, vars(copied)) == (str(error), error.args, vars(error))


def refuse():
    raise asserta.Refused(*ARGUMENTS[asserta.Refused])


def test_another_process_raises_one():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as processes:
        with pytest.raises(asserta.Refused) as caught:
            processes.submit(refuse).result(timeout=120)
        assert caught.value.reason == "assertion-expired"
        assert processes.submit(abs, -1).result(timeout=120) == 1
