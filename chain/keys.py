"""Keys: an account's signature, its keystore file, and who signed something.

Signing and recovering are libsecp256k1's, hashing and AES are pycryptodome's; nothing else is loaded. (The
usual Ethereum packages for this bring 25 MB of memory with them, in each of a Pi's daemons.)
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path
from typing import Any, Self

import coincurve

from chain.errors import KeyRefused, SignatureRefused
from chain.held_back import held_back
from chain.private import place, read_private, write_private

with held_back({"cffi": None}):  # It would bring its parser of C, 2 MB; without it ctypes does the same.
    from Crypto.Cipher import AES
    from Crypto.Hash import keccak as keccak_hash

__all__ = [
    "Account",
    "checksum",
    "create",
    "create_node_key",
    "decrypt",
    "encrypt",
    "enode",
    "keccak",
    "keep",
    "load",
    "load_node_key",
    "public_key",
    "read_private",
    "recover",
    "write_private",
]

CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Number of points of secp256k1 (SEC 2, section 2.4.1)."""

SCRYPT_N = 4096
"""Geth's "light" cost. The standard cost (262,144) fills 256 MiB, which starves a Pi whenever a daemon
starts. A stronger cost would guard little here: the password that a daemon needs lies beside the key, in a
file that only the daemon can read, so the file's mode is what protects both."""

SCRYPT_R = 8
SCRYPT_P = 1
SCRYPT_MEMORY_LIMIT = 512 << 20
"""Bytes: keystores of the standard cost can still be read."""


@dataclass(frozen=True)
class Account:
    """A key that signs, and the address it answers to."""

    address: str
    """Checksummed (EIP-55)."""

    private: bytes = field(repr=False)
    """32 bytes. Never shown, never logged."""

    @classmethod
    def of(cls, private: bytes) -> Self:
        """The account of a private key.

        Raises:
            KeyRefused: not 32 bytes, or not a number of the curve.
        """
        if len(private) != 32 or not 0 < int.from_bytes(private) < CURVE_ORDER:
            raise KeyRefused("a private key is 32 bytes, not zero and below the order of secp256k1")
        return cls(checksum(keccak(public_key(private))[12:]), private)

    @classmethod
    def generate(cls) -> Self:
        """A new account from the system's randomness."""
        return cls.of(_new_private())

    def sign(self, digest: bytes) -> bytes:
        """Sign a 32-byte digest: 65 bytes r‖s‖v, v 27 or 28, s in the lower half."""
        if len(digest) != 32:
            raise ValueError(f"a digest is 32 bytes, not {len(digest)}")
        signature = coincurve.PrivateKey(self.private).sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])


def recover(digest: bytes, signature: bytes) -> str:
    """The checksummed address whose key signed a digest.

    Only the one canonical form is accepted, so that nobody can turn a signature into a second valid one.

    Raises:
        SignatureRefused: not 65 bytes, v not 27 or 28, s in the upper half, or no point of the curve.
    """
    if len(signature) != 65:
        raise SignatureRefused(f"a signature is 65 bytes, not {len(signature)}")
    if signature[64] not in (27, 28):
        raise SignatureRefused(f"a signature ends with 27 or 28, not with {signature[64]}")
    if int.from_bytes(signature[32:64]) > CURVE_ORDER // 2:
        raise SignatureRefused("the signature is malleable: its s lies in the upper half of the curve order")
    compact = signature[:64] + bytes([signature[64] - 27])
    try:
        public = coincurve.PublicKey.from_signature_and_message(compact, digest, hasher=None)
    except Exception as error:
        # coincurve raises a bare Exception for r and s outside the curve, ValueError for bad lengths.
        raise SignatureRefused(f"no key can have made this signature: {error}") from None
    return checksum(keccak(public.format(compressed=False)[1:])[12:])


def create(path: Path, password: str) -> Account:
    """Make a new account and keep it in a keystore file of mode 0600.

    Raises:
        KeyRefused: the file exists already, or cannot be written.
    """
    account = Account.generate()
    keep(path, account, password)
    return account


def keep(path: Path, account: Account, password: str) -> None:
    """Keep an account in a new keystore file of mode 0600.

    Raises:
        KeyRefused: the file exists already, or cannot be written.
    """
    write_private(path, json.dumps(encrypt(account, password)).encode())


def load(keystore: Path, password_file: Path) -> Account:
    """Read an account from its keystore and password file; either may be a `credential:NAME` of systemd's.

    Raises:
        KeyRefused: a file is missing, open to others, not a keystore, or the password does not fit.
    """
    keystore, password_file = place(keystore), place(password_file)
    content = read_private(keystore)
    password = read_private(password_file).decode(errors="replace").rstrip("\r\n")
    try:
        account = decrypt(json.loads(content), password)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, KeyRefused):
            raise
        raise KeyRefused(f"{keystore} is not a version 3 keystore file: {error}") from None
    if account is None:
        raise KeyRefused(f"the password in {password_file} does not open {keystore}")
    return account


def named(keystore: Path) -> str:
    """The account, checksummed, that a keystore says it holds; it is not opened.

    Raises:
        OSError: it cannot be read.
        ValueError: it says none.
        KeyRefused: it is a credential that systemd did not hand over.
    """
    try:
        return checksum(str(json.loads(place(keystore).read_bytes())["address"]))
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from None


def encrypt(account: Account, password: str, cost: int = SCRYPT_N) -> dict[str, Any]:
    """An account as a version 3 keystore (Web3 Secret Storage): scrypt, AES-128-CTR, Keccak MAC.

    Args:
        cost: scrypt's N; each unit takes 1 KiB of memory for a moment.
    """
    salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
    parameters = {"dklen": 32, "n": cost, "r": SCRYPT_R, "p": SCRYPT_P, "salt": salt.hex()}
    derived = _derive("scrypt", parameters, password)
    ciphertext = _aes_ctr(derived[:16], iv, account.private)
    return {
        "version": 3,
        "id": _uuid4(),
        "address": account.address[2:].lower(),
        "crypto": {
            "cipher": "aes-128-ctr",
            "cipherparams": {"iv": iv.hex()},
            "ciphertext": ciphertext.hex(),
            "kdf": "scrypt",
            "kdfparams": parameters,
            "mac": keccak(derived[16:32] + ciphertext).hex(),
        },
    }


def decrypt(keystore: dict[str, Any], password: str) -> Account | None:
    """The account in a version 3 keystore; None if the password is wrong.

    Raises:
        ValueError, KeyError, TypeError: not a keystore of version 3.
    """
    if keystore["version"] != 3:
        raise ValueError(f"it is of version {keystore['version']}")
    crypto = keystore["crypto"]
    if crypto["cipher"] != "aes-128-ctr":
        raise ValueError(f"its cipher is {crypto['cipher']!r}, not aes-128-ctr")
    derived = _derive(crypto["kdf"], crypto["kdfparams"], password)
    ciphertext = bytes.fromhex(crypto["ciphertext"])
    if not compare_digest(keccak(derived[16:32] + ciphertext), bytes.fromhex(crypto["mac"])):
        return None
    return Account.of(_aes_ctr(derived[:16], bytes.fromhex(crypto["cipherparams"]["iv"]), ciphertext))


def create_node_key(path: Path) -> bytes:
    """Make a chain node's own key (it only names and encrypts its connections), in a file as geth reads it.

    Raises:
        KeyRefused: the file exists already, or cannot be written.
    """
    key = _new_private()
    write_private(path, key.hex().encode())
    return key


def load_node_key(path: Path) -> bytes:
    """Read a chain node's key.

    Raises:
        KeyRefused: missing, open to others, or not 64 hexadecimal digits.
    """
    try:
        return Account.of(bytes.fromhex(read_private(path).decode("ascii", "replace").strip())).private
    except ValueError:
        raise KeyRefused(f"{path} is no node key: it holds 64 hexadecimal digits") from None


def enode(node_key: bytes, host: str, port: int) -> str:
    """A node's address for its peers, from its private node key (the same that admin_nodeInfo answers)."""
    return f"enode://{public_key(node_key).hex()}@{f'[{host}]' if ':' in host else host}:{port}"


def public_key(private: bytes) -> bytes:
    """The 64 bytes of the uncompressed public key, without prefix."""
    return coincurve.PrivateKey(private).public_key.format(compressed=False)[1:]


def keccak(data: bytes) -> bytes:
    """Keccak-256, as Ethereum uses it."""
    return keccak_hash.new(data=data, digest_bits=256).digest()


@lru_cache(maxsize=128)
def checksum(address: bytes | str) -> str:
    """An address with its EIP-55 checksum in the letters' case.

    Raises:
        ValueError: not 20 bytes, or not 40 hexadecimal digits after 0x.
    """
    raw = bytes.fromhex(address.removeprefix("0x")) if isinstance(address, str) else address
    if len(raw) != 20:
        raise ValueError(f"an address is 20 bytes, not {len(raw)}")
    digits = raw.hex()
    pattern = keccak(digits.encode()).hex()
    return "0x" + "".join(d.upper() if p >= "8" else d for d, p in zip(digits, pattern, strict=False))


def _new_private() -> bytes:
    while True:
        private = secrets.token_bytes(32)
        if 0 < int.from_bytes(private) < CURVE_ORDER:
            return private


def _derive(kdf: str, parameters: dict[str, Any], password: str) -> bytes:
    import hashlib  # noqa: PLC0415 - loads OpenSSL; a process that only verifies needs none

    salt = bytes.fromhex(parameters["salt"])
    if kdf == "scrypt":
        return hashlib.scrypt(
            password.encode(),
            salt=salt,
            n=int(parameters["n"]),
            r=int(parameters["r"]),
            p=int(parameters["p"]),
            maxmem=SCRYPT_MEMORY_LIMIT,
            dklen=32,
        )
    if kdf == "pbkdf2" and parameters["prf"] == "hmac-sha256":
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, int(parameters["c"]), 32)
    raise ValueError(f"its key derivation is {kdf!r}, neither scrypt nor pbkdf2 with hmac-sha256")


def _aes_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    return AES.new(key, AES.MODE_CTR, nonce=b"", initial_value=int.from_bytes(iv)).encrypt(data)


def _uuid4() -> str:
    raw = bytearray(secrets.token_bytes(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
