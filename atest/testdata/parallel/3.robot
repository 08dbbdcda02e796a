*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 3 Gets Its Own Mail
    Only Own Mail Should Arrive    3
