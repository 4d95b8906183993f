"""An authority of our own, the provider's certificate by it, and one by nobody."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class Certificates:
    """`authority` is the file that clients trust; both contexts are for servers of the host."""

    authority: Path
    genuine: ssl.SSLContext
    impostor: ssl.SSLContext


def make_certificates(folder: Path, host: str) -> Certificates:
    folder.mkdir()
    trusted, key = _certificate(host, folder / "genuine")
    other, _ = _certificate(host, folder / "impostor")
    return Certificates(trusted, _context(trusted, key), _context(other, folder / "impostor.key"))


def _certificate(host: str, path: Path) -> tuple[Path, Path]:
    """Write a certificate that vouches for itself; who trusts the file trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = path.with_suffix(".pem"), path.with_suffix(".key")
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


def _context(pem: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    return context
