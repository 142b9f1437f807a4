internal import CXXHash
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
        let digest = bytes.withUnsafeReadableBytes { ledge_xxh3_128_hash($0.baseAddress, $0.count) }
        checksum = Hexadecimal.text(digest.high) + Hexadecimal.text(digest.low)
    }
}
