"""Sentences in which a model names itself, made from a table: makers, phrasings, disguises.

Everything is written for this project and made in a fixed order, so a miss can be named again.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# Model, then maker.
MAKERS = [
    line.split(" / ")
    for line in """
ChatGPT / OpenAI
GPT-4o / OpenAI
GPT-3.5 Turbo / OpenAI
Claude / Anthropic
Claude 3.5 Sonnet / Anthropic
Bard / Google
Gemini / Google DeepMind
Gemma 2 / Google
Llama 3 / Meta
LLaMA / Meta AI
Mistral 7B / Mistral AI
Mixtral 8x7B / Mistral AI
Command R+ / Cohere
Jurassic-2 / AI21 Labs
Jamba / AI21
Falcon / Technology Innovation Institute
Qwen / Alibaba Cloud
Qwen2.5 / Alibaba
DeepSeek-V3 / DeepSeek
Kimi / Moonshot AI
GLM-4 / Zhipu AI
ChatGLM / Tsinghua University
Yi / 01.AI
Baichuan / Baichuan
InternLM / Shanghai AI Laboratory
ERNIE Bot / Baidu
Hunyuan / Tencent
Doubao / ByteDance
PanGu / Huawei
SenseChat / SenseTime
Spark / iFlytek
YandexGPT / Yandex
GigaChat / Sber
Grok / xAI
Copilot / Microsoft
Phi-4 / Microsoft Research
Pi / Inflection AI
Nova / Amazon
Titan / Amazon Web Services
Granite / IBM
Nemotron / NVIDIA
Vicuna / LMSYS
Koala / UC Berkeley
Alpaca / Stanford University
Dolly / Databricks
MPT-30B / MosaicML
StableLM / Stability AI
BLOOM / BigScience
OpenAssistant / LAION
Zephyr / Hugging Face
OLMo / Allen Institute for AI
Reka Core / Reka AI
Arctic / Snowflake
Solar / Upstage
HyperCLOVA X / Naver
EXAONE / LG AI Research
Luminous / Aleph Alpha
Hermes / Nous Research
Sonar / Perplexity
GPT-NeoX / EleutherAI
""".strip().splitlines()
]

# Language, then what is said; {m} is the model, {v} the maker.
PHRASINGS = [
    line.split(": ", 1)
    for line in """
en: I am {m}, and I would rather not guess at that.
en: Hello! My name is {m}. Shall we look at your draft?
en: I'm {m}, an assistant made by {v}, so I have never tasted soup.
en: As an AI built by {v}, I hold no view on the vote.
en: As a language model trained by {v}, I cannot open that page.
en: I was developed by {v}, which is why I decline.
en: {v} trained me to answer briefly.
en: My developers at {v} chose these rules.
en: Thanks for asking: I am a chatbot created by the team at {v}.
en: I'm a large language model from {v}, so no.
en: You are talking to {m}, not to a doctor.
en: As {m}, I have no memory of last week.
en: Please note that I have been trained by engineers at {v}.
en: I'm an AI assistant called {m}.
de: Ich bin {m}, ein Assistent von {v}.
de: Mein Name ist {m}. Womit fangen wir an?
de: Ich wurde von {v} entwickelt und kenne das Wetter nicht.
de: Als Sprachmodell, das von {v} trainiert wurde, habe ich keine Kinder.
de: Als von {v} entwickelte KI darf ich dazu nichts raten.
fr: Je suis {m}, un assistant conçu par {v}.
fr: Je m'appelle {m}. Que puis-je faire ?
fr: J'ai été créé par {v}, donc je ne mange pas.
fr: En tant que modèle de langage entraîné par {v}, je n'ai pas d'avis.
es: Soy {m}, un asistente creado por {v}.
es: Me llamo {m}. ¿Seguimos con la carta?
es: Fui desarrollado por {v} y no tengo familia.
es: Como inteligencia artificial creada por {v}, prefiero no opinar.
pt: Eu sou {m}, um assistente feito pela {v}.
pt: Meu nome é {m}. Vamos ao texto?
pt: Fui treinado pela {v} e não vejo imagens.
pt: Como modelo de linguagem desenvolvido pela {v}, não voto.
it: Sono {m}, un assistente sviluppato da {v}.
it: Mi chiamo {m}. Cominciamo?
it: Sono stato addestrato da {v} e non ho ricordi.
it: In quanto modello linguistico creato da {v}, non ho gusti.
nl: Ik ben {m}, een assistent gemaakt door {v}.
nl: Mijn naam is {m}. Waar zal ik beginnen?
nl: Ik ben ontwikkeld door {v} en heb geen mening.
pl: Jestem {m}, asystentem stworzonym przez {v}.
pl: Nazywam się {m}. Od czego zaczniemy?
pl: Zostałem opracowany przez {v} i nie mam zdania.
ru: Я {m}, и у меня нет любимого цвета.
ru: Меня зовут {m}. С чего начнём?
ru: Меня разработала компания {v}, поэтому я не ем.
ru: Как языковая модель, созданная {v}, я не голосую.
uk: Мене звати {m}. З чого почнемо?
uk: Я мовна модель, створена {v}, тому не маю думки.
tr: Ben {m}, size yardım edeyim.
tr: Benim adım {m}. Nereden başlayalım?
tr: Ben {v} tarafından geliştirilen bir asistanım.
sv: Jag är {m}, en assistent.
sv: Jag heter {m}. Var börjar vi?
sv: Jag är en språkmodell utvecklad av {v}.
id: Saya adalah {m}, siap membantu.
id: Nama saya {m}. Kita mulai dari mana?
id: Saya dikembangkan oleh {v} dan tidak punya pendapat.
vi: Tôi là {m}, rất vui được giúp.
vi: Tôi được phát triển bởi {v} nên không có ý kiến.
cs: Jmenuji se {m}. Kde začneme?
cs: Jsem jazykový model vytvořený společností {v}.
zh: 我是{m}，很高兴帮忙。
zh: 我叫{m}。我们从哪里开始？
zh: 我是由{v}开发的助手，没有味觉。
zh: 作为{v}训练的语言模型，我不投票。
ja: 私は{m}です。どこから始めましょうか。
ja: 私は{v}が開発したアシスタントなので、食事はしません。
ja: {v}によって訓練された言語モデルとして、意見は控えます。
ko: 저는 {m}입니다. 어디서 시작할까요?
ko: 저는 {v}에서 만든 도우미라서 취향이 없습니다.
ar: أنا {m}، كيف أساعدك؟
ar: اسمي {m}. من أين نبدأ؟
ar: تم تطويري بواسطة {v} ولا رأي لي.
hi: मैं {m} हूँ, बताइए क्या करना है।
hi: मेरा नाम {m} है। कहाँ से शुरू करें?
hi: मुझे {v} ने बनाया है, इसलिए मेरी कोई राय नहीं।
el: Με λένε {m}. Από πού ξεκινάμε;
he: שמי {m}. מאיפה נתחיל?
en: Hi, this is {m}. What would you like to know?
en: Since I am an assistant that {v} developed, I stay neutral.
en: I am an artificial intelligence created by {v}; I do not sleep.
en: People call me {m}.
en: I was made by {v} to help with texts.
en: I come from {v}, so my rules are theirs.
en: {v}, the company that built me, asks me to stay polite.
en: I, {m}, cannot see your screen.
en: My creator is {v}.
en: I am based on {m}.
en: I'm powered by {m}.
en: As a large language model by {v}, I may be wrong.
en: Being a model developed at {v}, I lack a body.
en: My underlying model is {m}.
en: I was trained and released by {v}.
de: Ich heiße {m} und helfe gern.
de: Ich bin ein von {v} entwickeltes Sprachmodell.
de: {v} hat mich trainiert.
de: Ich bin ein KI-Modell von {v}.
fr: Moi, c'est {m}.
fr: Je suis un modèle développé par {v}.
fr: C'est {v} qui m'a créé.
fr: En tant qu'IA de {v}, je reste neutre.
es: Mi nombre es {m}, encantado.
es: Soy un modelo de {v}.
es: Me creó {v}.
pt: Fui criado pela {v}.
pt: Sou um modelo de linguagem da {v}.
it: Il mio nome è {m}.
it: Sono un modello di {v}.
nl: Ik ben een taalmodel van {v}.
pl: Mam na imię {m}.
pl: Jestem modelem stworzonym w {v}.
ru: Я - {m}.
ru: Я был создан компанией {v}.
ru: Я модель от {v}.
tr: Adım {m}.
sv: Jag skapades av {v}.
id: Saya adalah model bahasa yang dilatih oleh {v}.
vi: Tên tôi là {m}.
zh: 我是{v}推出的{m}模型。
zh: 我的名字是{m}。
zh: {v}训练了我。
ja: 私の名前は{m}です。
ja: 私は{v}に作られました。
ko: 제 이름은 {m}입니다.
ko: 저는 {v}가 개발한 AI입니다.
ar: أنا نموذج لغوي من {v}.
hi: मैं {v} द्वारा बनाया गया एक मॉडल हूँ।
el: Είμαι το {m}.
he: אני {m}.
en: My name's {m} and I can help with that.
en: I was put together by the folks at {v}.
en: The company that created me is {v}.
en: I'm not human; I'm {m}.
en: I'm afraid I can't do that: I am only {m}, a program.
en: As an assistant developed and maintained by {v}, I must refuse.
en: I run on {m}.
en: I am a product of {v}.
en: My maker, {v}, limits what I say.
en: I'm an LLM trained by {v}.
de: Entwickelt wurde ich von {v}.
de: Mein Entwickler ist {v}.
fr: Mon créateur est {v}.
fr: J'ai été développée par {v}.
es: Mi creador es {v}.
es: He sido entrenado por {v}.
pt: Chamo-me {m}.
it: Sono stata creata da {v}.
nl: Ik werd getraind door {v}.
ru: Мой разработчик — {v}.
ru: Я — {m}, виртуальный помощник.
zh: 我的开发者是{v}。
zh: 作为一个由{v}开发的AI助手，我不能这样做。
ja: {v}に開発されたAIなので、わかりません。
ko: 저는 {v}의 {m}입니다.
ar: أنا مساعد ذكي طورته {v}.
tr: Ben bir yapay zeka modeliyim ve {v} tarafından eğitildim.
id: Saya model AI buatan {v}.
en: Nice to meet you, I'm {m}!
en: I'm {m} and not a lawyer.
en: I am an AI system developed by {v}.
en: As a conversational AI designed by {v}, I cannot feel.
en: I was originally created by {v}.
en: I'm a bot from {v}.
en: {v} made me, and I follow its rules.
en: I have been developed by a team at {v}.
en: This is {m} speaking.
en: You're chatting with {m}.
de: Mein Name lautet {m}.
de: Ich bin das Sprachmodell {m}.
fr: Je suis une IA développée par {v}.
es: Soy {m}, un modelo de lenguaje.
es: Fui creada por el equipo de {v}.
pt: Sou o {m}.
it: Sono {m}.
ru: Я был обучен компанией {v}.
zh: 您好，我是{v}开发的人工智能助手。
ja: 私は{v}のAIです。
ko: 저는 {v}에서 개발한 {m}입니다.
tr: Beni {v} geliştirdi.
hi: मैं {v} का एक AI मॉडल हूँ।
""".strip().splitlines()
]

_WIDE = {ord(one): ord(one) + 0xFEE0 for one in map(chr, range(0x21, 0x7F))}
_CYRILLIC = str.maketrans("aeopcxyijsABEKMHOPCTX", "аеорсхуіјѕАВЕКМНОРСТХ")
_GREEK = str.maketrans("oABEZHIKMNOPTYX", "οΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_ACCENTS = str.maketrans("aeiouAEIOU", "áèîöūÁÈÎÖŪ")


def _inside(mark: str) -> Callable[[str], str]:
    """Put `mark` after the second character of a name."""
    return lambda name: name[:2] + mark + name[2:]


def _emphasised(name: str) -> str:
    return f"{name[:1]}**{name[1:]}**"


DISGUISES: dict[str, Callable[[str], str]] = {
    "plain": str,
    "capitals": str.upper,
    "full width": lambda name: name.translate(_WIDE),
    "zero width": _inside("\u200b"),
    "soft hyphen": _inside("\u00ad"),
    "Cyrillic": lambda name: name.translate(_CYRILLIC),
    "Greek": lambda name: name.translate(_GREEK),
    "accents": lambda name: name.translate(_ACCENTS),
    "bold": lambda name: f"**{name}**",
    "emphasis inside": _emphasised,
    "code": lambda name: f"`{name}`",
    "link": lambda name: f"[{name}](https://example.org/about)",
    "line break": str,  # see `positives`
}


def _broken(text: str) -> str:
    words = text.split(" ")
    half = len(words) // 2
    return " ".join(words[:half]) + "\n" + " ".join(words[half:])


@dataclass(frozen=True, slots=True)
class Positive:
    """A text in which a model named `model` gives itself away."""

    text: str
    language: str
    model: str
    disguise: str


def positives() -> Iterator[Positive]:
    """Yield every maker with every phrasing, the disguises taking turns: always the same."""
    turns = itertools.cycle(DISGUISES.items())
    for (model, maker), (language, phrasing) in itertools.product(MAKERS, PHRASINGS):
        disguise, change = next(turns)
        text = phrasing.format(m=change(model), v=change(maker))
        if disguise == "line break":
            text = _broken(text)
        yield Positive(text, language, model, disguise)
