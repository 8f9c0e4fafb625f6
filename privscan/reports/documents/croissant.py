"""Croissant metadata with the fields on responsible AI that a run can fill in, to merge into a dataset's own.

Source: MLCommons Croissant 1.0 and Croissant RAI 1.0 (names of properties, form of the context).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from privscan.reports import wording
from privscan.reports.documents import told

if TYPE_CHECKING:
    from typing import TextIO

    from privscan.model import Artifact, Report

__all__ = ["build", "write"]

_FILES = 1000
_KINDS = {
    "jsonl": "application/jsonlines", "ndjson": "application/jsonlines", "parquet": "application/vnd.apache.parquet",
    "gz": "application/gzip", "zst": "application/zstd",
}  # fmt: skip
_ID = {"@type": "@id"}
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataBiases": "cr:dataBiases",
    "dataCollection": "cr:dataCollection",
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "personalSensitiveInformation": "cr:personalSensitiveInformation",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def write(report: Report, stream: TextIO) -> None:
    """Write the metadata to a text stream, as JSON-LD."""
    json.dump(build(report), stream, ensure_ascii=True, indent=2)
    stream.write("\n")


def build(report: Report) -> dict[str, Any]:
    """Return the metadata; name, description, licence and address are for a person to fill in."""
    files = report.outputs or report.inputs
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"],
        "name": "fill-in-the-name",
        "description": told.FILL,
        "license": told.FILL,
        "url": "https://example.org/fill-in",
        "citeAs": told.FILL,
        "datePublished": (report.started or "1970-01-01")[:10],
        "version": "1.0.0",
        "creator": {"@type": "sc:Organization", "name": told.FILL, "url": "https://example.org/fill-in"},
        "distribution": [_file(number, artifact) for number, artifact in enumerate(files[:_FILES]) if artifact.sha256],
        "rai:personalSensitiveInformation": f"{told.looked(report)} {told.found(report)} {told.limits()}",
        "rai:dataPreprocessingProtocol": told.done(report),
        "rai:dataReleaseMaintenancePlan": told.FILL,
    }


def _file(number: int, artifact: Artifact) -> dict[str, Any]:
    name = wording.clip(artifact.uri, 400)
    return {
        "@type": "cr:FileObject",
        "@id": f"file-{number}",
        "name": f"file-{number}",
        "description": name,
        "contentUrl": name,
        "contentSize": f"{artifact.bytes} B",
        "encodingFormat": _KINDS.get(artifact.uri.rpartition(".")[2], "application/octet-stream"),
        "sha256": artifact.sha256,
    }
