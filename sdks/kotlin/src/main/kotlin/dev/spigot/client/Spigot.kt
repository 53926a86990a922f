package dev.spigot.client

import java.io.IOException
import java.net.SocketTimeoutException
import java.net.URI
import java.util.Base64

/**
 * Why there is no token: `code` is the service's word, as docs/widget-protocol.md lists them, or one of the client's own:
 * `unreachable`, `timed_out`, `unreadable`, `kind_unknown`, `press_missing`.
 */
class SpigotException(val code: String, detail: String, val retryAfterSeconds: Int = 0) : IOException("$code: $detail")

/** Solves what the service asks; safe to use on one thread at a time, and none of them the one that draws. */
class Spigot(
    private val transport: Transport = UrlTransport(),
    /** How long a puzzle may take. Challenges end after 120 seconds at the latest: later proofs are worth nothing. */
    private val solveMillis: Long = 90_000,
    private val goesOn: () -> Boolean = { true },
) {
    /**
     * A token for one site key, to be sent with the form: it counts once, for some minutes.
     *
     * @param service the service's address, such as https://challenge.example
     * @param press how long after it was shown a button was pressed, in milliseconds, where the site asks for a press
     */
    fun token(service: String, siteKey: String, action: String? = null, data: String? = null, press: (() -> Int)? = null): String {
        val base = service.trimEnd('/') + "/.spigot/widget/"
        val asked = mutableMapOf<String, Any?>("protocol" to 1, "site_key" to siteKey)
        action?.let { asked["action"] = it }
        data?.let { asked["data"] = it }
        var answer = call(base + "challenge", asked)
        var isRenewed = false
        // Two at most follow upon each other; a service that asks for ever is none.
        repeat(STEPS_MAX) {
            (answer["token"] as? String)?.let { return it }
            val challenge = answer["next"] as? Map<*, *> ?: answer
            val submission = asked + submission(challenge)
            val pressed = if (challenge["interaction"] == "press") {
                val after = press?.invoke() ?: throw SpigotException("press_missing", "this site asks for a press of a button")
                mapOf("pressed" to mapOf("by" to "other", "after_millis" to after))
            } else emptyMap()
            answer = try {
                call(base + "solve", submission + pressed)
            } catch (refusal: RefusedWithChallenge) {
                // Too late, or from another network by now: what comes along is solved, once.
                if (isRenewed) throw refusal.why
                isRenewed = true
                refusal.challenge
            }
        }
        return answer["token"] as? String ?: throw SpigotException("unreadable", "the service asks again and again")
    }

    /**
     * Sends a request of the app. When it is refused with a challenge, that is solved and the request sent once more, with
     * the clearance; a second refusal is the answer. The clearance is in the answer's `cookie` for the next requests.
     */
    fun send(request: AppRequest): Sent = sent(readsProblems(request))

    private fun sent(request: AppRequest): Sent {
        val first = transport.send(request)
        val problem = refusal(first) ?: return Sent(first, null)
        val challenge = problem["challenge"] as? Map<*, *> ?: return Sent(first, null)
        val asked = URI(request.url)
        val solved = try {
            asked.resolve(challenge["solve_url"] as? String ?: "/.spigot/solve")
        } catch (_: IllegalArgumentException) {
            return Sent(first, null)
        }
        // A proof goes to nobody but who asked for it.
        if (solved.scheme != asked.scheme || solved.authority != asked.authority) return Sent(first, null)
        val same = request.headers.filterKeys { it.equals("User-Agent", true) }
        val headers = same + ("Content-Type" to "application/json")
        val answer = transport.send(AppRequest("POST", solved.toString(), headers, Json.write(submission(challenge)).encodeToByteArray()))
        val cookie = answer.headers["set-cookie"].orEmpty().map { it.substringBefore(';') }.firstOrNull { it.startsWith("spigot_clearance=") }
        if (answer.status != 200 || cookie == null) return Sent(first, null)
        val own = request.headers.entries.firstOrNull { it.key.equals("Cookie", true) }
        val cookies = listOfNotNull(own?.value, cookie).joinToString("; ")
        val again = AppRequest(request.method, request.url, request.headers.filterKeys { it != own?.key } + ("Cookie" to cookies), request.body)
        return Sent(transport.send(again), cookie)
    }

    /** An answer, and the clearance that was earned on the way. */
    class Sent(val answer: AppAnswer, val cookie: String?)

    /** Whoever does not say that they read JSON is refused with a page or a sentence, which nobody here could solve. */
    private fun readsProblems(request: AppRequest): AppRequest {
        val name = request.headers.keys.firstOrNull { it.equals("Accept", true) } ?: "Accept"
        val accept = request.headers[name] ?: "*/*"
        if ("json" in accept) return request
        return AppRequest(request.method, request.url, request.headers + (name to "$accept, application/problem+json"), request.body)
    }

    private fun refusal(answer: AppAnswer): Map<*, *>? =
        if (isProblem(answer)) members(answer).takeIf { it["code"] == "challenge" } else null

    private fun isProblem(answer: AppAnswer) = answer.header("content-type").orEmpty().startsWith("application/problem+json")

    /** The members of a JSON object, or none where it is anything else. */
    private fun members(answer: AppAnswer): Map<*, *> = try {
        Json.members(answer.text())
    } catch (_: IllegalArgumentException) {
        emptyMap<String, Any?>()
    }

    private fun submission(challenge: Map<*, *>): Map<String, Any?> {
        val text = challenge["challenge"] as? String ?: throw SpigotException("unreadable", "the answer holds no challenge")
        val begun = System.nanoTime()
        val until = begun + solveMillis * 1_000_000
        val proof = try {
            solve(Base64.getUrlDecoder().decode(text), challenge) { System.nanoTime() - until < 0 && goesOn() }
        } catch (why: IllegalArgumentException) {
            throw SpigotException("unreadable", why.message.orEmpty())
        } catch (why: InterruptedException) {
            if (System.nanoTime() - until < 0) throw why
            throw SpigotException("timed_out", "the puzzle took longer than $solveMillis ms")
        }
        val encoded = Base64.getUrlEncoder().withoutPadding().encodeToString(proof)
        return mapOf("challenge" to text, "proof" to encoded, "millis" to (System.nanoTime() - begun) / 1_000_000)
    }

    private fun solve(bytes: ByteArray, challenge: Map<*, *>, goesOn: () -> Boolean): ByteArray {
        fun number(name: String) = (challenge[name] as? Double)?.toInt() ?: throw IllegalArgumentException("the challenge has no $name")
        return when (val kind = challenge["kind"]) {
            "cachewalk" -> Cachewalk(number("log2_n"), number("grind"), number("open")).solve(bytes, goesOn)
            "sha256" -> Sha256Puzzle.solve(bytes, number("bits"), goesOn)
            else -> throw SpigotException("kind_unknown", "this version does not solve $kind; update the app")
        }
    }

    private fun call(url: String, body: Map<String, Any?>): Map<*, *> {
        val headers = mapOf("Content-Type" to "application/json")
        val answer = try {
            transport.send(AppRequest("POST", url, headers, Json.write(body).encodeToByteArray()))
        } catch (why: SpigotException) {
            throw why
        } catch (why: SocketTimeoutException) {
            throw SpigotException("timed_out", why.toString())
        } catch (why: IOException) {
            throw SpigotException("unreachable", why.toString())
        }
        val told = members(answer)
        if (answer.status == 200) return told
        val code = told["code"] as? String
        if (code == null || !isProblem(answer)) throw SpigotException("unreadable", "status ${answer.status} without a problem")
        val seconds = answer.header("retry-after")?.toIntOrNull() ?: 0
        val why = SpigotException(code, told["detail"] as? String ?: "status ${answer.status}", seconds)
        throw (told["challenge"] as? Map<*, *>)?.let { RefusedWithChallenge(why, it) } ?: why
    }

    /** A refusal that a fresh challenge comes along with; never leaves this file but as what it says. */
    private class RefusedWithChallenge(val why: SpigotException, val challenge: Map<*, *>) : Exception()

    private companion object {
        const val STEPS_MAX = 3
    }
}
