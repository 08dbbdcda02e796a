*** Settings ***
Documentation       Servers are stopped at the end of their test, suite or run.
Library             Subject
Library             Process


*** Test Cases ***
Servers Are Stopped With Tests And Suites
    Run Subject    scopes
    Number Of Tests Should Be    14
    Test Should Have Failed    A Failed Test Forgets Its Server    Now
    Test Should Have Passed    It Ended With The Test
    Test Should Have Passed    The One Of The Suite Is The Current One
    Test Should Have Passed    It Ended With The Failed Test
    Test Should Have Passed    They Go On
    Test Should Have Passed    It Is Still The Server Of The Suite
    Test Should Have Passed    A Test Takes The Server Of The Suite Offline
    Test Should Have Passed    It Is Online Again
    Test Should Have Passed    What The First Suite Started Has Ended
    Test Should Have Passed    What The Parent Started Goes On
    Test Should Have Passed    What Was Started For The Run Goes On

A Missing Server Is Explained By What Stopped It
    Run Subject    stopped.robot
    Number Of Tests Should Be    6
    Test Should Have Failed    Nothing Ran    No SMTP mock is running: use Start SMTP Mock first.
    Test Should Have Failed    It Ended With The Test
    ...    No SMTP mock is running: it was stopped at the end of test 'A Server Of A Test'.
    Test Should Have Failed    The Server Is Missing    No SMTP mock is running: test 'A Test Stops The Server' stopped it.
    Test Should Have Failed    The Server Is Missing By Its Alias
    ...    No SMTP mock with the alias 'shop' is running: test 'A Test Stops The Server' stopped it; running: none.

The Import Can Define When Servers Are Stopped
    Run Subject    imported_for_suites.robot
    Number Of Tests Should Be    2
    All Tests Should Have Passed

Servers Are Stopped At The End Of The Run
    Python Should Pass
    ...    from SMTPMockLibrary import SMTPMockLibrary
    ...    from Mailer import Mailer
    ...    library = SMTPMockLibrary()
    ...    server = library.start_smtp_mock()
    ...    Mailer().port_should_be_open(server.port)
    ...    library.close()
    ...    Mailer().port_should_be_free(server.port)

The Constructor Starts Nothing
    [Tags]    uninstrumented
    Python Should Pass
    ...    import sys, threading
    ...    from SMTPMockLibrary import SMTPMockLibrary
    ...    SMTPMockLibrary()
    ...    assert 'gevent' not in sys.modules
    ...    assert threading.active_count() == 1

Libdoc Starts Nothing
    [Tags]    uninstrumented
    Python Should Pass
    ...    import sys
    ...    from robot.libdocpkg import LibraryDocumentation
    ...    assert len(LibraryDocumentation('SMTPMockLibrary').keywords) > 20
    ...    assert 'gevent' not in sys.modules

A Dry Run Starts Nothing
    [Tags]    uninstrumented
    Python Should Pass
    ...    import robot, sys
    ...    options = dict(dryrun=True, output=None, log=None, report=None, pythonpath=r'${CURDIR}/../resources')
    ...    assert robot.run(r'${CURDIR}/clients.robot', r'${CURDIR}/../examples', **options) == 0
    ...    assert 'gevent' not in sys.modules


*** Keywords ***
Python Should Pass
    [Arguments]    @{lines}
    ${script} =    Catenate    SEPARATOR=\n    @{lines}
    ${result} =    Run Process    ${{sys.executable}}    -W    error    -c    ${script}
    ...    env:PYTHONPATH=${CURDIR}/../resources
    Should Be Equal As Integers    ${result.rc}    0    ${result.stdout}\n${result.stderr}
