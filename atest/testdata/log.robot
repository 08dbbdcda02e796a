*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Test Setup          Start The Server


*** Test Cases ***
Refused
    Send Lines    ${SERVER}    HELO x.example    MAIL FROM:<a@example.com>    RCPT TO:<gone@example.com>    QUIT
    Wait For Message    timeout=10 ms

Delayed
    Send Mail    ${SERVER}
    Log Session Transcript

Long
    Send Mail    ${SERVER}    text=${{'a line of text\n' * 1000}}
    Log Session Transcript

Hostile
    Send The Hostile Mail    ${SERVER}    ${BEACON}
    ${mail} =    Get Message
    Message Should Contain    ${mail}    <b>peace</b>

Login
    Send Lines    ${SERVER}    HELO x.example    AUTH PLAIN AGJvYgBvcGVuIHNlc2FtZQ==    QUIT
    Log Session Transcript
    Wait For Message    timeout=10 ms

Not Connected
    Wait For Message    timeout=10 ms

Without A Failure
    Send Mail    ${SERVER}
    Wait For Message

Scripted
    Reply To Command    RCPT TO    450 4.7.1 Greylisted    recipient=bob@example.com    times=2
    Drop Connection On    message    subject=Invoice*
    Delay Command    *    50 ms
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted
    Sending Should End With    ${SERVER}    450 4.7.1 Greylisted
    Sending Should End With    ${SERVER}    Connection unexpectedly closed    subject=Invoice 7
    Log Session Transcript

Other Server
    Send Mail    ${SERVER}    subject=To the first
    ${mail} =    Get Message
    ${other} =    Start SMTP Mock
    Send Mail    ${other}    subject=To the second
    Message Should Contain    ${mail}    Good bye

Several
    Send Mail    ${SERVER}    subject=First session
    Send Mail    ${SERVER}    subject=Second session
    Log Session Transcript

Wrong
    Send Lines    ${SERVER}    HELO localhost    MAIL FROM: <a@example.com>    RCPT TO:<bob@example.com>    DATA
    ...    To: nobody at all\nHi\r\n.    QUIT
    Messages Should Follow Standards

Handshake
    ${secure} =    Start SMTP Mock    tls=starttls
    Add Rule    STARTTLS    tls=refuse
    ${ca} =    Get CA Certificate
    Run Keyword And Ignore Error    Send Mail    ${secure}    ca=${ca}
    Call Method    ${secure.mock}    wait_for_session
    Log Session Transcript

Refused By Another Server
    Refuse A Mail    ${SERVER}    first.example
    Refuse A Mail    ${SERVER}    second.example
    ${mail} =    Get Message    accepted=False    helo_name=second.example
    ${other} =    Start SMTP Mock    alias=other    not_registered_emails=gone@example.com
    Refuse A Mail    ${other}    third.example
    Message Should Contain    ${mail}    Hello

Sent To Two Servers
    Send Mail    ${SERVER}    name=first.example
    ${mail} =    Get Message
    ${other} =    Start SMTP Mock    alias=other
    Send Mail    ${other}    name=second.example
    Message Should Contain    ${mail}    Good night

In One Packet
    ${server} =    Start SMTP Mock    alias=chunking    extensions=CHUNKING,PIPELINING
    Send In One Packet    ${server}    HELO x.example
    ...    MAIL FROM:<a@example.com>    RCPT TO:<b@example.com>    BDAT 26 LAST    Subject: mail-one\r\n\r\none
    ...    MAIL FROM:<a@example.com>    RCPT TO:<b@example.com>    BDAT 26 LAST    Subject: mail-two\r\n\r\ntwo
    ...    QUIT
    Log Session Transcript


*** Keywords ***
Refuse A Mail
    [Arguments]    ${server}    ${name}
    Send Lines    ${server}    HELO ${name}    MAIL FROM:<a@example.com>    RCPT TO:<gone@example.com>    QUIT

Start The Server
    ${server} =    Start SMTP Mock    not_registered_emails=gone@example.com    response_delay_message=100 ms
    VAR    ${SERVER}    ${server}    scope=TEST
