*** Settings ***
Library             SMTPMockLibrary
Suite Setup         Start A Server


*** Keywords ***
Start A Server
    ${server} =    Start SMTP Mock    parent
    VAR    ${PARENT}    ${server.port}    scope=GLOBAL
