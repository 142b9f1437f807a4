import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport

@testable import Tokens

/// Sets up a token authority with a disk in memory and a clock that is set by the test.
struct TokenFixture: Sendable {
    static let start = Timestamp(microseconds: 1_795_000_000_000_000)
    /// 64 bytes, enough for every algorithm; also the secret of the tokens that another program signed.
    static let secret = Array("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".utf8)

    let disk: FaultDisk
    let store: Store
    let authority: TokenAuthority
    let key: SigningKey
    private let time: NIOLockedValueBox<Timestamp>

    init(
        on disk: FaultDisk = FaultDisk(),
        at now: Timestamp = TokenFixture.start,
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
    var spent: DocumentCollection { store.collection("spent_tokens") }

    func advance(by duration: Duration) {
        time.withLockedValue { $0 = $0.advanced(by: duration) }
    }

    func set(_ now: Timestamp) {
        time.withLockedValue { $0 = now }
    }

    /// Simulates a restart: a new authority on the same disk, at the same time.
    func restarted() async throws -> TokenFixture {
        try await store.close()
        return try TokenFixture(on: disk, at: now)
    }

    /// Enrolls a client and returns its tokens.
    func enrolled(_ id: String = "edge-7") throws -> TokenPair {
        try authority.enroll(id, by: .operator)
    }

    /// Returns a token with the given claims, signed with the fixture's key.
    func forged(_ claims: JSONObject) -> String {
        JSONWebToken.sign(claims, with: key)
    }

    /// Returns a token with the given header and claims, signed with the fixture's key.
    func forged(header: String, claims: String) -> String {
        let text = [header, claims].map { String(decoding: Base64URL.encode($0.utf8), as: UTF8.self) }
        return signed(text.joined(separator: "."))
    }

    func signed(_ text: String) -> String {
        text + "." + String(decoding: Base64URL.encode(key.signature(of: Array(text.utf8))), as: UTF8.self)
    }

    /// Returns the reason for which a token is invalid; nil if it is valid.
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
    /// Returns a copy with one member set, or removed if the value is nil.
    func with(_ name: String, _ value: JSON?) -> JSONObject {
        var object = self
        object[name] = value
        return object
    }
}
