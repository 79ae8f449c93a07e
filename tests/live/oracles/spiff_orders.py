"""Run by a Python that has SpiffWorkflow: every order in which the user tasks of some processes can be done.

Reads JSON lines ``{"bpmn": text, "id": id, "answers": {…}}`` and writes one JSON list of orders a line.
"""

import json
import sys

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser


def ready_after(spec, answers, order):
    workflow = BpmnWorkflow(spec)
    workflow.task_tree.data.update(answers)
    for task in workflow.get_tasks(state=TaskState.READY):
        task.data.update(answers)
    workflow.do_engine_steps()
    for name in order:
        (task,) = [t for t in workflow.get_tasks(state=TaskState.READY, manual=True) if t.task_spec.bpmn_id == name]
        task.run()
        workflow.do_engine_steps()
    ready = sorted(t.task_spec.bpmn_id for t in workflow.get_tasks(state=TaskState.READY, manual=True))
    return ready, workflow.completed


def orders(spec, answers, prefix):
    ready, over = ready_after(spec, answers, prefix)
    if not ready:
        return [[*prefix, "END" if over else "STUCK"]]
    return [order for name in ready for order in orders(spec, answers, [*prefix, name])]


for line in sys.stdin:
    asked = json.loads(line)
    parser = BpmnParser()
    parser.add_bpmn_str(asked["bpmn"].encode())
    print(json.dumps(sorted(orders(parser.get_spec(asked["id"]), asked["answers"], []))), flush=True)
