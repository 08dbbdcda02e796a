*** Settings ***
Documentation       Violations of standards by the client.
Library             SMTPMockLibrary
Library             Mailer
Test Setup          Start The Server


*** Variables ***
@{HEADERS}      missing-date    missing-message-id


*** Test Cases ***
A Client Without Violations Passes
    Send Mail    ${SERVER}    header=Date: Sat, 21 Nov 2026 10:30:00 +0100
    Messages Should Follow Standards    ignore=missing-message-id
    ${violations} =    Get Violations    missing-message-id
    Should Be Empty    ${violations}

Ignored Codes Can Be A List Or A Text
    Send Mail    ${SERVER}
    Messages Should Follow Standards    ignore=${HEADERS}
    Messages Should Follow Standards    ignore=missing-date, missing-message-id
    Messages Should Follow Standards    @{{[$HEADERS]}}
    Run Keyword And Expect Error    2 violations of standards by the client:*    Messages Should Follow Standards
    Run Keyword And Expect Error    1 violation of standards by the client:*missing-date*
    ...    Messages Should Follow Standards    ignore=missing-message-id

Violations Are Found In Sessions And Messages
    Send Mail    ${SERVER}    name=localhost
    ${violations} =    Get Violations
    Should Be Equal    ${{[found.code for found in $violations]}}    ${{['helo-not-qualified', *$HEADERS]}}
    Should Be Equal    ${violations[0].rfc}    RFC 5321 2.3.5
    Should Be Equal    ${violations[0].where}    in "ehlo localhost"

Criteria Select Messages And Their Sessions
    Send Mail    ${SERVER}    name=localhost
    Send Mail    ${SERVER}    ann@example.com
    Send Lines    ${SERVER}    HELO other    QUIT
    Messages Should Follow Standards    ignore=${HEADERS}    recipient=ann@example.com
    Run Keyword And Expect Error    1 violation of standards*helo-not-qualified*
    ...    Messages Should Follow Standards    ignore=${HEADERS}    recipient=bob@*
    Run Keyword And Expect Error    2 violations of standards*helo-not-qualified*HELO other*
    ...    Messages Should Follow Standards    ignore=${HEADERS}
    ${violations} =    Get Violations    ignore=${HEADERS}    recipient=bob@*
    Should Be Equal    ${{[found.where for found in $violations]}}    ${{['in "ehlo localhost"']}}
    ${violations} =    Get Violations    ignore=${HEADERS}
    Length Should Be    ${violations}    2

An Unknown Code Or Criterion Is An Error
    Run Keyword And Expect Error    There is no violation mising-date: did you mean missing-date?
    ...    Messages Should Follow Standards    ignore=mising-date
    Run Keyword And Expect Error    Unknown violation 'mising-date': did you mean 'missing-date'?
    ...    Get Violations    ignore=mising-date
    Run Keyword And Expect Error
    ...    Keyword 'SMTPMockLibrary.Get Violations' expected 0 to 1 non-named arguments, got 2.
    ...    Get Violations    missing-date    recipent=bob@example.com


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=TEST
