"""An agent in Python that needs nothing but Python: copy it, and replace work().

WFD_KEY is a key of role AGENT, WFD_URL the server, WFD_NAME what the agent is called.
"""
import http.client
import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("WFD_URL", "http://127.0.0.1:8000") + "/graphql"
KEY = os.environ["WFD_KEY"]
NAME = os.environ.get("WFD_NAME", "Python Example")
TRY_AGAIN = {"INTERNAL", "CONFLICT", "RATE_LIMITED", "QUERY_TOO_COMPLEX"}


def work(task, report, lost):
    """Does a task. What it returns becomes the result; an exception fails the attempt."""
    words = task["name"].split()
    for done, word in enumerate(words):
        if lost.is_set():  # somebody else may have the task by now: stop
            return None
        report(100 * done // len(words), "looking at " + word)
        time.sleep(0.05)
    return {"words": len(words), "input": task["input"]}


class Refused(Exception):
    """The server understood and will not do it; the first argument is the code."""


def call(document, given):
    """Sends a mutation until it is answered. All of them may be sent twice: they bear a lease token or an idempotencyKey."""
    body = json.dumps({"query": document, "variables": {"input": given}}).encode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer " + KEY}
    pause = 0.1
    while True:
        answer, wait = {}, 0
        try:
            with urllib.request.urlopen(urllib.request.Request(URL, body, headers), timeout=40) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as error:
            wait = float(error.headers.get("Retry-After") or 0)
            answer = decode(error.read())
        except (OSError, http.client.HTTPException, ValueError):
            pass  # no server, or half an answer: nobody knows whether it was carried out
        if answer.get("errors"):
            error = answer["errors"][0]
            if error["extensions"]["code"] not in TRY_AGAIN:
                raise Refused(error["extensions"]["code"], error["message"])
        elif "data" in answer:
            return next(iter(answer["data"].values()))
        time.sleep(max(pause, wait))
        pause = min(2 * pause, 5)


def decode(text):
    try:
        return json.loads(text)
    except ValueError:
        return {}


class Agent:
    def __init__(self):
        registered = call(
            "mutation ($input: RegisterAgentInput!) { registerAgent(input: $input) { agent { id } } }",
            {"name": NAME, "heartbeatIntervalSeconds": 5},
        )
        self.id = registered["agent"]["id"]
        self.held = {}  # by lease token: what the next heartbeat says of the task, and the event that it is lost
        self.lock = threading.Lock()  # protects held
        self.stopping = threading.Event()

    def beat(self):
        """Says that it is alive, extends what it holds, and hears what it has lost. Gives when to do so again."""
        with self.lock:
            leases = [{"leaseToken": token, **said} for token, (said, _) in self.held.items()]
        news = call(
            "mutation ($input: HeartbeatInput!) { heartbeat(input: $input) { nextHeartbeatSeconds leases { lost } } }",
            {"agentId": self.id, "leases": leases, "draining": self.stopping.is_set()},
        )
        with self.lock:
            for lease, became in zip(leases, news["leases"]):
                if became["lost"] and lease["leaseToken"] in self.held:
                    self.held[lease["leaseToken"]][1].set()
        return news["nextHeartbeatSeconds"]

    def keep_beating(self):
        while True:
            time.sleep(self.beat())

    def claim(self):
        """Waits up to ten seconds for one task. A claim that is sent twice, with one key, takes one task."""
        begun = time.monotonic()
        leases = call(
            """mutation ($input: ClaimTasksInput!) {
                claimTasks(input: $input) { leaseToken attempt task { id key name input dependsOn { key result } } }
            }""",
            {"agentId": self.id, "waitSeconds": 10, "leaseSeconds": 30, "idempotencyKey": str(uuid.uuid4())},
        )
        if not leases and time.monotonic() - begun < 5:
            time.sleep(1)  # a server that is about to stop does not wait
        return leases

    def do(self, lease):
        token, task, said, lost = lease["leaseToken"], lease["task"], {}, threading.Event()
        with self.lock:
            self.held[token] = (said, lost)
        try:
            result = work(task, lambda percent, message: said.update(progress=percent, message=message), lost)
            if not lost.is_set():
                self.complete(token, task, result)
        except Refused as refused:  # STALE_LEASE: the task is not ours any more, and nothing was written
            print("refused", task["id"], *refused.args, file=sys.stderr)
        except Exception as error:
            self.fail(token, error)
        finally:
            with self.lock:
                del self.held[token]

    def complete(self, token, task, result):
        call(
            "mutation ($input: CompleteTaskInput!) { completeTask(input: $input) { task { id } } }",
            {"leaseToken": token, "result": result},
        )
        print("completed", task["id"], flush=True)

    def fail(self, token, error):
        try:
            call(
                "mutation ($input: FailTaskInput!) { failTask(input: $input) { task { id } } }",
                {"leaseToken": token, "error": {"code": type(error).__name__, "message": str(error) or "failed"}},
            )
        except Refused as refused:
            print("refused", *refused.args, file=sys.stderr)

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: self.stopping.set())
        self.beat()  # which also says that it takes work again
        threading.Thread(target=self.keep_beating, daemon=True).start()
        while not self.stopping.is_set():
            for lease in self.claim():
                self.do(lease)


if __name__ == "__main__":
    Agent().run()
