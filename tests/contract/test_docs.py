"""The pages that a person reads in trouble cover what can call them."""

import re

import pytest

from scripts import shapes, templates
from scripts.templates import ROOT

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
#: Events that carry `page`, true where people are called, and those whose rule calls people always.
ALWAYS = next(rule for rule in templates.resources("AWS::Events::Rule") if rule.name == "FailedReleaseRule").properties["EventPattern"]["detail-type"]
PAGING = sorted({*ALWAYS, *(kind.__name__ for kind in shapes.event_classes() if "page" in kind._fields)})


def section(title: str) -> str:
    return re.split(r"\n##+ ", RUNBOOK.partition(f"### {title}\n")[2])[0]


@pytest.mark.parametrize("name", [*PAGING, *(alarm.name for alarm in templates.resources("AWS::CloudWatch::Alarm"))])
def test_the_runbook_says_of_each_alarm_and_each_event_that_pages_what_it_means_where_to_look_and_what_to_do(name):
    assert re.findall(r"\*\*(\w+)\.\*\*", section(name)) == ["Meaning", "Look", "Act"]


@pytest.mark.parametrize("page", sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]))
def test_a_link_within_the_repository_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", (ROOT / page).read_text()):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_a_place_that_the_glossary_names_exists():
    core = ROOT / "layers" / "core" / "noria"
    rows = [line for line in (ROOT / "docs" / "glossary.md").read_text().splitlines() if line.startswith("| ")]
    places = [place for row in rows for place in re.findall(r"`([\w./]+)`", row.split("|")[-2])]
    assert [place for place in places if not ((core / place).exists() or (ROOT / place).exists())] == []
