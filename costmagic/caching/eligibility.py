"""Which requests may share an answer with a similar one."""

from __future__ import annotations

import re

from ..types import Request

# More than this the embedders do not read: two texts that differ beyond it would look the same.
MAX_BYTES = 800

# What is true now need not be true later, however alike the words.
_TIME = re.compile(
    r"""(?<!\w)(?:
    # English
    today(?:['’]s)?|tonight(?:['’]s)?|yesterday(?:['’]s)?|tomorrow(?:['’]s)?|now|nowadays|current(?:ly)?|latest|
    recent(?:ly)?|newest|up[ -]to[ -]date|(?:right|just)\ now|at\ the\ moment|at\ present|presently|these\ days|
    so\ far|
    as\ of|(?:this|last|next|past|coming)\ (?:second|minute|hour|morning|afternoon|evening|night|day|week|weekend|
    fortnight|month|quarter|season|semester|term|year|decade|century|monday|tuesday|wednesday|thursday|friday|
    saturday|
    sunday|january|february|march|april|may|june|july|august|september|october|november|december|spring|summer|autumn|
    fall|winter|time|few)|(?:minutes?|hours?|days?|weeks?|months?|years?)\ ago|what\ (?:time|day|date|year)\ is\ it|
    what(?:['’]s|\ is)\ the\ (?:time|date|day)|the\ time\ in|news|stock\ price|share\ price|exchange\ rate|weather|
    forecast|still|yet|live\ score|
    # German
    heute|heutige[nrsm]?|heutzutage|gestern|gestrige[nrsm]?|morgen|jetzt|jetzige[nrsm]?|aktuell(?:e[nrsm]?|
    ste[nrsm]?)?|
    derzeit(?:ige[nrsm]?)?|momentan(?:e[nrsm]?)?|gegenwärtig(?:e[nrsm]?)?|neueste[nrsm]?|neuste[nrsm]?|letzte[nrsm]?|
    kürzlich|neulich|gerade|zurzeit|wetter|nachrichten|
    (?:diese[nrsm]?|nächste[nrsm]?|kommende[nrsm]?|vorige[nrsm]?)\ (?:woche|monats?|jahr(?:es)?|tage?s?|wochenende)|
    wie\ spät|wie\ viel\ uhr|noch|
    # French
    aujourd['’]hui|maintenant|hier|demain|actuel(?:le)?s?|actuellement|récent(?:e)?s?|récemment|derni(?:er|ère)s?|
    ce\ (?:soir|matin|mois|week-end|moment)|cette\ (?:semaine|année|nuit)|en\ ce\ moment|
    prochaine?s?|quelle\ heure|de\ nos\ jours|à\ présent|météo|actualités?|
    # Spanish
    hoy|ahora|ayer|mañana|anoche|(?:el|la|los|las|del|su)\ \S+\ actual(?:es)?|actualmente|reciente(?:s|mente)?|
    [úu]ltim[oa]s?|
    est[ae]\ (?:semana|mes|año|noche|tarde|mañana|momento)|pr[óo]xim[oa]s?|qu[ée]\ hora|hoy\ en\ d[ií]a|todav[ií]a|
    aún|noticias
    )(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)


def why_not(request: Request, purpose: str, fresh: bool) -> str | None:
    """Why ``request`` may neither take nor leave a shared answer; None when it may."""
    text = request.messages[-1].content
    if fresh:
        return "marked fresh"
    if purpose != "user":
        return f"its purpose is {purpose}: each such answer must be its own"
    if request.messages[-1].role != "user":
        return "the last message is not the user's"
    if request.temperature:
        return f"temperature {request.temperature:g}: answers are meant to vary"
    if len(text.encode()) > MAX_BYTES:
        return f"longer than {MAX_BYTES} bytes: an embedding does not tell such texts apart"
    return time_dependent(text)


def time_dependent(text: str) -> str | None:
    """Why the answer to ``text`` depends on when it is asked, in English, German, French or Spanish; else None."""
    found = _TIME.search(" ".join(text.split()))
    return f"'{found[0]}' depends on when it is asked" if found else None
