"""Certificates for tests: an authority and what it issues, made once per process (extra ``smtpmock[tls]``)."""

from __future__ import annotations

import atexit
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from smtpmock.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trustme import CA, LeafCert

_WRONG_HOST = "wrong.host.invalid"


class Certificates:
    """An authority and its certificates, as files in a folder of their own.

    Attributes:
        ca: The path of the authority's certificate (PEM).
    """

    def __init__(self) -> None:
        try:
            from trustme import CA
        except ImportError as error:
            raise SettingError(
                'TLS without certfile requires trustme, which is not installed: pip install "smtpmock[tls]"'
            ) from error
        from tempfile import mkdtemp

        self._folder = Path(mkdtemp(prefix="smtpmock-"))
        atexit.register(self._remove)
        self._authority = CA(organization_name="smtpmock")
        self._stranger = CA(organization_name="smtpmock, unknown")
        self.ca = self._folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca))
        self._issued: dict[tuple[str, ...], Path] = {}

    def server(self, host: str, fault: str, names: Iterable[str] = ()) -> Path:
        """Return the path of a server's certificate chain and key (PEM).

        Args:
            host: The name or address that it is for; it is valid for the names of this machine, too.
            fault: Its fault, as in the setting `tls_fault`; "" for none.
            names: Further names and addresses that it is for.

        Raises:
            SettingError: If a name cannot stand in a certificate.
        """
        issuer = self._stranger if fault == "unknown-authority" else self._authority
        if fault == "wrong-host":
            return self._issue(issuer, _WRONG_HOST)
        known = dict.fromkeys((host, "localhost", "127.0.0.1", "::1", *names))
        try:
            return self._issue(issuer, *known, expired=fault == "expired", unknown=issuer is self._stranger)
        except ValueError as error:
            raise SettingError(f"Invalid tls_names {list(names)!r}: expected names and addresses ({error})") from None

    def client(self) -> Path:
        """Return the path of a client's certificate chain and key (PEM)."""
        return self._issue(self._authority, "client@smtpmock.invalid")

    def _issue(self, issuer: CA, *names: str, expired: bool = False, unknown: bool = False) -> Path:
        key = (*names, str(expired), str(unknown))
        if key not in self._issued:
            self._issued[key] = self._write(_leaf(issuer, names, expired=expired))
        return self._issued[key]

    def _write(self, leaf: LeafCert) -> Path:
        path = self._folder / f"{len(self._issued)}.pem"
        path.touch(mode=0o600)
        leaf.private_key_and_cert_chain_pem.write_to_path(str(path))
        return path

    def _remove(self) -> None:
        import shutil

        shutil.rmtree(self._folder, ignore_errors=True)


def _leaf(issuer: CA, names: tuple[str, ...], *, expired: bool) -> LeafCert:
    if not expired:
        return issuer.issue_cert(*names)
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    return issuer.issue_cert(*names, not_before=yesterday - timedelta(days=1), not_after=yesterday)


@lru_cache(maxsize=1)
def certificates() -> Certificates:
    """Return the certificates of this process.

    Raises:
        SettingError: If the package that makes them is not installed.
    """
    return Certificates()
