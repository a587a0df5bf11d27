"""Models that are published on HuggingFace: their files, fetched with the standard library.

Only the command line fetches, and only when a person names a model; the app never does. Without
a network the answer comes in about a second. What is fetched is data until it was checked: files
of skops and their description are taken, a pickle never is.
"""

import json
import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass, urlopen

from pipelines.core.errors import BundleError, InputError

ENDPOINT = "https://huggingface.co"
MODEL, INFO = ".skops", "model_info.json"
LARGEST = 200 * 10**6
"""bytes; published classifiers of units have 2 to 8 million."""
REACH_S = 1.0
"""Seconds until a name must be looked up and a connection stand."""
ANSWER_S = 30.0
PORTS = {"http": 80, "https": 443}
SWITCHED_ON = frozenset({"1", "on", "true", "yes"})
_PART = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_NAME = re.compile(f"{_PART}/{_PART}")


@dataclass(frozen=True)
class HubModel:
    """The files of a published model.

    Attributes:
        name: such as `owner/model`.
        revision: the commit that was fetched.
        sha256: by name of file, as the site says; small files have none.
    """

    name: str
    revision: str
    sha256: Mapping[str, str]


def is_name(text: str) -> bool:
    """Whether a text can be the name of a published model rather than a path on this computer."""
    return bool(_NAME.fullmatch(text)) and not Path(text).parent.exists()


def fetch(name: str, folder: Path, environ: Mapping[str, str] = os.environ) -> HubModel:
    """Fetch a model's one `.skops` file and its `model_info.json`.

    Args:
        name: such as `owner/model`.
        folder: gets both.
        environ: may hold HF_ENDPOINT, another site with the same interface, and HF_HUB_OFFLINE.

    Raises:
        InputError: the site cannot be reached, or has no such model.
        BundleError: the model is no skops file, or is not what the site says that it is.
    """
    site = environ.get("HF_ENDPOINT", ENDPOINT).rstrip("/")
    if environ.get("HF_HUB_OFFLINE", "").lower() in SWITCHED_ON:
        raise InputError(f"{name} is not fetched, because HF_HUB_OFFLINE is set: unset it.")
    _refuse_unreachable(name, site)
    published = _described(name, site)
    for file in _wanted(published):
        address = f"{site}/{name}/resolve/{published.revision}/{quote(file)}"
        content = _get(name, address)
        expected = published.sha256[file]
        if expected and sha256(content).hexdigest() != expected:
            raise BundleError(f"{file} of {name} arrived damaged: fetch it again.")
        (folder / Path(file).name).write_bytes(content)
    return published


def _described(name: str, site: str) -> HubModel:
    try:
        found = json.loads(_get(name, f"{site}/api/models/{name}?blobs=true"))
        files = {str(one["rfilename"]): _said_digest(one) for one in found["siblings"]}
        return HubModel(name, str(found["sha"]), files)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{site} does not describe {name} as HuggingFace does.") from None


def _said_digest(sibling: Mapping[str, Any]) -> str:
    return str((sibling.get("lfs") or {}).get("sha256", ""))


def _wanted(published: HubModel) -> list[str]:
    models = [file for file in published.sha256 if file.endswith(MODEL)]
    if len(models) != 1:
        others = ", ".join(models or list(published.sha256)[:10]) or "nothing"
        raise BundleError(
            f"{published.name} must hold one {MODEL} file, but it holds {others}: pickles are "
            f"never opened, and of several {MODEL} files give the folder of the one you want."
        )
    return [*models, *(file for file in published.sha256 if file == INFO)]


def _get(name: str, address: str) -> bytes:
    try:
        with urlopen(address, timeout=ANSWER_S) as answer:
            content: bytes = answer.read(LARGEST + 1)
    except HTTPError as error:
        error.close()
        raise InputError(_refusal(name, address, error.code)) from None
    except (URLError, OSError) as error:
        why = getattr(error, "reason", error)
        raise InputError(f"{name} cannot be fetched from {_host(address)}: {why}.") from None
    if len(content) > LARGEST:
        raise BundleError(f"A file of {name} has more than {LARGEST // 10**6} MB: not fetched.")
    return content


def _refusal(name: str, address: str, code: int) -> str:
    if code in (401, 403, 404):
        return f"{_host(address)} has no model {name} that everybody may read: check the name."
    return f"{_host(address)} does not give {name} (HTTP {code}): try again later."


def _refuse_unreachable(name: str, site: str) -> None:
    """Try to connect in a thread: looking up a name cannot be given a time limit."""
    found: SimpleQueue[str] = SimpleQueue()
    Thread(target=lambda: found.put(_connected(site)), daemon=True).start()
    try:
        problem = found.get(timeout=REACH_S)
    except Empty:
        problem = f"no answer within {REACH_S:g} s"
    if problem:
        raise InputError(
            f"{name} is not on this computer and {_host(site)} cannot be reached ({problem}): "
            "connect to the network, or bring the model's folder here and give its path."
        )


def _connected(site: str) -> str:
    """What is wrong with the way to a site or to the proxy before it; empty if nothing."""
    parts = urlsplit(site)
    if parts.scheme not in PORTS or not parts.hostname:
        return f"{site} is no web address"
    proxy = "" if proxy_bypass(parts.hostname) else getproxies().get(parts.scheme, "")
    first = urlsplit(proxy if "://" in proxy or not proxy else f"http://{proxy}")
    host = first.hostname or parts.hostname
    try:
        port = (first.port if proxy else parts.port) or PORTS[parts.scheme]
        socket.create_connection((host, port), REACH_S).close()
    except (OSError, ValueError) as error:
        return str(getattr(error, "strerror", "") or error)
    return ""


def _host(address: str) -> str:
    return urlsplit(address).hostname or address
