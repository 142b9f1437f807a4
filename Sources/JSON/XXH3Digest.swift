internal import CXXHash

/// An incremental XXH3-128, the checksum of files, blobs and chunks, as `xxhsum -H2` prints it.
///
/// `@unchecked Sendable`: the owner must serialize the calls.
package final class XXH3Digest: @unchecked Sendable {
    private let state: OpaquePointer

    package init() {
        guard let state = ledge_xxh3_128_create() else { preconditionFailure("out of memory") }
        self.state = state
    }

    deinit {
        ledge_xxh3_128_destroy(state)
    }

    /// Adds the next bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        ledge_xxh3_128_update(state, bytes.baseAddress, bytes.count)
    }

    /// The digest of all bytes so far, in 32 lower-case hex digits.
    package var hex: String {
        let digest = ledge_xxh3_128_digest(state)
        return Hexadecimal.text(digest.high) + Hexadecimal.text(digest.low)
    }

    /// Returns an independent copy, as a snapshot of the current state.
    package func copy() -> XXH3Digest {
        let copy = XXH3Digest()
        ledge_xxh3_128_copy(copy.state, state)
        return copy
    }
}
