*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 4 Gets Its Own Mail
    Only Own Mail Should Arrive    4
