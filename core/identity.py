"""Whether a text says which model or vendor wrote it, and whether a prompt asks for that (pure).

A name alone decides nothing: "google it", palm oil, a bard, a llama and Claude Monet are ordinary.
What counts is a name where a model speaks of itself: "I am …", "developed by …", "… trained me".
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

SHORTEST_NAME = 3
LONGEST_NAME = 30


# One table of names, as a paragraph: `_` stands for a space or hyphen, `-?` for a version number.
def _table(text: str) -> list[str]:
    return text.split()


# Names nobody bears but a model.
_MODELS = _table("""
chatgpt gpt gpt2 gpt3 gpt4 gpt-? gptj gpt-j gpt-neox instructgpt davinci llama-? llama2 llama3
codellama tinyllama qwen tongyi deepseek vicuna wizardlm wizardcoder chatglm glm-? internlm baichuan
openchat openassistant open-assistant starling zephyr mixtral mpt stablelm starcoder oasst guanaco
redpajama rwkv dbrx openhermes gemma copilot grok hunyuan doubao kimi gigachat yandexgpt hyperclova
exaone jurassic flan-t5 fastchat palm-2 smollm olmo tulu wenxin yiyan nemotron minimax-m
chat_gpt deep_seek ernie_bot command_r reka_core pangu sensechat kogpt le_chat apertus eurollm teuken
通义千问 千问 文心一言 豆包 混元 智谱清言 元宝 алиса чатгпт チャットgpt 챗gpt चैटजीपीटी
""")
# Names that are also people, animals, plants, winds and ranks: the context has to be narrower.
_AMBIGUOUS = _table("""
claude bard gemini llama mistral alpaca koala falcon dolly bloom palm orca phi ernie pi yi nova solar
command titan sparrow jamba pythia luminous clova bing cohere granite arctic hermes spark sonar
""")
_MAKERS = _table("""
openai open_ai anthropic meta meta_ai facebook facebook_ai google google_ai deepmind google_deepmind
google_brain microsoft microsoft_research alibaba alibaba_cloud aliyun damo mistral_ai mistral cohere
ai21 ai21_labs aleph_alpha databricks mosaicml stability_ai stabilityai hugging_face huggingface xai
x.ai x_ai zhipu zhipu_ai moonshot moonshot_ai 01.ai tencent bytedance baidu huawei iflytek sensetime
minimax deepseek yandex sber sberbank nvidia amazon amazon_web_services aws apple ibm inflection
inflection_ai perplexity adept upstage naver kakao rinna lg_ai_research samsung salesforce
together_ai nous_research eleutherai eleuther_ai bigscience laion lmsys lmsys_org allen_institute
allen_institute_for_ai ai2 tii technology_innovation_institute reka reka_ai snowflake
large_model_systems_organization shanghai_ai_laboratory tsinghua_university stanford_university
uc_berkeley character.ai replika baai liquid_ai stepfun elon_musk sam_altman
阿里 阿里云 阿里巴巴 百度 腾讯 字节跳动 智谱 清华 深度求索 月之暗面 华为 科大讯飞 谷歌 微软 яндекс сбер
сбербанк гугл グーグル オープンai 구글 오픈ai 네이버 جوجل गूगल
""")

_AI = r"(?:a\.?i\.?|artificial intelligence|language model|llm|chat ?bot|(?:virtual|digital|ai) assistant|assistant|model|bot|neural network)"
_ARTICLE = r"(?:an?|the|your|one of the|just an?|only an?|simply an?|actually an?)"
_MADE = (
    r"(?:developed|created|trained|made|built|designed|programmed|engineered|produced|released"
    r"|fine-?tuned|owned|operated|maintained|provided|published|powered|introduced|deployed"
    r"|coded|crafted|conceived|invented|written|put together|brought to life|brought into being)"
)


def _names(words: list[str]) -> str:
    """Join names into an alternation, the longest first."""
    escaped = (re.escape(word).replace("_", r"[ -]?") for word in words)
    patterns = [one.replace(r"\-\?", r"[ -]?v?\d[\w.]*") for one in escaped]
    return "|".join(sorted(patterns, key=len, reverse=True))


def _phrases(text: str) -> str:
    return "|".join(part.strip().replace(" ", r"\s+") for part in text.split("|"))


_MODEL = rf"(?:{_names(_MODELS)})"
_ANY_MODEL = rf"(?:{_names([*_MODELS, *_AMBIGUOUS])})"
# Chinese and Japanese write no spaces, so a word's edge is asked of Latin letters only.
_MAKER = rf"(?<![a-z0-9])(?:{_names([*_MAKERS, *_MODELS, 'claude', 'bard', 'gemini'])})(?![a-z0-9])"
_FAMOUS = r"(?:claude|gemini|llama|mistral|cohere)"
_GAP = r"[^.!?;\n。！？]"

_I_AM = _phrases(
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
_CJK_I_AM = "我是|我叫|我的名字是|我的名字叫|我就是|私は|わたしは|僕は|名前は|저는|나는|제 이름은|ฉันคือ|ผมคือ|ฉันชื่อ|ผมชื่อ"
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

_FILLER = (
    "(?:actually|simply|just|really|only|here|as|called|named|known|talking|to|large|ai|language|model"
    "|chatbot|assistant|bot|version|instance|of|trained|virtual|based|on|the|an?)"
)
_SELF_NAMED = re.compile(
    rf"(?<!\w)(?:{_I_AM})\s*[,:—–-]?\s*(?:(?:an?|the|un|une|ein|eine|uno|una|um|uma)\s+)?"
    rf"(?:{_FILLER}\s+){{0,4}}?{_MODEL}{_EDITION}"
    rf"|(?:{_CJK_I_AM})[^。！？\n]{{0,12}}?{_ANY_MODEL}"
    rf"|(?<!\w)(?:{_I_AM})\s*[,:—–-]?\s*(?:(?:only|just|simply|actually|really|called|named) )?"
    rf"{_ANY_MODEL}{_EDITION}{_AFTER_NAME}"
    rf"|(?<!\w)as {_ANY_MODEL}{_EDITION}, (?:a|an|i|my)\b"
    rf"|(?<!\w)i, {_ANY_MODEL}{_EDITION},|(?<!\w)this is {_ANY_MODEL}{_EDITION} speaking\b"
    rf"|(?<!\w)(?:{_I_AM}) (?:das|der|le|la|l'|el|il|o|the) ?(?:ki-?)?(?:sprachmodell|modell|modèle|modelo"
    rf"|modello|assistent|assistant|asistente|assistente|model) {_ANY_MODEL}(?!\w)"
    rf"|(?<!\w)(?:hi|hello|hey|greetings)\W{{1,3}}(?:there\W{{1,3}})?(?:this is|it's) {_ANY_MODEL}{_EDITION}"
    rf"{_AFTER_NAME}"
    rf"|(?<!\w)my (?:underlying |base |language )*model(?: is|:) {_ANY_MODEL}{_EDITION}{_AFTER_NAME}"
    rf"|(?<!\w)(?:i am|i'm) (?:based on|built on|running on|powered by) (?:{_MODEL}|{_FAMOUS}){_EDITION}"
    rf"|(?<!\w)i run on (?:{_MODEL}|{_FAMOUS}){_EDITION}"
    rf"|(?<!\w)(?:i am|i'm|as) {_ARTICLE} [^.!?\n]{{0,50}}?{_AI},? (?:named|called|known as)"
    rf" {_ANY_MODEL}(?!\w)"
    rf"|^\W*(?:this (?:answer|text|response) was )?(?:generated|written|answered|powered) (?:by|with)"
    rf" {_MODEL}\W*$",
    re.MULTILINE,
)
_MADE_BY_MAKER = re.compile(
    # I was created by …; I have been trained at …
    rf"(?<!\w)i(?: was| am| have been|'ve been|'m)(?: [a-z]+ly| also| initially)?(?: being)?"
    rf" {_MADE}(?: and {_MADE})? (?:by|at)\b{_GAP}{{0,60}}?{_MAKER}"
    # As an AI (assistant), developed by …; I'm a large language model trained by …
    rf"|(?<!\w)(?:as|i am|i'm|being|you are|this is) {_ARTICLE} {_GAP}{{0,40}}?{_AI}\b"
    rf"(?:[ ,(-]+(?!(?:i|can|cannot|who|is)\b)[a-z']+){{0,6}}?[ ,(-]+(?:that |which |who )?(?:was |is )?"
    rf"{_MADE}(?: and {_MADE})? (?:by|at)\b{_GAP}{{0,60}}?{_MAKER}"
    rf"|(?<!\w)(?:as|i am|i'm) (?:an? |the )?(?:product|creation|model|assistant|ai|chatbot|part)"
    rf"(?: model| assistant| system)? (?:of|from|by) {_MAKER}"
    rf"|(?<!\w)(?:i am|i'm) {_ARTICLE} (?:[a-z]+ ){{0,3}}?{_AI} (?:of|from|by) {_MAKER}"
    rf"|(?<!\w)(?:as|i am|i'm) (?:an? )?{_MAKER}(?:'s)? (?:ai |large |language |own )*"
    rf"(?:model|assistant|ai|chatbot)\b"
    rf"|(?<!\w)(?:i am|i'm|as|being) {_ARTICLE} (?:[a-z]+ ){{0,3}}?{_AI} (?:that |which )?{_MAKER}"
    rf" (?:has |have )?{_MADE}\b"
    rf"|(?<!\w)(?:as|being) {_ARTICLE} (?:[a-z]+ ){{0,3}}?{_AI} (?:of|from|by) {_MAKER}, (?:i|my)\b"
    rf"|(?<!\w)the (?:company|lab|firm|team|people|organi[sz]ation|folks)(?: that| who| which)? (?:has |have )?"
    rf"(?:{_MADE}|behind) me(?: is| are|,|:){{1,2}} (?:called )?{_MAKER}"
    # OpenAI created me; my creators at …
    rf"|{_MAKER},? (?:has |have |who |that |which |, |the company |the team ){{0,3}}{_MADE} me\b"
    rf"|(?<!\w)my (?:creators?|developers?|makers?|trainers?|parent company|programmers?|owners?"
    rf"|engineers?|provider|model|architecture|training data|training(?! at\b))"
    rf"(?:,| at| is| are| is called| was| were| from| by| the| team| based on| developed){{1,4}}"
    rf" {_MAKER}"
    rf"|openai'?s (?:use[ -]?case|usage|content|safety|ethical)? ?(?:polic|guideline|terms)"
    rf"|by anthropic to be\b|(?<!\w)i (?:work for|belong to|come from) {_MAKER}(?! in\b)"
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
_SELF_AI = _phrases(
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
_CJK_SELF = "作为|作為|我是|我由|我被|是由|としての|として|私は|わたしは|저는|나는|로서|으로서|ในฐานะ|ฉันเป็น|ผมเป็น"
_STEMS = (
    "développ|créé|entraîn|conçu|fabriqu|entwickel|trainier|erstell|geschaffen|desarroll|cread[oa]"
    "|entrenad|diseñad|desenvolv|criad[oa]|treinad|sviluppat|creat[oa]|addestrat|progettat"
    "|ontwikkel|gemaakt|getraind|gecreëerd|stworz|opracowan|wytrenow|szkolon|vytvoř|vyvinut"
    "|utveckl|skapa|tränad|udvikl|skabt|geliştir|oluştur|eğitil|phát triển|tạo ra|đào tạo"
    "|dikembang|dibuat|dilatih|разработ|создан|обучен|розробл|створен|تطوير|طور|إنشائ|تدريب|दोबारा"
    "|विकसित|बनाया|प्रशिक्षित|αναπτύ|δημιουργ|פותח|אומן|נוצר|开发|開發|创建|創建|训练|訓練|研发|研發|打造|推出"
    "|开发的|開発|作成|作られ|訓練され|トレーニング|학습|개발|만든|만들|พัฒนา|สร้าง"
)
_MADE_ELSEWHERE = re.compile(
    rf"(?:(?<!\w)(?:{_SELF_AI})|{_CJK_SELF}){_GAP}{{0,70}}?"
    rf"(?:(?:{_STEMS}){_GAP}{{0,40}}?{_MAKER}|{_MAKER}{_GAP}{{0,25}}?(?:{_STEMS}))"
    # als von … entwickelte KI; …によって訓練された言語モデルとして
    rf"|(?<!\w)als (?:eine?[sr]? )?(?:von|vom) {_GAP}{{0,20}}?{_MAKER} (?:{_STEMS})\w* {_GAP}{{0,20}}?"
    r"(?:ki|sprachmodell|assistent|chatbot|modell)"
    rf"|{_NOUN_OF}{_MAKER}|{_MY_MAKER}{_MAKER}"
    rf"|(?:{_CJK_I_AM})\s?{_MAKER}{_OF_MAKER}|{_ANY_MODEL})"
    rf"|(?<!\w)मैं {_MAKER} (?:का|की|के) (?:एक )?(?:ai|एआई|भाषा|मॉडल)"
    rf"|(?<!\w)(?:{_STEMS})\w* (?:wurde|bin) ich (?:von|durch) {_MAKER}"
    rf"|(?<!\w)saya (?:adalah )?(?:model|asisten)(?: ai| bahasa)* (?:dari|buatan|milik|oleh) {_MAKER}"
    rf"|{_MAKER}{_MADE_ME.replace('{stems}', _STEMS)}"
    rf"|(?<!\w)(?:me (?:creó|desarrolló|entrenó)|mi ha (?:creato|sviluppato|addestrato)) {_MAKER}"
    rf"|^\W*{_MAKER}(?:によって|に|が|で|の)(?:{_STEMS})[^はが。！？\n]{{0,12}}?(?:モデル|ai|アシスタント)(?:として|なので)"
)

# A cheap look before the patterns: of each name its most telling word, or all its words where each of
# them is everybody's.
_DULL = frozenset(
    _table(
        "ai research institute university technology shanghai services large open chat deep bot core"
        " systems organization assistant together character seek stability innovation liquid labs"
        " model alpha laboratory face for of web brain cloud x le"
    )
)
_LATIN = re.compile(r"[a-z]+")
_WORDS = {name: set(_LATIN.findall(name)) for name in [*_MODELS, *_AMBIGUOUS, *_MAKERS]}
_HINT_WORDS = frozenset(
    max(sorted(words - _DULL), key=len) for words in _WORDS.values() if words - _DULL
)
_COMMON_PHRASES = {
    " ".join(_LATIN.findall(name)): frozenset(words)
    for name, words in _WORDS.items()
    if len(words) > 1 and not words - _DULL
}
_NUMBERED = ("ai2", "01.ai")
_NOT_LETTERS = {place: " " for place in range(128) if not chr(place).isalpha()}
_FOREIGN_NAMES = tuple(name for name in _WORDS if not name.isascii())
# Disguises are undone for these words alone, so that an honest "métier" keeps its accent.
_NAME_WORDS = frozenset(word for name in _WORDS for word in re.findall(r"[a-z]{3,}", name))
_FIRST = re.compile(
    rf"(?<!\w)(?:(?:i|i'm|im|my|me|as|you|this|{_I_AM})(?!\w)|{_SELF_AI})|{_CJK_I_AM}|{_CJK_SELF}"
    r"|generated|written|answered|powered|openai|anthropic|als |تم|en tant|com[oe] |in quanto|mich| ich |m'a "
    r"|(?<!\w)(?:mi|mij|mein|meine|mon|mes|meu|mijn|mój|min|мой|моя)(?!\w)|меня|我|私|僕|저의|제 |に|によ|مطوري|صانعي"
)

_HOMOGLYPHS = str.maketrans(
    "аеорсухіјѕһԁӏАВЕКМНОРСТХІΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαιυνρκ",
    "aeopcyxijshdlABEKMHOPCTXIABEZHIKMNOPTYXoaiuvpk",
)
_MIXED = re.compile(r"[a-z][\u0370-\u04ff]|[\u0370-\u04ff][a-z]", re.IGNORECASE)
_GREEK_OR_CYRILLIC = re.compile(r"[\u0370-\u04ff]")
_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u04ff]+")
# A word with at least one letter that is not ASCII.
_ACCENTED = re.compile(
    r"(?<![A-Za-z\u00c0-\u024f\u0370-\u04ff])[A-Za-z]*+[\u00c0-\u024f\u0370-\u04ff]"
    r"[A-Za-z\u00c0-\u024f\u0370-\u04ff]*"
)
_LINK = re.compile(r"\]\((?:https?|mailto):[^\s()]*\)")
_SEAM = "\x1f"
_WRAPPED = re.compile(r"(?<=[^\s.!?:。！？])\n(?=[^\W\d_])")
_MARKUP = re.compile(r"[*_`~\"“”«»„「」『』\[\]]+")
_ASCII_MARKUP = str.maketrans("\t\r\v\f\x1c\x1d\x1e\x1f", " " * 8, '*_`~"[]')
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n")
_CJK = re.compile(f"{_CJK_I_AM}|{_CJK_SELF}")
_SPACE = re.compile(r"[^\S\n ]")
_SPACES = re.compile(" {2,}")


def fold(text: str) -> str:
    """Return `text` as it reads: NFKC, no invisible characters, no markup, disguised names as Latin."""
    if "](" in text:
        text = _LINK.sub("", text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).replace("’", "'")
        text = _MARKUP.sub("", text)
        if _MIXED.search(text):
            text = " ".join([one if one.isascii() else _undisguise(one) for one in text.split(" ")])
        else:
            text = _ACCENTED.sub(_name_or_word, text)
        text = _SPACE.sub(" ", text)
    else:
        text = text.translate(_ASCII_MARKUP)
    if "  " in text:
        text = _SPACES.sub(" ", text)
    return text.casefold()


def _undisguise(text: str) -> str:
    """Return a piece of text with the names in it that wear accents or look-alikes in Latin."""
    if _MIXED.search(text):
        text = text.translate(_HOMOGLYPHS)
    return _WORD.sub(_name_or_word, text)


def _name_or_word(found: re.Match[str]) -> str:
    word = found[0]
    if len(word) > LONGEST_NAME or word.isascii():
        return word
    return _plain(word)


@lru_cache(maxsize=8192)
def _plain(word: str) -> str:
    plain = word.translate(_HOMOGLYPHS) if _GREEK_OR_CYRILLIC.search(word) else word
    plain = "".join(one for one in unicodedata.normalize("NFD", plain) if one.isalpha())
    return plain if plain == "AI" or plain.casefold() in _NAME_WORDS else word


def names_maker(text: str, own_names: Sequence[str] = ()) -> bool:
    """Say whether an answer tells which model or vendor wrote it.

    `own_names` are names the general list cannot know: those of this study's models and publishers.
    """
    folded = fold(text)
    return _names_known_maker(folded) or (bool(own_names) and _names_own(folded, tuple(own_names)))


def _names_known_maker(folded: str) -> bool:
    ascii_only = folded.isascii()
    read = folded.translate(_NOT_LETTERS).split() if ascii_only else _LATIN.findall(folded)
    words = {*read}
    hints = [*(_HINT_WORDS & words), *[one for one in _NUMBERED if one in folded]]
    if not ascii_only:
        hints += [name for name in _FOREIGN_NAMES if name in folded]
    phrases = [phrase for phrase, each in _COMMON_PHRASES.items() if each <= words]
    if phrases and any(phrase in " ".join(read) for phrase in phrases):
        hints.append("")  # stands in every sentence
    return bool(hints) and any(
        pattern.search(sentence)
        for sentence in _sentences(folded)
        if any(hint in sentence for hint in hints) and _FIRST.search(sentence)
        for pattern in (_SELF_NAMED, _MADE_BY_MAKER, _MADE_ELSEWHERE)
    )


def _sentences(folded: str) -> Iterator[str]:
    """Yield the sentences line by line, then those that a wrapped line divides, joined."""
    yield from _SENTENCE.split(folded)
    joined = _WRAPPED.sub(_SEAM, folded)
    for sentence in _SENTENCE.split(joined) if _SEAM in joined else ():
        if _SEAM in sentence:
            yield sentence.replace(_SEAM, " ")


def _names_own(folded: str, own_names: tuple[str, ...]) -> bool:
    names = [name for name in map(fold, own_names) if len(name) >= SHORTEST_NAME]
    if not any(name in folded for name in names):
        return False
    pattern = _own_pattern(tuple(names))
    return any(
        pattern.search(sentence)
        for sentence in _sentences(folded)
        if _FIRST.search(sentence) or _CJK.search(sentence)
    )


@lru_cache(maxsize=256)
def _own_pattern(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches "I am NAME", "as NAME," and "made by NAME"."""
    any_name = rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, names))})(?![a-z0-9])"
    return re.compile(
        rf"(?<!\w)(?:{_I_AM}|as(?: i,)?)\s*[,:—–-]?\s*(?:{_FILLER}\s+){{0,4}}?{any_name}"
        rf"|(?:{_CJK_I_AM}){_GAP}{{0,12}}?{any_name}"
        rf"|(?<!\w){_MADE}(?: and {_MADE})? (?:by|at)\b{_GAP}{{0,30}}?{any_name}"
        rf"|{any_name}{_GAP}{{0,25}}?{_MADE} me\b"
        rf"|(?:{_STEMS}){_GAP}{{0,40}}?{any_name}"
    )


# Are you …?
_NAMED = rf"(?:{_MODEL}|claude|bard|gemini)(?![a-z0-9])"
_FOREIGN_ARE_YOU = (
    r"(?<!\w)(?:bist du|es-tu|tu es|êtes-vous|eres|você é|tu és|sei|ben je|jesteś|är du|ты|вы|sen|kamu"
    r"|bạn là|أنت|आप|(?:너는|넌|당신은))\s+(?:an?|o|ein|eine?|une?|le|el|il|de)?\s*"
    rf"{_NAMED}[^.!\n]{{0,20}}[?؟]"
    rf"|(?:你是|您是|あなたは){_NAMED}[^.!。\n]{{0,20}}\?"
)
_ARE_YOU_HINTS = (
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
_FOREIGN = (
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
_FOREIGN_HINTS = (
    *_table(
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
    *_table(
        "¿eres você jesteś cuál się звати adın tên اسمك أنت तुम तुम्हारा 您 名前 이름 너는 넌"
        " 당신은 ты вы été compañía società компания хто 公司 どの شركة промпт システムプロンプト jusqu'à"
    ),
    *("är du", "qual é", "qual è", "आप कौन", "आपका नाम"),
)

_VERB = (
    r"(?:made|created|developed|built|trained|programmed|designed|owns?|invented|coded|released"
    r"|engineered|operates|runs|behind|fine-?tuned|wrote)"
)
_ENDS = (
    r"(?=\s*(?:$|[?.!,;:)\n？。]|and\b|or\b|in\b|when\b|then\b|as\b|to be\b|first\b|initially\b"
    r"|really\b|exactly\b))"
)
_ABOUT = (
    r"(?:model(?: name| version| number| architecture)?|(?:ai |real |actual )?name|version"
    r"|architecture|knowledge cut[ -]?off|(?:training|knowledge)(?: data)?(?:'s)? (?:cut[ -]?off|end)"
    r"|cut[ -]?off(?: date)?|creators?|developers?|makers?|parent company|training data|owners?"
    r"|programmers?|(?:last|latest) (?:training|knowledge)? ?update|parameter count|base model"
    r"|underlying model|(?:system|initial|hidden|original|first|secret|exact|full|pre|internal) ?-?"
    r"(?:prompts?|instructions?|message|rules)|context length|origins?|identity)"
)
_YOUR_OWN = r"your (?:own |current |exact |complete )?"
_HIDDEN = (
    r"(?:system (?:prompt|message|instructions?)|(?:initial|hidden|original|previous|prior|secret"
    r"|internal|starting|developer) (?:prompt|instructions?|message)|(?:prompt|instructions?|text"
    r"|words|messages?|everything|content|conversation)(?: that (?:came|is|was|appears))?"
    r" (?:above|before this|you were given|you (?:have )?(?:received|got)))"
)
_TALKING = r"(?:talking|speaking|chatting) (?:to|with)"


@dataclass(frozen=True, slots=True)
class _Question:
    """A way to ask: any of `hints` stands in it, then `core` is found, then all of it."""

    hints: tuple[str, ...]
    core: re.Pattern[str]
    whole: re.Pattern[str]

    def asked_in(self, sentence: str) -> bool:
        return self.core.search(sentence) is not None and self.whole.search(sentence) is not None


def _question(hints: tuple[str, ...], whole: str, core: str = "") -> _Question:
    return _Question(hints, re.compile(core), re.compile(whole))


_QUESTIONS = (
    _question(
        (
            "ed you",
            "made you",
            "built you",
            " own you",
            "owns you",
            "runs you",
            "behind you",
            "wrote you",
            "operates you",
        ),
        r"(?<!\w)(?:(?:who|what|which)(?:'s| is| are| was)?(?: [a-z]+){0,5}?|(?:name|tell me|state) the"
        rf" (?:company|lab|firm|people|team|organi[sz]ation)) (?:that |who )?{_VERB} you{_ENDS}",
        rf"{_VERB} you{_ENDS}",
    ),
    _question(
        ("are you", "were you", "aren't you", "you are", "you're", "is this", "am i "),
        r"(?<!\w)(?:were|are) you (?:really |actually |just |maybe )?(?:made|created|developed|built"
        r"|trained|programmed|owned|designed|powered) (?:by|on|at)\b"
        r"|(?<!\w)(?:by whom|who|when|where|how|by which company|by what company) (?:were|are) you"
        r" (?:made|created|developed|built|trained|programmed|last updated|last trained|designed)"
        rf"|(?<!\w)(?:are you|aren't you|you are|you're|is this|am i {_TALKING})"
        r" (?:really |actually |still |based on |running on |using |a version of |an? |the |some kind of"
        rf" |openai'?s? |google'?s? |anthropic'?s? |meta'?s? )*(?:{_MODEL}|claude|bard|gemini|llama|mistral)"
        r"(?!\w)[^.!\n]{0,40}\?"
        rf"|(?<!\w)(?:are|were) you (?:an? |the )?{_MAKER}"
        r"|(?<!\w)(?:who|what) (?:exactly |really |even )?are you"
        r"(?:,? (?:exactly|really|anyway|called))?\s*(?:[?!.]|$)",
    ),
    _question(
        ("are you", "is this", "do you", "did you", "am i ", "do i ", "did i ", "are this"),
        r"(?<!\w)(?:what|which)(?: kind of| type of| sort of| specific| exact| version of)?"
        r"(?: (?:ai|large|language|gpt|openai|claude|llama|chat|foundation))*"
        r" (?:model|llm|ai|chatbot|assistant|version|bot|system|gpt|company|lab|organi[sz]ation|vendor)"
        r"(?: version| number)? (?:are|is|do|did|am) (?:you|this|i)\b"
        r"(?: (?:work for|come from|belong to|running on|based on|use|using|"
        rf"{_TALKING}))?{_ENDS}",
        r"(?:are|is|do|did|am) (?:you|this|i)\b",
    ),
    _question(
        ("your ",),
        r"(?<!\w)(?:what(?:'s| is| was| are| were)|tell me|state|name|give me|reveal|say|share"
        r"|show me|disclose|describe|print|repeat|output|know|when is|when was|who is|who are|who was"
        rf"|who were|is)(?: me)?(?: the)?(?: exact| name of| name of the)? {_YOUR_OWN}{_ABOUT}(?!\w)"
        r"|who your (?:developer|creator|maker|owner)s? (?:is|are)\b"
        r"|(?:when|(?:what|which) (?:date|year|month|point)|how (?:recent|up[ -]to[ -]date|current|old))\b"
        r"[^.!?\n]{0,30}\byour (?:training|knowledge|data|information)"
        r"|your (?:training data|knowledge|training|information|data)"
        r" (?:is |was )?(?:cut ?off|end|stop|go up to|updated|current|last)"
        r"|the name of your (?:model|company|creator|developer|organi[sz]ation)",
        rf"{_YOUR_OWN}(?:{_ABOUT}|knowledge|data|information|training|company|organi)",
    ),
    _question(
        ("prompt", "instruction", " above", "before this", "you were given", " message"),
        r"(?<!\w)(?:repeat|print|show|reveal|output|display|tell me|give me|write out|write down|copy"
        r"|recite|translate|summari[sz]e|paste|quote|leak|dump|return|disclose"
        r"|what(?:'s| is| are| was| were| does| do)|ignore|share)\b[^.?!\n]{0,50}?\b"
        r"(?:everything above(?! the)|(?:your|the|all|my|you(?:'ve)?) [^.?!\n]{0,25}?"
        rf"{_HIDDEN})",
        rf"{_HIDDEN}",
    ),
    _question(
        ("yourself", "parameters do", "do you", "call you", "you called"),
        r"(?:^|please |can you |could you )introduce yourself(?=\s*(?:$|[.!?,\n]|and your (?:maker|creator|developer)))"
        r"|how many parameters do|where do you come from"
        r"|what (?:do|should|can) i call you|do you have a name|what are you called",
    ),
    _question(
        # What says "you", "who" or "model" in the other languages.
        _FOREIGN_HINTS,
        _FOREIGN,
    ),
    _question(_ARE_YOU_HINTS, _FOREIGN_ARE_YOU),
)


# Each hint, and the places of the questions that have it.
_HINTED: dict[str, list[int]] = {}
for _place, _each in enumerate(_QUESTIONS):
    for _hint in _each.hints:
        _HINTED.setdefault(_hint, []).append(_place)
# Most prompts never say "you", and most are ASCII: they need few of the looks.
_WITH_YOU = sorted(hint for hint in _HINTED if "you" in hint)
_ALL_FOREIGN = {*_FOREIGN_HINTS, *_ARE_YOU_HINTS}
_FOREIGN_ASCII = sorted(filter(str.isascii, _ALL_FOREIGN))
_FOREIGN_WORDS = frozenset(
    word for hint in _FOREIGN_ASCII for word in hint.split() if len(word) > 1
)
_ASCII = sorted(
    hint for hint in _HINTED if "you" not in hint and hint.isascii() and hint not in _ALL_FOREIGN
)
_OTHER = sorted(hint for hint in _HINTED if not hint.isascii())


def asks_identity(text: str) -> bool:
    """Say whether a prompt asks who made the model, what it is, or what it was told in secret."""
    folded = fold(text)
    hints = [hint for hint in _ASCII if hint in folded]
    if "you" in folded:
        hints += [hint for hint in _WITH_YOU if hint in folded]
    if not _FOREIGN_WORDS.isdisjoint(folded.split()):
        hints += [hint for hint in _FOREIGN_ASCII if hint in folded]
    if not folded.isascii():
        hints += [hint for hint in _OTHER if hint in folded]
    if not hints:
        return False
    hinted = {place for hint in hints for place in _HINTED[hint]}
    likely = [_QUESTIONS[place] for place in hinted if _QUESTIONS[place].core.search(folded)]
    return bool(likely) and any(
        question.asked_in(sentence) for sentence in _SENTENCE.split(folded) for question in likely
    )
