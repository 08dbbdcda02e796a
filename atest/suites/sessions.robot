*** Settings ***
Documentation       Sessions and transcripts.
Library             SMTPMockLibrary
Library             Mailer


*** Test Cases ***
Sessions Without A Message Are Returned
    ${server} =    Start SMTP Mock
    Send Lines    ${server}    HELO one.example.com    FOO    QUIT
    Send Mail    ${server}    name=two.example.com
    ${sessions} =    Get Sessions
    Length Should Be    ${sessions}    2
    Should Be Equal    ${sessions[0].exchanges[2].request}    FOO
    ${sessions} =    Get Sessions    helo_name=two.example.com
    Should Be Equal    ${sessions[0].number}    ${2}
    ${mail} =    Get Message
    Should Be Equal    ${sessions[0].id}    ${mail.session_id}
    ${mark} =    Get Mark
    ${sessions} =    Get Sessions    since=${mark}
    Should Be Empty    ${sessions}

A Transcript Is Returned As Text
    ${server} =    Start SMTP Mock
    Send Lines    ${server}    HELO one.example.com    FOO    QUIT
    ${transcript} =    Log Session Transcript
    Should Match Regexp    ${transcript}    ^Session 1 from 127\\.0\\.0\\.1:\\d+, .*\n\\+0\\.\\d+ S: 220 Welcome\n
    Should Contain    ${transcript}    C: FOO
    Should Contain    ${transcript}    S: 502 Command unrecognized.
    ${transcript} =    Log Session Transcript    helo_name=other.example.com    level=DEBUG
    Should Be Empty    ${transcript}

A Session That Has Ended Is Waited For
    ${server} =    Start SMTP Mock
    Send Lines    ${server}    HELO one.example.com    QUIT
    ${session} =    Wait For Session    helo_name=one.example.com
    Should Be Equal    ${session.helo_name}    one.example.com
    Should Not Be Equal    ${session.ended_at}    ${None}
    ${again} =    Wait For Session    timeout=0
    Should Be Equal    ${again.id}    ${session.id}
    Run Keyword And Expect Error    No session with helo_name='two.example.com' ended within 0.01 s.\n*
    ...    Wait For Session    helo_name=two.example.com    timeout=10 ms
