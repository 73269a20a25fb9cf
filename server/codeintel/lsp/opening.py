"""Opens the workspace of a connection, brings its index up to date, and tells the person what is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from codeintel.cancellation import CancelCheck
from codeintel.errors import Cancelled, CodeIntelError, IndexTrouble, NotReady, UsageError
from codeintel.lsp.locations import path_of
from codeintel.lsp.log import set_log_level
from codeintel.lsp.open_documents import reopen_documents
from codeintel.lsp.progress import own_work_done, work_done
from codeintel.lsp.watching import watch

if TYPE_CHECKING:  # imported late to start fast; the server registers the features, which import this module
    from codeintel.indexing.reports import IndexReport
    from codeintel.lsp.server import CodeIntelServer
    from codeintel.service import Service

log = logging.getLogger(__name__)

CANCEL_POLL_S: Final = 0.1


async def open_workspace(ls: CodeIntelServer, *, anew: bool = False) -> None:
    """Open the folders that the client has open now, with its settings, and index them; `anew` without what there is.

    Nothing is raised: what is wrong is said once, and every question meets the same error.
    """
    folders, troubles = _folders(ls)
    try:
        opened = await ls.session.open(folders, ls.options, anew=anew)
    except NotReady as error:
        log.info("%s", error)
        return
    except Exception as error:
        ls.tell(types.MessageType.Error, f"codeintel cannot open the workspace: {_said(error)}")
        return
    if opened is None:
        return
    set_log_level(opened.settings.log.level)
    for trouble in (*troubles, *opened.troubles, *opened.service.warnings):
        ls.tell(types.MessageType.Warning, f"codeintel: {trouble}")
    reopen_documents(ls)
    await asyncio.gather(watch(ls), ls.optional_methods.follow(opened.settings))
    if len(opened.service.following) < len(opened.service.roots):
        await _index(ls)
    opened.start.ended()


async def _index(ls: CodeIntelServer) -> None:
    try:
        await index_whole(ls)
    except Cancelled:
        log.info("indexing was stopped")
    except IndexTrouble as error:
        log.info("%s", error)  # the scheduler has said so
    except Exception as error:
        ls.tell(types.MessageType.Error, f"codeintel cannot index the workspace: {_said(error)}")


async def index_whole(ls: CodeIntelServer, force: bool = False, *, shown: bool = True) -> IndexReport:
    """Bring every file up to date, showing how far it is; an index whose folder was removed is made anew."""
    bar = own_work_done(ls, "Indexing", cancellable=True) if shown else work_done(ls, "Indexing", None)
    async with bar as progress:

        async def index() -> IndexReport:
            scheduler = (await ls.session.opened()).scheduler
            whole = scheduler.whole(progress.report, progress.cancelled, force=force)
            waiting = asyncio.wrap_future(whole)
            while not waiting.done():
                await asyncio.wait({waiting}, timeout=CANCEL_POLL_S)
                if progress.cancelled():  # the work may be at something slow, such as a write
                    waiting.cancel()
                    raise Cancelled
            return waiting.result()

        try:
            return await index()
        except IndexTrouble:
            if not await made_anew(ls):
                raise
        return await index()


async def made_anew(ls: CodeIntelServer) -> bool:
    """Whether the folder of an index was removed under the server, and the workspace is open again for that."""

    def gone(service: Service, _: CancelCheck) -> bool:
        # a root that is gone with its index may come back, a mount for one: until then the last state answers
        roots = [root for root in service.status().roots if root.path.exists()]
        return any(root.index_folder is not None and not root.index_folder.exists() for root in roots)

    if not await ls.session.ask(gone):
        return False
    log.warning("an index was removed while it was open; it is made anew")
    await open_workspace(ls)
    return True


def _folders(ls: CodeIntelServer) -> tuple[Sequence[Path], Sequence[str]]:
    """The workspace's folders, and why some are left out."""
    # the keys of pygls's mapping are unquoted: a # in a folder's name would end the path
    uris = [folder.uri for folder in ls.workspace.folders.values()]
    uris = uris or ([ls.workspace.root_uri] if ls.workspace.root_uri else [])
    folders, troubles = [], []
    for uri in uris:
        try:
            folders.append(path_of(uri, "workspaceFolders"))
        except UsageError as error:
            troubles.append(error.message)
    return folders, troubles


def _said(error: Exception) -> str:
    """What a person is told; a bug's details are for the log."""
    if isinstance(error, CodeIntelError):
        return str(error)
    log.error("unexpected trouble", exc_info=error)
    return "the server's log has the details."
