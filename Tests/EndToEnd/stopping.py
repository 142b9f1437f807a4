"""SIGTERM under full load: the server stops cleanly, waits for no client, and loses nothing it acknowledged."""

import contextlib
import http.client
import json
import os
import threading
import time

from ledge import COMBINER, WAIT_SECONDS, ask, until
from promises import promise
from uploads import CHUNK, begin, complete, make_model, send_all
from wire import Wire, post

# So many records are acknowledged before the stop.
POSTED = 500


class Load:
    """64 clients that post, uploads, downloads that are read slowly, and requests that never end."""

    def __init__(self, server, model):
        self.server = server
        self.model = model
        self.acknowledged = []
        self.uploads = {}
        self.flaws = []
        self.ends = threading.Event()
        work = [self.posts] * 64 + [self.uploads_chunks] * 4 + [self.downloads] * 6 + [self.trickles] * 16
        self.threads = [threading.Thread(target=self.run, args=(function,)) for function in work]
        for thread in self.threads:
            thread.start()

    def run(self, function):
        # A connection that is closed is a clean end; an answer cut short, or of another kind, is not.
        with contextlib.suppress(ConnectionError, http.client.RemoteDisconnected, http.client.BadStatusLine):
            try:
                function()
            except (AssertionError, http.client.IncompleteRead) as error:
                self.flaws.append(repr(error))

    def posts(self):
        with self.server.connect() as connection:
            while not self.ends.is_set():
                value = len(self.acknowledged)
                reply = ask(connection, "POST", "/api/v1/telemetry", key="k", value=value, client_id="c")
                if reply.status == 503:
                    return
                assert reply.status == 201, reply
                self.acknowledged.append(reply.json["telemetry_id"])

    def uploads_chunks(self):
        upload = begin(self.server, 400 * CHUNK)
        self.uploads[upload] = 0
        content = os.urandom(CHUNK)
        with self.server.connect() as connection:
            for index in range(400):
                path = f"/api/v1/file-upload/{upload}/chunk"
                reply = ask(connection, "POST", path, content, {"X-Chunk-Index": str(index)})
                if reply.status != 200:
                    return
                self.uploads[upload] = reply.json["bytes_received"]

    def downloads(self):
        path = f"/api/v1/models/{self.model}/download"
        with Wire(self.server, receive_buffer=4096) as wire:
            wire.send(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            while not self.ends.wait(0.05) and wire.socket.recv(1024):
                pass

    def trickles(self):
        with Wire(self.server) as wire:
            wire.send(post("/api/v1/telemetry", "Content-Length: 1000"))
            while not self.ends.wait(0.1) and not wire.is_closed():
                wire.socket.sendall(b" ")


@promise
def a_stop_under_full_load_is_clean(place):
    # Small segments: while the clients post, some are sealed and merged all the time.
    options = (*COMBINER, "--segment-size", "64KiB")
    lines = b"\n".join(
        json.dumps({"key": f"k{index % 7}", "value": index, "client_id": "c", "telemetry_id": f"t{index}"}).encode()
        for index in range(20_000)
    )
    content = os.urandom(8 << 20)
    with place.server(options=options) as server:
        reply = server.ask("POST", "/api/v1/telemetry", lines, {"Content-Type": "application/x-ndjson"})
        assert reply.json["accepted"] == 20_000, reply.body
        upload = begin(server, len(content))
        send_all(server, upload, content)
        make_model(server, complete(server, upload).json["file_token"])
        load = Load(server, server.ask("GET", "/api/v1/models/").json["result"][0]["model_id"])
        until(lambda: len(load.acknowledged) >= POSTED and len(load.uploads) == 4 and all(load.uploads.values()))
        posted = len(load.acknowledged)
        began = time.monotonic()
        server.stop_cleanly()
        seconds = time.monotonic() - began
        load.ends.set()
        for thread in load.threads:
            thread.join(WAIT_SECONDS)
        since = len(load.acknowledged) - posted
        print(f"  stopped within {seconds:.2f} s; {posted} records before, {since} since")
        assert not load.flaws, load.flaws[:5]
        assert all(not thread.is_alive() for thread in load.threads)
    place.check()
    with place.server(options=options) as server:
        with server.connect() as connection:
            for identifier in load.acknowledged:
                assert ask(connection, "GET", f"/api/v1/telemetry/{identifier}").status == 200, identifier
            for upload, byte_count in load.uploads.items():
                state = ask(connection, "GET", f"/api/v1/file-upload/{upload}").json
                assert state["bytes_received"] >= byte_count, (upload, state, byte_count)
        assert server.ask("GET", "/api/v1/telemetry/count").json >= 20_000 + len(load.acknowledged)
