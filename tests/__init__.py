"""The tests of smtpmock."""

import pytest

pytest.register_assert_rewrite("tests.explained", "tests.sending")
