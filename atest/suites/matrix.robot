*** Settings ***
Documentation       The survival matrix of keywords that send mail well and badly.
Library             SMTPMockLibrary
Library             Mailer
Library             Subject


*** Test Cases ***
Keyword Is Run Under Each Fault
    ${matrix} =    Survival Matrix Of    Send The Newsletter    faults=deferred-once,closed-after-dot,slow-replies
    ${outcomes} =    Evaluate    {row.fault: (row.outcome, row.reported, row.attempts) for row in $matrix.rows}
    ${expected} =    Evaluate
    ...    {"deferred-once": ("lost", True, 1), "closed-after-dot": ("delivered", True, 1), "slow-replies": ("delivered", False, 1)}
    Should Be Equal    ${outcomes}    ${expected}

Keyword That Tries Again
    ${matrix} =    Survival Matrix Of    Send Until It Is Accepted    ann@example.com
    ...    faults=deferred-once, closed-after-dot
    ...    expect=lost=0; duplicated=0 except closed-after-dot
    Should Be Equal    ${matrix.row('closed-after-dot').outcome}    duplicated
    Should Be Equal As Integers    ${matrix.row('deferred-once').attempts}    2

Servers Of The Test Stay What They Are
    ${before} =    Start SMTP Mock    alias=mine
    Survival Matrix Of    Send The Newsletter    faults=slow-replies
    ${after} =    Get SMTP Mock
    Should Be Equal    ${after}    ${before}
    Message Count Should Be    0

Settings Are Those Of The Servers
    Run Keyword And Expect Error
    ...    The scenario came to none of the faults*: without a fault, KeywordFailed: SMTPRecipientsRefused: *550*
    ...    Survival Matrix Of
    ...    Send The Newsletter
    ...    faults=slow-replies
    ...    not_registered_emails=bob@example.com

Broken Expectation Is Explained And Shown In The Log
    Run Subject    matrix.robot
    Number Of Tests Should Be    2
    Failures Should Be As Written    matrix.txt
    ${messages} =    Get Log Messages    Lost Without A Report
    ${tables} =    Evaluate    [text for text in $messages if '<table class="smtpmock-matrix">' in text]
    Should Be True    len($tables) == 1 and 'the first message gets 451' in $tables[0]


*** Keywords ***
Send The Newsletter
    ${server} =    Get SMTP Mock
    Send Mail    ${server}    subject=Newsletter

Send Until It Is Accepted
    [Arguments]    ${recipient}
    ${server} =    Get SMTP Mock
    FOR    ${_}    IN RANGE    3
        ${accepted} =    Run Keyword And Return Status    Send Mail    ${server}    ${recipient}
        IF    ${accepted}    RETURN
    END
    Fail    The mail was not accepted.
