"""What models call a kind of name, and what we call it."""

from __future__ import annotations

ENTITIES = {
    "PERSON": """PERSON PER NAME FULL_NAME GIVEN_NAME GIVENNAME FIRST_NAME FIRSTNAME MIDDLE_NAME MIDDLENAME LAST_NAME
        LASTNAME SURNAME PATIENT DOCTOR STAFF PRIVATE_PERSON NAME_STUDENT""",
    "LOCATION": "LOCATION LOC GPE CITY STATE COUNTRY COUNTY TOWN REGION",
    "ORGANIZATION": "ORGANIZATION ORGANISATION ORG COMPANY COMPANY_NAME COMPANYNAME HOSPITAL",
    "STREET_ADDRESS": """STREET_ADDRESS ADDRESS STREET STREETADDRESS STREET_NAME BUILDING_NUMBER BUILDINGNUMBER
        BUILDINGNUM SECONDARY_ADDRESS SECONDARYADDRESS PRIVATE_ADDRESS""",
    "USERNAME": "USERNAME USER_NAME HANDLE",
    "DATE_OF_BIRTH": "DATE_OF_BIRTH DATEOFBIRTH DOB BIRTHDATE BIRTHDAY",
}
PROMPTS = {  # what a model that is told in words what to look for is told
    "PERSON": "person",
    "LOCATION": "location",
    "ORGANIZATION": "organization",
    "STREET_ADDRESS": "street address",
    "USERNAME": "username",
    "DATE_OF_BIRTH": "date of birth",
    "MEDICAL_CONDITION": "medical condition",
}
_BY_LABEL = {label: entity for entity, labels in ENTITIES.items() for label in labels.split()}


def entity_of(label: str) -> str:
    """Return our entity for a tag of a model, "" for one that says nothing to us.

    >>> entity_of("B-GIVEN_NAME"), entity_of("I-LOC"), entity_of("person"), entity_of("O")
    ('PERSON', 'LOCATION', 'PERSON', '')
    """
    return _BY_LABEL.get(bare(label).upper().replace("-", "_").replace(" ", "_"), "")


def bare(label: str) -> str:
    """Return a tag without its B-, I-, E-, S-, L- or U-."""
    return label[2:] if label[:2].upper() in {"B-", "I-", "E-", "S-", "L-", "U-"} else label


def opens(label: str) -> bool:
    """Say whether a tag opens a name."""
    return label[:2].upper() in {"B-", "S-", "U-"}
