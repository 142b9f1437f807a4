import TestSupport
import Testing
import Zstd

/// A frame that the `zstd` command (1.5.4, level 3) wrote, and its content.
struct GoldenFrame: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let content: [UInt8]
    let stored: [UInt8]

    /// One frame for each kind of block.
    static let all = [
        GoldenFrame(
            testDescription: "a raw block",
            content: Array("Ledge".utf8),
            stored: [0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x05, 0x29, 0x00, 0x00]
                + Array("Ledge".utf8) + [0x5B, 0x8E, 0x4D, 0x2A]
        ),
        GoldenFrame(
            testDescription: "a compressed block of one repeated byte",
            content: [UInt8](repeating: 0, count: 300),
            stored: [
                0x28, 0xB5, 0x2F, 0xFD, 0x64, 0x2C, 0x00, 0x4D, 0x00, 0x00, 0x10, 0x00, 0x00, 0x01, 0x00, 0x27, 0x2A,
                0xC0, 0x02, 0x90, 0xEA, 0x00, 0x3A,
            ]
        ),
        GoldenFrame(
            testDescription: "a compressed block",
            content: (1...6).flatMap { Array("{\"seq\":\($0),\"key\":\"cpu\",\"value\":0.\($0)}\n".utf8) },
            stored: [
                0x28, 0xB5, 0x2F, 0xFD, 0x24, 0xCC, 0x35, 0x02, 0x00, 0xE4, 0x02, 0x7B, 0x22, 0x73, 0x65, 0x71, 0x22,
                0x3A, 0x31, 0x2C, 0x22, 0x6B, 0x65, 0x79, 0x22, 0x3A, 0x22, 0x63, 0x70, 0x75, 0x22, 0x2C, 0x22, 0x76,
                0x61, 0x6C, 0x75, 0x65, 0x22, 0x3A, 0x30, 0x2E, 0x31, 0x7D, 0x0A, 0x32, 0x32, 0x33, 0x33, 0x34, 0x34,
                0x35, 0x35, 0x36, 0x36, 0x7D, 0x0A, 0x0A, 0x00, 0xA0, 0x0A, 0xD0, 0x0E, 0x54, 0x06, 0x34, 0x01, 0xF5,
                0x80, 0xC6, 0x40, 0x15, 0xA0, 0x1D, 0xA8, 0x4C, 0xC5, 0x55, 0x64, 0x0B, 0xD2, 0x8F, 0xD2,
            ]
        ),
    ]
}

/// Content of which one half compresses well and the other does not.
func mixedContent(count: Int) -> [UInt8] {
    var generator = SeededGenerator()
    return [UInt8](repeating: 0x4C, count: count / 2) + generator.bytes(count: count - count / 2)
}

extension ZstdContexts {
    /// Compresses to an array, with exactly `capacity` bytes of space, by default enough for any content.
    func compress(_ content: [UInt8], level: Int32 = 3, capacity: Int? = nil) -> [UInt8]? {
        let capacity = capacity ?? Self.storedByteCountMax(contentByteCount: content.count)
        var stored = [UInt8](repeating: 0, count: capacity)
        let count = content.withUnsafeBytes { content in
            stored.withUnsafeMutableBytes { compress(content, level: level, into: $0) }
        }
        return count.map { Array(stored.prefix($0)) }
    }

    /// Decompresses to an array of `contentByteCount` bytes, or returns nil.
    func decompress(_ stored: [UInt8], contentByteCount: Int, verifying: Bool = true) -> [UInt8]? {
        var content = [UInt8](repeating: 0, count: contentByteCount)
        let succeeded = stored.withUnsafeBytes { stored in
            content.withUnsafeMutableBytes { decompress(stored, into: $0, verifying: verifying) }
        }
        return succeeded ? content : nil
    }
}

/// `bytes` with one bit inverted.
func flipped(_ bytes: [UInt8], bit: Int) -> [UInt8] {
    var bytes = bytes
    bytes[bit / 8] ^= 1 << (bit % 8)
    return bytes
}
