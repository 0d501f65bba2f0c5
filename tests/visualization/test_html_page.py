import base64
import re
from io import BytesIO

import numpy as np
import pytest
from fixtures.pages import Page
from PIL import Image

from sslrecipes.errors import StorageError
from sslrecipes.visualization.html_page import Figure, html_page, write_page

RED = np.full((4, 6, 3), (255, 0, 0), np.uint8)
WIDE = np.zeros((10, 500, 3), np.uint8)


def test_pictures_are_inside_the_page():
    (image,) = Page(html_page('t', {}, [Figure(RED, 'red')])).all('img')
    kind, _, content = image['src'].partition(',')
    assert kind == 'data:image/png;base64'
    assert (np.asarray(Image.open(BytesIO(base64.b64decode(content)))) == RED).all()


def test_nothing_is_loaded_from_elsewhere_and_no_script_runs():
    text = html_page('t', {'a': 'b'}, [Figure(RED, 'red'), Figure(WIDE, 'wide')])
    assert not Page(text).all('script')
    assert not re.search(r'https?://|@import|url\(|style=', text)
    assert "default-src 'none'; img-src data:" in text


def test_names_are_escaped():
    nasty = '<script>alert("x")</script> & \'{}\''
    page = Page(html_page(nasty, {nasty: nasty}, [Figure(RED, nasty, heading=nasty)]))
    assert not page.all('script')
    assert page.texts.count(nasty) == 6  # title, heading, fact's name and value, row's heading, caption
    assert page.all('img')[0]['alt'] == f'{nasty}: {nasty}'


def test_a_heading_begins_a_row():
    figures = [Figure(RED, 'a', 'first'), Figure(RED, 'b'), Figure(RED, 'c', 'second')]
    page = Page(html_page('t', {}, figures))
    assert len(page.all('section')) == len(page.all('h2')) == 2
    assert [image['alt'] for image in page.all('img')] == ['first: a', 'first: b', 'second: c']


def test_figures_without_headings_share_a_row():
    page = Page(html_page('t', {}, [Figure(RED, 'a'), Figure(RED, 'b')]))
    assert len(page.all('section')) == 1
    assert not page.all('h2')
    assert [image['alt'] for image in page.all('img')] == ['a', 'b']


def test_small_pictures_are_magnified_with_sharp_pixels_and_wide_ones_are_not():
    page = Page(html_page('t', {}, [Figure(RED, 'a'), Figure(WIDE, 'b')]))
    assert [image.get('class') for image in page.all('img')] == ['small', None]
    assert [(image['width'], image['height']) for image in page.all('img')] == [('320', '213'), ('500', '10')]


def test_written_as_a_whole_into_a_new_folder(tmp_path):
    path = write_page(tmp_path / 'new' / 'page.html', 'Überschrift', {}, [Figure(RED, 'a')])
    assert path.read_text(encoding='utf-8') == html_page('Überschrift', {}, [Figure(RED, 'a')])
    assert [file.name for file in path.parent.iterdir()] == ['page.html']


def test_names_of_files_that_are_no_unicode_are_shown_as_far_as_they_are(tmp_path):
    figure = Figure(np.zeros((2, 2, 3), np.uint8), 'input', heading='caf\udce9.png')  # as Python reads b'caf\xe9.png'
    page = write_page(tmp_path / 'page.html', 'Pictures', {}, [figure])
    assert r'caf\udce9.png' in page.read_text(encoding='utf-8')


def test_a_page_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(StorageError, match=r'page\.html'):
        write_page(tmp_path / 'file' / 'page.html', 't', {}, [])
