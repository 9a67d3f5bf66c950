"""Orthanc from Debian's packages, with nginx in front: its own mutual TLS crashes on a client certificate there."""

import asyncio
import base64
import getpass
import json
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.machine import free_port, program, server

FRONT = """
daemon off; worker_processes 1; error_log {folder}/error.log; pid {folder}/pid; user {user};
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; client_max_body_size 100m; default_type application/octet-stream;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  sendfile on; tcp_nopush on;
  {upstream}
  server {{
    listen 127.0.0.1:{port} ssl backlog=1024;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    ssl_protocols TLSv1.3; ssl_verify_client on; ssl_verify_depth 3; ssl_client_certificate {ca};
    {location}
  }}
}}
"""


@contextmanager
def nginx(work: Path, own: dict[str, Any], location: str, upstream: str = "") -> Iterator[tuple[int, int]]:
    """Run nginx with the holder's certificate; give its port and process id."""
    port = free_port()
    folder = work / f"nginx-{port}"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nginx.conf"
    user = getpass.getuser()
    config.write_text(FRONT.format(folder=folder, user=user, port=port, location=location, upstream=upstream, **own))
    with server(program("nginx"), "-p", folder, "-c", config, port=port, log=folder / "log") as process:
        yield port, process.pid


@contextmanager
def running(work: Path, own: dict[str, Any]) -> Iterator[int]:
    """Run Orthanc on the server's core behind nginx; give the port of mutual TLS."""
    inner = free_port()
    folder = work / f"orthanc-{inner}"
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "orthanc.json"
    settings = {
        "Name": "bench",
        "StorageDirectory": str(folder / "db"),
        "IndexDirectory": str(folder / "db"),
        "TemporaryDirectory": str(folder),
        "HttpPort": inner,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "DicomServerEnabled": False,
        "KeepAlive": True,
        "TcpNoDelay": True,
        "JobsHistorySize": 0,
    }
    config.write_text(json.dumps(settings))
    upstream = f"upstream orthanc {{ server 127.0.0.1:{inner}; keepalive 64; keepalive_requests 1000000000; }}"
    location = 'location / { proxy_pass http://orthanc; proxy_http_version 1.1; proxy_set_header Connection ""; }'
    with (
        server(program("Orthanc"), config, port=inner, log=folder / "log"),
        nginx(work, own, location, upstream) as (port, _),
    ):
        yield port


async def fill(port: int, identity: dict[str, str], persons: int) -> list[dict[str, Any]]:
    """Make one study of one small PDF per patient; give the searches by patient that are nearest to an INS lookup.

    `/tools/find` slows down with the number of patients: give it as many as the service beside it knows.
    """
    tls = ssl.create_default_context(cafile=identity["ca"])
    tls.load_cert_chain(identity["certificate"], identity["key"])
    document = b"%PDF-1.4\n" + os.urandom(3000).replace(b"%", b".") + b"\n%%EOF\n"
    content = "data:application/pdf;base64," + base64.b64encode(document).decode()
    patients = [f"{10**12 + 7919 * number:015d}" for number in range(persons)]
    limit = asyncio.Semaphore(8)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as session:

        async def make(patient: str) -> None:
            tags = {"PatientID": patient, "PatientName": f"BENCH^{patient}", "StudyDate": "20260101", "Modality": "DOC"}
            body = {"Tags": tags | {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "Content": content}
            async with limit, session.post(f"https://127.0.0.1:{port}/tools/create-dicom", json=body) as answer:
                answer.raise_for_status()

        await asyncio.gather(*map(make, patients))
    # One request in the file would be repeated: these are many, so each is sent once; give enough of them.
    searches = [
        {
            "method": "POST",
            "path": "/tools/find",
            "headers": {"Content-Type": "application/json"},
            "body": json.dumps({"Level": "Study", "Expand": True, "Query": {"PatientID": patient}}),
        }
        for patient in patients
    ]
    return searches * (20_000 // persons + 1)
