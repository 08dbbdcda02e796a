"""The mailboxes that were in use in this process, whoever created them: known by weak references, and not too many."""

from __future__ import annotations

from collections import deque
from itertools import count
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakValueDictionary

if TYPE_CHECKING:
    from smtpmock.mailbox.mailbox import Mailbox
    from smtpmock.queries.query import Mark

MOST_KNOWN = 1_000
"""The most mailboxes to know; beyond that, those that are not running are forgotten, the oldest first."""

MOST_HELD = 20
"""The most mailboxes that one holder keeps: the last ones."""

_moments = count(1)
_used: WeakKeyDictionary[Mailbox, int] = WeakKeyDictionary()
"""The moment at which each mailbox was started last, in this order."""

_first_marks: WeakKeyDictionary[Mailbox, Mark] = WeakKeyDictionary()
"""The marks at which mailboxes began to be used whose servers others may have used before."""

_holders: WeakValueDictionary[int, deque[Mailbox]] = WeakValueDictionary()
"""The holders of mailboxes that nobody else holds any more, by the moment at which each was made."""


def moment() -> int:
    """Return the present moment, for `used_since`."""
    return next(_moments)


def note_used(mailbox: Mailbox, mark: Mark | None = None) -> None:
    """Note that a mailbox begins to be used: its server was started, or it was connected to one.

    Args:
        mailbox: The mailbox.
        mark: The mark for this moment, if its server may have been used before by others.
    """
    _used.pop(mailbox, None)
    _used[mailbox] = moment()
    if mark is not None:
        _first_marks[mailbox] = mark
    for held in list(_holders.values()):
        held.append(mailbox)
    surplus = len(_used) - MOST_KNOWN
    if surplus > 0:
        idle = [known for known in known_mailboxes() if not known.is_running and known is not mailbox]
        for forgotten in idle[:surplus]:
            _used.pop(forgotten, None)


def forget(mailbox: Mailbox) -> None:
    """Forget a mailbox that something else reports about."""
    _used.pop(mailbox, None)
    for held in list(_holders.values()):
        if mailbox in held:
            held.remove(mailbox)


def is_known(mailbox: Mailbox) -> bool:
    """Return True for a mailbox that is, or was, in use."""
    return mailbox in _used


def first_mark(mailbox: Mailbox) -> Mark | None:
    """Return the mark for the moment at which a mailbox began to be used, if its server may have been used before."""
    return _first_marks.get(mailbox)


def known_mailboxes() -> list[Mailbox]:
    """Return the mailboxes that were used and still exist, in the order in which they began."""
    return [mailbox for reference in _used.keyrefs() if (mailbox := reference()) is not None]


def used_since(since: int) -> list[Mailbox]:
    """Return the mailboxes that began to be used after a moment, in this order."""
    return [mailbox for mailbox in known_mailboxes() if _used.get(mailbox, 0) > since]


def hold() -> deque[Mailbox]:
    """Return what keeps the mailboxes that begin to be used from now on, as long as it lives itself."""
    held: deque[Mailbox] = deque(maxlen=MOST_HELD)
    _holders[moment()] = held
    return held


def is_held() -> bool:
    """Return True while somebody keeps the mailboxes that begin to be used, to report about them."""
    return bool(_holders)
