internal import CXXHash

/// XXH3-64, the checksum of records and metadata, as `xxhsum -H3` prints it.
///
/// It detects accidental damage, not attacks. The seed depends on the position of the bytes, so that a misplaced line
/// is detected.
package enum XXH3 {
    /// Returns the checksum of `bytes`.
    package static func hash64(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
        ledge_xxh3_64(bytes.baseAddress, bytes.count, seed)
    }

    /// Returns the checksum of `bytes`.
    package static func hash64(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        bytes.withUnsafeBytes { hash64($0, seed: seed) }
    }

    /// Returns the checksum of a text's UTF-8 bytes.
    package static func hash64(_ text: String, seed: UInt64 = 0) -> UInt64 {
        var text = text
        return text.withUTF8 { hash64(UnsafeRawBufferPointer($0), seed: seed) }
    }
}
