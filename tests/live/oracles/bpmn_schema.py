"""Validate BPMN files against OMG's own BPMN20.xsd, which SpiffWorkflow carries: one line per file, empty when it is valid."""

from __future__ import annotations

import sys

from lxml import etree
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnValidator

for name in sys.argv[1:]:
    try:
        BpmnValidator().validate(etree.parse(name), name)
        print()
    except Exception as error:  # whatever the other program says is wrong
        print(str(error).replace("\n", " ")[:500])
