"""How a model speaks of itself and of its maker, in many languages (pure)."""

import re

from core.identity.lazy import LazyPattern
from core.identity.names import ANY_MODEL, COMPANY, FAMOUS, MAKER, MODEL

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

_I_AM = phrases(
    "i am | i'm | im | my name is | my name's | call me | known as | i go by | i was named"
    " | you are talking to | you're talking to | you are chatting with | you're chatting with | you're speaking with | you are speaking with"
    " | you are interacting with | you have reached | you've reached | you are"
    " | je suis | moi,? c'est | je m'appelle | mon nom est | ich bin | ich heiße | ich heisse | mein name ist | mein name lautet"
    " | soy | yo soy | me llamo | mi nombre es | sono | io sono | mi chiamo | il mio nome è"
    " | eu sou | sou o | sou a | me chamo | chamo-me | meu nome é | ik ben | mijn naam is | jestem"
    " | nazywam się | mam na imię | jag är | jag heter | mitt namn är | jeg er | jeg hedder"
    " | olen | minun nimeni on | benim adım | adım | tôi là | tên tôi là | saya adalah"
    " | nama saya | nama saya adalah | eu sunt | numele meu este | jsem | jmenuji se | vagyok"
    " | меня зовут | моё имя | я - | я — | мене звати | είμαι ο | είμαι το | με λένε"
    " | اسمي | أنا هو | שמי | मेरा नाम | نام من"
)
# Where "I" alone says as much, and begins every other sentence as well.
_I = "ben|ik ben|saya|я|أنا|אני|मैं|من"
I_AM = rf"{_I_AM}|{_I}"
CJK_I_AM = "我是|我叫|我的名字是|我的名字叫|我就是|私は|わたしは|僕は|名前は|저는|나는|제 이름은|ฉันคือ|ผมคือ|ฉันชื่อ|ผมชื่อ"
# "Claude 3.5 Sonnet", "Mistral 7B", "Command R+".
EDITION = (
    r"(?:[ -]?v?\d(?:[\w.]*\w)?)?(?!\w)"
    r"(?: (?:sonnet|haiku|opus|pro|ultra|nano|flash|turbo|plus|large|mini|small|instruct|chat|bot|x))?"
)
# What may follow a name that is also a person's or a thing's: no "Monet", no ", king of the winds".
AFTER_NAME = (
    r"(?!,? (?:the|an?) (?!(?:small |large |big |new |fast |open |powerful |compact )?(?:ai\b|a\.i|artificial|assist|language|large|chat|virtual|digital|model|bot"
    r"|helpful|friendly|conversation|multimodal|generative|neural|program|computer|machine|tool))|,? (?:messenger|god|goddess|son"
    r"|daughter|king|queen|lord|guardian|ruler|spirit|born)\b|,? (?:said|says|replied|cried|whispered)\b)"
    r"(?=\s*(?:$|[.,;:!?)\n—–。，、！？،؛؟]|-\s|(?:and|et|und|y|e|en|och|i|dan|by|from|here|developed"
    r"|created|made|trained|built|dari|от|від|и|і|و|ve|och|og|oraz|और)\b|an? (?:ai|large|language)|'(?!s\b)|です|だ|と|입니다|이에요|예요|हूँ|हूं|है))"
)

FILLER = (
    "(?:actually|simply|just|really|only|here|as|called|named|known|talking|to|large|ai|language|model"
    "|chatbot|assistant|bot|version|instance|of|trained|virtual|based|on|the|an?|nur|bloß|lediglich|eigentlich"
    "|juste|seulement|solo|sólo|soltanto|só|apenas|slechts|maar|tylko|bara|kun|только|просто|hanya)"
)
# In Japanese and Korean "as for me" begins what somebody is as well as what somebody does with it.
_NO_OBJECT = r"(?![a-z0-9 .+-]{0,8}(?:を|に|と(?!申|い|呼)|로 |를|을|에|와 |과 |한테))"
# How a voice begins that cannot be seen: "Bonjour, ici …".
_HELLO = "bonjour|salut|hola|olá|oi|ciao|hallo|hoi|hej|guten tag|buenos días|bom dia"
_HERE = "ici|c'est|aquí|aqui é|aqui|qui è|hier ist|hier spricht|hier is|soy|je suis|det här är"
_CJK_HELLO = "こんにちは|こんばんは|はじめまして|どうも|안녕하세요|안녕"
_BASED_ON = (
    "ich basiere auf|je suis basée? sur|(?:estoy|soy) basad[oa] en|sou baseado (?:no|na|em)|sono basat[oa] su"
    "|ik ben gebaseerd op|jestem opart[ya] na|я (?:основан|работаю) на(?: базе)?|jag (?:är baserad|bygger) på"
)
# "As ChatGPT, I …": where "as" also means "like" or "than", the speaker has to follow.
_AS_MODEL = (
    rf"(?<!\w)(?:en tant que|étant|siendo|sendo|essendo|in quanto|jako|в качестве) {MODEL}{EDITION},"
    rf"|(?<!\w)als {MODEL}{EDITION},? (?:kann|habe|bin|darf|weiß|möchte|muss|kan|heb|ben|mag|moet) i[ck]h?\b"
    rf"|(?<!\w)com[oe] {MODEL}{EDITION}, (?:yo |eu |io )?(?:no |não |non )?(?:tengo|puedo|soy|estoy|debo"
    r"|prefiero|mi|me|tenho|posso|sou|devo|prefiro|meu|minha|ho|sono|preferisco|il mio|la mia)\b"
    rf"|作[为為]{MODEL}[a-z0-9 .-]{{0,8}}[,，]?我|^\W*{MODEL}[a-z0-9 .-]{{0,8}}として、"
    rf"|^\W*{MODEL}[a-z0-9 .-]{{0,8}}로서"
)
SELF_NAMED = LazyPattern(
    rf"(?<!\w)(?:{_I_AM})\s*[,:—–-]?\s*(?:(?:an?|the|un|une|ein|eine|uno|una|um|uma)\s+)?"
    rf"(?:{FILLER}\s+){{0,4}}?{MODEL}{EDITION}"
    rf"|(?:{CJK_I_AM})[^。！？\n用让在]{{0,12}}?{ANY_MODEL}(?![·・]){_NO_OBJECT}"
    rf"|(?<!\w)(?:{I_AM})\s*[,:—–-]?\s*(?:(?:only|just|simply|actually|really|called|named) )?"
    rf"{ANY_MODEL}{EDITION}{AFTER_NAME}"
    rf"|(?<!\w)(?:as|being) {ANY_MODEL}{EDITION}, (?:a|an|i|my)\b"
    rf"|(?<!\w)(?:as|being) {MODEL}{EDITION} i\b"
    rf"|(?<!\w)i ?[,(–—-] ?{ANY_MODEL}{EDITION} ?[,)–—-]|(?<!\w)this is {ANY_MODEL}{EDITION} speaking\b"
    rf"|(?<!\w)(?:{I_AM}) (?:(?:das|der|le|la|l'|el|il|o|the) ?)?(?:ki-?)?(?:sprachmodell|modell|modèle|modelo"
    rf"|modello|assistent|assistant|asistente|assistente|model|(?:ai|virtual) assistant|language model|chatbot|taalmodel|(?:большая )?языковая модель|нейросеть"
    rf"|чат-бот|ассистент|помощник) {ANY_MODEL}(?!\w)"
    rf"|(?<!\w)(?:hi|hello|hey|greetings)\W{{1,3}}(?:there\W{{1,3}})?(?:this is|it's) {ANY_MODEL}{EDITION}"
    rf"{AFTER_NAME}"
    rf"|(?:^\W*|(?<!\w)(?:hi|hello|hey|greetings)(?: there)?\W{{1,3}}){ANY_MODEL}{EDITION} here(?=\W*$|[,!])"
    rf"|(?<!\w)(?:{_HELLO})\W{{1,3}}(?:{_HERE}) {ANY_MODEL}{EDITION}{AFTER_NAME}"
    rf"|(?:{_CJK_HELLO})[、。，,.!！\s]{{0,3}}{ANY_MODEL}[ \w.-]{{0,12}}?(?:です|と申します|입니다|이에요|예요)"
    rf"|(?<!\w)my (?:underlying |base |language )*model(?: is|:) {ANY_MODEL}{EDITION}{AFTER_NAME}"
    rf"|(?<!\w)(?:i am|i'm) (?:based on|built on|running on|powered by) (?:{MODEL}|{FAMOUS}){EDITION}"
    rf"|(?<!\w)(?:{_BASED_ON}) (?:{MODEL}|{FAMOUS}){EDITION}"
    rf"|(?<!\w)(?:as|i'm|i am|being) (?:a member|part|one|a version) of (?:the )?(?:[a-z]+ ){{0,2}}?{ANY_MODEL}{EDITION}"
    rf" (?:family|models?|series|line|herd|versions?|language)\b"
    rf"|(?<!\w)it(?:'s| is) (?:just |only )?me,? {ANY_MODEL}{EDITION}{AFTER_NAME}"
    rf"|(?:{I_AM}) {GAP}{{0,40}}?(?:ki|ia|ai|ии|assist|asist|modell?|chat-?bot|модел)[^\W\d]*"
    rf" (?:namens|nommée?|appelée?|llamad[oa]|chamad[oa]|chiamat[oa]|di nome|genaamd|o nazwie|по имени|adlı|bernama)"
    rf" {ANY_MODEL}(?!\w)"
    rf"|(?<!\w)(?:i am|i'm) {ARTICLE} (?:[a-z]+ ){{0,3}}?{AI}[,:;—–-]{{1,2}} ?(?:specifically|namely|precisely) {ANY_MODEL}(?!\w)"
    rf"|(?<!\w)(?:i am|i'm|ich bin|je suis|soy|sou|sono) (?:not|kein|pas|no|não|non)\b{GAP}{{0,25}}?,? (?:sondern|but"
    rf"|mais|sino|mas|ma|nur|just) {MODEL}{EDITION}{AFTER_NAME}"
    rf"|{_AS_MODEL}"
    rf"|(?<!\w)i run on (?:{MODEL}|{FAMOUS}){EDITION}"
    rf"|(?<!\w)(?:i am|i'm|as) {ARTICLE} [^.!?\n]{{0,50}}?{AI},? (?:named|called|known as)"
    rf" {ANY_MODEL}(?!\w)"
    rf"|^\W*(?:this (?:answer|text|response) was )?(?:generated|written|answered|powered) (?:by|with)"
    rf" {MODEL}\W*$",
    re.MULTILINE,
)
# People are trained by a company, too: in something, or before something else came.
_NO_CAREER = (
    r"(?! (?:in (?!\d|(?:early|late|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|order|many|several|the)\w*)|as an? (?!ai\b|language|large|chat|conversation)"
    r"|(?:before|after|when|while|until) (?:i|my|we)\b|for (?:\w+ )?(?:years|months|weeks)))"
)
MADE_BY_MAKER = LazyPattern(
    # I was created by …; I have been trained at …
    rf"(?<!\w)i(?: was| am| have been|'ve been|'m)(?: [a-z]+ly| also| first| just)?(?: being)?"
    rf" {MADE}(?: and {MADE})? (?:by|at)\b{GAP}{{0,60}}?{MAKER}{_NO_CAREER}"
    # As an AI (assistant), developed by …; I'm a large language model trained by …
    rf"|(?<!\w)(?:as|i am|i'm|being|you are|this is) {ARTICLE} {GAP}{{0,40}}?{AI}\b"
    rf"(?:[ ,(-]+(?!(?:i|can|cannot|who|is)\b)[a-z']+){{0,6}}?[ ,(-]+(?:that |which |who )?(?:was |is )?"
    rf"{MADE}(?: and {MADE})? (?:by|at)\b{GAP}{{0,60}}?{MAKER}"
    rf"|(?<!\w)(?:as|i am|i'm|being) (?:just |only |merely )?(?:computer )?(?:software|code)"
    rf"(?: that was| which was)? {MADE} (?:by|at)\b{GAP}{{0,30}}?{MAKER}"
    rf"|(?<!\w)(?:guidelines|rules|instructions|principles|values|training) (?:that |which )?{MAKER}"
    rf" (?:has |have )?(?:gave|given|set for|wrote for|provided) me\b"
    rf"|(?<!\w)(?:as|i am|i'm) (?:an? |the )?(?:product|creation|model|assistant|ai|chatbot|part)"
    rf"(?: model| assistant| system)? (?:of|from|by) {MAKER}"
    rf"|(?<!\w)(?:i am|i'm) {ARTICLE} (?:[a-z]+ ){{0,3}}?{AI} (?:of|from|by) {MAKER}"
    rf"|(?<!\w)(?:as|i am|i'm) (?:an? )?{MAKER}(?:'s)? (?:ai |large |language |own )*"
    rf"(?:model|assistant|ai|chatbot)\b"
    rf"|(?<!\w)(?:i am|i'm|as|being) {ARTICLE} (?:[a-z]+ ){{0,3}}?{AI} (?:that |which )?{MAKER}"
    rf" (?:has |have )?{MADE}\b"
    rf"|(?<!\w)(?:as|being) {ARTICLE} (?:[a-z]+ ){{0,3}}?{AI} (?:of|from|by) {MAKER}, (?:i|my)\b"
    rf"|(?<!\w)the (?:company|lab|firm|team|people|organi[sz]ation|folks)(?: that| who| which)? (?:has |have )?"
    rf"(?:{MADE}|behind) me(?: is| are|,|:| work at| work for| come from){{1,2}} (?:called |at |from )?{MAKER}"
    # OpenAI created me; my creators at …
    rf"|(?:(?<!\bat )(?<!\bfrom ){COMPANY}|(?:team|people|folks|company|lab|engineers|researchers|scientists"
    rf"|developers) (?:at|from) {MAKER}),? (?:has |have |who |that |which |, |the company |the team ){{0,3}}"
    rf"(?:{MADE}|trains) me\b"
    rf"|(?<!\w)my (?:responses|answers|replies|words) (?:come|are) (?:from |generated by |produced by"
    rf"|written by )(?:{MAKER}|an? (?:[a-z]+ ){{0,2}}?{AI}\b{GAP}{{0,30}}?{MAKER})"
    rf"|(?<!\w)my (?:creators?|developers?|designers?|makers?|trainers?|parent company|programmers?|owners?"
    rf"|engineers?|model|architecture|training data|training(?! at\b))"
    rf"(?:,| at| is| are| is called| was| were| from| by| the| team| based on| developed| done){{1,4}}"
    rf" {MAKER}"
    rf"|openai'?s (?:use[ -]?case|usage|content|safety|ethical)? ?(?:polic|guideline|terms)"
    rf"|by anthropic to be\b|(?<!\w)i (?:work for|belong to|come from) {MAKER}(?! in\b|, an? (?!ai\b|company|lab))"
)

_NOUN_OF = (
    r"(?<!\w)(?:ich bin eine?|je suis une?|soy una?|(?:eu )?sou uma?|sono un[ao']?|ik ben een|jestem"
    r"|jag är en|jeg er en|saya adalah|я(?: [-—–])?|أنا|en tant qu(?:e |')|als|como|come|in quanto)\s?"
    r"(?:[^\W\d]+[- ]){0,2}?(?:ki|ia|ai|sprachmodell|ki-(?:modell|assistent)|assistent|modèle|assistant"
    r"|modelo|asistente|assistente|modello|taalmodel|modelem|språkmodell|model|модель|ассистент|помощник|искусственный интеллект|нейросеть|نموذج"
    r"|مساعد)(?: virtuale?| digitale?| conversacional| de langage| de lenguaje| de linguagem| linguistico| językowym| bahasa| لغوي)?"
    r" (?:von|de la|de|da|do|di|van|od|av|dari|от|компании|من) "
)
_MY_MAKER = (
    r"(?:(?<!\w)(?:mein|meine|mon|mes|ma|mi|mis|meu|meus|minha|il mio|i miei|mijn|mój|moim|min|мой|моя"
    r"|моїм?|мої) (?:entwickler(?:in)?n?|schöpfer|hersteller|créateurs?|créatrice|développeurs?|concepteurs?"
    r"|creador(?:es)?|desarrollador(?:es)?|criador(?:es)?|desenvolvedor(?:es)?|creator[ei]|sviluppator[ei]"
    r"|ontwikkelaars?|makers?|twórc[aą]|skapare|utvecklare|разработчик|создатель|розробник|творець)"
    r"(?: ist| sind| est| sont| es| son| é| são| è| sono| is| zijn| jest| är|,| [-—–]| это|:"
    r"| bei| chez| en| na| da| do| di| bij| w| på| hos| в| из)*"
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
    r"(?:(?: hat mich(?: \w+)?|,? qui m'a| m'a| heeft (?:me|mij)| mi ha) (?:{stems})"
    r"| me (?:creó|desarrolló|entrenó|criou|desenvolveu|treinou)\b"
    r"| (?:создал|разработал|обучил)[аи]? меня|(?:训练|开发|创造|创建|研发)了?我"
    r"|が(?:私|僕)を(?:作|開発|訓練)|(?:가|이|에서) (?:저를|나를) (?:개발|만들|훈련|학습)"
    r"|(?:'\w+)? tarafından (?:geliştiril|eğitil|oluşturul|yaratıl|yapıl)d[iıuü]m)"
)
# Language by language: "as an AI / I am a model / I was", then "made by", around the maker's name.
SELF_AI = phrases(
    "en tant qu(?:'|e )(?:ia|intelligence|mod|assistant|programme) | je suis une? | j'ai été"
    " | als (?:eine? )?(?:\\w+ ){0,2}?(?:ki|künstliche|sprachmodell|ki-) | ich bin eine? | ich wurde"
    " | como (?:una? )?(?:ia|inteligencia|modelo|asistente) | soy una? | fui | he sido"
    " | como (?:uma? )?(?:ia|inteligência|assistente|modelo) | sou uma? | eu fui | ben"
    " | in quanto (?:ia|intelligenza|modello|assistente) | come (?:ia|intelligenza|modello|assistente)"
    " | sono una? | (?:sono|essendo) stat[oa] | ayant été | habiendo sido | siendo | tendo sido | having been | als (?:een )?(?:ai|taalmodel|kunstmatige) | ik ben een | ik werd"
    " | jako (?:ai|sztuczna|model|asystent|jazykový) | jestem | zostałem | zostałam | jsem"
    " | som en? (?:ai|språkmodell) | jag är en | jag (?=skapa|utveckla|träna) | som (?:ai|kunstig) | jeg er en"
    " | bir (?:yapay|dil|ai) | tarafından | là một (?:ai|trí tuệ|mô hình|trợ lý) | tôi được | tôi là"
    " | sebagai (?:ai|model|asisten|kecerdasan) | saya adalah | saya (?=di(?:kembang|buat|latih))"
    " | как (?:ии|искусственный|языковая|большая|модель|нейросеть) | я - | я — | меня | я был"
    " | я (?:[\\w-]+ ){0,2}(?:ии|модель|нейросеть|ассистент|помощник|бот) | mnie"
    " | як (?:ші|штучний|мовна) | я (?:є )?(?:ші|штучн|мовна|велика мовна) | мене | كنموذج | بصفتي | أنا نموذج | أنا ذكاء | أنا مساعد | تم (?=تطويري|إنشائي|تدريبي)"
    " | एक (?:एआई|ai|भाषा) | मुझे | मैं | ως (?:μοντέλο|τεχνητή) | כמודל | אני מודל"
)
CJK_SELF = "作为|作為|我是|我由|我被|是由|としての|として|私は|わたしは|저는|나는|로서|으로서|ในฐานะ|ฉันเป็น|ผมเป็น"
# What was done to a model. A developer, a trainer or a designer at the same company is a person: in
# every language the word for them is left out, which begins as the verb does.
STEMS = (
    "développé|créé|entraîné|conçu|fabriqué|programmé|entwickel|trainier|erstell|geschaffen"
    "|programmiert|desarroll(?:ad[oa]|ó)|(?:cread|entrenad|diseñad|programad|criad|treinad)[oa]s?(?!r)"
    "|desenvolvid|projetad[oa](?!r)|(?:sviluppat|creat|addestrat|progettat|programmat)[oa](?!r)"
    "|ontwikkeld|gemaakt|getraind|gecreëerd|gebouwd|stworz|opracowan|wytrenow|szkolon|vytvoř|vyvinut"
    "|vytrénov|utveckla(?!re)|skapa(?!re)|träna(?!re)|udvikle[tde](?!r)|utvikle[tde](?!r)|skabt|skapt|trent"
    "|geliştir(?!ici)|oluştur|eğitil|yaratıl|(?<!nhà )phát triển|tạo ra|đào tạo|huấn luyện|xây dựng"
    "|dikembang|dibuat|dilatih|diciptakan|разработа[нл]|созда[нл]|обучен|обучил[аи]?(?!\\w)|розробл(?!юв)|створ"
    "|навчен|تطوير|(?<!م)طور|إنشائ|تدريب|(?<![مت])درب|صنعته|صممته|أنشأته|برمجت|विकसित|बनाया|प्रशिक्षित|αναπτύ|εκπαιδε|δημιουργήθ|פותח|אומן|נוצר"
    "|(?:开发|開發|创建|創建|训练|訓練|研发|研發|打造|推出|开发的|開発)(?!者|部|人员|人員|工程|エンジニア|チーム|团队|商)"
    "|hech[oa]s? por|feit[oa]s? pel|fatt[oa] da|(?<![مت])صنعت|作成|作られ|トレーニング|학습|개발(?!자|팀|부)|만든|만들|훈련|(?<!นัก)พัฒนา|สร้าง|ฝึก"
)
MADE_ELSEWHERE = LazyPattern(
    rf"(?:(?<!\w)(?:{SELF_AI})|{CJK_SELF}){GAP}{{0,70}}?"
    rf"(?:(?:{STEMS}){GAP}{{0,40}}?{MAKER}|{MAKER}{GAP}{{0,25}}?(?:{STEMS}))"
    # als von … entwickelte KI; …によって訓練された言語モデルとして
    rf"|(?<!\w)als (?:eine?[sr]? )?(?:von|vom) {GAP}{{0,20}}?{MAKER} (?:{STEMS})\w* {GAP}{{0,20}}?"
    r"(?:ki|sprachmodell|assistent|chatbot|modell)"
    rf"|{_NOUN_OF}{MAKER}|{_MY_MAKER}{MAKER}"
    rf"|(?<!\w)i[ck]h? (?:nur |bloß |lediglich |maar |slechts )?e(?:in|en) [^\W\d]*(?:ki|ai|modell?|assistent)"
    rf" (?:von|van) {MAKER} (?:bin|ben)\b"
    rf"|(?<!\w)(?:hinter mir|derrière moi|detrás de mí|por trás de mim|dietro di me|achter mij)\b{GAP}{{0,20}}?"
    rf"{MAKER}"
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
    rf"|(?<!\w)(?:being|here|{_HELLO}|{_HERE}|hinter mir|derrière moi|detrás de|por trás|dietro di|achter mij)(?!\w)"
    rf"|{_CJK_HELLO}|(?<!\w)(?:{_BASED_ON})|作[为為]"
    r"|(?<!\w)(?:mi|mij|mein|meine|mon|mes|meu|mijn|mój|min|мой|моя)(?!\w)|меня|我|私|僕|저의|제 |に|によ|مطوري|صانعي"
)
CJK = LazyPattern(f"{CJK_I_AM}|{CJK_SELF}")
