*** Settings ***
Documentation       The keyword documentation that libdoc generates.
Library             Documentation
Library             Subject
Library             Collections


*** Test Cases ***
Every Keyword Has An Example
    ${without} =    Keywords Without An Example
    Should Be Empty    ${without}

Every Example Runs
    ${suite} =    Write Examples
    Run Subject    ${suite}
    ${count} =    Number Of Keywords
    Number Of Tests Should Be    ${count}
    All Tests Should Have Passed

Every Example Is Shown As It Is Written
    ${lines} =    Examples With Markup
    Should Be Empty    ${lines}

Every Argument Has A Type
    ${without} =    Arguments Without A Type
    Should Be Empty    ${without}

Start SMTP Mock Accepts And Documents All Settings
    ${without} =    Settings Without A Meaning
    Should Be Empty    ${without}

The Library Has All Criteria And Rule Words
    ${unknown} =    Words That Smtpmock Does Not Know
    Should Be Empty    ${unknown}

The Introduction Documents All Criteria
    ${without} =    Criteria Without A Meaning
    Should Be Empty    ${without}

The Introduction Documents All Stages And Words Of Rules
    ${without} =    Rule Words Without A Meaning
    Should Be Empty    ${without}

The Page Is Up To Date
    Page Should Be Up To Date    ${CURDIR}/../../docs/keywords.html
