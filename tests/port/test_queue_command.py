"""``qujiang port queue`` as a person and as a machine call it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from qujiang.cli.port import port
from qujiang.errors import ScenarioError


def ask(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(port, ["queue", *words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_wait():
    answer = ask("--arrival", "E2", "--service", "E2", "--servers", "5", "--utilisation", "0.8")
    assert answer["wait_over_service"] == pytest.approx(0.241838, abs=5e-7)


def test_the_inversions():
    assert ask("--arrival", "M", "--service", "E2", "--load", "8.375", "--wait-ratio", "0.1")["servers_needed"] == 11
    allowed = ask("--arrival", "M", "--service", "M", "--servers", "5", "--wait-ratio", "0.1")["utilisation_allowed"]
    assert allowed == pytest.approx(0.579, abs=5e-4)
    assert (
        ask("--arrival", "M", "--service", "M", "--utilisation", "0.8", "--wait-ratio", "0.56")["servers_needed"] == 5
    )


def test_overload_is_one_sentence():
    with pytest.raises(ScenarioError, match=r"grows by 0\.4 per mean service time"):
        CliRunner().invoke(port, ["queue", "--servers", "2", "--utilisation", "1.2"], catch_exceptions=False)


def test_an_incomplete_question_is_wrong_use():
    result = CliRunner().invoke(port, ["queue", "--servers", "2"])
    assert result.exit_code == 2
    assert "--wait-ratio" in result.output
