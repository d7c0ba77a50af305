"""A canvas with its pixels that are not uploaded yet, as one piece of bytes: what a draft keeps.

It is an uncompressed ZIP of ``canvas.json`` and one entry per blob, so that a draft can be opened
by hand when all else fails. The pixels are compressed already.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document
from scenario_desktop.errors import BadInput

_DOCUMENT = "canvas.json"
_BLOBS = "blobs/"
#: No entry of a bundle is larger: a layer of 64 megapixels, hardly compressed.
_MAX_ENTRY = 512 * 2**20


@dataclass(frozen=True, slots=True)
class Bundle:
    """A document and the encoded pictures that its blobs name.

    Attributes:
        blobs: PNG or the file as it was dropped, by its key; see ``blob_key``.
    """

    document: Document
    blobs: Mapping[str, bytes]

    def pack(self) -> bytes:
        """Return it as bytes; blobs that the document does not name are left out."""
        wanted = self.document.blobs()
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_DOCUMENT, canvas_format.dump(self.document))
            for key, data in self.blobs.items():
                if key in wanted:
                    archive.writestr(_BLOBS + key, data)
        return target.getvalue()


def blob_key(data: bytes) -> str:
    """Return the name of encoded pixels: the SHA-256 of their bytes."""
    return hashlib.sha256(data).hexdigest()


def unpack(data: bytes) -> Bundle:
    """Read a bundle.

    Raises:
        BadInput: it is cut, damaged or holds no canvas of ours.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if any(entry.file_size > _MAX_ENTRY for entry in archive.infolist()):
                raise BadInput("The draft holds more than a canvas can.")
            document = canvas_format.read(archive.read(_DOCUMENT))
            blobs = {
                name.removeprefix(_BLOBS): archive.read(name)
                for name in archive.namelist()
                if name.startswith(_BLOBS)
            }
    except (zipfile.BadZipFile, KeyError, EOFError, OSError) as error:
        raise BadInput("The draft is damaged and cannot be read.", details=str(error)) from error
    return Bundle(document, blobs)
