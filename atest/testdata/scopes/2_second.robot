*** Settings ***
Library             SMTPMockLibrary
Library             Mailer


*** Test Cases ***
What The First Suite Started Has Ended
    Port Should Be Free    ${FIRST}
    Port Should Be Free    ${UNTIL SUITE}

What The Parent Started Goes On
    Port Should Be Open    ${PARENT}

What Was Started For The Run Goes On
    Port Should Be Open    ${MANUAL}
    Stop SMTP Mock    manual
    Port Should Be Free    ${MANUAL}
