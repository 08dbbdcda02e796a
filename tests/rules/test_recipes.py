"""The pages on rules: every example is run, again and again, and the tables name what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from smtpmock.rules import words
from smtpmock.rules.text_form import load_rules, parse_rule

DOCS = Path(__file__).parents[2] / "docs"
TIMES = 5

_BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


def read(page):
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page, language):
    """The blocks in a language, each behind the number of its first line."""
    text = read(page)
    return [
        (text.count("\n", 0, found.start()) + 2, found["code"])
        for found in _BLOCK.finditer(text)
        if found["language"] == language
    ]


EXAMPLES = [(page, *block) for page in ("rules.md", "recipes.md") for block in blocks(page, "python")]


@pytest.mark.parametrize(("page", "line", "code"), EXAMPLES, ids=[f"{page}:{line}" for page, line, _ in EXAMPLES])
def test_example_does_the_same_each_time(page, line, code):
    compiled = compile("\n" * (line - 1) + code, str(DOCS / page), "exec")
    for _ in range(TIMES):
        exec(compiled, {"__name__": "example"})


def test_every_recipe_has_an_example_with_an_assertion():
    for recipe in read("recipes.md").split("\n## ")[1:]:
        title = recipe.partition("\n")[0]
        codes = [found["code"] for found in _BLOCK.finditer(recipe)]
        assert codes, title
        assert all(re.search(r"^ *(assert|with raises)\b|assert_used\(", code, re.MULTILINE) for code in codes), title


@pytest.mark.parametrize("names", [words.STAGES, words.WORDS, words.THEN], ids=["stages", "words", "then"])
def test_page_has_a_row_for_each_name(names):
    heads = [line.split("|")[1] for line in read("rules.md").splitlines() if line.startswith("| `")]
    named = {name.strip('"') for head in heads for name in re.findall(r"`([^`]+)`", head)}

    assert set(names) <= named


def test_rules_on_the_command_line_of_the_page_are_rules():
    found = [re.findall(r'--rule "([^"]+)"', code) for _, code in blocks("rules.md", "")]

    assert [str(parse_rule(line)) for lines in found for line in lines] == [
        "RCPT TO recipient='*@slow.example' delay=2.0 reply='451 later' times=3",
        "EHLO reply=['250-old.example.com', '250 SIZE 1000']",
        "* delay=0.05 jitter=0.01 seed=7",
    ]


def test_file_of_the_page_is_a_file_of_rules(tmp_path):
    texts = [text for _, text in blocks("rules.md", "toml")]
    path = tmp_path / "rules.toml"
    path.write_text("\n".join(texts))

    assert [str(rule) for rule in load_rules(str(path))] == [
        "RCPT TO recipient='*@slow.example' delay=2 reply='451 later' times=3",
        "EHLO reply=['250-old.example.com', '250 SIZE 1000']",
        "RCPT TO reply='450 4.7.1 Greylisted, try again later' (greylist: retry after 300 s)",
    ]


def test_mistake_of_the_page_is_told_so(tmp_path, monkeypatch, capsys):
    from smtpmock.__main__ import main

    (_, text), _ = blocks("rules.md", "toml")
    [told] = [code for _, code in blocks("rules.md", "") if code.startswith("smtpmock: ")]
    monkeypatch.chdir(tmp_path)
    Path("rules.toml").write_text(text + 'subject = "x"\n')

    assert main(["--rules", "rules.toml"]) == 2
    assert capsys.readouterr().err == told
