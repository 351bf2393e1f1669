"""What a store, a clock or a signal handler raises goes through the component and to the caller, and never ends the process."""

import signal
import subprocess
import sys
import time
from functools import partial

import pytest
from asserta import Exchanger, InvalidMember, MemoryStore
from asserta.http import Endpoint
from conftest import PUBLIC_URL

PREPARED = f"""
import sys
from asserta import JWT_BEARER, Exchanger, MemoryStore
from conftest import Partner

class Store(MemoryStore):
    raises = None
    def increment(self, *arguments):
        if self.raises is not None:
            raise self.raises
        return super().increment(*arguments)

store, partner = Store(), Partner()
exchanger = Exchanger({PUBLIC_URL!r}, store)
exchanger.trusted_issuers.register(partner.trusted())
app = exchanger.applications.register({{"grant_types": [JWT_BEARER]}})
exchange = lambda: exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
exchange()
print("ready", flush=True)
"""


def started(program):
    """The program in a process of its own: what is tested ends it where it goes wrong."""
    return subprocess.Popen(
        [sys.executable, "-c", PREPARED + program], cwd=__file__.rpartition("/")[0], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("raised", ["KeyboardInterrupt('x')", "SystemExit(3)", "GeneratorExit()"])
def test_what_a_store_raises_that_is_no_exception(raised):
    process = started(f"""
store.raises = {raised}
try:
    exchange()
except BaseException as error:
    assert error is store.raises, error
store.raises = None
exchange()
""")
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.11, 0.17, 0.31, 0.37])
def test_ctrl_c_during_an_exchange(delay):
    process = started("""
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
print("on", flush=True)
try:
    while True:
        exchange()
except KeyboardInterrupt:
    exchange()
    print("interrupted")
""")
    while process.stdout.readline() not in ("on\n", ""):
        pass
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    said, told = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, "interrupted\n"), told


def test_a_signal_interrupts_a_store_that_waits():
    process = started("""
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
def increment(*arguments):
    print("on", flush=True)
    time.sleep(60)
other = Store()
other._areas, other.increment = store._areas, increment
waiting = Exchanger(exchanger.organizations.urls().issuer, other)
try:
    waiting.exchange(partner.assertion(), app["client_id"], app["client_secret"])
except KeyboardInterrupt:
    print("interrupted")
""")
    while process.stdout.readline() not in ("on\n", ""):
        pass
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    said, told = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, "interrupted\n"), told
    assert time.monotonic() - begun < 30


def test_signal_handlers_are_put_back_and_called_once():
    called = []

    class Store(MemoryStore):
        raised = 0

        def keys(self, *arguments):
            self.raised += 1
            signal.raise_signal(signal.SIGUSR1)
            return super().keys(*arguments)

    def handler(number, frame):
        called.append(number)

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        store = Store()
        exchanger = Exchanger(PUBLIC_URL, store)
        exchanger.organizations.page()
        assert store.raised == len(called) > 0
        assert signal.getsignal(signal.SIGUSR1) is handler
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_two_signals_while_the_component_computes():
    """Both handlers are called, though the first one raises."""
    process = started("""
import os, signal, threading, time
seen = []
def handler(number, frame):
    seen.append(number)
    if len(seen) == 1:
        raise RuntimeError(number)
for number in (signal.SIGUSR1, signal.SIGUSR2):
    signal.signal(number, handler)
def send():
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGUSR1)
    os.kill(os.getpid(), signal.SIGUSR2)
threading.Thread(target=send).start()
try:
    while True:
        exchange()
except RuntimeError:
    pass
deadline = time.monotonic() + 20
while len(seen) < 2 and time.monotonic() < deadline:
    exchange()
assert sorted(seen) == [signal.SIGUSR1, signal.SIGUSR2], seen
assert signal.getsignal(signal.SIGUSR1) is signal.getsignal(signal.SIGUSR2) is handler
exchange()
""")
    _, told = process.communicate(timeout=120)
    assert process.returncode == 0, told


@pytest.mark.parametrize("says", [None, "1700000000", float("nan"), float("inf"), -1, 2**63, True])
def test_a_clock_that_does_not_say_the_time(says):
    exchanger = Exchanger(PUBLIC_URL, clock=lambda: says)
    with pytest.raises(InvalidMember) as caught:
        exchanger.keys.jwks()
    assert str(caught.value) == "clock: must return the seconds since 1970 as a number"


def test_what_a_clock_raises():
    def clock():
        raise LookupError("no clock")

    with pytest.raises(LookupError, match="no clock"):
        Exchanger(PUBLIC_URL, clock=clock).keys.jwks()


@pytest.mark.parametrize(
    "setting, value",
    [("fuel", 0), ("fuel", -1), ("fuel", "1"), ("fuel", 2**64), ("fuel", 1.5), ("memory", 10), ("memory", None),
     ("memory", True), ("clock", 1700000000), ("clock", None)],
)
def test_limits_that_can_not_be(setting, value):
    for make in (partial(Exchanger, PUBLIC_URL), partial(Endpoint, settings={"public_url": PUBLIC_URL})):
        with pytest.raises(InvalidMember) as caught:
            make(**{setting: value})
        assert caught.value.field == setting
