*** Settings ***
Documentation       TLS and authentication with smtplib.
Library             SMTPMockLibrary
Library             Mailer
Suite Setup         Skip If    importlib.util.find_spec('trustme') is None    trustme is missing.


*** Test Cases ***
A Client Trusts The Certificate Of The Server
    ${server} =    Start SMTP Mock    tls=starttls    require_tls=True
    ${ca} =    Get CA Certificate
    Sending Should End With    ${server}    530 STARTTLS is required first
    Sending Should End With    ${server}    sent    ca=${ca}
    ${mail} =    Get Message
    Message Should Be Sent Over TLS    ${mail}
    Message Should Be Sent Over TLS    ${mail}    ${mail.tls.version}

TLS Can Be Implicit
    ${server} =    Start SMTP Mock    tls=implicit    tls_minimum_version=TLSv1.3
    Should Be Equal    ${server.url}    smtps://127.0.0.1:${server.port}
    ${ca} =    Get CA Certificate
    Sending Should End With    ${server}    sent    ca=${ca}
    ${mail} =    Get Message
    Message Should Be Sent Over TLS    ${mail}    version=TLSv1.3

A Client Logs In
    ${server} =    Start SMTP Mock    auth=shop:secret,bob:open sesame    require_auth=True
    Sending Should End With    ${server}    530 Authentication required
    Sending Should End With    ${server}    535 Authentication credentials invalid    user=shop    password=wrong
    Sending Should End With    ${server}    sent    user=bob    password=open sesame
    ${mail} =    Get Message    user=bob
    Message Should Be Authenticated As    ${mail}    bob

A Client Logs In Over TLS
    ${server} =    Start SMTP Mock    tls=starttls    auth=${{{'shop': 'secret'}}}    auth_mechanisms=LOGIN
    ${ca} =    Get CA Certificate
    Sending Should End With    ${server}    sent    ca=${ca}    user=shop    password=secret
    ${mail} =    Get Message
    Message Should Be Sent Over TLS    ${mail}
    Message Should Be Authenticated As    ${mail}    shop

TLS Can Be Broken By A Rule
    ${server} =    Start SMTP Mock    tls=starttls
    ${ca} =    Get CA Certificate
    ${rule} =    Add Rule    STARTTLS    tls=expired    times=1
    Sending Should End With    ${server}    certificate has expired    ca=${ca}
    Sending Should End With    ${server}    sent    ca=${ca}
    Rule Should Have Been Used    ${rule}    times=1

A Login Can Be Refused By A Rule
    ${server} =    Start SMTP Mock    auth=any    auth_mechanisms=PLAIN
    Fail Next Messages    stage=AUTH    reply=454 4.7.0 Temporary failure
    Sending Should End With    ${server}    454 4.7.0 Temporary failure    user=shop    password=x
    ${rule} =    Reply To Command    MAIL FROM    552 5.2.2 Quota exceeded    user=shop
    Sending Should End With    ${server}    sent
    Sending Should End With    ${server}    552 5.2.2 Quota exceeded    user=shop    password=x
    Rule Should Have Been Used    ${rule}    times=1

Passwords Can Be Secrets
    [Documentation]    Only newer versions of Robot Framework have secrets.
    Skip If    not hasattr(robot.api.types, 'Secret') if importlib.util.find_spec('robot.api.types') else True
    ...    This version of Robot Framework has no secrets.
    ${secret} =    Evaluate    robot.api.types.Secret('open sesame')
    ${server} =    Start SMTP Mock    auth=${{{'bob': $secret}}}
    Sending Should End With    ${server}    sent    user=bob    password=open sesame
    ${mail} =    Get Message
    Message Should Be Authenticated As    ${mail}    bob
