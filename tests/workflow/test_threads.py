"""TensorFlow's threads are set before it starts, and not behind its back afterwards."""

import os
import sys

import pytest

from trigger_nn.errors import TriggerNNError
from trigger_nn.workflow.threads import VARIABLE, limit_threads


def test_the_number_is_left_to_tensorflow_where_none_is_asked_for(monkeypatch):
    monkeypatch.setenv(VARIABLE, "3")
    limit_threads(None)
    assert os.environ[VARIABLE] == "3"


def test_the_number_is_set_before_tensorflow_starts(monkeypatch):
    monkeypatch.setenv(VARIABLE, "3")
    monkeypatch.delitem(sys.modules, "tensorflow", raising=False)
    limit_threads(2)
    assert os.environ[VARIABLE] == "2"


def test_it_can_not_be_changed_afterwards(monkeypatch):
    monkeypatch.setenv(VARIABLE, "3")
    monkeypatch.setitem(sys.modules, "tensorflow", object())
    limit_threads(3)
    with pytest.raises(TriggerNNError, match=r"threads is 2"):
        limit_threads(2)
