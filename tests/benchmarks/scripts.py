"""What the pupils of a benchmark press and type, and what each answer must offer: a fast wrong answer is no figure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One message of a pupil.

    Attributes:
        says: a payload or typed text; ``{nonce}`` is filled with that of the preview that came before.
        offers: stands in a button of the answer; empty where the answer has none of its own.
    """

    says: str
    offers: str = ""


_ANSWERS = (
    Step('/antwoord{"voor_wie": "mij"}', '{"over_lezer": "nee"}'),
    Step('/antwoord{"over_lezer": "nee"}', '{"veilig": "ja"}'),
    Step('/antwoord{"veilig": "ja"}', '{"wat": '),
    Step('/antwoord{"wat": "Iemand mag niet meedoen."}', '{"waar": '),
    Step('/antwoord{"waar": "op het plein"}', '{"wanneer": '),
    Step('/antwoord{"wanneer": "deze week"}', '{"hoe_vaak": '),
    Step("/overslaan", '{"wie_weet": '),
    Step('/antwoord{"wie_weet": "andere leerlingen"}', '{"wens": '),
    Step('/antwoord{"wens": "het moet stoppen"}', '{"terugschrijven": '),
    Step('/antwoord{"terugschrijven": "ja"}', '/versturen{"nonce":'),
)
# Tips, questions, the whole form up to the preview, which is thrown away. No Argon2.
BUTTONS = (
    Step("/ben_leerling", "/gepest_worden"),
    Step("/gepest_worden", "/tip_volgende"),
    Step("/tip_volgende", "/tip_volgende"),
    Step("/tip_geprobeerd", "/tip_volgende"),
    Step("/tip_hielp_niet", "/tip_volgende"),
    Step("/wie_helpt", "/menu"),
    Step("/anoniem_vraag", "/menu"),
    Step("/menu", "/melding_doen"),
    Step("/melding_doen", '{"voor_wie": "mij"}'),
    *_ANSWERS,
    Step("/help", "/versturen"),
    Step("/weggooien", "/melding_doen"),
    Step("/menu", "/gepest_worden"),
)
# The same, typed: what the examples know, navigation, what nobody understands, and answers in a child's own words.
TEXTS = (
    Step("ik ben een leerling", "/gepest_worden"),
    Step("Ze pesten me altijd", "/tip_volgende"),
    Step("gisteren hebben ze mijn tas in de struiken gegooid en iedereen keek toe", "/melding_doen"),
    Step("wie kan mij helpen?", "/menu"),
    Step("Is dit anoniem", "/menu"),
    Step("begin", "/melding_doen"),
    Step("Ik wil iets melden", '{"voor_wie": "mij"}'),
    Step("sla maar over", '{"over_lezer": "nee"}'),
    Step("nee", '{"veilig": "ja"}'),
    Step("ja hoor", '{"wat": '),
    Step(
        "In de pauze staan ze met zijn vieren om mij heen bij het fietsenhok. Ze noemen me steeds een naam die niet leuk is, "
        "en ze pakken mijn brood af. Als de bel gaat doen ze net of er niks was.",
        '{"waar": ',
    ),
    Step("bij het fietsenhok, achter de gymzaal", '{"wanneer": '),
    Step("al sinds de herfst, meestal op dinsdag na gym", '{"hoe_vaak": '),
    Step("bijna elke week wel een keer", '{"wie_weet": '),
    Step("mijn vriendin heeft het gezien en ik vertelde het aan mijn tante", '{"wens": '),
    Step("dat ze ermee ophouden en dat ik weer mee mag doen", '{"terugschrijven": '),
    Step("stop", "/menu"),
    Step("dankjewel", "/menu"),
)
# From the first button to *versturen*: one melding, with its Argon2.
FORM = (
    Step("/ben_leerling", "/melding_doen"),
    Step("/melding_doen", '{"voor_wie": "mij"}'),
    *_ANSWERS,
    Step('/versturen{"nonce":"{nonce}"}'),
)
# One long conversation. Its turns 2 to 11 and 292 to 301 are the same ten buttons, its turns 1 and 300 the same one.
_ROUND = (
    Step("/gepest_worden", "/tip_volgende"),
    Step("/tip_volgende", "/tip_volgende"),
    Step("/tip_hielp_niet", "/tip_volgende"),
    Step("/melding_doen"),
    Step('/antwoord{"voor_wie": "mij"}'),
    Step('/antwoord{"over_lezer": "nee"}'),
    Step("/help", "/menu"),
    Step("/terug"),
    Step("/menu"),
    Step("/wie_helpt", "/menu"),
)
LONG = (Step("/menu"), *_ROUND * 30)

SCRIPTS = {"buttons": BUTTONS, "texts": TEXTS, "form": FORM, "long": LONG}
