"""The web application as a server calls it."""

from __future__ import annotations

import gc
import itertools

from aftercare.config import wsgi


def test_what_is_there_to_stay_is_left_out_of_the_collectors_rounds_once(monkeypatch):
    monkeypatch.setattr(wsgi, "_django", lambda environ, start_response: [b"a", b"b"])
    monkeypatch.setattr(wsgi, "_answered", itertools.count(1))
    kept = []
    monkeypatch.setattr(gc, "freeze", lambda: kept.append(True))
    for _n in range(wsgi.SETTLED_AFTER - 1):
        assert wsgi.application({"PATH_INFO": "/"}, None) == [b"ab"]
    assert kept == []
    for _n in range(2 * wsgi.SETTLED_AFTER):
        wsgi.application({"PATH_INFO": "/"}, None)
    assert kept == [True]
