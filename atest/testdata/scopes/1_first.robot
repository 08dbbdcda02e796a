*** Settings ***
Library             SMTPMockLibrary
Library             Mailer
Suite Setup         Start A Server


*** Test Cases ***
A Test Forgets Its Server
    ${server} =    Start SMTP Mock
    VAR    ${FORGOTTEN}    ${server.port}    scope=GLOBAL
    Port Should Be Open    ${FORGOTTEN}

It Ended With The Test
    Port Should Be Free    ${FORGOTTEN}
    Port Should Be Open    ${FIRST}
    Port Should Be Open    ${PARENT}

The One Of The Suite Is The Current One
    ${current} =    Switch SMTP Mock    parent
    Should Be Equal    ${current}    first
    Switch SMTP Mock    first

A Failed Test Forgets Its Server
    ${server} =    Start SMTP Mock
    VAR    ${FORGOTTEN}    ${server.port}    scope=GLOBAL
    Fail    Now

It Ended With The Failed Test
    Port Should Be Free    ${FORGOTTEN}

Tests Start Servers For Longer
    ${server} =    Start SMTP Mock    auto_stop=SUITE
    VAR    ${UNTIL SUITE}    ${server.port}    scope=GLOBAL
    ${server} =    Start SMTP Mock    manual    auto_stop=MANUAL
    VAR    ${MANUAL}    ${server.port}    scope=GLOBAL

They Go On
    Port Should Be Open    ${UNTIL SUITE}
    Port Should Be Open    ${MANUAL}

A Test Restarts The Server Of The Suite
    Stop SMTP Mock    first
    ${server} =    Start SMTP Mock    first
    VAR    ${FIRST}    ${server.port}    scope=GLOBAL

It Is Still The Server Of The Suite
    Port Should Be Open    ${FIRST}

A Test Takes The Server Of The Suite Offline
    Take SMTP Mock Offline    first
    Port Should Be Free    ${FIRST}

It Is Online Again
    Port Should Be Open    ${FIRST}


*** Keywords ***
Start A Server
    ${server} =    Start SMTP Mock    first
    VAR    ${FIRST}    ${server.port}    scope=GLOBAL
