"""The pages on rules: every example is run, again and again, and the tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smtpmock.rules import words
from smtpmock.rules.text_form import load_rules, parse_rule
from tests.docs.pages import ALL, DOCS

TIMES = 5

EXAMPLES = [example for page in ("rules.md", "recipes.md") for example in ALL[page] if example.language == "python"]


def read(page):
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(language):
    """Return the blocks of rules.md in a language."""
    return [example.code for example in ALL["rules.md"] if example.language == language]


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_example_does_the_same_each_time(example):
    compiled = compile("\n" * (example.line - 1) + example.code, str(DOCS / example.page), "exec")
    for _ in range(TIMES):
        exec(compiled, {"__name__": "example"})


def test_every_recipe_has_an_example_with_an_assertion():
    for title in re.findall(r"^## (.+)$", read("recipes.md"), re.MULTILINE):
        codes = [example.code for example in ALL["recipes.md"] if example.section == title]
        assert codes, title
        assert all(re.search(r"^ *(assert|with raises)\b|assert_used\(", code, re.MULTILINE) for code in codes), title


@pytest.mark.parametrize("names", [words.STAGES, words.WORDS, words.THEN], ids=["stages", "words", "then"])
def test_page_has_a_row_for_each_name(names):
    heads = [line.split("|")[1] for line in read("rules.md").splitlines() if line.startswith("| `")]
    named = {name.strip('"') for head in heads for name in re.findall(r"`([^`]+)`", head)}

    assert set(names) <= named


def test_rules_on_the_command_line_of_the_page_are_rules():
    found = [re.findall(r'--rule "([^"]+)"', code) for code in blocks("sh")]

    assert [str(parse_rule(line)) for lines in found for line in lines] == [
        "RCPT TO recipient='*@slow.example' delay=2.0 reply='451 later' times=3",
        "EHLO reply=['250-old.example.com', '250 SIZE 1000']",
        "* delay=0.05 jitter=0.01 seed=7",
    ]


def test_file_of_the_page_is_a_file_of_rules(tmp_path):
    texts = blocks("toml")
    path = tmp_path / "rules.toml"
    path.write_text("\n".join(texts))

    assert [str(rule) for rule in load_rules(str(path))] == [
        "RCPT TO recipient='*@slow.example' delay=2 reply='451 later' times=3",
        "EHLO reply=['250-old.example.com', '250 SIZE 1000']",
        "RCPT TO reply='450 4.7.1 Greylisted, try again later' (greylist: retry after 300 s)",
    ]


def test_mistake_of_the_page_is_told_so(tmp_path, monkeypatch, capsys):
    from smtpmock.__main__ import main

    text, _ = blocks("toml")
    [told] = blocks("text")
    monkeypatch.chdir(tmp_path)
    Path("rules.toml").write_text(text + 'subject = "x"\n')

    assert main(["--rules", "rules.toml"]) == 2
    assert capsys.readouterr().err == told
