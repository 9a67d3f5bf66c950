"""A file that came with a form, as text."""

from aiohttp.web_request import FileField

from connector.core.errors import LocalRefused


def text_of(sent: object) -> str:
    """Give a file as text: UTF-8, or what a spreadsheet in France writes.

    Raises:
        LocalRefused: `local.malformed`, no file.
    """
    if not isinstance(sent, FileField):
        raise LocalRefused("file: got none", field="file")
    content = sent.file.read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
