*** Settings ***
Documentation       The mail that customers of the shop receive.
Library             Process
Library             OperatingSystem
Library             SMTPMockLibrary
Test Teardown       Stop SMTP Mock


*** Test Cases ***
Signing Up Sends A Confirmation Link
    The Shop Has A Mail Server
    The Shop Should    sign-up    bob@example.com
    ${mail} =    Wait For Message    recipient=bob@example.com    subject=Welcome*
    Messages Should Contain Recipient    bob@example.com
    Message Should Contain    ${mail}    Thank you for signing up
    ${link} =    Get Link From Message    ${mail}    */confirm/*
    Should Match Regexp    ${link}    ^https://shop\\.example\\.com/confirm/[\\w-]{32}$
    ${code} =    Get Code From Message    ${mail}
    Length Should Be    ${code}    6
    No Message Should Arrive    recipient=*@other.example    within=200 ms

An Invoice Is Sent As A PDF With A Blind Copy To The Archive
    The Shop Has A Mail Server
    The Shop Should    invoice    bob@example.com    4711
    ${mail} =    Get Message    subject=Your invoice 4711
    Message Should Have Attachment    ${mail}    4711.pdf    content_type=application/pdf
    ${path} =    Save Attachment    ${mail}    *.pdf
    ${content} =    Get Binary File    ${path}
    Should Start With    ${content}    ${{b'%PDF-'}}
    Recipient Should Be Hidden    ${mail}    archive@example.com

The Newsletter Is Sent Despite A Refused Recipient
    The Shop Has A Mail Server    not_registered_emails=gone@example.com
    Create File    ${TEMPDIR}/newsletter.txt    ann@example.com gone@example.com bob@example.com
    ${result} =    The Shop Runs    newsletter    ${TEMPDIR}/newsletter.txt
    Should Be Equal    ${result.stdout}    Refused: gone@example.com
    Message Count Should Be    2    subject=News*
    Messages Should Contain Recipient    ann@example.com
    Messages Should Contain Recipient    bob@example.com
    Messages Should Not Contain Recipient    gone@example.com
    ${transcript} =    Log Session Transcript
    Should Contain    ${transcript}    550 User not found


*** Keywords ***
The Shop Has A Mail Server
    [Arguments]    &{settings}
    ${server} =    Start SMTP Mock    &{settings}
    VAR    ${SMTP}    ${server.host}:${server.port}    scope=TEST

The Shop Should
    [Arguments]    @{command}
    ${result} =    The Shop Runs    @{command}
    Should Be Equal As Integers    ${result.rc}    0    ${result.stderr}

The Shop Runs
    [Arguments]    @{command}
    ${result} =    Run Process    ${{sys.executable}}    ${CURDIR}/shop.py    --smtp    ${SMTP}    @{command}
    RETURN    ${result}
