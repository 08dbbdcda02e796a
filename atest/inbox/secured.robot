*** Settings ***
Documentation       The page behind a login and TLS.
Resource            inbox.resource
Library             OperatingSystem
Suite Setup         Start Chromium
Suite Teardown      Run Keyword And Ignore Error    Close All Browsers
Test Tags           uninstrumented


*** Test Cases ***
Everything Works Behind A Login And TLS
    Open The Inbox    http_auth=bob:secret    http_tls=True
    Location Should Contain    https://
    ${folder} =    Save Downloads
    Send Mail    ${SERVER}    subject=Welcome    html=<p>Hello</p>    attachment=terms.pdf
    Messages Should Be    1 message, 1 unread
    Open Message    Welcome
    Select Frame    css:iframe
    Wait Until Element Contains    css:body    Hello
    Unselect Frame
    Click Link    Download .eml
    Open Part    attachments
    Click Element    css:.attachments a
    Wait Until Created    ${folder}/*.eml
    Wait Until Created    ${folder}/terms.pdf
    ${raw} =    Get File    ${folder}/${SERVER.mock.message().id}.eml
    Should Contain    ${raw}    Subject: Welcome
    Show View    rules    Rules
    Click Button    css:form[aria-label="Greylist"] button
    Wait Until Page Contains    The rule is added.
    Remove Directory    ${folder}    recursive=True

A Copied Test Has The Login
    [Setup]    Set Environment Variable    SMTPMOCK_HTTP_AUTH    bob:secret
    Open The Inbox    http_auth=bob:secret
    Send Mail    ${SERVER}    subject=Welcome
    Open Message    Welcome
    Every Copied Test Should Pass
    [Teardown]    Remove Environment Variable    SMTPMOCK_HTTP_AUTH

Without The Login There Is No Page
    ${server} =    Start SMTP Mock    http_port=0    http_auth=bob:secret
    Go To    ${server.mock.http_url}
    Page Should Not Contain Element    css:inbox-page
