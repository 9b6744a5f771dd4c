"""Which addresses may be fetched: the web's, and not those of this machine or of a private network.

A server that fetches whatever address a visitor gives could be made to ask machines that only it can
reach ("server-side request forgery", OWASP). So a name is looked up, every address it has must be a
public one, and the connection is made to those addresses and no others (`transport`), again for every
redirect. Asking belongs to `transport`.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from embedcore import settings as settings_module
from embedcore.downloads.files import RemoteFile
from embedcore.errors import DownloadProblem
from embedcore.settings import Settings
from embedcore.storage import printable

_MAX_URL_CHARACTERS = 4000
_MAX_NAME_CHARACTERS, _MAX_NAME_BYTES = 120, 200  # of a file; file systems end at 255 bytes
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last four bytes
# RFC 6890 and RFC 8215; the standard library of Python 3.11 takes most of them for public
_SPECIAL = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "64:ff9b:1::/48")]

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class UnknownHost(DownloadProblem):
    """A host that has no address, or that could not be looked up just now."""


def from_url(url: str, name: str | None = None) -> RemoteFile:
    """The file at an address, called `name` or as the address ends. Raises DownloadProblem."""
    parts = _split(url.strip())
    ending = name or PurePosixPath(unquote(parts.path)).name or parts.hostname or ""
    safe = re.sub(r"[^\w.+ -]+", "_", ending).strip(" .")[-_MAX_NAME_CHARACTERS:]  # what is cut keeps its ending
    while len(safe.encode()) > _MAX_NAME_BYTES:
        safe = safe[1:]
    return RemoteFile(safe.lstrip(" .") or "file", (url.strip(),))


def check_url(url: str, settings: Settings | None = None) -> None:
    """Refuse an address that is no file on the web.

    http and https only, no user name or password in it; unless `settings.private_urls`, no address of
    this machine, of a private network, link-local or reserved, also behind a name. Where the
    environment names a proxy (HTTP_PROXY and the like), that looks names up; one that is unknown here
    is then left to it. Raises DownloadProblem; UnknownHost where a name has no address.
    """
    settings = settings or settings_module.load()
    parts = _split(url)
    if settings.private_urls:
        return
    try:
        public_addresses(parts.hostname or "", parts.port or _PORTS[parts.scheme])
    except UnknownHost:
        if not uses_proxy(url):
            raise


def without_secrets(url: str) -> str:
    """An address as everybody may see it: without what may be a password or a key."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def uses_proxy(url: str) -> bool:
    """Whether the environment names a proxy for this address."""
    parts = urlsplit(url)
    proxies = getproxies()
    return bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.hostname or "")


def _split(url: str) -> SplitResult:
    """The parts of an address that has the form of one that can be fetched."""
    shown = printable(url, 100)
    if len(url) > _MAX_URL_CHARACTERS:
        raise DownloadProblem(f"An address can have at most {_MAX_URL_CHARACTERS:,} characters; this has {len(url):,}.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise DownloadProblem(f"“{shown}” is not an address of the web.") from None
    if parts.scheme.lower() not in _PORTS:
        raise DownloadProblem(f"Only addresses that begin with http:// or https:// can be fetched; “{shown}” does not.")
    if parts.username is not None or parts.password is not None:
        raise DownloadProblem("An address with a user name or a password in it cannot be fetched from here.")
    if not host or port == 0 or re.search(r"[\s\\\x00-\x1f\x7f]", url):
        raise DownloadProblem(f"“{shown}” is not an address of the web.")
    return parts


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses of a host, if all of them are public. Raises DownloadProblem, UnknownHost."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnknownHost(f"There is no host “{printable(host)}”, or it could not be looked up.") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(is_public(address) for address in addresses):
        raise DownloadProblem(
            f"“{printable(host)}” is this machine or a private network, from which nothing is fetched here."
        )
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet (IANA's special-purpose registries)."""
    ip: IPAddress = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or any(ip in network for network in _SPECIAL))
