internal import CXXHash

/// A running XXH3-128, as `xxhsum -H2` prints it: the checksum of whole files, blobs and chunks.
///
/// One owner at a time uses it, and orders its calls; that is what `@unchecked` stands for.
package final class XXH3Digest: @unchecked Sendable {
    private let state: OpaquePointer

    package init() {
        guard let state = ledge_xxh3_128_create() else { preconditionFailure("no memory for a digest") }
        self.state = state
    }

    deinit {
        ledge_xxh3_128_destroy(state)
    }

    /// Adds bytes that follow those it has seen.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        ledge_xxh3_128_update(state, bytes.baseAddress, bytes.count)
    }

    /// Of all bytes so far, 32 lower-case hex digits.
    package var hex: String {
        let digest = ledge_xxh3_128_digest(state)
        return Hexadecimal.text(digest.high) + Hexadecimal.text(digest.low)
    }

    /// Returns a digest of the same bytes that goes its own way from here: a snapshot to go back to.
    package func copy() -> XXH3Digest {
        let copy = XXH3Digest()
        ledge_xxh3_128_copy(copy.state, state)
        return copy
    }
}
