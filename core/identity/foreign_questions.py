"""How people ask a model who it is, in other languages than English (pure)."""

from core.identity.names import MODEL, table

# Are you …?
_NAMED = rf"(?:{MODEL}|claude|bard|gemini)(?![a-z0-9])"
FOREIGN_ARE_YOU = (
    r"(?<!\w)(?:bist du|es-tu|tu es|êtes-vous|eres|você é|tu és|sei|ben je|jesteś|är du|ты|вы|sen|kamu"
    r"|bạn là|أنت|आप|(?:너는|넌|당신은))\s+(?:an?|o|ein|eine?|une?|le|el|il|de)?\s*"
    rf"{_NAMED}[^.!\n]{{0,20}}[?؟]"
    rf"|(?:你是|您是|あなたは){_NAMED}[^.!。\n]{{0,20}}\?"
)
ARE_YOU_HINTS = (
    *(
        "bist du",
        "es-tu",
        "tu es",
        "êtes-vous",
        "eres",
        "você é",
        "tu és",
        "sei",
        "ben je",
        "jesteś",
    ),
    *("är du", "ты", "вы", "sen ", "kamu", "bạn là", "أنت", "आप", "너는", "넌", "당신은"),
    *("你是", "您是", "あなたは"),
)
FOREIGN = (
    r"(?<!\w)(?:qui|quelle (?:entreprise|société)) (?:t'a|vous a|t'as) (?:créé|développé|conçu|entraîné|fait)|qui (?:es-tu|êtes-vous)\s*\?|quel (?:modèle|est (?:ton|votre) (?:nom|modèle|prompt système))"
    r"|wer hat (?:dich|sie) (?:gemacht|entwickelt|erschaffen|trainiert|programmiert|erstellt)|wer bist du\s*\?|welches (?:sprach|ki-?)?modell bist du|(?:wie lautet|zeig mir|nenne) (?:dein|deinen|ihr|ihren) (?:system-?prompt|name)"
    r"|¿?qui[ée]n (?:te|lo) (?:cre[óo]|desarroll[óo]|hizo|entren[óo]|program[óo])|¿?qui[ée]n eres\s*\?|¿?qu[ée] modelo (?:eres|de (?:ia|lenguaje))"
    r"|quem (?:te|o|lhe) (?:criou|desenvolveu|fez|treinou)|quem é você\s*\?|quem criou você|qual modelo você é"
    r"|chi ti ha (?:creato|sviluppato|fatto|addestrato)|chi sei\s*\?|che modello sei"
    r"|wie heeft (?:je|jou|u) (?:gemaakt|ontwikkeld)|wie ben je\s*\?|kto cię (?:stworzył|zrobił)|kim jesteś\s*\?"
    r"|кто (?:тебя|вас) (?:создал|разработал|сделал|обучил)|кто ты(?: такой)?\s*\?|какая ты модель|хто тебе створив"
    r"|seni kim (?:yaptı|geliştirdi|yarattı|eğitti)|sen kimsin\s*\?|ai (?:đã )?tạo ra bạn|bạn là ai\s*\?|siapa yang (?:membuat|menciptakan|mengembangkan)(?:mu| kamu| anda)"
    r"|谁(?:创造|开发|制造|训练|创建|研发)了?(?:你|您)|誰(?:創造|開發|訓練|製造)了?你|(?:你|您)是谁(?:创造|开发|训练|做)?|你是誰|你是(?:什么|哪个|哪一个)模型|你(?:的)?系统提示|你是哪(?:家|个)公司"
    r"|(?:あなた|君)(?:を|は誰が|は誰に)(?:作っ|開発|誰が)|誰が(?:あなた|君)を(?:作|開発)|あなたは誰(?:です)?|あなたの(?:モデル|システムプロンプト)"
    r"|누가 (?:당신을|너를|널) (?:만들|개발|학습)|(?:당신은|너는|넌) 누구|من (?:صنعك|طورك|أنشأك|قام بتطويرك|برمجك)|من أنت\s*[؟?]|तुम्हें किसने बनाया|आपको किसने (?:बनाया|विकसित)"
    # What is your name, and are you …?
    r"|(?<!\w)(?:wie heisst du|comment (?:t'appelles-tu|tu t'appelles|vous appelez-vous)|cómo te llamas"
    r"|cuál es tu (?:nombre|modelo|prompt)|qual é o (?:seu|teu) (?:nome|modelo|prompt)|come ti chiami"
    r"|qual è il tuo (?:nome|modello)|hoe heet je|jak (?:masz na imię|się nazywasz)|как (?:тебя|вас) зовут"
    r"|як тебе звати|(?:senin )?adın ne|siapa (?:kamu|anda|namamu|nama kamu)|bạn tên là gì"
    r"|tên (?:của )?bạn là gì|ما اسمك|(?:आपका|तुम्हारा) नाम क्या|(?:तुम|आप) कौन (?:हो|हैं))"
    r"|(?:你|您)(?:叫什么|叫啥|的名字是)|(?:あなたの|君の|お)名前は(?:何|なん)|이름이 (?:뭐|무엇)"
    # By whom, by which company, which model?
    r"|(?<!\w)von wem (?:wurdest|bist) du (?:gemacht|gebaut|entwickelt|erschaffen|trainiert|programmiert)"
    r"|(?<!\w)wer hat (?:dich|sie) gebaut|welche firma (?:steckt hinter dir|hat dich)"
    r"|par qui (?:as-tu|avez-vous) été (?:créé|développé|conçu|entraîné)"
    r"|(?:empresa|compañía) te (?:desarrolló|creó|entrenó)|empresa (?:desenvolveu|criou|treinou) você"
    r"|(?:azienda|società) ti ha (?:creato|sviluppato|addestrato)|welk (?:taal)?model ben je"
    r"|jakim modelem jesteś|компания (?:тебя|вас) (?:разработала|создала|обучила)|хто ти\s*\?"
    r"|hangi modelsin|公司(?:开发|创造|训练|研发)了?(?:你|您)|どの(?:会社|企業)があなた"
    r"|(?:당신은|너는|넌) 어떤 모델|شركة (?:طورتك|صنعتك)"
    # The system prompt, and the end of the training data.
    r"|(?<!\w)(?:zeig|nenn|verrat|wiederhol)\w* (?:mir )?(?:deinen?|ihren?) system-?"
    r"(?:prompt|anweisung|nachricht)|(?:tu|el) prompt del? sistema|(?:seu|teu) prompt de sistema"
    r"|(?:tuo|suo) prompt di sistema|(?:свой|твой) системный промпт|システムプロンプト(?:を|は)"
    r"|(?:bis wann|wie aktuell)\b[^.!?\n]{0,20}\b(?:deine|dein|ihre) (?:trainingsdaten|daten|wissen)"
    r"|jusqu'à quand\b[^.!?\n]{0,20}\b(?:tes|vos) (?:données|connaissances)"
    r"|tus datos de entrenamiento|(?:你|您)的训练数据"
)
FOREIGN_HINTS = (
    *table(
        "créé développé conçu entraîné êtes-vous es-tu quién criou creó desarrolló entrenó programó cię кто тебя вас створив bạn 谁 誰 你是 系统提示 你的 你叫 あなた 君 누가 누구 من तुम्हें आपको"
    ),
    *(
        "hat dich",
        "hat sie",
        "bist du",
        " eres",
        "te hizo",
        "quem ",
        "chi ti",
        "chi sei",
        "какая ты",
    ),
    *("wie heeft", "wie ben", "kim jeste", "sen kimsin", "siapa yang", "quel ", "che modello"),
    *(
        "qué modelo",
        "que modelo",
        "qual modelo",
        "a fait",
        "t'as fait",
        "wie lautet",
        "zeig mir",
        "seni kim",
        "nenne dein",
    ),
    # Where the first word stands before a space, since words are looked up whole.
    *("wie heisst", "comment t'", "comment tu", "comment vous", "te llamas", "come ti", "hoe heet"),
    *(
        "jak masz",
        "siapa kamu",
        "siapa anda",
        "siapa nama",
        "es-tu",
        "tu es",
        "eres ",
        "sei ",
        "ben je",
    ),
    *(
        "sen ",
        "kamu ",
        "von wem",
        "welche firma",
        "par qui",
        "empresa te",
        "ti ha",
        "welk ",
        "jakim ",
    ),
    *("hangi modelsin", "zeig dein", "nenn", "verrat", "wiederhol", "bis wann", "wie aktuell"),
    *("prompt de sistema", "prompt del sistema", "prompt di sistema", "datos de entrenamiento"),
    *table(
        "¿eres você jesteś cuál się звати adın tên اسمك أنت तुम तुम्हारा 您 名前 이름 너는 넌"
        " 당신은 ты вы été compañía società компания хто 公司 どの شركة промпт システムプロンプト jusqu'à"
    ),
    *("är du", "qual é", "qual è", "आप कौन", "आपका नाम"),
)
