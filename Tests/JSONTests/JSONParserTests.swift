internal import JSON
internal import Testing

/// Accepted and rejected texts, most of them from JSONTestSuite (github.com/nst/JSONTestSuite).
struct JSONParserTests {
    func parse(_ text: String) throws(JSONError) -> JSON {
        try JSON(parsing: text.utf8)
    }

    /// Only at the start: elsewhere it is a character outside of a string.
    @Test func byteOrderMarkIsSkipped() throws {
        #expect(try JSON(parsing: Array("\u{FEFF} {\"a\":1}".utf8)) == ["a": 1])
        #expect(throws: JSONError.self) { try JSON(parsing: Array(" \u{FEFF}1".utf8)) }
        #expect(throws: JSONError.unexpectedEnd(offset: 3)) { try JSON(parsing: Array("\u{FEFF}".utf8)) }
    }

    @Test(
        arguments: [
            ("null", nil), (" true ", true), ("false\n", false), ("\t\r\n 1 ", 1), ("\"\"", ""), ("[]", []),
            ("{}", [:]),
            ("[ ]", []), ("{ }", [:]), ("[[]]", [[]]), ("[1,2 , 3]", [1, 2, 3]),
            ("[null,1,\"1\",{}]", [nil, 1, "1", [:]]),
            (#"{"":0}"#, ["": 0]), (#"{"a" : {"b":[true]}}"#, ["a": ["b": [true]]]), (#"["a\/b"]"#, ["a/b"]),
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""\u0041\u00e9\u20AC\uD834\uDd1e""#, "Aé€𝄞"),
            (#""\u0000""#, "\u{0}"), (#""\uFFFD""#, "\u{fffd}"),
            ("\"\u{7f}\u{2028}é€𝄞\"", "\u{7f}\u{2028}é€𝄞"),
            (#""\\u0041""#, #"\u0041"#), (#"{"\u0061":1}"#, ["a": 1]), (#"["\uDBFF\uDFFF"]"#, ["\u{10ffff}"]),
        ] as [(String, JSON)]
    )
    func validTextIsParsed(text: String, value: JSON) throws {
        #expect(try parse(text) == value)
    }

    @Test(arguments: [
        "0", "-0", "1", "-1", "10", "0.0", "-0.5", "0e0", "1E5", "1e+5", "1e-5", "1.25E-07",
        "123456789012345678901234567890",
        "0.4e00669999999999999999999999999999999999999", "-0.0000000000000000000000000000000000000000001", "1e999",
    ])
    func numbersKeepTheirText(_ text: String) throws {
        #expect(try parse(text).number?.text == text)
        #expect(try parse("[\(text)]").bytes == Array("[\(text)]".utf8))
    }

    @Test(arguments: [
        ("", 0), (" ", 1), ("[", 1), ("[1", 2), ("[1,", 3), ("[[]", 3), ("{", 1), (#"{"a""#, 4), (#"{"a":"#, 5),
        (#"{"a":1"#, 6), (#"{"a":1,"#, 7), ("\"", 1), (#""abc"#, 4), (#""\"#, 2), (#""\u"#, 3), (#""\u00"#, 5),
        ("-", 1),
        ("1.", 2), ("1e", 2), ("1e+", 3), ("nul", 3), ("tru", 3), ("fals", 4), (#""\\"#, 3), (#"["a"#, 3),
    ])
    func endInsideAValueIsUnexpected(text: String, offset: Int) {
        #expect(throws: JSONError.unexpectedEnd(offset: offset)) { try parse(text) }
    }

    @Test(arguments: [
        ("[,]", 1), ("[,1]", 1), ("[1,]", 3), ("[1,,2]", 3), ("[1 2]", 3), ("[1:2]", 2), ("[1}", 2), ("{]", 1),
        ("]", 0),
        ("}", 0), (",", 0), (":", 0), ("{,}", 1), (#"{"a":1,}"#, 7), (#"{"a":1,,"b":2}"#, 7), (#"{"a" 1}"#, 5),
        (#"{"a",1}"#, 4), (#"{"a"::1}"#, 5), (#"{a:1}"#, 1), (#"{'a':1}"#, 1), (#"{1:1}"#, 1), (#"{null:1}"#, 1),
        (#"{"a":1 "b":2}"#, 7), (#"{"a":}"#, 5), ("+1", 0), (".5", 0), ("-.5", 1), ("-a", 1), ("--1", 1), ("1.e5", 2),
        ("[1.]", 3), ("1.a", 2), ("1ea", 2), ("1e+-1", 3), ("[1e]", 3), ("[-]", 2), ("NaN", 0), ("Infinity", 0),
        ("-Infinity", 1), ("nulL", 3), ("True", 0), ("trUe", 2), ("'a'", 0), ("\"\n\"", 1), ("\"\t\"", 1),
        ("\"a\u{0}\"", 2),
        ("\"\u{1f}\"", 1), (#""\a""#, 2), (#""\x41""#, 2), (#""\'""#, 2), (#""\U0041""#, 2), (#""\u00g0""#, 5),
        (#""\u 041""#, 3),
        (#""\u-041""#, 3), (#""\u00""#, 5), ("\u{a0}1", 0), ("\u{c}1", 0), ("/**/1", 0), ("#1", 0),
        ("é", 0),
        ("[\u{2060}]", 1), (#"["a",é]"#, 5), ("[\u{0}]", 1), ("\\u0031", 0), ("*", 0), ("<a>", 0),
        (#"["\"# + "\n\"]", 3),
    ])
    func misplacedByteIsUnexpected(text: String, offset: Int) {
        expectUnexpectedByte(at: offset) { try parse(text) }
    }

    @Test(arguments: [
        ("1 2", 2), ("[] []", 3), ("{}}", 2), ("[]]", 2), ("1]", 1), ("nullx", 4), ("truefalse", 4), ("\"\"\"", 2),
        ("01", 1),
        ("-01", 2), ("00", 1), ("0x1", 1), ("1a", 1), ("1.5.5", 3), ("1e5.5", 3), ("1_000", 1), ("1\u{0}", 1),
        ("1//", 1),
        ("{}#", 2), ("1\u{a0}", 1), ("1,", 1),
    ])
    func bytesAfterAValueAreTrailing(text: String, offset: Int) {
        #expect(throws: JSONError.trailingBytes(offset: offset)) { try parse(text) }
    }

    @Test(arguments: [
        #""\ud800""#, #""\uDBFF""#, #""\udc00""#, #""\uDFFF""#, #""\ud800\ud800""#, #""\ud800\u0041""#, #""\ud800\n""#,
        #""\ud800x""#,
        #""\udc00\ud800""#, #""\ud834\\udd1e""#, #""\udc00\u""#,
    ])
    func loneSurrogateIsRejected(_ text: String) {
        #expect(throws: JSONError.loneSurrogate(offset: 1)) { try parse(text) }
        #expect(throws: JSONError.loneSurrogate(offset: 4)) { try parse(#"["é"# + text.dropFirst() + "]") }
    }

    @Test(
        arguments: [
            [0x80], [0xbf], [0xc0, 0x80], [0xc1, 0xbf], [0xc2], [0xc2, 0x22], [0xc3, 0x28], [0xe0, 0x80, 0x80],
            [0xe0, 0x9f, 0xbf],
            [0xe2, 0x82], [0xe2, 0x82, 0x28], [0xe2, 0x28, 0xac], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf],
            [0xf0, 0x80, 0x80, 0x80],
            [0xf0, 0x8f, 0xbf, 0xbf], [0xf0, 0x9d, 0x84], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
            [0xf8, 0x88, 0x80, 0x80],
            [0xfe], [0xff], [0xc2, 0xc2, 0x80],
        ] as [[UInt8]]
    )
    func invalidUTF8IsRejected(_ bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let plain = [quote, 0x61] + bytes + [quote]
        #expect(throws: JSONError.invalidUTF8(offset: 2)) { try JSON(parsing: plain) }
        let escaped = Array(#"["\n"#.utf8) + bytes + [quote]
        #expect(throws: JSONError.invalidUTF8(offset: 4)) { try JSON(parsing: escaped) }
        let key = [UInt8(ascii: "{"), quote] + bytes + [quote]
        #expect(throws: JSONError.invalidUTF8(offset: 2)) { try JSON(parsing: key) }
    }

    /// The mistake has tests of its own.
    private func expectUnexpectedByte(at offset: Int, _ parse: () throws -> JSON) {
        let error = #expect(throws: JSONError.self) { try parse() }
        guard case .unexpectedByte(offset, _) = error else {
            Issue.record("\(String(describing: error)) instead of an unexpected byte at \(offset)")
            return
        }
    }

    /// Text is read eight bytes at a time; invalid bytes are detected at every position within them.
    @Test func bytesAreDetectedAtEveryOffset() {
        for position in 1...20 {
            var text = [UInt8](repeating: UInt8(ascii: "a"), count: 22)
            (text[0], text[21]) = (UInt8(ascii: "\""), UInt8(ascii: "\""))
            for byte in UInt8(0)..<0x20 {
                text[position] = byte
                expectUnexpectedByte(at: position) { try JSON(parsing: text) }
            }
            for byte in UInt8(0x80)...0xff {
                text[position] = byte
                #expect(throws: JSONError.invalidUTF8(offset: position)) { try JSON(parsing: text) }
            }
            text[position] = UInt8(ascii: "\"")
            #expect(throws: JSONError.trailingBytes(offset: position + 1)) { try JSON(parsing: text) }
        }
    }

    /// Compares every Unicode scalar with the standard library's encoder.
    @Test func everyScalarIsParsed() throws {
        for value in UInt32(0x20)...0x10ffff {
            guard let scalar = Unicode.Scalar(value), scalar != "\"", scalar != "\\" else { continue }
            guard try parse("\"\(scalar)\"") == .string(String(scalar)) else {
                Issue.record("U+\(String(value, radix: 16))")
                return
            }
        }
    }

    @Test(arguments: [
        (#"{"a":1,"a":1}"#, "a", 7), (#"{"":1,"b":2,"":3}"#, "", 12), (#"{"a":1,"\u0061":2}"#, "a", 7),
        (#"{"x":{"k":0,"k":0}}"#, "k", 12),
    ])
    func duplicateKeyIsRejected(text: String, key: String, offset: Int) {
        #expect(throws: JSONError.duplicateKey(key, offset: offset)) { try parse(text) }
    }

    @Test func keysAreComparedByBytes() throws {
        let object = try #require(try parse("{\"\u{e9}\":1,\"e\u{301}\":2}").object)
        #expect(object["\u{e9}"] == 1)
        #expect(object["e\u{301}"] == 2)
    }

    @Test func nestingIsLimited() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        #expect(try parse(deepest).array?.count == 1)
        #expect(throws: JSONError.tooDeep(offset: 64)) { try parse("[\(deepest)]") }
        #expect(throws: JSONError.tooDeep(offset: 64)) { try parse(String(repeating: "[", count: 100_000)) }
        let mixed = String(repeating: #"{"a":["#, count: 50_000)
        #expect(throws: JSONError.tooDeep(offset: 192)) { try parse(mixed) }
        let wide = "[" + Array(repeating: "[]", count: 1_000).joined(separator: ",") + "]"
        #expect(try JSON(parsing: wide.utf8, limits: JSONLimits(depthMax: 2)).array?.count == 1_000)
    }

    @Test func lengthIsLimited() throws {
        #expect(try JSON(parsing: "[1]".utf8, limits: JSONLimits(byteCountMax: 3)) == [1])
        #expect(throws: JSONError.tooLong(byteCount: 4)) {
            try JSON(parsing: "[10]".utf8, limits: JSONLimits(byteCountMax: 3))
        }
    }

    @Test func everyCollectionOfBytesIsParsed() throws {
        let bytes = Array("x[1]x".utf8)
        #expect(try JSON(parsing: bytes[1...3]) == [1])
        #expect(try JSON(parsing: Array(bytes[1...3])) == [1])
        #expect(try JSON(parsing: bytes.dropFirst().reversed().dropFirst().reversed()) == [1])
        #expect(try bytes[1...3].withUnsafeBytes { bytes throws(JSONError) in try JSON(parsing: bytes) } == [1])
        #expect(throws: JSONError.unexpectedEnd(offset: 0)) {
            try JSON(parsing: UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}
