"""Look at a page as browsers show it: pictures of it light, dark, on a phone, and as a PDF for A4.

    python tests/long/report_screenshots.py REPORT.html OUT [--browser /usr/bin/chromium] [--height 900]

Needs Playwright (`pip install playwright`) and a Chromium. `--height` cuts the pictures of a long page; without it they
show the whole of it. Exits with 1 if anything is wider than the screen, or was refused by the page's policy.
"""

import argparse
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

#: File, colours, width of the screen in px, pixels per px.
LOOKS = (
    ('light', 'light', 1280, 1),
    ('dark', 'dark', 1280, 1),
    ('phone', 'light', 360, 2),
    ('phone_dark', 'dark', 360, 2),
)
WIDER = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'


def look(browser: Browser, address: str, out: Path, height: int | None) -> list[str]:
    """Write the pictures and the PDF; return what is wrong."""
    wrong, asked = [], []
    for name, colours, width, scale in LOOKS:
        page = browser.new_page(
            color_scheme=colours, viewport={'width': width, 'height': height or 900}, device_scale_factor=scale
        )
        page.on('console', lambda message, name=name: wrong.append(f'{name}: {message.text}'))
        page.on('request', lambda request: asked.append(request.url))
        page.goto(address)
        if page.evaluate(WIDER):
            wrong.append(f'{name}: wider than {width} px')
        page.screenshot(path=out / f'{name}.png', full_page=height is None)
        page.close()
    page = browser.new_page()
    page.goto(address)
    page.pdf(path=out / 'print.pdf', prefer_css_page_size=True)
    return [*wrong, *(f'asks for {url}' for url in asked if url.startswith('http'))]


def main() -> None:
    """Read the command line and look."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('report', type=Path, help='the page')
    parser.add_argument('out', type=Path, help='folder of the pictures; it is made')
    parser.add_argument('--browser', default='/usr/bin/chromium', help='program of the browser')
    parser.add_argument('--height', type=int, help='height of the pictures in px, the whole page by default')
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.browser, args=['--no-sandbox'])
        wrong = look(browser, args.report.resolve().as_uri(), args.out, args.height)
        browser.close()
    print('\n'.join(wrong) or f'written to {args.out}')
    sys.exit(bool(wrong))


if __name__ == '__main__':
    main()
