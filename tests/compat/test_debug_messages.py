import logging

import pytest
from mmengine.logging import MMLogger, print_log


@pytest.mark.parametrize(('level', 'printed'), [(logging.DEBUG, ''), (logging.INFO, 'words\n')])
def test_without_a_logger_debug_messages_are_dropped(capsys, level, printed):
    print_log('words', level=level)
    assert capsys.readouterr().out == printed


def test_a_logger_decides_for_itself(capsys):
    print_log('words', MMLogger.get_instance('test_debug_messages', log_level='DEBUG'), logging.DEBUG)
    assert 'DEBUG - words' in capsys.readouterr().out
