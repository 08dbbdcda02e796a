"""The promises of every store to sessions, which write, and to readers."""

from __future__ import annotations

from smtpmock.queries.query import Mark, Query, SessionQuery
from smtpmock.queries.terms import AllOf
from smtpmock.records.session import Attempt, Erasure, Negotiated, Observation
from tests.stores.records import STARTED, mail, numbers, records, said


def actions(store):
    store.settle()
    return [(change.topic, change.action, change.ids) for change in store.told]


# Messages.


def test_what_was_stored_is_what_is_read(stored):
    store = stored()
    negotiated = Negotiated(frozenset(("SIZE", "AUTH")), user="bob", attempts=(Attempt("PLAIN", "bob", True),))
    record = mail(store.session(), b"Subject: \xff\x00\r\n\r\n.\r\n", sender="\\xff@example.com")._replace(
        negotiated=negotiated, undotted=b"\xfe."
    )

    entry = store.add(record)

    [found] = store.select()
    assert found == entry == (1, record, False, ())
    assert found.record.content.raw == b"Subject: \xff\x00\r\n\r\n.\r\n"
    assert type(found.record.mailfrom) is type(record.mailfrom)
    assert found.record.negotiated.extensions == frozenset(("SIZE", "AUTH"))


def test_numbers_grow_and_are_not_used_again_after_a_purge(stored):
    store = stored()
    origin = store.session()
    store.mail(origin)
    store.mail(origin)
    assert numbers(store.select()) == [1, 2]

    store.purge()
    store.mail(origin)

    assert numbers(store.select()) == [3]
    assert store.session().session_number == 2
    assert store.mark() == (3, 2)


def test_a_write_that_is_tried_again_is_the_same_write(stored):
    store = stored()
    record = store.mail()

    assert store.add(record).number == 1

    assert records(store.select()) == [record]
    assert len(store) == 1
    assert store.page(Query({}), 0, 5)[1] == 1


def test_an_amended_record_keeps_its_number_its_flag_and_its_tags(stored):
    store = stored()
    record = store.mail()
    store.update((record.id,), is_read=True, tags=("urgent",))
    amended = record._replace(quit_sent=True)

    store.amend(amended)

    assert store.select() == [(1, amended, True, ("urgent",))]


def test_an_attempt_that_is_accepted_later_is_found_by_its_outcome(stored):
    store = stored()
    refused = mail(store.session(), accepted=False)
    store.add(refused)
    accepted = refused._replace(end_of_data=said(9, "message", ""), recipients=("c@example.com",))
    store.amend(accepted)

    assert records(store.select(Query({}))) == [accepted]
    assert records(store.select(Query({"recipient": "c@example.com"}))) == [accepted]
    assert store.select(Query({"recipient": "b@example.com"}, accepted=None)) == []
    assert store.page(Query({}), 0, 5)[1] == 1
    assert ("message", "accepted", (refused.id,)) in actions(store)


def test_erased_records_are_gone(stored):
    store = stored()
    record = store.mail()

    assert store.erase((record.id, "unknown")) == 1

    assert store.erase((record.id,)) == 0
    assert store.select() == []
    assert actions(store)[-1] == ("purge", "erased", (record.id,))


def test_messages_are_marked_and_tagged(stored):
    store = stored()
    first, second = store.mail(), store.mail()

    assert store.update((first.id, second.id, "unknown"), is_read=True) == 2
    assert store.update((second.id,), tags=("a", "b")) == 1
    assert store.update((second.id,), is_read=False) == 1

    assert [(entry.is_read, entry.tags) for entry in store.select()] == [(True, ()), (False, ("a", "b"))]
    assert numbers(store.select(Query({"search": "tag:b is:unread"}))) == [2]


def test_the_tally_is_that_of_accepted_records(stored):
    store = stored()
    assert store.tally() == (0, 0, ())
    ids = [store.mail().id for _ in range(4)]
    refused = store.mail(store.session(), accepted=False).id
    assert store.tally() == (4, 4, ())
    store.update([*ids[:2], refused], is_read=True)
    store.update(ids[1:3], tags=("b", 'a"'))
    store.update([refused], tags=("c",))
    assert store.tally() == (4, 2, ('a"', "b"))
    store.update(ids[:1], is_read=False)
    store.erase(ids[2:3])
    assert store.tally() == (3, 2, ('a"', "b"))
    store.update(ids, tags=())
    assert store.tally() == (3, 2, ())


# Purges.


def test_a_purge_returns_what_it_took_and_leaves_open_sessions(stored):
    store = stored()
    over, goes_on = store.session(), store.session()
    first, second = store.mail(over), store.mail(goes_on)
    store.end(over.session_id, STARTED + 1)

    assert records(store.purge()) == [first, second]

    assert len(store) == 0
    assert [session.record.id for session in store.sessions()] == [goes_on.session_id]
    assert store.sessions()[0].entries == ()
    assert actions(store)[-1] == ("purge", "all", (first.id, second.id))


def test_a_purge_takes_what_a_query_selects(stored):
    store = stored()
    origin = store.session()
    kept, taken = store.mail(origin), store.mail(origin, recipients=("x@example.com",))

    assert records(store.purge(Query({"recipient": "x@example.com"}, accepted=None))) == [taken]

    assert records(store.select()) == [kept]
    [session] = store.sessions()
    assert records(session.entries) == [kept]
    assert actions(store)[-1] == ("purge", "purged", (taken.id,))


def test_what_was_purged_never_comes_back(stored):
    store = stored()
    origin = store.session()
    record = store.mail(origin)
    store.purge()

    store.amend(record._replace(quit_sent=True))
    assert store.add(record) is None

    assert store.select() == []
    later = store.mail(origin)
    assert records(store.select()) == [later]


# Bounds.


def test_the_oldest_go_first_and_their_number_is_known(stored):
    store = stored(max_messages=2)
    origin = store.session()
    sent = [store.mail(origin) for _ in range(5)]

    assert records(store.select()) == sent[3:]
    assert (len(store), store.dropped) == (2, 3)
    assert actions(store)[-1] == ("message", "added", (sent[-1].id,))
    assert ("purge", "dropped", (sent[2].id,)) in actions(store)
    store.amend(sent[0])
    assert records(store.select()) == sent[3:]


def test_bytes_are_bounded_but_for_the_newest_message(stored):
    store = stored(max_bytes=100)
    origin = store.session()
    small = [store.mail(origin, b"x" * 40) for _ in range(3)]
    assert records(store.select()) == small[1:]

    large = store.mail(origin, b"x" * 1_000)

    assert records(store.select()) == [large]
    assert store.dropped == 3


def test_what_is_too_old_is_dropped(stored):
    store = stored(max_age=60)
    old, young = store.session(), store.session()
    store.mail(old, now=STARTED)
    kept = store.mail(young, now=STARTED + 50)
    store.end(old.session_id, STARTED + 1)

    store.expire(STARTED + 61.5)

    assert records(store.select()) == [kept]
    assert [session.record.id for session in store.sessions()] == [young.session_id]
    assert store.dropped == 1
    store.expire(STARTED + 200)
    assert store.select() == []
    assert [session.record.id for session in store.sessions()] == [young.session_id]  # it is open


def test_ended_sessions_and_exchanges_are_bounded(stored):
    store = stored(max_messages=2)
    for number in range(4):
        origin = store.session()
        for place in range(1, 8):
            store.append(origin.session_id, said(place, "NOOP", f"NOOP {number}"))
        store.end(origin.session_id, STARTED + number)

    assert [session.record.origin.session_number for session in store.sessions()] == [3, 4]

    origin = store.session()
    for place in range(1, 100):
        store.append(origin.session_id, said(place, "NOOP", "NOOP"))
        if place % 30 == 0:
            store.sessions()  # what was said so far is written
    store.end(origin.session_id, STARTED + 9)

    session = store.sessions()[-1].record
    assert len(session.exchanges) + session.forgotten == 99
    assert len(session.exchanges) <= 20
    assert session.exchanges[-1].number == 99


# Sessions.


def test_a_session_is_there_from_its_beginning_and_grows(stored):
    store = stored()
    origin = store.session("192.0.2.7")
    assert (origin.session_number, origin.client, store.open_sessions) == (1, "192.0.2.7", 1)
    [session] = store.sessions()
    assert session.record.origin == origin
    assert (session.record.ended, session.record.exchanges, session.entries) == (None, (), ())

    greeting, ehlo = said(1, "connect", ""), said(2, "EHLO", "EHLO \\xff")._replace(octets=b"EHLO \xff")
    store.append(origin.session_id, greeting)
    store.append(origin.session_id, ehlo)
    store.append(origin.session_id, Negotiated(frozenset(("SIZE",))))
    store.append(origin.session_id, Negotiated(frozenset(("SIZE",)), user="bob"))
    store.append(origin.session_id, Observation("bare-lf-command", 2))
    store.append(origin.session_id, Observation("bare-lf-command", 3))
    record = store.mail(origin)

    [session] = store.sessions()
    assert session.record.exchanges == (greeting, ehlo)
    assert session.record.negotiated == Negotiated(frozenset(("SIZE",)), user="bob")
    assert session.record.observations == (Observation("bare-lf-command", 2),)
    assert records(session.entries) == [record]

    store.end(origin.session_id, STARTED + 3)
    assert store.sessions()[0].record.ended == STARTED + 3
    assert store.open_sessions == 0


def test_a_session_does_not_end_before_it_began(stored):
    store = stored()
    origin = store.session()
    store.end(origin.session_id, STARTED - 100)
    assert store.sessions()[0].record.ended == STARTED


def test_the_last_erasures_of_a_session_are_remembered(stored):
    store = stored()
    origin = store.session()
    erasures = [Erasure("RSET", (f"{number}@example.com",), 1) for number in range(12)]
    for erasure in erasures:
        store.append(origin.session_id, erasure)

    assert list(store.sessions()[0].record.erasures) == erasures[2:]


def test_sessions_are_found_by_their_client_and_their_moment(stored):
    store = stored()
    store.session("192.0.2.1")
    mark = store.mark()
    store.session("192.0.2.2")
    store.session("192.0.2.1")

    def asked(**words):
        return [session.record.origin.session_number for session in store.sessions(SessionQuery(words))]

    assert asked(client="192.0.2.1") == [1, 3]
    assert asked(client="192.0.2.1", since=mark) == [3]
    assert asked(helo_name="nobody") == []


def test_sessions_are_found_by_their_ids(stored):
    store = stored()
    origins = [store.session() for _ in range(4)]
    ids = [origin.session_id for origin in origins]
    kept = store.mail(origins[2])

    def asked(**words):
        return [session.number for session in store.sessions(SessionQuery(words))]

    assert asked(id=ids[1]) == [2]
    assert asked(id=[ids[3], ids[0], "x", ""]) == [1, 4]
    assert asked(id=ids, since=Mark(0, 2)) == [3, 4]
    assert asked(id=AllOf((ids[:2], ids[1:3]))) == [2]
    assert asked(id=ids, client="192.0.2.9") == []
    for unknown in ("", "x", "1", f"{ids[0]}9", f"x{ids[0]}", "x-1", f"{ids[0]}\0", f"x-{10**30}", "-²", []):
        assert asked(id=unknown) == []
        assert store.session_page(SessionQuery({"id": unknown}), 0, 9) == ([], 0)
    assert [records(session.entries) for session in store.sessions(SessionQuery({"id": ids[2]}))] == [[kept]]


def test_the_ids_of_ended_sessions_are_known(stored):
    store = stored()
    origins = [store.session() for _ in range(4)]
    assert store.ended_sessions() == []
    for place in (2, 0):
        store.end(origins[place].session_id, STARTED + 1)
    assert store.ended_sessions() == [origins[0].session_id, origins[2].session_id]
    store.purge()
    assert store.ended_sessions() == []


def test_many_sessions_are_read_with_what_belongs_to_each(stored):
    store = stored()
    origins = [store.begin(f"192.0.2.{number % 5}", 40000, "192.0.2.2", STARTED) for number in range(230)]
    mails = [mail(origin._replace(session_number=number)) for number, origin in enumerate(origins, 1)]
    for origin, record in zip(origins, mails, strict=True):
        store.append(origin.session_id, said(1, "NOOP", f"NOOP {record.id}"))
        store.add(record)

    assert [session.number for session in store.sessions()] == list(range(1, 231))
    for found in (store.sessions(), store.session_page(SessionQuery({}), 0, 230)[0]):
        for record, session in zip(mails, found, strict=True):
            assert [known.record.id for known in session.entries] == [record.id]
            assert session.record.exchanges[0].request == f"NOOP {record.id}"
    found, total = store.session_page(SessionQuery({"client": "192.0.2.3"}), 150, 2)
    assert ([session.number for session in found], total) == ([154, 159], 46)


def test_what_was_changed_before_it_was_read_keeps_its_place(stored):
    store = stored()
    origins = [store.begin("192.0.2.1", 40000, "192.0.2.2", STARTED) for _ in range(3)]
    mails = [mail(origin) for origin in origins]
    for record in mails:
        store.add(record)
    for record in reversed(mails):
        store.amend(record._replace(noop=True))
        store.append(record.origin.session_id, said(10, "NOOP", "NOOP"))
    assert [entry.record.id for entry in store.select()] == [record.id for record in mails]
    assert [entry.record.noop for entry in store.select()] == [True] * 3
    assert [session.record.origin.session_id for session in store.sessions()] == [one.session_id for one in origins]


def test_a_message_without_a_session_is_kept(stored):
    store = stored()
    origin = store.session()._replace(session_id="", session_number=0)
    record = mail(origin)
    store.add(record)
    assert records(store.select()) == [record]
    assert records(store.purge()) == [record]


# Changes.


def test_what_follows_a_message_is_no_change_to_those_who_wait(stored):
    store = stored()
    record = store.mail()
    before = store.changes()

    store.amend(record._replace(quit_sent=True, noop=True, rset=said(10, "RSET", "RSET")))
    store.mail()
    assert store.changes() == before

    store.update((record.id,), is_read=True)
    assert store.changes() > before


def test_all_changes_are_told_in_their_order(stored):
    store = stored()
    origin = store.session()
    record = store.mail(origin)
    store.amend(record._replace(quit_sent=True))
    store.update((record.id,), tags=("a",))
    store.end(origin.session_id, STARTED)
    store.purge()

    session_ids, ids = (origin.session_id,), (record.id,)
    assert actions(store) == [
        ("session", "began", session_ids),
        ("message", "added", ids),
        ("message", "amended", ids),
        ("message", "updated", ids),
        ("session", "ended", session_ids),
        ("purge", "all", ids),
    ]
    store.settle()
    added = store.told[1]
    assert (added.number, added.is_accepted) == (1, True)
