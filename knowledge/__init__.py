"""What the schools' protocols say: the documents (Markdown, YAML), and how they are read."""

from knowledge.load import Reader, default_folder, load, load_school
from knowledge.model import (
    Block,
    Helpline,
    Kind,
    Knowledge,
    Lines,
    Person,
    School,
    Section,
    Stappenplan,
    Step,
    StepVariant,
    Tip,
    TipList,
    Words,
)
from knowledge.problem import KnowledgeProblem

__all__ = [
    "Block",
    "Helpline",
    "Kind",
    "Knowledge",
    "KnowledgeProblem",
    "Lines",
    "Person",
    "Reader",
    "School",
    "Section",
    "Stappenplan",
    "Step",
    "StepVariant",
    "Tip",
    "TipList",
    "Words",
    "default_folder",
    "load",
    "load_school",
]
