/// BLAKE2s (RFC 7693), as the puzzle uses it.
enum Blake2s {
    private static let iv: [UInt32] = [
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
    ]

    /// First word of the parameter block: depth 1, fan-out 1, no key, 32 bytes of output.
    private static let parameters: UInt32 = 0x0101_0020

    /// Section 2.7, a row a round.
    private static let sigma: [[Int]] = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
    ]

    /// `B(message, tag)`: one compression as the only and final block, with the byte counter set to `tag`.
    static func block(_ message: [UInt32], _ tag: UInt32) -> [UInt32] {
        var h = begun()
        compress(&h, message, tag, true)
        return h
    }

    /// The hash of bytes, unkeyed, as eight words.
    static func words(_ bytes: [UInt8]) -> [UInt32] {
        var h = begun()
        var at = 0
        // The last block carries the final flag, so a full one is only taken here when another follows.
        while bytes.count - at > 64 {
            compress(&h, read(bytes, at), UInt32(at + 64), false)
            at += 64
        }
        compress(&h, read(bytes, at), UInt32(bytes.count), true)
        return h
    }

    private static func begun() -> [UInt32] {
        var h = iv
        h[0] ^= parameters
        return h
    }

    private static func read(_ bytes: [UInt8], _ at: Int) -> [UInt32] {
        var words = [UInt32](repeating: 0, count: 16)
        for i in 0..<min(64, bytes.count - at) {
            words[i >> 2] |= UInt32(bytes[at + i]) << UInt32(8 * (i & 3))
        }
        return words
    }

    private static func compress(_ h: inout [UInt32], _ m: [UInt32], _ counter: UInt32, _ last: Bool) {
        var v = h + iv
        v[12] ^= counter
        if last { v[14] = ~v[14] }
        for s in sigma {
            mix(&v, 0, 4, 8, 12, m[s[0]], m[s[1]])
            mix(&v, 1, 5, 9, 13, m[s[2]], m[s[3]])
            mix(&v, 2, 6, 10, 14, m[s[4]], m[s[5]])
            mix(&v, 3, 7, 11, 15, m[s[6]], m[s[7]])
            mix(&v, 0, 5, 10, 15, m[s[8]], m[s[9]])
            mix(&v, 1, 6, 11, 12, m[s[10]], m[s[11]])
            mix(&v, 2, 7, 8, 13, m[s[12]], m[s[13]])
            mix(&v, 3, 4, 9, 14, m[s[14]], m[s[15]])
        }
        for i in 0..<8 { h[i] ^= v[i] ^ v[i + 8] }
    }

    private static func mix(_ v: inout [UInt32], _ a: Int, _ b: Int, _ c: Int, _ d: Int, _ x: UInt32, _ y: UInt32) {
        v[a] = v[a] &+ v[b] &+ x
        v[d] = rotatedLeft(v[d] ^ v[a], 16)
        v[c] = v[c] &+ v[d]
        v[b] = rotatedLeft(v[b] ^ v[c], 20)
        v[a] = v[a] &+ v[b] &+ y
        v[d] = rotatedLeft(v[d] ^ v[a], 24)
        v[c] = v[c] &+ v[d]
        v[b] = rotatedLeft(v[b] ^ v[c], 25)
    }
}

func rotatedLeft(_ word: UInt32, _ by: UInt32) -> UInt32 {
    (word << by) | (word >> (32 - by))
}
