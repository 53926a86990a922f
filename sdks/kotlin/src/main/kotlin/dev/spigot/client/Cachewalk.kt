package dev.spigot.client

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** The puzzle `cachewalk`, version 1: docs/puzzle.md says what every number here is. */
internal class Cachewalk(private val log2Leaves: Int, private val grind: Int, private val open: Int) {
    init {
        // What the format allows; a challenge beyond it would hold a phone for hours.
        require(log2Leaves in 4..20 && grind in 1..1_000_000 && open in 1..16) { "no puzzle has these terms" }
    }

    private val leaves = 1 shl log2Leaves
    private val leaf = Leaf()

    /** The proof for the bytes of a challenge. `goesOn` is asked before each leaf; solving ends when it says no. */
    fun solve(challenge: ByteArray, goesOn: () -> Boolean = { true }): ByteArray {
        val key = Blake2s.words(challenge)
        val tree = tree(key, goesOn)
        val top = tree.copyOfRange(NODE, 2 * NODE)
        val message = key.copyOf(16)
        top.copyInto(message, 8)
        message[12] = leaves
        val ground = Blake2s.block(message, TAG_GRIND_KEY)
        val threshold = (1L shl 32) / grind
        var g = 0
        while (true) {
            if (!goesOn()) throw InterruptedException("solving was stopped")
            val found = leaf.of(ground, g, 1)
            if ((found[0].toLong() and 0xffffffffL) <= threshold) return encode(tree, top, g, names(found))
            g++
        }
    }

    fun root(key: IntArray): IntArray = tree(key) { true }.copyOfRange(NODE, 2 * NODE)

    /** A heap of nodes of four words: 1 is the top, `n` stands above `2n` and `2n + 1`. */
    private fun tree(key: IntArray, goesOn: () -> Boolean): IntArray {
        val nodes = IntArray(2 * leaves * NODE)
        for (i in 0 until leaves) {
            if (!goesOn()) throw InterruptedException("solving was stopped")
            leaf.of(key, i, 0).copyInto(nodes, (leaves + i) * NODE, 0, NODE)
        }
        val message = IntArray(16)
        for (at in leaves - 1 downTo 1) {
            nodes.copyInto(message, 0, 2 * at * NODE, (2 * at + 2) * NODE)
            Blake2s.block(message, TAG_PARENT).copyInto(nodes, at * NODE, 0, NODE)
        }
        return nodes
    }

    private fun names(found: IntArray): IntArray {
        val words = found.drop(1).toMutableList()
        val message = found.copyOf(16)
        while (words.size < open) {
            message[8]++
            words.addAll(Blake2s.block(message, TAG_MORE_NAMES).toList())
        }
        return IntArray(open) { words[it] and (leaves - 1) }
    }

    private fun encode(tree: IntArray, top: IntArray, g: Int, names: IntArray): ByteArray {
        val bytes = ByteBuffer.allocate(20 + 16 * log2Leaves * open).order(ByteOrder.LITTLE_ENDIAN)
        top.forEach(bytes::putInt)
        bytes.putInt(g)
        for (name in names) {
            var at = leaves + name
            while (at > 1) {
                for (word in 0 until NODE) bytes.putInt(tree[(at xor 1) * NODE + word])
                at = at shr 1
            }
        }
        return bytes.array()
    }

    /** One walk, in a table of its own. */
    class Leaf {
        private val table = IntArray(WORDS)

        fun of(key: IntArray, i: Int, domain: Int): IntArray {
            val message = key.copyOf(16)
            message[8] = i
            message[9] = LOG2_WORDS
            message[10] = STEPS
            message[11] = domain
            val h = Blake2s.block(message, TAG_HEAD)
            val x = h.copyOf()
            seed(h, x)
            for (p in 6 until LOG2_WORDS) walk(x, p, 1 shl p, 2 shl p)
            walk(x, LOG2_WORDS, 0, WORDS)
            for (l in 0 until LANES) {
                message[l] = x[l]
                message[LANES + l] = table[h[l] and (WORDS - 1)]
            }
            return Blake2s.block(message, TAG_LEAF + domain)
        }

        private fun seed(h: IntArray, x: IntArray) {
            for (at in 0 until SEEDED step LANES) {
                for (l in 0 until LANES) {
                    x[l] = ((x[l] + h[(l + 4) and 7]).rotateLeft(7) * C[l]) xor x[(l + 1) and 7]
                }
                x.copyInto(table, at)
            }
        }

        /** Steps over the first `2^p` words, which write the words `from` up to `to`. */
        private fun walk(x: IntArray, p: Int, from: Int, to: Int) {
            val shift = 32 - p
            val mask = (1 shl p) - 1
            val y = IntArray(LANES)
            for (at in from until to step LANES) {
                x.copyInto(y)
                for (l in 0 until LANES) {
                    val lane = y[l]
                    val odd = table[(lane ushr 5) and mask] or 1
                    x[l] = (lane xor table[lane ushr shift]) * odd + y[(l + 1) and 7].rotateLeft(9)
                }
                x.copyInto(table, at)
            }
        }
    }

    private companion object {
        const val NODE = 4
        const val LANES = 8
        const val SEEDED = 64
        const val LOG2_WORDS = 14
        const val WORDS = 1 shl LOG2_WORDS
        const val STEPS = 2048
        const val TAG_PARENT = 32
        const val TAG_GRIND_KEY = 52
        const val TAG_MORE_NAMES = 53
        const val TAG_HEAD = 64
        const val TAG_LEAF = 65
        val C = intArrayOf(
            0x9e3779b1.toInt(), 0x85ebca77.toInt(), 0xc2b2ae3d.toInt(), 0x27d4eb2f, 0x165667b1, 0xd3a2646d.toInt(),
            0xfd7046c5.toInt(), 0xb55a4f09.toInt(),
        )
    }
}
