"""Which base URLs and addresses may be called, decided without a resolver (pure)."""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from core.words import gettext as _
from core.words import gettext_noop

# Ranges that `is_global` lets through, or that hide an IPv4 address inside an IPv6 one.
REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared address space, holds clouds' metadata servers
        "192.0.0.0/24",  # for protocols; a cloud's metadata server has 192.0.0.192
        "168.63.129.16/32",  # looks public, and is the host below a virtual machine in another cloud
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # local NAT64
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # for documentation
        "fec0::/10",  # site-local
    )
)
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
LONGEST = 500
PORTS = gettext_noop("The port must be a number from 1 to 65535.")
CALLS = ("/chat/completions", "/completions", "/messages", "/responses")


class BadUrl(ValueError):
    """A base URL that is refused; the message says why and what to write instead."""


@dataclass(frozen=True, slots=True)
class BaseUrl:
    """A checked base URL. `origin` is what a key is bound to: scheme, host and port."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == {"https": 443, "http": 80}[self.scheme]
        return f"{self.scheme}://{host}{'' if usual else f':{self.port}'}{self.path}"


def parse_base_url(text: str, *, private_hosts: Collection[str] = ()) -> BaseUrl:
    """Return the normalised base URL of an endpoint.

    `private_hosts` are the hosts that this installation's operator allows although they are not
    public; only they may be called without TLS.

    Raises
    ------
    BadUrl
        For anything that is not plainly `https://host[:port]/path`.
    """
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        raise BadUrl(
            _(
                "Write the URL in plain ASCII without spaces or backslashes; international host names"
                " in their xn-- form."
            )
        )
    if len(text) > LONGEST:
        raise BadUrl(_("The URL is longer than %(most)s characters.") % {"most": LONGEST})
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise BadUrl(_("This is not a URL: %(error)s.") % {"error": error}) from error
    if parts.scheme not in {"https", "http"}:
        raise BadUrl(_without_scheme(text))
    if "@" in parts.netloc:
        raise BadUrl(_("The URL must not hold a user name or password; set the key by itself."))
    if "?" in text or "#" in text:
        base = re.split("[?#]", text)[0]
        raise BadUrl(
            _("The URL must not have a query (?) or a fragment (#): %(base)s") % {"base": base}
        )
    port = _port(parts)
    host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
    listed = host in {name.lower() for name in private_hosts}
    _refuse_private(host, listed=listed)
    if parts.scheme == "http" and not listed:
        raise BadUrl(_only_https(host))
    _refuse_calls(text.rstrip("/"))
    return BaseUrl(
        parts.scheme, host, port or {"https": 443, "http": 80}[parts.scheme], _path(parts.path)
    )


def address_problem(address: str) -> str:
    """Return why an IP address may not be called, or the empty string when it may."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    if any(ip in network for network in REFUSED_NETWORKS if network.version == ip.version):
        return _("%(address)s is in a range that is not public") % {"address": address}
    if not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return _("%(address)s is not a public address") % {"address": address}
    return ""


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _without_scheme(text: str) -> str:
    host = re.match(r"([A-Za-z0-9.-]+\.[A-Za-z0-9-]+|localhost)(:\d+)?(/|$)", text)
    if host is None:
        return _("The URL must begin with https://, or with http:// for a server of your own.")
    scheme = "http" if host[2] or host[1] == "localhost" else "https"
    return _(
        "The URL must begin with https://, or with http:// for a server of your own; perhaps"
        " %(scheme)s://%(text)s"
    ) % {"scheme": scheme, "text": text}


def _port(parts: SplitResult) -> int | None:
    host = parts.netloc.rpartition("@")[2]
    if host.count(":") > 1 and "[" not in host:
        raise BadUrl(
            _("%(host)s looks like an IPv6 address: write it in brackets, as in http://[::1]:8000.")
            % {"host": host}
        )
    try:
        port = parts.port
    except ValueError as error:
        raise BadUrl(f"{_(PORTS)} ({host})") from error
    if port == 0 or host.endswith(":"):
        raise BadUrl(_(PORTS))
    return port


def _host(host: str, *, bracketed: bool) -> str:
    host = host.lower()
    if not host:
        raise BadUrl(
            _("The URL names no host: two slashes and then the host follow its first colon.")
        )
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - refused, not bound to
        raise BadUrl(
            _(
                "%(host)s says that a server listens everywhere; to call it, write 127.0.0.1, or the"
                " name of its machine."
            )
            % {"host": host}
        )
    if bracketed:
        if "%" in host or not is_address(host):
            raise BadUrl(_("[%(host)s] is not an IPv6 address.") % {"host": host})
        return str(ipaddress.ip_address(host))
    labels = host.split(".")
    if host.endswith("."):
        raise BadUrl(_("Write the host without the dot at its end."))
    # 127.1, 0x7f000001 and 2130706433 are addresses to a resolver; only the plain form is taken.
    if re.fullmatch(r"\d+|0x[0-9a-f]*", labels[-1]) and not is_address(host):
        raise BadUrl(
            _("%(host)s is neither a host name nor an address written as 192.0.2.1.")
            % {"host": host}
        )
    if not all(LABEL.fullmatch(label) for label in labels):
        raise BadUrl(_("%(host)s is not a host name.") % {"host": host})
    return host


def _refuse_private(host: str, *, listed: bool) -> None:
    if listed:
        return
    if is_address(host) and (problem := address_problem(host)):
        raise BadUrl(
            _(
                "%(problem)s. For a model server of your own, the operator adds %(host)s to"
                " PREFERENDUM_PRIVATE_HOSTS."
            )
            % {"problem": problem, "host": host}
        )
    if "." not in host and ":" not in host:
        raise BadUrl(
            _(
                "%(host)s is not a public host name. For a model server of your own, the operator"
                " adds it to PREFERENDUM_PRIVATE_HOSTS."
            )
            % {"host": host}
        )


def _only_https(host: str) -> str:
    return _(
        "Use https://. Without TLS only hosts in PREFERENDUM_PRIVATE_HOSTS may be called, and"
        " %(host)s is not among them."
    ) % {"host": host}


def _refuse_calls(url: str) -> None:
    for call in CALLS:
        if url.endswith(call):
            base = url.removesuffix(call)
            raise BadUrl(
                _("Give the base URL, without %(call)s at its end: %(base)s")
                % {"call": call, "base": base}
            )


def _path(path: str) -> str:
    path = path.rstrip("/")
    if not PATH.fullmatch(path) or any(part in {".", ".."} for part in path.split("/")):
        raise BadUrl(_("The path may hold letters, digits and . _ ~ - between single slashes."))
    return path
