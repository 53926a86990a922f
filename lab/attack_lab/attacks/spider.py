"""A scrapy spider over the shop's pages: `scrapy runspider spider.py -a base=https://127.0.0.1:8443 -a count=300`."""

import json
from collections.abc import Iterator
from typing import Any

import scrapy


class Shop(scrapy.Spider):
    name = "shop"
    custom_settings = {
        "ROBOTSTXT_OBEY": False, "CONCURRENT_REQUESTS": 8, "CONCURRENT_REQUESTS_PER_DOMAIN": 8, "DOWNLOAD_DELAY": 0,
        "RETRY_ENABLED": False, "LOG_LEVEL": "ERROR", "TELNETCONSOLE_ENABLED": False, "DOWNLOAD_TIMEOUT": 20,
    }
    answered = 0

    def __init__(self, base: str, count: str, **more: Any) -> None:
        super().__init__(**more)
        self.started = int(count)
        # The shop is small; what scrapers do is ask for its pages over and over.
        self.start_urls = [f"{base}/products/{number % 12 + 1}?page={number}" for number in range(self.started)]

    def parse(self, response: Any) -> Iterator[dict[str, str]]:
        self.answered += 1
        yield {"name": response.css("h1::text").get(default="")}

    def closed(self, reason: str) -> None:
        print(json.dumps({"started": self.started, "answered": self.answered}))
