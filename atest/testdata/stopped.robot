*** Settings ***
Library             SMTPMockLibrary


*** Test Cases ***
Nothing Ran
    Get Messages

A Server Of A Test
    Start SMTP Mock

It Ended With The Test
    Get Messages

A Test Stops The Server
    Start SMTP Mock    shop    auto_stop=SUITE
    Stop SMTP Mock

The Server Is Missing
    Get Messages

The Server Is Missing By Its Alias
    Get SMTP Mock    shop
