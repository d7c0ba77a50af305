"""An account of the second service, which can be told to fail in every known way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.e2e.hostile import encoded, noise
from tests.fault_server import Connection, FaultServer, Request, Script, fault_server, whole
from tests.sartiq_samples import AGENTIC_STATUS, GENERATION, MEDIA, PREDICTION, REFINE_DONE, uid

USER, PASSWORD = "ada", "canary-password"
Answer = Callable[[Request], Script | None]
API = "/api/v1"
_SIZE = (64, 48)


@dataclass
class SartiqServer:
    """The account.

    Attributes:
        generations: as they go over the wire, by id, the oldest first.
        done: this server's word for a finished prediction.
        tokens: those that are good; a login adds one.
        fault: answers every call while it is there; None where it lets one by.
        foreign, used: predictions that may not be changed; that a shot uses.
        stats: answers every question for stats, while it is there.
        agentic: the status of an agentic run, as it goes over the wire.
        is_put_expired: presigned addresses do not work any more.
    """

    faults: FaultServer
    generations: dict[str, dict[str, Any]] = field(default_factory=dict)
    done: str = "completed"
    tokens: set[str] = field(default_factory=set)
    fault: Answer | None = None
    foreign: set[str] = field(default_factory=set)
    used: set[str] = field(default_factory=set)
    stats: dict[str, Any] | None = None
    agentic: dict[str, Any] | None = None
    is_put_expired: bool = False

    @property
    def base_url(self) -> str:
        return f"{self.faults.url}{API}"

    def add(self, number: int, count: int = 2, **changes: Any) -> dict[str, Any]:
        """Put a generation into the account, with so many finished predictions."""
        group = uid(1_000_000 + number)
        predictions = [self.prediction(number * 10_000 + place, group) for place in range(count)]
        generation = GENERATION | {
            "id": group, "extra_prompt": f"boat {number}", "predictions": predictions,
            "created_at": f"2026-11-{1 + number % 28:02}T12:00:{number // 28 % 60:02}Z",
            "batch_size": count, "status": self.done,
        }  # fmt: skip
        self.generations[group] = {**generation, **changes}
        return self.generations[group]

    def prediction(self, number: int, group: str, **changes: Any) -> dict[str, Any]:
        address = f"{self.faults.url}/files/{number}.png?Signature=canary-signature"
        made = PREDICTION | {
            "id": uid(2_000_000 + number), "generation_id": group, "status": self.done,
            "favourite": False, "refines": None, "result_image_url": address,
            "result_image_media": MEDIA | {"url": address, "width": 64, "height": 48},
        }  # fmt: skip
        return {**made, **changes}

    def find(self, prediction_id: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
        for generation in self.generations.values():
            for prediction in generation["predictions"]:
                if prediction["id"] == prediction_id:
                    return generation, prediction
        return None

    def requests(self, method: str, path: str) -> list[Request]:
        """Return what was asked of an operation; "*" stands for one part of the path."""
        wanted = f"{API}{path}".split("/")
        found = []
        for request in self.faults.requests:
            parts = urlsplit(request.target).path.split("/")
            is_like = len(parts) == len(wanted) and all(
                one in ("*", two) for one, two in zip(wanted, parts, strict=True)
            )
            if request.method == method and is_like:
                found.append(request)
        return found

    def end_sessions(self) -> None:
        """Let no token be good any more."""
        self.tokens.clear()

    async def respond(self, connection: Connection) -> None:
        request = self.faults.requests[-1]
        script = self.fault(request) if self.fault is not None else None
        for step in script if script is not None else self._answer(request):
            if isinstance(step, bytes):
                connection.writer.write(step)
                await connection.writer.drain()
            else:
                await step(connection)

    def _answer(self, request: Request) -> Script:
        parts = urlsplit(request.target)
        if parts.path.startswith("/files/"):
            return whole(200, picture(), Content_Type="image/png")
        if parts.path.startswith("/put/"):
            gone = b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
            return whole(403, gone) if self.is_put_expired else whole(200, b"")
        path = parts.path.removeprefix(API)
        if path == "/login/access-token":
            return self._log_in(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            return refusal(401, "Could not validate credentials")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body = json.loads(request.body) if request.body else None
        return self._operation(request.method, path, query, body)

    def _log_in(self, request: Request) -> Script:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if (form.get("username"), form.get("password")) != (USER, PASSWORD):
            return refusal(400, "Incorrect email or password")
        token = f"canary-token-{len(self.faults.requests)}"
        self.tokens.add(token)
        return whole(200, {"access_token": token, "token_type": "bearer"})

    def _operation(self, method: str, path: str, query: dict[str, str], body: Any) -> Script:
        match method, path.strip("/").split("/"):
            case "GET", ["generations"]:
                newest_first = list(reversed(self.generations.values()))
                skip, limit = int(query.get("skip", 0)), int(query.get("limit", 100))
                page = newest_first[skip : skip + limit]
                return whole(200, {"data": page, "count": len(newest_first)})
            case "POST", ["generations", "by-ids"]:
                return whole(200, [self.generations[i] for i in body if i in self.generations])
            case "POST", ["generations", "refines"]:
                return self._refine(body)
            case "POST", ["generations", "agentic"]:
                shot = {"orchestration_shot_id": "shot-1", "orchestration_status": "processing",
                        "message": None, "estimated_completion_time": None}  # fmt: skip
                return whole(200, self.add(500, 0, status="PENDING") | shot)
            case "POST", ["generations", _]:
                return whole(200, self.add(600 + len(self.generations), 1))
            case "GET", ["generations", "agentic", _, "status"]:
                return whole(200, self.agentic or AGENTIC_STATUS)
            case "POST", ["uploads", "presigned-url"]:
                name = f"{self.faults.url}/put/{len(self.faults.requests)}.png"
                return whole(200, {"upload_url": f"{name}?Signature=canary-put", "url": name})
            case "POST", ["predictions", "bulk-delete"]:
                return self._bulk_delete(body["prediction_ids"])
            case _, ["generations", group, *rest]:
                return self._on_generation(method, group, rest)
            case _, ["predictions", prediction_id, *rest]:
                return self._on_prediction(method, prediction_id, rest, query)
        return refusal(404, "Not Found")

    def _on_generation(self, method: str, group: str, rest: list[str]) -> Script:
        found = self.generations.get(group)
        if found is None:
            return refusal(404, "Generation not found")
        if rest == ["stats"]:
            count = len(found["predictions"])
            stats = {"total": count, "completed": count, "error": 0, "status": found["status"],
                     "latest_prediction_status": None}  # fmt: skip
            return whole(200, {"id": group, **stats, **(self.stats or {})})
        if method == "DELETE":
            del self.generations[group]
            return whole(200, {"message": "Generation deleted"})
        return whole(200, found)

    def _on_prediction(
        self, method: str, prediction_id: str, rest: list[str], query: dict[str, str]
    ) -> Script:
        found = self.find(prediction_id)
        if found is None:
            return refusal(404, "Prediction not found")
        generation, prediction = found
        if method != "GET" and prediction_id in self.foreign:
            return refusal(403, "Not enough permissions")
        if rest == ["favourite"]:
            prediction["favourite"] = query["favourite"] == "true"
        elif method == "DELETE":
            if len(generation["predictions"]) == 1 or prediction_id in self.used:
                return refusal(409, "Cannot delete the last prediction of a generation")
            generation["predictions"].remove(prediction)
            return whole(200, {"message": "Prediction deleted"})
        return whole(200, prediction)

    def _bulk_delete(self, ids: Iterable[str]) -> Script:
        deleted, failed, groups = [], [], set()
        for prediction_id in ids:
            found = self.find(prediction_id)
            if found is None or prediction_id in self.foreign:
                why = "Not found" if found is None else "Not enough permissions"
                failed.append({"prediction_id": prediction_id, "error": why})
                continue
            found[0]["predictions"].remove(found[1])
            deleted.append(prediction_id)
            if not found[0]["predictions"]:
                groups.add(found[0]["id"])
        for group in groups:
            del self.generations[group]
        said = {
            "success_count": len(deleted), "failed_count": len(failed),
            "deleted_generations": sorted(groups), "deleted_predictions": deleted,
            "failed_predictions": failed,
        }  # fmt: skip
        return whole(200, said)

    def _refine(self, body: dict[str, Any]) -> Script:
        """Refine predictions at once; the answer's lists may be null, as in the samples."""
        made = []
        for prediction_id in body.get("prediction_ids") or ():
            found = self.find(prediction_id)
            if found is None:
                continue
            number = 3_000_000 + len(self.faults.requests)
            address = f"{self.faults.url}/files/{number}.png"
            refine = REFINE_DONE | {
                "id": uid(number), "prediction_id": prediction_id, "status": self.done,
                "result_image_url": address, "refines_refine_id": None,
                "result_image_media": MEDIA | {"url": address, "width": 128, "height": 96},
            }  # fmt: skip
            found[1]["refines"] = [*(found[1]["refines"] or ()), refine]
            made.append(refine)
        groups = [self.add(700 + len(self.generations), 1) for _ in body.get("base_image_urls", ())]
        answer = {
            "total_success": len(made) + len(groups), "total_failed": 0,
            "generations": groups or None, "refines": made or None, "failed_uploads": None,
            "failed_refines": None,
        }  # fmt: skip
        return whole(200, answer)


def refusal(status: int, detail: str) -> Script:
    return whole(status, {"detail": detail})


def picture() -> bytes:
    return encoded(noise(7, _SIZE))


@asynccontextmanager
async def sartiq_server(*counts: int) -> AsyncIterator[SartiqServer]:
    """Run an account on a free port of this machine, with generations of so many predictions."""
    async with fault_server([]) as faults:
        server = SartiqServer(faults)
        faults.answer([server.respond])
        for number, count in enumerate(counts):
            server.add(number, count)
        yield server
