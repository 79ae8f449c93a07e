"""Posting to an address that someone else wrote down: never to this machine or its own network, unless that is allowed.

The name is resolved once and the connection goes to the very address that was looked at, so that a name which changes its
mind in between leads nowhere. No redirect is followed.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from qujiang.errors import ScenarioError

TIMEOUT_S = 5.0


def address_faults(url: str, *, allow_private: bool = False) -> str:
    """Why nothing is posted to ``url``; empty where it may be."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "its port is no number from 1 to 65535"
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return "it must be http:// or https://, a host, and no user name"
    try:
        found = _addresses(host, port or (443 if parts.scheme == "https" else 80), allow_private)
    except OSError as error:
        return f"its host is not found: {error}"
    return "" if found else "its host lies in this machine or a private network"


def need_address(url: str, *, allow_private: bool = False) -> None:
    """Refuse an address that nothing may be posted to."""
    fault = address_faults(url, allow_private=allow_private)
    if fault:
        raise ScenarioError(f"nothing is posted to {url[:100]}: {fault}")


def post(url: str, body: bytes, headers: dict[str, str], *, allow_private: bool = False) -> int:
    """Post over HTTP; the status, or 0 when nobody answered or the address may not be asked."""
    parts = urlsplit(url)
    try:
        link = _link(parts.scheme, parts.hostname or "", parts.port, allow_private)
    except ValueError:
        return 0
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        link.request("POST", target, body, headers)
        return link.getresponse().status
    except (OSError, ValueError, http.client.HTTPException):
        return 0
    finally:
        link.close()


def _link(scheme: str, host: str, port: int | None, allow_private: bool) -> http.client.HTTPConnection:
    link: Any
    if scheme == "https":
        link = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=ssl.create_default_context())
    else:
        link = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    link._create_connection = partial(_connect, allow_private)
    return link


def _connect(allow_private: bool, place: tuple[str, int], timeout: float, *_: object) -> socket.socket:
    """As ``socket.create_connection``, but only to an address that may be asked."""
    found = _addresses(*place, allow_private)
    if not found:
        raise OSError("the host lies in this machine or a private network")
    return socket.create_connection(found[0], timeout)


def _addresses(host: str, port: int, allow_private: bool) -> list[tuple[str, int]]:
    """The host's addresses; none when one of them may not be asked."""
    places = [item[4] for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    found = [(str(place[0]), int(place[1])) for place in places]
    return found if allow_private or all(_is_public(place[0]) for place in found) else []


def _is_public(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(known, "ipv4_mapped", None) or getattr(known, "sixtofour", None) or known
    return known.is_global and inner.is_global and not known.is_multicast
