import Testing
import Zstd

/// Expected bytes are from the document of zstd's seekable format and from `xxhsum`.
struct SeekTableTests {
    static let table = SeekTable(frames: [
        .init(storedByteCount: 0x0102, contentByteCount: 0x40000, checksum: 0x2A4D_8E5B),
        .init(storedByteCount: 300, contentByteCount: 0, checksum: 0x51D8_E999),
    ])
    static let bytes: [UInt8] = [
        0x5E, 0x2A, 0x4D, 0x18, 33, 0, 0, 0,
        0x02, 0x01, 0, 0, 0, 0, 4, 0, 0x5B, 0x8E, 0x4D, 0x2A,
        0x2C, 0x01, 0, 0, 0, 0, 0, 0, 0x99, 0xE9, 0xD8, 0x51,
        2, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F,
    ]

    @Test func theSeekTableHasTheDocumentedBytes() {
        #expect(Self.table.bytes == Self.bytes)
        #expect(Self.table.entryBytes == Array(Self.bytes[8..<32]))
        #expect(SeekTable.byteCount(frameCount: 2) == Self.bytes.count)
        #expect(SeekTable(parsing: Self.bytes) == Self.table)
    }

    @Test func decodersPassOverTheSeekTable() {
        let frame = GoldenFrame.all[0]
        // It is a skippable frame: nothing to decompress, and not an error.
        #expect(ZstdContexts().decompress(Self.bytes, contentByteCount: 0) == [])
        #expect(
            (frame.stored + Self.bytes).withUnsafeBytes { FrameExtent(of: $0) }?.storedByteCount == frame.stored.count
        )
    }

    @Test func aTableWithoutFramesIsATable() {
        let empty = SeekTable(frames: [])
        #expect(empty.bytes == [0x5E, 0x2A, 0x4D, 0x18, 9, 0, 0, 0, 0, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F])
        #expect(SeekTable(parsing: empty.bytes) == empty)
    }

    @Test func theLargestNumbersComeBack() {
        let largest = SeekTable.Frame(storedByteCount: .max, contentByteCount: .max, checksum: .max)
        let table = SeekTable(frames: Array(repeating: largest, count: 1000))
        #expect(SeekTable(parsing: table.bytes) == table)
    }

    @Test func aSeekTableOfAnyOtherLengthIsRefused() {
        for length in 0..<Self.bytes.count { #expect(SeekTable(parsing: Array(Self.bytes.prefix(length))) == nil) }
        for length in 0..<Self.bytes.count { #expect(SeekTable(parsing: Array(Self.bytes.suffix(length))) == nil) }
        #expect(SeekTable(parsing: Self.bytes + [0]) == nil)
        #expect(SeekTable(parsing: [0] + Self.bytes) == nil)
        #expect(SeekTable(parsing: Self.bytes + Self.bytes) == nil)
    }

    @Test func everyFlippedBitIsRefusedOrChangesItsEntry() {
        let entries = 8 * 8..<32 * 8
        for bit in 0..<Self.bytes.count * 8 {
            let bytes = flipped(Self.bytes, bit: bit)
            let parsed = SeekTable(parsing: bytes)
            if entries.contains(bit) {
                #expect(parsed?.bytes == bytes, "bit \(bit)")
                #expect(parsed != Self.table, "bit \(bit)")
            } else {
                #expect(parsed == nil, "bit \(bit)")
            }
        }
    }

    @Test func theFooterTellsTheNumberOfFrames() {
        let footer = Array(Self.bytes.suffix(SeekTable.footerByteCount))
        #expect(SeekTable.frameCount(footer: footer) == 2)
        #expect(SeekTable.frameCount(footer: [0xFF, 0xFF, 0xFF, 0xFF] + footer.dropFirst(4)) == 0xFFFF_FFFF)
        for bit in 4 * 8..<footer.count * 8 {
            #expect(SeekTable.frameCount(footer: flipped(footer, bit: bit)) == nil, "bit \(bit)")
        }
        for length in 0..<footer.count { #expect(SeekTable.frameCount(footer: Array(footer.prefix(length))) == nil) }
        #expect(SeekTable.frameCount(footer: [0] + footer) == nil)
    }

    @Test func aFooterThatClaimsMoreThanThereIsIsRefused() {
        let count = Self.bytes.count
        for claimed: [UInt8] in [[1, 0, 0, 0], [3, 0, 0, 0], [0xFF, 0xFF, 0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF]] {
            #expect(SeekTable(parsing: Self.bytes[..<(count - 9)] + claimed + Self.bytes[(count - 5)...]) == nil)
        }
    }

    @Test func numbersAreLittleEndian() {
        var bytes: [UInt8] = [0xEE]
        bytes.append(littleEndian: 0x0102_0304)
        #expect(bytes == [0xEE, 4, 3, 2, 1])
        #expect(bytes.littleEndian(at: 1) == 0x0102_0304)
    }

    @Test func aNumberPastTheEndTraps() async {
        await #expect(processExitsWith: .failure) { _ = [UInt8](repeating: 0, count: 7).littleEndian(at: 4) }
        await #expect(processExitsWith: .failure) { _ = [UInt8](repeating: 0, count: 7).littleEndian(at: -1) }
    }
}
