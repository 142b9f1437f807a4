internal import CXXHash
internal import JSON

/// The checksum of a whole file as it grows: XXH3-128, as `xxhsum -H2` prints it.
///
/// One owner at a time uses it: the reader of a segment at open, then the one writer of the log. That is what
/// `@unchecked` stands for.
final class FileDigest: @unchecked Sendable {
    private let state: OpaquePointer

    init() {
        guard let state = ledge_xxh3_128_create() else { preconditionFailure("out of memory") }
        self.state = state
    }

    deinit {
        ledge_xxh3_128_destroy(state)
    }

    /// Adds bytes that follow those it has seen.
    func update(_ bytes: UnsafeRawBufferPointer) {
        ledge_xxh3_128_update(state, bytes.baseAddress, bytes.count)
    }

    /// The digest of all bytes so far, in 32 hexadecimal digits.
    var text: String {
        let digest = ledge_xxh3_128_digest(state)
        return Hexadecimal.text(digest.high) + Hexadecimal.text(digest.low)
    }
}
