"""Tests that are coroutines."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

TESTS = """
    import anyio
    import pytest
    from mail import send

    @pytest.mark.{mark}
    async def test_wait(smtpmock, smtpmock_aio):
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.to_thread.run_sync, send, smtpmock)
            assert (await smtpmock_aio.wait_for_message()).subject == "Welcome"

    @pytest.mark.{mark}
    async def test_absence(smtpmock_aio):
        await smtpmock_aio.assert_no_message(within=0.01)

    @pytest.mark.{mark}
    async def test_server_of_its_own():
        from smtpmock import SMTPMock

        async with SMTPMock() as mock:
            send(mock)
            assert (await mock.aio.message()).subject == "Welcome"
"""


def test_tests_of_pytest_asyncio(run_tests):
    pytest.importorskip("pytest_asyncio")
    run_tests(TESTS.format(mark="asyncio"), plugins=["asyncio"]).assert_outcomes(passed=3)


def test_tests_of_anyio_on_each_of_its_loops(run_tests):
    run_tests(TESTS.format(mark="anyio"), plugins=["anyio"]).assert_outcomes(passed=6)


def test_fixture_of_a_suite_of_coroutines_starts_a_server(run_tests):
    run_tests(
        """
        import pytest
        from mail import send
        from smtpmock import SMTPMock

        @pytest.fixture
        async def mock():
            async with SMTPMock() as running:
                yield running
            assert not running.is_running

        @pytest.mark.anyio
        async def test(mock):
            send(mock)
            assert (await mock.aio.wait_for_message()).subject == "Welcome"
        """,
        plugins=["anyio"],
    ).assert_outcomes(passed=2)


def test_failed_wait_shows_the_test_and_the_text_and_nothing_in_between(run_tests):
    result = run_tests(
        """
        import pytest
        from mail import send

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test(smtpmock, smtpmock_aio):
            send(smtpmock)
            await smtpmock_aio.wait_for_message(0, recipient="alice@example.com")
        """,
        plugins=["anyio"],
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *MessageTimeoutError: No message with recipient='alice@example.com' arrived*"])
    result.stdout.fnmatch_lines([">*await smtpmock_aio.wait_for_message(0, recipient=*"])
    result.stdout.no_fnmatch_line("*smtpmock/*")
    result.stdout.no_fnmatch_line("*mock.aio*")


def test_failed_wait_that_blocks_the_loop_names_the_coroutines(run_tests):
    result = run_tests(
        """
        import pytest

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test(smtpmock):
            smtpmock.wait_for_message(0)
        """,
        plugins=["anyio"],
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*In a coroutine, await the waits of `mock.aio` instead."])
