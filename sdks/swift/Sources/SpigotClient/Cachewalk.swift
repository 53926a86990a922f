/// The puzzle `cachewalk`, version 1: docs/puzzle.md says what every number here is.
struct Cachewalk {
    private static let node = 4
    private let log2Leaves: Int
    private let grind: UInt32
    private let open: Int
    private var leaves: Int { 1 << log2Leaves }

    /// Nothing where no puzzle has these terms: beyond them a phone would compute for hours.
    init?(log2Leaves: Int, grind: Int, open: Int) {
        guard (4...20).contains(log2Leaves), (1...1_000_000).contains(grind), (1...16).contains(open) else { return nil }
        self.log2Leaves = log2Leaves
        self.grind = UInt32(grind)
        self.open = open
    }

    /// The proof for the bytes of a challenge; ends early when the task is cancelled.
    func solve(_ challenge: [UInt8]) throws -> [UInt8] {
        let key = Blake2s.words(challenge)
        let tree = try self.tree(key)
        let top = Array(tree[Self.node..<2 * Self.node])
        var message = key + top + [UInt32](repeating: 0, count: 4)
        message[12] = UInt32(leaves)
        let ground = Blake2s.block(message, 52)
        let threshold = (UInt64(1) << 32) / UInt64(grind)
        var leaf = Leaf()
        var g: UInt32 = 0
        while true {
            try Task.checkCancellation()
            let found = leaf.of(ground, g, 1)
            if UInt64(found[0]) <= threshold { return encoded(tree, top, g, names(found)) }
            g += 1
        }
    }

    func root(_ key: [UInt32]) throws -> [UInt32] {
        Array(try tree(key)[Self.node..<2 * Self.node])
    }

    /// A heap of nodes of four words: 1 is the top, `n` stands above `2n` and `2n + 1`.
    private func tree(_ key: [UInt32]) throws -> [UInt32] {
        let node = Self.node
        var nodes = [UInt32](repeating: 0, count: 2 * leaves * node)
        var leaf = Leaf()
        for i in 0..<leaves {
            try Task.checkCancellation()
            let found = leaf.of(key, UInt32(i), 0)
            for word in 0..<node { nodes[(leaves + i) * node + word] = found[word] }
        }
        for at in stride(from: leaves - 1, to: 0, by: -1) {
            let children = Array(nodes[2 * at * node..<(2 * at + 2) * node])
            let parent = Blake2s.block(children + [UInt32](repeating: 0, count: 8), 32)
            for word in 0..<node { nodes[at * node + word] = parent[word] }
        }
        return nodes
    }

    private func names(_ found: [UInt32]) -> [Int] {
        var words = Array(found.dropFirst())
        var message = found + [UInt32](repeating: 0, count: 8)
        while words.count < open {
            message[8] += 1
            words += Blake2s.block(message, 53)
        }
        return words.prefix(open).map { Int($0 & UInt32(leaves - 1)) }
    }

    private func encoded(_ tree: [UInt32], _ top: [UInt32], _ g: UInt32, _ names: [Int]) -> [UInt8] {
        var words = top + [g]
        for name in names {
            var at = leaves + name
            while at > 1 {
                let sibling = (at ^ 1) * Self.node
                words += tree[sibling..<sibling + Self.node]
                at >>= 1
            }
        }
        return words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(8 * $0)) } }
    }
}

/// One walk, in a table of its own.
struct Leaf {
    private static let words = 1 << 14
    private static let c: [UInt32] = [
        0x9e37_79b1, 0x85eb_ca77, 0xc2b2_ae3d, 0x27d4_eb2f, 0x1656_67b1, 0xd3a2_646d, 0xfd70_46c5, 0xb55a_4f09,
    ]
    private var table = [UInt32](repeating: 0, count: Leaf.words)

    mutating func of(_ key: [UInt32], _ i: UInt32, _ domain: UInt32) -> [UInt32] {
        let h = Blake2s.block(key + [i, 14, 2048, domain, 0, 0, 0, 0], 64)
        var x = h
        seed(h, &x)
        for p in 6..<14 { walk(&x, p, 1 << p, 2 << p) }
        walk(&x, 14, 0, Leaf.words)
        let picked = h.map { table[Int($0 & UInt32(Leaf.words - 1))] }
        return Blake2s.block(x + picked, 65 + domain)
    }

    private mutating func seed(_ h: [UInt32], _ x: inout [UInt32]) {
        for at in stride(from: 0, to: 64, by: 8) {
            for l in 0..<8 {
                x[l] = (rotatedLeft(x[l] &+ h[(l + 4) & 7], 7) &* Leaf.c[l]) ^ x[(l + 1) & 7]
                table[at + l] = x[l]
            }
        }
    }

    /// Steps over the first `2^p` words, which write the words `from` up to `to`.
    private mutating func walk(_ x: inout [UInt32], _ p: Int, _ from: Int, _ to: Int) {
        let shift = UInt32(32 - p)
        let mask = (UInt32(1) << UInt32(p)) - 1
        var y = x
        for at in stride(from: from, to: to, by: 8) {
            for l in 0..<8 { y[l] = x[l] }
            for l in 0..<8 {
                let odd = table[Int((y[l] >> 5) & mask)] | 1
                x[l] = (y[l] ^ table[Int(y[l] >> shift)]) &* odd &+ rotatedLeft(y[(l + 1) & 7], 9)
            }
            for l in 0..<8 { table[at + l] = x[l] }
        }
    }
}
