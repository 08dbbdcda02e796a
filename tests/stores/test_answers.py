"""Greenlets that wait for the answers of a store, with one timer for all."""

import gevent
import pytest

from smtpmock.runtime.hub import get_hub
from smtpmock.stores.answers import Answers, Awaited


class Patient(Awaited):
    @property
    def can_expire(self):
        return False


@pytest.fixture
def answers():
    made = Answers()
    yield made
    get_hub().call(made.close)


@pytest.fixture
def wait(answers):
    """Returns a greenlet of the hub that waits for an answer."""
    return lambda awaited, seconds=30.0: get_hub().call(gevent.spawn, answers.wait, awaited, seconds)


def result(greenlet):
    return get_hub().call(greenlet.get, True, 30)


def told(greenlet):
    """Return the error that a greenlet has met."""
    get_hub().call(greenlet.join, 30)
    return greenlet.exception


def test_each_has_its_answer(answers, wait):
    several = [Awaited() for _ in range(3)]
    waiting = [wait(awaited) for awaited in several]
    get_hub().call(answers.give, several, ["a", "b", "c"])
    assert [result(greenlet) for greenlet in waiting] == ["a", "b", "c"]


def test_an_answer_or_an_error_that_comes_before_somebody_waits_is_kept(answers, wait):
    answered, failed = Awaited(), Awaited()

    def before():
        answers.give([answered], ["early"])
        answers.fail([failed], ValueError("early"))
        gevent.sleep(0.01)

    get_hub().call(before)
    assert result(wait(answered)) == "early"
    assert str(told(wait(failed))) == "early"


def test_an_error_is_raised_where_somebody_waits(answers, wait):
    several = [Awaited(), Awaited()]
    waiting = [wait(awaited) for awaited in several]
    get_hub().call(answers.fail, several, ValueError("no"))
    assert [str(told(greenlet)) for greenlet in waiting] == ["no", "no"]


def test_each_time_ends_whatever_the_order(answers, wait):
    late = Awaited()
    waiting = wait(late)
    assert isinstance(told(wait(Awaited(), 0.05)), TimeoutError)
    assert isinstance(told(wait(Awaited(), 0)), TimeoutError)
    assert [type(told(greenlet)) for greenlet in (wait(Awaited(), 0.1), wait(Awaited(), 0.05))] == [TimeoutError] * 2
    get_hub().call(answers.give, [late], ["late"])
    assert result(waiting) == "late"


def test_what_cannot_expire_is_waited_for(answers, wait):
    patient = Patient()
    waiting = wait(patient, 0.01)
    assert isinstance(told(wait(Awaited(), 0.05)), TimeoutError)
    assert not waiting.ready()
    get_hub().call(answers.give, [patient], ["at last"])
    assert result(waiting) == "at last"


def test_who_was_told_that_it_failed_hears_no_more(answers, wait):
    awaited = Awaited()
    assert isinstance(told(wait(awaited, 0.01)), TimeoutError)
    awaited.is_given_up = True
    get_hub().call(answers.give, [awaited], ["too late"])
    get_hub().call(gevent.sleep, 0.01)
    assert awaited.outcome is None
