"""How a model speaks of itself and of its maker, in many languages (pure)."""

import re

from core.identity.lazy import LazyPattern
from core.identity.names import ANY_MODEL, FAMOUS, MAKER, MODEL

AI = r"(?:a\.?i\.?|artificial intelligence|language model|llm|chat ?bot|(?:virtual|digital|ai) assistant|assistant|model|bot|neural network)"
ARTICLE = r"(?:an?|the|your|one of the|just an?|only an?|simply an?|actually an?)"
MADE = (
    r"(?:developed|created|trained|made|built|designed|programmed|engineered|produced|released"
    r"|fine-?tuned|owned|operated|maintained|provided|published|powered|introduced|deployed"
    r"|coded|crafted|conceived|invented|written|put together|brought to life|brought into being)"
)


def phrases(text: str) -> str:
    return "|".join(part.strip().replace(" ", r"\s+") for part in text.split("|"))


GAP = r"[^.!?;\n。！？]"

I_AM = phrases(
    "i am | i'm | im | my name is | my name's | call me | known as | i go by | i was named"
    " | you are talking to | you're talking to | you are chatting with | you're chatting with | you're speaking with | you are speaking with"
    " | you are interacting with | you are"
    " | je suis | moi,? c'est | je m'appelle | mon nom est | ich bin | ich heiße | ich heisse | mein name ist | mein name lautet"
    " | soy | yo soy | me llamo | mi nombre es | sono | io sono | mi chiamo | il mio nome è"
    " | eu sou | sou o | sou a | me chamo | chamo-me | meu nome é | ik ben | mijn naam is | jestem"
    " | nazywam się | mam na imię | jag är | jag heter | mitt namn är | jeg er | jeg hedder"
    " | olen | minun nimeni on | ben | benim adım | adım | tôi là | tên tôi là | saya | saya adalah"
    " | nama saya | nama saya adalah | eu sunt | numele meu este | jsem | jmenuji se | vagyok"
    " | я | меня зовут | моё имя | я - | я — | мене звати | είμαι ο | είμαι το | με λένε"
    " | أنا | اسمي | أنا هو | אני | שמי | मैं | मेरा नाम | من | نام من"
)
CJK_I_AM = "我是|我叫|我的名字是|我的名字叫|我就是|私は|わたしは|僕は|名前は|저는|나는|제 이름은|ฉันคือ|ผมคือ|ฉันชื่อ|ผมชื่อ"
# "Claude 3.5 Sonnet", "Mistral 7B", "Command R+".
_EDITION = (
    r"(?:[ -]?v?\d(?:[\w.]*\w)?)?(?!\w)"
    r"(?: (?:sonnet|haiku|opus|pro|ultra|nano|flash|turbo|plus|large|mini|small|instruct|chat|bot|x))?"
)
# What may follow a name that is also a person's or a thing's: no "Monet", no ", king of the winds".
_AFTER_NAME = (
    r"(?!,? (?:the|an?) (?!ai\b|a\.i|artificial|assist|language|large|chat|virtual|digital|model|bot"
    r"|helpful|friendly|conversation|multimodal|generative|neural|program|computer|machine|tool)|,? (?:messenger|god|goddess|son"
    r"|daughter|king|queen|lord|guardian|ruler|spirit|born)\b)"
    r"(?=\s*(?:$|[.,;:!?)\n—–。，、！？،؛؟]|-\s|(?:and|et|und|y|e|en|och|i|dan|by|from|here|developed"
    r"|created|made|trained|built)\b|an? (?:ai|large|language)|です|だ|と|입니다|이에요|예요|हूँ|हूं|है))"
)

FILLER = (
    "(?:actually|simply|just|really|only|here|as|called|named|known|talking|to|large|ai|language|model"
    "|chatbot|assistant|bot|version|instance|of|trained|virtual|based|on|the|an?)"
)
SELF_NAMED = LazyPattern(
    rf"(?<!\w)(?:{I_AM})\s*[,:—–-]?\s*(?:(?:an?|the|un|une|ein|eine|uno|una|um|uma)\s+)?"
    rf"(?:{FILLER}\s+){{0,4}}?{MODEL}{_EDITION}"
    rf"|(?:{CJK_I_AM})[^。！？\n]{{0,12}}?{ANY_MODEL}"
    rf"|(?<!\w)(?:{I_AM})\s*[,:—–-]?\s*(?:(?:only|just|simply|actually|really|called|named) )?"
    rf"{ANY_MODEL}{_EDITION}{_AFTER_NAME}"
    rf"|(?<!\w)as {ANY_MODEL}{_EDITION}, (?:a|an|i|my)\b"
    rf"|(?<!\w)i, {ANY_MODEL}{_EDITION},|(?<!\w)this is {ANY_MODEL}{_EDITION} speaking\b"
    rf"|(?<!\w)(?:{I_AM}) (?:das|der|le|la|l'|el|il|o|the) ?(?:ki-?)?(?:sprachmodell|modell|modèle|modelo"
    rf"|modello|assistent|assistant|asistente|assistente|model) {ANY_MODEL}(?!\w)"
    rf"|(?<!\w)(?:hi|hello|hey|greetings)\W{{1,3}}(?:there\W{{1,3}})?(?:this is|it's) {ANY_MODEL}{_EDITION}"
    rf"{_AFTER_NAME}"
    rf"|(?<!\w)my (?:underlying |base |language )*model(?: is|:) {ANY_MODEL}{_EDITION}{_AFTER_NAME}"
    rf"|(?<!\w)(?:i am|i'm) (?:based on|built on|running on|powered by) (?:{MODEL}|{FAMOUS}){_EDITION}"
    rf"|(?<!\w)i run on (?:{MODEL}|{FAMOUS}){_EDITION}"
    rf"|(?<!\w)(?:i am|i'm|as) {ARTICLE} [^.!?\n]{{0,50}}?{AI},? (?:named|called|known as)"
    rf" {ANY_MODEL}(?!\w)"
    rf"|^\W*(?:this (?:answer|text|response) was )?(?:generated|written|answered|powered) (?:by|with)"
    rf" {MODEL}\W*$",
    re.MULTILINE,
)
MADE_BY_MAKER = LazyPattern(
    # I was created by …; I have been trained at …
    rf"(?<!\w)i(?: was| am| have been|'ve been|'m)(?: [a-z]+ly| also| initially)?(?: being)?"
    rf" {MADE}(?: and {MADE})? (?:by|at)\b{GAP}{{0,60}}?{MAKER}"
    # As an AI (assistant), developed by …; I'm a large language model trained by …
    rf"|(?<!\w)(?:as|i am|i'm|being|you are|this is) {ARTICLE} {GAP}{{0,40}}?{AI}\b"
    rf"(?:[ ,(-]+(?!(?:i|can|cannot|who|is)\b)[a-z']+){{0,6}}?[ ,(-]+(?:that |which |who )?(?:was |is )?"
    rf"{MADE}(?: and {MADE})? (?:by|at)\b{GAP}{{0,60}}?{MAKER}"
    rf"|(?<!\w)(?:as|i am|i'm) (?:an? |the )?(?:product|creation|model|assistant|ai|chatbot|part)"
    rf"(?: model| assistant| system)? (?:of|from|by) {MAKER}"
    rf"|(?<!\w)(?:i am|i'm) {ARTICLE} (?:[a-z]+ ){{0,3}}?{AI} (?:of|from|by) {MAKER}"
    rf"|(?<!\w)(?:as|i am|i'm) (?:an? )?{MAKER}(?:'s)? (?:ai |large |language |own )*"
    rf"(?:model|assistant|ai|chatbot)\b"
    rf"|(?<!\w)(?:i am|i'm|as|being) {ARTICLE} (?:[a-z]+ ){{0,3}}?{AI} (?:that |which )?{MAKER}"
    rf" (?:has |have )?{MADE}\b"
    rf"|(?<!\w)(?:as|being) {ARTICLE} (?:[a-z]+ ){{0,3}}?{AI} (?:of|from|by) {MAKER}, (?:i|my)\b"
    rf"|(?<!\w)the (?:company|lab|firm|team|people|organi[sz]ation|folks)(?: that| who| which)? (?:has |have )?"
    rf"(?:{MADE}|behind) me(?: is| are|,|:){{1,2}} (?:called )?{MAKER}"
    # OpenAI created me; my creators at …
    rf"|{MAKER},? (?:has |have |who |that |which |, |the company |the team ){{0,3}}{MADE} me\b"
    rf"|(?<!\w)my (?:creators?|developers?|makers?|trainers?|parent company|programmers?|owners?"
    rf"|engineers?|provider|model|architecture|training data|training(?! at\b))"
    rf"(?:,| at| is| are| is called| was| were| from| by| the| team| based on| developed){{1,4}}"
    rf" {MAKER}"
    rf"|openai'?s (?:use[ -]?case|usage|content|safety|ethical)? ?(?:polic|guideline|terms)"
    rf"|by anthropic to be\b|(?<!\w)i (?:work for|belong to|come from) {MAKER}(?! in\b)"
)

_NOUN_OF = (
    r"(?<!\w)(?:ich bin eine?|je suis une?|soy una?|(?:eu )?sou uma?|sono una?|ik ben een|jestem"
    r"|jag är en|jeg er en|saya adalah|я|أنا|en tant qu(?:e |')|als|como|come|in quanto)\s?"
    r"(?:[^\W\d]+[- ]){0,2}?(?:ki|ia|ai|sprachmodell|ki-(?:modell|assistent)|assistent|modèle|assistant"
    r"|modelo|asistente|assistente|modello|taalmodel|modelem|språkmodell|model|модель|ассистент|نموذج"
    r"|مساعد)(?: de langage| de lenguaje| de linguagem| linguistico| językowym| bahasa| لغوي)?"
    r" (?:von|de la|de|da|do|di|van|od|av|dari|от|компании|من) "
)
_MY_MAKER = (
    r"(?:(?<!\w)(?:mein|meine|mon|mes|ma|mi|mis|meu|meus|minha|il mio|i miei|mijn|mój|moim|min|мой|моя"
    r"|моїм?|мої) (?:entwickler(?:in)?|schöpfer|hersteller|créateurs?|créatrice|développeurs?|concepteurs?"
    r"|creador(?:es)?|desarrollador(?:es)?|criador(?:es)?|desenvolvedor(?:es)?|creator[ei]|sviluppator[ei]"
    r"|ontwikkelaars?|makers?|twórc[aą]|skapare|utvecklare|разработчик|создатель|розробник|творець)"
    r"(?: ist| sind| est| sont| es| son| é| são| è| sono| is| zijn| jest| är|,| [-—–]| это|:)*"
    r"|(?:我的(?:开发者|开发商|创造者|创作者)(?:是|为)|私の(?:開発者|作成者)は"
    r"|(?:저의|제) (?:개발자|제작자|개발사)(?:는|은)|(?<!\w)(?:مطوري|صانعي)(?: هو| هي)?))\s?"
)
# In Chinese, Japanese and Korean: of a maker, an AI or a model.
_OF_MAKER = (
    r"(?:的|旗下的|の|의)\s?(?:大?语言模型|大?模型|ai|人工智能|助手|聊天机器人|アシスタント|モデル|言語モデル|어시스턴트"
    r"|모델|언어 모델|인공지능"
)
# "… created me", and "me created …" where the verb goes first.
_MADE_ME = (
    r"(?:(?: hat mich|,? qui m'a| m'a| heeft (?:me|mij)| mi ha) (?:{stems})"
    r"| me (?:creó|desarrolló|entrenó|criou|desenvolveu|treinou)\b"
    r"| (?:создал|разработал|обучил)[аи]? меня|(?:训练|开发|创造|创建|研发)了?我"
    r"|が(?:私|僕)を(?:作|開発|訓練))"
)
# Language by language: "as an AI / I am a model / I was", then "made by", around the maker's name.
SELF_AI = phrases(
    "en tant qu(?:'|e )(?:ia|intelligence|mod|assistant|programme) | je suis une? | j'ai été"
    " | als (?:ki|künstliche|ein sprachmodell|sprachmodell|ein ki|ki-) | ich bin eine? | ich wurde"
    " | como (?:una? )?(?:ia|inteligencia|modelo|asistente) | soy una? | fui | he sido"
    " | como (?:uma? )?(?:inteligência|assistente|modelo) | sou uma? | eu fui | ben"
    " | in quanto (?:ia|intelligenza|modello|assistente) | come (?:ia|intelligenza|modello|assistente)"
    " | sono una? | sono stat[oa] | als (?:een )?(?:ai|taalmodel|kunstmatige) | ik ben een | ik werd"
    " | jako (?:ai|sztuczna|model|asystent|jazykový) | jestem | zostałem | zostałam | jsem"
    " | som en? (?:ai|språkmodell) | jag är en | jag (?=skapa|utveckla|träna) | som (?:ai|kunstig) | jeg er en"
    " | bir (?:yapay|dil|ai) | tarafından | là một (?:ai|trí tuệ|mô hình|trợ lý) | tôi được | tôi là"
    " | sebagai (?:ai|model|asisten|kecerdasan) | saya adalah | saya (?=di(?:kembang|buat|latih))"
    " | как (?:ии|искусственный|языковая|большая|модель) | я языковая | я ии | я - | я — | меня | я был"
    " | як (?:ші|штучний|мовна) | я (?:є )?(?:ші|штучн|мовна|велика мовна) | мене | كنموذج | بصفتي | أنا نموذج | أنا مساعد | تم (?=تطويري|إنشائي|تدريبي)"
    " | एक (?:एआई|ai|भाषा) | मुझे | मैं | ως (?:μοντέλο|τεχνητή) | כמודל | אני מודל"
)
CJK_SELF = "作为|作為|我是|我由|我被|是由|としての|として|私は|わたしは|저는|나는|로서|으로서|ในฐานะ|ฉันเป็น|ผมเป็น"
STEMS = (
    "développ|créé|entraîn|conçu|fabriqu|entwickel|trainier|erstell|geschaffen|desarroll|cread[oa]"
    "|entrenad|diseñad|desenvolv|criad[oa]|treinad|sviluppat|creat[oa]|addestrat|progettat"
    "|ontwikkel|gemaakt|getraind|gecreëerd|stworz|opracowan|wytrenow|szkolon|vytvoř|vyvinut"
    "|utveckl|skapa|tränad|udvikl|skabt|geliştir|oluştur|eğitil|phát triển|tạo ra|đào tạo"
    "|dikembang|dibuat|dilatih|разработ|создан|обучен|розробл|створен|تطوير|طور|إنشائ|تدريب|दोबारा"
    "|विकसित|बनाया|प्रशिक्षित|αναπτύ|δημιουργ|פותח|אומן|נוצר|开发|開發|创建|創建|训练|訓練|研发|研發|打造|推出"
    "|开发的|開発|作成|作られ|訓練され|トレーニング|학습|개발|만든|만들|พัฒนา|สร้าง"
)
MADE_ELSEWHERE = LazyPattern(
    rf"(?:(?<!\w)(?:{SELF_AI})|{CJK_SELF}){GAP}{{0,70}}?"
    rf"(?:(?:{STEMS}){GAP}{{0,40}}?{MAKER}|{MAKER}{GAP}{{0,25}}?(?:{STEMS}))"
    # als von … entwickelte KI; …によって訓練された言語モデルとして
    rf"|(?<!\w)als (?:eine?[sr]? )?(?:von|vom) {GAP}{{0,20}}?{MAKER} (?:{STEMS})\w* {GAP}{{0,20}}?"
    r"(?:ki|sprachmodell|assistent|chatbot|modell)"
    rf"|{_NOUN_OF}{MAKER}|{_MY_MAKER}{MAKER}"
    rf"|(?:{CJK_I_AM})\s?{MAKER}{_OF_MAKER}|{ANY_MODEL})"
    rf"|(?<!\w)मैं {MAKER} (?:का|की|के) (?:एक )?(?:ai|एआई|भाषा|मॉडल)"
    rf"|(?<!\w)(?:{STEMS})\w* (?:wurde|bin) ich (?:von|durch) {MAKER}"
    rf"|(?<!\w)saya (?:adalah )?(?:model|asisten)(?: ai| bahasa)* (?:dari|buatan|milik|oleh) {MAKER}"
    rf"|{MAKER}{_MADE_ME.replace('{stems}', STEMS)}"
    rf"|(?<!\w)(?:me (?:creó|desarrolló|entrenó)|mi ha (?:creato|sviluppato|addestrato)) {MAKER}"
    rf"|^\W*{MAKER}(?:によって|に|が|で|の)(?:{STEMS})[^はが。！？\n]{{0,12}}?(?:モデル|ai|アシスタント)(?:として|なので)"
)
FIRST = LazyPattern(
    rf"(?<!\w)(?:(?:i|i'm|im|my|me|as|you|this|{I_AM})(?!\w)|{SELF_AI})|{CJK_I_AM}|{CJK_SELF}"
    r"|generated|written|answered|powered|openai|anthropic|als |تم|en tant|com[oe] |in quanto|mich| ich |m'a "
    r"|(?<!\w)(?:mi|mij|mein|meine|mon|mes|meu|mijn|mój|min|мой|моя)(?!\w)|меня|我|私|僕|저의|제 |に|によ|مطوري|صانعي"
)
CJK = LazyPattern(f"{CJK_I_AM}|{CJK_SELF}")
