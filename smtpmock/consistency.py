"""The settings that need one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from smtpmock.errors import SettingError
from smtpmock.text import invalid, unknown

if TYPE_CHECKING:
    from smtpmock.settings.declarations import Settings


def check_together(settings: Settings) -> None:
    """Refuse settings that could have no effect, except that no mail is accepted.

    Raises:
        SettingError: If one needs another.
    """
    if settings.require_auth and settings.auth is None:
        raise SettingError(invalid("require_auth", True, "auth as well, or nobody can log in"))
    if settings.require_tls and not settings.tls:
        raise SettingError(invalid("require_tls", True, "tls as well, or no client can begin TLS"))
    if settings.tls_names and (settings.certfile or not (settings.tls or settings.http_tls)):
        raise SettingError(
            invalid("tls_names", settings.tls_names, "tls as well and no certfile, or no certificate is made")
        )
    if settings.http_port is None:
        for name in ("http_host", "http_auth", "http_tls", "http_hosts", "http_cors_origins", "public_smtp"):
            if getattr(settings, name):
                raise SettingError(f"Invalid {name}: expected http_port as well, or there is no HTTP")
    if settings.http_cors_origins:
        from smtpmock.http.origins import parse_origin

        for origin in settings.http_cors_origins:
            if parse_origin(origin) is None:
                raise SettingError(invalid("http_cors_origins", origin, "origins, such as http://localhost:3000"))
    if settings.ignore_violations:
        from smtpmock.conformance.catalogue import STANDARDS

        for code in settings.ignore_violations:
            if code not in STANDARDS:
                raise SettingError(f"Invalid ignore_violations: {unknown('violation', code, STANDARDS)}")
