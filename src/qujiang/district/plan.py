"""The plan: landmarks, their measures, actions, projects, programmes."""

from __future__ import annotations

import polars as pl

from qujiang.district.marks import MARKS, NAME_EN, NAME_ZH, NOTE, NOTE_ZH, SOURCE, STATUS, key, part_status, ranged
from qujiang.tables import Column, Rule, Table

MODELS = (
    "freight_throughput",
    "freight_peer_ratio",
    "freight_teu",
    "freight_water_cost",
    "growth",
    "carried",
    "access",
    "none",
)
DATE = r"(after )?\d{4}(-\d{2}(-\d{2})?)?"

LANDMARKS = Table(
    "landmarks",
    "Landmark outcomes that the plan promises",
    (
        Column("landmark_no", "integer", "number of the landmark", key=True, minimum=1),
        NAME_ZH,
        NAME_EN,
        Column("theme", "text", "theme in one word", required=True),
        Column("action", "text", "action that leads to it", reference="actions.id"),
        Column("indicators", "list", "figures of the plan that belong to it", reference="indicators.id"),
        Column("proposed_measures", "list", "what could be measured"),
        Column("meaning_en", "text", "what it means, a reading"),
        Column("deadline_year", "integer", "year by which it is promised", minimum=1900, maximum=2200),
        part_status("mapping_status", "how sure the pairing with the action is"),
        *MARKS,
    ),
    required=True,
)

MEASURES = Table(
    "measures",
    "How a landmark is measured: today, target, and which model says where it goes",
    (
        Column("landmark_no", "integer", "the landmark", reference="landmarks.landmark_no", required=True),
        key(),
        NAME_ZH,
        NAME_EN,
        Column("unit", "text", "unit of today and target", required=True),
        Column("today_value", "number", "where it stands; empty when not known"),
        Column("today_low_value", "number", "today, low end"),
        Column("today_high_value", "number", "today, high end"),
        part_status("today_status", "how sure today's value is"),
        Column(
            "today_year",
            "integer",
            "year that today's value belongs to",
            minimum=1900,
            maximum=2200,
            if_absent="the base year",
        ),
        Column("target_value", "number", "target; empty when there is none"),
        Column("target_low_value", "number", "target, low end"),
        Column("target_high_value", "number", "target, high end"),
        Column("target_year", "integer", "year of the target", minimum=1900, maximum=2200),
        part_status("target_status", "how sure the target is"),
        part_status("target_year_status", "how sure the year of the target is"),
        Column("bound", "choice", "sense of the target", choices=(">=", ">", "<=", "<"), required=True),
        Column("counts", "boolean", "part of the judgement on the landmark", required=True),
        Column("model", "choice", "what says where it goes", choices=MODELS, required=True),
        Column("model_argument", "text", "what the model is told"),
        Column(
            "added_value",
            "number",
            "what projects add by the target year to where the model says it goes; set by scenarios and project_effects",
            default=0.0,
        ),
        NOTE,
        NOTE_ZH,
        STATUS,
        SOURCE,
    ),
    required=True,
)

ACTIONS = Table(
    "actions",
    "Focuses and actions of the plan",
    (
        key(),
        Column("action_no", "integer", "number of the action", minimum=1, required=True),
        Column("focus_zh", "text", "focus, in Chinese"),
        Column("focus_en", "text", "focus, in English"),
        Column("action_zh", "text", "action, in Chinese", required=True),
        Column("action_en", "text", "action, in English", required=True),
        Column("landmark_no", "integer", "landmark that it serves", reference="landmarks.landmark_no"),
        Column("meaning_en", "text", "what it means, a reading"),
        part_status("mapping_status", "how sure the pairing with the landmark is"),
        *MARKS,
    ),
    if_absent="no action is shown",
)

PROJECTS = Table(
    "projects",
    "Named projects, links and venues",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("kind", "text", "what it is", required=True),
        Column(
            "state",
            "choice",
            "state",
            choices=(
                "study",
                "planned",
                "issued",
                "running",
                "under_construction",
                "main_structure_done",
                "nearly_complete",
                "built",
                "complete",
                "open",
            ),
            required=True,
        ),
        Column("started", "text", "when it began", pattern=DATE),
        Column("opened_or_due", "text", "when it opened or is to open", pattern=DATE),
        *ranged("cost", "yuan", "cost", minimum=0),
        Column("capacity_t_per_year", "number", "tonnes a year that it can carry", minimum=0),
        Column("known", "text", "what else is known, in English"),
        Column("known_zh", "text", "what else is known, in Chinese", if_absent="known is shown"),
        Column(
            "after",
            "list",
            "projects that must be finished before it starts",
            reference="projects.id",
            if_absent="it waits for no other",
        ),
        Column(
            "planned_start",
            "text",
            "when it was planned to begin",
            pattern=DATE,
            if_absent="no start can be missed; the plan runs from started",
        ),
        *ranged(
            "duration", "days", "days of work", type="integer", minimum=1, if_absent="from its start to its due date"
        ),
        Column(
            "progress_share",
            "number",
            "part of the work that is done, of 1",
            minimum=0,
            maximum=1,
            if_absent="no progress is reported, and no schedule index shown",
        ),
        Column("progress_day", "date", "day of that progress"),
        Column("spent_yuan", "number", "money spent by that day", minimum=0, if_absent="no cost index is shown"),
        *MARKS,
    ),
    if_absent="no project is followed",
    rules=(
        Rule(
            "progress needs its day",
            pl.col("progress_share").is_null() | pl.col("progress_day").is_not_null(),
            "progress_day",
            "write YYYY-MM-DD",
        ),
        Rule(
            "money spent needs its day",
            pl.col("spent_yuan").is_null() | pl.col("progress_day").is_not_null(),
            "spent_yuan",
            "fill in progress_day",
        ),
    ),
)

PROJECT_EFFECTS = Table(
    "project_effects",
    "What a project changes in the other tables once it is open: each row changes one number or word",
    (
        key(),
        Column("project", "text", "the project", reference="projects.id", required=True),
        Column(
            "verb",
            "choice",
            "set: the cell becomes the value; increase: it grows by it; scale: it is multiplied by it; add: a new row, a copy of the row "
            "under like, in which rows of verb set may then set cells",
            choices=("set", "increase", "scale", "add"),
            required=True,
        ),
        Column("table", "text", "table that is changed", required=True),
        Column(
            "row",
            "text",
            "key of the row, several separated by +, column=value, or all; for add the key of the new row",
            required=True,
        ),
        Column("column", "text", "column that is changed", if_absent="the whole row, for add"),
        Column("effect_value", "number", "number that it becomes, grows by or is multiplied by"),
        Column("low_value", "number", "its low end"),
        Column("high_value", "number", "its high end"),
        Column("effect_text", "text", "word that it becomes", if_absent="the effect is a number"),
        Column("like", "text", "for add: key of the row that the new one copies"),
        Column("unit", "text", "unit of the number"),
        *MARKS,
    ),
    if_absent="what a project moves cannot be said",
    rules=(
        Rule(
            "a number needs its unit",
            pl.col("effect_value").is_null() | pl.col("unit").is_not_null(),
            "unit",
            "write the unit of the column that is changed; ratio for scale",
        ),
        Rule(
            "an effect is a number or a word, and only a new row has neither",
            pl.when(pl.col("verb") == "add")
            .then(pl.col("effect_value").is_null() & pl.col("effect_text").is_null() & pl.col("like").is_not_null())
            .otherwise(
                (pl.col("effect_value").is_null() != pl.col("effect_text").is_null()) & pl.col("column").is_not_null()
            ),
            "effect_value",
            "fill in column and effect_value, or effect_text; for add fill in like alone",
        ),
    ),
)

PROGRAMMES = Table(
    "programmes",
    "Named documents, systems, goals, campaigns and principles",
    (
        key(),
        NAME_ZH,
        NAME_EN,
        Column("kind", "text", "what it is", required=True),
        Column("period", "text", "year or date, as published"),
        Column("meaning_en", "text", "what it means, in one sentence"),
        Column("actions", "list", "actions that it belongs to", reference="actions.id"),
        *MARKS,
    ),
    if_absent="no programme is shown",
)

TABLES = (LANDMARKS, MEASURES, ACTIONS, PROJECTS, PROJECT_EFFECTS, PROGRAMMES)
