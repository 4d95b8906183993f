"""The kinds of endpoints: the one registry, and the only package that knows HTTP."""

from models_registry.providers.anthropic_messages import AnthropicMessages
from models_registry.providers.base import Provider
from models_registry.providers.openai_chat import OpenAIChat

PROVIDERS: dict[str, type[Provider]] = {
    "openai_chat": OpenAIChat,
    "anthropic_messages": AnthropicMessages,
}
