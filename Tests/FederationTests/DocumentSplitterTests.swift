import Testing

@testable import Federation

/// A body of JSON lines may also be one array.
struct DocumentSplitterTests {
    private static func documents(of text: String, piece: Int) throws -> [String] {
        var splitter = DocumentSplitter(byteCountMax: 100)
        var found: [String] = []
        func add(_ entry: IngestEntry?) {
            guard let entry, let bytes = entry.bytes, !entry.isBlank else { return }
            found.append("\(entry.number):" + String(decoding: bytes, as: UTF8.self))
        }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            var part = rest.prefix(piece)
            rest = rest.dropFirst(piece)
            while let entry = try splitter.next(from: &part) { add(entry) }
        }
        add(try splitter.last())
        return found
    }

    @Test(arguments: [
        ("{}\n[1]\n", ["1:{}", "2:[1]"]), ("{}", ["1:{}"]), ("[{},1]", ["1:{}", "2:1"]), ("[1]\n", ["1:1"]), ("", []),
        ("\n\n{}", ["3:{}"]),
    ])
    func firstByteDecides(_ text: String, _ expected: [String]) throws {
        for piece in 1...8 { #expect(try Self.documents(of: text, piece: piece) == expected) }
    }

    @Test func byteOrderMarkIsSkipped() throws {
        #expect(try Self.documents(of: "\u{FEFF}[{}]", piece: 100) == ["1:{}"])
        #expect(try Self.documents(of: "\u{FEFF}{}\n{}", piece: 100) == ["1:{}", "2:{}"])
    }

    @Test func incompleteArrayIsRefused() {
        #expect(throws: ArraySyntaxError.truncated) { try Self.documents(of: "[{},", piece: 100) }
        #expect(throws: ArraySyntaxError.continued) { try Self.documents(of: "[{}]\n{}", piece: 100) }
    }
}
