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


*** Keywords ***
Start The Server
    ${server} =    Start SMTP Mock    not_registered_emails=gone@example.com    response_delay_message=100 ms
    VAR    ${SERVER}    ${server}    scope=TEST
