"""The languages offered as boxes to tick, by their own names; any other code can be written (pure)."""

from collections.abc import Sequence

OFFERED = {
    "en": "English",
    "ar": "العربية",
    "bn": "বাংলা",
    "zh": "中文",
    "cs": "Čeština",
    "nl": "Nederlands",
    "fa": "فارسی",
    "fr": "Français",
    "de": "Deutsch",
    "el": "Ελληνικά",
    "he": "עברית",
    "hi": "हिन्दी",
    "id": "Bahasa Indonesia",
    "it": "Italiano",
    "ja": "日本語",
    "ko": "한국어",
    "pl": "Polski",
    "pt": "Português",
    "ro": "Română",
    "ru": "Русский",
    "es": "Español",
    "sw": "Kiswahili",
    "sv": "Svenska",
    "th": "ไทย",
    "tr": "Türkçe",
    "uk": "Українська",
    "ur": "اردو",
    "vi": "Tiếng Việt",
}


def preferred(header: str) -> Sequence[str]:
    """Return the offered languages that a browser's Accept-Language names, in its order."""
    named = (part.split(";")[0].strip().lower().split("-")[0] for part in header.split(","))
    return [one for one in dict.fromkeys(named) if one in OFFERED]
