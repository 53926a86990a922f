package dev.spigot.client

import java.io.IOException
import java.io.OutputStream
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import kotlin.concurrent.thread

/** What is answered to a request's head. */
internal typealias Answer = (head: List<String>, to: OutputStream) -> Unit

/** Answers one call after the other as it was told, letter for letter. */
internal class Service(private val answers: List<Answer>) : AutoCloseable {
    private val listening = ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"))
    private val open = java.util.Collections.synchronizedList(mutableListOf<Socket>())

    /** The last part of each path that was asked for. */
    val asked: MutableList<String> = java.util.Collections.synchronizedList(mutableListOf<String>())

    val base = "http://127.0.0.1:${listening.localPort}"

    init {
        thread(isDaemon = true) {
            try {
                while (true) answer(listening.accept().also(open::add))
            } catch (_: IOException) {
                // Closed.
            }
        }
    }

    private fun answer(socket: Socket) = thread(isDaemon = true) {
        try {
            socket.use {
                val head = head(socket)
                asked += head.first().split(' ')[1].substringAfterLast('/')
                answers[asked.size - 1](head, socket.getOutputStream())
            }
        } catch (_: IOException) {
            // The client has gone.
        }
    }

    /** The lines of a request's head, once its body has come, too. */
    private fun head(socket: Socket): List<String> {
        val input = socket.getInputStream()
        val text = StringBuilder()
        while (!text.endsWith("\r\n\r\n")) {
            val byte = input.read()
            if (byte < 0) throw IOException("half a head")
            text.append(byte.toChar())
        }
        val lines = text.trim().lines()
        repeat(field(lines, "content-length")?.toInt() ?: 0) { input.read() }
        return lines
    }

    override fun close() {
        listening.close()
        synchronized(open) { open.forEach(Socket::close) }
    }
}

private fun field(head: List<String>, name: String): String? =
    head.firstOrNull { it.substringBefore(':').equals(name, true) }?.substringAfter(':')?.trim()

private fun with(status: Int, type: String, text: String, more: String = ""): Answer = { _, to ->
    val head = "HTTP/1.1 $status Said\r\nContent-Type: $type\r\nContent-Length: ${text.length}\r\nConnection: close\r\n$more\r\n"
    to.write((head + text).encodeToByteArray())
}

internal fun json(status: Int, members: Map<String, Any?>) = with(status, "application/json", Json.write(members))

internal fun html(status: Int) = with(status, "text/html", "<p>no</p>")

internal fun problem(status: Int, members: Map<String, Any?>, more: String = "") =
    with(status, "application/problem+json", Json.write(members), more)

/** Whoever solves is who asked. */
internal val cleared: Answer = { head, to ->
    val status = if (field(head, "user-agent") == "app/1") 200 else 400
    with(status, "application/json", "{}", "Set-Cookie: spigot_clearance=c; Path=/\r\n")(head, to)
}

internal val cookies: Answer = { head, to -> with(200, "text/plain", field(head, "cookie").orEmpty())(head, to) }

internal val cutOff: Answer = { _, to ->
    to.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{".encodeToByteArray())
}

/** Until the client goes, or nobody would wait any longer. */
internal val silence: Answer = { _, _ -> Thread.sleep(60_000) }

internal fun letters(begin: String): Answer = { _, to ->
    to.write(begin.encodeToByteArray())
    while (true) {
        to.write(' '.code)
        to.flush()
        Thread.sleep(20)
    }
}
