import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport

@testable import Tokens

/// An authority on a disk in memory, with a clock that stands still until it is moved.
struct Mint: Sendable {
    static let start = Timestamp(microseconds: 1_795_000_000_000_000)
    /// 64 bytes, enough for every algorithm; the secret of the tokens that another program made.
    static let secret = Array("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".utf8)

    let disk: FaultDisk
    let store: Store
    let authority: TokenAuthority
    let key: SigningKey
    private let time: NIOLockedValueBox<Timestamp>

    init(
        on disk: FaultDisk = FaultDisk(),
        at now: Timestamp = Mint.start,
        algorithm: SigningKey.Algorithm = .hs256
    ) throws {
        let time = NIOLockedValueBox(now)
        let clock = { @Sendable in time.withLockedValue { $0 } }
        guard let key = SigningKey(secret: Self.secret, algorithm: algorithm) else { throw Unusable() }
        self.disk = disk
        self.time = time
        self.key = key
        store = try Store.open("data", schemas: [TokenAuthority.schema], on: disk, clock: clock)
        authority = TokenAuthority(key: key, spent: store.collection("spent_tokens"), clock: clock)
    }

    private struct Unusable: Error {}

    var now: Timestamp { time.withLockedValue { $0 } }
    var spent: Collection { store.collection("spent_tokens") }

    func advance(by duration: Duration) {
        time.withLockedValue { $0 = $0.advanced(by: duration) }
    }

    func set(_ moment: Timestamp) {
        time.withLockedValue { $0 = moment }
    }

    /// Ends the process and starts another on the same disk, at the same time.
    func restarted() async throws -> Mint {
        try await store.close()
        return try Mint(on: disk, at: now)
    }

    /// The tokens of a client that has just enrolled.
    func enrolled(_ id: String = "edge-7") throws -> TokenPair {
        try authority.enroll(id, by: .operator)
    }

    /// A token with any claims, signed as this mint's own are.
    func forged(_ claims: JSONObject) -> String {
        JSONWebToken.sign(claims, with: key)
    }

    /// A token of any texts, signed with the mint's secret.
    func forged(header: String, claims: String) -> String {
        let text = [header, claims].map { String(decoding: Base64URL.encode($0.utf8), as: UTF8.self) }
        return signed(text.joined(separator: "."))
    }

    func signed(_ text: String) -> String {
        text + "." + String(decoding: Base64URL.encode(key.signature(of: Array(text.utf8))), as: UTF8.self)
    }

    /// Why a token is refused; nil where it is not.
    func flaw(of token: String) -> TokenFlaw? {
        do {
            _ = try authority.verify(token)
            return nil
        } catch {
            guard case .invalid(let flaw) = error else { return nil }
            return flaw
        }
    }
}

extension JSONObject {
    /// The object with one member set, or with nil removed.
    func with(_ name: String, _ value: JSON?) -> JSONObject {
        var object = self
        object[name] = value
        return object
    }
}
