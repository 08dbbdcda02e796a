*** Settings ***
Library             SMTPMockLibrary


*** Test Cases ***
Criterion
    Get Message    recipent=bob@example.com

Criterion That Has Another Name
    Get Message    bcc=bob@example.com

Criterion With A Variable
    Wait For Message    recipent=${TEST NAME}

Criterion After An Argument
    Messages Should Contain Recipient    bob@example.com    sujbect=Hi

Criterion In Place Of An Operator
    Get Message Count    recipent=bob@example.com

Criterion After An Operator
    Get Message Count    ==    2    recipent=bob@example.com

Session Criterion
    Get Sessions    heloname=x.example

Number Without An Operator
    Get Message Count    5

Operator
    Get Message Count    equls    5

Setting
    Start SMTP Mock    prot=2525

Setting After The Alias
    Start SMTP Mock    shop    prot=2525

Violation
    Messages Should Follow Standards    mising-date

Stage
    Delay Command    RCTP TO    1 s

Word Of A Rule
    Reply To Command    RCPT TO    550 No    tmies=2

Word Of A Rule In Place Of A Reply
    Drop Connection On    QUIT    tmies=2

Word That This Keyword Does Not Accept
    Reply To Command    RCPT TO    550 No    then=close

Word In Place Of A Reply
    Reject Recipient    bob@example.com    replay=550 No

In A User Keyword
    User Keyword

In A Setup
    [Setup]    Get Message    recipent=bob@example.com
    No Operation


*** Keywords ***
User Keyword
    Get Message    recipent=bob@example.com
