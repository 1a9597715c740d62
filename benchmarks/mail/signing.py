"""Keys that sign, and what a signature alone costs."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from pathlib import Path
from statistics import mean

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


def write_keys(folder: Path) -> tuple[Path, Path]:
    """Make an RSA key of 2048 bits and an Ed25519 key; return their PEM files."""
    made: dict[str, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey] = {
        "rsa.pem": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ed25519.pem": ed25519.Ed25519PrivateKey.generate(),
    }
    for name, key in made.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "rsa.pem", folder / "ed25519.pem"


def bare_seconds_beside(key_file: Path, count: int, *, processes: int) -> float:
    """Return the same where so many processes sign at once: each takes longer than alone."""
    with ProcessPoolExecutor(processes) as pool:
        return mean(pool.map(bare_seconds, [key_file] * processes, [count] * processes))


def bare_seconds(key_file: Path, count: int) -> float:
    """Return the CPU that a signature of a header of one kilobyte takes, in seconds."""
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    header = b"From: The News Digest <digest@news.example.org>\r\n" * 20
    began = time.process_time()
    for _ in range(count):
        if isinstance(key, rsa.RSAPrivateKey):
            key.sign(header, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ed25519.Ed25519PrivateKey):
            # RFC 8463 section 3: the hash of the header is what is signed.
            key.sign(sha256(header).digest())
    return (time.process_time() - began) / count
