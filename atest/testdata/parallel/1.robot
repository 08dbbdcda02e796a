*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 1 Gets Its Own Mail
    Only Own Mail Should Arrive    1
