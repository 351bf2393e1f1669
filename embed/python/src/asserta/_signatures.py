"""Signatures by the package ``cryptography``, for a component that asks its host for them (``signatures.wit``).

Which key and algorithm are acceptable the component has decided; this says whether bytes fit, and never raises.
"""

from __future__ import annotations

import functools
import logging

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

log = logging.getLogger("asserta")

# Parsed keys are kept: the private ones cost more to check than a signature to make.
_MOST_KEYS = 4096


def _pss(algorithm: HashAlgorithm) -> tuple[padding.PSS, HashAlgorithm]:
    """The salt is as long as the hash, and no other length will do (RFC 7518 section 3.5)."""
    return padding.PSS(padding.MGF1(algorithm), algorithm.digest_size), algorithm


_RSA = {
    "rs256": (padding.PKCS1v15(), SHA256()),
    "rs384": (padding.PKCS1v15(), SHA384()),
    "rs512": (padding.PKCS1v15(), SHA512()),
    "ps256": _pss(SHA256()),
    "ps384": _pss(SHA384()),
    "ps512": _pss(SHA512()),
}
# With the length of R and of S, in bytes (RFC 7518 section 3.4).
_ECDSA = {
    "es256": (ec.SECP256R1, SHA256(), 32),
    "es384": (ec.SECP384R1, SHA384(), 48),
    "es512": (ec.SECP521R1, SHA512(), 66),
}


class HostSignatures:
    """What the component imports as ``asserta:exchange/signatures``."""

    def __init__(self) -> None:
        self._public_key = functools.lru_cache(_MOST_KEYS)(load_der_public_key)
        self._private_key = functools.lru_cache(_MOST_KEYS)(lambda der: load_der_private_key(der, None))

    def verify(self, algorithm: str, key: bytes, signing_input: bytes, signature: bytes) -> bool:
        """Whether a signature verifies. ``key`` is a DER-encoded SubjectPublicKeyInfo."""
        try:
            return _verifies(algorithm, self._public_key(key), signing_input, signature)
        except InvalidSignature:
            return False
        except Exception:
            log.debug("a signature could not be verified", exc_info=True)
            return False

    def sign(self, algorithm: str, key: bytes, signing_input: bytes) -> bytes | str:
        """The signature, or the name of a ``signing-error``. ``key`` is a DER-encoded PKCS#8 document."""
        try:
            private = self._private_key(key)
        except Exception:
            # Without the exception: it may quote the key.
            log.error("a signing key could not be read")
            return "unusable-key"
        try:
            return _signature(algorithm, private, signing_input)
        except Exception:
            log.exception("signing failed")
            return "failed"


def _verifies(algorithm: str, key: object, signing_input: bytes, signature: bytes) -> bool:
    """True, False or an exception where the signature does not fit."""
    if algorithm in _RSA and isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signing_input, *_RSA[algorithm])
        return True
    if algorithm in _ECDSA and isinstance(key, ec.EllipticCurvePublicKey):
        curve, hashing, size = _ECDSA[algorithm]
        if not isinstance(key.curve, curve) or len(signature) != 2 * size:
            return False
        key.verify(_to_der(signature, size), signing_input, ec.ECDSA(hashing))
        return True
    if algorithm == "ed-dsa" and isinstance(key, Ed25519PublicKey):
        key.verify(signature, signing_input)
        return True
    return False


def _signature(algorithm: str, key: object, signing_input: bytes) -> bytes | str:
    if algorithm == "rs256" and isinstance(key, rsa.RSAPrivateKey):
        return key.sign(signing_input, *_RSA[algorithm])
    if algorithm == "es256" and isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        r, s = decode_dss_signature(key.sign(signing_input, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if algorithm == "ed-dsa" and isinstance(key, Ed25519PrivateKey):
        return key.sign(signing_input)
    return "unusable-key"


def _to_der(signature: bytes, size: int) -> bytes:
    """R and S as the library wants them: in DER."""
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))
