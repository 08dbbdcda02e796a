*** Settings ***
Documentation       A server that runs elsewhere: in another process, reached over HTTP. Tests with the tag `local` are left out by
...                 `atest/run.py --remote`: they compare, or look at a server after it has ended.
Library             SMTPMockLibrary
Library             Elsewhere
Library             Mailer
Library             Subject
Suite Setup         Set Up
Suite Teardown      End Elsewhere


*** Test Cases ***
Keywords Work As With A Server That Was Started Here
    ${server} =    Connect To SMTP Mock    ${URL}    alias=shared
    Should Be Equal    ${server.alias}    shared
    Should Be Equal    ${server.url}    smtp://127.0.0.1:${server.port}
    Send Mail    ${server}    subject=Welcome
    ${mail} =    Wait For Message    subject=Welcome
    Message Should Contain    ${mail}    ${mail.text}
    Message Count Should Be    1
    ${sessions} =    Get Sessions
    Length Should Be    ${sessions}    1
    Log Message    ${mail}
    Log Session Transcript
    Run Keyword And Expect Error    *No message with subject='Other' arrived within 0.01 s.*Welcome*
    ...    Wait For Message    subject=Other    timeout=0.01

Connecting Removes Nothing And Disconnecting Removes Rules
    ${before} =    Messages Elsewhere
    Should Be Equal As Integers    ${before}    1
    Connect To SMTP Mock    ${URL}
    Message Count Should Be    1
    Fail Next Messages    1
    ${rules} =    Rules Elsewhere
    Should Be Equal As Integers    ${rules}    1
    Stop SMTP Mock
    ${rules} =    Rules Elsewhere
    Should Be Equal As Integers    ${rules}    0
    Run Keyword And Expect Error    No SMTP mock is running:*    Get Message

The End Of A Test Ends Its Connection
    Run Keyword And Expect Error    No SMTP mock is running:*    Get Message
    Connect To SMTP Mock    ${URL}
    Reject Recipient    *@example.com

Rules Of A Test That Has Ended Are Gone
    ${rules} =    Rules Elsewhere
    Should Be Equal As Integers    ${rules}    0

A Server That Cannot Be Reached Is One Sentence
    Run Keyword And Expect Error    The SMTP mock at http://127.0.0.1:1 cannot be reached: the connection was refused.
    ...    Connect To SMTP Mock    http://127.0.0.1:1

A Connection With Criteria Sees Only What Matches
    ${server} =    Connect To SMTP Mock    ${URL}    recipient=*@one.example
    Send Mail    ${server}    bob@one.example
    Send Mail    ${server}    bob@two.example
    Message Count Should Be    1
    Should Be Equal    ${server.url}    smtp://127.0.0.1:${server.port}
    Run Keyword And Expect Error    Unable to go offline in the scope recipient='*@one.example': *
    ...    Take SMTP Mock Offline
    Purge Messages
    ${left} =    Messages Elsewhere
    Should Be Equal As Integers    ${left}    2

A Connection Cannot Be Limited To A Moment
    Run Keyword And Expect Error    *accepted*    Connect To SMTP Mock    ${URL}    accepted=None
    Run Keyword And Expect Error    *since*    Connect To SMTP Mock    ${URL}    since=${{smtpmock.Mark(0, 0)}}

A Strict Connection Fails If A Rule Was Never Used
    Connect To SMTP Mock    ${URL}    strict=True
    Fail Next Messages
    Run Keyword And Expect Error    *1 rule never used:*    Stop SMTP Mock

Pictures Are Those Of A Server That Was Started Here
    [Tags]    local
    Run Subject    log.robot    --variable    BEACON:1
    ${local} =    Get All Pictures
    Run Subject    log.robot    --variable    BEACON:1    --listener    Remotely
    ${remote} =    Get All Pictures
    Length Should Be    ${local}    15
    Should Be Equal    ${remote}    ${local}


*** Keywords ***
Set Up
    ${url} =    Start Elsewhere
    VAR    ${URL}    ${url}    scope=SUITE
