"""Which topics each protocol treats, and what stands in them where it matters most."""

from __future__ import annotations

import pytest

from bot.yaml_file import read_yaml
from knowledge import Topic, default_folder
from knowledge.topics import TopicsFile
from tests.knowledge.named_things import SLUGS, school

ABSENT = {
    "mijlpaal": {"termijnen", "steungroep", "signalen"},
    "vo": {"signalen", "tips_alle"},
    "kwaliteitskaart": {
        *("pesten", "metingen", "online", "signalen", "te_weinig", "steungroep", "externe_hulp", "politie"),
        *("tips_gepest", "tips_pester", "tips_alle", "tips_online"),
    },
    "mozaiek": {"steungroep", "politie", "tips_online"},
    "jps": {"te_weinig", "signalen", "politie", "tips_gepest", "tips_pester", "tips_alle", "tips_online"},
}


def text(slug: str, topic: Topic) -> str:
    return " ".join(block.text for block in school(slug).topics[topic])


@pytest.mark.parametrize("slug", SLUGS)
def test_a_topic_is_absent_exactly_where_the_protocol_does_not_treat_it(slug: str) -> None:
    assert {topic.value for topic in Topic} - {topic.value for topic in school(slug).topics} == ABSENT[slug]


@pytest.mark.parametrize("slug", SLUGS)
def test_every_block_is_in_a_topic_or_only_under_its_heading(slug: str) -> None:
    of = school(slug)
    read = read_yaml(default_folder() / "schools" / slug / "onderwerpen.yaml", TopicsFile)
    in_topics = {block for blocks in of.topics.values() for block in blocks}

    for section in of.sections:
        for block in section.blocks:
            assert (block in in_topics) != any(reference.fits(block) for reference in read.alleen_via_koppen)


@pytest.mark.parametrize("slug", SLUGS)
def test_topics_come_in_the_same_order_everywhere(slug: str) -> None:
    topics = list(school(slug).topics)

    assert topics == [topic for topic in Topic if topic in topics]


def test_where_mozaiek_contradicts_itself_both_places_are_shown() -> None:
    of = school("mozaiek")

    assert {(249, 249), (364, 364)} <= {block.lines for block in of.topics[Topic.OUDERS_INGELICHT]}
    assert {(22, 27), (32, 37), (366, 366)} <= {block.lines for block in of.topics[Topic.EVALUATIE]}


def test_one_of_several_blocks_with_the_same_place_can_be_picked() -> None:
    (block,) = (block for block in school("mozaiek").topics[Topic.HULP_GROEP] if block.lines == (323, 323))

    assert block.text.startswith("Doen er meer kinderen")


@pytest.mark.parametrize(
    ("slug", "topic", "said"),
    [
        ("mijlpaal", Topic.WIE_BEPAALT, "gevoel van het kind"),
        ("mijlpaal", Topic.GEVOLGEN, "altijd een sanctie"),
        ("mijlpaal", Topic.TE_WEINIG, "vertrouwenspersoon van de ASKO"),
        ("vo", Topic.WIE_BEPAALT, "wie het ondergaat"),
        ("vo", Topic.TE_WEINIG, "teamleider"),
        ("vo", Topic.VASTLEGGEN, "Magister"),
        ("vo", Topic.STEUNGROEP, "6 tot 8 leerlingen"),
        ("kwaliteitskaart", Topic.TERMIJNEN, "dezelfde dag"),
        ("kwaliteitskaart", Topic.WIE_BEPAALT, "Diana"),
        ("mozaiek", Topic.TERMIJNEN, "24 uur"),
        ("mozaiek", Topic.GEVOLGEN, "maximaal vijf dagen"),
        ("jps", Topic.GEVOLGEN, "Niemand van de supportgroep krijgt straf"),
        ("jps", Topic.METINGEN, "sociogram"),
    ],
)
def test_the_answer_stands_under_its_topic(slug: str, topic: Topic, said: str) -> None:
    assert said in text(slug, topic)
