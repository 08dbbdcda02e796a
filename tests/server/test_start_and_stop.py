import socket
import threading

import pytest

from smtpmock import ServerStateError, SMTPMock, StartError
from smtpmock.runtime import hub
from tests.ports import reserved_port
from tests.raw_client import Client, deliver

ALREADY_RUNS = r"^Unable to start SMTP mock server\. Server must be inactive$"
DOES_NOT_RUN = r"^Unable to stop SMTP mock server\. Server must be active$"


def accepts(port):
    try:
        Client(port, greeting=None).close()
    except ConnectionRefusedError:
        return False
    return True


def in_threads(count, function):
    """Return the results of a function, or the errors it raised, in so many threads at once."""
    outcomes = []
    together = threading.Barrier(count)

    def run():
        together.wait()
        try:
            outcomes.append(function())
        except Exception as error:
            outcomes.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_a_started_server_accepts_connections_and_a_stopped_one_refuses_them(free_port):
    mock = SMTPMock(port=free_port)
    mock.start()
    assert mock.is_running
    assert accepts(mock.port)

    mock.stop()

    assert not mock.is_running
    assert not accepts(mock.port)


def test_a_server_starts_again_and_keeps_what_it_received():
    mock = SMTPMock()
    for number in (1, 2, 3):
        mock.start()
        deliver(mock)
        mock.stop()
        assert [message.number for message in mock.messages()] == list(range(1, number + 1))


def test_a_server_with_a_port_of_its_own_starts_again_on_it(free_port):
    mock = SMTPMock(port=free_port)
    for _ in range(3):
        mock.start()
        assert mock.port == free_port
        deliver(mock)  # its connections linger in the kernel
        mock.stop()


def test_a_context_manager_starts_and_stops():
    mock = SMTPMock()
    with mock as entered:
        assert entered is mock
        assert mock.is_running
    assert not mock.is_running


def test_a_context_manager_stops_when_its_block_fails():
    mock = SMTPMock()
    with pytest.raises(ZeroDivisionError), mock:
        raise ZeroDivisionError
    assert not mock.is_running


def test_a_context_manager_minds_no_stop_in_its_block():
    with SMTPMock() as mock:
        mock.stop()
    assert not mock.is_running


def test_a_second_start_is_refused_and_harms_nothing(mock):
    port = mock.port
    with pytest.raises(ServerStateError, match=ALREADY_RUNS):
        mock.start()
    assert mock.port == port
    deliver(mock)
    assert len(mock.messages()) == 1


def test_a_stop_without_a_start_is_refused():
    with pytest.raises(ServerStateError, match=DOES_NOT_RUN):
        SMTPMock().stop()


def test_a_second_stop_is_refused():
    mock = SMTPMock()
    mock.start()
    mock.stop()
    with pytest.raises(ServerStateError, match=DOES_NOT_RUN):
        mock.stop()
    mock.start()
    mock.stop()


def test_of_many_threads_that_start_a_server_one_succeeds():
    mock = SMTPMock()
    outcomes = in_threads(8, mock.start)
    assert sorted(map(str, outcomes)) == ["None", *["Unable to start SMTP mock server. Server must be inactive"] * 7]
    mock.stop()


def test_of_many_threads_that_stop_a_server_one_succeeds(mock):
    outcomes = in_threads(8, mock.stop)
    assert sorted(map(str, outcomes)) == ["None", *["Unable to stop SMTP mock server. Server must be active"] * 7]


def test_a_stop_as_soon_as_the_server_runs_leaves_one_start_open():
    mock = SMTPMock()

    def stop():
        while True:
            try:
                mock.stop()
            except ServerStateError:
                continue
            return

    for _ in range(100):
        stopper = threading.Thread(target=stop)
        stopper.start()
        mock.start()
        stopper.join()
    mock.start()
    with pytest.raises(ServerStateError, match=ALREADY_RUNS):
        mock.start()
    mock.stop()


def test_the_host_and_the_port_are_known_after_the_start():
    mock = SMTPMock()
    assert (mock.host, mock.port) == ("127.0.0.1", 0)
    with mock:
        assert mock.host == "127.0.0.1"
        assert mock.port > 0
        assert repr(mock) == f"<SMTPMock on 127.0.0.1:{mock.port}, 0 messages>"
    assert repr(mock) == "<SMTPMock not running, 0 messages>"


def test_many_servers_at_once_keep_apart_what_they_receive():
    mocks = [SMTPMock(msg_greeting="220 Welcome") for _ in range(50)]
    for mock in mocks:
        mock.start()
    assert len({mock.port for mock in mocks}) == 50
    for number, mock in enumerate(mocks):
        deliver(mock, number % 3)
    for mock in mocks:
        mock.stop()
    assert [len(mock.messages()) for mock in mocks] == [number % 3 for number in range(50)]


def test_a_stop_from_the_hub_thread_does_not_block_it_and_stops_the_server(free_port):
    mock = SMTPMock(port=free_port, shutdown_timeout=3600)
    mock.start()
    with Client(mock) as client:
        hub.get_hub().call(mock.stop)
        assert client.read_all() == ["421 Service shutting down"]
    assert not mock.is_running
    assert not accepts(mock.port)


# Where it listens.


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_an_error_that_names_it(taken_port):
    mock = SMTPMock(port=taken_port)
    with pytest.raises(StartError, match=rf"^Failed to start SMTP mock server on port: {taken_port}\b") as caught:
        mock.start()
    assert isinstance(caught.value, OSError)
    assert not mock.is_running


def test_a_taken_port_leaks_no_descriptor(taken_port, descriptors):
    before = descriptors()
    for _ in range(20):
        with pytest.raises(StartError):
            SMTPMock(port=taken_port).start()
    assert descriptors() == before


def test_a_server_starts_when_its_port_has_become_free(free_port):
    mock = SMTPMock(port=free_port)
    with socket.create_server(("127.0.0.1", free_port)):
        with pytest.raises(StartError):
            mock.start()
        with pytest.raises(StartError):
            mock.start()
    with mock:
        deliver(mock)


def test_an_unknown_host_is_an_error_that_names_it(descriptors):
    before = descriptors()
    with pytest.raises(StartError, match=r"^Failed to start SMTP mock server on port: 0 .*no-such-host\.invalid"):
        SMTPMock(host="no-such-host.invalid").start()
    assert descriptors() == before


def test_an_address_of_another_machine_is_an_error_that_names_it():
    with pytest.raises(StartError, match=r"^Failed to start SMTP mock server on port: 0 .*192\.0\.2\.1"):
        SMTPMock(host="192.0.2.1").start()


def test_a_host_may_be_a_name():
    with SMTPMock(host="localhost") as mock:
        assert mock.host == "localhost"
        deliver(mock)
        assert len(mock.messages()) == 1


def test_all_addresses_of_the_machine():
    with SMTPMock(host="0.0.0.0") as mock, Client(mock, "127.0.0.1") as client:
        client.deliver()


def _has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="this machine has no IPv6")


@needs_ipv6
@pytest.mark.parametrize("host", ["[::1]", "::1"])
def test_an_ipv6_address_with_and_without_brackets(host):
    with reserved_port("::") as port, SMTPMock(host=host, port=port) as mock, Client(mock) as client:
        assert mock.host == "::1"
        client.deliver()
        assert mock.messages()[0].client == "::1"
        assert not accepts(mock.port)


@needs_ipv6
def test_all_addresses_of_the_machine_ipv6_and_ipv4():
    with SMTPMock(host="[::]") as mock:
        for host in ("::1", "127.0.0.1"):
            with Client(mock, host) as client:
                client.deliver()
        assert len(mock.messages()) == 2


@needs_ipv6
def test_a_taken_ipv6_port_is_an_error():
    with SMTPMock(host="[::1]") as mock, pytest.raises(StartError, match=rf"on port: {mock.port}\b"):
        SMTPMock(host="[::1]", port=mock.port).start()
