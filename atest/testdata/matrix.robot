*** Settings ***
Library             SMTPMockLibrary
Library             Mailer


*** Test Cases ***
Lost Without A Report
    Survival Matrix Of    Send And Forget    faults=deferred-once, slow-replies

Unknown Fault
    Survival Matrix Of    Send And Forget    faults=defered-once


*** Keywords ***
Send And Forget
    ${server} =    Get SMTP Mock
    Run Keyword And Ignore Error    Send Mail    ${server}
