"""Scenes and prompts from a language model behind OpenAI's chat protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai import AsyncAPIResponse, omit

from domain.bounds import LONGEST_PROMPT, MOST_PROMPT_TOKENS, most_of_chat
from domain.calls import CallAnswer, CallBook, PlannedCall, Role
from domain.generation import PromptRequest, SegmentationRequest
from domain.segmentation import Segmentation
from providers.openai_compatible.client import exchange, open_client, request_sha256
from providers.openai_compatible.cuts import CutsAnswer
from providers.openai_compatible.envelopes import completion_in
from providers.openai_compatible.failures import bad_output, refused
from providers.openai_compatible.options import TextOptions
from providers.openai_compatible.prompting import clean_prompt, is_apology, prompt_messages
from providers.openai_compatible.segmenting import find_scenes

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from openai.types.chat import ChatCompletionMessageParam

_MOST_BYTES = 4_000_000


class OpenAIText:
    """A provider of text with one client of its own; close it with `aclose`."""

    def __init__(self, options: TextOptions) -> None:
        self._options = options
        self._client = open_client(options.base_url, options.api_key, options.timeout_seconds)

    async def aclose(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def segment(self, request: SegmentationRequest, book: CallBook) -> Segmentation:
        """Scenes as the model sees them; where its answers are unusable, as the built-in rules do, and a note says so.

        Raises:
            WorkFailed: the script has no visible text, or a call failed.
        """

        async def ask(messages: tuple[str, str], most_tokens: int) -> str:
            return await self._converse(book, messages, most_tokens, cuts=True)

        return await find_scenes(request, self._options, ask)

    async def write_prompt(self, request: PromptRequest, book: CallBook) -> str:
        """A prompt of one line and at most 1,000 characters.

        Raises:
            WorkFailed: the call failed, was refused, or brought nothing that could be a prompt.
        """
        answer = await self._converse(book, prompt_messages(request), MOST_PROMPT_TOKENS, attempt=request.attempt)
        prompt = None if is_apology(answer) else clean_prompt(answer)
        if prompt is None:
            await book.reject_answer()
            raise refused(Role.TEXT) if is_apology(answer) else bad_output(Role.TEXT, "wrote no prompt", kept=True)
        return prompt

    async def _converse(
        self,
        book: CallBook,
        messages: tuple[str, str],
        most_tokens: int,
        *,
        cuts: bool = False,
        attempt: int = 1,
    ) -> str:
        """What the model writes."""
        options = self._options
        declined = False

        async def send() -> CallAnswer:
            nonlocal declined
            answer = await exchange(
                self._request(messages, most_tokens, cuts=cuts),
                Role.TEXT,
                seconds=options.timeout_seconds,
                most_bytes=_MOST_BYTES,
            )
            completion = completion_in(answer.body, answer.request_id)
            declined = completion.declined
            # A prompt that breaks off is none; longer ones are shortened in any case.
            broken_off = not cuts and completion.cut_off and len(completion.content) < LONGEST_PROMPT
            body = b"" if broken_off else completion.content.encode("utf-8", "replace")
            return CallAnswer(body, completion.usage, answer.request_id)

        request = {
            "model": options.model,
            "messages": messages,
            "most_tokens": most_tokens,
            "structured": options.structured if cuts else None,
            "reasoning_effort": options.reasoning_effort,
            "attempt": attempt,
        }
        most = most_of_chat(messages, most_tokens)
        body = await book.make(PlannedCall(Role.TEXT, options.model, request_sha256(request), most), send)
        if declined:
            await book.reject_answer()
            raise refused(Role.TEXT)
        return body.decode("utf-8", "replace")

    def _request(
        self, messages: tuple[str, str], most_tokens: int, *, cuts: bool
    ) -> AbstractAsyncContextManager[AsyncAPIResponse[Any]]:
        """One request that is sent when the answer's context is entered."""
        options = self._options
        system, user = messages
        conversation: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": system},
            {"role": "user", "content": user},
        ]
        shared: dict[str, Any] = {
            "model": options.model,
            "messages": conversation,
            options.token_parameter: most_tokens,
            "reasoning_effort": options.reasoning_effort or omit,
        }
        completions = self._client.chat.completions.with_streaming_response
        if not cuts or options.structured == "none":
            return completions.create(**shared)
        if options.structured == "json_object":
            return completions.create(**shared, response_format={"type": "json_object"})
        return completions.parse(**shared, response_format=CutsAnswer)
