"""A web page of another origin in headless Chromium: it uploads a model in chunks if its origin is allowed, else nothing."""

import contextlib
import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading

from ledge import COMBINER, WAIT_SECONDS
from promises import promise

BROWSER = next(filter(None, map(shutil.which, ["chromium-headless-shell", "chromium", "google-chrome"])), None)

PAGE = """<!doctype html><title>upload</title><script type="module">
const api = "SERVER/api/v1/", json = {"Content-Type": "application/json"}
const ask = async (path, options) => {
  const answer = await fetch(api + path, options)
  if (!answer.ok) throw new Error(path + ": " + answer.status + " " + await answer.text())
  return answer
}
const result = {}
try {
  await fetch(api + "telemetry", {method: "POST", mode: "no-cors", body: '{"key":"simple","client_id":"page"}'})
} catch (error) { result.simple = String(error) }
try {
  const content = new Uint8Array(900_000).map((_, index) => index)
  const size = 300_000
  const begun = await (await ask("file-upload/init", {method: "POST", headers: json,
    body: JSON.stringify({file_name: "page.bin", file_size: content.length})})).json()
  for (let index = 0; index * size < content.length; index++) {
    await ask(`file-upload/${begun.upload_id}/chunk`, {method: "POST", headers: {"X-Chunk-Index": String(index)},
      body: content.slice(index * size, (index + 1) * size)})
  }
  const done = await (await ask(`file-upload/${begun.upload_id}/complete`, {method: "POST"})).json()
  await ask("models/", {method: "POST", headers: json,
    body: JSON.stringify({helper: "binaryhelper", file_token: done.file_token, model_id: "of-a-page"})})
  const part = await ask("models/of-a-page/download", {headers: {Range: "bytes=256-259"}})
  result.model = [part.status, part.headers.get("ETag"), part.headers.get("Content-Range"),
    ...new Uint8Array(await part.arrayBuffer())]
  result.checksum = done.checksum
  try { await ask("models/unknown") } catch (error) { result.unknown = error.message }
} catch (error) { result.error = String(error) }
await fetch("/result", {method: "POST", body: JSON.stringify(result)})
</script>"""


@contextlib.contextmanager
def pages(server):
    """A web server with the page; yields its origin and the queue of results."""
    results = queue.Queue()

    class Pages(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(PAGE.replace("SERVER", server.url).encode())

        def do_POST(self):
            results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.answer(b"")

        def answer(self, body):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages) as page_server:
        threading.Thread(target=page_server.serve_forever, daemon=True).start()
        # By a name, so that the origins differ in more than the port.
        yield f"http://localhost:{page_server.server_port}", results
        page_server.shutdown()


def opened(place, origin, results):
    """Opens the page in a browser, and returns what it reports."""
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", origin]
    # Processes of the browser may still write to its profile when it is removed.
    profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with profile as path, (place.path / "browser.log").open("wb") as log:
        command.insert(1, f"--user-data-dir={path}")
        with subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True) as browser:
            try:
                return results.get(timeout=WAIT_SECONDS)
            finally:
                os.killpg(browser.pid, signal.SIGKILL)


@promise
def a_page_of_an_allowed_origin_uploads_a_model(place):
    if BROWSER is None:
        print("skipped: there is no Chromium")
        return
    with place.server() as server, pages(server) as (origin, results):
        port = server.port
        refused = opened(place, origin, results)
        assert refused["error"] == "TypeError: Failed to fetch", refused
        assert server.ask("GET", "/api/v1/telemetry/count").body == b"0", "a simple request was stored"
        assert server.ask("GET", "/api/v1/models/count").body == b"0"
        server.stop_cleanly()
        with place.server(port, options=(*COMBINER, "--allow-origin", origin)) as server:
            allowed = opened(place, origin, results)
            tag = f'"{allowed.get("checksum")}"'
            assert allowed.get("model") == [206, tag, "bytes 256-259/900000", 0, 1, 2, 3], allowed
            assert allowed["unknown"].startswith("models/unknown: 404 "), allowed
            assert server.ask("GET", "/api/v1/telemetry/count").body == b"1"
