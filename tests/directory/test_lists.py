"""The operators' files: memberships, suspensions and the first list from CSV."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS
from connector.directory import memberships, suspensions
from connector.directory.csv_list import read_csv
from connector.directory.memberships import Membership, Memberships, Standing, read_memberships, url_fault
from connector.directory.refusal import DirectoryRefused, Refusal
from connector.directory.suspensions import Reason, Suspension, read_suspensions
from tests.kit.directory import NOW, A, B, C

PRODUCTION, TEST = Environment.PRODUCTION, Environment.TEST


def row(member=A, **fields):
    return Membership(**{"id": member, "name": f"SPSTI {member}", "standing": Standing.JOINED, "since": NOW} | fields)


def test_a_list_read_is_the_list_that_was_signed():
    list_ = Memberships(
        PRODUCTION,
        (
            row(A, size_class="XL", cleared_at=Instant(NOW + 1)),
            row(B, standing=Standing.LEFT, successor=A),
            row(C, standing=Standing.MAIL_ONLY, towns=("Lyon",), departements=("69",), mssante="dmst@x.mssante.fr",
                contact="contact@x.example", sectors=("BTP",), acronyms=("S",), former_names=("T",)),
        ),
        ("https://annuaire.example/directory/",),
    )  # fmt: skip

    assert read_memberships(memberships.to_json(list_), strict=True) == list_


def test_a_member_that_stands_twice_refuses_the_list():
    with pytest.raises(LocalRefused, match="stands twice"):
        memberships.to_json(Memberships(TEST, (row(A), row(A))))
    data = memberships.to_json(Memberships(TEST, (row(A),)))
    twice = data.replace(b'"members":[', b'"members":[' + data.split(b'"members":[')[1].split(b"]")[0] + b",")
    with pytest.raises(DirectoryRefused) as caught:
        read_memberships(twice)
    assert caught.value.refusal is Refusal.DUPLICATE


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"name": "Dr Martin"}, "names no person"),
        ({"contact": "jean@x.example"}, "person's address"),
        ({"size_class": "huge"}, "expected one of S"),
        ({"name": ""}, "expected a text"),
        ({"mssante": "dmst@x.example"}, "mssante"),
    ],
)
def test_a_row_that_breaks_a_rule_is_not_signed(fields, fault):
    with pytest.raises(LocalRefused, match=fault):
        memberships.to_json(Memberships(PRODUCTION, (row(A, **fields),)))


def test_a_wrong_check_digit_is_listed_in_a_test_federation_only():
    wrong = MemberId.parse("318751275100021", strict=False)

    data = memberships.to_json(Memberships(TEST, (row(wrong),)))

    assert "check digit" in read_memberships(data).warnings[0]
    with pytest.raises(LocalRefused, match="check digit"):
        memberships.to_json(Memberships(PRODUCTION, (row(wrong),)))


@pytest.mark.parametrize(
    "url",
    ["http://a.example/d/", "https://a.example/d", "https://a.example", "https://a.example/d/?x/", "https://a.example//",
     "https://u:p@a.example/d/", "https://localhost/d/", "ftp://a.example/", ""],
)  # fmt: skip
def test_an_address_of_a_copy_that_is_not_plain_https_is_refused(url):
    assert url_fault(url, PRODUCTION) is not None


def test_an_address_of_a_copy_may_have_a_path():
    assert url_fault("https://annuaire.example/directory/", PRODUCTION) is None


@given(st.binary(max_size=120))
def test_rubbish_is_refused_with_our_error(data):
    for read in (read_memberships, lambda d: read_suspensions(d, TEST)):
        with pytest.raises(DirectoryRefused):
            read(data)


# ---------------------------------------------------------------- suspensions


def test_suspensions_read_are_those_that_were_signed():
    given_ = (Suspension(A, NOW, Reason.KEY_STOLEN), Suspension(B, Instant(NOW + 5), Reason.AT_ITS_REQUEST))

    assert read_suspensions(suspensions.to_json(given_), PRODUCTION, strict=True) == given_


def test_of_several_rows_of_one_member_the_first_in_time_counts():
    rows = [Suspension(A, Instant(NOW + day * DAY_SECONDS), Reason.PRECAUTION) for day in (7, 0, 14)]

    assert read_suspensions(suspensions.to_json((*rows,)), PRODUCTION) == (rows[1],)


def test_a_suspension_with_a_reason_of_its_own_words_is_refused():
    data = suspensions.to_json((Suspension(A, NOW, Reason.PRECAUTION),)).replace(b"precaution", b"Dr X asked")

    with pytest.raises(DirectoryRefused, match="reason") as caught:
        read_suspensions(data, PRODUCTION)
    assert "Dr X" not in str(caught.value)


@pytest.mark.parametrize(
    ("at", "cleared_at", "expected"),
    [
        (NOW - 61, None, False),
        (NOW - 60, None, True),
        (NOW, None, True),
        (NOW + 7 * DAY_SECONDS - 1, None, True),
        (NOW + 7 * DAY_SECONDS, None, False),
        (NOW + 1, NOW - 1, True),
        (NOW + 1, NOW, False),
        (NOW + 2, NOW + 1, False),
    ],
)
def test_a_suspension_counts_for_seven_days_unless_it_is_cleared(at, cleared_at, expected):
    suspension = Suspension(A, NOW, Reason.PRECAUTION)

    assert suspension.is_in_force(row(A, cleared_at=cleared_at), Instant(at)) is expected


# ---------------------------------------------------------------- CSV


def lines(text, environment=PRODUCTION, listed=()):
    return read_csv(text.encode(), environment, NOW, listed)


def test_a_csv_of_a_spreadsheet_gives_mail_only_members():
    text = (
        "\ufeffid;name;towns;departements;sectors;size_class;mssante;contact;acronyms;former_names\r\n"
        f'{B};"AST ""Loire"";";Nantes | Rezé;44|85;BTP;L;dmst@ast.mssante.fr;contact@ast.example;AST;Ancien\r\n'
        ";;;;;;;;;\r\n"
    )

    (line,) = lines(text)

    assert line.faults == ()
    assert line.row == Membership(
        B, 'AST "Loire";', Standing.MAIL_ONLY, NOW, "L", None, None, ("Ancien",), ("AST",), ("Nantes", "Rezé"),
        ("44", "85"), ("BTP",), "dmst@ast.mssante.fr", "contact@ast.example",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("318751275100021,X", "check digit"),
        ("12,X", "member id"),
        (f"{B},", "name: expected a text"),
        (f"{B},Dr Martin", "names no person"),
        (f"{B},X,too many", "3 cells, expected 2"),
        (f"{A},X", "stands already in the directory"),
    ],
)
def test_a_faulty_line_is_told_with_its_number_and_gives_no_row(line, fault):
    found = lines(f"id,name\n{C},Right\n{line}\n", listed=(row(A),))

    assert found[0].row is not None
    assert found[1].number == 3
    assert found[1].row is None
    assert fault in "; ".join(found[1].faults)


def test_what_a_test_federation_lets_pass_is_a_warning():
    (line,) = lines("id,name\n318751275100021,X\n", TEST)

    assert line.row is not None
    assert "check digit" in line.warnings[0]


def test_two_services_of_one_name_are_a_warning():
    found = lines(f"id,name\n{B},Santé Travail\n{C},SANTE TRAVAIL\n")

    assert found[1].warnings == ("its name is also that of another service in line 2",)


@pytest.mark.parametrize("text", ["", "name\nX\n", "id,name,director\n", "id,id,name\n", 'id,name\n"open\n'])
def test_a_file_without_the_right_columns_is_refused(text):
    with pytest.raises(LocalRefused, match="CSV"):
        lines(text)


def test_a_file_in_another_encoding_is_refused_with_the_remedy():
    with pytest.raises(LocalRefused, match="CSV UTF-8"):
        read_csv("id,name\n1,Santé\n".encode("latin-1"), TEST, NOW)
