import JSON
import TestSupport
import Testing

@testable import Federation

struct LineSplitterTests {
    /// Every line with its number; nil for one that is too long.
    private static func lines(of pieces: [[UInt8]], byteCountMax: Int = 1 << 20) -> [String?] {
        var splitter = LineSplitter(byteCountMax: byteCountMax)
        var found: [IngestEntry] = []
        for piece in pieces {
            var rest = piece[...]
            while let line = splitter.next(from: &rest) { found.append(line) }
            #expect(rest.isEmpty)
        }
        if let line = splitter.last() { found.append(line) }
        #expect(found.map(\.number) == Array(1..<found.count + 1))
        return found.map { $0.bytes.map { String(decoding: $0, as: UTF8.self) } }
    }

    @Test(arguments: [
        ("", []), ("a", ["a"]), ("a\n", ["a"]), ("a\nb", ["a", "b"]), ("\n", [""]), ("\n\na\n\n", ["", "", "a", ""]),
        ("a\r\nb\r\n", ["a\r", "b\r"]),
    ])
    func lineEndsAtItsNewline(_ text: String, _ lines: [String]) {
        #expect(Self.lines(of: [Array(text.utf8)]) == lines)
    }

    @Test func resultIsIndependentOfThePieces() {
        var random = SeededGenerator()
        for _ in 0..<300 {
            let bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                Bool.random(using: &random) && Bool.random(using: &random) ? UInt8(ascii: "\n") : UInt8(ascii: "a")
            }
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...7, using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            let limit = Int.random(in: 1...5, using: &random)
            let whole = Self.lines(of: [bytes], byteCountMax: limit)
            #expect(Self.lines(of: pieces, byteCountMax: limit) == whole, "SEED=\(SeededGenerator.runSeed)")
        }
    }

    @Test func onlyTheLongLineIsDropped() {
        #expect(Self.lines(of: [Array("aaaa\nbbbbb\ncccc".utf8)], byteCountMax: 4) == ["aaaa", nil, "cccc"])
        let long = Array(repeating: Array(repeating: UInt8(ascii: "x"), count: 1000), count: 50)
        #expect(Self.lines(of: long + [Array("\nb".utf8)], byteCountMax: 999) == [nil, "b"])
    }
}
