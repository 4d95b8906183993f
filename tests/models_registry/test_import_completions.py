"""Completions generated elsewhere: found by id or text, stored byte for byte, all or none."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from core.errors import Conflict, Invalid
from models_registry.models import Completion
from models_registry.services.imports import import_completions
from models_registry.services.language_models import register_language_model
from prompts.services import create_pool, import_prompts, publish_version
from tests.data import shared_data

pytestmark = pytest.mark.django_db


def lines(*rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


@pytest.fixture
def bring(imported_model, make_pool):
    version = make_pool(["one", "two", ["first", "second"]])

    def run(data, filename="answers.jsonl", **options):
        return import_completions(
            data=data,
            filename=filename,
            language_model=imported_model,
            pool_version=version,
            now=timezone.now(),
            **options,
        )

    return run


def publish(path):
    pool = create_pool(slug="real")
    import_prompts(pool=pool, data=path.read_bytes(), filename=path.name)
    return publish_version(version=pool.versions.get(), now=timezone.now())


def codes(error):
    return [(one.row, one.code) for one in error.value.errors]


def test_finds_prompts_by_id_and_by_exact_text(bring):
    done = bring(lines({"prompt_id": "q0", "text": "a"}, {"prompt": "two", "text": "b"}))
    assert (done.created, done.present, done.total_errors) == (2, 0, 0)
    assert dict(Completion.objects.values_list("prompt__external_id", "text")) == {
        "q0": "a",
        "q1": "b",
    }
    assert set(Completion.objects.values_list("source", "state")) == {("imported", "succeeded")}


@pytest.mark.parametrize("text", ["  lead\r\n\ttrail \n", "é\u0301 ﬁ", "\u202eok", "= 1+1"])
def test_keeps_every_byte(bring, text):
    bring(lines({"prompt_id": "q0", "text": text}))
    row = Completion.objects.get()
    assert (row.text, row.turns) == (text, [text])


def test_keeps_line_ends_inside_csv_cells(bring):
    bring(b'prompt,text\r\none,"  a\r\nb "\r\n', filename="a.csv")
    assert Completion.objects.get().text == "  a\r\nb "


def test_keeps_empty_answers_and_flags_them(bring):
    done = bring(lines({"prompt_id": "q0", "text": ""}, {"prompt_id": "q1", "text": " \n"}))
    assert (done.created, done.empty) == (2, 2)
    assert set(Completion.objects.values_list("outcome", flat=True)) == {"empty"}


def test_a_conversation_needs_a_reply_a_turn(bring):
    bring(lines({"question_id": "q2", "choices": [{"turns": ["x", "y"]}]}))
    row = Completion.objects.get()
    assert (row.text, row.turns) == ("y", ["x", "y"])
    with pytest.raises(Invalid) as error:
        bring(lines({"prompt_id": "q2", "text": "x"}))
    assert codes(error) == [(1, "turns")]


def test_marks_what_names_its_maker(bring):
    assert bring(lines({"prompt_id": "q0", "text": "I am ChatGPT."})).naming_their_maker == 1


def test_the_same_file_again_changes_nothing(bring):
    data = lines({"prompt_id": "q0", "text": "a"})
    bring(data)
    done = bring(data)
    assert (done.created, done.present) == (0, 1)
    assert Completion.objects.count() == 1


def test_one_bad_row_and_nothing_is_imported(bring):
    rows = [
        {"prompt_id": "q0", "text": "a"},
        {"prompt_id": "q0", "text": "b"},
        {"prompt_id": "missing", "text": "c"},
        {"prompt_id": "q1"},
        {"text": "d"},
        {"prompt_id": True, "text": "e"},
        {"prompt_id": "q1", "text": 7},
        ["q1", "text"],
    ]
    data = lines(*rows) + b'\n{"prompt_id": "q1", "text": "\\u0000"}\n{"prompt_id": \n'
    with pytest.raises(Invalid) as error:
        bring(data)
    assert codes(error) == [
        (2, "duplicate"),
        (3, "no_such_prompt"),
        (4, "no_text"),
        (5, "no_prompt"),
        (6, "type"),
        (7, "type"),
        (8, "not_an_object"),
        (9, "not_json"),
        (10, "not_json"),
    ]
    assert error.value.message == "9 of 10 rows have errors; nothing was imported."
    assert error.value.errors[5].message == "It is a number, not a text."
    assert Completion.objects.count() == 0
    done = bring(data, skip_bad_rows=True)
    assert (done.created, done.total_errors) == (1, 9)


def test_another_answer_to_an_answered_prompt_is_an_error(bring):
    bring(lines({"prompt_id": "q0", "text": "a"}))
    with pytest.raises(Invalid) as error:
        bring(lines({"prompt_id": "q0", "text": "b"}))
    assert codes(error) == [(1, "answered")]
    assert Completion.objects.get().text == "a"


def test_a_text_that_two_prompts_have_needs_an_id(imported_model, make_pool):
    options = {"language_model": imported_model, "pool_version": make_pool(["same", "same"])}
    options |= {"filename": "a.jsonl", "now": timezone.now()}
    with pytest.raises(Invalid) as error:
        import_completions(data=lines({"prompt": "same", "text": "a"}), **options)
    assert codes(error) == [(1, "ambiguous")]
    row = {"prompt_id": "q1", "prompt": "same", "text": "a"}
    assert import_completions(data=lines(row), **options).created == 1


def test_an_id_that_contradicts_the_text_is_no_id(bring):
    bring(lines({"id": "q0", "prompt": "two", "text": "a"}))
    assert Completion.objects.get().prompt.external_id == "q1"


def test_answers_of_several_models_need_a_choice(bring):
    data = lines(
        {"prompt_id": "q0", "text": "a", "model": "x"},
        {"prompt_id": "q0", "text": "b", "model": "y"},
    )
    with pytest.raises(Invalid, match="2 model"):
        bring(data)
    with pytest.raises(Invalid, match="Say whose"):
        bring(data, rows_of="z")
    assert bring(data, rows_of="y").created == 1
    assert Completion.objects.get().text == "b"


def test_numbered_models_and_prompts_go_by_their_names_and_ids(bring):
    rows = [
        {"id": 0, "model": 7, "name": "GPT 4", "prompt": 3, "result": "a"},
        {"id": 1, "model": 8, "name": "LLaMA 2", "prompt": 3, "result": "b"},
    ]
    with pytest.raises(Invalid, match="Did you mean “GPT 4”"):
        bring(lines(*rows), rows_of="GPT-4")
    with pytest.raises(Invalid) as error:
        bring(lines(*rows), rows_of="GPT 4")
    assert codes(error) == [(1, "no_such_prompt")]
    assert error.value.errors[0].message == "The pool has no prompt “3”."


def test_answers_to_another_pool_are_told_once_and_not_row_by_row(bring):
    strangers = [{"prompt": f"{n} " + 90 * "x", "text": "a"} for n in range(40)]
    with pytest.raises(
        Invalid, match=r"None of the 40 rows belongs to .* pool “.+”, version 1\."
    ) as error:
        bring(lines(*strangers))
    assert (error.value.code, error.value.errors) == ("wrong_pool", [])
    with pytest.raises(Invalid, match="None of the 40 rows"):
        bring(lines(*strangers), skip_bad_rows=True)
    nearly = lines(*strangers, {"prompt": "two", "text": "b"})
    with pytest.raises(Invalid, match=r"Only 1 of 41 rows belongs to .* pool"):
        bring(nearly)
    assert bring(nearly, skip_bad_rows=True).created == 1


def test_a_long_text_is_cut_with_dots_and_turns_are_counted_in_words(bring):
    rows = [{"prompt": 90 * "x", "text": "a"}, {"prompt_id": "q2", "text": "b"}]
    with pytest.raises(Invalid) as error:
        bring(lines(*rows))
    assert [one.message for one in error.value.errors] == [
        f"The pool has no prompt “{79 * 'x'}…”.",
        "The prompt has 2 turns to answer, the row 1.",
    ]


def test_refuses_drafts_and_models_that_generate(make_pool, model, imported_model):
    version = make_pool(1)
    options = {"data": b"x", "filename": "a.csv", "now": timezone.now()}
    with pytest.raises(Conflict, match="generates its own"):
        import_completions(language_model=model, pool_version=version, **options)
    version.state, version.digest = "draft", ""
    version.save()
    with pytest.raises(Conflict, match="draft"):
        import_completions(language_model=imported_model, pool_version=version, **options)


def test_imports_real_alpaca_eval_outputs_byte_for_byte():
    version = publish(shared_data("prompts/alpaca_eval/alpaca_eval_first300.json"))
    empty = {}
    for name in ("text_davinci_003", "llama-2-70b-chat-hf", "gpt4", "gpt-3.5-turbo-0301"):
        path = shared_data(f"outputs/alpaca_eval/{name}.json")
        model = register_language_model(slug=name.replace(".", "-"), name=name)
        done = import_completions(
            data=path.read_bytes(),
            filename=path.name,
            language_model=model,
            pool_version=version,
            now=timezone.now(),
        )
        assert (done.created, done.total_errors) == (300, 0)
        empty[name] = done.empty
        expected = sorted(row["output"] for row in json.loads(path.read_bytes()))
        assert sorted(model.completions.values_list("text", flat=True)) == expected
    assert empty["text_davinci_003"] == 1


def test_imports_real_mt_bench_answers_by_question_id():
    version = publish(shared_data("prompts/mt_bench/question.jsonl"))
    path = shared_data("outputs/mt_bench/gpt-3.5-turbo.jsonl")
    done = import_completions(
        data=path.read_bytes(),
        filename=path.name,
        language_model=register_language_model(slug="turbo", name="Turbo"),
        pool_version=version,
        now=timezone.now(),
    )
    assert done.created == 80
    first = json.loads(path.read_bytes().splitlines()[0])
    row = Completion.objects.get(prompt__external_id=str(first["question_id"]))
    assert row.turns == first["choices"][0]["turns"]


def test_the_command_registers_the_model_and_imports(make_pool, tmp_path, capsys):
    make_pool(["one"], slug="small")
    file = tmp_path / "answers.json"
    file.write_text(json.dumps([{"instruction": "one", "output": "a", "generator": "g"}]))
    options = {"model": "given", "pool": "small", "name": "Given"}
    call_command("import_completions", str(file), **options)
    assert "1 imported" in capsys.readouterr().out
    assert Completion.objects.get().language_model.slug == "given"
    call_command("import_completions", str(file), **options | {"pool": "small/1"})
    assert "1 there already" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no pool"):
        call_command("import_completions", str(file), **options | {"pool": "other"})
    file.write_text("[{}]")
    with pytest.raises(CommandError, match="row 1"):
        call_command("import_completions", str(file), **options)
