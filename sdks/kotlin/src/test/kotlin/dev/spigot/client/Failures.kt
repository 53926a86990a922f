package dev.spigot.client

/** What goes wrong comes to the failure that is meant, and never to a token: how many cases were checked. */
internal fun failures(): Int {
    var checked = 0
    fun check(name: String, answers: List<Answer>, expected: String, asked: List<String>? = null, ask: (String) -> String = ::token) {
        val service = Service(answers)
        val found = service.use { outcome { ask(service.base) } }
        check(found == expected) { "$name: $found is not $expected" }
        asked?.let { check(service.asked == it) { "$name: ${service.asked} were asked, not $it" } }
        checked++
    }

    fun sending(name: String, answers: List<Answer>, expected: String, vararg asked: String) =
        check(name, answers, expected, asked.toList(), ::send)

    val easy = json(200, CHALLENGE)
    val expired = problem(400, mapOf("code" to "expired", "challenge" to CHALLENGE))
    val done = json(200, mapOf("token" to "pt_1"))
    val (one, two) = listOf(listOf("challenge", "solve"), listOf("challenge", "solve", "solve"))
    check("a token", listOf(easy, done), "pt_1", one)
    check("at once", listOf(done), "pt_1", listOf("challenge"))
    check("more is asked for", listOf(easy, json(200, mapOf("next" to CHALLENGE)), done), "pt_1", two)
    check("too late, once", listOf(easy, expired, done), "pt_1", two)
    check("too late, again", listOf(easy, expired, expired), "expired 0", two)
    check("for ever", List(9) { easy }, "unreadable 0", two + "solve")
    check("throttled", listOf(problem(429, mapOf("code" to "throttled"), "Retry-After: 7\r\n")), "throttled 7")
    check("no problem", listOf(html(503)), "unreadable 0")
    check("no JSON", listOf(html(200)), "unreadable 0")
    check("half an answer", listOf(cutOff), "unreachable 0")
    check("a token of a refusal", listOf(json(403, mapOf("token" to "pt_1"))), "unreadable 0")
    check("no challenge", listOf(json(200, emptyMap())), "unreadable 0")
    check("a new kind", listOf(json(200, CHALLENGE + ("kind" to "riddle"))), "kind_unknown 0")
    check("no base64", listOf(json(200, CHALLENGE + ("challenge" to "?"))), "unreadable 0")
    check("no terms", listOf(json(200, CHALLENGE + ("kind" to "cachewalk"))), "unreadable 0")
    check("too many leaves", listOf(json(200, CHALLENGE + TERMS + ("log2_n" to 21))), "unreadable 0")
    check("too much grinding", listOf(json(200, CHALLENGE + TERMS + ("grind" to (1L shl 40)))), "unreadable 0")
    check("too many bits", listOf(json(200, CHALLENGE + ("bits" to 41))), "unreadable 0")
    check("no button", listOf(json(200, CHALLENGE + ("interaction" to "press"))), "press_missing 0")
    check("a long puzzle", listOf(json(200, CHALLENGE + ("bits" to 32))), "timed_out 0", ask = ::hurried)
    check("a long walk", listOf(json(200, CHALLENGE + TERMS + mapOf("log2_n" to 20))), "timed_out 0", ask = ::hurried)
    check("silence", listOf(silence), "timed_out 0", ask = ::hurried)
    check("a body letter by letter", listOf(letters("HTTP/1.1 200 OK\r\n\r\n")), "timed_out 0", ask = ::hurried)
    check("a head letter by letter", listOf(letters("HTTP/1.1 200 OK\r\nX-Long: ")), "timed_out 0", ask = ::hurried)
    check("nobody", emptyList(), "unreachable 0", ask = { token("http://127.0.0.1:1") })
    check("no address", emptyList(), "unreachable 0", ask = { token("nowhere") })

    val asks = problem(403, mapOf("code" to "challenge", "challenge" to CHALLENGE))
    sending("solved and sent", listOf(asks, cleared, cookies), "200 own=1; spigot_clearance=c", "orders", "solve", "orders")
    sending("refused twice", listOf(asks, cleared, asks), "403 ", "orders", "solve", "orders")
    sending("no clearance", listOf(asks, done), "403 ", "orders", "solve")
    sending("nothing to solve", listOf(problem(403, mapOf("code" to "block"))), "403 ", "orders")
    sending("a page", listOf(html(403)), "403 ", "orders")
    for (elsewhere in listOf("http://127.0.0.2/", "//127.0.0.2/x", "https://127.0.0.1/x", "http://127.0.0.1:1/x", "data:,x", "\\x")) {
        val there = problem(403, mapOf("code" to "challenge", "challenge" to CHALLENGE + ("solve_url" to elsewhere)))
        sending("a proof for $elsewhere", listOf(there), "403 ", "orders")
    }
    return checked
}

private val CHALLENGE = mapOf<String, Any?>("kind" to "sha256", "challenge" to "AAAA", "bits" to 4)
private val TERMS = mapOf<String, Any?>("kind" to "cachewalk", "log2_n" to 4, "grind" to 1, "open" to 1)

/** Long enough for a busy computer. */
private val patient = Spigot(UrlTransport(timeoutMillis = 120_000), solveMillis = 120_000)
private val impatient = Spigot(UrlTransport(timeoutMillis = 500), solveMillis = 200)

private fun token(base: String) = patient.token(base, "key")

private fun hurried(base: String) = impatient.token(base, "key")

private fun send(base: String): String {
    val sent = patient.send(AppRequest("GET", "$base/orders", mapOf("cookie" to "own=1", "User-Agent" to "app/1")))
    return "${sent.answer.status} ${if (sent.answer.status == 200) sent.answer.text() else ""}"
}

private fun outcome(ask: () -> String): String = try {
    ask()
} catch (why: SpigotException) {
    "${why.code} ${why.retryAfterSeconds}"
}
