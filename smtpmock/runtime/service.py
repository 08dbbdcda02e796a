"""The interface of what a server runs on the hub: SMTP, and HTTP if it is asked for."""

from __future__ import annotations

from typing import Protocol


class Service(Protocol):
    """A service that listens on a socket; all of it belongs to the hub thread."""

    def close(self, grace: float) -> bool:
        """Stop listening and end all connections: idle ones at once, busy ones within `grace` seconds or by force.

        Returns:
            True if no connection had to be ended by force.
        """

    def abandon(self) -> None:
        """Close the descriptors in a forked child, while the parent goes on using them."""
