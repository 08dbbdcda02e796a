*** Settings ***
Documentation       Rules, and their effect on an application that uses smtplib.
Library             SMTPMockLibrary
Library             Mailer
Library             Collections
Test Setup          Start The Server


*** Variables ***
${CLOSED}       Connection unexpectedly closed


*** Test Cases ***
Several Rules Apply Together
    Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
    Drop Connection On    message    subject=Invoice*
    Delay Command    *    5 ms
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted
    Sending Should End With    ${SERVER}    sent    ann@example.com
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted
    Sending Should End With    ${SERVER}    sent
    Sending Should End With    ${SERVER}    ${CLOSED}    subject=Invoice 7
    Message Count Should Be    1    subject=Invoice 7
    All Rules Should Have Been Used
    ${sessions} =    Get Sessions
    FOR    ${session}    IN    @{sessions}
        Should Be True    all(exchange.delay == 0.005 for exchange in $session.exchanges)
    END

A Reply Is Sent A Limited Number Of Times
    ${rule} =    Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
    Should Be Equal As Strings
    ...    ${rule}
    ...    RCPT TO recipient='bob@example.com' times=2 reply='450 4.7.1 Greylisted'
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted
    Sending Should End With    ${SERVER}    sent    ann@example.com
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted
    Sending Should End With    ${SERVER}    sent
    Rule Should Have Been Used    ${rule}    times=2
    Rule Should Have Been Used    ${rule}

A Reply Can Have Several Lines
    Reply To Command    ehlo    250-old.example.com    250 SIZE 1000    helo_name=client.*
    Sending Should End With    ${SERVER}    sent
    ${sessions} =    Get Sessions
    Should Be Equal    ${sessions[0].exchanges[1].reply}    250-old.example.com\n250 SIZE 1000

Counting Words Are Numbers
    ${rule} =    Reply To Command    MAIL FROM    451 Later    after=1    every=2    times=1    per=sender
    FOR    ${end}    IN    sent    sent    451 Later    sent    sent
        Sending Should End With    ${SERVER}    ${end}
    END
    Rule Should Have Been Used    ${rule}    times=1

Random Rules Are Reproducible
    ${first} =    Send Ten Mails By Chance    seed=7
    ${second} =    Send Ten Mails By Chance    seed=7
    Should Be Equal    ${first}    ${second}
    List Should Contain Value    ${first}    sent
    List Should Contain Value    ${first}    451 Later

Conditions Are Compared With The Message
    [Template]    The Condition Should Refuse The Bill Alone
    subject=Bill*
    subject=REGEXP:^Bill [0-9]+$
    text=42 EUR
    header=X-Id: 42
    header={'X-Id': '4*'}
    size=> 500
    sender=billing@*    recipient=ann@other.example
    client=127.0.0.1    helo_name=billing.example.com

A Delay Is A Duration
    ${rule} =    Delay Command    rcpt to    200 ms    recipient=bob@example.com    jitter=0.05    seed=3
    Should Be Equal As Strings    ${rule}    RCPT TO recipient='bob@example.com' seed=3 delay=0.2 jitter=0.05
    Sending Should End With    ${SERVER}    sent
    ${sessions} =    Get Sessions
    ${delays} =    Evaluate    [exchange.delay for exchange in $sessions[0].exchanges if exchange.delay]
    Length Should Be    ${delays}    1
    Should Be True    0.15 <= ${delays}[0] <= 0.25

A Reply Can Come Too Late
    Delay Command    message    1 min
    Sending Should End With    ${SERVER}    ${CLOSED}: timed out    patience=0.3

The Server Can Read And Write Slowly
    ${slow reply} =    Delay Command    MAIL FROM    drip=500
    ${slow reading} =    Delay Command    DATA    throttle=100000    delay=1 ms
    Sending Should End With    ${SERVER}    sent
    Rule Should Have Been Used    ${slow reply}    times=1
    Rule Should Have Been Used    ${slow reading}    times=1
    ${sessions} =    Get Sessions
    ${exchanges} =    Evaluate    {exchange.stage: exchange for exchange in $sessions[0].exchanges}
    ${dripped} =    Evaluate    $exchanges['RCPT TO'].time - $exchanges['MAIL FROM'].time
    Should Be True    $dripped.total_seconds() > 0.02    # 14 bytes, 500 a second
    Should Be Equal    ${exchanges['DATA'].delay}    ${0.001}

A Connection Is Dropped After The Final Dot
    ${rule} =    Drop Connection On    message    subject=Invoice*
    Sending Should End With    ${SERVER}    ${CLOSED}    subject=Invoice 7
    ${mail} =    Wait For Message    subject=Invoice 7
    Should Be Empty    ${mail.msg_response}
    Rule Should Have Been Used    ${rule}    times=1

A Connection Is Dropped After A Reply
    Drop Connection On    connect    421 4.3.2 Service not available    times=1
    Sending Should End With    ${SERVER}    421 4.3.2 Service not available
    Sending Should End With    ${SERVER}    sent

A Connection Is Dropped In The Middle Of A Reply
    Drop Connection On    MAIL FROM    reply=250 2.1.0 Sender accepted    half_reply=True
    Sending Should End With    ${SERVER}    ${CLOSED}

A Connection Is Reset
    ${rule} =    Reset Connection On    RCPT TO    times=1
    Sending Should End With    ${SERVER}    ${CLOSED}: [Errno 104] Connection reset by peer
    Sending Should End With    ${SERVER}    sent
    Rule Should Have Been Used    ${rule}    times=1

The Server Stops Responding
    Stay Silent On    RCPT TO    recipient=bob@*
    Sending Should End With    ${SERVER}    ${CLOSED}: timed out    patience=0.3
    Sending Should End With    ${SERVER}    sent    ann@example.com

Recipients Are Rejected
    ${rule} =    Reject Recipient    *@gone.example
    Reject Recipient    REGEXP:^full[0-9]@    452 4.2.2 Mailbox full
    Sending Should End With    ${SERVER}    550 5.1.1 User unknown    bob@gone.example
    Sending Should End With    ${SERVER}    452 4.2.2 Mailbox full    full7@example.com
    Sending Should End With    ${SERVER}    sent
    Rule Should Have Been Used    ${rule}    times=1

Greylisting Uses The Clock
    Greylist    recipient=bob@*
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted, try again later
    Sending Should End With    ${SERVER}    sent    ann@example.com
    Advance Clock    4 min
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted, try again later
    Advance Clock    1 min
    Sending Should End With    ${SERVER}    sent

Greylisting Has A Custom Time And Reply
    Greylist    retry_after=1 hour    reply=451 Later
    Sending Should End With    ${SERVER}    451 Later
    Advance Clock    1 hour
    Sending Should End With    ${SERVER}    sent

The Rate Limit Uses The Clock
    ${rule} =    Limit Rate    2    per=1 min
    Sending Should End With    ${SERVER}    sent
    Sending Should End With    ${SERVER}    sent
    Sending Should End With    ${SERVER}    421 4.7.0 Too many messages, try again later
    Advance Clock    60
    Sending Should End With    ${SERVER}    sent
    Rule Should Have Been Used    ${rule}    times=1

Connections Are Limited
    Limit Connections    0    421 Full
    Sending Should End With    ${SERVER}    421 Full
    Clear Rules
    Sending Should End With    ${SERVER}    sent

The Next Messages Fail
    ${rule} =    Fail Next Messages    2
    Fail Next Messages    stage=MAIL FROM    reply=452 Full
    FOR    ${end}    IN    452 Full    451 4.3.0 Temporary failure    451 4.3.0 Temporary failure    sent
        Sending Should End With    ${SERVER}    ${end}
    END
    Rule Should Have Been Used    ${rule}    times=2

Any Rule Can Be Added
    Reply To Command    RCPT TO    550 5.1.1 User unknown
    ${exception} =    Add Rule    RCPT TO    recipient=bob@example.com    then=accept
    ${garbage} =    Add Rule    MAIL FROM    sender=cat@example.com    then=garbage
    Sending Should End With    ${SERVER}    sent
    Sending Should End With    ${SERVER}    550 5.1.1 User unknown    ann@example.com
    ${replies} =    Send Lines    ${SERVER}    HELO x.example    MAIL FROM:<cat@example.com>
    Should Not Match Regexp    ${replies}[2]    ^\\d{3}
    Rule Should Have Been Used    ${exception}    times=1
    Rule Should Have Been Used    ${garbage}    times=1

A Rule Can Be Removed
    ${rule} =    Reject Recipient    bob@example.com
    Reject Recipient    ann@example.com
    Remove Rule    ${rule}
    Remove Rule    ${rule}
    Sending Should End With    ${SERVER}    sent
    Sending Should End With    ${SERVER}    550 5.1.1 User unknown    ann@example.com
    Purge Messages
    Sending Should End With    ${SERVER}    550 5.1.1 User unknown    ann@example.com
    Clear Rules
    Sending Should End With    ${SERVER}    sent    ann@example.com

A Running Server Uses A Profile
    ${profile} =    Use Profile    full-mailbox
    Should Be Equal    ${profile.title}    a mailbox over its quota at Gmail
    Sending Should End With    ${SERVER}    452 4.2.2 The recipient's mailbox is over its quota
    Clear Profile
    Sending Should End With    ${SERVER}    sent
    Run Keyword And Expect Error    *Unknown profile 'outag': did you mean 'outage'?*    Use Profile    outag

Rules Belong To The Current Server
    ${other} =    Start SMTP Mock    other
    Reject Recipient    bob@example.com
    Sending Should End With    ${SERVER}    sent
    Sending Should End With    ${other}    550 5.1.1 User unknown

A Rule Is Waited For On The Server That It Was Added To
    ${rule} =    Reject Recipient    bob@example.com
    Sending Should End With    ${SERVER}    550 5.1.1 User unknown
    Start SMTP Mock    other
    Wait Until Rule Has Been Used    ${rule}
    Run Keyword And Expect Error
    ...    The rule RCPT TO *was not used 2 times within 0.01 s. It was used 1 time and asked 1 time.*
    ...    Wait Until Rule Has Been Used    ${rule}    2    timeout=10 ms

Invalid Rules Are Errors
    [Template]    Run Keyword And Expect Error
    *that cannot be converted to Stage: Unknown stage 'RCTP TO': did you mean 'RCPT TO'?
    ...    Reply To Command    RCTP TO    450 no
    *'further_lines' got value 'recipent=bob@example.com'*: Unknown word in a rule 'recipent': did you mean 'recipient'?
    ...    Reply To Command    RCPT TO    450 no    recipent=bob@example.com
    *'reply' got value 'tmies=2'*: Unknown word in a rule 'tmies': did you mean 'times'?
    ...    Drop Connection On    QUIT    tmies=2
    *'further_lines' got value 'then=close'*: This keyword does not accept the argument 'then': use Add Rule instead.
    ...    Reply To Command    RCPT TO    450 no    then=close
    Invalid reply 'no': expected a three-digit code, a space and a text    Reply To Command    RCPT TO    no
    The condition subject is not available at RCPT TO: expected one of client, helo_name, argument, user, sender, recipient
    ...    Reply To Command    RCPT TO    450 no    subject=Hi
    The rule NOOP does nothing: expected one of reply, delay, jitter, drip, throttle, then, tls
    ...    Delay Command    NOOP
    Invalid times -1: expected an integer of at least 0    Reset Connection On    NOOP    times=-1
    ValueError: Argument 'delay' got value 'soon' that cannot be converted to timedelta or None*
    ...    Delay Command    NOOP    soon
    ValueError: Argument 'times' got value 'twice' that cannot be converted to integer or None*
    ...    Reply To Command    NOOP    450 no    times=twice
    Keyword 'SMTPMockLibrary.Stay Silent On' expected 1 non-named argument, got 2.
    ...    Stay Silent On    NOOP    tmies=2
    ValueError: Argument 'rule' got value '450 no' that cannot be converted to Rule: *
    ...    Rule Should Have Been Used    450 no


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=TEST

Send Ten Mails By Chance
    [Arguments]    &{seed}
    ${rule} =    Reply To Command    MAIL FROM    451 Later    probability=0.5    &{seed}
    VAR    @{ends}
    FOR    ${_}    IN RANGE    10
        ${end} =    Get End Of Sending    ${SERVER}
        Append To List    ${ends}    ${end}
    END
    Remove Rule    ${rule}
    RETURN    ${ends}

The Condition Should Refuse The Bill Alone
    [Arguments]    &{conditions}
    ${rule} =    Reply To Command    message    554 No bills    &{conditions}
    Sending Should End With    ${SERVER}    sent
    Sending Should End With    ${SERVER}    554 No bills    ann@other.example
    ...    sender=billing@example.com    name=billing.example.com
    ...    subject=Bill 42    text=That is 42 EUR.    attachment=bill.pdf    header=X-Id: 42
    Rule Should Have Been Used    ${rule}    times=1
    Remove Rule    ${rule}
