*** Settings ***
Library             SMTPMockLibrary
Library             Mailer


*** Test Cases ***
Unused
    Start SMTP Mock    strict=True
    Reject Recipient    bob@example.com
    Fail Next Messages    2

Unused On Two Servers
    Start SMTP Mock    strict=True
    Reject Recipient    bob@example.com
    Start SMTP Mock    strict=True
    Reject Recipient    ann@example.com

Stopped In The Teardown
    Start SMTP Mock    strict=True
    Reject Recipient    bob@example.com
    [Teardown]    Stop SMTP Mock

All Stopped In The Teardown
    Start SMTP Mock    strict=True    auto_stop=MANUAL
    Reject Recipient    bob@example.com
    Start SMTP Mock    strict=True
    Reject Recipient    ann@example.com
    [Teardown]    Stop All SMTP Mocks

Failed Anyway
    Start SMTP Mock    strict=True
    Reject Recipient    bob@example.com
    Fail    The reason

Failed Anyway, And Stopped
    Start SMTP Mock    strict=True
    Reject Recipient    bob@example.com
    Fail    The reason
    [Teardown]    Stop SMTP Mock

Used
    ${server} =    Start SMTP Mock    strict=True
    Reject Recipient    bob@example.com
    Sending Should End With    ${server}    550 5.1.1 User unknown

Not Strict
    Start SMTP Mock
    Reject Recipient    bob@example.com
