"""Outlook: where indicators go, what targets ask, and whether projects are on time.

Observations are read once (``series.read``) and asked many times: ``comparisons`` sets published beside computed, ``measures.judge_all`` judges
targets, ``claims.check_claims`` holds a plan against its own figures, ``foresee.foresee`` forecasts, ``projects`` and ``gantt`` follow what is built,
``vintages`` keeps revisions, ``yearbook.read_yearbook`` reads what offices print.
"""
