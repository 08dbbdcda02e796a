*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Suite Setup         Load The Server
Test Setup          Start The Server


*** Test Cases ***
Test Timeout
    [Timeout]    1 second
    Send Mail    ${SERVER}    ann@example.com
    Wait For Message    recipient=bob@example.com    timeout=1 min
    [Teardown]    The Server Should Still Work

The Next Test Works
    Message Count Should Be    0    accepted=None
    Send Mail    ${SERVER}
    Wait For Message    recipient=bob@example.com

Keyword Timeout
    Nothing Arrives For A Minute
    [Teardown]    The Server Should Still Work

Timeout While Several Are Awaited
    [Timeout]    1 second
    Send Mail    ${SERVER}
    Wait For Messages    2    timeout=1 min

The Last Test Works
    Send Mail    ${SERVER}
    Message Count Should Be    1


*** Keywords ***
Load The Server
    [Documentation]    Imports everything that the first start needs, so that this is not part of a timeout.
    Start SMTP Mock
    Stop SMTP Mock

Start The Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=TEST

Nothing Arrives For A Minute
    [Timeout]    1 second
    No Message Should Arrive    within=1 min

The Server Should Still Work
    Send Mail    ${SERVER}    subject=After the timeout
    Messages Should Contain Subject    After the timeout
