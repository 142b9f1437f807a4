import TestSupport
import Testing

@testable import Federation

struct ArraySplitterTests {
    private static func elements(of text: String, piece: Int = 1 << 20, byteCountMax: Int = 1 << 20) throws -> [String?]
    {
        var splitter = ArraySplitter(byteCountMax: byteCountMax)
        var found: [String?] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            var part = rest.prefix(piece)
            rest = rest.dropFirst(piece)
            while let entry = try splitter.next(from: &part) {
                #expect(entry.number == found.count + 1)
                found.append(entry.bytes.map { String(decoding: $0, as: UTF8.self) })
            }
        }
        if !splitter.isComplete { throw ArraySyntaxError.truncated }
        return found
    }

    static let arrays: [(String, [String?])] = [
        ("[]", []), (" [ \n ] \n", []), ("[1]", ["1"]), ("[1,2]", ["1", "2"]),
        (#"[{"a":[1,2]},{}]"#, [#"{"a":[1,2]}"#, "{}"]),
        (#"["a]","b,c","\"]","\\"]"#, [#""a]""#, #""b,c""#, #""\"]""#, #""\\""#]),
        ("[\n{\"a\":1},\n{\"b\":2}\n]\n", ["\n{\"a\":1}", "\n{\"b\":2}\n"]),
        // Malformed elements are rejected by the parser.
        ("[1,,2]", ["1", "", "2"]), ("[,]", ["", ""]), ("[1,]", ["1", ""]), ("[}]", ["}"]), ("[}}1,2]", ["}}1", "2"]),
    ]

    @Test(arguments: arrays.indices)
    func elementsAreSplitAtAnySizeOfPieces(_ index: Int) throws {
        let (text, expected) = Self.arrays[index]
        for piece in 1...8 { #expect(try Self.elements(of: text, piece: piece) == expected) }
    }

    @Test(arguments: ["", " ", "[", "[1", #"["]"#, "[[]", "{}", "1", "[] x", "[][]", "null[]"])
    func nonArrayIsRejected(_ text: String) {
        for piece in 1...4 {
            #expect(throws: ArraySyntaxError.self) { try Self.elements(of: text, piece: piece) }
        }
    }

    @Test func onlyTheLongElementIsDropped() throws {
        for piece in 1...9 {
            #expect(
                try Self.elements(of: "[1234,12345,\"12\"]", piece: piece, byteCountMax: 4) == ["1234", nil, "\"12\""]
            )
            #expect(try Self.elements(of: "[12345]", piece: piece, byteCountMax: 4) == [nil])
        }
    }

    @Test func resultIsIndependentOfThePieces() {
        var random = SeededGenerator()
        let alphabet = Array(#"[]{},:"\ a1"#.utf8)
        for _ in 0..<2_000 {
            let bytes = (0..<Int.random(in: 0...30, using: &random)).map { _ in
                alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let text = "[" + String(decoding: bytes, as: UTF8.self)
            let whole = try? Self.elements(of: text)
            #expect((try? Self.elements(of: text, piece: 3)) == whole, "SEED=\(SeededGenerator.runSeed)")
        }
    }
}
