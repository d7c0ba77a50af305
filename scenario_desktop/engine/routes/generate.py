"""Billed work. Of all the service generates, this engine computes control maps."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, field_validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from scenario_desktop.api.models.detect import DetectRequest
from scenario_desktop.engine import pricing
from scenario_desktop.engine.context import Engine, engine_of, own_project, user_of
from scenario_desktop.engine.failures import Invalid, JsonResponse
from scenario_desktop.engine.jobs import DETECTION
from scenario_desktop.engine.requests import decode_base64, read_body
from scenario_desktop.imaging.tasks import examine

#: The status of an answer that only tells the price.
PRICED = 269
_MAX_ID = 200


class DetectBody(DetectRequest):
    """The body of POST /generate/detect, taken strictly.

    A field that is not documented is refused: ``dryRun`` in here would otherwise run a job for
    someone who asked for its price. So is a parameter of another modality, and a number sent as
    text.
    """

    model_config = ConfigDict(populate_by_name=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_numbers_as_text(cls, value: Any, info: Any) -> Any:
        if info.field_name in ("image", "modality"):
            return value
        if isinstance(value, str):
            raise ValueError("must not be text")
        if isinstance(value, bool) != (info.field_name == "remove_background"):
            if value is None:
                return value
            raise ValueError("must be true or false" if not isinstance(value, bool) else "a number")
        return value


async def detect(request: Request) -> Response:
    """Price or start a detect job. A price is only told for a request that would be taken."""
    engine, query = engine_of(request), own_project(request)
    query.flag("originalAssets")
    is_dry_run = query.is_dry_run()
    body = await read_body(request, DetectBody)
    user = user_of(request)
    image = await _input_asset(engine, body, user, keeps=not is_dry_run)
    cost = pricing.cost_fields(DETECTION, pricing.DETECT)
    if is_dry_run:
        return JsonResponse(cost, PRICED)
    job = await engine.jobs.submit_detect(body.model_copy(update={"image": image}), user)
    return JsonResponse({"job": job, **cost})


async def _input_asset(engine: Engine, body: DetectRequest, user: str, *, keeps: bool) -> str:
    """Return the id of the asset to work on; a picture sent along becomes a hidden one.

    Args:
        keeps: whether it is stored; otherwise it is only checked.

    Raises:
        Invalid: the picture is not base64, cannot be an id, or is the id of a canvas.
        BadInput: the picture cannot be read.
        NotFound: there is no such asset.
    """
    if body.image.startswith("data:"):
        data = decode_base64(body.image, "image")
        if not keeps:
            await engine.pool.run(examine, data)
            return ""
        asset = await engine.assets.create(
            file=data, name=f"Picture for {body.modality}", type="uploaded", source="uploaded",
            author=user, hide=True,
        )  # fmt: skip
        return str(asset["id"])
    if not body.image or len(body.image) > _MAX_ID or "\0" in body.image:
        raise Invalid(
            "The body is not as documented.", {"image": "must be an asset's id or a data URL"}
        )
    if (await engine.assets.get(body.image))["kind"] != "image":
        raise Invalid("This asset is not a picture.", {"image": "must be a picture"})
    return body.image


ROUTES = [Route("/generate/detect", detect, methods=["POST"])]
