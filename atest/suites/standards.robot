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
    Messages Should Follow Standards
    Messages Should Follow Standards    ignore=missing-message-id    level=should
    ${violations} =    Get Violations    missing-message-id
    Should Be Empty    ${violations}

What Is Recommended Is Checked Where It Is Asked For
    Send Mail    ${SERVER}
    Run Keyword And Expect Error    1 violation of standards*missing-date*    Messages Should Follow Standards
    Run Keyword And Expect Error    1 violation of standards*missing-date*
    ...    Messages Should Follow Standards    level=must
    Run Keyword And Expect Error    2 violations of standards*missing-date*missing-message-id*
    ...    Messages Should Follow Standards    level=should
    Messages Should Follow Standards    missing-date
    Run Keyword And Expect Error    1 violation of standards*missing-message-id*
    ...    Messages Should Follow Standards    missing-date    level=should
    ${violations} =    Get Violations
    Should Be Equal    ${{[(found.code, found.level) for found in $violations]}}
    ...    ${{[('missing-date', 'must'), ('missing-message-id', 'should')]}}
    ${violations} =    Get Violations    level=must    recipient=bob@example.com
    Should Be Equal    ${{[found.code for found in $violations]}}    ${{['missing-date']}}
    Run Keyword And Expect Error
    ...    ValueError: Argument 'level' got value 'may' that cannot be converted to 'must' or 'should'.
    ...    Get Violations    level=may

Codes That Do Not Matter To A Server
    ${lenient} =    Start SMTP Mock    alias=lenient    ignore_violations=missing-date,missing-message-id
    Send Mail    ${lenient}
    Messages Should Follow Standards    level=should
    ${violations} =    Get Violations
    Should Be Empty    ${violations}

Who Rejects The Certificate Or Says Nothing Is Not Accused
    Skip If    importlib.util.find_spec('trustme') is None    trustme is missing.
    Port Should Be Open    ${SERVER.port}
    Call Method    ${SERVER.mock}    wait_for_session
    Messages Should Follow Standards    level=should
    ${secure} =    Start SMTP Mock    alias=secure    tls=implicit
    Add Rule    STARTTLS    tls=expired
    ${ca} =    Get CA Certificate
    Sending Should End With    ${secure}    certificate has expired    ca=${ca}
    Call Method    ${secure.mock}    wait_for_session
    Messages Should Follow Standards    level=should

Codes That Do Not Matter Are A List Or A Text
    Send Mail    ${SERVER}
    Messages Should Follow Standards    ignore=${HEADERS}
    Messages Should Follow Standards    ignore=missing-date, missing-message-id
    Messages Should Follow Standards    @{{[$HEADERS]}}
    Run Keyword And Expect Error    2 violations of standards by the client:*
    ...    Messages Should Follow Standards    level=should
    Run Keyword And Expect Error    1 violation of standards by the client:*missing-date*
    ...    Messages Should Follow Standards    ignore=missing-message-id    level=should

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
    Run Keyword And Expect Error
    ...    *'ignore' got value 'mising-date'*: Unknown violation 'mising-date': did you mean 'missing-date'?
    ...    Messages Should Follow Standards    ignore=mising-date
    Run Keyword And Expect Error
    ...    *'ignore' got value 'mising-date'*: Unknown violation 'mising-date': did you mean 'missing-date'?
    ...    Get Violations    ignore=mising-date
    Run Keyword And Expect Error
    ...    Keyword 'SMTPMockLibrary.Get Violations' expected 0 to 1 non-named arguments, got 2.
    ...    Get Violations    missing-date    recipent=bob@example.com


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=TEST
