"""XML that a stranger sent, read without trusting it, and our own, written; the only module that knows lxml.

A document type is refused before anything is parsed, so no entity is ever declared, expanded or fetched; the encoding
is UTF-8 whatever the document says of itself, so no other can hide one. SOAP 1.2 allows neither document types nor
processing instructions (part 1, section 5).
"""

from typing import Any, Final, TypeAlias

from lxml import etree

from connector.core.codes import Code
from connector.core.errors import InsiFault

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"

Element: TypeAlias = Any
"""lxml has no types: an `etree._Element`."""


def element(namespace: str, name: str, text: str | None = None, *children: Element, **attributes: str) -> Element:
    """Make an element of our own, with a text or children."""
    made = etree.Element(_tag(namespace, name), nsmap={None: namespace}, attrib=attributes)
    made.text = text
    made.extend(children)
    return made


def envelope(headers: tuple[Element, ...], body: Element) -> bytes:
    """Write a SOAP 1.2 envelope, UTF-8 with its declaration."""
    whole = etree.Element(_tag(SOAP, "Envelope"), nsmap={"soap": SOAP})
    etree.SubElement(whole, _tag(SOAP, "Header")).extend(headers)
    etree.SubElement(whole, _tag(SOAP, "Body")).append(body)
    written: bytes = etree.tostring(whole, xml_declaration=True, encoding="UTF-8")
    return written


def body_of(content: bytes) -> Element:
    """Read a SOAP 1.2 envelope and give the one element in its body.

    Raises:
        InsiFault: `insi.unreadable`: no XML, cut short, with a document type, no envelope of SOAP 1.2, or a body with
            nothing or several things in it.
    """
    if b"\x00" in content or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise unreadable("a document type or an encoding other than UTF-8")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise unreadable("something that is no whole XML document") from None
    if root.tag != _tag(SOAP, "Envelope"):
        raise unreadable("XML that is no envelope of SOAP 1.2")
    bodies = children(root, SOAP, "Body")
    inside = list(bodies[0]) if len(bodies) == 1 else []
    if len(inside) != 1:
        raise unreadable("an envelope whose body has not exactly one element")
    return inside[0]


def children(parent: Element, namespace: str, name: str) -> list[Element]:
    """Give the children of that name."""
    return list(parent.findall(_tag(namespace, name)))


def is_named(found: Element, namespace: str, name: str) -> bool:
    """Whether an element has that name."""
    return bool(found.tag == _tag(namespace, name))


def text_of(found: Element) -> str:
    """Give the text of an element that has no children, without the white space around it.

    Raises:
        InsiFault: `insi.unreadable`, it has children.
    """
    if len(found):
        raise unreadable("an element that holds markup in the place of text")
    return (found.text or "").strip(" \t\r\n")


def unreadable(got: str) -> InsiFault:
    """Give the fault of an answer that cannot be read; `got` never quotes it."""
    return InsiFault(
        f"INSi: the answer is {got}, expected a SOAP 1.2 envelope",
        code=Code.INSI_UNREADABLE,
        hint="try again later; if it lasts, a proxy may stand between: ask the network's administrator",
    )


def _tag(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"
