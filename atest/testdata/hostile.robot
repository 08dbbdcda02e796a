*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Suite Setup         Start The Server


*** Variables ***
${MARKUP}           *HTML*<img src=x onerror=document.title='owned'>
${ADDRESS}          ${{b'RCPT TO:<\xff\xfe@b.c>'}}


*** Test Cases ***
Hidden
    Send To An Address That Is Not Text
    ${mail} =    Get Message
    Recipient Should Be Hidden    ${mail}    \\xff\\xfe@b.c

Not Hidden
    Send To An Address That Is Not Text
    ${mail} =    Get Message
    Recipient Should Be Hidden    ${mail}    someone@b.c

Credentials
    ${server} =    Start SMTP Mock    extensions=PIPELINING
    Send Credentials Behind Stray Bytes    ${server}
    Log Session Transcript
    Wait For Message    timeout=10 ms

Credentials Where They Are Expected
    ${server} =    Start SMTP Mock    auth=bob:other
    Send Credentials Behind Stray Bytes    ${server}
    Log Session Transcript
    Wait For Message    timeout=10 ms

HTML Of The Test
    Send Mail    ${SERVER}    subject=Hi
    Fail    *HTML*The <b>reminder</b> is missing.

Markup In A Subject
    Send Mail    ${SERVER}    subject=${MARKUP}
    ${mail} =    Get Message    subject=${MARKUP}
    VAR    ${MAIL}    ${mail}    scope=SUITE
    Should Be Equal    ${mail.subject}    Welcome

Markup In Several Failures
    Run Keyword And Continue On Failure    Should Be Equal    ${MAIL.subject}    Welcome
    Should Be Equal    ${MAIL.subject}    Welcome
    [Teardown]    Should Be Equal    ${MAIL.subject}    Welcome

Markup In A Setup
    [Setup]    Should Be Equal    ${MAIL.subject}    Welcome
    No Operation

Markup In A Message Of The Test
    Messages Should Contain Subject    Reminder    message=${MAIL.subject}

Markup When The Server Has Been Stopped
    Should Be Equal    ${MAIL.subject}    Welcome
    [Teardown]    Stop All SMTP Mocks

A Later Test
    Should Be Equal    ${MAIL.subject}    ${MARKUP}


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=SUITE

Send To An Address That Is Not Text
    ${server} =    Start SMTP Mock    allow_local_addresses=True
    ${replies} =    Send Lines    ${server}    HELO x.example    MAIL FROM:<a@example.com>    ${ADDRESS}
    ...    RCPT TO:<bob@example.com>    DATA    Subject: hi\r\n\r\nhello\r\n.    QUIT
    Log    ${replies}
