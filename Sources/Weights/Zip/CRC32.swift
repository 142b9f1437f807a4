internal import CZlib

/// The checksum of ZIP members, computed incrementally (CRC-32, ISO 3309).
struct CRC32: Sendable {
    private(set) var value: UInt32 = 0

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        value = UInt32(
            truncatingIfNeeded: crc32_z(UInt(value), start.assumingMemoryBound(to: UInt8.self), bytes.count)
        )
    }

    static func of(_ bytes: [UInt8]) -> UInt32 {
        var checksum = CRC32()
        bytes.withUnsafeBytes { checksum.add($0) }
        return checksum.value
    }
}
