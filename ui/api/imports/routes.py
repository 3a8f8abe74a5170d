"""Routes: begin imports, follow them and cancel them."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, UploadFile

from footnote.index.readers.lookup import parse_identifiers
from footnote.ui.api.asks import User
from footnote.ui.api.errors import FAULTS, ApiError
from footnote.ui.api.imports.importer import Importer
from footnote.ui.api.imports.jobs import ImportJob, ImportJobError
from footnote.ui.api.schemas.imports import CancelIn, IdentifiersIn, ImportList, ImportReply
from footnote.ui.web.security.uploads import MOST_FILES, plain_name


def import_routes(importer: Importer) -> APIRouter:
    """Returns the routes of import jobs; each runs in a thread."""
    routes = APIRouter(prefix="/imports", tags=["imports"], responses=FAULTS)

    @routes.post("", response_model=ImportReply, status_code=202)
    def begin(
        user: User,
        files: Annotated[
            list[UploadFile],
            File(min_length=1, description="Of any format that is read."),
        ],
    ) -> Any:
        """Begins to read files into the library; the reply names a job to follow."""
        importer.check_room()
        if not 1 <= len(files) <= MOST_FILES:
            raise ApiError(422, f"files: send 1 to {MOST_FILES} files", param="files")
        return _told(importer.add_files(user, [_keep(importer, file) for file in files]))

    @routes.post("/identifiers", response_model=ImportReply, status_code=202)
    def look_up(user: User, body: IdentifiersIn) -> Any:
        """Begins to look papers up by DOI, arXiv number or PMID, at Crossref, arXiv and PubMed."""
        importer.check_room()
        names = list(dict.fromkeys(name for one in body.identifiers for name in _parsed(one)))
        return _told(importer.add_identifiers(user, names))

    @routes.get("", response_model=ImportList)
    def imports(user: User) -> Any:
        """Lists the latest imports, the newest first."""
        return {"imports": list(map(_told, importer.list(user)))}

    @routes.get("/{id}", response_model=ImportReply)
    def follow(user: User, id: str) -> Any:
        """Tells how far an import is, how fast, and how long it still takes."""
        try:
            return _told(importer.load(user, id))
        except ImportJobError as error:
            raise ApiError(404, str(error)) from error

    @routes.patch("/{id}", response_model=ImportReply)
    def cancel(user: User, id: str, body: CancelIn) -> Any:
        """Cancels an import; what was stored by then stays, and `footnote undo` takes it back."""
        try:
            return _told(importer.cancel(user, id))
        except ImportJobError as error:
            raise ApiError(404, str(error)) from error

    return routes


def _parsed(given: str) -> Sequence[str]:
    names = parse_identifiers(given)
    if not names:
        raise ApiError(
            422,
            f"identifiers: {given[:80]!r} is none; give a DOI, an arXiv number or a PMID",
            param="identifiers",
        )
    return names


def _keep(importer: Importer, file: UploadFile) -> tuple[Path, str]:
    name = plain_name(file.filename or "")
    path = importer.place() / name
    with path.open("xb") as out:
        shutil.copyfileobj(file.file, out)
    return path, name


def _told(job: ImportJob) -> dict[str, Any]:
    """Returns a job as JSON values, with its rate and the time that is left."""
    took = ((job.ended or datetime.now(UTC)) - job.began).total_seconds() if job.began else 0.0
    rate = job.done / took if job.done and took > 0 else None
    left = (job.total - job.done) / rate if rate and job.state == "adding" else None
    return {
        "id": job.id, "state": job.state, "names": list(job.names), "done": job.done,
        "total": job.total or None, "per_second": round(rate, 2) if rate else None,
        "seconds_left": round(left, 1) if left is not None else None,
        "new": job.new, "changed": job.changed, "unchanged": job.unchanged,
        "problems": list(job.problems), "error": job.error,
        "created": job.created, "began": job.began, "ended": job.ended,
    }  # fmt: skip
