*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 2 Gets Its Own Mail
    Only Own Mail Should Arrive    2
