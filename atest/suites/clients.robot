*** Settings ***
Documentation       Different kinds of applications send mail to the server.
Library             SMTPMockLibrary
Library             Process
Library             Mailer


*** Test Cases ***
Smtplib In The Same Process
    ${server} =    Start SMTP Mock
    Send Mail    ${server}    subject=from smtplib
    Messages Should Contain Subject    from smtplib

Another Process
    ${server} =    Start SMTP Mock
    ${result} =    Run Process    ${{sys.executable}}    -c
    ...    import smtplib; smtplib.SMTP('127.0.0.1', ${server.port}).sendmail('a@example.com', 'b@example.com', 'Subject: from a process')
    Should Be Equal As Integers    ${result.rc}    0    ${result.stderr}
    Messages Should Contain Subject    from a process

Swaks
    Skip If    shutil.which('swaks') is None    swaks is missing.
    ${server} =    Start SMTP Mock    not_registered_emails=gone@example.com
    ${result} =    Run Process    swaks    --server    ${server.address}    --from    a@example.com
    ...    --to    bob@example.com    --header    Subject: from swaks    --body    Thank you
    Should Be Equal As Integers    ${result.rc}    0    ${result.stdout}
    ${mail} =    Get Message    recipient=bob@example.com
    Message Should Contain    ${mail}    Thank you
    ${result} =    Run Process    swaks    --server    ${server.address}    --to    gone@example.com
    Should Be Equal As Integers    ${result.rc}    24    ${result.stdout}
    Should Contain    ${result.stdout}    550 User not found
    ${sessions} =    Get Sessions
    Length Should Be    ${sessions}    2
    Message Count Should Be    1
