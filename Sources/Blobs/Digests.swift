internal import Crypto
internal import JSON

/// A SHA-256 in progress; copies are independent.
struct RunningSHA256 {
    private var state = SHA256()

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        state.update(bufferPointer: bytes)
    }

    /// Of all bytes so far, 64 lower-case hex digits.
    var hex: String {
        Hexadecimal.text(Array(state.finalize()))
    }
}

/// Both digests of the content of an upload, as a blob's metadata states them.
struct ContentDigest {
    private var sha256 = RunningSHA256()
    private let xxh128: XXH3Digest

    init() {
        xxh128 = XXH3Digest()
    }

    private init(sha256: RunningSHA256, xxh128: XXH3Digest) {
        self.sha256 = sha256
        self.xxh128 = xxh128
    }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        sha256.update(bytes)
        xxh128.update(bytes)
    }

    /// Returns an independent copy.
    func copy() -> ContentDigest {
        ContentDigest(sha256: sha256, xxh128: xxh128.copy())
    }

    var values: Values {
        Values(sha256: sha256.hex, xxh3_128: xxh128.hex)
    }

    /// In hex, as text.
    struct Values: Sendable, Hashable {
        let sha256: String
        let xxh3_128: String
    }
}
