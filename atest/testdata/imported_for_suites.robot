*** Settings ***
Library             SMTPMockLibrary    auto_stop=SUITE
Library             Mailer


*** Test Cases ***
A Test Starts A Server
    ${server} =    Start SMTP Mock
    VAR    ${SERVER}    ${server}    scope=SUITE

It Goes On In The Next
    Port Should Be Open    ${SERVER.port}
