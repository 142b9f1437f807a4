internal import JSON
internal import NIOCore

/// A piece of the file with the checksum that travels beside it.
struct Chunk: Sendable {
    let index: Int
    var bytes: ByteBuffer
    /// XXH3-128, 32 hex digits: the server verifies it before the chunk counts.
    let checksum: String

    init(index: Int, bytes: ByteBuffer) {
        self.index = index
        self.bytes = bytes
        let digest = XXH3Digest()
        bytes.withUnsafeReadableBytes { digest.update($0) }
        checksum = digest.hex
    }
}
