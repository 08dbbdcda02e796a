"""Every error of smtpmock can be caught as one of its own, and as the standard one that it is."""

from __future__ import annotations

import pickle

import pytest

import smtpmock
from smtpmock import Expectation, MessageTimeoutError, QueryError, Row, SMTPMock, SMTPMockError, SurvivalMatrix, errors
from smtpmock.text import invalid, unknown

STANDARD = {
    errors.SettingError: (ValueError,),
    errors.QueryError: (ValueError,),
    errors.RuleError: (ValueError,),
    smtpmock.ContentError: (AssertionError, LookupError),
    errors.ServerStateError: (RuntimeError,),
    errors.StartError: (OSError,),
    errors.StoreError: (OSError,),
    errors.ExpectationError: (AssertionError,),
    errors.MessageTimeoutError: (errors.ExpectationError, TimeoutError),
}


@pytest.mark.parametrize(("error", "standard"), STANDARD.items())
def test_an_error_is_one_of_smtpmock_and_a_standard_one(error: type[Exception], standard: tuple[type, ...]) -> None:
    assert issubclass(error, SMTPMockError)
    for kind in standard:
        assert issubclass(error, kind)
        with pytest.raises(kind, match=r"^why$"):
            raise error("why")


def test_the_base_is_no_standard_error_but_an_exception() -> None:
    assert SMTPMockError.__bases__ == (Exception,)


def test_every_public_error_is_listed_here() -> None:
    public = [getattr(smtpmock, name) for name in smtpmock.__all__ if name.endswith("Error")]

    assert set(public) == {SMTPMockError, *STANDARD, smtpmock.BrokenMatrixError}


def test_a_wait_that_ended_carries_what_had_arrived() -> None:
    messages: list[object] = [object(), object()]
    error = MessageTimeoutError("timeout waiting for 3 messages, got 2", iter(messages))  # type: ignore[arg-type]

    assert str(error) == "timeout waiting for 3 messages, got 2"
    assert error.messages == tuple(messages)
    assert MessageTimeoutError("nothing").messages == ()


@pytest.mark.parametrize("error", STANDARD)
def test_an_error_goes_through_pickle(error: type[Exception]) -> None:
    """Test runners send it from one process to another."""
    copy = pickle.loads(pickle.dumps(error("why")))

    assert (type(copy), str(copy)) == (error, "why")


def test_the_error_of_a_matrix_goes_through_pickle_with_it() -> None:
    row = Row("reset", "lost", 1, 1, 0, 0, 1, False, False, "", "", "connect then=reset", {"port": 25}, 0.1)
    matrix = SurvivalMatrix([row], 1, [Expectation("lost", 0)])
    copy = pickle.loads(pickle.dumps(smtpmock.BrokenMatrixError("why", matrix)))

    assert issubclass(smtpmock.BrokenMatrixError, errors.ExpectationError)
    assert (type(copy), str(copy)) == (smtpmock.BrokenMatrixError, "why")
    assert (copy.matrix.rows, copy.matrix.expectations) == (matrix.rows, matrix.expectations)


def test_the_texts_of_a_server_in_the_wrong_state() -> None:
    mock = SMTPMock()
    with pytest.raises(errors.ServerStateError) as raised:
        mock.stop()
    assert str(raised.value) == "Unable to stop SMTP mock server. Server must be active"

    with mock, pytest.raises(errors.ServerStateError) as raised:
        mock.start()
    assert str(raised.value) == "Unable to start SMTP mock server. Server must be inactive"


def test_a_port_that_is_taken_is_named() -> None:
    with SMTPMock() as mock:
        other = SMTPMock(port=mock.port)
        with pytest.raises(errors.StartError) as raised:
            other.start()
        assert str(raised.value).startswith(f"Failed to start SMTP mock server on port: {mock.port}")
        assert not other.is_running


# Values that make no sense.


@pytest.mark.parametrize("timeout", ["5", float("nan")])
def test_a_wait_lasts_a_number_of_seconds(timeout):
    with SMTPMock() as mock:
        with pytest.raises(QueryError, match=rf"^Invalid within {timeout!r}: expected a number of seconds, 0 or more$"):
            mock.assert_no_message(within=timeout)
        for wait in (mock.wait_for_messages, mock.wait_for_message, mock.wait_for_session):
            with pytest.raises(QueryError, match=rf"^Invalid timeout {timeout!r}: expected a number of seconds$"):
                wait(timeout=timeout)


def test_nothing_is_not_waited_for_within_less_than_no_time():
    refused = pytest.raises(QueryError, match=r"^Invalid within -1: expected a number of seconds, 0 or more$")
    with SMTPMock() as mock, refused:
        mock.assert_no_message(within=-1)


@pytest.mark.parametrize("count", ["1", -1, 1.5, True])
def test_a_wait_is_for_a_whole_number_of_messages(count):
    refused = pytest.raises(QueryError, match=rf"^Invalid count {count!r}: expected an integer of at least 0$")
    with SMTPMock() as mock, refused:
        mock.wait_for_messages(count, 0)
    with SMTPMock() as mock, refused:
        mock.assert_message_count(count)


def test_an_attribute_that_does_not_exist_cannot_be_set_on_a_server() -> None:
    mock = SMTPMock()
    with pytest.raises(AttributeError, match=r"^Settings cannot be changed later: use SMTPMock\(timeout=3\)$"):
        mock.timeout = 3  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"^Unknown attribute of SMTPMock 'sesions': did you mean 'sessions'\?$"):
        mock.sesions = 3  # type: ignore[attr-defined]
    assert not hasattr(mock, "timeout")
    assert mock.settings.timeout == SMTPMock().settings.timeout


def test_an_attribute_that_can_only_be_read_stays_so() -> None:
    mock = SMTPMock()
    for name in ("url", "dropped", "is_running", "clock", "rules"):
        with pytest.raises(AttributeError):
            setattr(mock, name, 3)
    with pytest.raises(AttributeError, match=r"^Settings cannot be changed later: use SMTPMock\(port=2525\)$"):
        mock.port = 2525  # type: ignore[misc]


def test_a_subclass_may_have_attributes_of_its_own() -> None:
    class Mock(SMTPMock):
        note = ""

        def __init__(self) -> None:
            super().__init__()
            self.extra = 1

    mock = Mock()
    mock.note = "mine"

    assert (mock.extra, mock.note) == (1, "mine")
    with pytest.raises(AttributeError, match=r"^Settings cannot be changed later: use Mock\(timeout=3\)$"):
        mock.timeout = 3  # type: ignore[attr-defined]


# Unknown words.


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("prot", "Unknown setting 'prot': did you mean 'port'?"),
        ("PROT", "Unknown setting 'PROT': did you mean 'port'?"),
        ("mail to", "Unknown setting 'mail to': did you mean 'MAIL TO'?"),
        ("xyz", "Unknown setting 'xyz': expected port or MAIL TO"),
        ("", "Unknown setting '': expected port or MAIL TO"),
        (7, "Unknown setting 7: expected port or MAIL TO"),
        ("\x1b[31m\u202e", "Unknown setting '\\x1b[31m\\u202e': expected port or MAIL TO"),
        ("x" * 1_000_000, f"Unknown setting '{'x' * 119}…': expected port or MAIL TO"),
    ],
)
def test_an_unknown_word_is_told_with_the_nearest_or_with_what_exists(name: object, sentence: str) -> None:
    assert unknown("setting", name, ["port", "MAIL TO"]) == sentence


def test_a_long_list_of_what_exists_is_cut() -> None:
    words = [f"w{number:02}" for number in range(42)]

    assert unknown("word", "xyz", words) == f"Unknown word 'xyz': expected one of {', '.join(words[:40])} and 2 more"
    assert unknown("word", "xyz", iter(words[:40])) == f"Unknown word 'xyz': expected one of {', '.join(words[:40])}"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("smtp", "'smtp'"),
        (None, "None"),
        ("\x1b[31m\u202e", r"'\x1b[31m\u202e'"),
        ("x" * 1_000_000, f"'{'x' * 119}…'"),
        ([0] * 1_000, f"[{'0, ' * 39}0…"),
    ],
)
def test_an_invalid_value_is_told_with_what_was_expected(value: object, shown: str) -> None:
    assert invalid("port", value, "an integer") == f"Invalid port {shown}: expected an integer"
