"""The pages: one web application of cockpit and counters, in Chinese and English.

A room joins by adding one router with its templates and one line in ``rooms.py``:

* ``router = APIRouter()`` in ``pages/<room>.py``; what is read is a *view* (``views.view``): one function that returns a
  ``View`` of plain data, from which the page, its ``.json`` and its ``.csv`` twin are made.
* what is changed is an *act* (``forms.act``): a form that is posted, done once per form however often it is sent, answered
  by a redirect to the page that shows what came of it, or by the same form with its faults.
* ``templates/<room>/*.html.j2`` extend ``base.html.j2``; wording stands in ``qujiang/words/web_<room>.py``.

Pages work without scripts; scripts (htmx, charts, maps, drafts) make them better. Nothing is fetched from elsewhere, and
no script or style stands inside a page.
"""

from qujiang.web.pages.house import install

__all__ = ["install"]
