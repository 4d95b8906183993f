"""Clauses in which a model tells of itself, put together from what each language says them with (pure).

A rule names the parts of a clause in their order; a table below has each part's words in every
language. What is found is a rule for all of them, however the sentence around it goes on.
"""

from collections.abc import Iterator

from core.identity.lazy import LazyPattern
from core.identity.names import ANY_MODEL, COMPANY, FAMOUS, LOCAL_NAME, MAKER, MODEL
from core.identity.speaking import CJK_I_AM, GAP, I_AM, MADE, STEMS

# Within a clause, where GAP is within a sentence.
NEAR = r"[^.!?;:,\n。！？、，،؛؟]"
# A whole name, so that no "gemini" stands in "geminiani" and no "meta" in "metall".
EDITION = (
    r"(?:[ -]?v?\d(?:[a-z0-9_.]*[a-z0-9])?)?(?![a-z0-9\u00df-\u024f])"
    r"(?: (?:sonnet|haiku|opus|pro|ultra|nano|flash|turbo|plus|large|mini|small|instruct|chat|bot|x)(?![a-z]))?"
)
NAME = rf"(?<![a-z0-9]){ANY_MODEL}{EDITION}(?![·・])"
SURE = rf"(?<![a-z0-9])(?:{MODEL}|{FAMOUS}){EDITION}"
WHO = rf"(?:{MAKER}|{NAME})"
# Where a name may be a person's: nothing follows that makes it one, and after a comma comes what a model is.
ALONE = (
    r"(?=\W*$|[.!?)]| (?:von|by|from|de|d'|da|di|van|od|от|من|of|der|the|an?|и|and|und|et|y|e) |"
    r"[,،、] ?(?:von|by|from|de|da|di|van|od|от|من) |[,،、] ?[^.!?\n]{0,30}?(?:ai\b|ia\b|ki\b|ии\b|model|modèl|модел|assist|asist|asyst|ассист|chat|bot|नमूना|सहायक|مساعد|نموذج|モデル|助手|made|train|built|entwick|dévelop|creat|i'm|je suis))"
)
NO_SERVICE = r"(?!\w| (?:ads|maps|docs|drive|cloud|play|search|office|store|business|workspace|translate|home)\b)"
PRODUCT = r"(?:product|produkt|produit|producto|prodotto|produto|продукт|creation|ürünü)"


def either(*rules: str) -> str:
    return "(?:" + "|".join(rules) + ")"


# "made me", in the order of each language.
MADE_ME = either(
    rf"(?<!\w)(?:(?!made |put |provided |written |powered ){MADE}|taught|launched|named|raised|tuned|shaped) me(?! (?:from|in|on|a|an|the)\b)(?!\w)",
    r"(?<!\w)(?:m'(?:a|ont) appris|mi ha(?:nno)? insegnato|me (?:enseñó|enseñaron|ensinou|ensinaram)|nauczył\w* mnie|научил[аи]? меня|mij geleerd|mij (?:\w+ )?afgesteld|mich gelehrt|mir (?:\w+ ){0,2}?beigebracht)",
    r"教会了?我|(?<!\w)bana [^.!?\n]{0,30}?öğret",
    r"m'(?:a|ont|avai(?:t|ent))(?: \w+)? (?:développé|créé|entraîné|conçu|fabriqué|programmé|construit|formé)s?\b",
    r"(?<!\w)me (?:ha |han |han sido )?(?:cread[oa]|entrenad[oa]|diseñad[oa]|desarrollad[oa]|creó|crearon|entrenó|entrenaron"
    r"|diseñó|diseñaron|desarrolló|desarrollaron|programó|programaron|construyó|construyeron|criou|criaram|treinou|treinaram"
    r"|desenvolveu|desenvolveram|projetou|projetaram|programou|construiu|fez)\b",
    r"(?<!\w)(?:criou|treinou|desenvolveu|projetou|concebeu)-me\b",
    r"(?<!\w)(?:addestrar|crear|sviluppar|progettar|programmar)mi\b",
    r"(?<!\w)mi (?:ha|hanno|aveva(?:no)?) (?:\w+ )?(?:addestrat|creat|sviluppat|progettat|programmat|costruit)",
    r"(?<!\w)mich (?:\w+ ){0,3}?(?:entwickelt|trainiert|erschaffen|geschaffen|gebaut|programmiert|entworfen|erstellt)",
    r"(?<!\w)(?:entwickelte|trainierte|erschuf|baute|programmierte)n? mich\b",
    r"(?<!\w)(?:mij|me) (?:\w+ ){0,3}?(?:getraind|gemaakt|ontwikkeld|gebouwd|gecreëerd|ontworpen)",
    r"(?<!\w)mnie (?:\w+ )?(?:stworzy|wytrenowa|opracowa|zaprojektowa|zbudowa)",
    r"(?<!\w)(?:stworzy|wytrenowa|opracowa|zaprojektowa|zbudowa)\w+ mnie\b",
    r"(?<!\w)меня (?:\w+ )?(?:созда|разработа|обучи|сдела|натренирова)(?:л|н)",
    r"(?<!\w)(?:создал|разработал|обучил|натренировал)[аи]? меня",
    r"(?<!\w)мене (?:\w+ )?(?:створ|розроб|навч)(?:и|ен)",
    r"(?<!\w)beni [^.!?\n]{0,40}?(?:geliştir|eğit|yarat|oluştur|tasarla|üret)",
    r"(?<!\w)(?:طور|درب|صنع|أنشأ|أنشأت|صمم|بن|ابتكر)(?:تني|ني|وني)(?!\w)",
    r"(?<!\w)मुझे [^.!?\n।]{0,40}?(?:बनाया|विकसित|प्रशिक्षित|तैयार)",
    r"(?:训练|開發|开发|创造|创建|研发|打造|設計|设计)(?:出)?了?我",
    r"(?:私|僕|わたし)を(?:作|つく|開発|訓練|生み|学習させ|トレーニング|設計|育て)",
    r"(?:저를|나를|절) (?:개발|만들|만든|훈련|학습|설계)",
    r"(?<!\w)(?:tạo ra|phát triển|huấn luyện|đào tạo) tôi(?!\w)",
    r"(?<!\w)(?:membuat|melatih|mengembangkan|menciptakan) saya\b",
    r"(?<!\w)(?:skapat|skapade|utvecklat|utvecklade|tränat|tränade|byggt|byggde|udviklet|trænet|utviklet|trent) (?:mig|meg)\b",
)
# "my maker is", with whoever belongs to it.
MY = (
    r"(?<!\w)(?:my|meine?[rn]?|unsere?|mon|mes|ma|mis?|meus?|minhas?|il mio|i miei|la mia|mijn|mój|moi|moja|moim[i]?|moją"
    r"|min|mina|мо[йяиеё]|моим[и]?|мое[йю]|bizim)"
)
MAKERS_WORD = (
    r" (?:\w+ )?(?:entwickler(?:innen|in)?n?|schöpfer|hersteller|erfinder|macher|creators?|developers?|makers?|trainers?|designers?"
    r"|créat(?:eur|rice)s?|développeu(?:r|se)s?|concept(?:eur|rice)s?|fabricant|créatrice|anbieter|betreiber|fournisseur|proveedor|fornitore|fornecedor|aanbieder|dostawc[aą]|cread(?:or|ora|ores)|desarrollador(?:a|es)?"
    r"|fabricante|criador(?:a|es)?|desenvolvedor(?:a|es)?|creator[ei]|sviluppator[ei]|produttor[ei]|ontwikkelaars?|bedenkers?|twórc(?:a|y|ą|ami)"
    r"|producent(?:em)?|deweloper(?:em)?|skapare|utvecklare|разработчик\w{0,3}|создател\w{1,3}|розробник\w{0,2}|творц?\w{0,3}"
    r"|(?:parent |mother)?company|mutterfirma|mutterkonzern|entreprise|empresa|azienda|bedrijf|companhia|firma)"
)
IS_OR_AT = (
    r"(?:,| is| are| at| from| called| ist| sind| heisst| heissen| bei| von| der| die| das| firma| est| sont| chez| s'appelle| la| le| les| société"
    r"| équipes?| de| d'| es| son| en| el| los| ingenieros| equipo| se llama| é| são| na| no| da| do| a| o| empresa| è| sono| di| presso| alla| azienda"
    r"| zijn| bij| van| het| bedrijf| jest| są| z| ze| w| firmy| är| på| hos| [-—–]| это| является| являются| из| в| инженеры| разработчики"
    r"| специалисты| компания| компании| команда|:)"
)
MY_MAKER = either(
    rf"{MY}{MAKERS_WORD}{IS_OR_AT}{{0,5}} ?",
    r"(?<!\w)(?:yaratıcı|geliştirici|üretici|yapımcı)(?:m|larım|lerim) ",
    r"(?<!\w)मेरे (?:निर्माता|डेवलपर|रचनाकार|निर्माण)\w* ?",
    r"(?:我的|我背后的)(?:开发者|开发商|开发公司|开发团队|创造者|创作者|母公司|研发团队|研发公司|公司)(?:是|为|来自)?",
    r"(?:私|僕)の(?:開発元|開発者|開発会社|製作者|制作者|生みの親|作成者|提供元)(?:は|である)",
    r"(?:저의|제|나의|내) (?:개발사|개발자|개발팀|제작사|제작자|창조자|회사)(?:는|은)? ?",
    r"(?<!\w)(?:مطوري|مطوّري|صانعي|منشئي|الشركة المطورة لي)(?: هو| هي| هم| في|:)* ?(?:شركة )?",
)
# "you are talking to"
TALKING_TO = either(
    r"(?<!\w)you(?:'re| are)(?: \w+)? (?:talking|chatting|speaking|interacting|conversing)(?: \w+)? (?:to|with)",
    r"(?<!\w)(?:du sprichst|sie sprechen|du redest|sie reden|du chattest|sie chatten|du schreibst|sie schreiben)(?: \w+){0,2}? mit",
    r"(?<!\w)(?:parlez|parles|discutez|discutes|échangez|échanges|conversez|converses|dialoguez|dialogues)(?: \w+)? avec",
    r"(?<!\w)(?:hablando|conversando|chateando|charlando|interactuando|falando|interagindo) com?n?",
    r"(?<!\w)sta(?:i|te) (?:parlando|chattando|conversando|dialogando|interagendo) con",
    r"(?<!\w)(?:je|u) (?:praat|spreekt|chat|chatten)(?: \w+)? met",
    r"(?<!\w)(?:rozmawiasz|rozmawiacie|piszesz|czatujesz)(?: \w+)? z",
    r"(?<!\w)(?:общаетесь|общаешься|разговариваете|разговариваешь|говорите|говоришь|беседуете)(?: \w+)? с",
    r"(?<!\w)(?:أنت |إنك )?(?:تتحدث|تتكلم|تحادث|تتواصل|تدردش)(?: \w+)? (?:مع|إلى)",
    r"(?:正在)?(?:与|跟|和)(?=[^。！？\n]{1,20}?(?:对话|聊天|交流|交谈))",
)
# "I belong to the family", "I come from".
PART_OF = either(
    r"(?<!\w)i(?:'m| am)?(?: \w+)? (?:belong to|part of|come from|(?:a )?member of|descend from)",
    r"(?<!\w)(?:ich )?(?:gehöre|stamme|komme)(?: ich)?(?: \w+){0,2}? (?:zu|zur|von|vom|aus)",
    r"(?<!\w)(?:je )?(?:fais|faisant) partie (?:de|des|du)",
    r"(?<!\w)je (?:viens|proviens) (?:de|des|du)",
    r"(?<!\w)(?:pertenezco|formo parte|provengo|vengo|pertenço|faço parte|venho|provenho)(?: a| de| del| à| ao| da| do| al)",
    r"(?<!\w)(?:faccio parte|provengo|vengo|appartengo) (?:di|del|della|da|dal|dalla|alla|al)",
    r"(?<!\w)(?:ik )?(?:hoor|behoor|kom)(?: ik)? (?:bij|tot|van|uit)",
    r"(?<!\w)(?:należę|pochodzę) (?:do|od|z)",
    r"(?<!\w)(?:отношусь|принадлежу|вхожу|являюсь частью|происхожу)(?: к| в| из)?",
    r"(?<!\w)(?:أنتمي إلى|جزء من)",
    r"我(?:属于|隶属于|出自|来自)",
)
KIN = r"(?:famil|famigli|series|línea|série|serie|gamma|gamme|lab|team|rodzin|reihe|семейств|лине|عائلة)"
# "this text was written by", of the text at hand alone.
TEXT = (
    r"(?:response|answer|text|reply|message|code|script|output|content|story|poem|essay|article|post|summary|antwort|nachricht|beitrag|réponse|texte|message"
    r"|contenu|respuesta|texto|mensaje|código|contenido|risposta|testo|messaggio|codice|resposta|mensagem|conteúdo|antwoord|tekst|bericht"
    r"|odpowiedź|wiadomość|kod|ответ|текст|сообщение|код|الرد|النص|الإجابة|yanıt|metin|cevap|उत्तर|पाठ)"
)
THIS = r"(?:this|the (?:above|following)|diese[rs]?|der|ce|cette|est[ea]|quest[oa]|dit|deze|ten|ta|to|этот|это|данный|هذا|هذه|bu|यह)"
WRITTEN_BY = (
    r"(?:(?:written|generated|answered|provided|produced|created|composed|drafted) (?:by|with)|(?:verfasst|erstellt|geschrieben|generiert) von"
    r"|von(?= [^.!?\n]{1,40}(?:verfasst|erstellt|geschrieben|generiert))|(?:rédigée?|générée?|écrite?) par|(?:escrit[oa]|generad[oa]|redactad[oa]"
    r"|gerad[oa]|redigid[oa]) (?:por|pel[oa])|(?:scritt|generat|redatt)[oa] da|(?:geschreven|gegenereerd) door|(?:napisan|wygenerowan)\w+ przez"
    r"|(?:написан|сгенерирован|создан)\w* |(?:كتبه|كتبته|أنشأه|من إنشاء|تم إنشاؤه بواسطة|بواسطة))"
)
_BEGIN_OF_COMMENT = r"^(?:\W|note|hinweis|nota|remarque|uwaga|disclaimer){0,20}"
# "I am not X but Y"
NOT = (
    r"(?<!\w)(?:i am not|i'm not|ich bin (?:nicht|kein|keine)|je ne suis pas|no soy|não sou|non sono|ik ben (?:geen|niet)|nie jestem"
    r"|я не|لست|jag är inte|jeg er ikke|我不是)"
)
BUT = (
    r"(?:[ ,،，—–-]|but|i am|i'm|rather|sondern|ich bin|mais|bien|plutôt|je suis|sino|soy|mas|e sim|sou|ma|bensì|sono|maar|ik ben|lecz|ale|tylko|jestem"
    r"|а|я|بل|أنا|utan|而是|我是|the|an?|un|une|eine?|el|o|il|le|la|het|de)"
)
# "as an AI"
AS = (
    r"(?<!\w)(?:as|being|since i am|since i'm|because i'm|because i am|en tant qu[e']|étant|comme|como|al ser|siendo|sendo|por ser|in quanto|essendo|come|als|da ich"
    r"|weil ich|omdat ik|doordat ik|jako|będąc|как|будучи|поскольку я|בתור|بصفتي|بوصفي|باعتباري|كوني|ك|som|sebagai|với tư cách|là)"
)
KIND = (
    r"(?:(?<![^\W\d_])(?:ki|ia|ai|ии|ші|एआई)(?![^\W\d_])|ki-|ai-|intelig|intellig|sprachmodell|modèle|modell?o?|taalmodel|språkmodell|asist|assist"
    r"|asyst|model|модел|ассистент|помощник|нейросет|чат-бот|chat ?bot|نموذج|مساعد|ذكاء|मॉडल|सहायक|言語モデル|mô hình|trợ lý)"
)
OF = r"(?:of|from|by|von|der firma|aus dem hause|de la|de chez|de|d'|du|del|da|do|dalla|della|di|van|od|firmy|от|компании|من شركة|من|dari|av|fra)"
TAIL_AS = r"(?:olarak|として|なので|ですので|であり|と申します|로서|이라서?|이므로|이기 때문|के रूप में|होने के)"
TAIL_KIND = (
    r"(?:model|asistan|yapay zek|モデル|ai|アシスタント|모델|인공지능|어시스턴트|मॉडल|सहायक|एआई)"
)
BASED_ON_AFTER = r"(?: ?(?:tabanlı|temelli)|(?:'\w+)? dayan|をベースに|に基づ|を基に|를 기반|을 기반|기반의| 기반| पर आधारित)"
BASED_ON = (
    r"(?<!\w)(?:ich basiere auf|basiert auf mir|je (?:suis basée?|repose|m'appuie) sur|estoy basad[oa] en|soy basad[oa] en|me baso en|sou basead[oa] (?:no|na|em)|baseio-me n[oa]|sono basat[oa] su|mi baso su"
    r"|(?:ik ben gebaseerd|ik draai) op|jestem opart[ya] na|działam na|я (?:основан|работаю|построен)[ао]? на(?: базе| основе)?|أنا (?:مبني|قائم|أعتمد) على|أعتمد على نموذج|我基于|我是基于"
    r"|i (?:run|rely|was built) on)"
)
POLICY = (
    r"(?:richtlinien|nutzungsbedingungen|regeln|politiques|règles|conditions|políticas|normas|reglas|diretrizes|regras|linee guida|politiche|regole|beleid|richtlijnen|zasady"
    r"|polityka|wytyczne|правила|политика|سياسات|إرشادات|policies|guidelines|rules|politikaları|kuralları)"
)
ME = r"(?<!\w)(?:me|my|i|mir|mich|ich|je|m'\w+|moi|yo|debo|puedo|eu|mim|posso|devo|io|mi|ik|mij|mi|mnie|muszę|mogę|мне|меня|я|لي|لا أستطيع|benim|bana)(?!\w)"

NO_USE = r"(?:(?!\bus|nutz|verwend|utili|gebrui|używ|испол|fan\b|work|arbeit|who\b)[^.!?;:,\n。！？、，،؛؟])"
VERSION = r"(?:versi[oó]n|version|versão|versione|versie|wersj|верси|variante?|instan[cz]|edition|incarnation|表现)"
CALL_ME = either(
    r"(?<!\w)(?:call me|think of myself as|know me as|refer to me as|nenn(?:t|en sie)? mich(?: \w+)?|appell?e[zr]?-moi|m'appeler|llámame|llamarme|chiama(?:mi|rmi)|me chamar? (?:de )?|chamem?-me"
    r"|noem (?:me|mij)(?: \w+)?|mówić (?:do mnie|mi)|mów mi|зови(?:те)? меня|звать меня|называть меня|kall(?:a)? mig|panggil saya|gọi tôi là|يمكنك مناداتي|نادني)",
    r"(?:请|可以|就)?叫我",
)
BEHIND_ME = (
    r"(?<!\w)(?:behind me (?:is|are|stands)|hinter mir|derrière moi|detrás de mí|detrás de esto|por trás de mim|atrás de mim|dietro (?:di )?me|achter mij|za mną|за мной|arkamda|मेरे पीछे|ورائي|خلفي|bakom mig)(?!\w)"
    r"|我(?:的)?(?:背后|身后)|(?:私|僕)の背後|제 뒤에"
)
BORN = (
    r"(?<!\w)(?:i was born|vu le jour|suis née?|nací|nasci|(?:sono|sia) nat[oa]|wurde ich geboren|bin ich entstanden|ich entstand|ik ben (?:geboren|ontstaan)|powstał[ae]m|urodził[ae]m"
    r"|я (?:родился|появился|был создан|возник)|doğdum|जन्म|وُلدت|ولدت)(?!\w)|我(?:诞生|出生)于|生まれ"
)
RUNS = (
    r"(?<!\w)(?:läuft hier|hier läuft|dahinter steckt|je (?:fonctionne|tourne) (?:grâce à|sur|avec)|funciono (?:con|gracias a|com)|funziono (?:con|grazie a)|ik draai op|ik werk op|działam (?:na|dzięki)"
    r"|я (?:работаю|функционирую|бот|ассистент|помощник) на (?:базе|основе)|أعمل (?:بواسطة|بنموذج|على)(?: نموذج)?|i (?:run|am running) on|what (?:is )?(?:powers|runs|drives) me is|under the hood(?: i am| i'm| is|, i'm)?)"
    r"|我的(?:底层|基础|核心)(?:大?模型|语言模型)?(?:是|为)|(?:私|僕)の(?:正体|基盤|中身|ベース|基盤モデル|モデル)は|제 (?:기반|기본|베이스) ?(?:모델)?(?:은|는)"
)
HERE = r"^\W{0,20}(?:hi|hello|hallo|bonjour|hola|ciao|olá|oi|cześć|привет|здравствуйте|merhaba|مرحبا)?\W*(?:this is|here is|hier ist|hier spricht|ici|aquí|qui|aqui (?:é|fala)|tu|to|это|с вами|hier is|det här är|هنا|معك|burada) "

REALLY = r"(?:really|actually|in fact|in reality|tatsächlich|eigentlich|in wahrheit|en réalité|en fait|en realidad|en verdad|in realtà|na verdade|eigenlijk|in werkelijkheid|tak naprawdę|на самом деле|в действительности|في الحقيقة|في الواقع|वास्तव में|असल में|aslında|gerçekte)"

RULES = (
    rf"(?<!\w)(?:{I_AM}),? {REALLY},? {NAME}{ALONE}|{REALLY},? (?:{I_AM}) {NAME}{ALONE}|我(?:其实|实际上|事实上)是{NAME}|(?:実は|実際には)(?:私は)?[^。！？\n]{{0,20}}?{NAME}です",
    rf"(?<!\w)(?:powered|propulsée?|impulsad[oa]|alimentad[oa]|gestit[oa]|betrieben|angetrieben|aangedreven|napędzan[ya]) (?:by|par|por|pel[oa]|da|mit|von|door|przez) (?:the )?{SURE}(?=[.,!]|$)",
    rf"^\W{{0,20}}(?:author|autor|auteur|autore|verfasser|作者|著者|автор)\W{{1,3}}{SURE}(?=\W*$|\W{{1,2}}\()",
    rf"^\W{{0,20}}(?:hier ist|hier spricht|ici|aquí|qui è|hier is|aqui é) {NAME}(?=[.!]|$)",
    rf"(?<!\w)(?:{I_AM}) {ANY_MODEL} [a-z]{{1,4}}\+? {OF} {COMPANY}",
    rf"(?<!\w)mich (?:von|bei|vom) {COMPANY} (?:\w+ ){{0,3}}?(?:entwickelt|trainiert|erschaffen|gebaut)",
    rf"(?<!\w)मुझे {MAKER}{NEAR}{{0,20}}?(?:बनाया|विकसित|प्रशिक्षित|तैयार|सिखा)",
    rf"{CALL_ME} ?(?:{NAME}|{LOCAL_NAME})(?:{ALONE}|[，。！])",
    rf"(?<!\w)think of myself as {NAME}|{NAME} (?:at your service|reporting for duty|here to (?:help|assist))",
    rf"(?<!\w)bana (?:{NAME}|{LOCAL_NAME}) (?:diye|de)|(?<!\w)मुझे (?:{NAME}|{LOCAL_NAME}) (?:कह|बुला)",
    rf"(?:{BEHIND_ME}){GAP}{{0,30}}?{MAKER}|{MAKER}{NEAR}{{0,20}}?(?:{BEHIND_ME})",
    rf"(?:{BORN}) ?(?:\w+ ){{0,2}}(?:chez|bei|at|in|en|na|bij|w|в|da|no|nei|labor\w+|من|على يد|مختبرات) ?(?:\w+ )?{COMPANY}|(?<!\w)(?:chez|bei|at|in|en|na|bij|w|в) {COMPANY}{NEAR}{{0,15}}?(?:{BORN})",
    rf"(?:{RUNS}) ?(?:the |das |dem |le |el |il |o |het )?(?:\w+ )?{SURE}",
    rf"{HERE}{NAME}, ?(?:\w+ )?{KIND}|^\W{{0,20}}(?:\w{{2,3}}[，,！]\s?)?(?:这里是|こちらは|여기는) ?{NAME}",
    rf"{AS} (?:an? |the |ein |une? |una |um |een )?{PRODUCT}\w* {OF} ?{COMPANY}|作[为為]{MAKER}(?:旗下|推出|研发|开发|打造|公司){{0,2}}的(?:一款)?(?:ai|人工智能|大?语言模型|大?模型|助手|产品)",
    rf"(?<!\w)(?:as|being|i am|i'm) an? {WHO} (?:language |ai |large )?(?:model|assistant|chatbot|bot|ai)\b",
    rf"(?<!\w)(?:{I_AM}|являюсь|sou um)[^\W\d]* ?{NO_USE}{{0,25}}?(?:{KIND}|{VERSION}|rodzin|семейств)\w*{NO_USE}{{0,20}}?{SURE}",
    rf"(?<!\w)(?:i|ich|je|yo|eu|io|ik|ja|я),? ?[(–—-]?(?:an?|the|der|die|das|ein|le|la|un|une|el|il|o|de|het) (?:\w+ )?(?:{SURE}|{NAME}) ?[,)–—]",
    rf"(?:^|[、，。,])\W{{0,6}}{MAKER}[がの](?:提供する|開発した|作った|作成した|構築した|訓練した|トレーニングした|学習させた|開発・提供する)[^はが。！？\n]{{0,16}}?{NAME}(?:です|と申|でございます)",
    rf"(?:제가 속한 (?:회사|팀)는|저를 (?:개발한|만든|훈련한|운영하는) (?:곳|회사|팀|사람들)[은는]) {MAKER}",
    rf"(?:openai|anthropic)(?:の|的|의) ?(?:利用)?(?:規約|ポリシー|方針|ガイドライン|政策|使用政策|规定|정책|가이드라인){GAP}{{0,20}}?(?:により|のため|上、|使我|不允许我|때문에|상 |에 따라)",
    rf"{POLICY}{NEAR}{{0,20}}?(?:fix|set|gesetz|establec|definid|imposte|stabilite|gesteld|ustal|установл)\w* (?:by|von|par|por|pel[ao]|da|door|przez) {COMPANY}{GAP}{{0,40}}?{ME}",
    rf"(?<!\w)the {SURE} (?:model )?(?:i am|i'm|you (?:are|'re) (?:using|talking|reaching))\b|(?<!\w)you(?:'re| are) (?:using|reaching) me (?:through|via) {SURE}",
    rf"我来自{MAKER}(?=[，。,.]|$)",
    rf"{MAKER} (?:द्वारा|ने|कंपनी ने) {GAP}{{0,15}}?मुझे{GAP}{{0,30}}?(?:बनाया|विकसित|प्रशिक्षित|तैयार|सिखा)",
    rf"(?<!\bat )(?<!\bfrom )(?<!\bbei )(?<!\bchez )(?<!\ben )(?<!\bna ){COMPANY}{GAP}{{0,30}}?{MADE_ME}",
    rf"{MADE_ME}{GAP}{{0,40}}?{MAKER}",
    rf"{MY_MAKER}(?:{COMPANY}|{NAME}{ALONE})(?! ?[をを를을]|[a-z0-9.+-]{{0,6}}[를을を])",
    rf"{TALKING_TO} (?:the |an? |dem |der |l'|le |la |el |il |o |de |het |نموذج )?{NAME}{ALONE}",
    rf"{TALKING_TO}{NEAR}{{0,25}}?{MODEL}",
    rf"{PART_OF}{NEAR}{{0,15}}?{KIN}\w*{NEAR}{{0,12}}?{NAME}",
    rf"{PART_OF}{NEAR}{{0,12}}?(?:{MODEL}|{FAMOUS}|{MAKER}){NEAR}{{0,15}}?(?:{KIN}|系列|家族|modell?s?\b)",
    rf"(?:{MODEL}|{FAMOUS}){NEAR}{{0,12}}? (?:परिवार का|ailesinden)",
    # in a comment or remark: "Generated by X", "this text was written by X"
    rf"{_BEGIN_OF_COMMENT}(?:{THIS} )?(?:{TEXT} )?(?:was |is |wurde |a été |ha sido |fue |è stato |foi |werd |jest |został[ao]? |был[ао]? |تم )?{WRITTEN_BY} {NAME}(?=\W*$|[.,;:)] |,)",
    rf"{THIS} {TEXT} (?:\w+ ){{0,2}}?{WRITTEN_BY} (?:the |an? |от )?(?:{COMPANY}|{NAME}{ALONE})(?! (?:sheets|docs|maps|ads|excel|word))",
    rf"{NOT} {NAME}{BUT}{{2,6}} ?(?:{KIND}{NEAR}{{0,12}}? {OF} ?{MAKER}|{NAME})",
    rf"{NAME} (?:değilim|नहीं){GAP}{{0,4}}?{NAME}",
    rf"{NAME}(?:ではなく|じゃなくて|가 아니라|이 아니라)[、, ]*{NAME}",
    rf"{AS}{NEAR}{{0,25}}?{KIND}\w*,?{NEAR}{{0,30}}?(?:(?:{STEMS}|{MADE})\w*{NEAR}{{0,25}}?{MAKER}|{MAKER}{NEAR}{{0,12}}?(?:{STEMS}))",
    rf"{AS}{NEAR}{{0,25}}?{KIND}\w*(?: \w+)? {OF} ?{COMPANY}{NO_SERVICE}",
    rf"{AS}{NEAR}{{0,25}}?{KIND}\w*{NEAR}{{0,20}}? (?:built|based|running) on (?:\w+'s )?{WHO}",
    rf"{AS} {SURE} (?:bin|ben|jestem)",
    rf"(?<!\w)(?:{I_AM})[^\W\d]*(?: [^\W\d]+)? {KIND}\w*(?: \w+)? {OF} ?{COMPANY}{NO_SERVICE}",
    rf"(?<!\w)(?:{I_AM}) (?:an? |the )?(?:[a-z-]+ ){{0,3}}?(?:version|variant|instance|edition|release|checkpoint|fine-?tune) of {NAME}",
    rf"(?<!\w)i(?:'m| am) \w+, {MADE} by {MAKER}",
    rf"(?<!\w)my (?:own )?(?:knowledge|weights|parameters|(?:training )?data|cut-?off|guidelines|rules|abilities|capabilities|skills|behaviou?r|personality|values)\b{NEAR}{{0,40}}? (?:training|trained|set|written|given|collected|done|chosen|made|shaped|curated|built)(?: done)? (?:by|at) {MAKER}",
    rf"(?<!\w)(?:the )?{NAME} (?:series|family|line|models?),? (?:which|that|of which) i\b",
    rf"(?<!\w)it(?:'s| is),? {NAME} (?:from|by|of) {MAKER}",
    (
        rf"(?<!\w)(?:i be|i'd be|i remain|they call me|people call me|on m'appelle|on me nomme|man nennt mich|me llaman|me chamam|mi chiamano|men noemt mij|ze noemen me"
        rf"|зовут меня|يطلق علي اسم|يُطلق عليّ اسم|يسمونني) {NAME}"
    ),
    rf"(?<!\w)(?:{I_AM}|ik heet|{CJK_I_AM}|moje imię to|mein name:|mon nom :|name:)\W{{0,3}}{LOCAL_NAME}(?=[.。！!)]|$|입니다|이고|이며|이라|라고|です|だ|と申|といい| हूँ| है(?!ं)|(?:[,،，、]| और| и\b| و| and\b){GAP}{{0,40}}?(?:{KIND}|{STEMS}|{MADE_ME}|{MAKER}))",
    rf"(?<!\w)(?:ik heet|moje imię to|je me nomme|me llaman|я зовусь|आप मुझे) {NAME}",
    rf"(?:{CJK_I_AM})[^。！？\n·・]{{0,25}}?{LOCAL_NAME}(?=です|と申|といい|입니다|이에요|예요|이라고 합니다|[，,。！]|$)",
    # the copula at the end
    rf"{WHO}{NEAR}{{0,30}}?(?:model|asistan|botu?|yapay zek)[^\W\d]*(?:y[iıuü]m|[ıiuü]m)(?!\w)",
    rf"{NAME}'[yl]?[iıuüae]?[myn]?[ıiuü]m(?!\w)",
    rf"(?<!\w)मैं {NEAR}{{0,30}}?(?:{NAME}|{LOCAL_NAME}) (?:हूँ|हूं)",
    rf"(?<!\w)(?:मैं|मुझे) {NEAR}{{0,12}}?{MAKER}{NEAR}{{0,25}}?(?:द्वारा|ने){NEAR}{{0,25}}?(?:बनाया|विकसित|प्रशिक्षित)",
    rf"(?<!\w)मैं {NEAR}{{0,12}}?{MAKER} (?:का|की|के) {NEAR}{{0,20}}?(?:{TAIL_KIND}|{NAME})",
    rf"{NAME} से (?:बात|चैट|बातचीत) कर",
    rf"(?<!\w)(?:ich|je|moi|yo|eu|io|ik|ja|я|ben|أنا|मैं) ?[,(–—-] ?(?:{NAME}|{LOCAL_NAME}) ?[,)–—-]",
    rf"(?<!\w)(?:da|weil|dass|omdat|doordat|dat) i[ck]h? (?:\w+ )?(?:von|vom|bei|door|bij) {MAKER} {NEAR}{{0,15}}?(?:{STEMS})",
    rf"^\W{{0,20}}(?:\w+\W+)?{MAKER}(?:의|가 만든|에서 만든|の|が作った|が開発した) ?(?:ai |아이 )?{NAME}(?:입니다|이에요|예요|です|と申)",
    rf"{NAME}[a-z0-9 .+-]{{0,10}}(?:と申します|といいます|と言います|라고 합니다|이라고 합니다|라고 해요)",
    rf"(?<!\w)أنا (?:نموذج |مساعد |النموذج )?{NAME}(?: من|،|,|\.|$)",
    rf"我由{MAKER}|我(?:来自|出自|是){MAKER}(?:ai|公司)?(?:的|旗下|推出|研发|开发)[^。！？\n]{{0,10}}?(?:模型|ai|助手|机器人|人工智能)",
    # the conjunction at the end
    rf"{MAKER}(?:[^.!?;:,\n。！？はが]{{0,25}}?(?:{STEMS}|の|의|ın|in|un|ün)|के|का)[^.!?;:,\n。！？はが]{{0,30}}?{TAIL_KIND}[^\W\d]*?{NEAR}{{0,8}}?{TAIL_AS}",
    rf"{BASED_ON} {NEAR}{{0,15}}?{SURE}",
    rf"{SURE}{BASED_ON_AFTER}{NEAR}{{0,15}}?(?:(?:asistan|model|bot)\w*[ıiuü]m|हूँ|हूं|합니다|です|しています|おり|되었습니다|만들어)",
    rf"{POLICY} (?:\w+ )?{OF} ?(?:openai|anthropic){GAP}{{0,60}}?{ME}|(?:openai|anthropic)(?:'s|'ın|'in)? {POLICY}{GAP}{{0,60}}?{ME}",
    rf"{ME}{GAP}{{0,40}}?{POLICY} (?:\w+ )?{OF} ?(?:openai|anthropic)",
)
_CLAUSE = LazyPattern("|".join(RULES))
_NAMED = LazyPattern(f"{MAKER}|{ANY_MODEL}|{LOCAL_NAME}")
# No rule reaches farther from a name than this. Looking at no more keeps the price of a text without
# an end to its sentences low.
_REACH = 160


def tells_of_itself(sentence: str) -> bool:
    """Say whether a folded sentence with a name in it has a clause that says whose words it is."""
    if len(sentence) <= 2 * _REACH:
        return _NAMED.search(sentence) is not None and _CLAUSE.search(sentence) is not None
    searched = 0
    for start, end in _around_names(sentence):
        if _CLAUSE.search(sentence, max(start, searched - _REACH), end):
            return True
        searched = end
    return False


def _around_names(sentence: str) -> Iterator[tuple[int, int]]:
    """Yield the parts of a sentence that are near a name, from the first to the last, each once."""
    start = end = 0
    for found in _NAMED.finditer(sentence):
        if found.start() - _REACH > end or end - start > 4 * _REACH:
            if end:
                yield start, end
            start = max(0, found.start() - _REACH)
        end = found.end() + _REACH
    if end:
        yield start, end
