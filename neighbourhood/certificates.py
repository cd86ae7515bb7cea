"""Certificates for the pages: an authority of the neighbourhood's own, and one certificate a household.

Browsers are told to trust the authority once. It can vouch for private addresses and names in `.local` only,
so whoever steals its key can imitate no other site. Made by the machine's openssl (3.0 or later).
"""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
from pathlib import Path

from neighbourhood.errors import ToolMissing

AUTHORITY_DAYS = 3_650
DAYS = 825
"""The longest that Apple's devices accept (https://support.apple.com/103769)."""

RENEW = 90 * 86_400
"""Seconds before its end at which a certificate is made anew."""

PRIVATE = (
    "10.0.0.0/255.0.0.0", "172.16.0.0/255.240.0.0", "192.168.0.0/255.255.0.0",
    "127.0.0.0/255.0.0.0", "169.254.0.0/255.255.0.0",
)  # fmt: skip
LIMITS = ",".join(["critical", "permitted;DNS:local", *(f"permitted;IP:{network}" for network in PRIVATE)])
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def authority(key: Path, certificate: Path) -> None:
    """Make the neighbourhood's certificate authority."""
    extensions = {
        "basicConstraints": "critical,CA:TRUE,pathlen:0",
        "keyUsage": "critical,keyCertSign",
        "nameConstraints": LIMITS,
    }
    openssl(
        *("req", "-x509", *KEY, "-keyout", str(key), "-out", str(certificate)),
        *("-days", str(AUTHORITY_DAYS), "-subj", "/CN=Commonwatt neighbourhood", *_added(extensions)),
    )


def household(
    key: Path, certificate: Path, names: list[str], authority_key: Path, authority_certificate: Path
) -> None:
    """Make one household's certificate, for these names and addresses."""
    extensions = {
        "basicConstraints": "critical,CA:FALSE",
        "keyUsage": "critical,digitalSignature",
        "extendedKeyUsage": "serverAuth",
        "subjectAltName": ",".join(alternative(name) for name in names),
    }
    openssl(
        *("req", "-x509", *KEY, "-keyout", str(key), "-out", str(certificate)),
        *("-CA", str(authority_certificate), "-CAkey", str(authority_key)),
        *("-days", str(DAYS), "-subj", f"/CN={names[0]}", *_added(extensions)),
    )


def lasts(certificate: Path, names: list[str]) -> bool:
    """Whether a certificate is there, for these names, and will not end soon."""
    if not certificate.exists():
        return False
    checked = ["-noout", "-checkend", str(RENEW)]
    tests = [checked] + [["-noout", "-checkip" if _is_address(n) else "-checkhost", n] for n in names]
    return all(_holds(certificate, test) for test in tests)


def alternative(name: str) -> str:
    """A name or address as a certificate lists it."""
    return f"IP:{name}" if _is_address(name) else f"DNS:{name}"


def openssl(*arguments: str) -> str:
    """Run openssl.

    Raises:
        ToolMissing: it is not there, or failed.
    """
    program = shutil.which("openssl")
    if program is None:
        raise ToolMissing("openssl is not there: sudo apt install openssl")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ToolMissing(f"openssl {arguments[0]} failed: {' '.join(done.stderr.split())[-300:]}")
    return done.stdout


def _holds(certificate: Path, test: list[str]) -> bool:
    try:
        said = openssl("x509", "-in", str(certificate), *test)
    except ToolMissing:  # -checkend answers by its exit code
        return False
    return "does NOT match" not in said


def _added(extensions: dict[str, str]) -> list[str]:
    return [part for name, value in extensions.items() for part in ("-addext", f"{name}={value}")]


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
