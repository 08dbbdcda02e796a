*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Suite Setup         Send And Fail


*** Test Cases ***
Test
    No Operation


*** Keywords ***
Send And Fail
    ${server} =    Start SMTP Mock
    Send Mail    ${server}    subject=In the suite setup
    Wait For Message    recipient=ann@example.com    timeout=1 ms
