"""OWASP's automated threats: what of them this shop has, and what not and why."""

NAMES = {
    "001": "Carding", "002": "Token Cracking", "003": "Ad Fraud", "004": "Fingerprinting", "005": "Scalping",
    "006": "Expediting", "007": "Credential Cracking", "008": "Credential Stuffing", "009": "CAPTCHA Defeat",
    "010": "Card Cracking", "011": "Scraping", "012": "Cashing Out", "013": "Sniping", "014": "Vulnerability Scanning",
    "015": "Denial of Service", "016": "Skewing", "017": "Spamming", "018": "Footprinting", "019": "Account Creation",
    "020": "Account Aggregation", "021": "Denial of Inventory",
}

# Every code is either here or attacked; `measure` refuses a catalogue for which that is not so.
NOT_APPLICABLE = {
    "003": "the shop shows no advertisement and pays for no click",
    "004": "a handful of ordinary requests; nothing tells them from a visit, and what they find is the application's to hide",
    "006": "no process of the shop has steps whose speed is worth anything",
    "012": "the shop keeps no stored value that could be turned into money",
    "013": "nothing in the shop ends at a time at which being last would help",
    "016": "the shop counts no votes, views or clicks; its one count, subscribers, is attacked as spamming (017)",
    "020": "needs people who give their passwords to a third party that logs in for them; to the shop it looks like 008 with right passwords",
    "021": "carts live in the visitor's cookie and hold no stock",
}
