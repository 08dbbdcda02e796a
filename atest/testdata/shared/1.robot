*** Settings ***
Resource            steps.resource


*** Test Cases ***
Suite 1 Has The Server To Itself
    Nobody Else Should Be Noticed    1

Suite 1 Has It Again
    Nobody Else Should Be Noticed    1
