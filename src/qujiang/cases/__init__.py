"""One thing done in one go, 高效办成一件事: a bundle is data, a case runs in the store."""

from qujiang.cases.asking import preview
from qujiang.cases.bpmn import read_process
from qujiang.cases.bundle import compile_bundle, counts, decisive, merged_form, read_files
from qujiang.cases.drawing import drawing, plan_of
from qujiang.cases.labels import label
from qujiang.cases.library import Library, load_library, read_bundles
from qujiang.cases.papers import Application, give_material, open_file
from qujiang.cases.running import complete_step, notice, start_case
from qujiang.cases.views import bundle_of, clock, listed, progress, shown
from qujiang.cases.worklists import Steps, worklist

__all__ = [
    "Application",
    "Library",
    "Steps",
    "bundle_of",
    "clock",
    "compile_bundle",
    "complete_step",
    "counts",
    "decisive",
    "drawing",
    "give_material",
    "label",
    "listed",
    "load_library",
    "merged_form",
    "notice",
    "open_file",
    "plan_of",
    "preview",
    "progress",
    "read_bundles",
    "read_files",
    "read_process",
    "shown",
    "start_case",
    "worklist",
]
