import Foundation
import XCTest

@testable import SpigotClient

/// The puzzle's shared vectors, web/solver/vectors.json.
final class VectorsTests: XCTestCase {
    private func vectors(_ name: String) throws -> [[String: Any]] {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<5 { root.deleteLastPathComponent() }
        let data = try Data(contentsOf: root.appendingPathComponent("web/solver/vectors.json"))
        let all = try XCTUnwrap(JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try XCTUnwrap(all[name] as? [[String: Any]])
    }

    func testKeys() throws {
        for one in try vectors("keys") { XCTAssertEqual(hex(Blake2s.words(bytes(one["bytes"]))), one["key"] as? String) }
    }

    func testLeaves() throws {
        var leaf = Leaf()
        for one in try vectors("leaves") {
            let (i, domain) = (one["i"] as? UInt32 ?? 0, one["dom"] as? UInt32 ?? 0)
            XCTAssertEqual(hex(leaf.of(words(one["key"]), i, domain)), one["leaf"] as? String)
        }
    }

    func testRoots() throws {
        for one in try vectors("roots") {
            let puzzle = try XCTUnwrap(Cachewalk(log2Leaves: one["log2_n"] as? Int ?? 0, grind: 1, open: 1))
            let root = try puzzle.root(words(one["key"]))
            XCTAssertEqual(hex(root), one["root"] as? String)
        }
    }

    func testNonces() throws {
        for one in try vectors("sha256") {
            let puzzle = try XCTUnwrap(Sha256Puzzle(bits: one["bits"] as? Int ?? -1))
            let nonce = try puzzle.solve(bytes(one["challenge_and_mac"]))
            XCTAssertEqual(nonce.enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }, one["nonce"] as? Int)
        }
    }

    func testProofs() throws {
        for one in try vectors("proofs") {
            let number = { (name: String) in one[name] as? Int ?? 0 }
            let puzzle = try XCTUnwrap(Cachewalk(log2Leaves: number("log2_n"), grind: number("grind"), open: number("open")))
            let proof = try puzzle.solve(bytes(one["challenge_and_mac"]))
            XCTAssertEqual(proof.map { String(format: "%02x", $0) }.joined(), one["proof"] as? String)
        }
    }

    private func bytes(_ hex: Any?) -> [UInt8] {
        let letters = Array(hex as? String ?? "")
        return stride(from: 0, to: letters.count, by: 2).map { UInt8(String(letters[$0...$0 + 1]), radix: 16) ?? 0 }
    }

    private func words(_ hex: Any?) -> [UInt32] {
        let read = bytes(hex)
        return stride(from: 0, to: read.count, by: 4).map { at in
            (0..<4).reduce(UInt32(0)) { $0 | UInt32(read[at + $1]) << UInt32(8 * $1) }
        }
    }

    private func hex(_ words: [UInt32]) -> String {
        words.map { String(format: "%08x", $0.byteSwapped) }.joined()
    }
}
