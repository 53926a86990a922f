package dev.spigot.client

import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL

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

/** The platform's own, without cookies. */
class UrlTransport(private val timeoutMillis: Int = 10_000) : Transport {
    override fun send(request: AppRequest): AppAnswer {
        @Suppress("DEPRECATION")
        val connection = URL(request.url).openConnection() as HttpURLConnection
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
            val body = stream?.use { input -> bounded(input) } ?: ByteArray(0)
            val headers = connection.headerFields.filterKeys { it != null }.entries
                .groupBy({ it.key.lowercase() }, { it.value }).mapValues { (_, values) -> values.flatten() }
            return AppAnswer(status, headers, body)
        } finally {
            connection.disconnect()
        }
    }

    private fun bounded(input: java.io.InputStream): ByteArray {
        val read = java.io.ByteArrayOutputStream()
        val chunk = ByteArray(8192)
        while (true) {
            val count = input.read(chunk)
            if (count < 0) return read.toByteArray()
            read.write(chunk, 0, count)
            if (read.size() > ANSWER_BYTES_MAX) throw IOException("the answer is larger than 16 MiB")
        }
    }

    private companion object {
        /** An app's own answers pass through here; larger ones go by a transport of the app's. */
        const val ANSWER_BYTES_MAX = 16 shl 20
    }
}
