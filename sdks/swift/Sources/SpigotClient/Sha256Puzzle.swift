import CryptoKit

/// The kind `sha256`: a nonce behind the challenge whose hash begins with that many zero bits.
struct Sha256Puzzle {
    private let bits: Int

    /// Nothing where no puzzle has so many: beyond them a phone would compute for hours.
    init?(bits: Int) {
        guard (0...32).contains(bits) else { return nil }
        self.bits = bits
    }

    /// Eight bytes; ends early when the task is cancelled.
    func solve(_ challenge: [UInt8]) throws -> [UInt8] {
        var begun = SHA256()
        begun.update(data: challenge)
        var n: UInt64 = 0
        while true {
            try Task.checkCancellation()
            let nonce = (0..<8).map { UInt8(truncatingIfNeeded: n >> UInt64(8 * $0)) }
            var hash = begun
            hash.update(data: nonce)
            if Self.zeros(Array(hash.finalize())) >= bits { return nonce }
            n += 1
        }
    }

    private static func zeros(_ hash: [UInt8]) -> Int {
        guard let first = hash.firstIndex(where: { $0 != 0 }) else { return 8 * hash.count }
        return 8 * first + hash[first].leadingZeroBitCount
    }
}
