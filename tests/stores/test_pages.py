"""Parts of the lists of a store: after a number, before one, and how many there are in all."""

from __future__ import annotations

from smtpmock.queries.query import Mark, Query, SessionQuery
from tests.stores.records import STARTED, numbers, records, said


def test_messages_are_read_page_by_page_in_both_directions(stored):
    store = stored()
    for number in range(6):
        store.mail(recipients=(f"{number % 2}@example.com",), raw=f"Subject: part {number % 3}\r\n\r\n".encode())
    store.sessions()  # then the keys of what is there are in the index of a file
    for number in (6, 7):
        store.mail(recipients=(f"{number % 2}@example.com",), raw=f"Subject: part {number % 3}\r\n\r\n".encode())
    refused = store.mail(store.session(), accepted=False)
    store.erase([store.select()[2].record.id])
    everything = {entry.number: entry for entry in store.select()}

    def page(after, limit, before=None, **words):
        found, total = store.page(Query(words), after, limit, before)
        assert found == [everything[entry.number] for entry in found]
        return numbers(found), total

    for before, expected in ((10**18, [6, 7, 8]), (8, [5, 6, 7]), (5, [1, 2, 4]), (4, [1, 2]), (1, []), (0, [])):
        assert page(0, 3, before) == (expected, 7)
    assert page(4, 9, 7) == ([5, 6], 7)
    assert page(0, 0, 7) == ([], 7)
    assert page(0, 2, 10**18, accepted=None) == ([8, 9], 8)
    assert page(0, 2, 10**18, accepted=False) == ([9], 1)

    assert page(0, 2, 10**18, recipient="1@example.com") == ([6, 8], 4)
    assert page(0, 3, 8, recipient="1@example.com") == ([2, 4, 6], 4)
    assert page(0, 2, 10**18, recipient="0@example.com") == ([5, 7], 3)
    assert page(0, 2, 10**18, subject="part 1") == ([5, 8], 3)
    assert page(0, 2, 8, subject="part 1") == ([2, 5], 3)
    assert page(0, 1, 10**18, subject=lambda subject: subject.endswith("0")) == ([7], 3)
    assert page(0, 1, 10**18, since=Mark(6, 0)) == ([8], 2)
    ids = [everything[number].record.id for number in (1, 4, 9)]
    assert page(0, 1, 10**18, id=ids, accepted=None) == ([9], 3)
    assert page(0, 1, 9, id=ids, accepted=None) == ([4], 3)
    assert everything[9].record == refused


def test_pages_tell_how_many_match(stored):
    store = stored()
    origin = store.session()
    for number in range(6):
        store.mail(origin, recipients=(f"{number % 2}@example.com",), accepted=number != 5)

    found, total = store.page(Query({"recipient": "0@example.com"}), 1, 1)
    assert (numbers(found), total) == ([3], 3)
    found, total = store.page(Query({}), 4, 9)
    assert (numbers(found), total) == ([5], 5)
    found, total = store.page(Query({}, accepted=None), 0, 2)
    assert (numbers(found), total) == ([1, 2], 6)
    found, total = store.page(Query({"accepted": False}), 0, 2)
    assert (numbers(found), total) == ([6], 1)


def test_what_is_asked_for_can_begin_after_a_number_and_be_limited(stored):
    store = stored()
    origin = store.session()
    for _ in range(5):
        store.mail(origin)

    assert numbers(store.select(after=2)) == [3, 4, 5]
    assert numbers(store.select(after=2, limit=1)) == [3]
    assert numbers(store.select(Query({"sender": "a@example.com"}), after=3)) == [4, 5]
    assert numbers(store.select(Query({"since": store.mark()}))) == []


def test_sessions_are_read_page_by_page_in_both_directions(stored):
    store = stored()
    origins = [store.session(f"192.0.2.{1 + number % 2}") for number in range(7)]
    mails = {origin.session_number: [store.mail(origin), store.mail(origin)] for origin in origins[2:4]}
    store.append(origins[4].session_id, said(1, "EHLO", "EHLO client.example")._replace(argument="client.example"))
    for origin in origins[:3]:
        store.end(origin.session_id, STARTED + 1)
    everything = {session.number: session for session in store.sessions()}
    assert {number: records(session.entries) for number, session in everything.items() if session.entries} == mails

    def page(after, limit, before=None, **words):
        found, total = store.session_page(SessionQuery(words), after, limit, before)
        assert found == [everything[session.number] for session in found]
        return [session.number for session in found], total

    assert page(0, 3) == ([1, 2, 3], 7)
    assert page(3, 3) == ([4, 5, 6], 7)
    assert page(6, 3) == ([7], 7)
    assert page(7, 3) == ([], 7)
    assert page(0, 3, 10**18) == ([5, 6, 7], 7)
    assert page(0, 3, 5) == ([2, 3, 4], 7)
    assert page(0, 3, 2) == ([1], 7)
    assert page(0, 3, 1) == ([], 7)
    assert page(2, 9, 5) == ([3, 4], 7)
    assert page(0, 0) == page(0, 0, 9) == ([], 7)

    assert page(0, 2, client="192.0.2.1") == ([1, 3], 4)
    assert page(3, 2, client="192.0.2.1") == ([5, 7], 4)
    assert page(0, 2, 10**18, client="192.0.2.1") == ([5, 7], 4)
    assert page(0, 2, 5, client="192.0.2.1") == ([1, 3], 4)
    assert page(0, 2, 1, client="192.0.2.1") == ([], 4)
    assert page(0, 9, helo_name="client.example") == ([5], 1)
    assert page(0, 2, since=Mark(0, 4)) == ([5, 6], 3)
    assert page(5, 2, since=Mark(0, 4), client="192.0.2.1") == ([7], 2)
    assert page(0, 1, 10**18, since=Mark(0, 5)) == ([7], 2)
    ids = [origin.session_id for origin in origins[1:4]]
    assert page(2, 1, id=ids) == ([3], 3)
    assert page(0, 1, 4, id=ids, since=Mark(0, 2)) == ([3], 2)

    store.purge()
    everything = {session.number: session for session in store.sessions()}
    assert page(0, 2) == ([4, 5], 4)
