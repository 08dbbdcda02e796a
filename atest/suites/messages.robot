*** Settings ***
Documentation       Criteria, getters, assertions and waits.
Library             SMTPMockLibrary
Library             Mailer
Library             Process
Test Setup          Two Mails Have Arrived


*** Test Cases ***
Messages Are Returned In The Order Of Their Arrival
    ${mails} =    Get Messages
    Length Should Be    ${mails}    2
    Should Be Equal    ${mails[0].subject}    Welcome to the shop
    Should Be Equal    ${mails[1].subject}    Bill 42

Each Criterion Selects A Message
    [Template]    Only The Bill Should Match
    recipient=Ann@OTHER.example
    recipient=*@other.example
    recipient=REGEXP:^Ann@
    sender=billing@example.com
    subject=Bill
    subject=B*2
    subject=REGEXP:^Bill [0-9]+$
    text=42 EUR
    html=<b>42
    attachment=bill.pdf
    link=*/pay/*
    helo_name=BILLING.example.com
    header=X-Id: 42
    header=X-Id: REGEXP:^4.$
    header={'X-Id': '42'}
    header=${{{'X-Id': '4*'}}}
    size=>= 1500
    subject=Bill    sender=billing@example.com    accepted=True

Criteria That Match Nothing Select No Message
    Message Count Should Be    0    recipient=nobody@example.com
    Message Count Should Be    0    subject=Bill    sender=shop@example.com
    Message Count Should Be    0    client=192.0.2.1
    ${none} =    Get Messages    text=no such text
    Should Be Empty    ${none}

None Has The Same Effect As No Criterion
    Message Count Should Be    2    recipient=${None}    subject=${None}    since=${None}    size=${None}

Invalid Criteria Are Errors
    Run Keyword And Expect Error
    ...    ValueError: Argument 'subject' got value 'REGEXP:(' that cannot be converted to Text: Invalid regular expression: missing ), unterminated subpattern at position 0.
    ...    Get Message    subject=REGEXP:(
    Run Keyword And Expect Error
    ...    Invalid size 'huge': expected a number of bytes, a comparison as in '>= 1000', or a function.
    ...    Get Messages    size=huge
    Run Keyword And Expect Error
    ...    ValueError: Argument 'since' got value 'yesterday' that cannot be converted to Moment: Expected a mark returned by Get Mark, or a message.
    ...    Wait For Message    since=yesterday
    Run Keyword And Expect Error
    ...    Invalid accepted 'maybe': expected True, False, or None for both.
    ...    Get Messages    accepted=maybe

Refused And Incomplete Messages Match Only On Request
    Send Lines    ${SERVER}    HELO client.example.com    MAIL FROM:<x@example.com>    QUIT
    Message Count Should Be    2
    Message Count Should Be    1    accepted=False
    Message Count Should Be    3    accepted=${None}
    Message Count Should Be    3    accepted=None
    No Message Should Arrive    sender=x@example.com    within=10 ms
    ${mail} =    Get Message    accepted=False
    Should Be Equal    ${mail.state}    ended after MAIL FROM

Refused Recipients Are Found In Accepted Mail And In Attempts
    ${server} =    Start SMTP Mock    not_registered_emails=gone@example.com
    Send Lines    ${server}    HELO client.example.com    MAIL FROM:<a@example.com>    RCPT TO:<gone@example.com>
    ...    RSET    MAIL FROM:<b@example.com>    RCPT TO:<bob@example.com>    RCPT TO:<gone@example.com>
    ...    RCPT TO:nobody at all    DATA    Hello\r\n.    QUIT
    ${mail} =    Get Message    refused_recipient=gone@example.com
    Should Be Equal    ${mail.sender}    b@example.com
    Should Be Equal    ${{list($mail.recipients)}}    ${{['bob@example.com']}}
    Should Be Equal    ${{list($mail.refused_recipients)}}    ${{['gone@example.com', 'nobody at all']}}
    Messages Should Not Contain Recipient    gone@example.com
    ${attempt} =    Get Message    refused_recipient=*@example.com    accepted=False
    Should Be Equal    ${attempt.sender}    a@example.com
    Message Count Should Be    1    recipient=gone@example.com    accepted=False
    Message Count Should Be    2    refused_recipient=gone@EXAMPLE.com    accepted=None
    No Message Should Arrive    refused_recipient=bob@example.com    within=10 ms    accepted=None

A Mark Excludes Earlier Messages
    ${mark} =    Get Mark
    ${old} =    Get Message    subject=Bill*
    Message Count Should Be    0    since=${mark}
    Message Count Should Be    0    since=${old}
    Send Mail    ${SERVER}    subject=Bill 43
    ${mail} =    Wait For Message    subject=Bill*    since=${mark}
    Should Be Equal    ${mail.subject}    Bill 43
    Message Count Should Be    1    since=${old}

A Purge Removes And Returns All Messages
    ${purged} =    Purge Messages
    Length Should Be    ${purged}    2
    Message Count Should Be    0    accepted=None
    ${sessions} =    Get Sessions
    Should Be Empty    ${sessions}

A Wait Returns When The Message Arrives
    Start Process    ${{sys.executable}}    -c
    ...    import smtplib; smtplib.SMTP('127.0.0.1', ${SERVER.port}).sendmail('a@example.com', 'late@example.com', 'Late')
    ${mail} =    Wait For Message    recipient=late@example.com    timeout=30 s
    Should Be Equal    ${mail.sender}    a@example.com
    [Teardown]    Wait For Process

A Wait For Several Messages Returns All That Match
    ${mails} =    Wait For Messages    2    timeout=1 s
    Length Should Be    ${mails}    2
    ${mails} =    Wait For Messages
    Length Should Be    ${mails}    2

A Wait Does Not Count Refused Messages
    Send Lines    ${SERVER}    HELO client.example.com    MAIL FROM:<x@example.com>    QUIT
    Run Keyword And Expect Error
    ...    timeout waiting for 3 messages, got 2*
    ...    Wait For Messages    3    timeout=10 ms
    ${mails} =    Wait For Messages    3    timeout=10 ms    accepted=None
    Length Should Be    ${mails}    3

Assertions Pass If Their Condition Is Met
    Messages Should Contain Recipient    bob@example.com
    Messages Should Contain Recipient    archive@example.com    subject=Welcome*
    Messages Should Contain Sender    *@example.com
    Messages Should Contain Subject    Bill
    Messages Should Not Contain Recipient    carl@example.com
    Messages Should Not Contain Recipient    ann@other.example    subject=Welcome*
    Messages Should Not Contain Sender    root@*
    Messages Should Not Contain Subject    Error
    Message Count Should Be    2

Getters Compare What They Get
    Skip If    importlib.util.find_spec('assertionengine') is None    robotframework-assertion-engine is missing.
    Get Message Count    ==    2
    Get Message Count    >    0    subject=Bill
    Run Keyword And Expect Error
    ...    The number of messages '2' (int) should be '3' (int)
    ...    Get Message Count    ==    3


*** Keywords ***
Two Mails Have Arrived
    ${server} =    Start SMTP Mock
    Send The Welcome Mail    ${server}
    Send Mail
    ...    ${server}
    ...    Ann@other.example
    ...    name=billing.example.com
    ...    sender=billing@example.com
    ...    subject=Bill 42
    ...    text=42 EUR, please.
    ...    html=<b>42 EUR</b>, <a href="https://shop.example.com/pay/42">please</a>.${SPACE * 1500}
    ...    header=X-Id: 42
    ...    attachment=bill.pdf
    VAR    ${SERVER}    ${server}    scope=TEST

Only The Bill Should Match
    [Arguments]    &{criteria}
    ${mails} =    Get Messages    &{criteria}
    Length Should Be    ${mails}    1
    Should Be Equal    ${mails[0].subject}    Bill 42

Recipients Are Compared As A Set
    ${server} =    Start SMTP Mock
    Send Mail    ${server}    bcc=archive@example.com
    Send Mail    ${server}    ann@example.com
    Messages Should Have Recipients    archive@example.com, bob@example.com, ann@EXAMPLE.com
    @{recipients} =    Create List    bob@example.com    archive@example.com
    Messages Should Have Recipients    ${recipients}    recipient=bob@example.com
    Run Keyword And Expect Error
    ...    Messages arrived for 2 of 3 expected recipients. Missing: carl@example.com. Unexpected:\nann@example.com.\n*
    ...    Messages Should Have Recipients    bob@example.com, archive@example.com, carl@example.com

Headers And Either Body Are Criteria
    ${server} =    Start SMTP Mock
    Send Mail    ${server}    sender=shop@example.com    text=plain    html=<p>visible</p>
    Message Count Should Be    1    to=bob@example.com    from=shop@example.com    body=visible
    Message Count Should Be    1    to=BOB@example.com    body=VISIBLE    ignore_case=True
    Message Count Should Be    0    to=BOB@example.com    body=VISIBLE
    Message Count Should Be    0    cc=*
    Message Count Should Be    0    from=bob@example.com
