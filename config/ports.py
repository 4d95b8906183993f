"""One server to a port, and a clear word when it is taken."""

import os
import socket
from errno import EACCES, EADDRINUSE

HIGHEST = 65_535


class PortRefused(Exception):
    """The address cannot be served on; the message says what to do."""


def require_port(host: str, port: int) -> None:
    """Raise `PortRefused` unless a server can begin to listen there.

    The server's own sockets share their port (SO_REUSEPORT), so that a second installation would
    start without an error and take half of the first one's requests.
    """
    if not 1 <= port <= HIGHEST:
        raise PortRefused(f"Port {port} does not exist; choose one from 1 to {HIGHEST}.")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise PortRefused(f"{host!r} is no address of this machine; try 127.0.0.1.") from error
    for family, kind, protocol, _, address in found:
        _try_to_bind(socket.socket(family, kind, protocol), address, host, port)


def free_port(host: str, preferred: int) -> int:
    """Return the preferred port where it can be had, else one that the system chose."""
    try:
        require_port(host, preferred)
    except PortRefused:
        with socket.socket() as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    return preferred


def _try_to_bind(probe: socket.socket, address: tuple, host: str, port: int) -> None:
    with probe:
        if os.name == "nt":  # where SO_REUSEADDR would take the port away from its holder
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # type: ignore[attr-defined,unused-ignore]
        else:  # connections that ended a moment ago do not hold a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise PortRefused(_reason(error, host, port)) from error


def _reason(error: OSError, host: str, port: int) -> str:
    if error.errno == EADDRINUSE:
        return (
            f"Port {port} on {host} is taken by another program. Stop that one, or choose another "
            "port: --port NUMBER."
        )
    if error.errno == EACCES:
        return f"Port {port} is for privileged programs; choose one from 1024: --port NUMBER."
    return f"{host}:{port} cannot be served on ({error.strerror}); try --host 127.0.0.1."
