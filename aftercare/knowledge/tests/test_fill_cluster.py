"""A search cluster proposes, the index ranks, the database decides; without it everything works as before."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from aftercare.knowledge.rules import Content
from aftercare.knowledge.selectors import answers_for, customer_seeker, seeker_of
from aftercare.knowledge.services import fill_anew, fill_cluster, retire_article

from .test_write_article import AT, published


class Cluster(BaseHTTPRequestHandler):
    """What of OpenSearch is used: making the index, bulk lines, and a search that proposes whatever shares a character."""

    held: dict[str, dict] = {}
    calls: list[tuple[str, str]] = []
    broken = False

    def do_PUT(self):
        self._answer({"acknowledged": True})

    def do_POST(self):
        Cluster.calls.append((self.command, self.path))
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if Cluster.broken:
            self._answer({"error": "shards failed"}, 503)
        elif "_bulk" in self.path:
            lines = [json.loads(line) for line in body.splitlines()]
            while lines:
                act = lines.pop(0)
                if "index" in act:
                    Cluster.held[act["index"]["_id"]] = lines.pop(0)
                else:
                    Cluster.held.pop(act["delete"]["_id"], None)
            self._answer({"errors": False, "items": []})
        else:
            self._answer(
                {
                    "hits": {
                        "hits": [
                            {"_id": key, "_source": one}
                            for key, one in Cluster.held.items()
                            if self._fits(one, json.loads(body))
                        ]
                    }
                }
            )

    def _fits(self, one, query):
        filters = query["query"]["bool"]["filter"]
        words = query["query"]["bool"]["must"]["multi_match"]["query"]
        return (
            one["audience"] in filters[0]["terms"]["audience"]
            and all(one["unit"] in f["terms"]["unit"] for f in filters if "unit" in f.get("terms", {}))
            and bool(set(words) & set("".join(one["asked"])))
        )

    def _answer(self, body, status=200):
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_args):
        pass


@pytest.fixture
def cluster(settings):
    server = HTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.SEARCH_URL = f"http://127.0.0.1:{server.server_port}/aftercare"
    Cluster.held, Cluster.calls, Cluster.broken = {}, [], False
    fill_anew()
    yield Cluster
    server.shutdown()
    server.server_close()
    fill_anew()


def found(cast, words, who="li"):
    return [one.number for one in answers_for(seeker_of(cast.actor(who)), words)]


@pytest.mark.django_db
def test_nothing_is_sent_where_there_is_no_cluster(cast, settings):
    settings.SEARCH_URL = ""
    published(cast)
    assert fill_cluster(at=AT) == 0


@pytest.mark.django_db
def test_what_is_published_is_proposed_and_ranked(cast, cluster):
    cold, others = (
        published(cast),
        [published(cast, Content(f"怎么退第{n}种货", "凭小票。")) for n in range(3)],
    )
    assert found(cast, "冰箱不制冷") == [], "the cluster knows nothing yet"
    assert fill_cluster(at=AT) > 0
    assert len(cluster.held) == 4
    assert found(cast, "冰箱不制冷")[0] == cold.number
    assert set(found(cast, "怎么退货")) == {one.number for one in others}
    assert answers_for(customer_seeker(cast.store.pk), "冰箱不制冷") == [], "the desk's own"


@pytest.mark.django_db
def test_changes_follow_and_nothing_is_sent_twice(cast, cluster):
    row = published(cast)
    fill_cluster(at=AT)
    fill_cluster(at=AT + timedelta(hours=1))
    later = AT + timedelta(hours=2)
    assert fill_cluster(at=later) == 0, "what was told is told no more, once it is older than a late commit"
    retire_article(row, by=cast.actor("zheng"), at=later, because="停产")
    assert found(cast, "冰箱不制冷") == [], "the database decides, though the cluster still proposes it"
    fill_cluster(at=later + timedelta(seconds=5))
    assert cluster.held == {}


@pytest.mark.django_db
def test_a_cluster_that_does_not_answer_is_left_aside(cast, cluster):
    row = published(cast)
    cluster.broken = True
    assert fill_cluster(at=AT) == 0
    assert found(cast, "冰箱不制冷") == [row.number], "this process's own index"
    cluster.broken = False
    assert fill_cluster(at=AT) > 0, "it is told once it answers again"
