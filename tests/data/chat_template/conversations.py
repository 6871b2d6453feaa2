"""Variables that the chat templates of families.py are rendered with."""

BOS = {"bos_token": "<s>", "eos_token": "</s>", "tools": None, "documents": None}

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.\nToday's, or \"tomorrow's\" <now>.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string", "description": "Name, as in Zürich "},
                "days": {"type": "array", "items": {"type": "integer"}},
                "unit": {"type": ["string", "null"]},
                "detail": {"type": "object", "additionalProperties": {"type": "number"}},
            },
            "required": ["city"],
        },
        "return": {"type": "string"},
    },
}

USER = {"role": "user", "content": " Hi there\nfriend "}
SYSTEM = {"role": "system", "content": "Be brief."}
REPLY = {"role": "assistant", "content": "<think>\nhm\n</think>\n\nHello! 你好 'quoted' "}
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{
        "id": "abcdefghi",
        "type": "function",
        "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": [1, 2.5]}},
    }],
}
RESULT = {"role": "tool", "content": '{"celsius": 21.0}', "tool_call_id": "abcdefghi"}


def conversations():
    """Pairs of a name and the variables."""
    def of(messages, prompt=True, **more):
        return {**BOS, "messages": messages, "add_generation_prompt": prompt, **more}

    parts = [{"type": "image"}, {"type": "text", "text": " What is it? "}]
    return [
        ("one question", of([USER])),
        ("system and turns", of([SYSTEM, USER, REPLY, USER])),
        ("turns, no prompt", of([USER, REPLY], prompt=False)),
        ("turns out of order", of([USER, USER, REPLY])),
        ("tools", of([SYSTEM, USER], tools=[WEATHER])),
        ("a call and its result", of([USER, CALL, RESULT, REPLY, USER], tools=[WEATHER])),
        ("parts", of([{"role": "user", "content": parts}])),
        ("documents", of([USER], documents=[{"title": "A", "text": "b\nc"}, {"title": "D"}])),
        ("thinking off", of([SYSTEM, USER], enable_thinking=False)),
        ("nothing said", of([])),
    ]
