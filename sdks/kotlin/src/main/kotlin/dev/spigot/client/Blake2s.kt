package dev.spigot.client

/** BLAKE2s (RFC 7693), as the puzzle uses it. */
internal object Blake2s {
    private val IV = intArrayOf(
        0x6a09e667, 0xbb67ae85.toInt(), 0x3c6ef372, 0xa54ff53a.toInt(), 0x510e527f, 0x9b05688c.toInt(), 0x1f83d9ab, 0x5be0cd19,
    )

    /** First word of the parameter block: depth 1, fan-out 1, no key, 32 bytes of output. */
    private const val PARAMETERS = 0x01010020

    /** Section 2.7, a row a round. */
    private val SIGMA = arrayOf(
        intArrayOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        intArrayOf(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
        intArrayOf(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
        intArrayOf(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
        intArrayOf(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
        intArrayOf(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
        intArrayOf(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
        intArrayOf(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
        intArrayOf(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
        intArrayOf(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
    )

    /** `B(message, tag)`: one compression as the only and final block, with the byte counter set to `tag`. */
    fun block(message: IntArray, tag: Int): IntArray {
        val h = begun()
        compress(h, message, tag, true)
        return h
    }

    /** The hash of bytes, unkeyed, as eight words. */
    fun words(bytes: ByteArray): IntArray {
        val h = begun()
        var at = 0
        // The last block carries the final flag, so a full one is only taken here when another follows.
        while (bytes.size - at > 64) {
            compress(h, read(bytes, at), at + 64, false)
            at += 64
        }
        compress(h, read(bytes, at), bytes.size, true)
        return h
    }

    private fun begun(): IntArray = IV.copyOf().also { it[0] = it[0] xor PARAMETERS }

    private fun read(bytes: ByteArray, at: Int): IntArray {
        val words = IntArray(16)
        for (i in 0 until minOf(64, bytes.size - at)) {
            words[i shr 2] = words[i shr 2] or ((bytes[at + i].toInt() and 0xff) shl (8 * (i and 3)))
        }
        return words
    }

    private fun compress(h: IntArray, m: IntArray, counter: Int, last: Boolean) {
        val v = IntArray(16) { if (it < 8) h[it] else IV[it - 8] }
        v[12] = v[12] xor counter
        if (last) v[14] = v[14].inv()
        for (s in SIGMA) {
            mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]])
            mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]])
            mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]])
            mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]])
            mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]])
            mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]])
            mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]])
            mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]])
        }
        for (i in 0 until 8) h[i] = h[i] xor v[i] xor v[i + 8]
    }

    private fun mix(v: IntArray, a: Int, b: Int, c: Int, d: Int, x: Int, y: Int) {
        v[a] += v[b] + x
        v[d] = (v[d] xor v[a]).rotateRight(16)
        v[c] += v[d]
        v[b] = (v[b] xor v[c]).rotateRight(12)
        v[a] += v[b] + y
        v[d] = (v[d] xor v[a]).rotateRight(8)
        v[c] += v[d]
        v[b] = (v[b] xor v[c]).rotateRight(7)
    }
}
