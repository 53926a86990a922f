import Foundation

/// Why there is no token: `code` is the service's word, as docs/widget-protocol.md lists them.
public struct SpigotError: Error, Equatable {
    public let code: String
    public let detail: String
}

/// Solves what the service asks. Clearances are cookies of the session, bound to its user agent.
public struct Spigot: Sendable {
    private let session: URLSession

    public init(session: URLSession = .shared) {
        self.session = session
    }

    /// A token for one site key, to be sent with the form: it counts once, for some minutes.
    ///
    /// - Parameters:
    ///   - service: the service's address, such as https://challenge.example
    ///   - press: how many milliseconds after it was shown a button was pressed, where the site asks for a press
    public func token(
        service: URL, siteKey: String, action: String? = nil, data: String? = nil, press: (@Sendable () async -> Int)? = nil
    ) async throws -> String {
        let base = service.appendingPathComponent(".spigot/widget")
        var asked: [String: Any] = ["protocol": 1, "site_key": siteKey]
        if let action { asked["action"] = action }
        if let data { asked["data"] = data }
        var answer = try await call(base.appendingPathComponent("challenge"), asked)
        // Two at most follow upon each other; a service that asks for ever is none.
        for _ in 0..<3 {
            if let token = answer["token"] as? String { return token }
            let challenge = answer["next"] as? [String: Any] ?? answer
            var sent = try await submission(challenge).merging(asked) { own, _ in own }
            if challenge["interaction"] as? String == "press" {
                guard let press else { throw SpigotError(code: "press_missing", detail: "this site asks for a press of a button") }
                sent["pressed"] = ["by": "other", "after_millis": await press()] as [String: Any]
            }
            answer = try await call(base.appendingPathComponent("solve"), sent)
        }
        guard let token = answer["token"] as? String else {
            throw SpigotError(code: "unreadable", detail: "the service asks again and again")
        }
        return token
    }

    /// Sends a request of the app. When it is refused with a challenge, that is solved and the request sent once more; a
    /// second refusal is the answer.
    public func send(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        try await sent(readsProblems(request))
    }

    /// Whoever does not say that they read JSON is refused with a page or a sentence, which nobody here could solve.
    private func readsProblems(_ request: URLRequest) -> URLRequest {
        let accept = request.value(forHTTPHeaderField: "Accept") ?? "*/*"
        if accept.contains("json") { return request }
        var asked = request
        asked.setValue("\(accept), application/problem+json", forHTTPHeaderField: "Accept")
        return asked
    }

    private func sent(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let first = try await answered(request)
        guard let challenge = refusal(first), let url = request.url,
            let solve = URL(string: challenge["solve_url"] as? String ?? "/.spigot/solve", relativeTo: url),
            // A proof goes to nobody but who asked for it.
            solve.scheme == url.scheme, solve.host == url.host, solve.port == url.port
        else { return first }
        var posted = URLRequest(url: solve)
        posted.httpMethod = "POST"
        posted.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let agent = request.value(forHTTPHeaderField: "User-Agent") { posted.setValue(agent, forHTTPHeaderField: "User-Agent") }
        posted.httpBody = try JSONSerialization.data(withJSONObject: try await submission(challenge))
        let (_, solved) = try await answered(posted)
        return solved.statusCode == 200 ? try await answered(request) : first
    }

    private func refusal(_ answer: (Data, HTTPURLResponse)) -> [String: Any]? {
        let type = answer.1.value(forHTTPHeaderField: "Content-Type") ?? ""
        guard type.hasPrefix("application/problem+json"), let problem = object(answer.0), problem["code"] as? String == "challenge"
        else { return nil }
        return problem["challenge"] as? [String: Any]
    }

    private func submission(_ challenge: [String: Any]) async throws -> [String: Any] {
        guard let text = challenge["challenge"] as? String, let bytes = Data(base64URL: text) else {
            throw SpigotError(code: "unreadable", detail: "the answer holds no challenge")
        }
        let solve = try solver(challenge)
        let begun = Date()
        // Off the actor that asks: it takes seconds on a small phone. A detached task is cancelled by nobody else.
        let solving = Task.detached(priority: .userInitiated) { try solve([UInt8](bytes)) }
        let proof = try await withTaskCancellationHandler {
            try await solving.value
        } onCancel: {
            solving.cancel()
        }
        return [
            "challenge": text, "proof": Data(proof).base64URL, "millis": Int(Date().timeIntervalSince(begun) * 1000),
        ]
    }

    private func solver(_ challenge: [String: Any]) throws -> @Sendable ([UInt8]) throws -> [UInt8] {
        let number = { (name: String) in challenge[name] as? Int ?? -1 }
        switch challenge["kind"] as? String {
        case "cachewalk":
            if let puzzle = Cachewalk(log2Leaves: number("log2_n"), grind: number("grind"), open: number("open")) {
                return { try puzzle.solve($0) }
            }
        case "sha256":
            if let puzzle = Sha256Puzzle(bits: number("bits")) { return { try puzzle.solve($0) } }
        default:
            throw SpigotError(code: "kind_unknown", detail: "this version does not solve it; update the app")
        }
        throw SpigotError(code: "unreadable", detail: "no puzzle has these terms")
    }

    private func call(_ url: URL, _ body: [String: Any]) async throws -> [String: Any] {
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = try JSONSerialization.data(withJSONObject: body)
        let (data, response) = try await answered(request)
        let told = object(data) ?? [:]
        guard response.statusCode == 200 else {
            let detail = told["detail"] as? String ?? "status \(response.statusCode)"
            throw SpigotError(code: told["code"] as? String ?? "unreadable", detail: detail)
        }
        return told
    }

    private func answered(_ request: URLRequest) async throws -> (Data, HTTPURLResponse) {
        let (data, response) = try await session.data(for: request)
        guard let answer = response as? HTTPURLResponse else { throw SpigotError(code: "unreadable", detail: "the answer is no HTTP") }
        return (data, answer)
    }

    private func object(_ data: Data) -> [String: Any]? {
        (try? JSONSerialization.jsonObject(with: data)) as? [String: Any]
    }
}

extension Data {
    init?(base64URL text: String) {
        let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        self.init(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
    }

    var base64URL: String {
        base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }
}
