"""Variables, outputs and expressions of a state machine in JSONata."""

import pytest

HOSTILE = [
    "it's",
    'say "no"',
    "two\nlines\r\n\ttab",
    "$eval(1)",
    "{% $states.input %}",
    "'; DROP TABLE ledger; --",
    "back\\slash \\u0041 \\n",
    "`tick` ${Name} $(id)",
    "żółć 漢字 🚲 \u2028",
    "",
    "null",
    "*/ comment /*",
]


def test_every_line_of_an_assign_sees_the_values_from_before_it(machines):
    ended = machines.run("""
StartAt: First
States:
  First: {Type: Pass, Assign: {a: 1, b: 2}, Next: Swap}
  Swap: {Type: Pass, Assign: {a: "{% $b %}", b: "{% $a %}"}, Next: Say}
  Say: {Type: Succeed, Output: ["{% $a %}", "{% $b %}"]}
""")
    assert ended.output == [2, 1]


def test_output_and_assign_of_one_state_do_not_see_each_other(machines):
    ended = machines.run("""
StartAt: First
States:
  First: {Type: Pass, Assign: {a: old}, Next: Second}
  Second: {Type: Pass, Assign: {a: new}, Output: {seen: "{% $a %}"}, Next: Say}
  Say: {Type: Succeed, Output: {seen: "{% $states.input.seen %}", after: "{% $a %}"}}
""")
    assert ended.output == {"seen": "old", "after": "new"}


def test_a_catcher_s_output_and_assign_do_not_see_each_other(machines):
    ended = machines.run("""
StartAt: First
States:
  First: {Type: Pass, Assign: {failure: null}, Next: Both}
  Both:
    Type: Parallel
    Branches: [{StartAt: Bad, States: {Bad: {Type: Fail, Error: BadError}}}]
    Catch: [{ErrorEquals: [BadError], Assign: {failure: "{% $states.errorOutput.Error %}"}, Output: {seen: "{% $failure %}"}, Next: Say}]
    End: true
  Say: {Type: Succeed, Output: {seen: "{% $states.input.seen %}", after: "{% $failure %}"}}
""")
    assert ended.output == {"seen": None, "after": "BadError"}


def test_a_null_is_a_value_in_variables_and_in_what_is_made_of_them(machines):
    ended = machines.run(
        """
StartAt: Keep
States:
  Keep: {Type: Pass, Assign: {literal: null, given: "{% $states.input.given %}", nested: {a: null}}, Next: Say}
  Say:
    Type: Succeed
    Output:
      literal: "{% $literal %}"
      given: "{% $given %}"
      nested: "{% $nested %}"
      is_null: "{% $literal = null %}"
      exists: "{% $exists($literal) %}"
      merged: "{% $merge([{'x': 1}, {'y': $given}]) %}"
      listed: "{% [$literal, 1] %}"
""",
        {"given": None},
    )
    assert ended.output == {
        "literal": None,
        "given": None,
        "nested": {"a": None},
        "is_null": True,
        "exists": True,
        "merged": {"x": 1, "y": None},
        "listed": [None, 1],
    }


def test_hostile_text_is_only_data(machines):
    """GIVEN text that would be code if it were spliced into an expression THEN it comes out as it went in."""
    data = {"texts": HOSTILE, **{text: number for number, text in enumerate(HOSTILE)}}
    ended = machines.run(
        """
StartAt: Keep
States:
  Keep: {Type: Pass, Assign: {all: "{% $states.input %}", first: "{% $states.input.texts[0] %}"}, Next: Again}
  Again: {Type: Pass, Assign: {all: "{% $all %}", copy: {of: "{% $all %}"}}, Next: Say}
  Say:
    Type: Succeed
    Output:
      all: "{% $copy.of %}"
      joined: "{% $join($all.texts, '|') %}"
      parsed: "{% $parse($string($all)) %}"
      looked_up: "{% $lookup($all, $first) %}"
""",
        data,
    )
    assert ended.status == "SUCCEEDED", ended.cause
    assert ended.output == {"all": data, "joined": "|".join(HOSTILE), "parsed": data, "looked_up": 0}


def test_hostile_text_reaches_a_service_and_comes_back_unchanged(machines, tables):
    ended = machines.run(
        """
StartAt: Each
States:
  Each:
    Type: Map
    Items: "{% $states.input %}"
    ItemProcessor:
      ProcessorConfig: {Mode: INLINE}
      StartAt: Write
      States:
        Write:
          Type: Task
          Resource: arn:aws:states:::dynamodb:putItem
          Arguments: {TableName: TABLE, Item: {pk: {S: "{% 'k' & $states.input %}"}, text: {S: "{% $states.input %}"}}}
          Assign: {text: "{% $states.input %}"}
          Next: Read
        Read:
          Type: Task
          Resource: arn:aws:states:::dynamodb:getItem
          Arguments: {TableName: TABLE, ConsistentRead: true, Key: {pk: {S: "{% 'k' & $text %}"}}}
          Output: "{% $states.result.Item.text.S %}"
          End: true
    End: true
""".replace("TABLE", tables[0]),
        HOSTILE,
    )
    assert ended.output == HOSTILE


def test_the_transform_operator_changes_a_copy(machines):
    ended = machines.run(
        """
StartAt: Keep
States:
  Keep: {Type: Pass, Assign: {entry: "{% $states.input %}", arn: "arn:x"}, Next: Say}
  Say: {Type: Succeed, Output: {changed: "{% $entry ~> |Detail.data|{'arn': $arn}, ['gone']| %}", kept: "{% $entry %}"}}
""",
        {"Source": "s", "Detail": {"data": {"run": "r", "gone": 1}}},
    )
    assert ended.output["changed"] == {"Source": "s", "Detail": {"data": {"run": "r", "arn": "arn:x"}}}
    assert ended.output["kept"] == {"Source": "s", "Detail": {"data": {"run": "r", "gone": 1}}}


def test_whole_numbers_stay_whole_and_large_ones_exact(machines):
    ended = machines.run(
        """
StartAt: Say
States:
  Say:
    Type: Succeed
    Output:
      floor: "{% $floor($toMillis('2025-01-02T03:04:05.678Z') / 1000) %}"
      text: "{% $string($floor($toMillis('2025-01-02T03:04:05.678Z') / 1000) + 3600) %}"
      big: "{% $states.input.big %}"
      half: "{% $states.input.n / 4 %}"
      power: "{% $min([60, $power(2, $min([6, 3]))]) %}"
""",
        {"big": 2**53 - 1, "n": 2},
    )
    assert ended.output == {"floor": 1735787045, "text": "1735790645", "big": 2**53 - 1, "half": 0.5, "power": 8}


def test_the_context_names_execution_machine_and_state(machines):
    ended = machines.run("""
StartAt: Say
States:
  Say:
    Type: Pass
    Output:
      id: "{% $states.context.Execution.Id %}"
      name: "{% $states.context.Execution.Name %}"
      started: "{% $toMillis($states.context.Execution.StartTime) > 1600000000000 %}"
      state: "{% $states.context.State.Name %}"
      entered: "{% $states.context.State.EnteredTime %}"
      machine: "{% $states.context.StateMachine.Name %}"
    End: true
""")
    assert ended.output["id"] == ended.arn
    assert ended.arn.endswith(":" + ended.output["name"])
    assert ended.output["started"] is True
    assert ended.output["state"] == "Say"
    assert ended.output["entered"].endswith("Z")
    assert ended.arn.split(":")[-2] == ended.output["machine"]


def test_literal_text_keeps_its_quotes_and_line_ends(machines):
    """A text that is no expression is taken as it stands."""
    ended = machines.run(r"""
StartAt: Keep
States:
  Keep: {Type: Pass, Assign: {text: "say \"no\"\nand \\ go 🚲"}, Output: "say \"no\"\nand \\ go 🚲", Next: Say}
  Say: {Type: Succeed, Output: ["{% $text %}", "{% $states.input %}"]}
""")
    assert ended.output == ['say "no"\nand \\ go 🚲'] * 2


def test_a_machine_with_an_expression_that_does_not_parse_is_refused(machines):
    with pytest.raises(machines.client.exceptions.InvalidDefinition):
        machines.create("""
StartAt: Say
States:
  Say: {Type: Pass, Output: "{% $merge([ %}", End: true}
""")


def test_eval_is_no_function_of_a_state_machine(machines):
    ended = machines.run("""
StartAt: Say
States:
  Say: {Type: Pass, Output: "{% $eval('1 + 1') %}", End: true}
""")
    assert (ended.status, ended.error) == ("FAILED", "States.QueryEvaluationError"), ended.cause
