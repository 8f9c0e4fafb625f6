"""What laws on biometric and genetic data call the kinds of data that are found: the words of their own lists.

Read for what they name, not for when they apply: thresholds, consent and exceptions are for a lawyer. Sources are the
published texts; `LISTS` gives the place in each.
"""

from __future__ import annotations

from typing import Final

__all__ = ["LISTS", "words"]

_HAND_AND_FACE = "scan of hand or face geometry"
# What Art. 4(14) GDPR and Art. 3(34) of the AI Act define alike.
_EUROPE: Final = {
    "FACE_TEMPLATE": "biometric data: facial images",
    "FINGERPRINT_IMAGE": "biometric data: dactyloscopic data",
    "FINGERPRINT_TEMPLATE": "biometric data: dactyloscopic data",
    "IRIS_IMAGE": "biometric data: physical characteristics",
    "IRIS_TEMPLATE": "biometric data: physical characteristics",
    "BIOMETRIC_EMBEDDING": "biometric data: physical or physiological characteristics",
    "BEHAVIORAL_BIOMETRIC": "biometric data: behavioural characteristics",
}

LISTS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "BIPA": (
        "740 ILCS 14/10 (photographs are on its list of what is none)",
        {
            "FINGERPRINT_IMAGE": "fingerprint",
            "FINGERPRINT_TEMPLATE": "fingerprint",
            "IRIS_IMAGE": "retina or iris scan",
            "IRIS_TEMPLATE": "retina or iris scan",
            "FACE_TEMPLATE": _HAND_AND_FACE,
            "BIOMETRIC_EMBEDDING": f"voiceprint, or {_HAND_AND_FACE}",
        },
    ),
    "Texas CUBI": (
        "Tex. Bus. & Com. Code 503.001(a)",
        {
            "FINGERPRINT_IMAGE": "fingerprint",
            "FINGERPRINT_TEMPLATE": "fingerprint",
            "IRIS_IMAGE": "retina or iris scan",
            "IRIS_TEMPLATE": "retina or iris scan",
            "FACE_TEMPLATE": "record of hand or face geometry",
            "BIOMETRIC_EMBEDDING": "voiceprint, or record of hand or face geometry",
        },
    ),
    "GDPR": (
        "Art. 4(13), 4(14), 9(1), recital 51 on photographs",
        {
            "FACE": "facial images, where processed to identify",
            **_EUROPE,
            "GENETIC_DATA": "genetic data",
        },
    ),
    "CCPA": (
        "Cal. Civ. Code 1798.140(c)",
        {
            "FACE": "imagery of the face, from which a template can be extracted",
            "FACE_TEMPLATE": "identifier template, such as a faceprint",
            "FINGERPRINT_IMAGE": "imagery of the fingerprint",
            "FINGERPRINT_TEMPLATE": "identifier template, such as a minutiae template",
            "IRIS_IMAGE": "imagery of the iris, retina",
            "IRIS_TEMPLATE": "identifier template",
            "BIOMETRIC_EMBEDDING": "identifier template, such as a faceprint or a voiceprint",
            "VOICE": "voice recordings, from which a template can be extracted",
            "BEHAVIORAL_BIOMETRIC": "keystroke or gait patterns or rhythms",
            "GENETIC_DATA": "deoxyribonucleic acid (DNA)",
        },
    ),
    "HIPAA": (
        "45 CFR 164.514(b)(2)(i)",
        {
            "FACE": "(Q) full face photographic images",
            "FACE_TEMPLATE": "(P) biometric identifiers",
            "FINGERPRINT_IMAGE": "(P) biometric identifiers, including finger and voice prints",
            "FINGERPRINT_TEMPLATE": "(P) biometric identifiers, including finger and voice prints",
            "IRIS_IMAGE": "(P) biometric identifiers",
            "IRIS_TEMPLATE": "(P) biometric identifiers",
            "BIOMETRIC_EMBEDDING": "(P) biometric identifiers, including finger and voice prints",
            "GENETIC_DATA": "(R) any other unique identifying characteristic",
            "GPS_METADATA": "(B) geographic subdivisions smaller than a State",
            "MEDIA_METADATA": "(M) device identifiers and serial numbers",
        },
    ),
    "EU AI Act": (
        "Art. 3(34), Art. 5(1)(e) on untargeted scraping of facial images",
        {
            "FACE": "facial images",
            **_EUROPE,
        },
    ),
}
"""By the law's name in the rules: where its list stands, and what the list calls an entity."""


def words(law: str, entity: str) -> str:
    """Return what a law's list calls an entity, "" where it is not on it.

    >>> words("BIPA", "FINGERPRINT_TEMPLATE"), words("BIPA", "FACE")
    ('fingerprint', '')
    """
    return LISTS.get(law, ("", {}))[1].get(entity, "")
