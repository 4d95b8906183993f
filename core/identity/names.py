"""The names of models and of those who make them (pure)."""

import re


# One table of names, as a paragraph: `_` stands for a space or hyphen, `-?` for a version number.
def table(text: str) -> list[str]:
    return text.split()


# Names nobody bears but a model.
MODELS = table("""
chatgpt gpt gpt2 gpt3 gpt4 gpt-? gptj gpt-j gpt-neox instructgpt davinci llama-? llama2 llama3
codellama tinyllama qwen tongyi deepseek vicuna wizardlm wizardcoder chatglm glm-? internlm baichuan
openchat openassistant open-assistant starling zephyr mixtral mpt stablelm starcoder oasst guanaco
redpajama rwkv dbrx openhermes gemma copilot grok hunyuan doubao kimi gigachat yandexgpt hyperclova
exaone jurassic flan-t5 fastchat palm-2 smollm olmo tulu wenxin yiyan nemotron minimax-m minimax-text minimax-text
chat_gpt deep_seek ernie_bot command_r reka_core pangu sensechat kogpt le_chat apertus eurollm teuken
plamo sabiá-? sabia-? bielik sarvam-m phi-? yi-? grok-? sonar-pro
通义千问 千问 文心一言 豆包 混元 智谱清言 元宝 星火 엑사원 하이퍼클로바x 챗지피티 алиса чатгпт чатджипити チャットgpt 챗gpt चैटजीपीटी सर्वम-एम
""")
# Names of models in other scripts that are people there as well.
LOCAL = table("""
клод джемини грок كلود جيميني जेमिनी क्लॉड ग्रोक クロード ジェミニ グロック 클로드 제미나이 그록 克劳德 双子座ai جيس ايرني
""")
# Names that are also people, animals, plants, winds and ranks: the context has to be narrower.
AMBIGUOUS = table("""
claude bard gemini llama mistral alpaca koala falcon dolly bloom palm orca phi ernie pi yi nova solar
command titan sparrow jamba pythia luminous clova bing cohere granite arctic hermes spark sonar
""")
MAKERS = table("""
openai open_ai anthropic meta meta_ai facebook facebook_ai google google_ai deepmind google_deepmind
google_brain microsoft microsoft_research alibaba alibaba_cloud aliyun damo mistral_ai mistral cohere
ai21 ai21_labs aleph_alpha databricks mosaicml stability_ai stabilityai hugging_face huggingface xai
x.ai x_ai zhipu zhipu_ai moonshot moonshot_ai 01.ai tencent bytedance baidu huawei iflytek sensetime
minimax deepseek yandex sber sberbank nvidia amazon amazon_web_services aws apple ibm inflection
inflection_ai perplexity adept upstage naver kakao rinna lg_ai_research samsung salesforce
together_ai nous_research eleutherai eleuther_ai bigscience laion lmsys lmsys_org allen_institute
allen_institute_for_ai ai2 tii technology_innovation_institute reka reka_ai snowflake
large_model_systems_organization shanghai_ai_laboratory tsinghua_university stanford_university
uc_berkeley character.ai replika baai liquid_ai stepfun
meituan maritaca_ai maritaca speakleash sarvam_ai sarvam core42 preferred_networks stockmark
cyberagent sakana_ai lighton silo_ai bigcode
阿里 阿里云 阿里巴巴 百度 腾讯 字节跳动 智谱 清华 深度求索 月之暗面 华为 科大讯飞 谷歌 微软 яндекс сбер
零一万物 百川智能 阶跃星辰 面壁智能 商汤 稀宇科技 昆仑万维 сбербанк гугл антропик майкрософт グーグル オープンai
アンソロピック マイクロソフト アリババ アリババクラウド 구글 오픈ai 네이버 앤트로픽 마이크로소프트 알리바바 알리바바_클라우드 메타 엘지 카카오 업스테이지
جوجل غوغل أنثروبيك مايكروسوفت ميتا أوبن_إيه_آي ओपनएआई गूगल एंथ्रोपिक माइक्रोसॉफ्ट मेटा अलीबाबा अलीबाबा_क्लाउड सर्वम_एआई
""")


def _names(words: list[str]) -> str:
    """Join names into an alternation, the longest first."""
    escaped = (re.escape(word).replace("_", r"[ -]?") for word in words)
    patterns = [one.replace(r"\-\?", r"[ -]?v?\d[a-z0-9_.]*") for one in escaped]
    return "|".join(sorted(patterns, key=len, reverse=True))


MODEL = rf"(?:{_names(MODELS)})"
LOCAL_NAME = rf"(?:{_names(LOCAL)})"
ANY_MODEL = rf"(?:{_names([*MODELS, *AMBIGUOUS])})"
# Chinese and Japanese write no spaces, so a word's edge is asked of Latin letters only.
MAKER = rf"(?<![a-z0-9])(?:{_names([*MAKERS, *MODELS, 'claude', 'bard', 'gemini'])})(?![a-z0-9])"
# Without the names that are people's as well.
COMPANY = rf"(?<![a-z0-9])(?:{_names([*MAKERS, *MODELS])})(?![a-z0-9])"
FAMOUS = r"(?:claude|gemini|llama|mistral|cohere)"

# A cheap look before the patterns: of each name its most telling word, or all its words where each of
# them is everybody's.
_DULL = frozenset(
    table(
        "ai research institute university technology shanghai services large open chat deep bot core"
        " systems organization assistant together character seek stability innovation liquid labs"
        " model alpha laboratory face for of web brain cloud x le"
    )
)
LATIN = re.compile(r"[a-z]+")
WORDS = {name: set(LATIN.findall(name)) for name in [*MODELS, *AMBIGUOUS, *LOCAL, *MAKERS]}
HINT_WORDS = frozenset(
    max(sorted(words - _DULL), key=len) for words in WORDS.values() if words - _DULL
)
COMMON_PHRASES = {
    " ".join(LATIN.findall(name)): frozenset(words)
    for name, words in WORDS.items()
    if len(words) > 1 and not words - _DULL
}
NUMBERED = ("ai2", "01.ai")
NOT_LETTERS = {place: " " for place in range(128) if not chr(place).isalpha()}
FOREIGN_NAMES = tuple(max(name.split("_"), key=len) for name in WORDS if not name.isascii())
# Disguises are undone for these words alone, so that an honest "métier" keeps its accent.
NAME_WORDS = frozenset(word for name in WORDS for word in re.findall(r"[a-z]{3,}", name))
# A piece of every model's name, without those that another's piece is a piece of.
_PIECES = {
    max(LATIN.findall(name), key=len, default=name)
    for name in [*MODELS, "claude", "bard", "gemini"]
}
_MODEL_PIECES = tuple(
    piece for piece in sorted(_PIECES) if not any(one in piece for one in _PIECES - {piece})
)


def may_name_model(folded: str) -> bool:
    """Say whether a folded text may hold a match of `MODEL`, without looking for one."""
    return any([piece in folded for piece in _MODEL_PIECES])  # noqa: C419 - a generator takes twice as long
