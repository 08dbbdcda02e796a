*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Test Setup          Two Mails Have Arrived, And One Was Refused


*** Test Cases ***
Wait
    Wait For Message    recipient=carl@example.com    subject=Bill*    timeout=10 ms

Wait For Several
    Wait For Messages    3    subject=Bill    timeout=10 ms

Wait On An Empty Server
    Start SMTP Mock
    Wait For Message    timeout=10 ms

Unexpected Mail
    No Message Should Arrive    subject=Bill

Get One Of Two
    Get Message    sender=shop@example.com

Count
    Message Count Should Be    3    subject=Bill

Count Of None
    Message Count Should Be    0    recipient=bob@example.com

Recipient
    Messages Should Contain Recipient    gone@example.com

Not Recipient
    Messages Should Not Contain Recipient    bob@example.com

Sender
    Messages Should Contain Sender    root@example.com

Not Sender
    Messages Should Not Contain Sender    shop@*    subject=Bill*

Subject
    Messages Should Contain Subject    REGEXP:^bill

Not Subject
    Messages Should Not Contain Subject    Bill

With A Text Of Its Own
    Messages Should Contain Subject    Reminder    message=The reminder is missing.

With HTML Of Its Own
    Messages Should Contain Subject    <i>    message=*HTML*The <b>reminder</b> is missing.


*** Keywords ***
Two Mails Have Arrived, And One Was Refused
    ${server} =    Start SMTP Mock    not_registered_emails=gone@example.com
    Send Mail    ${server}    subject=Bill 42
    Send Mail    ${server}    ann@example.com    subject=Hello, Ann
    Send Lines    ${server}    HELO x.example    MAIL FROM:<shop@example.com>    RCPT TO:<gone@example.com>    QUIT
