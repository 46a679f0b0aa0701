"""Make a started mongod usable: a replica set of one node whose only user is ours. Done again at each start, idempotent.

The host of the only member is the path of the socket (a loopback port changes from start to start). We speak as mongod's
own internal user, whose password is the key: it works before any other user exists and when the set must be moved.
"""

import hashlib
import hmac
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from monitor.errors import MongodError
from monitor.mongod.folder import Folder
from monitor.mongod.server import POLL_S, SET_NAME

USER = "monitor"
ROLES = ["root"]  # it is the person's own database, and nobody else can reach it
# An election takes milliseconds, recovery of a large oplog after a crash many seconds.
PRIMARY_S = 120.0
# Codes of MongoDB's error_codes.yml.
NOT_YET_INITIALIZED, ALREADY_INITIALIZED, USER_EXISTS = 94, 23, 51003


def password_of(folder: Folder) -> str:
    """The user's password, made from the key so that the two cannot get apart; it does not give the key away."""
    return hmac.new(folder.key.read_bytes(), b"password", hashlib.sha256).hexdigest()


def socket_uri(folder: Folder) -> str:
    """The URI for everything on this machine; drivers find the primary by the set's name, so it survives its restart."""
    return f"{_with_user(folder)}@{_escaped(folder.socket)}/?authSource=admin&replicaSet={SET_NAME}&retryWrites=true"


def tcp_uri(folder: Folder, *, port: int) -> str:
    """The URI by loopback, for programs that know no sockets; direct, since the set's only member goes by its socket."""
    return f"{_with_user(folder)}@127.0.0.1:{port}/?authSource=admin&directConnection=true&retryWrites=true"


def _with_user(folder: Folder) -> str:
    return f"mongodb://{USER}:{password_of(folder)}"


def make_usable(folder: Folder) -> None:
    """Initiate the set, or point it at this socket; wait until it is primary; see to the user. Raises MongodError."""
    key = quote(folder.key.read_text(encoding="ascii"), safe="")
    uri = f"mongodb://__system:{key}@{_escaped(folder.socket)}/?authSource=local&authMechanism=SCRAM-SHA-256&directConnection=true"
    try:
        with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=10_000) as client:
            _see_to_set(client, host=str(folder.socket))
            _await_primary(client, log=folder.log)
            _see_to_user(client, password=password_of(folder))
    except PyMongoError as error:
        raise MongodError(
            f"The private MongoDB started but refused to be set up ({type(error).__name__}: {str(error)[:200]}). Its log is "
            f"{folder.log}; run the command again, or set MONGODB_URI to use a MongoDB server of your own."
        ) from error


def _escaped(socket: Path) -> str:
    return quote(str(socket), safe="")


def _see_to_set(client: MongoClient[dict[str, Any]], *, host: str) -> None:
    wanted = {"_id": SET_NAME, "members": [{"_id": 0, "host": host}]}
    found = _config(client)
    if found is None and _initiate(client, wanted):
        return
    while found is None:  # it has a configuration that it has not read yet
        time.sleep(POLL_S)
        found = _config(client)
    if [member["host"] for member in found["members"]] != [host]:  # the folder was moved, or restored elsewhere
        client.admin.command("replSetReconfig", wanted | {"version": found["version"] + 1}, force=True)


def _config(client: MongoClient[dict[str, Any]]) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_YET_INITIALIZED:
            raise
        return None
    return found


def _initiate(client: MongoClient[dict[str, Any]], wanted: dict[str, Any]) -> bool:
    try:
        client.admin.command("replSetInitiate", wanted)
    except OperationFailure as error:
        if error.code != ALREADY_INITIALIZED:
            raise
        return False
    return True


def _await_primary(client: MongoClient[dict[str, Any]], *, log: Path) -> None:
    deadline = time.monotonic() + PRIMARY_S
    while not client.admin.command("hello")["isWritablePrimary"]:
        if time.monotonic() > deadline:
            raise MongodError(
                f"The private MongoDB did not become ready to write within {PRIMARY_S:.0f} seconds. Its log is {log}; "
                "run `monitor db stop` and then the command again."
            )
        time.sleep(POLL_S)


def _see_to_user(client: MongoClient[dict[str, Any]], *, password: str) -> None:
    try:
        client.admin.command("createUser", USER, pwd=password, roles=ROLES)
    except OperationFailure as error:
        if error.code != USER_EXISTS:
            raise
        client.admin.command("updateUser", USER, pwd=password, roles=ROLES)  # the key may be a new one
