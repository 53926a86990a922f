package dev.spigot.client

/** JSON (RFC 8259), since the platform has none: what is wrong is an IllegalArgumentException. */
internal class Json private constructor(private val text: String) {
    private var at = 0

    private fun value(depth: Int): Any? {
        require(depth <= DEPTH_MAX) { "nested too deep" }
        space()
        return when (peek()) {
            '{' -> members(depth)
            '[' -> items(depth)
            '"' -> string()
            't' -> word("true", true)
            'f' -> word("false", false)
            'n' -> word("null", null)
            else -> number()
        }
    }

    private fun members(depth: Int): Map<String, Any?> = buildMap {
        list('}') {
            space()
            val name = string()
            space()
            expect(':')
            put(name, value(depth + 1))
        }
    }

    private fun items(depth: Int): List<Any?> = buildList { list(']') { add(value(depth + 1)) } }

    private fun list(end: Char, one: () -> Unit) {
        at++
        space()
        if (peek() == end) {
            at++
            return
        }
        while (true) {
            one()
            space()
            if (peek() == end) {
                at++
                return
            }
            expect(',')
        }
    }

    private fun string(): String = buildString {
        expect('"')
        while (true) {
            val c = next()
            if (c == '"') return@buildString
            require(c >= ' ') { "a control character at $at" }
            append(if (c == '\\') escaped() else c)
        }
    }

    private fun escaped(): Char = when (val c = next()) {
        '"', '\\', '/' -> c
        'b' -> '\b'
        'f' -> '\u000c'
        'n' -> '\n'
        'r' -> '\r'
        't' -> '\t'
        'u' -> {
            require(at + 4 <= text.length) { "an unfinished escape" }
            text.substring(at, at + 4).toInt(16).toChar().also { at += 4 }
        }
        else -> throw IllegalArgumentException("an unknown escape at $at")
    }

    private fun word(word: String, value: Any?): Any? {
        require(text.startsWith(word, at)) { "not JSON at $at" }
        at += word.length
        return value
    }

    private fun number(): Double {
        val begin = at
        while (at < text.length && text[at] in "+-.0123456789eE") at++
        return requireNotNull(text.substring(begin, at).toDoubleOrNull()) { "not JSON at $begin" }
    }

    private fun space() {
        while (at < text.length && text[at] in " \t\r\n") at++
    }

    private fun peek(): Char = text.getOrNull(at) ?: throw IllegalArgumentException("not JSON at $at")

    private fun next(): Char = peek().also { at++ }

    private fun expect(c: Char) = require(next() == c) { "no $c before $at" }

    companion object {
        /** Deeper than anything the service says. */
        private const val DEPTH_MAX = 64

        fun read(text: String): Any? {
            val json = Json(text)
            val value = json.value(0)
            json.space()
            require(json.at == text.length) { "more behind the JSON" }
            return value
        }

        /** The members of an object, or none where it is anything else. */
        fun members(text: String): Map<*, *> = try {
            read(text) as? Map<*, *> ?: emptyMap<String, Any?>()
        } catch (_: IllegalArgumentException) {
            emptyMap<String, Any?>()
        }

        fun write(value: Any?): String = when (value) {
            is Map<*, *> -> value.entries.joinToString(",", "{", "}") { (name, member) -> "${quoted(name.toString())}:${write(member)}" }
            is String -> quoted(value)
            else -> value.toString()
        }

        private fun quoted(text: String) = buildString {
            append('"')
            for (c in text) {
                if (c == '"' || c == '\\') append('\\').append(c)
                else if (c < ' ' || c.isSurrogate()) append("\\u%04x".format(c.code))
                else append(c)
            }
            append('"')
        }
    }
}
