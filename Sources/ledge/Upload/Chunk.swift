internal import JSON
internal import NIOCore

/// A chunk of the file and its checksum.
struct Chunk: Sendable {
    let index: Int
    var bytes: ByteBuffer
    /// XXH3-128 in 32 hex digits, which the server verifies before it accepts the chunk.
    let checksum: String

    init(index: Int, bytes: ByteBuffer) {
        self.index = index
        self.bytes = bytes
        let digest = XXH3Digest()
        bytes.withUnsafeReadableBytes { digest.update($0) }
        checksum = digest.hex
    }
}
