internal import Disk
internal import TestSupport
internal import Testing

@testable internal import SegmentLog

struct LineScannerTests {
    /// The pieces of a file of these bytes: offset, length, whether it ends in a newline.
    func pieces(of bytes: [UInt8], from offset: Int64 = 0, to end: Int64? = nil) throws -> [[Int]] {
        let disk = FaultDisk()
        try disk.publish(bytes, at: "f")
        var scanner = LineScanner(try File("f", .read, on: disk), from: offset, to: end ?? Int64(bytes.count))
        var pieces: [[Int]] = []
        while let piece = try scanner.next() {
            #expect(piece.bytes == bytes[Int(piece.offset)..<Int(piece.offset) + piece.bytes.count])
            pieces.append([Int(piece.offset), piece.bytes.count, piece.hasLineEnd ? 1 : 0])
        }
        return pieces
    }

    @Test(
        arguments: [
            ("", []), ("\n", [[0, 1, 1]]), ("a", [[0, 1, 0]]), ("a\n\nbc", [[0, 2, 1], [2, 1, 1], [3, 2, 0]]),
            ("abc\nde\n", [[0, 4, 1], [4, 3, 1]]),
        ] as [(String, [[Int]])]
    )
    func fileIsSplitAfterEachNewline(text: String, expected: [[Int]]) throws {
        #expect(try pieces(of: Array(text.utf8)) == expected)
    }

    @Test func onlyTheRangeIsRead() throws {
        #expect(try pieces(of: Array("abc\nde\nfg\n".utf8), from: 4, to: 9) == [[4, 3, 1], [7, 2, 0]])
    }

    @Test(arguments: [1 << 19, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
    func lineMayBeLongerThanTheWindow(_ count: Int) throws {
        let bytes = [UInt8](repeating: 97, count: count) + Array("\nb\n".utf8)
        #expect(try pieces(of: bytes + bytes).map { $0[1] } == [count + 1, 2, count + 1, 2])
    }

    @Test func overlongLineIsSplitAtTheLimit() throws {
        let bytes = [UInt8](repeating: 97, count: RecordLine.byteCountMax + 5)
        #expect(
            try pieces(of: bytes)
                == [[0, RecordLine.byteCountMax, 0], [RecordLine.byteCountMax, 5, 0]]
        )
    }
}
