*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Suite Setup         Start The Server Of The Suite
Suite Teardown      Fail In The Suite Teardown
Test Setup          Note Where It Begins


*** Test Cases ***
BuiltIn Failure
    Send Mail    ${SERVER}    subject=Mine
    ${mail} =    Get Message    since=${BEGINNING}
    Should Contain    ${mail.text}    nothing of this

Failure In A User Keyword
    Send And Fail

Failure In Control Structures
    FOR    ${number}    IN RANGE    3
        IF    True    Send And Fail
    END

Failure That TRY Does Not Catch
    TRY
        Send And Fail
    EXCEPT    something else
        No Operation
    END

Template
    [Template]    Fail With Mail
    first
    second

Failures That Are Caught
    Send Mail    ${SERVER}    subject=Mine
    Run Keyword And Ignore Error    Get Message    subject=None
    Run Keyword And Expect Error    *    Get Message    subject=None
    Run Keyword And Return Status    Get Message    subject=None
    TRY
        Get Message    subject=None
    EXCEPT
        No Operation
    END

Failure After Much Polling
    FOR    ${number}    IN RANGE    50
        Send Mail    ${SERVER}    subject=Mine ${number}    html=<p>${{'word ' * 4000}}</p>
    END
    Wait Until Keyword Succeeds    60x    1 ms    Get Message    subject=None

Failure In The Test Setup
    [Setup]    Send And Fail
    No Operation

Failure In The Test Teardown
    Send Mail    ${SERVER}    subject=Mine
    [Teardown]    Run Keywords    No Operation    AND    Fail    The teardown failed

Failure In Test And Teardown
    Send And Fail
    [Teardown]    Fail    The teardown failed

Failure Of A Test That Did Not Use The Server
    [Setup]    NONE
    Fail    Something else

Server Stopped By The Teardown
    ${own} =    Start SMTP Mock    own
    Send Mail    ${own}    subject=Mine
    [Teardown]    Run Keywords    Stop SMTP Mock    own    AND    Fail    The teardown failed

Pass
    Send Mail    ${SERVER}    subject=Mine
    Send Mail    ${SERVER}    subject=Mine too
    Send Lines    ${SERVER}    HELO x.example    MAIL FROM:<a@example.com>    RCPT TO:<gone@example.com>    QUIT

Pass With Many
    FOR    ${number}    IN RANGE    23
        Send Mail    ${SERVER}
    END

Pass With Pictures
    [Setup]    Set Log Level    DEBUG
    Send Mail    ${SERVER}    subject=Mine
    [Teardown]    Set Log Level    INFO

Picture On Request
    Send Mail    ${SERVER}    subject=Mine
    ${mail} =    Get Message    subject=Mine    since=${BEGINNING}
    Log Message    ${mail}

Late Mail
    Run Keyword And Continue On Failure    Wait For Message    recipient=bob@example.com    since=${BEGINNING}    timeout=1 ms
    Send Mail    ${SERVER}    subject=Late

Late Mail Before The Teardown Stops The Server
    ${server} =    Start SMTP Mock
    Wait In Vain    ${server}
    [Teardown]    Stop SMTP Mock

Late Mail And A Message In HTML
    Run Keyword And Continue On Failure    Wait For Message    since=${BEGINNING}    timeout=1 ms
    ...    message=*HTML*<b>Nothing came</b>
    Send Mail    ${SERVER}    subject=<i>Late</i>

Mail At Another Server
    Start SMTP Mock    other
    Send Mail    ${SERVER}    subject=Elsewhere
    Wait For Message    subject=Elsewhere    timeout=1 ms

Unused Rule Of A Strict Server
    ${strict} =    Start SMTP Mock    strict=True
    Reject Recipient    bob@example.com
    Send Mail    ${strict}    ann@example.com


*** Keywords ***
Start The Server Of The Suite
    ${server} =    Start SMTP Mock    shared    not_registered_emails=gone@example.com
    VAR    ${SERVER}    ${server}    scope=SUITE
    Send Mail    ${SERVER}    subject=Before the tests

Note Where It Begins
    ${mark} =    Get Mark
    VAR    ${BEGINNING}    ${mark}    scope=TEST

Send And Fail
    Send Mail    ${SERVER}    subject=Mine
    Fail    Something is wrong

Fail With Mail
    [Arguments]    ${subject}
    Send Mail    ${SERVER}    subject=${subject}
    Fail    Row ${subject}

Fail In The Suite Teardown
    Send Mail    ${SERVER}    subject=After the tests
    Fail    The suite teardown failed

Wait In Vain
    [Documentation]    Wait, and let the application send as soon as the wait has ended.
    [Arguments]    ${server}
    TRY
        Wait For Message    timeout=1 s
    EXCEPT    AS    ${error}
        Begin To Send Mail    ${server}
        Fail    ${error}
    END
