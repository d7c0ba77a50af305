"""Closed lists of words in the API: 81 asset types and what their sources are called."""

from __future__ import annotations

ASSET_TYPES = frozenset(
    """
    3d-texture 3d-texture-albedo 3d-texture-metallic 3d-texture-mtl 3d-texture-normal
    3d-texture-roughness 3d23d 3d23d-texture audio2audio audio2txt audio2video background-removal
    canvas canvas-drawing canvas-export detection generative-fill image-prompt-editing img23d
    img2img img2splat img2txt img2video inference-controlnet inference-controlnet-img2img
    inference-controlnet-inpaint inference-controlnet-inpaint-ip-adapter
    inference-controlnet-ip-adapter inference-controlnet-reference inference-controlnet-texture
    inference-img2img inference-img2img-ip-adapter inference-img2img-texture inference-inpaint
    inference-inpaint-ip-adapter inference-reference inference-reference-texture inference-txt2img
    inference-txt2img-ip-adapter inference-txt2img-texture patch pixelization reframe restyle
    segment segmentation-image segmentation-mask skybox-3d skybox-base-360 skybox-hdri texture
    texture-albedo texture-ao texture-edge texture-height texture-metallic texture-normal
    texture-smoothness txt23d txt2audio txt2img txt2txt txt2video unknown uploaded uploaded-3d
    uploaded-audio uploaded-avatar uploaded-text uploaded-video upscale upscale-skybox
    upscale-texture upscale-video vectorization video23d video2audio video2img video2txt
    video2video voice-clone
    """.split()  # noqa: SIM905 - 81 strings one below the other read worse
)

#: Format that can be asked of a download -> extension to convert to; the rest of the documented
#: ones (heif, svg, avif, 3D, sound, film) cannot be made from a picture here.
DOWNLOAD_FORMATS = {
    "gif": "gif", "jpeg": "jpeg", "jpg": "jpeg", "png": "png", "webp": "webp",
    "tif": "tiff", "tiff": "tiff",
}  # fmt: skip

#: MIME type of a stored content -> its usual extension; pictures, and canvases as JSON.
EXTENSIONS = {
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/webp": "webp",
    "image/tiff": "tiff",
    "image/gif": "gif",
    "image/bmp": "bmp",
    "application/json": "json",
}
MIME_TYPES = {extension: mime_type for mime_type, extension in EXTENSIONS.items()}
