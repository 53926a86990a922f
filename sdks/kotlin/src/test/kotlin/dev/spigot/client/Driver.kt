package dev.spigot.client

import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** `vectors FILE`, `failures`, `token SERVICE SITE_KEY`, or `get URL`: what the shared checks ask of this client. */
fun main(arguments: Array<String>) {
    when (arguments[0]) {
        "vectors" -> println(Json.write(mapOf("checked" to vectors(File(arguments[1])))))
        "failures" -> println(Json.write(mapOf("checked" to failures())))
        "token" -> println(Json.write(mapOf("token" to Spigot().token(arguments[1], arguments[2], action = "sign-up"))))
        "get" -> {
            val sent = Spigot().send(AppRequest("GET", arguments[1], mapOf("Accept" to "application/json", "User-Agent" to "shop-app/1")))
            println(Json.write(mapOf("status" to sent.answer.status, "cookie" to (sent.cookie != null), "text" to sent.answer.text())))
        }
    }
}

private fun vectors(file: File): Int {
    val vectors = Json.read(file.readText()) as Map<*, *>
    var checked = 0
    fun each(name: String, check: (Map<*, *>) -> Unit) = (vectors[name] as List<*>).forEach {
        check(it as Map<*, *>)
        checked++
    }
    val leaf = Cachewalk.Leaf()
    each("keys") { same(it["key"], hex(Blake2s.words(unhex(it["bytes"])))) }
    each("leaves") { same(it["leaf"], hex(leaf.of(words(it["key"]), word(it["i"]), word(it["dom"])))) }
    each("roots") { same(it["root"], hex(Cachewalk((it["log2_n"] as Double).toInt(), 1, 1).root(words(it["key"])))) }
    each("proofs") {
        val (n, grind, open) = listOf("log2_n", "grind", "open").map { name -> (it[name] as Double).toInt() }
        same(it["proof"], hex(Cachewalk(n, grind, open).solve(unhex(it["challenge_and_mac"]))))
    }
    each("sha256") {
        val nonce = Sha256Puzzle.solve(unhex(it["challenge_and_mac"]), (it["bits"] as Double).toInt())
        same((it["nonce"] as Double).toLong(), ByteBuffer.wrap(nonce).order(ByteOrder.LITTLE_ENDIAN).getLong())
    }
    return checked
}

/** Beyond 2^31 a number is the word of the same bits. */
private fun word(number: Any?) = (number as Double).toLong().toInt()

private fun same(expected: Any?, found: Any) = check(expected == found) { "$found is not $expected" }

private fun unhex(text: Any?) = (text as String).chunked(2).map { it.toInt(16).toByte() }.toByteArray()

private fun hex(bytes: ByteArray) = bytes.joinToString("") { "%02x".format(it) }

private fun hex(words: IntArray) = hex(words.flatMap { word -> (0..3).map { (word ushr (8 * it)).toByte() } }.toByteArray())

private fun words(text: Any?): IntArray {
    val bytes = unhex(text)
    return IntArray(bytes.size / 4) { word -> (0..3).fold(0) { all, at -> all or ((bytes[4 * word + at].toInt() and 0xff) shl (8 * at)) } }
}
