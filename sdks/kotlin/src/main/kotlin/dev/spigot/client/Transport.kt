package dev.spigot.client

import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.net.HttpURLConnection
import java.net.SocketTimeoutException
import java.net.URL
import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException
import kotlin.concurrent.thread

/** A request of the app. */
class AppRequest(val method: String, val url: String, val headers: Map<String, String> = emptyMap(), val body: ByteArray? = null)

/** Its answer; header names are in lower case. */
class AppAnswer(val status: Int, val headers: Map<String, List<String>>, val body: ByteArray) {
    fun header(name: String): String? = headers[name]?.lastOrNull()

    fun text(): String = body.decodeToString()
}

/** Sends requests: put your own HTTP client behind it, so that cookies and the user agent are the same everywhere. */
fun interface Transport {
    /** Throws an IOException when there is no answer. */
    fun send(request: AppRequest): AppAnswer
}

/** The platform's own, without cookies; redirections are answers. */
class UrlTransport(
    /** For the whole call, also against an answer that comes letter by letter. */
    private val timeoutMillis: Int = 10_000,
) : Transport {
    /** Throws a [SpigotException] with `timed_out`, `unreachable` or `unreadable`. */
    override fun send(request: AppRequest): AppAnswer {
        val connection = opened(request.url)
        val exchange = FutureTask { exchange(connection, request) }
        // The platform's own timeouts are for each read: only somebody else can end a call that goes on and on.
        thread(isDaemon = true, name = "spigot-call") { exchange.run() }
        try {
            return exchange.get(timeoutMillis.toLong(), TimeUnit.MILLISECONDS)
        } catch (why: ExecutionException) {
            throw when (val cause = why.cause) {
                is SpigotException -> cause
                is SocketTimeoutException -> late(request)
                is IOException -> SpigotException("unreachable", cause.toString())
                else -> SpigotException("unreachable", "${request.url} cannot be asked: $cause")
            }
        } catch (_: TimeoutException) {
            throw late(request)
        } finally {
            // Closing waits for whoever reads; nobody waits for closing.
            if (!exchange.isDone) thread(isDaemon = true, name = "spigot-close") { connection.disconnect() }
        }
    }

    private fun late(request: AppRequest) =
        SpigotException("timed_out", "no whole answer within $timeoutMillis ms from ${request.url}")

    private fun opened(url: String): HttpURLConnection {
        @Suppress("DEPRECATION")
        val connection = try {
            URL(url).openConnection()
        } catch (why: IOException) {
            throw SpigotException("unreachable", "$url is no address to ask: ${why.message}")
        }
        return connection as? HttpURLConnection ?: throw SpigotException("unreachable", "$url is no address to ask by HTTP")
    }

    private fun exchange(connection: HttpURLConnection, request: AppRequest): AppAnswer {
        val until = System.nanoTime() + timeoutMillis * 1_000_000L
        try {
            connection.requestMethod = request.method
            connection.connectTimeout = timeoutMillis
            connection.readTimeout = timeoutMillis
            connection.instanceFollowRedirects = false
            request.headers.forEach(connection::setRequestProperty)
            request.body?.let { body ->
                connection.doOutput = true
                connection.setFixedLengthStreamingMode(body.size)
                connection.outputStream.use { it.write(body) }
            }
            val status = connection.responseCode
            val stream = if (status >= 400) connection.errorStream else connection.inputStream
            val body = stream?.use { input -> bounded(input, until) } ?: ByteArray(0)
            // The platform takes a connection that breaks for the end of an answer.
            val told = connection.contentLengthLong.takeUnless { request.method == "HEAD" || status == 304 } ?: -1
            if (told >= 0 && told != body.size.toLong()) throw IOException("the answer broke off after ${body.size} of $told bytes")
            val headers = connection.headerFields.filterKeys { it != null }.entries
                .groupBy({ it.key.lowercase() }, { it.value }).mapValues { (_, values) -> values.flatten() }
            return AppAnswer(status, headers, body)
        } finally {
            connection.disconnect()
        }
    }

    /** Reads what nobody waits for any more no further. */
    private fun bounded(input: InputStream, until: Long): ByteArray {
        val read = ByteArrayOutputStream()
        val chunk = ByteArray(8192)
        while (true) {
            val count = input.read(chunk)
            if (count < 0) return read.toByteArray()
            read.write(chunk, 0, count)
            if (System.nanoTime() - until > 0) throw SocketTimeoutException()
            if (read.size() > ANSWER_BYTES_MAX) throw SpigotException("unreadable", "the answer is larger than 16 MiB")
        }
    }

    private companion object {
        /** An app's own answers pass through here; larger ones go by a transport of the app's. */
        const val ANSWER_BYTES_MAX = 16 shl 20
    }
}
