package dev.spigot.client

import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.security.MessageDigest

/** The kind `sha256`: a nonce behind the challenge whose hash begins with that many zero bits. */
internal object Sha256Puzzle {
    fun solve(challenge: ByteArray, bits: Int, goesOn: () -> Boolean = { true }): ByteArray {
        // Beyond it nobody is asked: a phone would compute for hours.
        require(bits in 0..32) { "no puzzle has $bits bits" }
        val digest = MessageDigest.getInstance("SHA-256")
        val nonce = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN)
        var n = 0L
        while (goesOn()) {
            nonce.putLong(0, n++)
            digest.update(challenge)
            if (zeros(digest.digest(nonce.array())) >= bits) return nonce.array()
        }
        throw InterruptedException("solving was stopped")
    }

    private fun zeros(hash: ByteArray): Int {
        val first = hash.indexOfFirst { it.toInt() != 0 }
        return if (first < 0) 8 * hash.size else 8 * first + Integer.numberOfLeadingZeros(hash[first].toInt() and 0xff) - 24
    }
}
