/// Searches eight bytes in one step, which raises the speed on long strings from 1.5 to more than 4 GB/s.
///
/// A search sets a mark, the top bit, in each byte that matches. Only the first mark is reliable, because a subtraction
/// borrows from the next byte; a result without marks is reliable, too.
/// Source: Henry S. Warren, "Hacker's Delight", 6-1, "Find First 0-Byte".
struct ByteWord {
    static let byteCount = 8

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let tops: UInt64 = 0x8080_8080_8080_8080

    private let bits: UInt64

    /// - Precondition: there are eight bytes from `offset` on.
    init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        bits = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Marks of the bytes that end a run of text in a string: quotes and backslashes.
    var endsOfText: UInt64 {
        marks(of: UInt8(ascii: "\"")) | marks(of: UInt8(ascii: "\\"))
    }

    /// Marks of quotes, backslashes, control characters and non-ASCII bytes.
    var irregularText: UInt64 {
        let controls = (bits &- Self.ones &* 0x20) & ~bits & Self.tops
        return endsOfText | controls | bits & Self.tops
    }

    /// Returns the number of bytes before the first mark.
    static func offset(ofFirst marks: UInt64) -> Int {
        marks.trailingZeroBitCount / 8
    }

    private func marks(of byte: UInt8) -> UInt64 {
        let differences = bits ^ Self.ones &* UInt64(byte)
        return (differences &- Self.ones) & ~differences & Self.tops
    }
}
